// Golden files: what the writers write, word for word. After a wanted change run with ESTSPEC_UPDATE_GOLDEN=1 and read the difference.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "conformance/engine/json.h"
#include "conformance/report/reproduce.h"
#include "conformance/report/results.h"
#include "conformance/report/transcript.h"
#include "est/base/file.h"

namespace conformance::report {
namespace {

using engine::Exchange;
using engine::Json;
using engine::Level;
using engine::Phase;
using engine::ScenarioResult;
using engine::Verdict;
using ::testing::HasSubstr;
using ::testing::Not;

void expect_golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(ESTSPEC_SOURCE_DIR) + "/conformance/report/testdata/" + name;
  if (std::getenv("ESTSPEC_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(est::write_file(path, actual).ok());
  }
  const auto expected = est::read_file(path);
  ASSERT_TRUE(expected.ok()) << path;
  EXPECT_EQ(actual, *expected) << "see the comment at the top of report_test.cc";
}

ScenarioResult result(const std::string& id, Verdict verdict, const std::string& cause) {
  ScenarioResult one;
  one.id = id;
  one.title = "A title with <angles> & \"quotes\"";
  one.role = "server";
  one.section = "RFC 7030 4.2.1";
  one.requirements = {"R7030-3.4-1"};
  one.verdict = verdict;
  one.cause = cause;
  one.seconds = 0.25;
  if (verdict != Verdict::not_applicable) one.evidence = "evidence/" + id + "/evidence.json";
  return one;
}

ScenarioResult failure() {
  ScenarioResult one = result("EST-SE-014", Verdict::fail, "The target answered 200 OK with a certificate.");
  one.control = "passed";
  one.checks = {{"no-certificate", "step-1", Verdict::fail, "The target answered 200 OK with a certificate.",
                 "a 4xx or 5xx answer, or a TLS alert", "INT-13", "policy"},
                {"status: {any-of: [4xx]}", "step-1", Verdict::pass, "The target answered 404.", "", "", "HTTP"}};
  for (int i = 1; i <= 14; ++i) one.events.push_back("step-1: http event " + std::to_string(i));
  one.reproduce = "curl -sS -i 'https://localhost:8085/x'";
  return one;
}

// One of each verdict, with text from a hostile wire.
Results sample() {
  Results results;
  results.suite_version = "0.1.0";
  results.scenario_set = "built-in";
  results.digest = std::string(64, 'a');
  results.target = Json{{"name", "Enroller"}, {"vendor", "Acme"}, {"version", "4.2"}, {"access", {{"url", "https://localhost:8085"}}}};
  results.started = 1763670116;
  results.seconds = 3.21;
  results.command = "estspec server --profile acme.yaml";
  results.scenarios = {result("EST-SE-001", Verdict::pass, ""), failure()};
  auto warn = result("EST-SE-002/ec-p256", Verdict::warn, "The body was HTML: \x1b[31m\xFF <html>]]>");
  warn.level = Level::should;
  warn.section = "RFC 8951 3";
  warn.checks = {{"error-body", "step-1", Verdict::warn, "The body was HTML: \x1b[31m\xFF <html>]]>", "text/plain", "INT-19", "HTTP"}};
  auto inconclusive = result("EST-SE-003", Verdict::inconclusive, "The profile has no password.");
  inconclusive.cure = "set access.password";
  inconclusive.control = "not run: the profile has no password";
  results.scenarios.insert(
      results.scenarios.end(),
      {warn, inconclusive, result("EST-SE-004", Verdict::not_applicable, "needs 'http-digest'"),
       result("EST-SE-005", Verdict::not_applicable, "needs 'http-digest'"), result("EST-SE-006", Verdict::error, "out of memory")});
  auto known = result("EST-SE-007", Verdict::fail, "The target answered 200 OK.");
  known.deviation = {"the old firmware cannot", "Jo Doe", "2026-12-31"};
  results.scenarios.push_back(known);
  results.stale = {{"EST-SE-001", "the scenario passes, though FAIL is listed; remove the entry [acme.yaml:12]"}};
  results.review = {{"http-digest", true, "a request without credentials answered 401, challenge basic"}};
  results.certificates = {{"0a1b", "CN=CA,O=Acme", "CN=dev \"1\",O=Acme", 1795206116, "EST-SE-001", "step-1"}};
  return results;
}

std::vector<engine::Scenario> scenarios() {
  engine::Scenario scenario;
  scenario.id = "EST-SE-014";
  scenario.mutation = "one bit of the signature";
  scenario.why =
      "Whoever can alter a request in transit would otherwise choose the key. The usual cause is that checking was left to the CA behind, "
      "which trusts its front end.";
  scenario.steps = {{"enroll", Json{{"key", "ec-p256"}, {"corrupt", "signature"}}, "step-1", {}}};
  return {scenario};
}

engine::Catalogue catalogue() {
  engine::Catalogue result;
  engine::Requirement requirement;
  requirement.id = "R7030-3.4-1";
  requirement.rfc = "7030";
  requirement.section = "3.4";
  requirement.role = "server";
  requirement.level = "MUST";
  requirement.text = "The server verifies the signature of every certification request before it acts on it.";
  result.requirements = {requirement};
  result.interpretations = {{"INT-13", "401 or 403 for a missing certificate", "", "", {}}};
  return result;
}

TEST(Report, ResultsJson) { expect_golden("results.json", engine::print_json(to_json(sample())) + "\n"); }
TEST(Report, JunitXml) { expect_golden("junit.xml", junit_xml(sample())); }
TEST(Report, TextSummary) { expect_golden("summary.txt", text_summary(sample(), scenarios(), catalogue(), {.folder = "out"})); }

// INCONCLUSIVE outranks WARN; what was found must be seen all the same.
TEST(Report, AWarningIsToldBesideAWorseVerdict) {
  auto results = sample();
  const std::string plain = text_summary(results, {}, {}, {});
  EXPECT_THAT(plain, Not(HasSubstr("warned besides")));
  auto both = result("EST-SE-008", Verdict::inconclusive, "There is no certificate to look at.");
  both.checks = {{"validity", "step-1", Verdict::inconclusive, "There is no certificate to look at.", "a certificate", "", "policy"},
                 {"error-body", "step-1", Verdict::warn, "The body was HTML.", "text/plain", "INT-19", "HTTP"}};
  results.scenarios.push_back(both);
  const std::string text = text_summary(results, {}, {}, {});
  EXPECT_THAT(text, HasSubstr("observed     WARN, HTTP: step-1, The body was HTML."));
  EXPECT_THAT(text, HasSubstr("warned besides: EST-SE-008\n"));
  EXPECT_THAT(junit_xml(results), HasSubstr("WARN error-body on step-1: The body was HTML."));
}

TEST(Report, ColourOnlyWhenAsked) {
  EXPECT_THAT(text_summary(sample(), {}, {}, {}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(text_summary(sample(), {}, {}, {.colour = true}), HasSubstr("\x1b[31mFAIL\x1b[0m EST-SE-014"));
}

TEST(Report, ResultsRoundTrip) {
  const Json json = to_json(sample());
  const auto back = results_from_json(*engine::parse_json(engine::print_json(json)));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(to_json(*back), json);
}

TEST(Report, ReadingSurvivesHostileJson) {
  const Json good = to_json(sample());
  int refused = 0;
  const Json flat = good.flatten();
  for (const auto& [path, value] : flat.items()) {
    for (const Json& bad : {Json(nullptr), Json(-1), Json("odd"), Json::array({1}), Json::object()}) {
      Json hostile = good;
      hostile[Json::json_pointer(path)] = bad;
      const auto read = results_from_json(hostile);
      refused += read.ok() ? 0 : 1;
      if (read.ok()) {
        EXPECT_NE(text_summary(*read, {}, {}, {}), "");
      }
    }
  }
  EXPECT_GT(refused, 100);
  for (const Json& bad : {Json(), Json::array(), Json::object(), Json{{"format", 1}, {"scenarios", 5}}})
    EXPECT_FALSE(results_from_json(bad).ok());
}

TEST(Report, ExitCodes) {
  const auto code = [](std::vector<Verdict> verdicts) {
    Results results;
    for (const auto verdict : verdicts) results.scenarios.push_back(result("X", verdict, ""));
    return exit_code(results);
  };
  EXPECT_EQ(code({}), 4);
  EXPECT_EQ(code({Verdict::not_applicable}), 4);
  EXPECT_EQ(code({Verdict::pass, Verdict::not_applicable}), 0);
  EXPECT_EQ(code({Verdict::warn}), 0);
  EXPECT_EQ(code({Verdict::pass, Verdict::inconclusive}), 2);
  EXPECT_EQ(code({Verdict::error, Verdict::inconclusive}), 5);
  EXPECT_EQ(code({Verdict::error, Verdict::fail}), 1);
}

Exchange request(const std::string& head, const std::string& body) {
  Exchange exchange;
  exchange.name = "step-1";
  exchange.connection = 1;
  exchange.verb = "enroll";
  exchange.method = "POST";
  exchange.target = "/.well-known/est/simpleenroll";
  exchange.request = est::to_bytes("POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: localhost\r\n" + head + "\r\n\r\n" + body);
  return exchange;
}

const Json target{{"access", {{"url", "https://localhost:8085"}}}};

TEST(Reproduce, ByCurl) {
  Exchange exchange = request("Content-Type: application/pkcs10\r\nAuthorization: Basic ****\r\nX-Odd: it's", "MIIB");
  exchange.tls = engine::TlsRecord{};
  exchange.tls->version = "TLS 1.2";
  exchange.facts = {{"credentials", "certificate and password"}, {"authorization", "digest SHA-256"}};
  EXPECT_EQ(reproduce_command(exchange, target, "evidence/X"),
            "curl -sS -i --path-as-is --cacert \"$EST_TRUST_ANCHOR\" --tlsv1.2 --tls-max 1.2 --cert \"$EST_CLIENT_CERT\" --key "
            "\"$EST_CLIENT_KEY\" "
            "--digest --user \"$EST_USER:$EST_PASSWORD\" -X 'POST' -H 'Content-Type: application/pkcs10' -H 'X-Odd: it'\\''s' "
            "--data-binary @'evidence/X/step-1.body' 'https://localhost:8085/.well-known/est/simpleenroll'");
  EXPECT_EQ(body_of(exchange), est::to_bytes("MIIB"));
  exchange.artefacts["sent-body"] = est::to_bytes("MIIC");
  EXPECT_EQ(body_of(exchange), est::to_bytes("MIIC"));
}

TEST(Reproduce, BelowHttpByOpenssl) {
  Exchange exchange = request("", "");
  exchange.method.clear();
  EXPECT_THAT(reproduce_command(exchange, target, "e"), HasSubstr("openssl s_client -connect 'localhost:8085'"));
  EXPECT_THAT(reproduce_command(exchange, target, "e"), ::testing::StartsWith("(cat 'e/step-1.request'; sleep 3) | openssl s_client"));
  exchange.request.clear();
  EXPECT_THAT(reproduce_command(exchange, target, "e"), HasSubstr("</dev/null"));
  exchange.parameters = {{"tls", "1.1"}};
  EXPECT_THAT(reproduce_command(exchange, target, "e"), HasSubstr(" -tls1_1 -cipher DEFAULT@SECLEVEL=0 </dev/null"));
  exchange.parameters = {{"password", "wrong"}};
  EXPECT_THAT(reproduce_command(exchange, target, "e"), HasSubstr("  # the password has to be what the scenario calls wrong"));
  exchange.connection = 0;
  EXPECT_EQ(reproduce_command(exchange, target, "e"), "");
  EXPECT_EQ(reproduce_command(request("", ""), Json::array(), "e"), "");
}

TEST(Reproduce, TakesTheExchangeThatDecided) {
  engine::Evidence evidence;
  Exchange first = request("", ""), second = request("", "");
  first.name = "first";
  evidence.exchanges = {first, second};
  EXPECT_EQ(decisive_exchange({}, evidence)->name, "step-1");
  ScenarioResult decided = failure();
  decided.checks.front().exchange = "first";
  EXPECT_EQ(decisive_exchange(decided, evidence)->name, "first");
  EXPECT_EQ(decisive_exchange({}, {}), nullptr);
}

TEST(ReproduceRemarks, SayWhatCannotBeRepeated) {
  Exchange exchange = request("Content-Type: application/pkcs10", "MIIB");
  exchange.connection = 1;
  exchange.method = "POST";
  exchange.target = "/.well-known/est/simpleenroll";
  const Json described{{"access", {{"url", "https://localhost:1"}}}};
  exchange.facts = {{"pop", "none"}, {"credentials", "certificate"}, {"certificate", "client"}};
  EXPECT_THAT(reproduce_command(exchange, described, "e"), ::testing::Not(HasSubstr("#")));
  exchange.facts["pop"] = "right";
  exchange.facts["certificate"] = "expired";
  EXPECT_THAT(reproduce_command(exchange, described, "e"),
              ::testing::EndsWith(
                  "  # the request is bound to the TLS session it was made for, so this repeats it in form only; EST_CLIENT_CERT is the "
                  "certificate called expired"));
}

TEST(Transcript, DecodesDer) {
  engine::Evidence evidence{"EST-SE-014", 1763670116, 2500, {}, {}, "", "", ""};
  Exchange exchange = request("Content-Type: application/pkcs10", "MAMBAf8=");
  exchange.response = est::to_bytes("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nMAMCAQc=");
  evidence.exchanges = {exchange};
  const std::string text = transcript({}, evidence);
  EXPECT_THAT(text, HasSubstr("  content sent, decoded: 5 octets of DER\n  |      0 SEQUENCE (3 octets)\n  |      2   BOOLEAN TRUE\n"));
  EXPECT_THAT(text, HasSubstr("  content received, decoded: 5 octets of DER\n  |      0 SEQUENCE (3 octets)\n  |      2   INTEGER 7\n"));
}

TEST(Transcript, DecodesEachPart) {
  engine::Evidence evidence{"EST-SE-500", 1763670116, 2500, {}, {}, "", "", ""};
  Exchange exchange = request("Content-Type: application/pkcs10", "MAMBAf8=");
  exchange.response = est::to_bytes(
      "HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pkcs8\r\n\r\n(withheld)\r\n"
      "--b\r\nContent-Type: application/pkcs7-mime\r\n\r\nMAMCAQc=\r\n--b--\r\n");
  evidence.exchanges = {exchange};
  const std::string text = transcript({}, evidence);
  EXPECT_THAT(text, HasSubstr("  content received, part 2 (application/pkcs7-mime), decoded: 5 octets of DER\n"));
  EXPECT_THAT(text, Not(HasSubstr("part 1")));
}

TEST(Transcript, IsReadable) {
  engine::Evidence evidence{"EST-SE-014", 1763670116, 2500, {}, {}, "the rest was not possible", "", ""};
  Exchange exchange = request("Content-Type: application/pkcs10", "MIIB");
  exchange.phase = Phase::control;
  exchange.parameters = Json{{"key", "ec-p256"}};
  exchange.duration_us = 1234;
  exchange.events = {{10, "tcp", "connected", "127.0.0.1:8085"}, {900, "http", "response-received", "200 OK"}};
  exchange.response = est::to_bytes("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n\x1b[2J<html>\r\n\xFF\r\n");
  exchange.tls = engine::TlsRecord{"TLS 1.3", "TLS_AES_128_GCM_SHA256", false, false, "", true, "", {{1, 2, 3}}, {}, {0xAB}};
  exchange.facts = {{"subject", "CN=device-1"}};
  exchange.artefacts = {{"csr", {48, 0}}};
  exchange.peer_close = "close_notify";
  Exchange silent;
  silent.name = "step-2";
  silent.verb = "raw";
  silent.failure = engine::WireFailure{"handshake", "alert", "the target ended the handshake", "bad_certificate"};
  evidence.exchanges = {exchange, silent};
  expect_golden("transcript.txt", transcript(failure(), evidence));
}

}  // namespace
}  // namespace conformance::report
