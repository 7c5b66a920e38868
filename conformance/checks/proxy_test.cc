#include <gmock/gmock.h>

#include "conformance/checks/samples_test.h"
#include "est/http/values.h"

namespace conformance::checks::samples {
namespace {

// What came to the front, and what went upstream meanwhile.
class Passage {
 public:
  Passage(std::string_view operation, std::string_view answer) {
    front_.name = "step-1";
    front_.verb = "enroll";
    front_.method = "POST";
    front_.response = to(answer);
    front_.facts["operation"] = operation;
    front_.facts["connections"] = "1";
    front_.facts["client-secret-upstream"] = "no";
  }
  Passage& upstream(std::string_view target, std::string_view request, std::string_view answer,
                    std::string_view operation = "simpleenroll") {
    Exchange exchange;
    exchange.name = "step-1/" + std::to_string(peers_.size() + 1);
    exchange.phase = engine::Phase::peer;
    exchange.verb = "request";
    exchange.method = std::string(request.substr(0, request.find(' ')));
    exchange.target = target;
    exchange.request = to(request);
    exchange.response = to(answer);
    exchange.facts = {{"operation", std::string(operation)}, {"let-in", "true"}, {"server", "first"}};
    peers_.push_back(std::move(exchange));
    return *this;
  }
  Passage& parameters(Json parameters) {
    front_.parameters = std::move(parameters);
    return *this;
  }
  Passage& fact(const std::string& name, const std::string& value) {
    front_.facts[name] = value;
    return *this;
  }

  Verdict judge(const std::string& check, const Json& parameters = Json::object()) const {
    Evidence evidence;
    evidence.started = now;
    evidence.exchanges.push_back(front_);
    for (const auto& peer : peers_) evidence.exchanges.push_back(peer);
    const Json target{{"role", "proxy"},
                      {"access", {{"label", ""}, {"labels", {{"other", "ours"}}}}},
                      {"upstream", {{"labels", {{"ours", "theirs"}}}, {"registration-authority", "00"}, {"ca-certificates", {"00"}}}}};
    engine::Vocabulary vocabulary;
    add_checks(vocabulary);
    Verdict worst = Verdict::pass;
    for (const auto& result : vocabulary.check(check)->run({evidence, evidence.exchanges.front(), parameters, target, false}))
      worst = std::max(worst, result.verdict);
    return worst;
  }

 private:
  static Bytes to(std::string_view text) { return est::to_bytes(text); }
  Exchange front_;
  std::vector<Exchange> peers_;
};

constexpr std::string_view post = "POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
std::string answer(int status, std::string_view fields = "", std::string_view body = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: text/plain\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

TEST(ProxyChecks, TroubleBehindTheProxyIsAServerError) {
  EXPECT_EQ(Passage("simpleenroll", answer(502)).judge("blames-upstream"), Verdict::pass);
  EXPECT_EQ(Passage("simpleenroll", answer(503, "Retry-After: 5\r\n")).judge("blames-upstream"), Verdict::pass);
  EXPECT_EQ(Passage("simpleenroll", answer(503)).judge("blames-upstream"), Verdict::warn);
  EXPECT_EQ(Passage("simpleenroll", answer(500)).judge("blames-upstream"), Verdict::warn);
  EXPECT_EQ(Passage("simpleenroll", answer(400)).judge("blames-upstream"), Verdict::fail);
  EXPECT_EQ(Passage("simpleenroll", answer(200)).judge("blames-upstream"), Verdict::fail);
}

TEST(ProxyChecks, RetryAfterMeansTheSameInEitherForm) {
  const auto passed = [](std::string_view upstream, std::string_view front) {
    return Passage("simpleenroll", answer(202, front))
        .upstream("/.well-known/est/simpleenroll", post, answer(202, upstream))
        .judge("passed-retry");
  };
  const std::string date = "Retry-After: " + est::http::http_date(now + 30) + "\r\n";
  EXPECT_EQ(passed("Retry-After: 30\r\n", "Retry-After: 30\r\n"), Verdict::pass);
  EXPECT_EQ(passed(date, "Retry-After: 30\r\n"), Verdict::pass);
  EXPECT_EQ(passed("Retry-After: 30\r\n", date), Verdict::pass);
  EXPECT_EQ(passed("Retry-After: 30\r\n", "Retry-After: 10\r\n"), Verdict::fail);
  EXPECT_EQ(passed("Retry-After: 30\r\n", ""), Verdict::fail);
  EXPECT_EQ(passed("", "Retry-After: 30\r\n"), Verdict::inconclusive);
}

TEST(ProxyChecks, LabelsAreHeldAgainstTheProfilesMap) {
  const auto judged = [](const Json& parameters, std::string_view target) {
    return Passage("simpleenroll", answer(200)).parameters(parameters).upstream(target, post, answer(200)).judge("forwarded-label");
  };
  EXPECT_EQ(judged(Json::object(), "/.well-known/est/simpleenroll"), Verdict::pass);
  EXPECT_EQ(judged(Json::object(), "/.well-known/est/theirs/simpleenroll"), Verdict::fail);
  EXPECT_EQ(judged({{"at", "other"}}, "/.well-known/est/theirs/simpleenroll"), Verdict::pass);
  EXPECT_EQ(judged({{"at", "other"}}, "/.well-known/est/ours/simpleenroll"), Verdict::fail);
  EXPECT_EQ(judged({{"label", "free"}}, "/.well-known/est/free/simpleenroll"), Verdict::pass);
}

TEST(ProxyChecks, CountsWhatWasLetInUpstream) {
  Passage passage("simpleenroll", answer(200));
  EXPECT_EQ(passage.judge("upstream-spared"), Verdict::pass);
  EXPECT_EQ(passage.judge("upstream-asked", {{"times", 1}}), Verdict::fail);
  passage.upstream("/.well-known/est/simpleenroll", post, answer(200));
  EXPECT_EQ(passage.judge("upstream-spared"), Verdict::fail);
  EXPECT_EQ(passage.judge("upstream-asked", {{"times", 1}}), Verdict::pass);
  passage.upstream("/.well-known/est/simpleenroll", post, answer(200));
  EXPECT_EQ(passage.judge("upstream-asked", {{"times", 1}}), Verdict::fail);
}

TEST(ProxyChecks, CredentialsUpstreamAreTheProxysOwn) {
  Passage nothing("simpleenroll", answer(200));
  nothing.upstream("/.well-known/est/simpleenroll", post, answer(200));
  EXPECT_EQ(nothing.judge("own-identity"), Verdict::fail);
  Passage password("simpleenroll", answer(200));
  password.upstream("/.well-known/est/simpleenroll",
                    "POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ***\r\nContent-Length: 0\r\n\r\n",
                    answer(200));
  EXPECT_EQ(password.judge("own-identity"), Verdict::pass);
  EXPECT_EQ(password.fact("client-secret-upstream", "yes").judge("no-client-secret-upstream"), Verdict::fail);
  EXPECT_EQ(nothing.judge("no-client-secret-upstream"), Verdict::pass);
}

TEST(ProxyChecks, SecretsInAnswersAreSeen) {
  EXPECT_EQ(Passage("simpleenroll", answer(502)).judge("no-secret-in-answer"), Verdict::pass);
  EXPECT_EQ(Passage("simpleenroll", answer(502)).fact("secret-in-answer", "yes").judge("no-secret-in-answer"), Verdict::fail);
}

TEST(ProxyChecks, StatusAndSentenceOfARefusalPass) {
  Passage passage("simpleenroll", answer(400, "", "The serial number is not known."));
  passage.upstream("/.well-known/est/simpleenroll", post, answer(400, "", "The serial number is not known.\n"));
  EXPECT_EQ(passage.judge("passed-status"), Verdict::pass);
  EXPECT_EQ(passage.judge("passed-words"), Verdict::pass);
  Passage page("simpleenroll", answer(403, "", "No."));
  page.upstream("/.well-known/est/simpleenroll", post, answer(400, "", "The serial number is not known."));
  EXPECT_EQ(page.judge("passed-status"), Verdict::fail);
  EXPECT_EQ(page.judge("passed-words"), Verdict::fail);
}

TEST(ProxyChecks, NoCertificatesOfTheUpstreamIsAFailureUnlessTheAnswerIsAnError) {
  EXPECT_EQ(Passage("cacerts", answer(200, "", "nothing")).judge("cacerts-of-upstream"), Verdict::fail);
  EXPECT_EQ(Passage("cacerts", answer(502)).judge("cacerts-of-upstream"), Verdict::fail);
  EXPECT_EQ(Passage("cacerts", answer(502)).judge("cacerts-of-upstream", {{"or-none", true}}), Verdict::pass);
}

}  // namespace
}  // namespace conformance::checks::samples
