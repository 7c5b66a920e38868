#include "conformance/checks/samples_test.h"

namespace conformance::checks {
namespace {

using namespace samples;

TEST(CertificateRequest, WhenItCame) {
  const auto seen = [](const char* when) { return connected("TLS 1.3", {{"certificate-request", when}}); };
  EXPECT_EQ(verdict_of("certificate-request", seen("late")), Verdict::pass);
  EXPECT_EQ(verdict_of("certificate-request", seen("never")), Verdict::fail);
  EXPECT_EQ(verdict_of("certificate-request", seen("never"), {{"when", "never"}}), Verdict::pass);
  EXPECT_EQ(verdict_of("certificate-request", seen("in the handshake"), {{"when", "not late"}}), Verdict::pass);
  EXPECT_EQ(verdict_of("certificate-request", seen("late"), {{"when", "not late"}}), Verdict::fail);
  EXPECT_EQ(verdict_of("certificate-request", failed("handshake", "alert", "handshake_failure")), Verdict::fail);
}

TEST(Renegotiation, RefusedOrSecure) {
  auto done = connected("TLS 1.2", {{"renegotiated", "yes"}});
  EXPECT_EQ(verdict_of("renegotiation", done), Verdict::fail);
  done.tls->secure_renegotiation = true;
  EXPECT_EQ(verdict_of("renegotiation", done), Verdict::pass);
  EXPECT_EQ(verdict_of("renegotiation", failed("handshake", "alert", "no_renegotiation")), Verdict::pass);
  EXPECT_EQ(verdict_of("renegotiation", failed("handshake", "timeout")), Verdict::fail);
  EXPECT_EQ(verdict_of("renegotiation", connected()), Verdict::inconclusive);
}

TEST(Sessions, NotResumedAndNoEarlyData) {
  auto made = connected("TLS 1.2", {{"session-offered", "yes"}});
  EXPECT_EQ(verdict_of("not-resumed", made), Verdict::pass);
  made.tls->resumed = true;
  EXPECT_EQ(verdict_of("not-resumed", made), Verdict::fail);
  EXPECT_EQ(verdict_of("not-resumed", connected("TLS 1.2", {{"session-offered", "no"}})), Verdict::inconclusive);
  EXPECT_EQ(verdict_of("no-early-data", connected("TLS 1.3", {{"early-data", "0"}})), Verdict::pass);
  EXPECT_EQ(verdict_of("no-early-data", connected("TLS 1.3", {{"early-data", "16384"}})), Verdict::warn);
}

TEST(Alpn, OnlyWhatWasOffered) {
  const auto chose = [](const char* protocol, Json offered) {
    auto made = connected();
    made.tls->alpn = protocol;
    made.parameters = {{"alpn", std::move(offered)}};
    return made;
  };
  EXPECT_EQ(verdict_of("alpn", chose("http/1.1", {"h2", "http/1.1"})), Verdict::pass);
  EXPECT_EQ(verdict_of("alpn", chose("", {"h2", "http/1.1"})), Verdict::pass);
  EXPECT_EQ(verdict_of("alpn", chose("spdy/1", {"h2", "http/1.1"})), Verdict::fail);
  auto refused = failed("handshake", "alert", "no_application_protocol");
  refused.parameters = {{"alpn", {"h3"}}};
  EXPECT_EQ(verdict_of("alpn", refused), Verdict::pass);
  refused.parameters = {{"alpn", {"http/1.1"}}};
  EXPECT_EQ(verdict_of("alpn", refused), Verdict::fail);
}

TEST(UnknownName, PassedOverOrNamed) {
  EXPECT_EQ(verdict_of("unknown-name", connected()), Verdict::pass);
  EXPECT_EQ(verdict_of("unknown-name", failed("handshake", "alert", "unrecognized_name")), Verdict::pass);
  EXPECT_EQ(verdict_of("unknown-name", failed("handshake", "closed")), Verdict::fail);
  EXPECT_EQ(verdict_of("unknown-name", failed("connect", "unreachable")), Verdict::inconclusive);
}

Exchange showing(std::vector<Bytes> chain, std::string version = "TLS 1.2") {
  auto made = connected(std::move(version));
  made.tls->peer_chain = std::move(chain);
  return made;
}

TEST(ServerCertificates, OrderStrengthAndNames) {
  const auto& pki = Pki::get();
  EXPECT_EQ(verdict_of("certificate-order", showing({pki.device(), pki.root})), Verdict::pass);
  EXPECT_EQ(verdict_of("certificate-order", showing({pki.device(), pki.other_root})), Verdict::fail);
  EXPECT_EQ(verdict_of("certificate-order", showing({pki.device(), pki.other_root}, "TLS 1.3")), Verdict::warn);
  EXPECT_EQ(verdict_of("certificate-strength", showing({pki.device(), pki.root})), Verdict::pass);
  const auto weak = est::crypto::PrivateKey::generate(est::crypto::KeyType::rsa_1024);
  EXPECT_EQ(verdict_of("certificate-strength", showing({pki.certify({}, pki.root_key, weak->public_key_info())})), Verdict::fail);
  const auto named = [&](const std::string& subject, const std::vector<std::string>& names) {
    Plan plan;
    plan.subject = subject;
    std::vector<est::codec::GeneralName> all;
    for (const auto& name : names) all.push_back(*est::codec::parse_general_name(name));
    if (!all.empty()) plan.extensions = {est::codec::make_subject_alt_name(all)};
    return showing({pki.device(plan)});
  };
  EXPECT_EQ(verdict_of("certificate-names", named("CN=est server", {"DNS:est.example"})), Verdict::pass);
  EXPECT_EQ(verdict_of("certificate-names", named("CN=EST.example", {"DNS:est.example"})), Verdict::pass);
  EXPECT_EQ(verdict_of("certificate-names", named("CN=est.example", {})), Verdict::warn);
  EXPECT_EQ(verdict_of("certificate-names", named("CN=est", {"DNS:*.example"})), Verdict::warn);
}

}  // namespace
}  // namespace conformance::checks
