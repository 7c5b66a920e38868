// Full PKI Requests: a client's own, handed on, and those the registration authority makes of simple requests.
#include "client/full_cmc.h"

#include "est/codec/base64.h"
#include "est/codec/der.h"
#include "est/pki/request.h"
#include "est/pki/signed_message.h"
#include "proxy/answers.h"
#include "proxy/scene_test.h"

namespace proxy {
namespace {

using client::Client;
using client::ClientOptions;
using client::ProblemKind;
using est::Bytes;
using est::ops::Operation;
using est::tls::must;
using est::tls::Version;
using testing::HasSubstr;
namespace codec = est::codec;
namespace cmc_oids = est::codec::cmc_oids;

Bytes request_for(const est::crypto::PrivateKey& key, const std::optional<std::string>& linked = {}) {
  est::pki::RequestSpec spec;
  spec.subject = must(codec::parse_name("CN=full"));
  spec.extensions = {client::key_identifier_extension(key)};
  spec.challenge_password = linked;
  return must(est::pki::make_request(spec, key));
}

Bytes body_der(const est::http::Request& request) {
  return codec::decode_base64(est::as_text(request.body), codec::Base64Mode::lenient).value.value_or(Bytes{});
}

const est::crypto::PrivateKey& device_key() {
  static const auto key = must(est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256));
  return key;
}

class ProxiedFullCmc : public ProxyTest {
 protected:
  [[nodiscard]] client::Outcome<client::Issued> ask(ClientOptions how, const client::CmcExtras& extras = {}) const {
    give_password(how);
    how.retry.limit = 0;
    Client est(how);
    return est.full_cmc([](const auto& linked) -> est::Result<Bytes> { return request_for(device_key(), linked); }, device_key(), extras);
  }
};

TEST_F(ProxiedFullCmc, OfAClientIsGranted) {
  for (const Version version : {Version::tls12, Version::tls13}) {
    const auto issued = ask(through("", version));
    ASSERT_TRUE(issued.ok()) << issued.problem().reason;
    EXPECT_EQ(decoded(issued->certificates.front()).spki, device_key().public_key_info());
  }
}

TEST_F(ProxiedFullCmc, IsHeldAgainstTheSessionWithUs) {
  EXPECT_TRUE(ask(through("pop", Version::tls12)).ok());
  ClientOptions unlinked = through("pop", Version::tls12);
  unlinked.linking = client::Linking::none;
  EXPECT_FALSE(ask(unlinked).ok());
}

TEST_F(ProxiedFullCmc, IdentityProofIsLeftToTheCa) {
  client::CmcExtras proof;
  client::SharedSecret right{"estuser", client::Secret(password())};
  proof.secret = &right;
  EXPECT_TRUE(ask(through(), proof).ok());
  client::SharedSecret wrong{"estuser", client::Secret("wrong")};
  proof.secret = &wrong;
  const auto refused = ask(through(), proof);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().status, 403) << "as the CA says";
  EXPECT_THAT(refused.problem().reason, HasSubstr("badIdentity"));
}

TEST_F(ProxiedFullCmc, IsNotOfferedWhereItIsSwitchedOff) {
  const auto refused = ask(through("plain"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().status, 501);
}

TEST_F(ProxiedFullCmc, WaitingIsHandedOn) {
  const auto waiting = ask(through("manual"));
  ASSERT_FALSE(waiting.ok());
  EXPECT_EQ(waiting.problem().kind, ProblemKind::later);
}

// --- What goes upstream, and what of its answers is believed

class FullCmcUpstream : public HostileUpstream {
 protected:
  client::Outcome<client::Issued> ask(const client::Interceptor& interceptor = {}, const client::CmcExtras& extras = {}) {
    ClientOptions how = through();
    give_password(how);
    how.retry.limit = 0;
    how.session.interceptor = interceptor;
    Client est(how);
    return est.full_cmc([](const auto&) -> est::Result<Bytes> { return request_for(device_key()); }, device_key(), extras);
  }
};

TEST_F(FullCmcUpstream, GetsTheMessageOctetByOctet) {
  says = est::ops::text_response(403, "Not this device.");
  Bytes sent;
  const auto refused = ask([&](const est::http::Request& request, const est::tls::Facts&, const client::Send& send) {
    sent = body_der(request);
    return send(request);
  });
  EXPECT_THAT(refused.problem().reason, HasSubstr("Not this device."));
  ASSERT_FALSE(posts().empty());
  EXPECT_TRUE(posts().back().target.ends_with("/fullcmc"));
  EXPECT_EQ(body_der(posts().back()), sent);
}

TEST_F(FullCmcUpstream, BadSignaturesAreRefusedHereByAFullPkiResponse) {
  const auto spoil = [](const est::http::Request& request, const est::tls::Facts&, const client::Send& send) {
    est::http::Request changed = request;
    Bytes der = body_der(request);
    der.back() ^= 1U;
    changed.body = est::to_bytes(codec::encode_base64(der));
    return send(changed);
  };
  const auto refused = ask(spoil);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().status, 400);
  EXPECT_THAT(refused.problem().reason, HasSubstr("badMessageCheck"));
  EXPECT_TRUE(posts().empty());
}

TEST_F(FullCmcUpstream, OnlyARegistrationAuthorityMayVouch) {
  client::CmcExtras extras;
  extras.vouched = true;
  const auto refused = ask({}, extras);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.problem().reason, HasSubstr("popFailed"));
  EXPECT_TRUE(posts().empty());
}

// What a CA that does not sign, or signs with another's key, says counts for nothing.
TEST_F(FullCmcUpstream, WrongAnswersStayHere) {
  const auto status_after = [&](const est::http::Response& response) {
    says = response;
    return ask().problem().status;
  };
  EXPECT_EQ(status_after(est::ops::cmc_response(200, est::to_bytes("garbage"))), 502);
  EXPECT_EQ(status_after(est::ops::text_response(200, "done")), 502);
  EXPECT_EQ(status_after(est::ops::certs_only_response({identity("client").chain.front()})), 502) << "for another key";
  const auto device = identity("device");
  est::pki::MessageSigner by;
  by.key = &*device.key;
  by.certificate = device.chain.front();
  const est::pki::MessageSpec spec{codec::cmc_content::pki_response(), codec::encode_pki_response({}), device.chain};
  const auto message = must(est::pki::sign_message(spec, by));
  EXPECT_EQ(status_after(est::ops::cmc_response(400, codec::encode_signed_data(message))), 502) << "signed by nobody of the CA";
}

// --- Simple requests that go on as Full PKI Requests with an RA POP Witness

class VouchingProxy : public ProxyTest {
 protected:
  void SetUp() override { start(instance->listening().front(), ", fullcmc: true"); }
};

TEST_F(VouchingProxy, EnrollsAndReenrolls) {
  for (const std::string label : {"", "basic", "pop"}) {
    ClientOptions how = through(label, Version::tls12);
    give_password(how);
    Client est(how);
    const auto enrolled = enroll_as_asked(est, plan("CN=vouched-" + label));
    ASSERT_TRUE(enrolled.ok()) << label << ": " << enrolled.problem().reason;
    EXPECT_EQ(decoded(enrolled->issued.certificates.front()).subject.to_string(), "CN=vouched-" + label);
  }
  EXPECT_THAT(must(instance->authority().certificates()).back().identity, HasSubstr("+signer:CN=est registration authority"));
  ClientOptions how = through();
  how.session.identity = identity("client");
  Client holder(how);
  client::EnrollmentPlan renewal = plan(decoded(how.session.identity->chain.front()).subject.to_string());
  renewal.operation = Operation::simplereenroll;
  const auto renewed = enroll_as_asked(holder, renewal);
  EXPECT_TRUE(renewed.ok()) << renewed.problem().reason;
}

TEST_F(VouchingProxy, HandsOnThatARequestWaits) {
  const auto waiting = enroll("manual");
  ASSERT_FALSE(waiting.ok());
  EXPECT_EQ(waiting.problem().kind, ProblemKind::later);
  EXPECT_EQ(waiting.problem().wait, 1U);
}

class VouchedUpstream : public HostileUpstream {
 protected:
  [[nodiscard]] std::string behind() const override { return ", fullcmc: true"; }
};

TEST_F(VouchedUpstream, SeesTheClientsRequestSignedForByUs) {
  EXPECT_EQ(told(est::ops::text_response(403, "No.")).status, 403);
  ASSERT_FALSE(posts().empty());
  EXPECT_TRUE(posts().back().target.ends_with("/fullcmc"));
  const auto message = est::ops::read_signed_data_body(posts().back().body);
  ASSERT_TRUE(message.accepted());
  const auto signer = est::pki::signer_certificate(message.value->signers.at(0).id, message.value->certificates);
  ASSERT_TRUE(signer.has_value());
  EXPECT_EQ(signer->der, identity("ra").chain.front());
  EXPECT_TRUE(must(est::pki::verify_signer(message.value->signers.at(0), *message.value->content, signer->spki)));
  const auto data = codec::decode_pki_data(*message.value->content);
  ASSERT_TRUE(data.accepted());
  ASSERT_EQ(data.value->requests.size(), 1U);
  ASSERT_TRUE(data.value->requests.front().pkcs10.has_value());
  const auto witness = codec::read_ra_pop_witness(*data.value->control(cmc_oids::ra_pop_witness));
  EXPECT_EQ(witness.value->requests, std::vector<codec::BodyPartId>{data.value->requests.front().id});
}

TEST_F(VouchedUpstream, NonsenseIsNoCertificate) {
  EXPECT_EQ(told(est::ops::text_response(200, "welcome")).status, 502);
  EXPECT_EQ(told(est::ops::cmc_response(400, est::to_bytes("garbage"))).status, 502);
  EXPECT_EQ(told(est::ops::enroll_response(identity("client").chain.front())).status, 502) << "for another key";
}

// --- CMC statuses as answers to simple requests

codec::StatusInfo failed_with(codec::CmcFailInfo info, std::vector<codec::BodyPartId> part, const std::string& text = "So it is.") {
  codec::StatusInfo status;
  status.status = static_cast<std::int64_t>(codec::CmcStatus::failed);
  status.fail_info = static_cast<std::int64_t>(info);
  status.body_list = {std::move(part)};
  status.text = text;
  return status;
}

TEST(CmcStatusForClients, SaysWhoseFaultItIs) {
  using Info = codec::CmcFailInfo;
  EXPECT_EQ(refused({failed_with(Info::bad_request, {1})}, 7).response.status, 400);
  EXPECT_EQ(refused({failed_with(Info::bad_identity, {1})}, 7).response.status, 403);
  EXPECT_EQ(refused({failed_with(Info::bad_identity, {0})}, 7).response.status, 502) << "that is us";
  EXPECT_EQ(refused({failed_with(Info::bad_message_check, {0})}, 7).response.status, 502);
  EXPECT_EQ(refused({failed_with(Info::pop_failed, {1})}, 7).response.status, 400);
  EXPECT_EQ(refused({}, 7).response.status, 502);
  const server::Answer busy = refused({failed_with(Info::try_later, {0})}, 7);
  EXPECT_EQ(busy.response.status, 503);
  EXPECT_EQ(busy.response.fields.get("Retry-After"), "7");
  codec::StatusInfo pending;
  pending.status = static_cast<std::int64_t>(codec::CmcStatus::pending);
  const server::Answer waits = refused({pending}, 7);
  EXPECT_EQ(waits.response.status, 202);
  EXPECT_EQ(waits.response.fields.get("Retry-After"), "7");
  EXPECT_THAT(est::to_string(refused({failed_with(Info::bad_request, {1}, "Add a name.")}, 7).response.body), HasSubstr("Add a name."));
}

}  // namespace
}  // namespace proxy
