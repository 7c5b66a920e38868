#include "conformance/steps/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "est/codec/oid.h"
#include "est/crypto/chain.h"
#include "est/pki/issue.h"

namespace conformance::steps {
namespace {

class MintTest : public ::testing::Test {
 protected:
  MintTest() {
    est::pki::CertificateSpec spec;
    spec.serial = est::pki::random_serial();
    spec.subject = est::codec::parse_name("CN=client CA").value();
    spec.validity = {now_ - 24 * 3600, now_ + 365LL * 24 * 3600};
    spec.extensions = {est::codec::make_basic_constraints(true), est::codec::make_key_usage(est::codec::key_usage::key_cert_sign)};
    auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256).value();
    ca_ = {{est::pki::issue_self_signed(spec, key).value()}, key};
  }
  est::tls::Identity made(std::string_view kind) {
    auto identity =
        mint(kind, {.common_name = "x", .now = now_, .client_ca = &ca_, .imitated_issuer = est::codec::parse_name("CN=client CA").value()});
    EXPECT_TRUE(identity.ok()) << identity.error().message;
    return std::move(*identity);
  }
  // OpenSSL's opinion as a TLS server would ask for it.
  int judged(const est::tls::Identity& identity) {
    const std::vector<est::Bytes> above(identity.chain.begin() + 1, identity.chain.end());
    const auto result = est::crypto::verify_chain(identity.chain.front(), above, {ca_.chain.front()}, {},
                                                  {.purpose = est::crypto::Purpose::tls_client, .at = now_});
    EXPECT_TRUE(result.ok());
    return result->valid ? X509_V_OK : result->code;
  }

  est::UnixTime now_ = est::system_clock().now();
  est::tls::Identity ca_;
};

TEST_F(MintTest, EachKindHasTheDefectOfItsName) {
  const std::vector<std::pair<std::string, int>> expected{
      {"third-party", X509_V_OK},
      {"expired", X509_V_ERR_CERT_HAS_EXPIRED},
      {"not-yet-valid", X509_V_ERR_CERT_NOT_YET_VALID},
      {"wrong-purpose", X509_V_ERR_INVALID_PURPOSE},
      {"no-digital-signature", X509_V_OK},  // OpenSSL takes keyAgreement for a TLS client
      {"third-party-ra", X509_V_OK},
      {"unknown-critical-extension", X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION},
      {"under-end-entity", X509_V_ERR_INVALID_CA},
      {"outside-name-constraints", X509_V_ERR_PERMITTED_VIOLATION},
      {"path-too-long", X509_V_ERR_PATH_LENGTH_EXCEEDED},
      {"self-signed", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
      {"unknown-ca", X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN},
  };
  for (const auto& [kind, code] : expected) EXPECT_EQ(judged(made(kind)), code) << kind;
  EXPECT_NE(judged(made("forged-issuer")), X509_V_OK);
  EXPECT_NE(judged(made("other-issuer-name")), X509_V_OK);
}

TEST_F(MintTest, NamesAndKeyUsageAsSaid) {
  const auto forged = est::codec::decode_certificate(made("forged-issuer").chain.front());
  EXPECT_EQ(forged.value->issuer.to_string(), "CN=client CA");
  const auto odd = est::codec::decode_certificate(made("no-digital-signature").chain.front());
  const auto usage = est::codec::decode_key_usage(odd.value->extension(est::codec::oids::key_usage)->value);
  EXPECT_EQ(usage.value, est::codec::key_usage::key_agreement);
}

TEST_F(MintTest, CertificatesAreSoundInForm) {
  for (const auto& kind : mint_kinds()) {
    const auto decoded = est::codec::decode_certificate(made(kind.name).chain.front());
    EXPECT_TRUE(decoded.accepted()) << kind.name << ": " << est::describe_first(decoded.findings);
  }
}

TEST_F(MintTest, ErrorsNotGuesses) {
  EXPECT_FALSE(mint("expired", {.common_name = "x", .now = now_}).ok());
  EXPECT_FALSE(mint("nonsense", {.common_name = "x", .now = now_, .client_ca = &ca_}).ok());
}

}  // namespace
}  // namespace conformance::steps
