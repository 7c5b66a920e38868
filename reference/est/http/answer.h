// The client's side of a 401 or 407: which challenge to answer, and the answer (RFC 9110 11.6, RFC 7616, RFC 7617).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/http/auth.h"

namespace est::http {

// What a peer's challenges leave us to choose from: the strongest Digest we can answer, else Basic.
struct Offer {
  std::optional<DigestChallenge> digest;
  bool basic = false;
  std::string realm;  // of the one that would be answered
  [[nodiscard]] bool answerable() const noexcept { return digest.has_value() || basic; }
  [[nodiscard]] bool stale() const noexcept { return digest && digest->stale; }
  // "SHA-256 Digest" or "Basic"; empty when there is nothing to answer.
  [[nodiscard]] std::string scheme() const;
};
// From all values of WWW-Authenticate or Proxy-Authenticate.
[[nodiscard]] Offer best_offer(const std::vector<std::string>& field_values);

// The value of Authorization or Proxy-Authorization, with a fresh cnonce. `target` is the request target as sent. Precondition: answerable.
[[nodiscard]] std::string answer(const Offer& offer, const Credentials& credentials, std::string_view method, std::string_view target);

}  // namespace est::http
