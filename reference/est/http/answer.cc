#include "est/http/answer.h"

#include "est/base/text.h"
#include "est/crypto/digest.h"

namespace est::http {

std::string Offer::scheme() const {
  if (digest) return std::string(to_string(digest->algorithm)) + " Digest";
  return basic ? "Basic" : "";
}

Offer best_offer(const std::vector<std::string>& field_values) {
  Offer offer;
  const auto challenges = decode_challenges(field_values);
  if (!challenges.value) return offer;
  std::string basic_realm;
  for (const AuthItem& item : *challenges.value) {
    if (iequals(item.scheme, "basic") && !offer.basic) {
      offer.basic = true;
      basic_realm = item.parameter("realm").value_or("");
    }
    if (!iequals(item.scheme, "digest")) continue;
    auto challenge = parse_digest_challenge(item);
    // The enumeration goes from weak to strong.
    if (challenge && (!offer.digest || challenge->algorithm > offer.digest->algorithm)) offer.digest = std::move(challenge);
  }
  offer.realm = offer.digest ? offer.digest->realm : basic_realm;
  return offer;
}

std::string answer(const Offer& offer, const Credentials& credentials, std::string_view method, std::string_view target) {
  if (!offer.digest) return basic_authorization(credentials);
  return digest_authorization(*offer.digest, credentials, method, target, 1, hex(crypto::random_bytes(16)));
}

}  // namespace est::http
