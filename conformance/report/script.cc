#include "conformance/report/script.h"

#include "conformance/engine/json.h"
#include "est/base/text.h"

namespace conformance::report {

std::string to_script(const engine::Json& json) {
  if (const auto* text = json.get_ptr<const engine::Json::string_t*>()) return text->empty() ? "\"\"" : *text;
  if (json.is_null()) return "~";
  if (!json.is_structured()) return engine::print_json(json, -1);
  std::vector<std::string> parts;
  for (const auto& [key, value] : json.items()) parts.push_back((json.is_object() ? key + ": " : "") + to_script(value));
  const std::string inside = est::join(parts, ", ");
  return json.is_object() ? "{" + inside + "}" : "[" + inside + "]";
}

std::string to_script(const std::string& verb, const engine::Json& parameters) {
  return parameters.empty() ? verb : verb + ": " + to_script(parameters);
}

std::string to_script(const engine::Step& step) { return to_script(step.verb, step.parameters); }

}  // namespace conformance::report
