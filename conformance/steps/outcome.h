// A value, or why the step ends here.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "conformance/engine/vocabulary.h"
#include "est/base/result.h"

namespace conformance::steps {

[[nodiscard]] inline engine::StepOutcome recorded() { return {}; }
[[nodiscard]] inline bool recorded_so_far(const engine::StepOutcome& outcome) {
  return outcome.kind == engine::StepOutcome::Kind::recorded;
}
// The profile lacks something, or the target made the step impossible.
[[nodiscard]] inline engine::StepOutcome cannot(std::string sentence) { return {engine::StepOutcome::Kind::cannot, std::move(sentence)}; }
// Ours, or the script's.
[[nodiscard]] inline engine::StepOutcome fault(std::string sentence) { return {engine::StepOutcome::Kind::fault, std::move(sentence)}; }

template <class T>
class [[nodiscard]] Maybe {
 public:
  Maybe(T value) : state_(std::in_place_index<0>, std::move(value)) {}                        // NOLINT(google-explicit-constructor)
  Maybe(engine::StepOutcome outcome) : state_(std::in_place_index<1>, std::move(outcome)) {}  // NOLINT(google-explicit-constructor)
  // A failed operation of our own is our fault.
  Maybe(const est::Error& error) : Maybe(fault(error.message)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const noexcept { return state_.index() == 0; }
  [[nodiscard]] T& operator*() { return *std::get_if<0>(&state_); }
  [[nodiscard]] T* operator->() { return std::get_if<0>(&state_); }
  // Precondition: no value.
  [[nodiscard]] const engine::StepOutcome& outcome() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, engine::StepOutcome> state_;
};

}  // namespace conformance::steps
