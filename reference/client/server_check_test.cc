#include "client/server_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "est/codec/x509.h"
#include "est/pki/issue.h"
#include "est/tls/identities_test.h"

namespace client {
namespace {

using est::Bytes;
using est::tls::must;
using testing::HasSubstr;

constexpr est::UnixTime at = 1'800'000'000;
constexpr std::int64_t one_day = 86400;

// A CA by our own issuing code, because it also makes CRLs.
class ServerChecks : public testing::Test {
 protected:
  ServerChecks()
      : key(must(est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256))), name(must(est::codec::parse_name("CN=root"))) {
    est::pki::CertificateSpec spec;
    spec.serial = {1};
    spec.subject = name;
    spec.validity = {at - one_day, at + one_day};
    spec.extensions = {est::codec::make_basic_constraints(true),
                       est::codec::make_key_usage(est::codec::key_usage::key_cert_sign | est::codec::key_usage::crl_sign)};
    root = must(est::pki::issue_self_signed(spec, key));
    trust.explicit_anchors = {root};
    trust.at = at;
  }
  [[nodiscard]] est::pki::Issuer issuer() const { return {name, &key, est::pki::key_identifier(key.public_key_info())}; }
  [[nodiscard]] Bytes server(est::Byte serial) const {
    est::pki::CertificateSpec spec;
    spec.serial = {serial};
    spec.subject = must(est::codec::parse_name("CN=server"));
    spec.public_key_info = key.public_key_info();
    spec.validity = {at - one_day, at + one_day};
    spec.extensions = {est::codec::make_extended_key_usage({est::codec::oids::server_auth}),
                       est::codec::make_subject_alt_name({must(est::codec::parse_general_name("DNS:est.example"))})};
    return must(est::pki::issue_certificate(spec, issuer()));
  }
  [[nodiscard]] Bytes crl(const std::vector<est::Byte>& revoked, est::UnixTime next_update) const {
    est::pki::CrlSpec spec;
    spec.this_update = at - one_day;
    spec.next_update = next_update;
    for (const est::Byte serial : revoked) spec.revoked.push_back({{serial}, at - 10});
    return must(est::pki::issue_crl(spec, issuer()));
  }

  const est::crypto::PrivateKey key;
  const est::codec::Name name;
  Bytes root;
  Trust trust;
};

TEST_F(ServerChecks, RevokedServersAndUselessListsAreRefused) {
  trust.check_crl = true;
  struct Row {
    std::vector<Bytes> crls;
    std::string reason;
  };
  for (const Row& row : {Row{{crl({9}, at + 10)}, ""}, {{crl({2}, at + 10)}, "revoked"}, {{crl({}, at - 10)}, "expired"}, {{}, "CRL"}}) {
    trust.crls = row.crls;
    const ServerVerdict verdict = check_server({server(2)}, "est.example", trust);
    EXPECT_EQ(verdict.authorised(), row.reason.empty()) << verdict.reason;
    EXPECT_THAT(verdict.reason, HasSubstr(row.reason));
  }
}

TEST_F(ServerChecks, TheTimeCounts) {
  EXPECT_TRUE(check_server({server(2)}, "est.example", trust).authorised());
  trust.at = at + 2 * one_day;
  EXPECT_FALSE(check_server({server(2)}, "est.example", trust).authorised());
}

TEST_F(ServerChecks, NothingIsNoCertificate) {
  EXPECT_FALSE(check_server({}, "est.example", trust).authorised());
  EXPECT_FALSE(check_server({est::to_bytes("garbage")}, "est.example", trust).authorised());
  EXPECT_FALSE(is_registration_authority(est::as_bytes("garbage")));
}

}  // namespace
}  // namespace client
