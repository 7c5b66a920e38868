#include "client/own_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "est/codec/der.h"
#include "est/codec/pem.h"
#include "est/pki/request.h"

namespace client {
namespace {

using est::Bytes;
using est::crypto::Digest;
using est::crypto::KeyType;
using est::crypto::PrivateKey;
using testing::HasSubstr;
namespace codec = est::codec;
namespace oids = est::codec::oids;

const PrivateKey& own_key() {
  static const PrivateKey key = PrivateKey::generate(KeyType::rsa_2048).value();
  return key;
}

Bytes request_with(std::optional<std::string> challenge = {}, std::optional<Digest> digest = {}) {
  est::pki::RequestSpec spec;
  spec.subject = codec::parse_name("CN=device 1").value();
  spec.extensions = {codec::make_subject_alt_name({codec::parse_general_name("DNS:a.example").value()})};
  spec.challenge_password = std::move(challenge);
  spec.digest = digest;
  return est::pki::make_request(spec, own_key()).value();
}

codec::CertificationRequest read(const Bytes& der) { return read_own_request(est::as_text(der), "own.csr").value(); }

std::string error_of(std::string_view content) {
  const auto request = read_own_request(content, "own.csr");
  return request ? std::string() : request.error().message;
}

TEST(ReadOwnRequest, PemAndDer) {
  const Bytes der = request_with();
  for (const std::string& content : {est::to_string(der), codec::encode_pem("CERTIFICATE REQUEST", der),
                                     "some text\n" + codec::encode_pem("NEW CERTIFICATE REQUEST", der)})
    EXPECT_EQ(read_own_request(content, "own.csr").value().der, der);
}

TEST(ReadOwnRequest, WhatIsWrongIsSaidWithTheFile) {
  const Bytes der = request_with();
  const std::string pem = codec::encode_pem("CERTIFICATE REQUEST", der);
  Bytes changed = der;
  changed.back() ^= 1U;
  EXPECT_THAT(error_of(est::as_text(changed)), HasSubstr("own.csr: the certification request is not signed by its own key"));
  EXPECT_THAT(error_of(est::as_text(read(der).info)), HasSubstr("own.csr: the certification request is not signed; give its key"));
  EXPECT_THAT(error_of(pem + pem), HasSubstr("several"));
  EXPECT_THAT(error_of(codec::encode_pem("CERTIFICATE", der)), HasSubstr("there is no '-----BEGIN CERTIFICATE REQUEST-----'"));
  EXPECT_THAT(error_of(pem.substr(0, pem.size() - 20)), HasSubstr("own.csr: the PEM text"));
  for (const std::string& content : {std::string(), std::string("garbage"), est::to_string(der) + "x", est::to_string(der).substr(0, 99)})
    EXPECT_THAT(error_of(content), HasSubstr("own.csr: this is no sound certification request"));
}

TEST(ReadOwnRequest, WhatNobodySignedIsSignedWithTheKeyGiven) {
  const auto before = read(request_with());
  Bytes empty_signature = codec::der::sequence(
      {before.info, codec::der::sequence({codec::der::oid(codec::oids::ecdsa_with_sha256)}), codec::der::bit_string({})});
  for (const Bytes& der : {before.info, empty_signature}) {
    const auto request = read_own_request(est::as_text(der), "own.csr", &own_key());
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->info, before.info);
    EXPECT_TRUE(est::pki::verify_request(*request).value());
  }
  const auto other = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  const auto refused = read_own_request(est::as_text(before.info), "own.csr", &*other);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("own.csr: the private key is not that of the certification request"));
}

TEST(OwnRequestToSend, AsItIs) {
  const Bytes der = request_with();
  EXPECT_EQ(own_request_to_send(read(der), {}).value(), der);
  OwnRequestUse use;
  use.key = &own_key();
  EXPECT_EQ(own_request_to_send(read(der), use).value(), der);
  use.key = nullptr;
  use.linking = "q83v";  // cannot be used, need not be
  EXPECT_EQ(own_request_to_send(read(der), use).value(), der);
}

TEST(OwnRequestToSend, WithTheKeyItIsLinked) {
  for (const auto& stale : {std::optional<std::string>(), std::optional<std::string>("stale")}) {
    const OwnRequestUse use{&own_key(), "q83v", oids::challenge_password, true};
    const auto before = read(request_with(stale, Digest::sha384));
    const auto sent = own_request_to_send(before, use);
    ASSERT_TRUE(sent.ok()) << sent.error().message;
    const auto after = read(*sent);
    EXPECT_EQ(codec::challenge_password(after).value, "q83v");
    EXPECT_EQ(after.subject.der, before.subject.der);
    EXPECT_EQ(codec::requested_subject_alt_name(after), codec::requested_subject_alt_name(before));
    EXPECT_EQ(after.signature_algorithm, before.signature_algorithm);
  }
  const auto by_identity = own_request_to_send(read(request_with("stale")), {&own_key(), "q83v", oids::est_identity_linking, true});
  EXPECT_EQ(codec::est_identity_linking(read(*by_identity)).value, "q83v");
  EXPECT_EQ(codec::challenge_password(read(*by_identity)).value, std::nullopt);
  const auto weak = own_request_to_send(read(request_with({}, Digest::sha1)), {&own_key(), "q83v", oids::challenge_password, false});
  EXPECT_EQ(read(*weak).signature_algorithm.algorithm, oids::sha256_with_rsa);
}

TEST(OwnRequestToSend, WhatCannotBeSent) {
  const auto error = [](const Bytes& der, const OwnRequestUse& use) {
    const auto sent = own_request_to_send(read(der), use);
    return sent ? std::string() : sent.error().message;
  };
  const PrivateKey other = PrivateKey::generate(KeyType::ec_p256).value();
  EXPECT_THAT(error(request_with(), {nullptr, "q83v", oids::challenge_password, true}), HasSubstr("give the key, too"));
  EXPECT_THAT(error(request_with(), {&own_key(), {}, oids::challenge_password, true}), HasSubstr("no channel binding"));
  EXPECT_THAT(error(request_with("stale"), {}), HasSubstr("challengePassword of its own"));
  for (const auto& linking : {std::optional<std::string>(), std::optional<std::string>("q83v")})
    EXPECT_THAT(error(request_with(), {&other, linking, oids::challenge_password, false}),
                HasSubstr("not that of the certification request"));
}

}  // namespace
}  // namespace client
