// Checks the parameters of one verb or check against their declaration.
#pragma once

#include <string>
#include <vector>

#include "conformance/engine/vocabulary.h"
#include "conformance/engine/yaml.h"

namespace conformance::engine {

struct ParameterContext {
  std::string what;  // for messages: "scenario EST-X-1: enroll"
  std::string file;
  std::vector<std::string> results;  // names a parameter of type `result` may use
  Problems& problems;
};

// `value` is what the script says after the verb's name, or null if nothing: a map of parameters, or the value of the shorthand parameter.
// `extra` (for instance `as`) is not a parameter: it is handed out instead. The result holds only what was correct.
[[nodiscard]] Json read_parameters(const Yaml* value, int line, const std::vector<Parameter>& declared, const std::string& shorthand,
                                   const std::string& extra, std::optional<Yaml>& extra_value, const ParameterContext& context);

}  // namespace conformance::engine
