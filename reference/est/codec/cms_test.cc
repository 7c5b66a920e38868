#include "est/codec/cms.h"

#include <gtest/gtest.h>

#include <string>

#include "est/codec/asn1_test_data.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"

namespace est::codec {
namespace {

using test::from_pem;
using test::summary;

TEST(CertsOnly, BagOfOpensslIsRead) {
  const Bytes der = from_pem(test::bag_in_order);
  const Decoded<CertsOnly> bag = decode_certs_only(der);
  ASSERT_TRUE(bag.accepted()) << describe_first(bag.findings);
  EXPECT_EQ(summary(bag.findings), "");
  EXPECT_EQ(bag.value->certificates.size(), 2U);
  EXPECT_TRUE(bag.value->crls.empty());
  EXPECT_EQ(encode_certs_only(bag.value->certificates), der);
}

TEST(CertsOnly, OrderIsOnlyAWarning) {
  const Decoded<CertsOnly> bag = decode_certs_only(from_pem(test::bag_out_of_order));
  ASSERT_TRUE(bag.accepted());
  EXPECT_EQ(summary(bag.findings), "cms.certificates.order@41");
  EXPECT_EQ(bag.value->certificates.size(), 2U);
  EXPECT_EQ(encode_certs_only(bag.value->certificates), from_pem(test::bag_in_order));
}

struct MessageParts {
  Bytes content_type = der::oid(oids::signed_data);
  Bytes version = der::integer(1);
  Bytes digests = der::set_of({});
  Bytes encapsulated = der::sequence({der::oid(oids::data)});
  Bytes certificates = der::context(0, der::sequence({der::integer(1)}));
  Bytes crls;
  Bytes signers = der::set_of({});

  [[nodiscard]] Bytes signed_data() const { return der::sequence({version, digests, encapsulated, certificates, crls, signers}); }
  [[nodiscard]] Bytes built() const { return der::sequence({content_type, der::context(0, signed_data())}); }
};

TEST(CertsOnly, EachRuleHasItsFinding) {
  struct Change {
    std::string_view ids;  // '?' marks what is no error
    void (*apply)(MessageParts&);
  };
  const std::array changes = {
      Change{"", [](MessageParts&) {}},
      Change{"cms.content-type", [](MessageParts& p) { p.content_type = der::oid(oids::data); }},
      Change{"cms.content-type", [](MessageParts& p) { p.content_type = der::oid(oids::enveloped_data); }},
      Change{"cms.content-info", [](MessageParts& p) { p.content_type = der::null(); }},
      Change{"cms.version", [](MessageParts& p) { p.version = der::integer(3); }},
      Change{"cms.digest-algorithms?", [](MessageParts& p) { p.digests = der::set_of({der::sequence({der::oid(oids::sha256)})}); }},
      Change{"cms.digest-algorithms? der.tag.unexpected", [](MessageParts& p) { p.digests = der::set_of({der::oid(oids::data)}); }},
      Change{"cms.encap-content",
             [](MessageParts& p) {
               p.encapsulated = der::sequence({der::oid(oids::data), der::context(0, der::octet_string({}))});
             }},
      Change{"cms.version cms.encap-content-type", [](MessageParts& p) { p.encapsulated = der::sequence({der::oid(oids::signed_data)}); }},
      Change{"cms.encap-content-type",
             [](MessageParts& p) {
               p.encapsulated = der::sequence({der::oid(oids::signed_data)});
               p.version = der::integer(3);
             }},
      Change{"cms.no-certificates", [](MessageParts& p) { p.certificates = {}; }},
      Change{"cms.no-certificates", [](MessageParts& p) { p.certificates = der::context(0, {}); }},
      Change{"cms.no-certificates cms.certificate-choice", [](MessageParts& p) { p.certificates = der::context(0, der::context(2, {})); }},
      Change{"cms.certificate-choice",
             [](MessageParts& p) {
               p.certificates = der::context(0, der::concat({der::sequence({}), der::context(1, {})}));
             }},
      Change{"cms.crls?", [](MessageParts& p) { p.crls = der::context(1, der::sequence({})); }},
      Change{"cms.crls? cms.crl-choice", [](MessageParts& p) { p.crls = der::context(1, der::context(1, {})); }},
      Change{"cms.signers", [](MessageParts& p) { p.signers = der::set_of({der::sequence({})}); }},
      Change{"der.missing", [](MessageParts& p) { p.signers = {}; }},
      Change{"der.trailing",
             [](MessageParts& p) {
               p.signers = der::concat({der::set_of({}), der::null()});
             }},
      Change{"der.tag.unexpected", [](MessageParts& p) { p.digests = der::sequence({}); }},
  };
  for (const Change& change : changes) {
    MessageParts parts;
    change.apply(parts);
    EXPECT_EQ(test::ids(decode_certs_only(parts.built()).findings), change.ids);
  }
}

TEST(CertsOnly, WhatPeersSendInstead) {
  EXPECT_EQ(summary(decode_certs_only(from_pem(test::root_certificate)).findings), "cms.content-info@4");
  EXPECT_EQ(summary(decode_certs_only(MessageParts{}.signed_data()).findings), "cms.content-info@2");
  EXPECT_EQ(summary(decode_certs_only(test::from_hex("3080 0609 2a864886f70d010702 a080 0000 0000")).findings), "der.length.indefinite@1");
  EXPECT_EQ(summary(decode_certs_only({}).findings), "der.missing@0");
  EXPECT_EQ(summary(decode_certs_only(to_bytes("<html>")).findings), "der.tag.unexpected@0 der.truncated@0");
  Bytes twice = MessageParts{}.built();
  const std::size_t length = twice.size();
  append(twice, MessageParts{}.built());
  EXPECT_EQ(summary(decode_certs_only(twice).findings), "der.trailing@" + std::to_string(length));
}

TEST(CertsOnly, BuilderSortsAndCarriesCrls) {
  const Bytes one = der::sequence({der::integer(1)});
  const Bytes two = der::sequence({der::integer(2)});
  const Decoded<CertsOnly> bag = decode_certs_only(encode_certs_only({two, one}, {two}));
  ASSERT_TRUE(bag.accepted());
  EXPECT_EQ(bag.value->certificates, (std::vector<Bytes>{one, two}));
  EXPECT_EQ(bag.value->crls, std::vector<Bytes>{two});
}

TEST(CertsOnly, SurvivesDamage) {
  test::survives_damage(from_pem(test::bag_in_order), [](const Bytes& der) { return decode_certs_only(der).findings; });
  test::survives_damage(MessageParts{}.built(), [](const Bytes& der) { return decode_certs_only(der).findings; });
}

}  // namespace
}  // namespace est::codec
