// WWW-Authenticate, one field value a line. A Digest challenge we understand, written again, is understood the same, and can be answered.
#include "est/base/text.h"
#include "est/http/auth.h"
#include "fuzz/target.h"

namespace {

namespace http = est::http;

bool is_visible(const std::string& text) { return est::printable(text, text.size()) == text; }

void check_digest(const http::DigestChallenge& challenge) {
  const std::string answer = http::digest_authorization(challenge, {"user", "password"}, "GET", "/", 1, "cnonce");
  const auto item = http::decode_credentials(answer);
  if (!is_visible(challenge.realm + challenge.nonce + challenge.opaque)) return;
  fuzz::require(item.accepted() && item.value->parameter("realm") == challenge.realm && item.value->parameter("nonce") == challenge.nonce,
                "the answer carries realm and nonce");
  const auto again = http::decode_challenges({http::encode(challenge)});
  fuzz::require(again.accepted() && again.value->size() == 1, "a challenge we write is one challenge");
  const auto back = http::parse_digest_challenge(again.value->front());
  fuzz::require(back && back->realm == challenge.realm && back->nonce == challenge.nonce && back->opaque == challenge.opaque &&
                    back->algorithm == challenge.algorithm && back->qop_auth == challenge.qop_auth && back->stale == challenge.stale,
                "and means the same");
}

}  // namespace

FUZZ_TARGET(auth_challenge) {
  std::vector<std::string> values;
  for (const std::string_view line : est::split(est::as_text(input), '\n')) values.emplace_back(line);
  const auto items = http::decode_challenges(values);
  fuzz::require(items.value.has_value(), "the value is always there");
  for (const http::AuthItem& item : *items.value) {
    fuzz::require(!item.scheme.empty() && (item.token68.empty() || item.parameters.empty()), "a token or parameters, never both");
    if (const auto challenge = http::parse_digest_challenge(item)) check_digest(*challenge);
  }
}
