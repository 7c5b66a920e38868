#include "est/crypto/chain.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <functional>

#include "est/codec/pem.h"
#include "est/crypto/key.h"

namespace est::crypto {
namespace {

constexpr UnixTime then = 1'800'000'000;

// A certificate made by OpenSSL alone, so that this test leans on nothing of ours but keys.
struct Entity {
  std::string name;
  PrivateKey key;
  X509Handle certificate;
  [[nodiscard]] Bytes der() const { return to_der(*certificate); }
};

void extend(X509* certificate, int nid, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void set_name(X509_NAME* name, const std::string& text) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()),
                             -1, 0);
}

Entity make(const std::string& name, const Entity* issuer, bool ca, const char* purpose = nullptr) {
  static long serial = 1;
  auto key = PrivateKey::generate(KeyType::ec_p256);
  Entity out{name, *key, X509Handle(X509_new())};
  X509* certificate = out.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  set_name(X509_get_subject_name(certificate), name);
  set_name(X509_get_issuer_name(certificate), issuer != nullptr ? issuer->name : name);
  ASN1_TIME_set(X509_getm_notBefore(certificate), then - 1000);
  ASN1_TIME_set(X509_getm_notAfter(certificate), then + 1000);
  X509_set_pubkey(certificate, out.key.handle());
  if (ca) extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
  if (purpose != nullptr) extend(certificate, NID_ext_key_usage, purpose);
  X509_sign(certificate, issuer != nullptr ? issuer->key.handle() : out.key.handle(), EVP_sha256());
  return out;
}

// `others`: so many more entries, of certificates nobody has.
Bytes make_crl(const Entity& issuer, const Entity* revoked, long others = 0) {
  const X509CrlHandle crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), 1);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.certificate.get()));
  ASN1_TIME* time = ASN1_TIME_set(nullptr, then - 10);
  X509_CRL_set1_lastUpdate(crl.get(), time);
  ASN1_TIME_set(time, then + 10);
  X509_CRL_set1_nextUpdate(crl.get(), time);
  if (revoked != nullptr) {
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->certificate.get()));
    X509_REVOKED_set_revocationDate(entry, time);
    X509_CRL_add0_revoked(crl.get(), entry);
  }
  for (long i = 0; i < others; ++i) {
    X509_REVOKED* entry = X509_REVOKED_new();
    ASN1_INTEGER* serial = ASN1_INTEGER_new();
    ASN1_INTEGER_set(serial, 1000000 + i);
    X509_REVOKED_set_serialNumber(entry, serial);
    ASN1_INTEGER_free(serial);
    X509_REVOKED_set_revocationDate(entry, time);
    X509_CRL_add0_revoked(crl.get(), entry);
  }
  ASN1_TIME_free(time);
  X509_CRL_sign(crl.get(), issuer.key.handle(), EVP_sha256());
  unsigned char* out = nullptr;
  const int size = i2d_X509_CRL(crl.get(), &out);
  Bytes der(out, out + size);
  OPENSSL_free(out);
  return der;
}

struct Chain : testing::Test {
  Entity root = make("root", nullptr, true);
  Entity middle = make("middle", &root, true);
  Entity leaf = make("leaf", &middle, false);
  Entity stranger = make("root", nullptr, true);  // same name, other key
  ChainOptions options{Purpose::any, then, false, true};

  ChainResult run(const Entity& whom, const std::vector<Bytes>& intermediates, const std::vector<Bytes>& anchors,
                  const std::vector<Bytes>& crls = {}) const {
    auto result = verify_chain(whom.der(), intermediates, anchors, crls, options);
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
    EXPECT_EQ(ERR_peek_error(), 0U);
    return result.ok() ? *result : ChainResult{};
  }
};

TEST_F(Chain, FullPathWithDuplicates) {
  const auto result = run(leaf, {middle.der(), middle.der(), stranger.der(), leaf.der()}, {stranger.der(), root.der(), root.der()});
  EXPECT_TRUE(result.valid) << result.reason;
  EXPECT_EQ(result.path, (std::vector<Bytes>{leaf.der(), middle.der(), root.der()}));
}

TEST_F(Chain, DamagedSignatureIsCalledThat) {
  Bytes damaged = leaf.der();
  damaged.back() ^= 1U;
  const auto result = verify_chain(damaged, {middle.der()}, {root.der()}, {}, options);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->code, X509_V_ERR_CERT_SIGNATURE_FAILURE);
}

TEST_F(Chain, PartialChainIsAChoice) {
  EXPECT_TRUE(run(leaf, {}, {middle.der()}).valid);
  options.partial_chain = false;
  EXPECT_FALSE(run(leaf, {}, {middle.der()}).valid);
}

TEST_F(Chain, FailuresHaveACodeAndASentence) {
  const auto missing = run(leaf, {}, {root.der()});
  EXPECT_FALSE(missing.valid);
  EXPECT_EQ(missing.code, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  EXPECT_FALSE(missing.reason.empty());
  EXPECT_FALSE(run(leaf, {middle.der()}, {stranger.der()}).valid);
  EXPECT_FALSE(run(leaf, {middle.der()}, {}).valid);
  options.at = then + 5000;
  EXPECT_EQ(run(leaf, {middle.der()}, {root.der()}).code, X509_V_ERR_CERT_HAS_EXPIRED);
  options.at = then - 5000;
  EXPECT_EQ(run(leaf, {middle.der()}, {root.der()}).code, X509_V_ERR_CERT_NOT_YET_VALID);
  options.check_time = false;
  EXPECT_TRUE(run(leaf, {middle.der()}, {root.der()}).valid);
  EXPECT_FALSE(run(leaf, {middle.der()}, {stranger.der()}).valid);
}

TEST_F(Chain, PurposeFollowsExtendedKeyUsage) {
  const Entity server = make("server", &root, false, "serverAuth");
  const Entity client = make("client", &root, false, "clientAuth");
  const Entity free = make("free", &root, false);
  options.purpose = Purpose::tls_client;
  EXPECT_TRUE(run(client, {}, {root.der()}).valid);
  EXPECT_TRUE(run(free, {}, {root.der()}).valid);
  EXPECT_EQ(run(server, {}, {root.der()}).code, X509_V_ERR_INVALID_PURPOSE);
  options.purpose = Purpose::tls_server;
  EXPECT_TRUE(run(server, {}, {root.der()}).valid);
  EXPECT_EQ(run(client, {}, {root.der()}).code, X509_V_ERR_INVALID_PURPOSE);
}

TEST_F(Chain, RevocationNeedsEveryCrl) {
  options.check_crl = true;
  const Bytes root_crl = make_crl(root, nullptr);
  EXPECT_EQ(run(leaf, {middle.der()}, {root.der()}, {root_crl}).code, X509_V_ERR_UNABLE_TO_GET_CRL);
  EXPECT_TRUE(run(leaf, {middle.der()}, {root.der()}, {root_crl, root_crl, make_crl(middle, nullptr)}).valid);
  EXPECT_EQ(run(leaf, {middle.der()}, {root.der()}, {root_crl, make_crl(middle, &leaf)}).code, X509_V_ERR_CERT_REVOKED);
  EXPECT_EQ(run(leaf, {middle.der()}, {root.der()}, {make_crl(root, &middle), make_crl(middle, nullptr)}).code, X509_V_ERR_CERT_REVOKED);
}

// Every key of one name certified by every other: no path, many ways to look for one.
TEST_F(Chain, HostileMeshEndsSoon) {
  std::vector<Bytes> mesh;
  Entity last = make("mesh", nullptr, true);
  for (int i = 0; i < 40; ++i) {
    Entity next = make("mesh", &last, true);
    mesh.push_back(next.der());
    last = std::move(next);
  }
  const Entity victim = make("victim", &last, false);
  EXPECT_FALSE(run(victim, mesh, {root.der(), make("mesh", nullptr, true).der()}).valid);
}

// Two roots have certified each other, and only one of them is trusted.
TEST_F(Chain, CrossCertifiedRootsAreFoundEitherWay) {
  Entity other = make("other", nullptr, true);
  const Entity end = make("end", &other, false);
  const auto certify = [](const Entity& whom, const Entity& by) {
    Entity cross = make(whom.name, &by, true);
    X509_set_pubkey(cross.certificate.get(), whom.key.handle());
    X509_sign(cross.certificate.get(), by.key.handle(), EVP_sha256());
    return cross.der();
  };
  const std::vector<Bytes> bag = {middle.der(), root.der(), certify(root, other), other.der(), certify(other, root)};
  const std::vector<Bytes> reversed(bag.rbegin(), bag.rend());
  options.partial_chain = false;
  for (const Entity* anchor : {&root, &other}) {
    for (const auto& order : {bag, reversed}) {
      EXPECT_TRUE(run(end, order, {anchor->der()}).valid);
      EXPECT_TRUE(run(leaf, order, {anchor->der()}).valid);
    }
  }
  EXPECT_FALSE(run(end, bag, {leaf.der()}).valid);
}

TEST_F(Chain, MalformedElementsAreNamed) {
  const Bytes junk = {0x30, 0x03, 0x02, 0x01, 0x00};
  const auto bad = [&](const std::vector<Bytes>& a, const std::vector<Bytes>& b, const std::vector<Bytes>& c) {
    const auto result = verify_chain(leaf.der(), a, b, c, options);
    return result.ok() ? std::string() : result.error().message;
  };
  EXPECT_EQ(bad({middle.der(), junk}, {root.der()}, {}).find("number 2 of the intermediates: "), 0U);
  EXPECT_EQ(bad({}, {junk}, {}).find("number 1 of the anchors: "), 0U);
  EXPECT_EQ(bad({}, {root.der()}, {junk}).find("number 1 of the CRLs: "), 0U);
  EXPECT_FALSE(verify_chain({}, {}, {root.der()}, {}, options).ok());
  Bytes extended = leaf.der();
  extended.push_back(0);
  EXPECT_FALSE(parse_certificate(extended).ok());
  EXPECT_EQ(ERR_peek_error(), 0U);
}

// Large lists are kept once they are read: by what is in them, so that a new one counts at once, and the old one for whoever still has it.
TEST_F(Chain, LargeListsAreToldApart) {
  constexpr long many = 2000;
  const Bytes of_root = make_crl(root, nullptr, many);
  const Bytes before = make_crl(middle, nullptr, many), after = make_crl(middle, &leaf, many);
  ASSERT_GT(before.size(), std::size_t{16} << 10U);
  options.check_crl = true;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(run(leaf, {middle.der()}, {root.der()}, {of_root, before}).valid);
    EXPECT_EQ(run(leaf, {middle.der()}, {root.der()}, {of_root, after}).code, X509_V_ERR_CERT_REVOKED);
    EXPECT_EQ(run(leaf, {middle.der()}, {root.der()}, {of_root}).code, X509_V_ERR_UNABLE_TO_GET_CRL);
  }
}

TEST_F(Chain, PemFiles) {
  const std::string two = codec::encode_pem("CERTIFICATE", root.der()) + "text\n" + codec::encode_pem("CERTIFICATE", leaf.der());
  const auto read = certificates_from_pem(two + codec::encode_pem("X509 CRL", make_crl(root, nullptr)));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, (std::vector<Bytes>{root.der(), leaf.der()}));
  EXPECT_FALSE(crls_from_pem(two).ok());
  EXPECT_FALSE(certificates_from_pem("").ok());
  EXPECT_FALSE(certificates_from_pem(codec::encode_pem("CERTIFICATE", make_crl(root, nullptr))).ok());
  const auto crls = crls_from_pem(codec::encode_pem("X509 CRL", make_crl(root, nullptr)));
  EXPECT_TRUE(crls.ok());
}

}  // namespace
}  // namespace est::crypto
