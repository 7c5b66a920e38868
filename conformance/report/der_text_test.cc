#include "conformance/report/der_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"

namespace conformance::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace der = est::codec::der;
namespace tags = est::codec::der::tags;

// SEQUENCE { OID signedData, [0] { SEQUENCE { INTEGER 1, SET {}, SEQUENCE { OID data }, [0] {}, SET {} } } }
const est::Bytes certs_only{0x30, 0x25, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02,
                            0xa0, 0x18, 0x30, 0x16, 0x02, 0x01, 0x01, 0x31, 0x00, 0x30, 0x0b, 0x06, 0x09,
                            0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0xa0, 0x00, 0x31, 0x00};

TEST(DerText, NamesFieldsAndObjectIdentifiers) {
  const std::string text = der_text(certs_only);
  EXPECT_THAT(text, HasSubstr("     0 ContentInfo: SEQUENCE (37 octets)\n"));
  EXPECT_THAT(text, HasSubstr("contentType: OBJECT IDENTIFIER id-signedData (1.2.840.113549.1.7.2)\n"));
  EXPECT_THAT(text, HasSubstr("    SignedData: SEQUENCE (22 octets)\n"));
  EXPECT_THAT(text, HasSubstr("version: INTEGER 1\n"));
  EXPECT_THAT(text, HasSubstr("certificates: [0] constructed (0 octets)\n"));
  EXPECT_THAT(text, HasSubstr("signerInfos: SET (0 octets)\n"));
  EXPECT_EQ(text.find('!'), std::string::npos);
}

// A ContentInfo or an Attribute around `content`, by the type's dotted form.
est::Bytes typed(std::string_view type, der::Tag around, const est::Bytes& content) {
  return der::sequence({der::oid(est::codec::Oid(type)), der::tlv(around, content)});
}

TEST(DerText, NamesWhatATypeStandsFor) {
  const est::Bytes constraints = der::sequence({der::boolean(true)});
  const est::Bytes extension = der::sequence({der::oid(est::codec::oids::basic_constraints), der::octet_string(constraints)});
  const std::string text = der_text(der::sequence(
      {der::oid(est::codec::oids::challenge_password), typed("1.2.840.113549.1.9.14", tags::set, der::sequence({extension}))}));
  EXPECT_THAT(text, HasSubstr("CsrAttrs: SEQUENCE"));
  EXPECT_THAT(text, HasSubstr("oid: OBJECT IDENTIFIER challengePassword"));
  EXPECT_THAT(text, HasSubstr("attribute: SEQUENCE"));
  EXPECT_THAT(text, HasSubstr("Extensions: SEQUENCE"));
  EXPECT_THAT(text, HasSubstr("extnValue: OCTET STRING"));
  EXPECT_THAT(text, HasSubstr("cA: BOOLEAN TRUE"));
}

TEST(DerText, ShowsNamesBehindTagsAsText) {
  const est::Bytes names = der::sequence({der::tlv(tags::context(2, false), est::to_bytes("a.example"))});
  const est::Bytes extension = der::sequence({der::oid(est::codec::oids::subject_alt_name), der::octet_string(names)});
  EXPECT_THAT(der_text(typed("1.2.840.113549.1.9.14", tags::set, der::sequence({extension}))), Not(HasSubstr("CsrAttrs")));
  const std::string text = der_text(der::sequence({typed("1.2.840.113549.1.9.14", tags::set, der::sequence({extension}))}));
  EXPECT_THAT(text, HasSubstr("dNSName: [2] \"a.example\""));
}

TEST(DerText, NamesTheFieldsOfAKey) {
  const est::Bytes key =
      der::sequence({der::integer(0), der::sequence({der::oid(est::codec::oids::ed25519)}), der::octet_string(est::Bytes{4, 0})});
  EXPECT_THAT(der_text(key), HasSubstr("OneAsymmetricKey: SEQUENCE"));
  EXPECT_THAT(der_text(key), HasSubstr("privateKeyAlgorithm: SEQUENCE"));
}

TEST(DerText, NamesTheFieldsOfFullCmc) {
  const est::Bytes control = der::sequence(
      {der::integer(1), der::oid(est::codec::Oid("1.3.6.1.5.5.7.7.6")), der::tlv(tags::set, der::octet_string(est::Bytes{1, 2}))});
  const est::Bytes data = der::sequence({der::sequence({control}), der::sequence({}), der::sequence({}), der::sequence({})});
  const est::Bytes content = typed("1.3.6.1.5.5.7.12.2", tags::context(0, true), der::octet_string(data));
  const est::Bytes message = der::sequence({der::integer(3), der::tlv(tags::set, {}), content, der::tlv(tags::set, {})});
  const std::string text = der_text(typed("1.2.840.113549.1.7.2", tags::context(0, true), message));
  for (const char* name : {"SignedData: ", "encapContentInfo: ", "PKIData: ", "controlSequence: ", "TaggedAttribute: ",
                           "bodyPartID: INTEGER 1", "attrType: ", "otherMsgSequence: ", "signerInfos: "})
    EXPECT_THAT(text, HasSubstr(name));
}

TEST(DerText, NamesTheFieldsOfEnvelopedData) {
  const est::Bytes algorithm = der::sequence({der::oid(est::codec::oids::aes128_wrap)});
  const est::Bytes recipient =
      der::concat({der::integer(0), der::tlv(tags::context(0, true), algorithm), algorithm, der::octet_string(est::Bytes{7})});
  const est::Bytes inner = der::sequence({der::oid(est::codec::oids::data), algorithm});
  const est::Bytes message = der::sequence({der::integer(3), der::tlv(tags::set, der::tlv(tags::context(3, true), recipient)), inner});
  const std::string text = der_text(typed("1.2.840.113549.1.7.3", tags::context(0, true), message));
  for (const char* name : {"EnvelopedData: ", "recipientInfos: ", "pwri: [3]", "keyDerivationAlgorithm: [0]",
                           "encryptedKey: ", "encryptedContentInfo: ", "contentEncryptionAlgorithm: "})
    EXPECT_THAT(text, HasSubstr(name));
}

TEST(DerText, ShowsWhatIsInsideOctetStrings) {
  const std::string text = der_text(est::Bytes{0x30, 0x07, 0x04, 0x05, 0x30, 0x03, 0x01, 0x01, 0xff});
  EXPECT_THAT(text, HasSubstr("     6       BOOLEAN TRUE"));
}

TEST(DerText, TellsWhereReadingStops) {
  est::Bytes cut = certs_only;
  cut.resize(30);
  EXPECT_THAT(der_text(cut), HasSubstr("! der.truncated at octet"));
  est::Bytes nested;
  for (int i = 0; i < 60; ++i) nested.insert(nested.begin(), {0x30, static_cast<est::Byte>(nested.size())});
  EXPECT_FALSE(der_text(nested).empty());
  est::Bytes many{0x30, 0x82, 0x13, 0x88};
  for (int i = 0; i < 2500; ++i) many.insert(many.end(), {0x05, 0x00});
  EXPECT_THAT(der_text(many, 10), HasSubstr("... the rest is in the message itself\n"));
  EXPECT_LT(der_text(many, 10).size(), 1000U);
}

TEST(DerIn, FindsDerPemAndBase64) {
  const std::string base64 = est::codec::encode_base64(certs_only, 64, "\r\n");
  EXPECT_EQ(der_in(certs_only), certs_only);
  EXPECT_EQ(der_in(est::as_bytes(base64)), certs_only);
  EXPECT_EQ(der_in(est::as_bytes("text\n-----BEGIN CMS-----\n" + base64 + "\n-----END CMS-----\n")), certs_only);
  for (const char* none : {"", "<html>", "not found", "AAAA"}) EXPECT_FALSE(der_in(est::as_bytes(none)).has_value()) << none;
}

}  // namespace
}  // namespace conformance::report
