#include "conformance/vectors/vector.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "conformance/engine/json.h"
#include "est/base/file.h"
#include "est/crypto/digest.h"

namespace conformance::vectors {
namespace {

using engine::Document;
using engine::Json;
using engine::JsonReader;

constexpr std::int64_t format = 1;

std::optional<Expected> expected_of(std::string_view text) {
  for (const Expected one : {Expected::valid, Expected::acceptable, Expected::invalid}) {
    if (to_string(one) == text) return one;
  }
  return std::nullopt;
}

// The members of an object of texts.
std::map<std::string, std::string> texts_of(const Json* object) {
  std::map<std::string, std::string> texts;
  if (object == nullptr) return texts;
  for (const auto& [key, value] : object->items()) {
    if (const auto* text = value.get_ptr<const Json::string_t*>()) texts[key] = *text;
  }
  return texts;
}

class SetReader {
 public:
  SetReader(const std::vector<Document>& documents, std::vector<std::string>& problems) : documents_(documents), problems_(problems) {}

  std::optional<std::vector<Vector>> read() {
    const std::size_t before = problems_.size();
    const auto index = std::find_if(documents_.begin(), documents_.end(), [](const Document& one) { return is(one, "index.json"); });
    if (index == documents_.end()) {
      problems_.emplace_back("there is no index.json; name the folder `vectors` of the project, or what `estspec vectors --export` wrote");
      return std::nullopt;
    }
    const auto json = parsed(*index);
    if (!json) return std::nullopt;
    JsonReader members(*json, index->name);
    if (const Json* files = members.list("files")) {
      for (const Json& file : *files) read_file_entry(file, index->name);
    }
    for (const std::string& id : members.texts("retired")) {
      if (ids_.contains(id)) complain(index->name, id + " is retired and used; give the vector a new id");
    }
    if (!members.problem().empty()) complain(members.problem(), "see vectors/README.md");
    if (vectors_.empty() && problems_.size() == before) complain(index->name, "it lists no vectors; name a whole set");
    if (problems_.size() != before) return std::nullopt;
    return std::move(vectors_);
  }

 private:
  static bool is(const Document& document, std::string_view name) {
    return document.name == name || document.name.ends_with("/" + std::string(name));
  }

  void complain(const std::string& where, const std::string& what) { problems_.push_back(where + ": " + what); }

  std::optional<Json> parsed(const Document& document) {
    auto json = engine::parse_json(document.text);
    if (!json) complain(document.name, json.error().message + "; restore the file");
    if (!json) return std::nullopt;
    return std::move(*json);
  }

  void read_file_entry(const Json& entry, const std::string& index) {
    JsonReader members(entry, index);
    const std::string name = members.text("file");
    const auto document = std::find_if(documents_.begin(), documents_.end(), [&](const Document& one) { return is(one, name); });
    if (document == documents_.end()) return complain(index, name + " is listed and not there; restore the file");
    const std::string digest = est::hex(est::crypto::digest(est::crypto::Digest::sha256, est::as_bytes(document->text)));
    if (digest != members.text("sha256")) return complain(document->name, "it is not what the index says; run vectors/make/all");
    if (const auto json = parsed(*document)) read_set(*json, *document, members);
  }

  void read_set(const Json& set, const Document& document, JsonReader& entry) {
    JsonReader members(set, document.name);
    if (members.integer("version") != format)
      return complain(document.name, "this program reads format 1 only; use the version that goes with it");
    const std::string type = members.text("type");
    if (type != entry.text("type")) complain(document.name, "the index says another type; run vectors/make/all");
    const std::size_t before = vectors_.size();
    if (const Json* list = members.list("vectors")) {
      for (const Json& one : *list) read_vector(one, type, document.name);
    }
    if (!members.problem().empty()) complain(members.problem(), "see vectors/schema.json");
    check_counts(before, document.name, entry);
  }

  void check_counts(std::size_t from, const std::string& name, JsonReader& entry) {
    for (const Expected one : {Expected::valid, Expected::acceptable, Expected::invalid}) {
      const auto count = std::count_if(vectors_.begin() + static_cast<std::ptrdiff_t>(from), vectors_.end(),
                                       [one](const Vector& vector) { return vector.expected == one; });
      if (count != entry.integer(std::string(to_string(one)).c_str()))
        complain(name, "the index counts other vectors that are " + std::string(to_string(one)) + "; run vectors/make/all");
    }
  }

  void read_vector(const Json& json, const std::string& type, const std::string& file) {
    JsonReader members(json, file);
    Vector vector;
    vector.id = members.text("id");
    vector.type = type;
    vector.comment = members.text("comment");
    vector.clause = members.text("clause");
    vector.findings = members.texts("findings");
    vector.input = members.octets("input");
    vector.context = texts_of(members.object("context"));
    if (members.has("decoded")) vector.decoded = members.octets("decoded");
    const auto expected = expected_of(members.text("result"));
    if (!members.problem().empty()) return complain(members.problem(), "in " + vector.id + "; see vectors/schema.json");
    if (!expected) return complain(file, vector.id + ": result is neither valid, acceptable nor invalid");
    if (vector.id.empty() || !ids_.insert(vector.id).second) return complain(file, "the id '" + vector.id + "' is empty or there twice");
    vector.expected = *expected;
    vectors_.push_back(std::move(vector));
  }

  const std::vector<Document>& documents_;
  std::vector<std::string>& problems_;
  std::vector<Vector> vectors_;
  std::set<std::string> ids_;
};

}  // namespace

std::string_view to_string(Expected expected) noexcept {
  switch (expected) {
    case Expected::valid:
      return "valid";
    case Expected::acceptable:
      return "acceptable";
    case Expected::invalid:
      break;
  }
  return "invalid";
}

std::optional<std::vector<Vector>> read_vectors(const std::vector<Document>& documents, std::vector<std::string>& problems) {
  return SetReader(documents, problems).read();
}

std::vector<Document> read_vector_folder(const std::string& folder, std::vector<std::string>& problems) {
  namespace fs = std::filesystem;
  std::vector<Document> documents;
  std::error_code failure;
  for (fs::directory_iterator each(folder, failure), end; !failure && each != end; each.increment(failure)) {
    if (each->path().extension() != ".json") continue;
    auto text = est::read_file(each->path().string());
    if (text) documents.push_back({each->path().string(), std::move(*text)});
    if (!text) problems.push_back(text.error().message);
  }
  if (failure) problems.push_back(folder + ": " + failure.message() + "; name a folder with index.json");
  std::sort(documents.begin(), documents.end(), [](const Document& left, const Document& right) { return left.name < right.name; });
  return documents;
}

}  // namespace conformance::vectors
