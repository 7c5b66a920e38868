#include "conformance/steps/corrupt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/steps/hostile_requests.h"
#include "conformance/steps/second_opinion.h"
#include "est/codec/oid.h"
#include "est/pki/request.h"

namespace conformance::steps {
namespace {

using est::crypto::KeyType;

SoundRequest sound_request(KeyType type) {
  auto key = est::crypto::PrivateKey::generate(type).value();
  est::pki::RequestSpec spec;
  spec.subject = est::codec::parse_name("CN=device,O=Acme").value();
  spec.challenge_password = "MTIzNDU2Nzg5MDEy";
  const auto der = est::pki::make_request(spec, key).value();
  const auto digest = key.natural_digest();
  return {std::move(*est::codec::decode_certification_request(der).value), std::move(key), type, digest};
}

// What a strict reader finds in a corrupted request.
struct Expected {
  const char* name;
  const char* finding;  // id that must be told; empty: the form is sound; *: any error
  bool readable;        // a value comes out
  bool verifies;        // and its signature holds
};

class CorruptTest : public ::testing::TestWithParam<Expected> {};

bool verifies(const est::codec::CertificationRequest& request) {
  const auto result = est::pki::verify_request(request);
  return result.ok() && *result;
}

TEST_P(CorruptTest, HasExactlyThatDefect) {
  const auto& expected = GetParam();
  for (const KeyType type : {KeyType::ec_p256, KeyType::rsa_2048, KeyType::ed25519}) {
    const auto sound = sound_request(type);
    const auto der = corrupt(expected.name, sound);
    ASSERT_TRUE(der.ok()) << der.error().message;
    EXPECT_NE(*der, sound.request.der);
    const auto decoded = est::codec::decode_certification_request(*der);
    const std::string what = std::string(expected.name) + ": " + est::describe_first(decoded.findings);
    if (*expected.finding == '*') {
      EXPECT_TRUE(est::has_errors(decoded.findings)) << what;
    } else if (*expected.finding != '\0') {
      EXPECT_TRUE(est::contains(decoded.findings, expected.finding)) << what;
    } else {
      EXPECT_FALSE(est::has_errors(decoded.findings)) << what;
    }
    EXPECT_EQ(decoded.value.has_value(), expected.readable) << what;
    EXPECT_EQ(decoded.value && verifies(*decoded.value), expected.readable && expected.verifies) << what;
    // OpenSSL reads BER, which is why an indefinite length may also be accepted (INT-26).
    const bool ber = std::string_view(expected.name) == "indefinite-length";
    EXPECT_FALSE(!expected.verifies && !ber && openssl_accepts_request(*der).ok()) << what;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, CorruptTest,
    ::testing::Values(Expected{"signature", "", true, false}, Expected{"other-key", "", true, false}, Expected{"unsigned", "", true, false},
                      Expected{"wrong-algorithm", "", true, false}, Expected{"truncated", "der.truncated", false, false},
                      Expected{"trailing", "der.trailing", true, true}, Expected{"version", "pkcs10.version", true, true},
                      Expected{"public-key", "", true, false}, Expected{"unknown-key-algorithm", "", true, false},
                      Expected{"no-attributes", "pkcs10.attributes.missing", true, true},
                      Expected{"nul-in-name", "x509.name.nul", true, true}, Expected{"oversized", "", true, true},
                      Expected{"empty-sequence", "der.missing", false, false}, Expected{"random", "*", false, false},
                      Expected{"indefinite-length", "der.length.indefinite", false, false},
                      Expected{"non-minimal-length", "der.length.non-minimal", true, true},
                      Expected{"wrong-tag", "der.tag.unexpected", false, false}, Expected{"nested", "der.depth", false, false},
                      Expected{"not-a-request", "der.tag.unexpected", false, false}),
    [](const auto& test) {
      std::string name = test.param.name;
      std::erase(name, '-');
      return name;
    });

TEST(Corrupt, EveryCorruptionIsTestedHereOrAmongTheHostile) { EXPECT_EQ(corruptions().size(), 19U + hostile_requests().size()); }

TEST(Corrupt, UnknownNamesAreErrors) { EXPECT_FALSE(corrupt("beautiful", sound_request(KeyType::ec_p256)).ok()); }

}  // namespace
}  // namespace conformance::steps
