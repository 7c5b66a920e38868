// The three parameters every check has, and what they do to its results.
#include <algorithm>
#include <utility>

#include "conformance/checks/reading.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;

Verdict verdict_named(std::string_view word) {
  if (word == "warn") return Verdict::warn;
  return word == "inconclusive" ? Verdict::inconclusive : Verdict::fail;
}

// A target that fell silent has not merely preferred something else: such a FAIL is never softened.
bool may_be_softened(const Exchange& exchange) { return exchange.method.empty() || answer_of(exchange).has_value(); }

void apply(const CheckInput& input, CheckResult& result) {
  if (result.verdict == Verdict::fail && may_be_softened(input.exchange)) {
    const auto usual = text(input.parameters, "otherwise", "fail");
    result.verdict = verdict_named(input.strict ? text(input.parameters, "strictly", usual) : usual);
  }
  if (result.interpretation.empty()) result.interpretation = text(input.parameters, "interpretation");
}

}  // namespace

void add(engine::Vocabulary& vocabulary, engine::CheckInfo info) {
  info.parameters.push_back(choice("otherwise", {"fail", "warn", "inconclusive"}, "verdict when the target answered, but not as expected"));
  info.parameters.push_back(choice("strictly", {"fail", "warn"}, "the same under --strict; default: as `otherwise`"));
  info.parameters.push_back(parameter("interpretation", ParameterType::text, "reading cited when the check itself cites none"));
  info.run = [inner = std::move(info.run)](const CheckInput& input) {
    auto results = inner(input);
    for (auto& result : results) apply(input, result);
    return results;
  };
  vocabulary.add(std::move(info));
}

engine::Parameter parameter(std::string name, ParameterType type, std::string meaning) {
  return {std::move(name), type, {}, std::move(meaning), false};
}

engine::Parameter choice(std::string name, std::vector<std::string> choices, std::string meaning) {
  return {std::move(name), ParameterType::choice, std::move(choices), std::move(meaning), false};
}

engine::Parameter required(engine::Parameter parameter) {
  parameter.required = true;
  return parameter;
}

}  // namespace conformance::checks
