#include "client/key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "est/codec/der.h"
#include "est/codec/oid.h"

namespace client {
namespace {

using est::codec::Attribute;
using est::codec::CsrAttrs;
using est::codec::Oid;
using est::crypto::Digest;
using est::crypto::PrivateKey;
using testing::HasSubstr;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

CsrAttrs attrs(std::vector<codec::AttrOrOid> elements) { return {std::move(elements)}; }
Attribute curve(const Oid& oid) { return {oids::ec_public_key, {der::oid(oid)}}; }
Attribute rsa(int bits) { return {oids::rsa_encryption, {der::integer(bits)}}; }

CsrAttrs with_key_template(const codec::RequestTemplate& wanted, std::vector<codec::AttrOrOid> beside = {}) {
  beside.emplace_back(codec::make_request_template(wanted));
  return {std::move(beside)};
}

std::string chosen(const CsrAttrs& asked, std::optional<KeyChoice> wished = {}) {
  const auto choice = choose_key(key_demand(asked), wished);
  return choice ? std::string(to_string(*choice)) : "error: " + choice.error().message;
}

TEST(KeyChoice, NamesOfWhatIsMadeHere) {
  for (const char* name : {"ec-p256", "ec-p384", "ec-p521", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519"}) {
    const auto choice = parse_key_choice(name);
    ASSERT_TRUE(choice.ok()) << name;
    EXPECT_EQ(to_string(*choice), name);
  }
  for (const char* bad : {"", "rsa", "rsa-1024", "EC-P256", "ec-p256\n"}) {
    const auto choice = parse_key_choice(bad);
    ASSERT_FALSE(choice.ok()) << bad;
    EXPECT_THAT(choice.error().message, HasSubstr("ec-p256 or ec-p384"));
  }
  EXPECT_EQ(parse_digest_choice("sha384").value(), Digest::sha384);
  for (const char* bad : {"", "sha1", "md5", "SHA-256"}) EXPECT_FALSE(parse_digest_choice(bad).ok()) << bad;
}

TEST(ChooseKey, WithoutDemandsTheWishCounts) {
  EXPECT_EQ(chosen({}), "ec-p256");
  EXPECT_EQ(chosen({}, KeyChoice::rsa_3072), "rsa-3072");
  EXPECT_EQ(chosen(attrs({oids::challenge_password, oids::mac_address})), "ec-p256");
}

TEST(ChooseKey, ByTypeCurveAndSize) {
  EXPECT_EQ(chosen(attrs({oids::ec_public_key})), "ec-p256");
  EXPECT_EQ(chosen(attrs({oids::rsa_encryption})), "rsa-2048");
  EXPECT_EQ(chosen(attrs({oids::ed25519})), "ed25519");
  EXPECT_EQ(chosen(attrs({curve(oids::secp384r1)})), "ec-p384");
  EXPECT_EQ(chosen(attrs({curve(oids::secp521r1)})), "ec-p521");
  EXPECT_EQ(chosen(attrs({rsa(4096)})), "rsa-4096");
  EXPECT_EQ(chosen(attrs({Attribute{oids::rsa_encryption, {}}})), "rsa-2048");
  EXPECT_EQ(chosen(attrs({Attribute{oids::rsa_encryption, {der::null()}}})), "rsa-2048");
  EXPECT_EQ(chosen(attrs({Attribute{oids::ec_public_key, {der::oid(oids::secp384r1), der::oid(oids::prime256v1)}}})), "ec-p384");
}

TEST(ChooseKey, TheFirstAlternativeThatCanBeMade) {
  EXPECT_EQ(chosen(attrs({oids::ed448, oids::rsa_encryption, oids::ec_public_key})), "rsa-2048");
  EXPECT_EQ(chosen(attrs({oids::rsa_encryption, oids::ec_public_key}), KeyChoice::ec_p521), "ec-p521");
}

TEST(ChooseKey, TheSignatureDecidesToo) {
  EXPECT_EQ(chosen(attrs({oids::sha256_with_rsa})), "rsa-2048");
  EXPECT_EQ(chosen(attrs({oids::ecdsa_with_sha384})), "ec-p256");
  EXPECT_EQ(chosen(attrs({oids::sha384})), "ec-p256");
  EXPECT_EQ(chosen(attrs({oids::rsa_encryption, oids::ec_public_key, oids::ecdsa_with_sha256})), "ec-p256");
  EXPECT_EQ(chosen(attrs({oids::ed25519, oids::ec_public_key, oids::ecdsa_with_sha256})), "ed25519");
  EXPECT_EQ(chosen(attrs({oids::ecdsa_with_sha1, oids::ecdsa_with_sha256})), "ec-p256");
}

TEST(ChooseKey, WhatIsAskedAndCannotBeMet) {
  EXPECT_THAT(chosen(attrs({curve(oids::secp384r1)}), KeyChoice::ec_p256),
              HasSubstr("asks for a key of type id-ecPublicKey on secp384r1; ec-p256 is something else; give --key-type ec-p384"));
  for (const CsrAttrs& asked : {attrs({oids::ed448}), attrs({curve(Oid("1.3.132.0.10"))}), attrs({rsa(1024)}), attrs({rsa(-5)}),
                                attrs({Attribute{oids::ec_public_key, {der::octet_string({})}}}), attrs({oids::sha1_with_rsa}),
                                attrs({oids::rsassa_pss}), attrs({oids::rsa_encryption, oids::ecdsa_with_sha256}),
                                attrs({Attribute{oids::rsa_encryption, {est::Bytes{0x02, 0x09, 0x7f, 1, 2, 3, 4, 5, 6, 7, 8}}}})})
    EXPECT_THAT(chosen(asked), HasSubstr("no key that can be made here does"));
}

TEST(ChooseKey, ATemplateCountsAlone) {
  codec::RequestTemplate wanted;
  EXPECT_EQ(chosen(with_key_template(wanted, {rsa(4096)})), "ec-p256");
  wanted.key_algorithm = codec::AlgorithmIdentifier{oids::ec_public_key, der::oid(oids::secp521r1)};
  EXPECT_EQ(chosen(with_key_template(wanted, {rsa(4096)})), "ec-p521");
  wanted.key_algorithm = codec::AlgorithmIdentifier{oids::rsa_encryption, der::null()};
  EXPECT_EQ(chosen(with_key_template(wanted)), "rsa-2048");
  wanted.key = der::sequence({der::unsigned_integer(est::Bytes(384, 0xff)), der::integer(65537)});
  EXPECT_EQ(chosen(with_key_template(wanted)), "rsa-3072");
}

TEST(CheckKey, AnExistingKeyIsHeldAgainstTheDemand) {
  const auto key = PrivateKey::generate(KeyChoice::ec_p384);
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(check_key({}, *key).ok());
  EXPECT_TRUE(check_key(key_demand(attrs({curve(oids::secp384r1)})), *key).ok());
  const auto bad = check_key(key_demand(attrs({rsa(2048)})), *key);
  ASSERT_FALSE(bad.ok());
  EXPECT_THAT(bad.error().message, HasSubstr("rsaEncryption of 2048 bits; the key is id-ecPublicKey on secp384r1"));
  const auto weak = PrivateKey::generate(KeyChoice::rsa_1024);
  ASSERT_TRUE(weak.ok());
  EXPECT_TRUE(check_key(key_demand(attrs({rsa(1024)})), *weak).ok());
}

TEST(ChooseDigest, WishDemandAndNature) {
  const PrivateKey ec = PrivateKey::generate(KeyChoice::ec_p384).value();
  EXPECT_EQ(choose_digest({}, ec, {}).value(), Digest::sha384);
  EXPECT_EQ(choose_digest({}, ec, Digest::sha512).value(), Digest::sha512);
  const KeyDemand demand = key_demand(attrs({oids::sha512_with_rsa, oids::ecdsa_with_sha256, oids::ecdsa_with_sha512}));
  EXPECT_EQ(choose_digest(demand, ec, {}).value(), Digest::sha256);
  EXPECT_EQ(choose_digest(demand, ec, Digest::sha512).value(), Digest::sha512);
  EXPECT_THAT(choose_digest(demand, ec, Digest::sha384).error().message, HasSubstr("SHA-384 was chosen"));
  EXPECT_EQ(choose_digest(key_demand(attrs({oids::sha512})), ec, {}).value(), Digest::sha512);
  EXPECT_FALSE(choose_digest({}, ec, Digest::sha1).ok());
  EXPECT_FALSE(choose_digest(key_demand(attrs({oids::sha256_with_rsa})), ec, {}).ok());
}

}  // namespace
}  // namespace client
