#include "est/pki/issue.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <random>

#include "est/codec/der.h"
#include "est/crypto/chain.h"

namespace est::pki {
namespace {

using crypto::KeyType;
constexpr UnixTime now = 1'800'000'000;

crypto::PrivateKey make(KeyType type) { return *crypto::PrivateKey::generate(type); }

CertificateSpec spec_for(const crypto::PrivateKey& key, std::string_view subject) {
  CertificateSpec spec;
  spec.serial = random_serial();
  spec.subject = *codec::parse_name(subject);
  spec.public_key_info = key.public_key_info();
  spec.validity = {now - 10, now + 1000};
  return spec;
}

struct Ca {
  crypto::PrivateKey key;
  Bytes certificate;
  Issuer issuer;
  explicit Ca(KeyType type) : key(make(type)) {
    CertificateSpec spec = spec_for(key, "CN=root");
    spec.extensions = {codec::make_basic_constraints(true),
                       codec::make_key_usage(codec::key_usage::key_cert_sign | codec::key_usage::crl_sign)};
    certificate = *issue_self_signed(spec, key);
    issuer = {spec.subject, &key, key_identifier(key.public_key_info())};
  }
};

TEST(IssueCertificate, ChainsForEveryKeyType) {
  for (const KeyType type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::ec_p521, KeyType::rsa_2048, KeyType::ed25519}) {
    const Ca ca(type);
    const auto leaf = issue_certificate(spec_for(make(KeyType::ec_p256), "CN=leaf"), ca.issuer);
    ASSERT_TRUE(leaf.ok()) << leaf.error().message;
    crypto::ChainOptions options;
    options.at = now;
    const auto chain = crypto::verify_chain(*leaf, {}, {ca.certificate}, {}, options);
    ASSERT_TRUE(chain.ok()) << chain.error().message;
    EXPECT_TRUE(chain->valid) << chain->reason;
    const auto parsed = crypto::parse_certificate(ca.certificate);
    EXPECT_EQ(X509_verify(parsed->get(), ca.key.handle()), 1);
    EXPECT_EQ(X509_check_ca(parsed->get()), 1);
  }
}

TEST(IssueCertificate, OurDecoderFindsWhatWasAskedFor) {
  const Ca ca(KeyType::ec_p256);
  CertificateSpec spec = spec_for(make(KeyType::ec_p256), "CN=leaf,O=Acme");
  spec.extensions = {codec::make_subject_alt_name({*codec::parse_general_name("IP:192.0.2.1")}, true)};
  const auto leaf = issue_certificate(spec, ca.issuer);
  ASSERT_TRUE(leaf.ok());
  const auto decoded = codec::decode_certificate(*leaf);
  ASSERT_TRUE(decoded.accepted()) << describe_first(decoded.findings);
  const codec::Certificate& certificate = *decoded.value;
  EXPECT_EQ(certificate.version, 2);
  EXPECT_EQ(certificate.subject.to_string(), "CN=leaf,O=Acme");
  EXPECT_EQ(certificate.issuer.to_string(), "CN=root");
  EXPECT_EQ(certificate.validity.not_after, now + 1000);
  EXPECT_EQ(certificate.spki, spec.public_key_info);
  ASSERT_NE(certificate.extension(codec::oids::subject_alt_name), nullptr);
  EXPECT_TRUE(certificate.extension(codec::oids::subject_alt_name)->critical);
  const auto parsed = crypto::parse_certificate(*leaf);
  const auto root = crypto::parse_certificate(ca.certificate);
  EXPECT_EQ(X509_check_issued(root->get(), parsed->get()), X509_V_OK);  // compares the key identifiers too
  EXPECT_NE(X509_get0_subject_key_id(parsed->get()), nullptr);
  EXPECT_NE(X509_get0_authority_key_id(parsed->get()), nullptr);
}

TEST(IssueCertificate, RefusesNonsense) {
  const Ca ca(KeyType::ec_p256);
  const CertificateSpec good = spec_for(make(KeyType::ec_p256), "CN=leaf");
  const auto refused = [&](auto change) {
    CertificateSpec spec = good;
    change(spec);
    return !issue_certificate(spec, ca.issuer).ok();
  };
  EXPECT_FALSE(refused([](CertificateSpec&) {}));
  EXPECT_TRUE(refused([](CertificateSpec& spec) { spec.serial.clear(); }));
  EXPECT_TRUE(refused([](CertificateSpec& spec) { spec.serial = {0, 0}; }));
  EXPECT_TRUE(refused([](CertificateSpec& spec) { spec.serial = Bytes(21, 1); }));
  EXPECT_TRUE(refused([](CertificateSpec& spec) { spec.serial = Bytes(20, 0x80); }));
  EXPECT_FALSE(refused([](CertificateSpec& spec) { spec.serial = Bytes(20, 0x7f); }));
  EXPECT_TRUE(refused([](CertificateSpec& spec) { spec.validity.not_after = spec.validity.not_before - 1; }));
  EXPECT_TRUE(refused([](CertificateSpec& spec) { spec.public_key_info = {0x30, 0}; }));
  EXPECT_TRUE(refused([](CertificateSpec& spec) { spec.extensions = {codec::make_key_usage(1), codec::make_key_usage(1)}; }));
  EXPECT_TRUE(refused([](CertificateSpec& spec) { spec.digest = crypto::Digest::md5; }));
  EXPECT_FALSE(issue_certificate(good, Issuer{}).ok());
}

TEST(IssueCertificate, DatesAfter2049AreGeneralizedTime) {
  const Ca ca(KeyType::ec_p256);
  CertificateSpec spec = spec_for(make(KeyType::ec_p256), "CN=leaf");
  spec.validity.not_after = 4'000'000'000;
  const auto parsed = crypto::parse_certificate(*issue_certificate(spec, ca.issuer));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(ASN1_STRING_type(X509_get0_notBefore(parsed->get())), V_ASN1_UTCTIME);
  EXPECT_EQ(ASN1_STRING_type(X509_get0_notAfter(parsed->get())), V_ASN1_GENERALIZEDTIME);
}

// The certificate as OpenSSL builds and signs it, from the same specification.
Bytes made_by_openssl(const CertificateSpec& spec, const Ca& ca, const std::vector<std::pair<int, std::string>>& extensions) {
  const crypto::X509Handle made(X509_new());
  X509V3_CTX context;
  const auto root = crypto::parse_certificate(ca.certificate);
  X509V3_set_ctx(&context, root->get(), made.get(), nullptr, nullptr, 0);
  const std::unique_ptr<BIGNUM, crypto::Deleter<BN_free>> serial(
      BN_bin2bn(spec.serial.data(), static_cast<int>(spec.serial.size()), nullptr));
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(made.get()));
  const unsigned char* at = spec.subject.der.data();
  const std::unique_ptr<X509_NAME, crypto::Deleter<X509_NAME_free>> name(
      d2i_X509_NAME(nullptr, &at, static_cast<long>(spec.subject.der.size())));
  at = spec.public_key_info.data();
  const crypto::KeyHandle key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spec.public_key_info.size())));
  X509_set_version(made.get(), X509_VERSION_3);
  X509_set_subject_name(made.get(), name.get());
  X509_set_issuer_name(made.get(), X509_get_subject_name(root->get()));
  X509_set_pubkey(made.get(), key.get());
  ASN1_TIME_set(X509_getm_notBefore(made.get()), spec.validity.not_before);
  ASN1_TIME_set(X509_getm_notAfter(made.get()), spec.validity.not_after);
  for (const auto& [id, text] : extensions) {
    const std::unique_ptr<X509_EXTENSION, crypto::Deleter<X509_EXTENSION_free>> one(
        X509V3_EXT_conf_nid(nullptr, &context, id, text.c_str()));
    X509_add_ext(made.get(), one.get(), -1);
  }
  X509_sign(made.get(), ca.key.handle(), EVP_PKEY_get_base_id(ca.key.handle()) == EVP_PKEY_RSA ? EVP_sha256() : nullptr);
  return crypto::to_der(*made);
}

// Both signature algorithms give the same signature each time.
TEST(IssueCertificate, IsOctetForOctetWhatOpensslMakes) {
  std::minstd_rand dice(7);
  const auto coin = [&] { return dice() % 2 == 0; };
  for (const KeyType type : {KeyType::rsa_2048, KeyType::ed25519}) {
    const Ca ca(type);
    for (int round = 0; round < 40; ++round) {
      const KeyType own = coin() ? KeyType::ec_p256 : coin() ? KeyType::ec_p384 : KeyType::ed25519;
      CertificateSpec spec = spec_for(make(own), coin() ? "CN=device 7" : "CN=d\u00fc,O=Acme,serialNumber=1");
      spec.serial.resize(1 + dice() % 16);
      spec.serial.back() |= 1U;
      spec.validity = {static_cast<UnixTime>(dice() % 2'000'000'000), 2'000'000'000 + static_cast<UnixTime>(dice())};
      std::vector<std::pair<int, std::string>> same = {{NID_basic_constraints, "CA:FALSE"}};
      spec.extensions = {codec::make_basic_constraints(false)};
      if (coin()) {
        spec.extensions.push_back(codec::make_key_usage(codec::key_usage::digital_signature | codec::key_usage::key_agreement));
        same.emplace_back(NID_key_usage, "critical,digitalSignature,keyAgreement");
      }
      if (coin()) {
        spec.extensions.push_back(codec::make_extended_key_usage({codec::oids::client_auth, codec::oids::server_auth}));
        same.emplace_back(NID_ext_key_usage, "clientAuth,serverAuth");
      }
      if (coin()) {
        spec.extensions.push_back(
            codec::make_subject_alt_name({*codec::parse_general_name("DNS:d.example"), *codec::parse_general_name("IP:192.0.2.1")}, false));
        same.emplace_back(NID_subject_alt_name, "DNS:d.example,IP:192.0.2.1");
      }
      same.emplace_back(NID_subject_key_identifier, "hash");
      same.emplace_back(NID_authority_key_identifier, "keyid:always");
      EXPECT_EQ(*issue_certificate(spec, ca.issuer), made_by_openssl(spec, ca, same)) << round;
    }
  }
}

TEST(DraftOfACertificate, HoldsItsFreshKey) {
  const auto one = draft("CN=a,O=b", {0, 100}, {codec::make_basic_constraints(false)}, crypto::KeyType::ec_p384);
  const auto other = draft("CN=a,O=b", {0, 100}, {});
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_EQ(one->spec.public_key_info, one->key.public_key_info());
  EXPECT_NE(one->spec.serial, other->spec.serial);
  EXPECT_EQ(one->spec.extensions.size(), 1U);
  EXPECT_FALSE(draft("no name", {0, 100}, {}).ok());
}

TEST(KeyIdentifier, IsOpensslsToo) {
  for (const KeyType type : {KeyType::ec_p256, KeyType::rsa_1024}) {
    const Ca ca(type);
    const auto parsed = crypto::parse_certificate(ca.certificate);
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    X509_pubkey_digest(parsed->get(), EVP_sha1(), out.data(), &size);
    EXPECT_EQ(key_identifier(ca.key.public_key_info()), Bytes(out.begin(), out.begin() + size));
  }
  EXPECT_TRUE(key_identifier({}).empty());
}

TEST(RandomSerial, IsPositiveAndSixteenOctets) {
  for (int i = 0; i < 64; ++i) {
    const Bytes serial = random_serial();
    EXPECT_EQ(serial.size(), 16U);
    EXPECT_EQ(serial.front() & 0x80U, 0U);
  }
  EXPECT_NE(random_serial(), random_serial());
}

TEST(DatedSerial, BeginsWithItsTimeAndSequence) {
  const Bytes serial = dated_serial(0x1'8102'0304, 0x0506);
  EXPECT_EQ(serial.size(), 16U);
  EXPECT_EQ(Bytes(serial.begin(), serial.begin() + 6), (Bytes{1, 2, 3, 4, 5, 6}));
  EXPECT_NE(dated_serial(now, 7), dated_serial(now, 7));
  EXPECT_LT(dated_serial(now, 7), dated_serial(now, 8));
  EXPECT_LT(dated_serial(now, 8), dated_serial(now + 1, 7));
}

TEST(IssueCrl, OpensslReadsIt) {
  const Ca ca(KeyType::ec_p256);
  const Bytes gone = random_serial();
  for (const bool some : {false, true}) {
    CrlSpec spec{0x80, now, now + 100, {}};
    if (some) spec.revoked = {{gone, now - 5}, {{1}, now - 6}};
    const auto der = issue_crl(spec, ca.issuer);
    ASSERT_TRUE(der.ok()) << der.error().message;
    const auto crl = crypto::parse_crl(*der);
    ASSERT_TRUE(crl.ok()) << crl.error().message;
    EXPECT_EQ(X509_CRL_verify(crl->get(), ca.key.handle()), 1);
    EXPECT_EQ(X509_CRL_get_version(crl->get()), 1);
    EXPECT_EQ(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl->get())), some ? 2 : -1);
    const std::unique_ptr<ASN1_INTEGER, crypto::Deleter<ASN1_INTEGER_free>> number(
        static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl->get(), NID_crl_number, nullptr, nullptr)));
    ASSERT_NE(number, nullptr);
    EXPECT_EQ(ASN1_INTEGER_get(number.get()), 0x80);
  }
}

TEST(IssueCrl, RevokesInPathValidation) {
  const Ca ca(KeyType::rsa_2048);
  const CertificateSpec spec = spec_for(make(KeyType::ec_p256), "CN=leaf");
  const Bytes leaf = *issue_certificate(spec, ca.issuer);
  crypto::ChainOptions options;
  options.at = now;
  options.check_crl = true;
  const Bytes clean = *issue_crl({1, now, now + 100, {}}, ca.issuer);
  EXPECT_TRUE(crypto::verify_chain(leaf, {}, {ca.certificate}, {clean}, options)->valid);
  const Bytes dirty = *issue_crl({2, now, now + 100, {{spec.serial, now}}}, ca.issuer);
  EXPECT_EQ(crypto::verify_chain(leaf, {}, {ca.certificate}, {dirty}, options)->code, X509_V_ERR_CERT_REVOKED);
  EXPECT_FALSE(issue_crl({3, now, now - 1, {}}, ca.issuer).ok());
}

}  // namespace
}  // namespace est::pki
