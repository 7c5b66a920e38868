#include "conformance/engine/parameters.h"

#include <algorithm>

#include "est/base/text.h"

namespace conformance::engine {

namespace {

bool among(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Empty, or what is wrong with the value of one parameter.
std::string problem_with_word(const Parameter& parameter, const std::string& word) {
  if (parameter.choices.empty() || among(parameter.choices, word)) return {};
  return "'" + word + "' is not possible" + suggestion(word, parameter.choices);
}

std::string problem_with_result(const Parameter& parameter, const std::string& word, const std::vector<std::string>& results) {
  if (among(parameter.choices, word) || among(results, word)) return {};
  std::vector<std::string> known = results;
  known.insert(known.end(), parameter.choices.begin(), parameter.choices.end());
  return "there is no result '" + word + "' at this point" + suggestion(word, known);
}

std::string problem_with_list(const Parameter& parameter, const Yaml& value) {
  if (value.kind != Yaml::Kind::list) return "must be a list; write [" + to_script(value) + "]";
  for (const auto& item : value.items) {
    const std::string problem = problem_with_word(parameter, item.text);
    if (!problem.empty()) return problem;
  }
  return {};
}

std::string problem_with(const Parameter& parameter, const Yaml& value, const std::vector<std::string>& results) {
  const bool scalar = value.kind == Yaml::Kind::scalar;
  switch (parameter.type) {
    case ParameterType::number:
      return to_json(value).is_number() ? "" : "must be a number; write it in digits, without quotes";
    case ParameterType::boolean:
      return to_json(value).is_boolean() ? "" : "must be true or false";
    case ParameterType::list:
      return problem_with_list(parameter, value);
    case ParameterType::map:
      return value.kind == Yaml::Kind::map ? "" : "must be a map; write {name: value}";
    case ParameterType::text:
    case ParameterType::choice:
    case ParameterType::result:
      break;
  }
  if (!scalar) return "must be a word or text; quote it if it looks like something else";
  if (parameter.type == ParameterType::result) return problem_with_result(parameter, value.text, results);
  return problem_with_word(parameter, value.text);
}

// Text stays as written, whatever it looks like: `tls: 1.2` and `tls: "1.2"` mean the same.
Json typed(const Parameter& parameter, const Yaml& value) {
  const bool textual =
      parameter.type == ParameterType::text || parameter.type == ParameterType::choice || parameter.type == ParameterType::result;
  return textual ? Json(value.text) : to_json(value);
}

class ParameterReader {
 public:
  ParameterReader(const std::vector<Parameter>& declared, const ParameterContext& context) : declared_(declared), context_(context) {}

  void read(const std::string& name, int line, const Yaml& value) {
    const auto found = std::find_if(declared_.begin(), declared_.end(), [&](const Parameter& one) { return one.name == name; });
    if (found == declared_.end()) return unknown(name, line);
    const std::string problem = problem_with(*found, value, context_.results);
    if (problem.empty()) {
      json_[name] = typed(*found, value);
    } else {
      complain(line, "'" + name + "': " + problem);
    }
  }

  void complain(int line, const std::string& what) { add_problem(context_.problems, context_.file, line, context_.what + ": " + what); }

  Json finish(int line) {
    for (const auto& parameter : declared_) {
      if (parameter.required && !json_.contains(parameter.name)) complain(line, "'" + parameter.name + "' is missing; add it");
    }
    return std::move(json_);
  }

 private:
  void unknown(const std::string& name, int line) {
    std::vector<std::string> known;
    for (const auto& parameter : declared_) known.push_back(parameter.name);
    complain(line, "unknown parameter '" + name + "'" + suggestion(name, known, "; `estspec verbs` lists them"));
  }

  const std::vector<Parameter>& declared_;
  const ParameterContext& context_;
  Json json_ = Json::object();
};

}  // namespace

Json read_parameters(const Yaml* value, int line, const std::vector<Parameter>& declared, const std::string& shorthand,
                     const std::string& extra, std::optional<Yaml>& extra_value, const ParameterContext& context) {
  ParameterReader reader(declared, context);
  if (value == nullptr || value->kind == Yaml::Kind::null) return reader.finish(line);
  if (value->kind != Yaml::Kind::map) {
    if (shorthand.empty()) {
      reader.complain(line, "takes no bare value; write {parameter: value}");
    } else {
      reader.read(shorthand, value->line, *value);
    }
    return reader.finish(line);
  }
  for (std::size_t i = 0; i < value->keys.size(); ++i) {
    const auto& key = value->keys[i];
    if (key.name != extra) {
      reader.read(key.name, key.line, value->items[i]);
    } else {
      if (extra_value) reader.complain(key.line, "'" + extra + "' is given twice; keep one");
      extra_value = value->items[i];
    }
  }
  return reader.finish(line);
}

}  // namespace conformance::engine
