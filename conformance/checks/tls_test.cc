#include "conformance/checks/samples_test.h"

namespace conformance::checks {
namespace {

using namespace samples;

TEST(Handshake, Completed) {
  EXPECT_EQ(judge("handshake-completed", {}, connected("TLS 1.3")).worst, Verdict::pass);
  EXPECT_EQ(judge("handshake-completed", {}, failed("handshake", "alert", "handshake_failure")).worst, Verdict::fail);
  auto after = connected("TLS 1.3");
  after.failure = engine::WireFailure{"read", "alert", "", "certificate_required"};
  EXPECT_EQ(judge("handshake-completed", {}, after).worst, Verdict::fail);
  EXPECT_EQ(judge("handshake-completed", {}, failed("handshake", "local")).worst, Verdict::inconclusive);
}

TEST(TlsVersion, IsTheNegotiatedOne) {
  EXPECT_EQ(judge("tls-version", {{"is", "1.2"}}, connected("TLS 1.2")).worst, Verdict::pass);
  EXPECT_EQ(judge("tls-version", {{"is", 1.3}}, connected("TLS 1.3")).worst, Verdict::pass);
  EXPECT_EQ(judge("tls-version", {{"any-of", {"1.2", "TLS 1.3"}}}, connected("TLS 1.3")).worst, Verdict::pass);
  EXPECT_EQ(judge("tls-version", {{"is", "1.3"}}, connected("TLS 1.2")).worst, Verdict::fail);
  EXPECT_EQ(judge("tls-version", {{"is", "1.3"}}, failed("handshake", "alert", "protocol_version")).worst, Verdict::fail);
}

TEST(HandshakeRefused, NeedsADecision) {
  EXPECT_EQ(judge("handshake-refused", {}, failed("handshake", "alert", "protocol_version")).worst, Verdict::pass);
  EXPECT_EQ(judge("handshake-refused", {}, failed("handshake", "closed")).worst, Verdict::pass);
  EXPECT_EQ(judge("handshake-refused", {}, failed("handshake", "reset")).worst, Verdict::pass);
  EXPECT_EQ(judge("handshake-refused", {}, failed("handshake", "timeout")).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("handshake-refused", {}, failed("connect", "refused")).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("handshake-refused", {}, failed("handshake", "local")).worst, Verdict::inconclusive);
  const auto accepted = judge("handshake-refused", {{"interpretation", "INT-05"}}, connected("TLS 1.1"));
  EXPECT_EQ(accepted.worst, Verdict::fail);
  EXPECT_TRUE(accepted.cites("INT-05"));
}

TEST(Resumed, FullHandshakeWarns) {
  auto made = connected("TLS 1.3");
  EXPECT_EQ(judge("resumed", {}, made).worst, Verdict::warn);
  made.tls->resumed = true;
  EXPECT_EQ(judge("resumed", {}, made).worst, Verdict::pass);
  EXPECT_EQ(judge("resumed", {}, failed("handshake", "alert", "decode_error")).worst, Verdict::fail);
}

Exchange showing(const Bytes& certificate, bool verified = true) {
  auto made = connected("TLS 1.3");
  made.tls->peer_chain = {certificate};
  made.tls->verified = verified;
  made.tls->verify_error = verified ? "" : "hostname mismatch";
  return made;
}

TEST(ServerCertificate, ProfileChainAndPurpose) {
  namespace oids = est::codec::oids;
  const auto host = est::codec::make_subject_alt_name({*est::codec::parse_general_name("DNS:est.example")});
  const auto with = [&](std::vector<est::codec::Oid> purposes) {
    Plan plan;
    plan.extensions = {host, est::codec::make_extended_key_usage(purposes)};
    return showing(Pki::get().device(plan));
  };
  EXPECT_EQ(judge("server-certificate", {}, with({oids::any_extended_key_usage})).worst, Verdict::pass);
  EXPECT_EQ(judge("server-certificate", {}, with({oids::server_auth})).worst, Verdict::pass);
  EXPECT_EQ(judge("server-certificate", {}, with({oids::cmc_ra})).worst, Verdict::warn);
  EXPECT_EQ(judge("server-certificate", {}, with({oids::client_auth})).worst, Verdict::fail);
  EXPECT_EQ(judge("server-certificate", {}, showing(Pki::get().device(), false)).worst, Verdict::fail);
  EXPECT_EQ(judge("server-certificate", {}, connected("TLS 1.3")).worst, Verdict::fail);
  EXPECT_EQ(judge("server-certificate", {}, failed("handshake", "untrusted")).worst, Verdict::inconclusive);
}

TEST(ServerCertificate, ANameInTheSubjectAloneWarnsAndAWrongOneFails) {
  Plan plan;
  plan.subject = "CN=est.example";
  const auto found = judge("server-certificate", {}, showing(Pki::get().device(plan)));
  EXPECT_EQ(found.worst, Verdict::warn);
  EXPECT_TRUE(found.cites("INT-20"));
  EXPECT_EQ(judge("server-certificate", {}, showing(Pki::get().device(plan), false)).worst, Verdict::fail);
  plan.extensions = {est::codec::make_subject_alt_name({*est::codec::parse_general_name("email:admin@est.example")})};
  EXPECT_EQ(judge("server-certificate", {}, showing(Pki::get().device(plan))).worst, Verdict::warn);
  plan.extensions = {est::codec::make_subject_alt_name({*est::codec::parse_general_name("IP:192.0.2.1")})};
  EXPECT_EQ(judge("server-certificate", {}, showing(Pki::get().device(plan))).worst, Verdict::pass);
}

}  // namespace
}  // namespace conformance::checks
