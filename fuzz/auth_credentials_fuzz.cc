// Authorization. Basic credentials that are read, written again, are read the same; nothing but a right answer opens the Digest verifier.
#include "est/base/text.h"
#include "est/http/auth.h"
#include "fuzz/target.h"

namespace {

namespace http = est::http;

void check_basic(const http::AuthItem& item) {
  const auto basic = http::parse_basic(item);
  if (!basic) return;
  const auto again = http::decode_credentials(http::basic_authorization(*basic));
  fuzz::require(again.accepted(), "what we write we accept");
  const auto back = http::parse_basic(*again.value);
  fuzz::require(back && back->user == basic->user && back->password == basic->password, "Basic credentials survive");
}

}  // namespace

FUZZ_TARGET(auth_credentials) {
  static const est::ManualClock clock(1'800'000'000);
  static const http::DigestVerifier verifier({}, clock);
  const auto item = http::decode_credentials(est::as_text(input));
  if (!item.accepted()) return;
  check_basic(*item.value);
  // Its key is random and the input cannot know a nonce made under it.
  const auto verdict = verifier.verify(*item.value, "GET", "/", [](std::string_view) { return std::optional<std::string>("secret"); });
  fuzz::require(verdict.outcome != http::DigestVerifier::Outcome::accepted, "a nonce that is not ours opens nothing");
}
