#include "client/generated_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/cms.h>

#include "client/issue_test.h"
#include "est/codec/base64.h"
#include "est/codec/cms.h"
#include "est/codec/der.h"
#include "est/codec/generated_key.h"
#include "est/codec/oid.h"
#include "est/codec/pkcs8.h"
#include "est/crypto/chain.h"
#include "est/ops/message.h"
#include "est/pki/envelope.h"
#include "est/pki/request.h"
#include "est/pki/signed_message.h"

namespace client {
namespace {

using est::Bytes;
using est::codec::AlgorithmIdentifier;
using est::crypto::KeyType;
using est::crypto::PrivateKey;
using testing::ElementsAre;
using testing::HasSubstr;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

// The server's side: a CA, a new key with its certificate.
struct Generator {
  TestAuthority authority{"CN=issuing"};
  TestAuthority device{"CN=device 1"};
  Bytes authority_certificate = issue_self(authority);
  Bytes certificate = issue(device, authority);
  Bytes pkcs8 = device.key.to_pkcs8();

  [[nodiscard]] codec::SignedData signed_package(const std::vector<Bytes>& keys, const std::vector<Bytes>& bag) const {
    const est::pki::MessageSpec spec{oids::asymmetric_key_package, codec::encode_asymmetric_key_package(keys), bag};
    return est::pki::sign_message(spec, {&authority.key, authority_certificate, {}, {}, {}}).value();
  }
  [[nodiscard]] Bytes signed_package() const { return codec::encode_bare_signed_data(signed_package({pkcs8}, {authority_certificate})); }
};
const Generator& generator() {
  static const Generator made;
  return made;
}

KeyProtection asymmetric(KeyType type) { return {est::to_bytes("my key"), PrivateKey::generate(type).value(), {}}; }
KeyProtection symmetric(std::size_t size) { return {est::to_bytes("my secret"), {}, Secret(std::string(size, 's'))}; }

est::pki::Recipient recipient_for(const KeyProtection& protection) {
  if (protection.key) return {protection.identifier, protection.key->public_key_info(), {}};
  return {protection.identifier, {}, est::to_bytes(protection.secret.octets())};
}

std::vector<AlgorithmIdentifier> capabilities_of(const KeyProtection& protection) {
  est::pki::RequestSpec spec;
  spec.attributes = protection_attributes(protection).value();
  const auto der = est::pki::make_request(spec, generator().device.key).value();
  return codec::smime_capabilities(*codec::decode_certification_request(der).value).value.value();
}

Bytes sealed(const Bytes& content, const KeyProtection& protection, const codec::Oid& type = oids::signed_data) {
  const auto data = est::pki::seal({type, content}, recipient_for(protection), capabilities_of(protection));
  return codec::encode_enveloped_data(data.value());
}

est::http::Response keygen_answer(const Bytes& key, bool enveloped) {
  return est::ops::serverkeygen_response(key, enveloped, generator().certificate);
}

est::Result<GeneratedKey> read(const est::http::Response& answer, const KeyProtection* protection = nullptr) {
  return read_generated_key(answer.fields.get("Content-Type").value_or(""), answer.body, protection);
}

std::string error_of(const est::http::Response& answer, const KeyProtection* protection = nullptr) {
  const auto result = read(answer, protection);
  return result ? "accepted" : result.error().message;
}

void expect_device_key(const est::Result<GeneratedKey>& result, bool enveloped) {
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->key.public_key_info(), generator().device.key.public_key_info());
  EXPECT_THAT(result->certificates, ElementsAre(generator().certificate));
  EXPECT_EQ(result->enveloped, enveloped);
}

// A multipart body by hand: content types and DER.
est::http::Response by_hand(const std::vector<std::pair<std::string, Bytes>>& parts,
                            const std::string& type = "multipart/mixed; boundary=b") {
  std::string body;
  for (const auto& [part_type, content] : parts)
    body += "--b\r\nContent-Type: " + part_type + "\r\n\r\n" + codec::encode_base64(content) + "\r\n";
  est::http::Response response;
  response.fields.add("Content-Type", type);
  response.body = est::to_bytes(body + "--b--\r\n");
  return response;
}
const std::string key_type = "application/pkcs8";
const std::string certificate_type = "application/pkcs7-mime; smime-type=certs-only";
const std::string enveloped_type = "application/pkcs7-mime; smime-type=server-generated-key";
Bytes certs_only(const std::vector<Bytes>& certificates) { return codec::encode_certs_only(certificates); }

// --- What is asked for

TEST(ProtectionAttributes, NameTheKeyAndWhatCanBeOpened) {
  const auto attributes = protection_attributes(symmetric(24));
  ASSERT_TRUE(attributes.ok());
  EXPECT_EQ(attributes->at(0).type, oids::decrypt_key_identifier);
  EXPECT_THAT(attributes->at(0).values, ElementsAre(der::octet_string(est::to_bytes("my secret"))));
  EXPECT_EQ(capabilities_of(symmetric(24)).front().algorithm, oids::aes192_wrap);
  EXPECT_EQ(protection_attributes(asymmetric(KeyType::rsa_2048))->at(0).type, oids::asymmetric_decrypt_key_identifier);
}

TEST(ProtectionAttributes, WhatProtectsNothing) {
  EXPECT_FALSE(protection_attributes({}).ok());
  EXPECT_FALSE(protection_attributes({est::to_bytes("id"), {}, {}}).ok());
  EXPECT_THAT(protection_attributes(symmetric(15)).error().message, HasSubstr("15 octets"));
  EXPECT_THAT(protection_attributes(asymmetric(KeyType::ed25519)).error().message, HasSubstr("Ed25519"));
  KeyProtection both = asymmetric(KeyType::ec_p256);
  both.secret = Secret(std::string(16, 's'));
  EXPECT_FALSE(protection_attributes(both).ok());
  KeyProtection nameless = symmetric(16);
  nameless.identifier.clear();
  EXPECT_FALSE(protection_attributes(nameless).ok());
}

// --- In the clear

TEST(ReadGeneratedKey, EveryTypeInTheClear) {
  for (const KeyType type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::ec_p521, KeyType::rsa_2048, KeyType::ed25519}) {
    const TestAuthority device("CN=device", type);
    const auto answer = est::ops::serverkeygen_response(device.key.to_pkcs8(), false, issue(device, generator().authority));
    const auto result = read(answer);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(result->key.public_key_info(), device.key.public_key_info());
    EXPECT_FALSE(result->signer.has_value());
  }
}

TEST(ReadGeneratedKey, OrderChainAndTypesAreTheServersAffair) {
  const Generator& g = generator();
  const Bytes certificates = certs_only({g.certificate});
  expect_device_key(read(by_hand({{certificate_type, certificates}, {key_type, g.pkcs8}})), false);
  expect_device_key(read(by_hand({{"application/pkcs7-mime", certificates}, {"APPLICATION/PKCS8", g.pkcs8}})), false);
  expect_device_key(read(by_hand({{key_type, g.pkcs8}, {certificate_type, certificates}}, "multipart/mixed; boundary=\"b\"; charset=x")),
                    false);
  auto bare_lf = by_hand({{key_type, g.pkcs8}, {certificate_type, certificates}});
  std::erase(bare_lf.body, '\r');
  expect_device_key(read(bare_lf), false);
  const auto chain = read(by_hand({{key_type, g.pkcs8}, {certificate_type, certs_only({g.authority_certificate, g.certificate})}}));
  ASSERT_TRUE(chain.ok());
  EXPECT_THAT(chain->certificates, ElementsAre(g.certificate, g.authority_certificate));
}

TEST(ReadGeneratedKey, TheSecondVersionOfTheStructure) {
  auto info = codec::decode_private_key_info(generator().pkcs8);
  info.value->version = 1;
  info.value->public_key = codec::decode_public_key_info(generator().device.key.public_key_info()).value->key;
  expect_device_key(read(keygen_answer(codec::encode(*info.value), false)), false);
}

// --- Protected

TEST(ReadGeneratedKey, EveryProtection) {
  for (const KeyProtection& protection : {symmetric(16), symmetric(24), symmetric(32), asymmetric(KeyType::rsa_2048),
                                          asymmetric(KeyType::ec_p256), asymmetric(KeyType::ec_p384), asymmetric(KeyType::ec_p521)}) {
    const auto result = read(keygen_answer(sealed(generator().signed_package(), protection), true), &protection);
    expect_device_key(result, true);
    EXPECT_EQ(result->signer, generator().authority_certificate);
  }
}

TEST(ReadGeneratedKey, EveryAlgorithmThatIsAskedForCanBeOpened) {
  for (const KeyProtection& protection : {asymmetric(KeyType::rsa_2048), asymmetric(KeyType::ec_p384)})
    for (const AlgorithmIdentifier& each : capabilities_of(protection)) {
      const auto data = est::pki::seal({oids::signed_data, generator().signed_package()}, recipient_for(protection), {each});
      if (!data) continue;  // a content cipher
      const Bytes envelope = codec::encode_enveloped_data(*data);
      expect_device_key(read(keygen_answer(envelope, true), &protection), true);
    }
}

TEST(ReadGeneratedKey, FormsOfTheContent) {
  const Generator& g = generator();
  const KeyProtection protection = symmetric(16);
  const auto opened = [&](const Bytes& content) { return read(keygen_answer(sealed(content, protection), true), &protection); };
  expect_device_key(opened(codec::encode_signed_data(g.signed_package({g.pkcs8}, {g.authority_certificate}))), true);
  const auto without_certificate = opened(codec::encode_bare_signed_data(g.signed_package({g.pkcs8}, {})));
  expect_device_key(without_certificate, true);
  EXPECT_FALSE(without_certificate->signer.has_value());
  expect_device_key(opened(codec::encode_asymmetric_key_package({g.pkcs8})), true);
  expect_device_key(opened(g.pkcs8), true);
}

TEST(ReadGeneratedKey, AnEnvelopeByOpensslWithIndefiniteLengths) {
  using CmsHandle = std::unique_ptr<CMS_ContentInfo, est::crypto::Deleter<CMS_ContentInfo_free>>;
  const TestAuthority holder("CN=holder", KeyType::rsa_2048);
  const auto certificate = est::crypto::parse_certificate(issue_self(holder)).value();
  const Bytes package = generator().signed_package();
  const est::crypto::BioHandle in(BIO_new_mem_buf(package.data(), static_cast<int>(package.size())));
  const CmsHandle message(CMS_encrypt(nullptr, in.get(), EVP_aes_256_cbc(), CMS_BINARY | CMS_STREAM));
  ASSERT_NE(CMS_add1_recipient_cert(message.get(), certificate.get(), CMS_USE_KEYID), nullptr);
  const est::crypto::BioHandle out(BIO_new(BIO_s_mem()));
  ASSERT_EQ(i2d_CMS_bio_stream(out.get(), message.get(), in.get(), CMS_STREAM | CMS_BINARY), 1);
  char* octets = nullptr;
  const long size = BIO_get_mem_data(out.get(), &octets);
  const Bytes envelope = est::to_bytes(std::string_view(octets, static_cast<std::size_t>(size)));
  ASSERT_EQ(envelope.at(1), 0x80);
  const KeyProtection protection{est::to_bytes("id"), holder.key, {}};
  expect_device_key(read(keygen_answer(envelope, true), &protection), true);
}

// --- Hostile answers

TEST(ReadGeneratedKey, AKeyInTheClearIsNoAnswerToARequestForProtection) {
  const KeyProtection protection = symmetric(16);
  EXPECT_THAT(error_of(keygen_answer(generator().pkcs8, false), &protection), HasSubstr("not encrypted though that was asked for"));
  EXPECT_THAT(error_of(keygen_answer(sealed(generator().signed_package(), protection), true)), HasSubstr("which was not asked for"));
}

TEST(ReadGeneratedKey, EnvelopesForSomebodyElse) {
  const Bytes package = generator().signed_package();
  const auto error = [&](const KeyProtection& sealed_for, const KeyProtection& opened_with) {
    return error_of(keygen_answer(sealed(package, sealed_for), true), &opened_with);
  };
  KeyProtection other_secret = symmetric(16);
  other_secret.secret = Secret(std::string(16, 't'));
  EXPECT_THAT(error(symmetric(16), other_secret), HasSubstr("names the right key, but that does not open it"));
  other_secret.identifier = est::to_bytes("other");
  EXPECT_THAT(error(symmetric(16), other_secret), HasSubstr("another identifier"));
  EXPECT_THAT(error(asymmetric(KeyType::ec_p256), symmetric(16)), HasSubstr("no recipient of the kind asked for (KEKRecipientInfo)"));
  EXPECT_THAT(error(symmetric(16), asymmetric(KeyType::ec_p256)), HasSubstr("(KeyAgreeRecipientInfo)"));
  EXPECT_THAT(error(symmetric(16), asymmetric(KeyType::rsa_2048)), HasSubstr("(KeyTransRecipientInfo)"));
  EXPECT_THAT(error(asymmetric(KeyType::ec_p256), asymmetric(KeyType::ec_p256)), HasSubstr("does not open it"));
  EXPECT_NE(error(asymmetric(KeyType::rsa_2048), asymmetric(KeyType::rsa_2048)), "accepted");
}

TEST(ReadGeneratedKey, AForgedPackage) {
  const Generator& g = generator();
  const KeyProtection protection = symmetric(16);
  const auto error = [&](const codec::SignedData& data) {
    return error_of(keygen_answer(sealed(codec::encode_bare_signed_data(data), protection), true), &protection);
  };
  codec::SignedData forged = g.signed_package({g.pkcs8}, {g.authority_certificate});
  forged.signers.front().signature.back() ^= 1U;
  EXPECT_THAT(error(forged), HasSubstr("does not verify"));
  codec::SignedData swapped = g.signed_package({g.pkcs8}, {g.authority_certificate});
  swapped.content = codec::encode_asymmetric_key_package({PrivateKey::generate(KeyType::ec_p256)->to_pkcs8()});
  EXPECT_THAT(error(swapped), HasSubstr("does not verify"));
  EXPECT_THAT(error(g.signed_package({g.pkcs8, g.pkcs8}, {g.authority_certificate})), HasSubstr("2 keys"));
}

TEST(ReadGeneratedKey, AKeyThatIsNotTheCertificates) {
  const Bytes other = PrivateKey::generate(KeyType::ec_p256)->to_pkcs8();
  EXPECT_THAT(error_of(keygen_answer(other, false)), HasSubstr("the certificate is not that of the key"));
  const KeyProtection protection = symmetric(16);
  EXPECT_THAT(error_of(keygen_answer(sealed(other, protection), true), &protection), HasSubstr("the certificate is not that of the key"));
}

TEST(ReadGeneratedKey, WhatIsNoKey) {
  const Generator& g = generator();
  const auto inner = codec::decode_private_key_info(g.pkcs8).value->private_key;
  EXPECT_THAT(error_of(keygen_answer(inner, false)), HasSubstr("pkcs8.ec-private-key"));
  for (const Bytes& key :
       {Bytes{}, Bytes{0x30}, Bytes{0x30, 0x80}, der::null(), Bytes(g.pkcs8.begin(), g.pkcs8.end() - 1), Bytes(3000, 0x30)})
    EXPECT_THAT(error_of(keygen_answer(key, false)), HasSubstr("cannot be used")) << est::hex(key);
  const KeyProtection protection = symmetric(16);
  for (const Bytes& key : {Bytes{}, Bytes{0x30, 0x80}, der::null(), g.pkcs8, g.signed_package()})
    EXPECT_THAT(error_of(keygen_answer(key, true), &protection), HasSubstr("cannot be used")) << est::hex(key);
}

TEST(ReadGeneratedKey, FramesThatAreNone) {
  const Generator& g = generator();
  const std::pair<std::string, Bytes> key{key_type, g.pkcs8};
  const std::pair<std::string, Bytes> certificate{certificate_type, certs_only({g.certificate})};
  EXPECT_EQ(error_of(by_hand({key, certificate})), "accepted");
  for (const auto& answer :
       {by_hand({}), by_hand({key}), by_hand({certificate}), by_hand({key, key}), by_hand({certificate, certificate}),
        by_hand({key, certificate, certificate}), by_hand({key, certificate, {"text/plain", {}}}),
        by_hand({key, {"text/plain", g.certificate}}), by_hand({key, certificate}, "multipart/mixed"),
        by_hand({key, certificate}, "multipart/related; boundary=b"), by_hand({key, certificate}, "application/pkcs8"),
        by_hand({key, certificate}, ""), by_hand({key, certificate}, "multipart/mixed; boundary=c"),
        by_hand({key, {certificate_type, g.certificate}}), by_hand({key, {certificate_type, certs_only({})}}),
        by_hand({key, {certificate_type, certs_only({der::null()})}}), by_hand({key, {enveloped_type, g.signed_package()}})})
    EXPECT_THAT(error_of(answer), HasSubstr("cannot be used"));
}

TEST(ReadGeneratedKey, DamageAnywhereIsAnErrorThatKeepsTheSecret) {
  const std::string secret = codec::encode_base64(generator().pkcs8);
  const auto whole = keygen_answer(generator().pkcs8, false);
  for (std::size_t size = 0; size + 2 < whole.body.size(); size += 13) {
    auto cut = whole;
    cut.body.resize(size);
    const std::string message = error_of(cut);
    EXPECT_THAT(message, HasSubstr("cannot be used"));
    EXPECT_THAT(message, testing::Not(HasSubstr(secret.substr(0, 16))));
  }
  for (std::size_t at = 0; at < whole.body.size(); at += 7) {
    auto changed = whole;
    changed.body[at] ^= 0x15U;
    EXPECT_THAT(error_of(changed), testing::Not(HasSubstr(secret.substr(60, 16))));
  }
}

}  // namespace
}  // namespace client
