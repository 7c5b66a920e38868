#include <gmock/gmock.h>

#include "conformance/checks/drive_test.h"
#include "est/codec/cmc.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/oid.h"
#include "est/codec/signed_data.h"
#include "est/pki/cmc_proof.h"
#include "est/pki/issue.h"
#include "est/pki/signed_message.h"

namespace conformance::checks {
namespace {

using namespace samples;
using est::crypto::PrivateKey;
namespace codec = est::codec;
namespace cmc_oids = est::codec::cmc_oids;
namespace oids = est::codec::oids;

const PrivateKey& one_key() {
  static const PrivateKey key = *PrivateKey::generate(est::crypto::KeyType::ec_p256);
  return key;
}

est::http::Request post_of(est::BytesView der) { return est::ops::enroll_request(est::ops::Operation::simpleenroll, "", "localhost", der); }

Drive enrolls(const std::function<void(est::pki::RequestSpec&)>& how) {
  est::pki::RequestSpec spec;
  spec.subject = *codec::parse_name("CN=device");
  how(spec);
  Drive drive("simpleenroll");
  drive.request(post_of(*est::pki::make_request(spec, one_key())), 200, "simpleenroll");
  return drive;
}

TEST(CsrForm, TheAttributesFieldIsThere) {
  EXPECT_EQ(enrolls([](auto&) {}).verdict("csr-form"), Verdict::pass);
  const est::Bytes whole = codec::encode_certification_request_info(*codec::parse_name("CN=device"), one_key().public_key_info(), {});
  const auto info = est::BytesView(whole);
  est::Bytes without(info.begin(), info.end() - 2);  // the empty [0]
  without[without[1] == 0x81 ? 2 : 1] -= 2;
  const auto digest = one_key().natural_digest();
  const est::Bytes der =
      codec::encode_certification_request(without, one_key().signature_algorithm(digest), *one_key().sign(digest, without));
  EXPECT_EQ(Drive("simpleenroll").request(post_of(der), 200, "simpleenroll").verdict("csr-form"), Verdict::fail);
  EXPECT_EQ(Drive("simpleenroll").verdict("csr-form"), Verdict::inconclusive);
}

TEST(CsrExtension, ValueAndCriticality) {
  const Drive drive = enrolls([](auto& spec) { spec.extensions = {codec::make_extended_key_usage({oids::client_auth}, true)}; });
  const std::string value = "300a06082b06010505070302";
  EXPECT_EQ(drive.verdict("csr-extension", {{"id", "2.5.29.37"}, {"value", value}, {"critical", true}}), Verdict::pass);
  EXPECT_EQ(drive.verdict("csr-extension", {{"id", "2.5.29.37"}, {"value", "3000"}}), Verdict::fail);
  EXPECT_EQ(drive.verdict("csr-extension", {{"id", "2.5.29.15"}}), Verdict::fail);
  const Drive mild = enrolls([](auto& spec) { spec.extensions = {codec::make_extended_key_usage({oids::client_auth})}; });
  EXPECT_EQ(mild.verdict("csr-extension", {{"id", "2.5.29.37"}, {"critical", true}}), Verdict::fail);
  const Drive open = enrolls([](auto& spec) { spec.extensions = {codec::make_subject_alt_name({{codec::GeneralNameType::dns, {}}})}; });
  EXPECT_EQ(open.verdict("csr-extension", {{"id", "2.5.29.17"}}), Verdict::fail);
}

TEST(CsrTexts, PrintableWherePossible) {
  const auto with = [](codec::Attribute attribute) {
    return enrolls([&](auto& spec) { spec.attributes = {attribute}; }).verdict("csr-texts");
  };
  EXPECT_EQ(with(codec::make_text_attribute(oids::otp_challenge, "one time")), Verdict::pass);
  EXPECT_EQ(with(codec::make_text_attribute(oids::otp_challenge, "\xc3\xbc")), Verdict::pass);
  EXPECT_EQ(with({oids::otp_challenge, {codec::der::utf8_string("one time")}}), Verdict::fail);
  EXPECT_EQ(enrolls([](auto&) {}).verdict("csr-texts"), Verdict::inconclusive);
}

TEST(KeyOfRequest, AgainstTheCertificateShown) {
  const auto made = est::pki::draft("CN=device", {0, 4000000000}, {});
  const auto same = est::pki::issue_self_signed({{1}, made->spec.subject, {}, {0, 4000000000}, {}, {}}, one_key());
  const auto other = est::pki::issue_self_signed(made->spec, made->key);
  Drive drive = enrolls([](auto&) {});
  EXPECT_EQ(drive.verdict("key-of-request", {{"is", "same"}}), Verdict::inconclusive);
  drive.last().tls->peer_chain = {*same};
  EXPECT_EQ(drive.verdict("key-of-request", {{"is", "same"}}), Verdict::pass);
  EXPECT_EQ(drive.verdict("key-of-request", {{"is", "other"}}), Verdict::fail);
  drive.last().tls->peer_chain = {*other};
  EXPECT_EQ(drive.verdict("key-of-request", {{"is", "other"}}), Verdict::pass);
}

TEST(ChangeOfName, HasTheSubject) {
  const Drive drive = enrolls([](auto& spec) {
    spec.attributes = {codec::make_change_subject_name({*codec::parse_name("CN=renamed"), {}})};
  });
  EXPECT_EQ(drive.verdict("change-of-name", {{"subject", "CN=renamed"}}), Verdict::pass);
  EXPECT_EQ(drive.verdict("change-of-name", {{"subject", "CN=other"}}), Verdict::fail);
  EXPECT_EQ(enrolls([](auto&) {}).verdict("change-of-name", {{"subject", "CN=renamed"}}), Verdict::fail);
}

TEST(AsksForEncryption, KeyAndCapabilities) {
  const auto capabilities = codec::make_smime_capabilities({{oids::aes256_wrap, {}}});
  const auto secret = codec::make_octet_string_attribute(oids::decrypt_key_identifier, est::as_bytes("id"));
  const Drive drive = enrolls([&](auto& spec) { spec.attributes = {secret, capabilities}; });
  EXPECT_EQ(drive.verdict("asks-for-encryption", {{"with", "symmetric"}}), Verdict::pass);
  EXPECT_EQ(drive.verdict("asks-for-encryption", {{"with", "key-transport"}}), Verdict::fail);
  const Drive bare = enrolls([&](auto& spec) { spec.attributes = {secret}; });
  EXPECT_EQ(bare.verdict("asks-for-encryption", {{"with", "symmetric"}}), Verdict::fail);
}

TEST(Bootstrapped, NothingButCacertsFirst) {
  const auto csr = post_of(*est::pki::make_request({*codec::parse_name("CN=device"), {}, {}, {}, {}}, one_key()));
  Drive good;
  good.get().last().connection = 1;
  good.request(csr, 200, "simpleenroll").last().connection = 2;
  EXPECT_EQ(good.verdict("bootstrapped"), Verdict::pass);
  Drive same;
  same.get().last().connection = 1;
  same.request(csr, 200, "simpleenroll").last().connection = 1;
  EXPECT_EQ(same.verdict("bootstrapped"), Verdict::fail);
  EXPECT_EQ(Drive().request(csr, 200, "simpleenroll").verdict("bootstrapped"), Verdict::fail);
  auto eager = est::ops::get_request(est::ops::Operation::cacerts, "", "localhost");
  eager.fields.add("Authorization", "Basic ****");
  EXPECT_EQ(Drive().request(eager, 200, "cacerts").verdict("bootstrapped"), Verdict::fail);
}

// --- Full PKI Requests

struct Full {
  std::vector<codec::Control> controls = {codec::make_control(3, cmc_oids::transaction_id, codec::der::integer(7))};
  std::vector<codec::Extension> extensions = {
      {oids::subject_key_identifier, false, codec::der::octet_string(est::pki::key_identifier(one_key().public_key_info()))}};
  std::vector<codec::Attribute> attributes;
  std::string type = "application/pkcs7-mime; smime-type=CMC-request";
  std::vector<std::string> subjects = {"CN=device"};

  [[nodiscard]] est::http::Request request() const {
    std::vector<est::Bytes> requests;
    for (const auto& subject : subjects) {
      const auto id = static_cast<codec::BodyPartId>(requests.size() + 1);
      const auto csr = est::pki::make_request({*codec::parse_name(subject), extensions, {}, attributes, {}}, one_key());
      requests.push_back(codec::encode_tagged_request(id, *csr));
    }
    const est::Bytes data = codec::encode_pki_data(controls, codec::encode_request_sequence(requests));
    est::pki::MessageSigner signer;
    signer.key = &one_key();
    signer.key_identifier = est::pki::key_identifier(one_key().public_key_info());
    const auto message = est::pki::sign_message({codec::cmc_content::pki_data(), data, {}}, signer);
    est::http::Request request = post_of(codec::encode_signed_data(*message));
    request.fields.remove("Content-Type");
    request.fields.add("Content-Type", type);
    return request;
  }
  [[nodiscard]] Verdict verdict(const std::string& check = "full-request-form", const Json& parameters = Json::object()) const {
    return Drive("fullcmc").request(request(), 200, "fullcmc").verdict(check, parameters);
  }
};

TEST(FullRequestForm, TypeSignerAndNumbers) {
  EXPECT_EQ(Full().verdict(), Verdict::pass);
  Full full;
  full.type = "application/pkcs7-mime";
  EXPECT_EQ(full.verdict(), Verdict::fail);
  full = {};
  full.extensions.clear();
  EXPECT_EQ(full.verdict(), Verdict::fail);
  full = {};
  full.controls.front().id = 1;
  EXPECT_EQ(full.verdict(), Verdict::fail);
  full = {};
  full.subjects = {"CN=device", "CN=another"};
  EXPECT_EQ(full.verdict(), Verdict::fail);
}

TEST(FullRequestForm, LinkRandomIsLongEnough) {
  Full full;
  full.attributes = {{cmc_oids::pop_link_witness_v2, {codec::encode_witness_v2(est::pki::make_witness_v2({}, est::as_bytes("mac")))}}};
  EXPECT_EQ(full.verdict(), Verdict::fail);
  full.controls.push_back(codec::make_octets_control(4, cmc_oids::pop_link_random, est::Bytes(16)));
  EXPECT_EQ(full.verdict(), Verdict::warn);
  full.controls.back() = codec::make_octets_control(4, cmc_oids::pop_link_random, est::Bytes(64));
  EXPECT_EQ(full.verdict(), Verdict::pass);
}

TEST(IdentityProof, ThereOrAbsent) {
  Full full;
  EXPECT_EQ(full.verdict("identity-proof", {{"is", "absent"}}), Verdict::pass);
  EXPECT_EQ(full.verdict("identity-proof", {{"is", "there"}}), Verdict::fail);
  full.controls.push_back(codec::make_octets_control(4, cmc_oids::identity_proof, est::as_bytes("mac")));
  EXPECT_EQ(full.verdict("identity-proof", {{"is", "absent"}}), Verdict::fail);
}

TEST(OneTransaction, IsKept) {
  const Full first;
  Full second;
  Drive drive("fullcmc");
  drive.request(first.request(), 202, "fullcmc");
  EXPECT_EQ(drive.verdict("one-transaction"), Verdict::inconclusive);
  EXPECT_EQ(Drive(drive).request(second.request(), 200, "fullcmc").verdict("one-transaction"), Verdict::pass);
  second.controls = {codec::make_control(3, cmc_oids::transaction_id, codec::der::integer(8))};
  EXPECT_EQ(Drive(drive).request(second.request(), 200, "fullcmc").verdict("one-transaction"), Verdict::fail);
}

TEST(ClientRenegotiatesNot, TheAlertTells) {
  Drive drive;
  drive.get();
  EXPECT_EQ(drive.verdict("client-renegotiates-not"), Verdict::pass);
  drive.last().events.push_back({0, "tls", "alert-sent", "no_renegotiation"});
  EXPECT_EQ(drive.verdict("client-renegotiates-not"), Verdict::fail);
}

}  // namespace
}  // namespace conformance::checks
