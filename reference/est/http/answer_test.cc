#include "est/http/answer.h"

#include <gtest/gtest.h>

namespace est::http {
namespace {

TEST(BestOffer, PrefersTheStrongestDigestThatCanBeAnswered) {
  struct Row {
    std::vector<std::string> fields;
    std::string scheme, realm;
  };
  const std::string md5 = "Digest realm=\"m\", nonce=\"1\", qop=\"auth\"";
  const std::string sha = "Digest realm=\"s\", nonce=\"2\", qop=\"auth\", algorithm=SHA-256";
  const std::string unknown = "Digest realm=\"u\", nonce=\"3\", qop=\"auth\", algorithm=SHA3-256";
  for (const Row& row : {Row{{}, "", ""},
                         {{"Basic realm=\"b\""}, "Basic", "b"},
                         {{md5, "Basic realm=\"b\""}, "MD5 Digest", "m"},
                         {{"Basic realm=\"b\", " + md5, sha}, "SHA-256 Digest", "s"},
                         {{sha, md5}, "SHA-256 Digest", "s"},
                         {{unknown}, "", ""},
                         {{unknown, "Basic realm=\"b\""}, "Basic", "b"},
                         {{"Bearer realm=\"t\"", "Negotiate"}, "", ""}}) {
    const Offer offer = best_offer(row.fields);
    EXPECT_EQ(offer.scheme(), row.scheme);
    EXPECT_EQ(offer.realm, row.realm);
    EXPECT_EQ(offer.answerable(), !row.scheme.empty());
  }
}

TEST(BestOffer, TellsAStaleNonce) {
  EXPECT_TRUE(best_offer({"Digest realm=\"m\", nonce=\"1\", qop=\"auth\", stale=true"}).stale());
  EXPECT_FALSE(best_offer({"Digest realm=\"m\", nonce=\"1\", qop=\"auth\""}).stale());
}

TEST(Answer, IsAcceptedByTheVerifier) {
  const DigestVerifier verifier({}, system_clock());
  const Credentials credentials{"", "secret"};
  const Offer offer = best_offer(verifier.challenges(false));
  const auto item = decode_credentials(answer(offer, credentials, "POST", "/x"));
  ASSERT_TRUE(item.value);
  const auto lookup = [](std::string_view user) { return user.empty() ? std::optional<std::string>("secret") : std::nullopt; };
  EXPECT_EQ(verifier.verify(*item.value, "POST", "/x", lookup).outcome, DigestVerifier::Outcome::accepted);
  EXPECT_EQ(answer(best_offer({"Basic realm=\"b\""}), credentials, "GET", "/"), "Basic OnNlY3JldA==");
}

}  // namespace
}  // namespace est::http
