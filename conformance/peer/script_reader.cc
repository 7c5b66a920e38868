#include <algorithm>
#include <charconv>

#include "conformance/peer/pki.h"
#include "conformance/peer/script.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/codec/media_type.h"
#include "est/codec/oid.h"
#include "est/ops/operation.h"

namespace conformance::peer {
namespace {

using engine::MapReader;
using engine::Problems;
using engine::Yaml;

constexpr std::int64_t longest_pause = 600'000;  // milliseconds
constexpr std::int64_t most_octets = 1 << 20;

std::vector<std::string> together(std::initializer_list<Words> lists) {
  std::vector<std::string> names;
  for (const Words& words : lists) {
    for (const Word& word : words) names.push_back(word.name);
  }
  return names;
}

class Reader {
 public:
  Reader(std::string file, Problems& problems) : file_(std::move(file)), problems_(problems) {}

  Script script(const Yaml& yaml, const std::string& what, bool may_have_other) {
    Script script;
    if (!is_map(yaml, what)) return script;
    std::vector<std::string> known{"identity", "tls",     "authentication", "labels", "csrattrs",
                                   "fields",   "linking", "identity-proof", "answers"};
    if (may_have_other) known.emplace_back("other");
    MapReader map(yaml, what, file_, known, problems_);
    script.identity = word(map, "identity", names_of(server_identities()), "good");
    if (const Yaml* node = map.find("tls")) script.tls = tls(*node);
    if (const Yaml* node = map.find("authentication")) script.authentication = authentication(*node);
    script.labels = map.texts("labels");
    for (const auto& label : script.labels) {
      if (!est::ops::valid_label(label)) map.complain(map.find("labels")->line, "'" + label + "' is no CA label; use one path segment");
    }
    if (const Yaml* node = map.find("csrattrs")) script.attributes = attributes(*node);
    if (const Yaml* node = map.find("fields")) script.fields = fields(*node);
    script.linking = boolean(map, "linking", false);
    script.identity_proof = boolean(map, "identity-proof", false);
    if (const Yaml* node = map.find("answers")) script.answers = answers(*node);
    if (const Yaml* node = map.find("other")) script.other.push_back(this->script(*node, "'other'", false));
    return script;
  }

 private:
  bool is_map(const Yaml& yaml, const std::string& what) {
    if (yaml.kind == Yaml::Kind::map) return true;
    engine::add_problem(problems_, file_, yaml.line, what + " is no map; write keys and values");
    return false;
  }

  // The word of a key, one of `known`.
  static std::string word(MapReader& map, std::string_view key, const std::vector<std::string>& known, const std::string& otherwise) {
    const Yaml* node = map.find(key);
    if (node == nullptr) return otherwise;
    const std::string text = map.text(key);
    if (std::find(known.begin(), known.end(), text) == known.end()) {
      map.complain(node->line, "'" + std::string(key) + "' is '" + est::printable(text, 60) + "'" +
                                   engine::suggestion(text, known, "; see conformance/peer/README.md"));
    }
    return text;
  }

  // As it is, be it empty or full of blanks.
  static std::string exact(MapReader& map, std::string_view key) {
    const Yaml* node = map.find(key);
    if (node == nullptr) return {};
    if (node->kind == Yaml::Kind::list || node->kind == Yaml::Kind::map)
      map.complain(node->line, "'" + std::string(key) + "' must be text; quote it");
    return node->text;
  }

  static bool boolean(MapReader& map, std::string_view key, bool otherwise) {
    return word(map, key, {"true", "false"}, otherwise ? "true" : "false") == "true";
  }

  static std::int64_t whole(MapReader& map, std::string_view key, std::int64_t most) {
    const auto number = map.number(key);
    if (number && (*number < 0 || *number > most))
      map.complain(map.find(key)->line, "'" + std::string(key) + "' is out of range; write 0 to " + std::to_string(most));
    return number.value_or(0);
  }

  static est::tls::Version version(MapReader& map, std::string_view key, est::tls::Version otherwise) {
    const std::string text = word(map, key, {"1.0", "1.1", "1.2", "1.3"}, "");
    return text.empty() ? otherwise : est::tls::version_by_name(text).value_or(otherwise);
  }

  TlsScript tls(const Yaml& yaml) {
    using est::tls::ClientCertificate;
    TlsScript script;
    if (!is_map(yaml, "'tls'")) return script;
    MapReader map(yaml, "'tls'", file_, {"least", "most", "suites", "client-certificate", "resumption", "instead", "delay"}, problems_);
    script.least = version(map, "least", script.least);
    script.most = version(map, "most", script.most);
    if (script.most < script.least) map.complain(yaml.line, "'most' is below 'least'; swap them");
    script.suites = map.text("suites");
    const std::string asked = word(map, "client-certificate", {"none", "optional", "required", "late"}, "optional");
    script.client_certificate = asked == "none"       ? ClientCertificate::none
                                : asked == "required" ? ClientCertificate::required
                                : asked == "late"     ? ClientCertificate::late
                                                      : ClientCertificate::optional;
    script.resumption = boolean(map, "resumption", true);
    script.instead = word(map, "instead", {"close", "reset", "silence", "plain-http"}, "");
    script.delay = est::Milliseconds(whole(map, "delay", longest_pause));
    return script;
  }

  AuthenticationScript authentication(const Yaml& yaml) {
    AuthenticationScript script;
    if (!is_map(yaml, "'authentication'")) return script;
    MapReader map(yaml, "'authentication'", file_, {"accept", "challenges", "operations", "one-field", "stale", "realm"}, problems_);
    script.accept = words(map, "accept", {"basic", "digest", "certificate"});
    script.challenges = map.texts("challenges");
    script.operations = words(map, "operations", names_of(operations()));
    script.one_field = boolean(map, "one-field", false);
    script.stale = boolean(map, "stale", false);
    if (map.find("realm") != nullptr) script.realm = exact(map, "realm");
    return script;
  }

  static std::vector<std::string> words(MapReader& map, std::string_view key, const std::vector<std::string>& known) {
    auto texts = map.texts(key);
    for (const auto& text : texts) {
      if (std::find(known.begin(), known.end(), text) == known.end())
        map.complain(map.find(key)->line,
                     "'" + std::string(key) + "' names '" + est::printable(text, 60) + "'" + engine::suggestion(text, known));
    }
    return texts;
  }

  // A list of names of object identifiers, or of maps {attribute: OID, values: [hexadecimal DER]}.
  est::codec::CsrAttrs attributes(const Yaml& yaml) {
    est::codec::CsrAttrs attributes;
    if (yaml.kind != Yaml::Kind::list) engine::add_problem(problems_, file_, yaml.line, "'csrattrs' is no list; write [a, b]");
    for (const Yaml& item : yaml.kind == Yaml::Kind::list ? yaml.items : std::vector<Yaml>{}) {
      if (item.kind == Yaml::Kind::map) {
        attributes.elements.emplace_back(attribute(item));
      } else if (const auto oid = oid_named(item.text, item.line)) {
        attributes.elements.emplace_back(*oid);
      }
    }
    return attributes;
  }

  std::optional<est::codec::Oid> oid_named(const std::string& name, int line) {
    auto oid = est::codec::oid_by_name(name);
    if (!oid)
      engine::add_problem(problems_, file_, line, "'" + est::printable(name, 60) + "' is no object identifier; write its dotted form");
    return oid;
  }

  est::codec::Attribute attribute(const Yaml& yaml) {
    est::codec::Attribute attribute;
    MapReader map(yaml, "an attribute of 'csrattrs'", file_, {"attribute", "values"}, problems_);
    if (const auto oid = oid_named(map.required_text("attribute"), yaml.line)) attribute.type = *oid;
    for (const auto& text : map.texts("values")) attribute.values.push_back(octets(text, yaml.line));
    return attribute;
  }

  est::Bytes octets(const std::string& text, int line) {
    est::Bytes octets;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
      est::Byte octet = 0;
      const char* begin = text.data() + i;
      if (std::from_chars(begin, begin + 2, octet, 16).ptr != begin + 2) break;
      octets.push_back(octet);
    }
    if (octets.size() * 2 != text.size() || octets.empty())
      engine::add_problem(problems_, file_, line, "'" + est::printable(text, 60) + "' is no DER in hexadecimal; write pairs of digits");
    return octets;
  }

  std::map<std::string, std::vector<Answer>, std::less<>> answers(const Yaml& yaml) {
    std::map<std::string, std::vector<Answer>, std::less<>> all;
    if (!is_map(yaml, "'answers'")) return all;
    const MapReader map(yaml, "'answers'", file_, names_of(operations()), problems_);
    for (const auto& key : yaml.keys) {
      const Yaml* node = map.find(key.name);
      const bool several = node->kind == Yaml::Kind::list;
      if (several && node->items.empty()) engine::add_problem(problems_, file_, key.line, "'" + key.name + "' has no answer; write good");
      for (const Yaml& item : several ? node->items : std::vector<Yaml>{*node}) all[key.name].push_back(answer(item, key.name));
    }
    return all;
  }

  static std::vector<std::string> contents_of(std::string_view operation) {
    if (operation == "cacerts") return names_of(ca_sets());
    if (operation == "serverkeygen") return together({issue_deviations(), keygen_contents()});
    if (operation == "fullcmc") return together({issue_deviations(), enrollment_contents(), full_responses()});
    if (operation == "csrattrs") return {"good", "nothing", "empty-list"};
    return together({issue_deviations(), enrollment_contents()});
  }

  Answer answer(const Yaml& yaml, const std::string& operation) {
    Answer answer;
    const std::string what = "an answer to '" + operation + "'";
    if (yaml.kind == Yaml::Kind::scalar && yaml.text == "good") return answer;
    if (yaml.kind != Yaml::Kind::map) {
      engine::add_problem(problems_, file_, yaml.line, what + " is neither 'good' nor a map; write {status: 503}");
      return answer;
    }
    MapReader map(yaml, what, file_,
                  {"status", "reason", "type", "fields", "flood", "without", "contents", "encoding", "framing", "text", "retry-after",
                   "redirect", "challenges", "raw", "delay", "pace", "ending", "after"},
                  problems_);
    read_message(map, answer, operation);
    read_delivery(map, answer);
    return answer;
  }

  void read_message(MapReader& map, Answer& answer, const std::string& operation) {
    answer.status = static_cast<int>(whole(map, "status", 999));
    if (answer.status != 0 && answer.status < 100) map.complain(map.find("status")->line, "'status' is below 100; write three digits");
    answer.reason = exact(map, "reason");
    if (map.find("type") != nullptr) answer.type = exact(map, "type");
    if (const Yaml* node = map.find("fields")) answer.fields = fields(*node);
    answer.flood = static_cast<std::size_t>(whole(map, "flood", most_octets));
    answer.without = map.texts("without");
    answer.contents = word(map, "contents", contents_of(operation), "good");
    answer.encoding = word(map, "encoding", names_of(encodings()), "one-line");
    if (map.find("text") != nullptr) answer.text = exact(map, "text");
    answer.retry_after = exact(map, "retry-after");
    answer.redirect = word(map, "redirect", names_of(redirections()), "");
    answer.challenges = map.texts("challenges");
    answer.raw = exact(map, "raw");
  }

  AnswerFields fields(const Yaml& yaml) {
    AnswerFields fields;
    if (!is_map(yaml, "'fields'")) return fields;
    for (std::size_t i = 0; i < yaml.keys.size(); ++i) {
      const std::string& name = yaml.keys[i].name;
      if (!est::codec::is_token(name))
        engine::add_problem(problems_, file_, yaml.keys[i].line,
                            "'" + est::printable(name, 60) + "' is no field name; use a token, or 'raw'");
      fields.emplace_back(name, yaml.items[i].text);
    }
    return fields;
  }

  void read_delivery(MapReader& map, Answer& answer) {
    answer.framing = word(map, "framing", names_of(framings()), "length");
    answer.delay = est::Milliseconds(whole(map, "delay", longest_pause));
    answer.ending = word(map, "ending", names_of(endings()), "keep");
    answer.ends_after = static_cast<std::size_t>(whole(map, "after", most_octets));
    if (const Yaml* node = map.find("pace"); node != nullptr && is_map(*node, "'pace'")) {
      MapReader pace(*node, "'pace'", file_, {"octets", "pause"}, problems_);
      answer.pace = {static_cast<std::size_t>(whole(pace, "octets", most_octets)), est::Milliseconds(whole(pace, "pause", longest_pause))};
      if (answer.pace.octets == 0) pace.complain(node->line, "'octets' is missing; say how many go out at a time");
    }
  }

  std::string file_;
  Problems& problems_;
};

// The same tree, every node at one line.
Yaml yaml_of(const engine::Json& json, int line) {
  Yaml yaml;
  yaml.line = line;
  if (json.is_object()) {
    yaml.kind = Yaml::Kind::map;
    for (const auto& [key, value] : json.items()) {
      yaml.keys.push_back({key, line});
      yaml.items.push_back(yaml_of(value, line));
    }
  } else if (json.is_array()) {
    yaml.kind = Yaml::Kind::list;
    for (const auto& value : json) yaml.items.push_back(yaml_of(value, line));
  } else if (!json.is_null()) {
    yaml.kind = Yaml::Kind::scalar;
    yaml.plain = !json.is_string();
    yaml.text = json.is_string() ? json.get<std::string>() : json.dump();
  }
  return yaml;
}

}  // namespace

Script read_script(const Yaml& yaml, const std::string& file, Problems& problems) {
  return Reader(file, problems).script(yaml, "the script", true);
}

est::Result<Script> load_script(const std::string& path) {
  const auto text = est::read_file(path, std::size_t{1} << 20U);
  if (!text) return est::Error{text.error().message + "; name a readable script"};
  Problems problems;
  const auto yaml = engine::parse_yaml({path, *text}, problems);
  Script script;
  if (yaml) script = read_script(*yaml, path, problems);
  if (!problems.empty()) return est::Error{problems.front()};
  return script;
}

est::Result<Script> script_of(const engine::Json& map, const std::string& file, int line) {
  Problems problems;
  Script script = read_script(yaml_of(map, line), file, problems);
  if (!problems.empty()) return est::Error{problems.front()};
  return script;
}

}  // namespace conformance::peer
