// Revocation lists and root rollover, judged by OpenSSL.
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include "ca/testing.h"
#include "est/codec/oid.h"
#include "est/crypto/chain.h"

namespace ca {
namespace {

using est::Bytes;
using est::crypto::ChainOptions;
using est::crypto::ChainResult;
using est::crypto::KeyType;
namespace codec = est::codec;

struct Case {
  bool intermediate;
  KeyType type;
};

struct Rollovers : testing::TestWithParam<Case> {
  TemporaryDirectory folder;
  est::ManualClock clock{test_time};
  AuthorityOptions options{folder / "ca", &clock};
  std::unique_ptr<Authority> authority =
      value_of(Authority::create(options, {"root", GetParam().type, GetParam().intermediate, 1000 * day}));

  [[nodiscard]] Issued issue() const {
    const auto request = signed_request(request_for("CN=d"), make_key());
    return std::get<Issued>(value_of(authority->issue(order(request))));
  }
  ChainResult verify(const Bytes& leaf, const Bytes& anchor, const std::vector<Bytes>& crls = {}) const {
    ChainOptions chain;
    chain.at = clock.now();
    chain.partial_chain = false;
    chain.check_crl = !crls.empty();
    return value_of(est::crypto::verify_chain(leaf, value_of(authority->ca_certificates()), {anchor}, crls, chain));
  }
  [[nodiscard]] Bytes root() const { return value_of(authority->ca_certificates()).front(); }
};

long crl_number(const Bytes& der) {
  const auto crl = value_of(est::crypto::parse_crl(der));
  const std::unique_ptr<ASN1_INTEGER, est::crypto::Deleter<ASN1_INTEGER_free>> number(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl.get(), NID_crl_number, nullptr, nullptr)));
  return number ? ASN1_INTEGER_get(number.get()) : -1;
}

TEST_P(Rollovers, CrlsRevokeAndCount) {
  const Issued kept = issue();
  const Issued gone = issue();
  const auto clean = value_of(authority->make_crls(day));
  EXPECT_EQ(clean.size(), GetParam().intermediate ? 2U : 1U);
  EXPECT_TRUE(verify(gone.certificate, root(), clean).valid);
  EXPECT_TRUE(authority->revoke(gone.serial).ok());
  EXPECT_TRUE(authority->revoke(gone.serial).ok());  // again is no harm
  EXPECT_FALSE(authority->revoke(Bytes{1, 2, 3}).ok());
  const auto dirty = value_of(authority->make_crls(day));
  EXPECT_EQ(verify(gone.certificate, root(), dirty).code, X509_V_ERR_CERT_REVOKED);
  EXPECT_TRUE(verify(kept.certificate, root(), dirty).valid);
  EXPECT_EQ(crl_number(clean[0]), 1);
  EXPECT_EQ(crl_number(dirty[0]), 2);
  EXPECT_EQ(value_of(authority->find(gone.serial))->revoked_at, test_time);
  EXPECT_FALSE(authority->make_crls(0).ok());
}

TEST_P(Rollovers, OldAndNewTrustEachOther) {
  const Bytes old_root = root();
  const Issued before = issue();
  clock.set(test_time + 10 * day);
  ASSERT_TRUE(authority->rollover(GetParam().type).ok());
  const Bytes new_root = root();
  EXPECT_NE(new_root, old_root);
  const Issued after = issue();
  for (const Bytes& anchor : {old_root, new_root}) {
    EXPECT_TRUE(verify(before.certificate, anchor).valid) << verify(before.certificate, anchor).reason;
    EXPECT_TRUE(verify(after.certificate, anchor).valid) << verify(after.certificate, anchor).reason;
  }
}

TEST_P(Rollovers, ServesTheThreeOfRfc4210) {
  const Bytes old_root = root();
  const auto old = codec::decode_certificate(old_root).value;
  ASSERT_TRUE(authority->rollover(KeyType::ec_p384).ok());
  const auto served = value_of(authority->ca_certificates());
  const auto fresh = codec::decode_certificate(served.front()).value;
  EXPECT_EQ(served.size(), GetParam().intermediate ? 5U : 4U);
  int old_with_old = 0, old_with_new = 0, new_with_old = 0;
  for (const Bytes& der : served) {
    const auto one = codec::decode_certificate(der).value;
    if (!one->self_issued()) continue;
    const bool of_old = one->spki == old->spki;
    const auto by = [&](const codec::Certificate& signer) {
      const auto good = est::crypto::verify(signer.spki, one->signature_algorithm, one->tbs, one->signature);
      return good.ok() && *good;
    };
    old_with_old += of_old && by(*old) ? 1 : 0;
    old_with_new += of_old && by(*fresh) ? 1 : 0;
    new_with_old += !of_old && by(*old) ? 1 : 0;
    if (!of_old && by(*old)) {
      EXPECT_EQ(one->validity.not_after, old->validity.not_after);
    }
  }
  EXPECT_EQ(old_with_old, 1);
  EXPECT_EQ(old_with_new, 1);
  EXPECT_EQ(new_with_old, 1);
}

TEST_P(Rollovers, RevocationReachesAcrossTheRollover) {
  const Bytes old_root = root();
  const Issued before = issue();
  const Issued kept = issue();
  ASSERT_TRUE(authority->rollover(GetParam().type).ok());
  const Issued after = issue();
  EXPECT_TRUE(authority->revoke(before.serial).ok());
  EXPECT_TRUE(authority->revoke(after.serial).ok());
  const auto crls = value_of(authority->make_crls(day));
  for (const Bytes& anchor : {old_root, root()}) {
    EXPECT_EQ(verify(before.certificate, anchor, crls).code, X509_V_ERR_CERT_REVOKED);
    EXPECT_EQ(verify(after.certificate, anchor, crls).code, X509_V_ERR_CERT_REVOKED);
    EXPECT_TRUE(verify(kept.certificate, anchor, crls).valid) << verify(kept.certificate, anchor, crls).reason;
  }
}

TEST_P(Rollovers, SecondRolloverKeepsTheFirstsClients) {
  const Bytes first = root();
  const Issued oldest = issue();
  ASSERT_TRUE(authority->rollover(GetParam().type).ok());
  const Issued middle = issue();
  ASSERT_TRUE(authority->rollover(GetParam().type).ok());
  const Issued newest = issue();
  for (const Issued* one : {&oldest, &middle, &newest}) {
    EXPECT_TRUE(verify(one->certificate, root()).valid) << verify(one->certificate, root()).reason;
    EXPECT_TRUE(verify(one->certificate, first).valid) << verify(one->certificate, first).reason;
  }
}

TEST_P(Rollovers, ExpiredRootsLeaveNoTrace) {
  clock.set(test_time + 1001 * day);
  ASSERT_TRUE(authority->rollover(GetParam().type).ok());
  EXPECT_EQ(value_of(authority->ca_certificates()).size(), GetParam().intermediate ? 2U : 1U);
  EXPECT_EQ(value_of(authority->make_crls(day)).size(), GetParam().intermediate ? 2U : 1U);
  EXPECT_TRUE(verify(issue().certificate, root()).valid);
}

TEST_P(Rollovers, OtherProcessesNotice) {
  const auto other = value_of(Authority::open(options));
  ASSERT_TRUE(other->rollover(GetParam().type).ok());
  EXPECT_EQ(value_of(authority->ca_certificates()), value_of(other->ca_certificates()));
  EXPECT_TRUE(verify(issue().certificate, root()).valid);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Rollovers,
                         testing::Values(Case{false, KeyType::ec_p256}, Case{true, KeyType::ec_p256}, Case{false, KeyType::rsa_2048},
                                         Case{true, KeyType::ed25519}));

}  // namespace
}  // namespace ca
