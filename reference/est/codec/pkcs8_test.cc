#include "est/codec/pkcs8.h"

#include <gtest/gtest.h>

#include "est/codec/der.h"
#include "est/codec/pem.h"

namespace est::codec {
namespace {

// openssl genpkey -algorithm ed25519, and RFC 8410 10.3, second example: version 2 with attributes and publicKey
constexpr std::string_view plain_key = R"(-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
)";
constexpr std::string_view rfc8410_key = R"(-----BEGIN PRIVATE KEY-----
MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
Z9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PRIVATE KEY-----
)";

Bytes der_of(std::string_view pem) { return decode_pem(pem).value->front().der; }

OneAsymmetricKey sample() { return {0, {oids::ed25519, {}}, der::octet_string(Bytes(32, 7)), {}, false, {}}; }

TEST(PrivateKeyInfo, OpensslsKeyIsRead) {
  const auto key = decode_private_key_info(der_of(plain_key));
  ASSERT_TRUE(key.accepted()) << describe_first(key.findings);
  EXPECT_TRUE(key.findings.empty());
  EXPECT_EQ(key.value->algorithm.algorithm, oids::ed25519);
  EXPECT_EQ(key.value->private_key.size(), 34U);
  EXPECT_EQ(encode(*key.value), der_of(plain_key));
}

TEST(PrivateKeyInfo, SecondVersionHasAttributesAndPublicKey) {
  const auto key = decode_private_key_info(der_of(rfc8410_key));
  ASSERT_TRUE(key.accepted()) << describe_first(key.findings);
  EXPECT_EQ(key.value->version, 1);
  EXPECT_EQ(key.value->attributes.size(), 1U);
  EXPECT_EQ(key.value->public_key.value_or(Bytes{}).size(), 32U);
  EXPECT_EQ(encode(*key.value), der_of(rfc8410_key));
}

TEST(PrivateKeyInfo, AttributesAreASetOf) {
  OneAsymmetricKey key = sample();
  key.empty_attributes = true;
  const auto none = decode_private_key_info(encode(key));
  ASSERT_TRUE(none.accepted()) << describe_first(none.findings);
  EXPECT_EQ(encode(*none.value), encode(key));
  EXPECT_NE(encode(*none.value), encode(sample()));
  const Bytes first = encode(Attribute{oids::challenge_password, {der::null()}});
  const Bytes second = encode(Attribute{oids::extension_request, {der::null()}});
  const auto with = [&](const Bytes& one, const Bytes& other) {
    const Bytes fields = der::concat({der::integer(0), encode(key.algorithm), der::octet_string(key.private_key)});
    return decode_private_key_info(der::sequence({fields, der::context(0, der::concat({one, other}))}));
  };
  EXPECT_TRUE(with(first, second).accepted());
  EXPECT_TRUE(contains(with(second, first).findings, "der.set.order"));
}

TEST(PrivateKeyInfo, VersionFollowsThePublicKey) {
  OneAsymmetricKey key = sample();
  key.version = 1;
  EXPECT_TRUE(contains(decode_private_key_info(encode(key)).findings, "pkcs8.version"));
  key.version = 0;
  key.public_key = Bytes(32, 1);
  EXPECT_TRUE(contains(decode_private_key_info(encode(key)).findings, "pkcs8.version"));
}

TEST(PrivateKeyInfo, OtherKeyFormatsAreNamed) {
  const Bytes number = der::integer(12345);
  const Bytes octets = der::octet_string(Bytes(16, 1));
  const auto id_of = [](const Bytes& der) { return decode_private_key_info(der).findings.front().id; };
  EXPECT_EQ(id_of(der::sequence({der::integer(0), number, number})), "pkcs8.rsa-private-key");
  EXPECT_EQ(id_of(der::sequence({der::integer(1), octets})), "pkcs8.ec-private-key");
  EXPECT_EQ(id_of(der::sequence({der::sequence({der::oid(oids::aes256_cbc)}), octets})), "pkcs8.encrypted");
}

TEST(PrivateKeyInfo, DefectsAreFoundAndNothingSecretIsQuoted) {
  const Bytes good = encode(sample());
  Bytes trailing = good;
  trailing.push_back(0);
  EXPECT_TRUE(contains(decode_private_key_info(trailing).findings, "der.trailing"));
  OneAsymmetricKey empty = sample();
  empty.private_key.clear();
  EXPECT_TRUE(contains(decode_private_key_info(encode(empty)).findings, "pkcs8.private-key.empty"));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(decode_private_key_info(BytesView(good).first(size)).accepted()) << size;
}

TEST(AsymmetricKeyPackage, HoldsKeysWhole) {
  const Bytes key = encode(sample());
  const auto package = decode_asymmetric_key_package(encode_asymmetric_key_package({key, key}));
  ASSERT_TRUE(package.accepted()) << describe_first(package.findings);
  EXPECT_EQ(*package.value, (std::vector<Bytes>{key, key}));
  EXPECT_TRUE(contains(decode_asymmetric_key_package(der::sequence({})).findings, "pkcs8.package.empty"));
}

}  // namespace
}  // namespace est::codec
