#include "conformance/report/manifest.h"

#include <filesystem>

#include "conformance/engine/json.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/digest.h"

namespace conformance::report {
namespace {

namespace fs = std::filesystem;
using engine::Json;

constexpr std::size_t largest_file_read = std::size_t{256} << 20U;
constexpr std::size_t most_octets_read = std::size_t{1} << 30U;
constexpr std::size_t most_files = 100000;

std::string in_words(const std::string& path) { return est::printable(path, 300); }

est::Status take_file(const fs::directory_entry& entry, const std::string& path, FolderContent& content, std::size_t& total) {
  if (entry.is_symlink() || !entry.is_regular_file()) return est::Error{entry.path().string() + " is no ordinary file; remove it"};
  auto text = est::read_file(entry.path().string(), largest_file_read);
  if (!text) return text.error();
  total += text->size();
  if (total > most_octets_read || content.size() >= most_files)
    return est::Error{entry.path().string() + ": the folder holds more than 1 GiB or 100000 files; name the folder of one run"};
  content.emplace(path, *std::move(text));
  return {};
}

}  // namespace

FileDigest digest_of(std::string_view content) {
  return {content.size(), est::hex(est::crypto::digest(est::crypto::Digest::sha256, est::as_bytes(content)))};
}

std::string to_text(const Manifest& manifest) {
  Json files = Json::array();
  for (const auto& [path, file] : manifest)
    files.push_back(Json{{"path", engine::to_utf8(path)}, {"size", file.size}, {"sha256", file.sha256}});
  return engine::print_json(Json{{"format", 1}, {"files", std::move(files)}}) + "\n";
}

est::Result<Manifest> manifest_from_text(std::string_view text) {
  const auto json = engine::parse_json(text);
  if (!json) return json.error();
  engine::JsonReader reader(*json, "manifest");
  const Json* files = reader.list("files");
  Manifest manifest;
  for (std::size_t i = 0; files != nullptr && i < files->size(); ++i) {
    engine::JsonReader file((*files)[i], "file");
    const std::string path = file.text("path");
    manifest[path] = {static_cast<std::uint64_t>(file.integer("size")), file.text("sha256")};
    if (!file.problem().empty()) return est::Error{file.problem()};
  }
  if (files == nullptr || !reader.problem().empty()) return est::Error{"it lists no files"};
  return manifest;
}

est::Result<FolderContent> read_folder(const std::string& folder) {
  FolderContent content;
  std::error_code error;
  std::size_t total = 0;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->is_directory(error) && !it->is_symlink(error)) continue;
    const std::string path = it->path().lexically_relative(folder).generic_string();
    if (const auto status = take_file(*it, path, content, total); !status) return status.error();
  }
  if (error) return est::Error{"cannot read " + folder + ": " + error.message() + "; name the folder of a finished run"};
  return content;
}

Manifest manifest_of(const FolderContent& content) {
  Manifest manifest;
  for (const auto& [path, text] : content)
    if (path != manifest_name) manifest.emplace(path, digest_of(text));
  return manifest;
}

std::vector<std::string> manifest_problems(const FolderContent& content) {
  const auto stored = content.find(manifest_name);
  if (stored == content.end()) return {std::string(manifest_name) + " is missing: nothing says whether files were changed"};
  const auto listed = manifest_from_text(stored->second);
  if (!listed) return {std::string(manifest_name) + " was changed: " + listed.error().message};
  std::vector<std::string> problems;
  const Manifest present = manifest_of(content);
  for (const auto& [path, file] : *listed) {
    const auto found = present.find(path);
    if (found == present.end())
      problems.push_back(in_words(path) + " is missing; manifest.json lists it");
    else if (found->second != file)
      problems.push_back(in_words(path) + " was changed: it is not the file whose SHA-256 manifest.json holds");
  }
  for (const auto& [path, file] : present)
    if (!listed->contains(path)) problems.push_back(in_words(path) + " was added: manifest.json does not list it");
  if (problems.empty() && to_text(present) != stored->second)
    problems.push_back("manifest.json was changed: it is not as estspec writes it");
  return problems;
}

}  // namespace conformance::report
