#include "conformance/checks/samples_test.h"

namespace conformance::checks {
namespace {

using namespace samples;

TEST(Status, IsJudgedByCodeAndClass) {
  EXPECT_EQ(judge("status", {{"is", 200}}, answered(200)).worst, Verdict::pass);
  EXPECT_EQ(judge("status", {{"is", "200"}}, answered(201)).worst, Verdict::fail);
  EXPECT_EQ(judge("status", {{"any-of", {"4xx", 501}}}, answered(404)).worst, Verdict::pass);
  EXPECT_EQ(judge("status", {{"any-of", {"4xx", 501}}}, answered(501)).worst, Verdict::pass);
  EXPECT_EQ(judge("status", {{"any-of", {"4xx"}}}, answered(500)).worst, Verdict::fail);
}

TEST(Status, MayWarnOrLeaveOpen) {
  const Json rule{{"any-of", {404}}, {"warn", {"2xx"}}, {"inconclusive", {429}}, {"interpretation", "INT-24"}};
  EXPECT_EQ(judge("status", rule, answered(200)).worst, Verdict::warn);
  EXPECT_EQ(judge("status", rule, answered(429)).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("status", rule, answered(500)).worst, Verdict::fail);
  EXPECT_TRUE(judge("status", rule, answered(200)).cites("INT-24"));
}

TEST(Status, FailsWithoutResponseAndSaysWhy) {
  const auto judged = judge("status", {{"is", 200}}, failed("read", "timeout"));
  EXPECT_EQ(judged.worst, Verdict::fail);
  EXPECT_NE(judged.told().find("timeout during read"), std::string::npos);
  EXPECT_EQ(judge("status", {{"is", 200}}, failed("handshake", "alert", "handshake_failure")).results.front().layer, "TLS");
  EXPECT_EQ(judge("status", {{"is", 200}}, raw("SSH-2.0-x\r\n")).worst, Verdict::fail);
}

TEST(Status, NeverBlamesTheTargetForOurOwnTrouble) {
  for (const auto& [stage, cause] :
       {std::pair{"connect", "local"}, {"resolve", "refused"}, {"connect", "unreachable"}, {"handshake", "untrusted"}})
    EXPECT_EQ(judge("status", {{"is", 200}}, failed(stage, cause)).worst, Verdict::inconclusive) << stage << cause;
}

TEST(Status, SoftenedOnlyWhenThereWasAnAnswer) {
  const Json rule{{"is", 200}, {"otherwise", "warn"}, {"strictly", "fail"}};
  EXPECT_EQ(judge("status", rule, answered(400)).worst, Verdict::warn);
  EXPECT_EQ(judge("status", rule, answered(400), true).worst, Verdict::fail);
  EXPECT_EQ(judge("status", rule, failed("read", "timeout")).worst, Verdict::fail);
}

TEST(Answered, AnyStatusWillDo) {
  EXPECT_EQ(judge("answered", {}, answered(500)).worst, Verdict::pass);
  EXPECT_EQ(judge("answered", {}, failed("read", "closed")).worst, Verdict::fail);
}

TEST(Header, PresentAbsentAndMatching) {
  const auto response = answered(200, "x", {{"Server", "Acme 1.0"}});
  EXPECT_EQ(judge("header", {{"name", "server"}}, response).worst, Verdict::pass);
  EXPECT_EQ(judge("header", {{"name", "Server"}, {"matches", "acme*"}}, response).worst, Verdict::pass);
  EXPECT_EQ(judge("header", {{"name", "Server"}, {"matches", "*2.0"}}, response).worst, Verdict::fail);
  EXPECT_EQ(judge("header", {{"name", "Server"}, {"present", false}}, response).worst, Verdict::fail);
  EXPECT_EQ(judge("header", {{"name", "Via"}, {"present", false}}, response).worst, Verdict::pass);
  EXPECT_EQ(judge("header", {{"name", "Via"}}, response).worst, Verdict::fail);
  EXPECT_EQ(judge("header", {{"name", "Server"}, {"lacks", "*2.0*"}}, response).worst, Verdict::pass);
  EXPECT_EQ(judge("header", {{"name", "Server"}, {"lacks", "*1.0*"}}, response).worst, Verdict::fail);
  EXPECT_EQ(judge("header", {{"name", "Via"}, {"lacks", "*"}}, response).worst, Verdict::pass);
  EXPECT_EQ(judge("header", {{"name", "Via"}}, failed("read", "reset")).worst, Verdict::fail);
}

TEST(Challenge, IsThereAndUsable) {
  const auto with = [](std::string value) { return answered(401, "No.", {{"WWW-Authenticate", std::move(value)}}); };
  EXPECT_EQ(judge("challenge", {{"scheme", "basic"}}, with("Basic realm=\"est\"")).worst, Verdict::pass);
  EXPECT_EQ(judge("challenge", {}, with("Bearer realm=\"est\"")).worst, Verdict::pass);
  EXPECT_EQ(judge("challenge", {{"scheme", "digest"}}, with("Basic realm=\"est\"")).worst, Verdict::fail);
  EXPECT_EQ(judge("challenge", {{"scheme", "basic"}}, with("Basic")).worst, Verdict::fail);
  EXPECT_EQ(judge("challenge", {{"scheme", "digest"}}, with("Digest realm=\"a\", algorithm=SHA-256")).worst, Verdict::fail);
  EXPECT_EQ(judge("challenge", {}, with("Digest realm=\"unterminated")).worst, Verdict::fail);
}

TEST(Challenge, CharsetAlgorithmsAndQop) {
  const auto challenged = [](std::vector<std::string> values) {
    std::vector<est::http::Field> fields;
    for (auto& value : values) fields.push_back({"WWW-Authenticate", std::move(value)});
    return answered(401, "No.", std::move(fields));
  };
  EXPECT_EQ(judge("challenge", {{"scheme", "basic"}}, challenged({"Basic realm=\"a\", charset=\"UTF-8\""})).worst, Verdict::pass);
  EXPECT_EQ(judge("challenge", {{"scheme", "basic"}}, challenged({"Basic realm=\"a\", charset=\"latin-1\""})).worst, Verdict::fail);
  const std::string modern = "Digest realm=\"a\", nonce=\"b\", qop=\"auth\", algorithm=SHA-256";
  EXPECT_EQ(judge("challenge", {{"scheme", "digest"}}, challenged({modern})).worst, Verdict::pass);
  for (const std::string quoted : {"stale=\"true\", algorithm=SHA-256", "Algorithm = \"SHA-256\""})
    EXPECT_EQ(judge("challenge", {{"scheme", "digest"}}, challenged({"Digest realm=\"a\", nonce=\"b\", qop=\"auth\", " + quoted})).worst,
              Verdict::warn);
  EXPECT_EQ(judge("challenge", {{"scheme", "digest"}},
                  challenged({R"(Digest realm="\"algorithm=\"x", nonce="b", qop="auth", algorithm=SHA-256)"}))
                .worst,
            Verdict::pass);
  EXPECT_EQ(judge("challenge", {{"scheme", "digest"}}, challenged({modern, modern})).worst, Verdict::fail);
  EXPECT_EQ(judge("challenge", {{"scheme", "digest"}}, challenged({"Digest realm=\"a\", nonce=\"b\", algorithm=SHA-256"})).worst,
            Verdict::warn);
}

TEST(Challenge, Md5AloneWarns) {
  const auto old = answered(401, "No.", {{"WWW-Authenticate", "Digest realm=\"a\", nonce=\"b\", qop=\"auth\""}});
  EXPECT_EQ(judge("challenge", {{"scheme", "digest"}}, old).worst, Verdict::warn);
  EXPECT_TRUE(judge("challenge", {{"scheme", "digest"}}, old).cites("INT-25"));
  auto both = answered(401, "No.",
                       {{"WWW-Authenticate", "Digest realm=\"a\", nonce=\"b\", qop=\"auth\", algorithm=SHA-256"},
                        {"WWW-Authenticate", "Digest realm=\"a\", nonce=\"b\", qop=\"auth\""}});
  EXPECT_EQ(judge("challenge", {{"scheme", "digest"}}, both).worst, Verdict::pass);
}

TEST(Challenge, MissingOneFailsAndTheEarlier401Counts) {
  EXPECT_EQ(judge("challenge", {}, answered(401)).worst, Verdict::fail);
  EXPECT_EQ(judge("challenge", {}, answered(403)).worst, Verdict::fail);
  EXPECT_EQ(judge("challenge", {}, failed("read", "timeout")).worst, Verdict::fail);
  auto later = answered(200);
  later.artefacts["challenge-response"] = answered(401, "", {{"WWW-Authenticate", "Basic realm=\"est\""}}).response;
  EXPECT_EQ(judge("challenge", {{"scheme", "basic"}}, later).worst, Verdict::pass);
}

TEST(RetryAfter, FormsAreBothPermitted) {
  const auto with = [](std::string value) { return answered(202, "Wait.", {{"Retry-After", std::move(value)}}); };
  EXPECT_EQ(judge("retry-after", {}, with("30")).worst, Verdict::pass);
  EXPECT_EQ(judge("retry-after", {}, with("Fri, 31 Dec 2038 23:59:59 GMT")).worst, Verdict::pass);
  EXPECT_EQ(judge("retry-after", {}, with("0")).worst, Verdict::warn);
  EXPECT_EQ(judge("retry-after", {}, with("Sun, 06 Nov 1994 08:49:37 GMT")).worst, Verdict::warn);
  EXPECT_EQ(judge("retry-after", {}, with("-5")).worst, Verdict::fail);
  EXPECT_EQ(judge("retry-after", {}, with("soon")).worst, Verdict::fail);
  EXPECT_EQ(judge("retry-after", {{"form", "date"}}, with("30")).worst, Verdict::inconclusive);
}

TEST(RetryAfter, MissingFailsAndOtherStatusesSettleNothing) {
  EXPECT_EQ(judge("retry-after", {}, answered(202)).worst, Verdict::fail);
  EXPECT_EQ(judge("retry-after", {}, answered(200)).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("retry-after", {}, failed("read", "timeout")).worst, Verdict::fail);
}

TEST(Allow, Is405OnlyMatter) {
  const auto with = [](std::string value) { return answered(405, "No.", {{"Allow", std::move(value)}}); };
  EXPECT_EQ(judge("allow", {{"methods", {"GET"}}}, with("GET, HEAD")).worst, Verdict::pass);
  EXPECT_EQ(judge("allow", {{"methods", {"GET"}}}, with("POST")).worst, Verdict::fail);
  EXPECT_EQ(judge("allow", {{"methods", {"GET"}}}, answered(405)).worst, Verdict::fail);
  EXPECT_EQ(judge("allow", {{"methods", {"GET"}}}, answered(404)).worst, Verdict::pass);
  EXPECT_EQ(judge("allow", {{"methods", {"GET"}}}, failed("read", "timeout")).worst, Verdict::fail);
}

TEST(TransferCoding, ChunkedOrNothing) {
  EXPECT_EQ(judge("no-transfer-coding-but-chunked", {}, answered(200)).worst, Verdict::pass);
  EXPECT_EQ(judge("no-transfer-coding-but-chunked", {}, raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")).worst,
            Verdict::pass);
  auto odd = raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: base64\r\n\r\nMAA=");
  odd.peer_close = "close_notify";
  EXPECT_EQ(judge("no-transfer-coding-but-chunked", {}, odd).worst, Verdict::fail);
}

TEST(WellFormed, FramingMustHold) {
  EXPECT_EQ(judge("well-formed", {}, answered(200)).worst, Verdict::pass);
  EXPECT_EQ(judge("well-formed", {}, raw("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort")).worst, Verdict::fail);
  EXPECT_EQ(judge("well-formed", {}, raw("HTTP/1.1 200 OK\nContent-Length: 0\n\n")).worst, Verdict::fail);
  EXPECT_EQ(judge("well-formed", {}, failed("read", "closed")).worst, Verdict::fail);
}

TEST(Connection, KeptMeansAnsweredOnTheSameOne) {
  auto first = answered(200);
  auto second = answered(200);
  second.name = "step-2";
  second.new_connection = false;
  EXPECT_EQ(judge("connection-kept", {}, {first, second}).worst, Verdict::pass);
  second.connection = 2;
  second.new_connection = true;
  EXPECT_EQ(judge("connection-kept", {}, {first, second}).worst, Verdict::fail);
  first = answered(200, "x", {{"Connection", "Close"}});
  EXPECT_EQ(judge("connection-kept", {}, {first, second}).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("connection-kept", {}, second).worst, Verdict::inconclusive);
  auto gone = failed("write", "closed");
  gone.name = "step-2";
  EXPECT_EQ(judge("connection-kept", {}, {answered(200), gone}).worst, Verdict::fail);
}

TEST(Connection, ClosesWithCloseNotify) {
  auto made = answered(200);
  made.tls = engine::TlsRecord{};
  for (const auto& [how, verdict] :
       {std::pair{"open", Verdict::pass}, {"close_notify", Verdict::pass}, {"fin", Verdict::warn}, {"reset", Verdict::warn}}) {
    made.peer_close = how;
    EXPECT_EQ(judge("closed-cleanly", {}, made).worst, verdict) << how;
  }
  EXPECT_EQ(judge("closed-cleanly", {}, made, true).worst, Verdict::fail);
  EXPECT_EQ(judge("closed-cleanly", {}, failed("connect", "refused")).worst, Verdict::fail);
}

TEST(Connection, Within) {
  auto made = answered(200);
  made.duration_us = 1500000;
  EXPECT_EQ(judge("within", {{"ms", 2000}}, made).worst, Verdict::pass);
  EXPECT_EQ(judge("within", {{"ms", 1000}}, made).worst, Verdict::fail);
}

}  // namespace
}  // namespace conformance::checks
