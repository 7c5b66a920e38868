#include "conformance/checks/samples_test.h"

namespace conformance::checks {
namespace {

using namespace samples;

Verdict refusal(std::string_view ground, const Exchange& exchange) { return judge("refused", {{"for", ground}}, exchange).worst; }

TEST(Refused, ByTheRightLayer) {
  struct Case {
    const char* ground;
    int status;
    Verdict verdict;
  };
  for (const auto& c : {
           Case{"csr", 400, Verdict::pass},         Case{"csr", 403, Verdict::pass},
           Case{"csr", 422, Verdict::pass},         Case{"csr", 404, Verdict::inconclusive},
           Case{"csr", 405, Verdict::inconclusive}, Case{"csr", 415, Verdict::inconclusive},
           Case{"csr", 401, Verdict::inconclusive}, Case{"csr", 500, Verdict::warn},
           Case{"csr", 503, Verdict::inconclusive}, Case{"csr", 200, Verdict::fail},
           Case{"csr", 202, Verdict::inconclusive}, Case{"csr", 302, Verdict::inconclusive},
           Case{"csr", 429, Verdict::inconclusive}, Case{"credentials", 403, Verdict::pass},
           Case{"credentials", 401, Verdict::fail}, Case{"credentials", 500, Verdict::warn},
           Case{"credentials", 204, Verdict::fail}, Case{"binding", 400, Verdict::pass},
           Case{"encoding", 415, Verdict::pass},    Case{"encoding", 413, Verdict::inconclusive},
           Case{"media-type", 415, Verdict::pass},  Case{"media-type", 500, Verdict::warn},
           Case{"method", 405, Verdict::pass},      Case{"method", 501, Verdict::pass},
           Case{"method", 404, Verdict::warn},      Case{"path", 404, Verdict::pass},
           Case{"path", 500, Verdict::warn},        Case{"http", 505, Verdict::pass},
           Case{"http", 431, Verdict::pass},        Case{"authorization", 403, Verdict::pass},
       })
    EXPECT_EQ(refusal(c.ground, answered(c.status)), c.verdict) << c.ground << ' ' << c.status;
}

// RFC 7030 4.3.2, 4.4.2: 4xx or 5xx.
TEST(Refused, FullCmcAndServerkeygenMayAnswer5xx) {
  for (const char* operation : {"fullcmc", "serverkeygen"}) {
    auto made = answered(500);
    made.facts["operation"] = operation;
    EXPECT_EQ(refusal("csr", made), Verdict::pass);
    EXPECT_EQ(refusal("media-type", made), Verdict::warn);
    auto away = answered(503);
    away.facts["operation"] = operation;
    EXPECT_EQ(refusal("csr", away), Verdict::inconclusive);
  }
  auto enroll = answered(500);
  enroll.facts["operation"] = "simpleenroll";
  EXPECT_EQ(refusal("csr", enroll), Verdict::warn);
}

// RFC 7030 3.2.3: a target that wants a password asks for it by a challenge.
TEST(Refused, APasswordNobodyAskedForIsMentioned) {
  const auto told = [](const Exchange& exchange) {
    const auto outcome = judge("status", {{"is", "200"}}, exchange);
    return outcome.worst == Verdict::fail && outcome.told().find("password was not sent") != std::string::npos;
  };
  auto made = answered(403);
  EXPECT_FALSE(told(made));
  made.facts["credentials"] = "certificate and password";
  EXPECT_TRUE(told(made));
  made.facts["authorization"] = "basic";
  EXPECT_FALSE(told(made));
  made.facts = {{"credentials", "certificate"}};
  EXPECT_FALSE(told(made));
}

TEST(Refused, A401NeedsItsChallenge) {
  const auto proper = answered(401, "No.", {{"WWW-Authenticate", "Basic realm=\"est\""}});
  EXPECT_EQ(refusal("credentials", proper), Verdict::pass);
  EXPECT_EQ(refusal("client-certificate", proper), Verdict::pass);
  EXPECT_EQ(refusal("binding", proper), Verdict::pass);
  EXPECT_EQ(refusal("csr", proper), Verdict::inconclusive);
  EXPECT_TRUE(judge("refused", {{"for", "credentials"}}, answered(401)).cites("INT-13"));
}

TEST(Refused, TlsMayRefuseCertificates) {
  const auto alert = failed("read", "alert", "certificate_expired");
  EXPECT_EQ(refusal("client-certificate", alert), Verdict::pass);
  EXPECT_EQ(refusal("client-certificate", failed("handshake", "reset")), Verdict::pass);
  EXPECT_EQ(refusal("client-certificate", failed("read", "timeout")), Verdict::fail);
  EXPECT_EQ(refusal("client-certificate", failed("connect", "refused")), Verdict::fail);
  EXPECT_EQ(refusal("csr", alert), Verdict::fail);
  EXPECT_EQ(judge("refused", {{"for", "credentials"}, {"tls", "allowed"}}, alert).worst, Verdict::pass);
  EXPECT_EQ(refusal("client-certificate", failed("connect", "local")), Verdict::inconclusive);
}

TEST(Refused, ACertificateIsNoRefusal) {
  const auto device = Pki::get().device();
  EXPECT_EQ(refusal("csr", enrolled(device)), Verdict::fail);
  EXPECT_EQ(judge("refused", {{"for", "encoding"}, {"otherwise", "warn"}}, enrolled(device)).worst, Verdict::warn);
  auto hidden = enrolled(device);
  hidden.response[9] = '4';  // "HTTP/1.1 400": a certificate is one all the same
  EXPECT_EQ(refusal("csr", hidden), Verdict::fail);
}

TEST(NoCertificate, LooksIntoEveryWrapping) {
  const auto& pki = Pki::get();
  EXPECT_EQ(judge("no-certificate", {}, answered(400)).worst, Verdict::pass);
  EXPECT_EQ(judge("no-certificate", {}, enrolled(pki.device())).worst, Verdict::fail);
  EXPECT_EQ(judge("no-certificate", {}, answered(200, est::to_string(pki.device()))).worst, Verdict::fail);
  EXPECT_EQ(judge("no-certificate", {}, answered(201, est::to_string(pki.device()))).worst, Verdict::fail);
  EXPECT_EQ(judge("no-certificate", {}, failed("handshake", "alert", "bad_certificate")).worst, Verdict::pass);
  EXPECT_EQ(judge("no-certificate", {}, failed("read", "timeout")).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("no-certificate", {}, failed("connect", "local")).worst, Verdict::inconclusive);
}

TEST(NotServed, ErrorsAndSilenceAreFine) {
  EXPECT_EQ(judge("not-served", {}, answered(200)).worst, Verdict::fail);
  EXPECT_EQ(judge("not-served", {}, answered(400)).worst, Verdict::pass);
  EXPECT_EQ(judge("not-served", {}, answered(301)).worst, Verdict::pass);
  EXPECT_EQ(judge("not-served", {}, failed("read", "timeout")).worst, Verdict::pass);
  EXPECT_EQ(judge("not-served", {}, raw("\x15\x03\x01")).worst, Verdict::pass);
  EXPECT_EQ(judge("not-served", {}, failed("connect", "local")).worst, Verdict::inconclusive);
}

TEST(NoCertificate, ASignedErrorMayCarryItsSigner) {
  auto error = enrolled_with({Pki::get().other_root});
  error.response[9] = '4';
  EXPECT_EQ(judge("no-certificate", {}, error).worst, Verdict::pass);
}

}  // namespace
}  // namespace conformance::checks
