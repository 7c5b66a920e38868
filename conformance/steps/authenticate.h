// What goes into Authorization: Basic at once, or the answer to a challenge, right or with one thing wrong (RFC 7617, RFC 7616).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/steps/memory.h"
#include "conformance/steps/outcome.h"
#include "conformance/steps/parameters.h"
#include "conformance/target/profile.h"
#include "est/http/message.h"

namespace conformance::steps {

struct Authorization {
  std::string value;  // secret: for the wire only
  std::string kind;   // "basic", "digest SHA-256", "raw"
};

class Authenticator {
 public:
  // `usable`: whether this step has a user and password at all. References must outlive this object.
  Authenticator(const Parameters& parameters, const target::Profile& profile, Memory& memory, bool usable);

  // Names what the profile lacks for this step's user and password; nothing when all is there.
  [[nodiscard]] std::optional<engine::StepOutcome> problem() const;
  // For the first request of the step, before any challenge.
  [[nodiscard]] Maybe<std::optional<Authorization>> first(std::string_view method, std::string_view target);
  // The best answer to a 401's challenges; no value when the step has no credentials or no challenge can be answered. `again`: the
  // answer before was refused; then only a stale nonce is answered once more.
  [[nodiscard]] Maybe<std::optional<Authorization>> answer(const est::http::Fields& fields, std::string_view method,
                                                           std::string_view target, bool again);

 private:
  [[nodiscard]] est::http::Credentials credentials() const;
  [[nodiscard]] Maybe<std::optional<Authorization>> digest(const est::http::DigestChallenge& challenge, std::string_view method,
                                                           std::string_view target);
  Authorization compose(const DigestUse& use, std::string_view method, std::string_view target) const;

  const Parameters& parameters_;
  const target::Profile& profile_;
  Memory& memory_;
  bool usable_;
  std::string scheme_;
  std::string nonce_;
};

}  // namespace conformance::steps
