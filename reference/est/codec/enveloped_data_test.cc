#include "est/codec/enveloped_data.h"

#include <gtest/gtest.h>

#include "est/codec/der.h"

namespace est::codec {
namespace {

RecipientInfo recipient(KeyManagement management, std::int64_t version) {
  RecipientInfo info;
  info.management = management;
  info.version = version;
  info.key_encryption = {oids::aes256_wrap, {}};
  info.keys.push_back({{to_bytes("identifier"), {}, {}, true}, Bytes(40, 9)});
  if (management == KeyManagement::key_agreement) info.originator = der::context(0, Bytes(20, 1), false);
  return info;
}

EnvelopedData sample(std::vector<RecipientInfo> recipients) {
  return {2, std::move(recipients), oids::signed_data, {oids::aes256_cbc, der::octet_string(Bytes(16, 3))}, Bytes(32, 5)};
}

TEST(EnvelopedData, EveryKindOfRecipientComesBack) {
  for (const auto& [kind, version] :
       {std::pair{KeyManagement::key_transport, 2}, {KeyManagement::key_agreement, 3}, {KeyManagement::key_encryption_key, 4}}) {
    const Bytes der = encode_enveloped_data(sample({recipient(kind, version)}));
    const auto read = decode_enveloped_data(der);
    ASSERT_TRUE(read.accepted()) << describe_first(read.findings);
    EXPECT_TRUE(read.findings.empty()) << describe_first(read.findings);
    ASSERT_EQ(read.value->recipients.size(), 1U);
    const RecipientInfo& info = read.value->recipients.front();
    EXPECT_EQ(info.management, kind);
    EXPECT_EQ(info.keys.front().recipient.key_identifier, to_bytes("identifier"));
    EXPECT_EQ(info.key_encryption.algorithm, oids::aes256_wrap);
    EXPECT_EQ(encode_enveloped_data(*read.value), der);
  }
}

TEST(EnvelopedData, IssuerAndSerialNameARecipientToo) {
  RecipientInfo info = recipient(KeyManagement::key_transport, 0);
  info.keys.front().recipient = {{}, *parse_name("CN=issuer"), {5}, false};
  EnvelopedData data = sample({info});
  data.version = 0;
  const auto read = decode_enveloped_data(encode_enveloped_data(data));
  ASSERT_TRUE(read.accepted()) << describe_first(read.findings);
  EXPECT_FALSE(read.value->recipients.front().keys.front().recipient.by_key_identifier);
  EXPECT_EQ(read.value->recipients.front().keys.front().recipient.serial, Bytes{5});
}

TEST(EnvelopedData, VersionsAreCompared) {
  EXPECT_TRUE(contains(decode_enveloped_data(encode_enveloped_data(sample({recipient(KeyManagement::key_transport, 0)}))).findings,
                       "cms.recipient.version"));
  EXPECT_TRUE(contains(decode_enveloped_data(encode_enveloped_data(sample({recipient(KeyManagement::key_encryption_key, 3)}))).findings,
                       "cms.recipient.version"));
  EnvelopedData data = sample({recipient(KeyManagement::key_encryption_key, 4)});
  data.version = 0;
  EXPECT_TRUE(contains(decode_enveloped_data(encode_enveloped_data(data)).findings, "cms.version"));
}

TEST(EnvelopedData, DefectsAreNamed) {
  EXPECT_TRUE(contains(decode_enveloped_data(encode_enveloped_data(sample({}))).findings, "cms.recipients.none"));
  const Bytes signed_data = der::sequence({der::oid(oids::signed_data), der::context(0, der::sequence({}))});
  EXPECT_TRUE(contains(decode_enveloped_data(signed_data).findings, "cms.content-type"));
  EXPECT_TRUE(contains(decode_enveloped_data(der::sequence({der::integer(2)})).findings, "cms.content-info"));
  const Bytes good = encode_enveloped_data(sample({recipient(KeyManagement::key_agreement, 3)}));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(decode_enveloped_data(BytesView(good).first(size)).accepted()) << size;
}

// What stands in unprotectedAttrs must be attributes (RFC 5652 6.1).
TEST(EnvelopedData, UnprotectedAttributesAreRead) {
  const Bytes set = der::sequence({der::oid(oids::data), der::set_of({der::null()})});
  const auto findings = [](const Bytes& attributes) {
    const Bytes good = encode_enveloped_data(sample({recipient(KeyManagement::key_agreement, 3)}));
    Findings ignored;
    der::Reader whole(good, ignored);
    der::Reader info = whole.enter(der::tags::sequence, "ContentInfo");
    const auto type = info.any("contentType");
    der::Reader data = info.enter(der::tags::context(0, true), "content");
    const Bytes fields = der::concat({data.any("EnvelopedData")->content, der::context(1, attributes)});
    return decode_enveloped_data(der::sequence({type->whole, der::context(0, der::tlv(der::tags::sequence, fields))})).findings;
  };
  EXPECT_FALSE(has_errors(findings(set)));
  EXPECT_TRUE(contains(findings({}), "cms.unprotected-attributes.empty"));
  EXPECT_TRUE(contains(findings(der::concat({der::oid(oids::data), der::set_of({der::null()})})), "der.tag.unexpected"));
}

// The originator of a key agreement is a certificate, by either name, or a key (RFC 5652 6.2.2).
TEST(EnvelopedData, TheOriginatorIsRead) {
  const auto findings = [](const Bytes& originator) {
    EnvelopedData data = sample({recipient(KeyManagement::key_agreement, 3)});
    data.recipients.front().originator = originator;
    return decode_enveloped_data(encode_enveloped_data(data)).findings;
  };
  const Bytes algorithm = der::sequence({der::oid(oids::ec_public_key)}), key = der::bit_string(Bytes(65, 4));
  const auto ephemeral = [](const Bytes& fields) { return der::context(1, fields); };
  EXPECT_FALSE(has_errors(findings(ephemeral(der::concat({algorithm, key})))));
  EXPECT_FALSE(has_errors(findings(der::sequence({der::sequence({}), der::integer(7)}))));
  EXPECT_TRUE(contains(findings(ephemeral({})), "der.missing"));
  EXPECT_TRUE(contains(findings(ephemeral(algorithm)), "der.missing"));
  EXPECT_TRUE(contains(findings(ephemeral(der::concat({algorithm, der::octet_string(key)}))), "der.tag.unexpected"));
  EXPECT_TRUE(contains(findings(ephemeral(der::concat({algorithm, key, key}))), "der.trailing"));
  EXPECT_TRUE(has_errors(findings(der::tlv(der::tags::context(128, false), Bytes(20, 1))))) << "none of the choices";
}

}  // namespace
}  // namespace est::codec
