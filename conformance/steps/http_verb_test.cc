#include "conformance/steps/http_verb.h"

#include "conformance/steps/corrupt.h"
#include "conformance/steps/encoding.h"
#include "conformance/steps/scripted_target_test.h"
#include "est/pki/request.h"

namespace conformance::steps {
namespace {

using engine::Json;
using ::testing::Contains;

std::vector<std::string> words(const engine::Exchange& exchange) {
  std::vector<std::string> all;
  for (const auto& event : exchange.events) all.push_back(event.layer + " " + event.what);
  return all;
}

TEST_F(DriverTest, ReadsCaCertificates) {
  const auto& exchange = perform("cacerts");
  expect_recorded();
  EXPECT_EQ(status_of(exchange), 200);
  EXPECT_EQ(exchange.method, "GET");
  EXPECT_EQ(exchange.target, "/.well-known/est/cacerts");
  EXPECT_THAT(words(exchange),
              ::testing::ElementsAre("tcp connected", "tls handshake-complete", "http request-sent", "http response-received"));
  EXPECT_EQ(exchange.tls->version, "TLS 1.3");
  EXPECT_TRUE(exchange.tls->verified);
  EXPECT_EQ(exchange.peer_close, "open");
  EXPECT_EQ(exchange.connection, 1);
  EXPECT_GT(exchange.duration_us, 0);
  EXPECT_TRUE(est::to_string(exchange.request).starts_with("GET /.well-known/est/cacerts HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_FALSE(exchange.failure);
}

TEST_F(DriverTest, EnrollsAndRenewsWithTheIssuedCertificate) {
  const auto first = perform("enroll", {{"san", {"DNS:{n}.example"}}});
  expect_recorded();
  const auto sent = est::codec::decode_certification_request(first.artefacts.at("csr"));
  ASSERT_TRUE(sent.accepted()) << est::describe_first(sent.findings);
  EXPECT_TRUE(*est::pki::verify_request(*sent.value));
  EXPECT_EQ(sent.value->key.der, first.artefacts.at("spki"));
  EXPECT_EQ(sent.value->subject.der, first.artefacts.at("subject"));
  EXPECT_EQ(est::codec::encode_general_names(est::codec::requested_subject_alt_name(*sent.value)), first.artefacts.at("san"));
  EXPECT_EQ(first.facts.at("key"), "ec-p256");

  const auto second = perform("reenroll");
  expect_recorded();
  EXPECT_EQ(status_of(second), 200);
  EXPECT_EQ(second.target, "/.well-known/est/simplereenroll");
  ASSERT_NE(last_seen().tls.peer_certificate(), nullptr);
  EXPECT_EQ(*last_seen().tls.peer_certificate(), second.artefacts.at("client-certificate"));
  EXPECT_EQ(second.artefacts.at("subject"), first.artefacts.at("subject"));
  EXPECT_NE(second.artefacts.at("spki"), first.artefacts.at("spki"));

  const auto third = perform("reenroll", {{"key-of", "step-1"}, {"certificate", "step-1"}});
  EXPECT_EQ(third.artefacts.at("spki"), first.artefacts.at("spki"));
  EXPECT_EQ(third.facts.at("certificate"), "step-1");
}

TEST_F(DriverTest, SubjectsAreUniqueAndAlsoEmpty) {
  const auto one = perform("enroll").facts.at("subject");
  const auto two = perform("enroll").facts.at("subject");
  EXPECT_NE(one, two);
  const auto empty = perform("enroll", {{"subject", "empty"}});
  EXPECT_EQ(empty.artefacts.at("subject"), (est::Bytes{0x30, 0x00}));
}

TEST_F(DriverTest, AClientCertificateIsObtainedOncePerRun) {
  const auto first = perform("reenroll");
  expect_recorded();
  EXPECT_EQ(first.facts.at("certificate"), "client");
  EXPECT_EQ(first.events.front().what, "client-certificate-obtained");
  const auto second = perform("enroll", {{"certificate", "client"}});
  EXPECT_EQ(second.artefacts.at("client-certificate"), first.artefacts.at("client-certificate"));
  EXPECT_EQ(target_.seen().size(), 3U);
}

TEST_F(DriverTest, ARevokedCertificateNeedsTheOperator) {
  perform("enroll", {{"certificate", "revoked"}});
  expect_cannot("access.operator.revoke");
}

TEST_F(DriverTest, ARevokedCertificateIsObtainedOncePerRunFromTheOperator) {
  std::vector<std::string> revoked;
  profile_.operator_actions["revoke"].call = [&](const target::OperatorAction::Values& values) -> est::Status {
    revoked.push_back(values.at("serial"));
    return {};
  };
  const auto first = perform("enroll", {{"certificate", "revoked"}, {"credentials", "certificate"}});
  expect_recorded();
  EXPECT_EQ(first.facts.at("certificate"), "revoked");
  EXPECT_EQ(first.events.front().detail, "by an enrollment, and revoked by the operator");
  const auto shown = est::codec::decode_certificate(first.artefacts.at("client-certificate"));
  EXPECT_EQ(revoked, std::vector<std::string>{shown.value->serial_hex()});
  perform("reenroll", {{"certificate", "revoked"}});
  EXPECT_EQ(revoked.size(), 1U);
}

TEST_F(DriverTest, AClientCertificateThatCannotBeObtained) {
  target_.script = [](const Seen&) { return reply(503); };
  perform("enroll", {{"certificate", "client"}});
  expect_cannot("access.identities.client");
}

TEST_F(DriverTest, RenewalWithoutCertificateCannot) {
  profile_.password.reset();
  perform("reenroll");
  expect_cannot("access.identities.client");
}

// --- proof of possession

struct Pop {
  const char* pop;
  const char* tls;
  bool right;  // what arrives is this connection's binding
};
class PopTest : public DriverTest, public ::testing::WithParamInterface<Pop> {};

TEST_P(PopTest, CarriesWhatItSays) {
  profile_.claims.insert("tls-exporter-binding");
  const auto exchange = perform("enroll", {{"pop", GetParam().pop}, {"tls", GetParam().tls}});
  expect_recorded();
  const auto seen = last_seen();
  const auto request = est::ops::read_enroll_body(seen.request.body);
  ASSERT_TRUE(request.value);
  const auto& binding = std::string(GetParam().tls) == "1.2" ? seen.tls.tls_unique : seen.tls.tls_exporter;
  ASSERT_FALSE(binding.empty());
  EXPECT_EQ(exchange.artefacts.at("binding"), binding);
  const auto password = est::codec::challenge_password(*request.value);
  EXPECT_EQ(password.value == est::ops::channel_binding_text(binding), GetParam().right);
  EXPECT_EQ(password.value.has_value(), std::string(GetParam().pop) != "none");
}

INSTANTIATE_TEST_SUITE_P(All, PopTest,
                         ::testing::Values(Pop{"auto", "1.2", true}, Pop{"right", "1.2", true}, Pop{"right", "1.3", true},
                                           Pop{"auto", "1.3", true}, Pop{"none", "1.2", false}, Pop{"wrong", "1.2", false},
                                           Pop{"malformed", "1.2", false}, Pop{"prefix", "1.2", false}, Pop{"longer", "1.2", false},
                                           Pop{"prefix", "1.3", false}, Pop{"password", "1.3", false}, Pop{"other-session", "1.2", false},
                                           Pop{"other-session", "1.3", false}, Pop{"stale", "1.2", false}, Pop{"stale", "1.3", false}),
                         [](const auto& test) {
                           std::string name = std::string(test.param.pop) + test.param.tls;
                           std::erase_if(name, [](char c) { return c == '-' || c == '.'; });
                           return name;
                         });

TEST_F(DriverTest, StaleBindingIsThatOfAnEarlierConnection) {
  const auto first = perform("enroll", {{"tls", "1.2"}});
  perform("enroll", {{"tls", "1.2"}, {"pop", "stale"}});
  const auto request = est::ops::read_enroll_body(last_seen().request.body);
  EXPECT_EQ(est::codec::challenge_password(*request.value).value, est::ops::channel_binding_text(first.artefacts.at("binding")));
}

TEST_F(DriverTest, AutoMakesNoBindingOnTls13UnlessClaimed) { EXPECT_EQ(perform("enroll", {{"tls", "1.3"}}).facts.at("pop"), "none"); }

// --- bodies

TEST_F(DriverTest, EveryEncodingArrivesAsWritten) {
  target_.script = [](const Seen&) { return reply(400); };
  for (const auto& encoding : encodings()) {
    if (encoding.ends_with("megabytes")) continue;  // more than the target reads
    const auto exchange = perform("enroll", {{"encoding", encoding}});
    expect_recorded();
    EXPECT_EQ(last_seen().request.body, exchange.artefacts.at("sent-body")) << encoding;
    EXPECT_EQ(encode_body(encoding, exchange.artefacts.at("csr")), exchange.artefacts.at("sent-body")) << encoding;
  }
}

TEST_F(DriverTest, EveryCorruptionIsSent) {
  target_.script = [](const Seen&) { return reply(400); };
  for (const auto& corruption : corruptions()) {
    const auto exchange = perform("enroll", {{"corrupt", corruption.name}});
    expect_recorded();
    EXPECT_NE(exchange.artefacts.at("csr"), exchange.artefacts.at("csr-before")) << corruption.name;
    // The answer to a body the target does not read to its end may be lost in a reset.
    EXPECT_TRUE(status_of(exchange) >= 400 || (corruption.name == "oversized" && exchange.failure)) << corruption.name;
  }
}

TEST_F(DriverTest, FramingAsAsked) {
  for (const Json& parameters : {Json{{"transfer", "chunked"}}, Json{{"expect-continue", true}}, Json{{"split", 5}},
                                 Json{{"transfer", "chunked"}, {"expect-continue", true}}, Json{{"transfer", "chunked-extensions"}},
                                 Json{{"transfer", "chunked-trailers"}}, Json{{"transfer", "chunked-odd-sizes"}}}) {
    const auto exchange = perform("enroll", parameters);
    expect_recorded();
    EXPECT_EQ(status_of(exchange), 200) << parameters;
    EXPECT_EQ(last_seen().request.body, exchange.artefacts.at("sent-body")) << parameters;
  }
  EXPECT_THAT(words(evidence_.exchanges.at(1)), Contains("http continue-received"));
}

TEST_F(DriverTest, HeadersHaveTheLastWord) {
  perform(
      "enroll",
      {{"headers", {{"Accept", nullptr}, {"X-Extra", "1"}, {"user-agent", "other"}}}, {"content-type", "text/plain"}, {"method", "PUT"}});
  const auto request = last_seen().request;
  EXPECT_FALSE(request.fields.has("Accept"));
  EXPECT_EQ(request.fields.get("X-Extra"), "1");
  EXPECT_EQ(request.fields.all("User-Agent"), std::vector<std::string>{"other"});
  EXPECT_EQ(request.fields.get("Content-Type"), "text/plain");
  EXPECT_EQ(request.method, "PUT");
  perform("enroll", {{"content-type", "none"}});
  EXPECT_FALSE(last_seen().request.fields.has("Content-Type"));
}

TEST_F(DriverTest, HeadersOfTheProfileComeBeforeThoseOfTheStep) {
  profile_.request_headers = {{"Content-Transfer-Encoding", "base64"}, {"X-Tenant", "7"}};
  perform("enroll", {{"headers", {{"content-transfer-encoding", nullptr}}}});
  EXPECT_FALSE(last_seen().request.fields.has("Content-Transfer-Encoding"));
  EXPECT_EQ(last_seen().request.fields.get("X-Tenant"), "7");
}

TEST_F(DriverTest, ArbitraryRequests) {
  perform("request", {{"operation", "serverkeygen"}, {"body-hex", "00 ff"}, {"content-type", "application/x"}, {"label", "two"}});
  EXPECT_EQ(last_seen().request.target, "/.well-known/est/two/serverkeygen");
  EXPECT_EQ(last_seen().request.body, (est::Bytes{0x00, 0xff}));
  perform("request", {{"path", "/"}, {"method", "OPTIONS"}});
  EXPECT_EQ(last_seen().request.target, "/");
  perform("request", {{"body-hex", "0"}});
  EXPECT_EQ(outcome_.kind, engine::StepOutcome::Kind::fault);
}

TEST_F(DriverTest, ArbitraryRequestsPresentNothingUnlessTold) {
  const auto facts = [&](const Json& parameters) { return perform("request", parameters).facts.at("credentials"); };
  EXPECT_EQ(facts({{"operation", "cacerts"}}), "none");
  EXPECT_EQ(facts({{"operation", "cacerts"}, {"credentials", "default"}}), "password");
  EXPECT_EQ(facts({{"operation", "cacerts"}, {"credentials", "both"}}), "certificate and password");
}

TEST_F(DriverTest, ResendIsTheSameRequest) {
  const auto first = perform("enroll", {{"tls", "1.2"}});
  const auto again = perform("enroll", {{"tls", "1.2"}, {"resend", "step-1"}});
  EXPECT_EQ(again.artefacts.at("csr"), first.artefacts.at("csr"));
  EXPECT_NE(again.artefacts.at("binding"), first.artefacts.at("binding"));
  EXPECT_EQ(again.facts.at("retry-of"), "step-1");
}

// --- labels and limits

TEST_F(DriverTest, FeaturesLiveAtLabels) {
  profile_.label = "usual";
  profile_.labels["manual-approval"] = "manual";
  EXPECT_EQ(perform("cacerts").target, "/.well-known/est/usual/cacerts");
  EXPECT_EQ(perform("cacerts", {{"at", "manual-approval"}}).target, "/.well-known/est/manual/cacerts");
  EXPECT_EQ(perform("cacerts", {{"at", "http-basic"}}).target, "/.well-known/est/usual/cacerts");
  EXPECT_EQ(perform("cacerts", {{"label", ""}}).target, "/.well-known/est/cacerts");
  perform("cacerts", {{"at", "pop-required"}});
  expect_cannot("access.labels.pop-required");
}

TEST_F(DriverTest, CertificatesAreLimited) {
  profile_.limits.max_certificates = 1;
  perform("enroll");
  expect_recorded();
  perform("enroll");
  expect_cannot("limits.certificates");
}

TEST_F(DriverTest, RequestsArePaced) {
  profile_.limits.requests_per_second = 20;
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 4; ++i) perform("cacerts");
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(140));
}

}  // namespace
}  // namespace conformance::steps
