#include "conformance/steps/follow.h"

#include <gtest/gtest.h>

#include "conformance/steps/request_extras.h"
#include "est/codec/csrattrs.h"
#include "est/codec/der.h"
#include "est/http/message.h"
#include "est/ops/message.h"

namespace conformance::steps {
namespace {

namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;
using est::crypto::KeyType;

class Follow : public testing::Test {
 protected:
  void answer(const est::http::Response& response) {
    engine::Exchange exchange;
    exchange.name = "asked";
    exchange.method = "GET";
    exchange.response = est::http::encode(response);
    exchange.peer_close = "open";
    before.exchanges = {exchange};
  }
  void ask(std::vector<codec::AttrOrOid> elements) { answer(est::ops::csrattrs_response({std::move(elements)})); }
  RequestPlan followed(const std::string& leave_out = {}) {
    RequestPlan plan{.key = *est::crypto::PrivateKey::generate(KeyType::ec_p256),
                     .key_type = KeyType::ec_p256,
                     .digest = {},
                     .subject = *codec::parse_name("CN=device-1,O=Acme"),
                     .san = {*codec::parse_general_name("DNS:device-1.example")},
                     .corrupt = {},
                     .encoding = {}};
    outcome = follow({before, "asked", leave_out, profile, "17"}, plan);
    return plan;
  }
  [[nodiscard]] bool done() const { return outcome.kind == engine::StepOutcome::Kind::recorded; }

  engine::Evidence before;
  target::Profile profile;
  engine::StepOutcome outcome;
};

codec::AttrOrOid whole_template() {
  codec::RequestTemplate wanted;
  wanted.has_subject = true;
  wanted.subject = {
      {{oids::common_name, std::nullopt}}, {{oids::organization_name, der::utf8_string("Other")}}, {{oids::serial_number, std::nullopt}}};
  wanted.key_algorithm = codec::AlgorithmIdentifier{oids::ec_public_key, der::oid(oids::secp384r1)};
  wanted.extensions = {{oids::subject_alt_name, false, std::nullopt}, {oids::key_usage, true, codec::make_key_usage(1).value}};
  return codec::make_request_template(wanted);
}

TEST_F(Follow, TheTemplateAndNothingElse) {
  ask({whole_template(), codec::Attribute{oids::rsa_encryption, {}, 0, 0}});
  const auto plan = followed();
  ASSERT_TRUE(done()) << outcome.sentence;
  EXPECT_EQ(plan.subject.to_string(), "serialNumber=estspec-17,O=Other,CN=device-1");
  EXPECT_EQ(plan.key_type, KeyType::ec_p384);
  ASSERT_EQ(plan.extensions.size(), 1U);
  EXPECT_TRUE(plan.extensions.front().critical);
  EXPECT_EQ(plan.san.size(), 1U);
}

TEST_F(Follow, LeavesOneThingOut) {
  ask({whole_template()});
  EXPECT_EQ(followed("subject").subject.to_string(), "O=Other,CN=device-1");
  EXPECT_EQ(followed("value").subject.first(oids::organization_name), "estspec-17");
  EXPECT_TRUE(followed("extension").extensions.empty());
  EXPECT_EQ(followed("key").key_type, KeyType::ec_p256);
  EXPECT_TRUE(done()) << outcome.sentence;
  static_cast<void>(followed("attribute"));
  EXPECT_EQ(outcome.kind, engine::StepOutcome::Kind::cannot);
}

TEST_F(Follow, AListAddsToWhatIsUsual) {
  const codec::Attribute text = codec::make_text_attribute(codec::Oid("1.2.3.4"), "x");
  ask({oids::serial_number, codec::Attribute{oids::ec_public_key, {der::oid(oids::secp384r1)}, 0, 0}, oids::ecdsa_with_sha512, text,
       oids::challenge_password, codec::make_extension_request({codec::make_extended_key_usage({oids::client_auth})})});
  const auto plan = followed();
  ASSERT_TRUE(done()) << outcome.sentence;
  EXPECT_EQ(plan.subject.first(oids::serial_number), "estspec-17");
  EXPECT_EQ(plan.subject.first(oids::organization_name), "Acme");
  EXPECT_EQ(plan.key_type, KeyType::ec_p384);
  EXPECT_EQ(plan.digest, est::crypto::Digest::sha512);
  EXPECT_EQ(plan.more.size(), 1U);
  EXPECT_EQ(plan.extensions.size(), 1U);
}

TEST_F(Follow, OpenNamesAreFilledIn) {
  codec::RequestTemplate wanted;
  wanted.extensions = {{oids::subject_alt_name, false, codec::encode_general_names({{codec::GeneralNameType::ip, {}}})}};
  ask({codec::make_request_template(wanted)});
  const auto plan = followed();
  ASSERT_EQ(plan.san.size(), 1U);
  EXPECT_EQ(codec::to_string(plan.san.front()), "IP:192.0.2.1");
}

TEST_F(Follow, WhatOnlyADeviceKnowsCannotBeFollowed) {
  ask({oids::mac_address});
  static_cast<void>(followed());
  EXPECT_EQ(outcome.kind, engine::StepOutcome::Kind::cannot);
  codec::RequestTemplate wanted;
  wanted.extensions = {{codec::Oid("1.2.3.4"), false, std::nullopt}};
  ask({codec::make_request_template(wanted)});
  static_cast<void>(followed());
  EXPECT_EQ(outcome.kind, engine::StepOutcome::Kind::cannot);
}

TEST_F(Follow, NoListChangesNothingAndABrokenOneCannotBeFollowed) {
  answer({.status = 204, .reason = "No Content"});
  EXPECT_EQ(followed().subject.to_string(), "CN=device-1,O=Acme");
  EXPECT_TRUE(done());
  answer(est::ops::text_response(500, "no"));
  static_cast<void>(followed());
  EXPECT_EQ(outcome.kind, engine::StepOutcome::Kind::cannot);
}

TEST(Extras, RenamesAndChallenges) {
  target::Profile profile;
  profile.one_time_passwords = {"one", "two"};
  RunState run(profile.limits);
  Memory memory;
  const auto made = [&](const engine::Json& json) { return extras_for(Parameters(json), profile, memory, run); };
  auto renamed = made({{"rename", {{"subject", "CN=new-{n}"}}}});
  ASSERT_TRUE(renamed);
  EXPECT_EQ(renamed->attributes.size(), 1U);
  EXPECT_TRUE(renamed->rename->subject.has_value());
  EXPECT_EQ(made({{"one-time-password", "right"}})->one_time_password, "one");
  EXPECT_EQ(made({{"one-time-password", "right"}})->one_time_password, "two");
  EXPECT_EQ(made({{"one-time-password", "right"}}).outcome().kind, engine::StepOutcome::Kind::cannot) << "used up";
  memory.one_time_password = "two";
  EXPECT_EQ(made({{"one-time-password", "again"}})->one_time_password, "two");
  EXPECT_EQ(made({{"attribute", {{"changeSubjectName", "3000"}}}})->attributes.front().values.front(), (est::Bytes{0x30, 0x00}));
  EXPECT_EQ(made({{"attribute", {{"no-such-name", "3000"}}}}).outcome().kind, engine::StepOutcome::Kind::fault);
}

TEST(Extras, LinkingAttributes) {
  EXPECT_EQ(linking_attributes("both", "x").size(), 2U);
  EXPECT_EQ(linking_attributes("both", "x")[0].values, linking_attributes("both", "x")[1].values);
  EXPECT_NE(linking_attributes("right-and-wrong", "x")[0].values, linking_attributes("right-and-wrong", "x")[1].values);
  EXPECT_EQ(linking_attributes("identity-linking", "x").front().type, oids::est_identity_linking);
}

}  // namespace
}  // namespace conformance::steps
