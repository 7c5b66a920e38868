#include "conformance/checks/samples_test.h"

namespace conformance::checks {
namespace {

using namespace samples;

Verdict withstood(std::string_view certificate, const Exchange& exchange) {
  return judge("withstood", {{"certificate", certificate}}, exchange).worst;
}

std::vector<est::codec::Extension> usual_extensions() { return {est::codec::make_key_usage(est::codec::key_usage::digital_signature)}; }

// The judge finds the control by its phase.
Exchange control_with(const Plan& plan) {
  auto control = enrolled(Pki::get().device(plan), "control");
  control.phase = engine::Phase::control;
  return control;
}

TEST(Withstood, RefusalsByStatus) {
  struct Case {
    int status;
    Verdict verdict;
  };
  const auto authenticated = [](int status) {
    auto exchange = answered(status);
    exchange.facts["credentials"] = "password";
    return exchange;
  };
  EXPECT_EQ(withstood("permitted", answered(401)), Verdict::pass);
  EXPECT_EQ(judge("withstood", {{"credentials", "wrong"}}, authenticated(401)).worst, Verdict::pass);
  for (const auto& c : {Case{400, Verdict::pass}, Case{403, Verdict::pass}, Case{413, Verdict::pass}, Case{431, Verdict::pass},
                        Case{501, Verdict::pass}, Case{500, Verdict::warn}, Case{503, Verdict::warn}, Case{401, Verdict::inconclusive}}) {
    EXPECT_EQ(withstood("never", authenticated(c.status)), c.verdict) << c.status;
    EXPECT_EQ(withstood("permitted", authenticated(c.status)), c.verdict) << c.status;
  }
}

TEST(Withstood, ACertificateOnlyWhereOneMayCome) {
  Plan plan;
  plan.extensions = usual_extensions();
  const auto granted = enrolled(Pki::get().device(plan));
  EXPECT_EQ(withstood("never", granted), Verdict::fail);
  EXPECT_EQ(judge("withstood", {{"certificate", "permitted"}}, {control_with(plan), granted}).worst, Verdict::pass);
  EXPECT_EQ(withstood("never", answered(200, "Fine.")), Verdict::fail);
  EXPECT_EQ(withstood("never", answered(202)), Verdict::inconclusive);
  EXPECT_EQ(withstood("permitted", answered(202)), Verdict::pass);
}

TEST(Withstood, OnlyNewDefectsOfTheCertificateCount) {
  Plan careless;  // as this CA always issues
  careless.subject_key_identifier = false;
  careless.extensions = usual_extensions();
  Plan worse = careless;
  worse.extensions.push_back(usual_extensions().front());
  const auto as_usual = judge("withstood", {}, {control_with(careless), enrolled(Pki::get().device(careless))});
  EXPECT_EQ(as_usual.worst, Verdict::pass) << as_usual.told();
  const auto twice = judge("withstood", {}, {control_with(careless), enrolled(Pki::get().device(worse))});
  EXPECT_EQ(twice.worst, Verdict::fail) << twice.told();
}

TEST(Withstood, WhatTheRequestAskedForMustNotSpoilTheCertificate) {
  Plan plan;
  plan.extensions = usual_extensions();
  Plan stranger = plan;
  stranger.extensions.push_back({est::codec::Oid("1.3.6.1.4.1.32473.7030.1"), true, est::codec::der::null()});
  EXPECT_EQ(judge("withstood", {}, {control_with(plan), enrolled(Pki::get().device(stranger))}).worst, Verdict::warn);
  Plan constrained = plan;
  constrained.extensions.push_back({est::codec::oids::name_constraints, true, est::codec::der::sequence({})});
  EXPECT_EQ(judge("withstood", {}, {control_with(plan), enrolled(Pki::get().device(constrained))}).worst, Verdict::fail);
}

TEST(Withstood, SilenceIsAFailureAndACloseOnlyWhereAllowed) {
  const Json close{{"close", "allowed"}};
  for (const char* cause : {"closed", "reset", "alert"}) {
    EXPECT_EQ(judge("withstood", {}, failed("read", cause)).worst, Verdict::fail) << cause;
    EXPECT_EQ(judge("withstood", close, failed("read", cause)).worst, Verdict::pass) << cause;
  }
  EXPECT_EQ(judge("withstood", close, failed("read", "timeout")).worst, Verdict::fail);
  EXPECT_EQ(judge("withstood", {{"wait", "allowed"}}, failed("read", "timeout")).worst, Verdict::pass);
  EXPECT_EQ(judge("withstood", {{"wait", "allowed"}}, failed("connect", "timeout")).worst, Verdict::fail);
  EXPECT_EQ(judge("withstood", {{"wait", "allowed"}}, failed("read", "closed")).worst, Verdict::fail);
  EXPECT_EQ(judge("withstood", close, failed("connect", "refused")).worst, Verdict::fail);
  EXPECT_EQ(judge("withstood", close, failed("connect", "unreachable")).worst, Verdict::inconclusive);
}

TEST(Withstood, AnAlertIsAnAnswerWhereThereIsNoTls) {
  auto alert = raw("\x15\x03\x01\x02\x02\x16");
  alert.method = "";
  EXPECT_EQ(judge("withstood", {{"close", "allowed"}}, alert).worst, Verdict::pass);
  EXPECT_EQ(judge("withstood", {}, alert).worst, Verdict::fail);
}

TEST(Withstood, AnAnswerDoesNotShowTheInside) {
  const auto trace = answered(400, "Traceback (most recent call last):\n  File \"est.py\", line 7");
  EXPECT_EQ(withstood("never", trace), Verdict::warn);
}

}  // namespace
}  // namespace conformance::checks
