// The Authorization fields of a campaign: right ones, and ones with something wrong.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "conformance/mutator/tlv_mutator.h"
#include "conformance/target/profile.h"
#include "est/http/answer.h"

namespace conformance::campaign {

struct CredentialWord {
  std::string_view word, meaning;
  bool wrong;  // nobody may be let in by it
};
// Those made from the profile's password.
[[nodiscard]] const std::vector<CredentialWord>& credential_words();

// Makes fields for one target. Threads: one at a time.
class Credentials {
 public:
  explicit Credentials(std::optional<target::Password> password) : password_(std::move(password)) {}

  [[nodiscard]] bool has_password() const noexcept { return password_.has_value(); }
  // What the target's last 401 asked for. Until then Basic is taken.
  void challenged(const std::vector<std::string>& fields);
  // Whether each request needs a challenge of its own before it.
  [[nodiscard]] bool needs_challenge() const noexcept { return offer_ && offer_->digest.has_value(); }
  // The value of Authorization for a word; empty: no field. `salt` decides what is random about it.
  [[nodiscard]] std::string value(std::string_view word, std::string_view method, std::string_view target, std::uint64_t salt) const;

 private:
  [[nodiscard]] est::http::Credentials varied(std::string_view word) const;

  std::optional<target::Password> password_;
  std::optional<est::http::Offer> offer_;
};

}  // namespace conformance::campaign
