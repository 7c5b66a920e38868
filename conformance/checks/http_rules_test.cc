#include "conformance/checks/samples_test.h"
#include "est/base/text.h"
#include "est/http/values.h"

namespace conformance::checks {
namespace {

using namespace samples;

constexpr std::string_view fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr std::string_view wrong = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view last = "HTTP/1.1 400 Bad Request\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n";

Exchange octets(std::string_view response, std::string_view request = "GET / HTTP/1.1\r\n\r\n") {
  auto made = samples::raw(response);
  made.method.clear();
  made.request = est::to_bytes(request);
  return made;
}

std::string both(std::string_view a, std::string_view b) { return std::string(a) + std::string(b); }

Exchange closed(Exchange exchange) {
  exchange.peer_close = "close_notify";
  return exchange;
}

Exchange cut_off(std::string cause) {
  auto made = failed("read", std::move(cause));
  made.method.clear();
  return made;
}

TEST(NoLengthWithoutBody, LooksAt204And1xxOnly) {
  const auto verdict = [](std::string_view response) { return judge("no-length-without-body", {}, octets(response)).worst; };
  EXPECT_EQ(verdict(fine), Verdict::pass);
  EXPECT_EQ(verdict("HTTP/1.1 204 No Content\r\n\r\n"), Verdict::pass);
  EXPECT_EQ(verdict("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"), Verdict::warn);
  EXPECT_EQ(verdict("HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n"), Verdict::fail);
  EXPECT_EQ(verdict("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"), Verdict::fail);
  EXPECT_EQ(verdict(both("HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\n", fine)), Verdict::fail);
  EXPECT_EQ(judge("no-length-without-body", {}, cut_off("closed")).worst, Verdict::fail);
}

TEST(SingleResponse, CountsFinalResponses) {
  EXPECT_EQ(judge("single-response", {}, octets(fine)).worst, Verdict::pass);
  EXPECT_EQ(judge("single-response", {}, octets(both("HTTP/1.1 100 Continue\r\n\r\n", fine))).worst, Verdict::pass);
  EXPECT_EQ(judge("single-response", {}, octets(both(wrong, fine))).worst, Verdict::fail);
  EXPECT_EQ(judge("single-response", {}, octets(both(fine, "garbage"))).worst, Verdict::fail);
  EXPECT_EQ(judge("single-response", {}, cut_off("closed")).worst, Verdict::pass);
  EXPECT_EQ(judge("single-response", {}, failed("connect", "local")).worst, Verdict::inconclusive);
}

TEST(Closes, ByActOrByWord) {
  EXPECT_EQ(judge("closes", {}, closed(octets(fine))).worst, Verdict::pass);
  EXPECT_EQ(judge("closes", {}, octets(last)).worst, Verdict::pass);
  EXPECT_EQ(judge("closes", {}, octets(fine)).worst, Verdict::fail);
  auto hangs = cut_off("timeout");
  hangs.peer_close = "open";
  EXPECT_EQ(judge("closes", {}, hangs).worst, Verdict::fail);
  EXPECT_EQ(judge("closes", {}, cut_off("closed")).worst, Verdict::pass);
}

TEST(Responses, ComeInTheirOrder) {
  const Json rule{{"statuses", {200, "4xx"}}};
  EXPECT_EQ(judge("responses", rule, octets(both(fine, wrong))).worst, Verdict::pass);
  EXPECT_EQ(judge("responses", rule, octets(both(wrong, fine))).worst, Verdict::fail);
  EXPECT_EQ(judge("responses", rule, octets(fine)).worst, Verdict::fail);
  EXPECT_EQ(judge("responses", rule, octets(both(fine, both(wrong, fine)))).worst, Verdict::fail);
  EXPECT_EQ(judge("responses", rule, cut_off("timeout")).worst, Verdict::fail);
}

TEST(Responses, MayBeFewerWhenTheCloseWasAnnounced) {
  const Json strict{{"statuses", {400, 200}}};
  EXPECT_EQ(judge("responses", strict, octets(last)).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("responses", {{"statuses", {400, 200}}, {"may-close", true}}, octets(last)).worst, Verdict::pass);
  EXPECT_EQ(judge("responses", {{"statuses", {404, 200}}, {"may-close", true}}, octets(wrong)).worst, Verdict::fail);
}

TEST(Responses, OneOfSeveralSoManyTimes) {
  const Json rule{{"any-of", {"4xx", 503}}, {"times", 3}};
  const std::string three = both(wrong, both(wrong, wrong));
  EXPECT_EQ(judge("responses", rule, octets(three)).worst, Verdict::pass);
  EXPECT_EQ(judge("responses", rule, octets(both(wrong, both(fine, wrong)))).worst, Verdict::fail);
  EXPECT_EQ(judge("responses", rule, octets(both(three, wrong))).worst, Verdict::fail);
  EXPECT_EQ(judge("responses", rule, closed(octets(wrong))).worst, Verdict::fail);
  const Json dropping{{"any-of", {"4xx"}}, {"times", 3}, {"may-drop", true}};
  EXPECT_EQ(judge("responses", dropping, closed(octets(wrong))).worst, Verdict::pass);
  EXPECT_EQ(judge("responses", dropping, octets(last)).worst, Verdict::pass);
  EXPECT_EQ(judge("responses", dropping, octets(wrong)).worst, Verdict::fail) << "left open, and silent";
}

TEST(Coped, AnyDecisionButABreakdown) {
  for (const int status : {200, 301, 400, 404, 414, 431, 501, 505}) EXPECT_EQ(judge("coped", {}, answered(status)).worst, Verdict::pass);
  EXPECT_EQ(judge("coped", {}, answered(500)).worst, Verdict::fail);
  EXPECT_EQ(judge("coped", {}, answered(503)).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("coped", {{"never", {"2xx"}}}, answered(200)).worst, Verdict::fail);
  EXPECT_EQ(judge("coped", {{"warn", {"2xx"}}}, answered(200)).worst, Verdict::warn);
  for (const auto* cause : {"closed", "reset", "alert"}) EXPECT_EQ(judge("coped", {}, cut_off(cause)).worst, Verdict::pass);
  EXPECT_EQ(judge("coped", {}, cut_off("timeout")).worst, Verdict::fail);
  EXPECT_EQ(judge("coped", {}, failed("connect", "closed")).worst, Verdict::fail);
  auto waits = cut_off("timeout");
  waits.response = est::to_bytes("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(judge("coped", {}, waits).worst, Verdict::warn);
}

TEST(SameCacerts, ComparesSets) {
  const auto& pki = Pki::get();
  const auto bag = [](const std::vector<Bytes>& certificates, std::string name) {
    return exchange(est::ops::cacerts_response(certificates), std::move(name));
  };
  const auto first = bag({pki.root, pki.other_root}, "first");
  EXPECT_EQ(judge("same-cacerts", {{"as", "first"}}, {first, bag({pki.other_root, pki.root}, "next")}).worst, Verdict::pass);
  EXPECT_EQ(judge("same-cacerts", {{"as", "first"}}, {first, bag({pki.root}, "next")}).worst, Verdict::fail);
  EXPECT_EQ(judge("same-cacerts", {{"as", "first"}}, {first, answered(404)}).worst, Verdict::fail);
  EXPECT_EQ(judge("same-cacerts", {{"as", "none"}}, {first, bag({pki.root}, "next")}).worst, Verdict::inconclusive);
}

Exchange head(std::string_view response) {
  auto made = samples::raw(response);
  made.method = "HEAD";
  return made;
}

TEST(HeadLike, ComparesWithGet) {
  auto get = octets("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok");
  get.name = "get";
  get.method = "GET";
  const auto verdict = [&](std::string_view response) { return judge("head-like", {{"get", "get"}}, {get, head(response)}).worst; };
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\n"), Verdict::pass);
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n"), Verdict::pass);
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\n\r\n"), Verdict::warn);
  EXPECT_EQ(verdict("HTTP/1.1 405 Not Allowed\r\nAllow: GET\r\n\r\n"), Verdict::pass);
  EXPECT_EQ(verdict("HTTP/1.1 404 Not Found\r\n\r\n"), Verdict::fail);
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\n"), Verdict::fail);
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok"), Verdict::fail);
}

TEST(Dated, WantsImfFixdate) {
  const auto with = [](std::string value) { return answered(200, "x", {{"Date", std::move(value)}}); };
  EXPECT_EQ(judge("dated", {}, with(est::http::http_date(now))).worst, Verdict::pass);
  EXPECT_EQ(judge("dated", {}, with("Sunday, 06-Nov-94 08:49:37 GMT")).worst, Verdict::fail);
  EXPECT_EQ(judge("dated", {}, with("yesterday")).worst, Verdict::fail);
  EXPECT_EQ(judge("dated", {}, answered(200)).worst, Verdict::warn);
}

TEST(ContentCoding, IsNamedAndAskedFor) {
  const std::string packed = "\x1f\x8b\x08 and so on";
  EXPECT_EQ(judge("content-coding", {}, answered(200)).worst, Verdict::pass);
  EXPECT_EQ(judge("content-coding", {}, answered(200, packed)).worst, Verdict::fail);
  const auto coded = answered(200, packed, {{"Content-Encoding", "GZIP"}});
  EXPECT_EQ(judge("content-coding", {}, coded).worst, Verdict::fail);
  EXPECT_EQ(judge("content-coding", {{"accepted", {"gzip"}}}, coded).worst, Verdict::pass);
}

TEST(NoInterim, OnlyTheFinalResponse) {
  EXPECT_EQ(judge("no-interim", {}, octets(fine)).worst, Verdict::pass);
  EXPECT_EQ(judge("no-interim", {}, octets(both("HTTP/1.1 100 Continue\r\n\r\n", fine))).worst, Verdict::fail);
}

TEST(ChallengeOn401, OtherOutcomesPass) {
  EXPECT_EQ(judge("challenge-on-401", {}, answered(401)).worst, Verdict::fail);
  EXPECT_EQ(judge("challenge-on-401", {}, answered(401, "x", {{"WWW-Authenticate", "Basic realm=\"a\""}})).worst, Verdict::pass);
  EXPECT_EQ(judge("challenge-on-401", {}, answered(403)).worst, Verdict::pass);
  EXPECT_EQ(judge("challenge-on-401", {}, cut_off("alert")).worst, Verdict::pass);
  EXPECT_EQ(judge("challenge-on-401", {}, cut_off("timeout")).worst, Verdict::fail);
}

TEST(BodyWithout, LooksForTheText) {
  EXPECT_EQ(judge("body-without", {{"text", "secret"}}, answered(200, "a SECRET")).worst, Verdict::fail);
  EXPECT_EQ(judge("body-without", {{"text", "secret"}}, answered(405, "no")).worst, Verdict::pass);
}

}  // namespace
}  // namespace conformance::checks
