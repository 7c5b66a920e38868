// What takes its time: pieces, trickles, turns, sides that are ended, requests that are held back.
#include "conformance/steps/scripted_target_test.h"
#include "est/base/text.h"

namespace conformance::steps {
namespace {

const std::string one_request = "GET {est}/cacerts HTTP/1.1\r\nHost: {host}\r\n\r\n";

TEST_F(DriverTest, PiecesAsSmallAsAnOctet) {
  const auto head = perform("raw", {{"send", one_request}, {"split", 1}, {"pieces", 100000}, {"linger", 1}});
  expect_recorded();
  EXPECT_EQ(status_of(head), 200);
  EXPECT_EQ(target_.seen().size(), 1U);
  EXPECT_EQ(status_of(perform("enroll", {{"split", 1}, {"pieces", 100000}})), 200);
  const auto hello = perform("client-hello", {{"split", 1}, {"pieces", 100000}});
  expect_recorded();
  EXPECT_FALSE(hello.failure);
}

TEST_F(DriverTest, TurnsWaitForEachAnswer) {
  int count = 0;
  target_.script = [&](const Seen&) {
    auto response = est::ops::text_response(++count < 3 ? 403 : 429, "no");
    if (count == 3) response.fields.add("Connection", "close");
    return reply(response, count == 3 ? est::net::AfterReply::close : est::net::AfterReply::keep);
  };
  const auto exchange = perform("raw", {{"send", one_request}, {"repeat", 5}, {"turns", true}});
  expect_recorded();
  EXPECT_FALSE(exchange.failure);
  EXPECT_EQ(target_.seen().size(), 3U) << "nothing is sent after an answer that announced the close";
  EXPECT_NE(est::to_string(exchange.response).find("429"), std::string::npos);
}

TEST_F(DriverTest, EndsOfOurSide) {
  for (const std::string close : {"half", "half-tls", "half-tcp", "cut-record"}) {
    const auto exchange = perform("raw", {{"send", one_request}, {"close", close}, {"within", 5000}});
    expect_recorded();
    EXPECT_TRUE(exchange.failure || status_of(exchange) == 200) << close;
    EXPECT_TRUE(!exchange.failure || exchange.failure->cause != "timeout") << close;
    const auto silent = perform("raw", {{"close", close}, {"within", 5000}});
    expect_recorded();
    EXPECT_TRUE(silent.response.empty()) << close;
    EXPECT_NE(silent.peer_close, "open") << close;
  }
  EXPECT_EQ(status_of(perform("cacerts")), 200);
}

TEST_F(DriverTest, TrickledConnectionsStayAndDoNotDisturb) {
  for (const std::string state : {"hello", "head", "body"}) {
    const auto held = perform("hold", {{"connections", 3}, {"state", state}, {"trickle", 1}});
    expect_recorded();
    EXPECT_EQ(held.facts.at("held"), "3") << state;
    EXPECT_EQ(status_of(perform("cacerts")), 200) << state;
  }
}

TEST_F(DriverTest, WithheldRequestsArriveTogetherAndAreAnsweredEachForItself) {
  const auto first = perform("enroll", {{"withhold", true}}, "first");
  expect_recorded();
  EXPECT_TRUE(first.response.empty());
  perform("enroll", {{"withhold", true}, {"subject-of", "first"}}, "second");
  EXPECT_TRUE(target_.seen().empty());
  const auto second = perform("finish", {{"of", "second"}}, "second-answer");
  expect_recorded();
  EXPECT_EQ(status_of(second), 200);
  const auto answer = perform("finish", {{"of", "first"}}, "first-answer");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(target_.seen().size(), 2U);
  EXPECT_EQ(answer.artefacts.at("spki"), first.artefacts.at("spki"));
  EXPECT_NE(answer.artefacts.at("spki"), second.artefacts.at("spki"));
  EXPECT_NE(answer.connection, second.connection);
  // What came of it is known by the name of the answer.
  EXPECT_EQ(status_of(perform("reenroll", {{"certificate", "first-answer"}})), 200);
  EXPECT_EQ(*last_seen().tls.peer_certificate(), perform("enroll", {{"certificate", "first-answer"}}).artefacts.at("client-certificate"));
}

TEST_F(DriverTest, WhatWasNotBegunCannotBeFinished) {
  perform("cacerts", engine::Json::object(), "read");
  perform("finish", {{"of", "read"}});
  EXPECT_EQ(outcome_.kind, engine::StepOutcome::Kind::fault);
}

TEST_F(DriverTest, WhereNobodyListensNothingIsBegun) {
  profile_.url.endpoint.port = 1;
  perform("enroll", {{"withhold", true}}, "unborn");
  perform("finish", {{"of", "unborn"}});
  expect_cannot("did not take a second request");
}

}  // namespace
}  // namespace conformance::steps
