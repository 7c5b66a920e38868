#include "conformance/steps/scenario_traits.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace conformance::steps {
namespace {

using engine::Json;
using engine::Step;

template <class List>
bool holds(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// These act on nothing that an earlier step left, unless a parameter says so. A renewal does: it takes the current certificate.
constexpr std::array independent_verbs{"cacerts", "csrattrs", "enroll", "serverkeygen", "request", "raw", "handshake", "plain", "pause"};
constexpr std::array telling_keys{"resend", "key-of", "subject-of", "of"};
// Certificates that are the same whatever was issued before; those the suite makes imitate the issuer of the current one.
constexpr std::array steady_certificates{"none", "client", "manufacturer", "ra"};
constexpr std::array telling_words{"control", "current", "keep", "resume", "replayed", "next", "stale"};

bool says_so(const std::string& key, const Json& value) {
  if (holds(telling_keys, key)) return true;
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return key == "certificate" ? !holds(steady_certificates, text) : holds(telling_words, text);
}

bool stands_alone(const Step& step) {
  if (!holds(independent_verbs, step.verb)) return false;
  const auto& items = step.parameters.items();
  return std::none_of(items.begin(), items.end(), [](const auto& item) { return says_so(item.key(), item.value()); });
}

bool looks_at_control(const engine::Expectation& expectation) {
  const auto& items = expectation.parameters.items();
  return expectation.of == "control" || std::any_of(items.begin(), items.end(), [](const auto& item) { return item.value() == "control"; });
}

}  // namespace

bool acts_on_whole_target(const engine::Scenario& scenario) {
  constexpr std::array whole{"restart", "reload", "rollover", "expire-crl", "remove-crl", "renew-crl"};
  return std::any_of(scenario.steps.begin(), scenario.steps.end(), [&](const Step& step) {
    const auto action = step.parameters.find("action");
    return step.verb == "operator" && action != step.parameters.end() && action->is_string() && holds(whole, action->get<std::string>());
  });
}

bool control_may_be_shared(const engine::Scenario& scenario) {
  return scenario.control && std::all_of(scenario.steps.begin(), scenario.steps.end(), stands_alone) &&
         std::none_of(scenario.expect.begin(), scenario.expect.end(), looks_at_control);
}

}  // namespace conformance::steps
