// The certificates of a /cacerts response as trust anchors and path material.
#pragma once

#include "conformance/checks/reading.h"

namespace conformance::checks {

struct Trust {
  std::vector<est::codec::Certificate> roots;  // self-signed
  std::vector<est::codec::Certificate> others;
  est::Findings unreadable;  // of certificates that could not be decoded

  [[nodiscard]] bool empty() const noexcept { return roots.empty() && others.empty(); }
};

// However the body is wrapped; its form is judged by other checks. Nothing unless the exchange has a 200 response.
[[nodiscard]] std::optional<Trust> trust_of(const Exchange& cacerts);

struct Path {
  Verdict verdict = Verdict::fail;
  std::string sentence;  // why not; empty when valid
};
// RFC 5280 section 6 at the time of the run, or at notBefore when that lies at most ten minutes later (clocks differ).
// Anchors are the roots; without any (INT-33), all certificates of the bag.
[[nodiscard]] Path path_of(const est::codec::Certificate& leaf, const Trust& trust, est::UnixTime now);

}  // namespace conformance::checks
