// What an operation of the client came to: a value, or a problem with its kind, for exit codes and for deciding what to do next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "est/base/result.h"

namespace client {

enum class ProblemKind {
  refused,        // the server answered and said no
  later,          // the server wants to be asked again (202, 503) beyond the limit
  untrusted,      // the server, or what it wants us to trust, is not trusted
  configuration,  // our flags, files or the wishes for a request
  transport,      // name look-up, TCP, proxy, TLS, a broken or silent connection
  answer,         // a success that is no EST answer, or not the one to our request
};

[[nodiscard]] std::string_view to_string(ProblemKind kind) noexcept;  // "refused"
// The program's exit code: 1 refused, 2 later, 3 untrusted, 4 configuration, 5 transport, 6 answer.
[[nodiscard]] int exit_code(ProblemKind kind) noexcept;

struct Problem {
  ProblemKind kind = ProblemKind::configuration;
  std::string reason;                      // one sentence; printable, never a secret
  int status = 0;                          // the last HTTP status; 0: none came
  std::optional<std::uint64_t> wait = {};  // `later`: seconds the server asked for
};

[[nodiscard]] Problem configuration_problem(const est::Error& error);

template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}            // NOLINT(google-explicit-constructor)
  Outcome(Problem problem) : state_(std::in_place_index<1>, std::move(problem)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  // Precondition: ok().
  [[nodiscard]] T& operator*() & { return *std::get_if<0>(&state_); }
  [[nodiscard]] const T& operator*() const& { return *std::get_if<0>(&state_); }
  [[nodiscard]] T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  [[nodiscard]] T* operator->() { return std::get_if<0>(&state_); }
  [[nodiscard]] const T* operator->() const { return std::get_if<0>(&state_); }
  // Precondition: !ok().
  [[nodiscard]] const Problem& problem() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Problem> state_;
};

}  // namespace client
