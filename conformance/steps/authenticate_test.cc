#include "conformance/steps/authenticate.h"

#include "conformance/steps/scripted_target_test.h"
#include "est/base/text.h"
#include "est/http/auth.h"

namespace conformance::steps {
namespace {

using engine::Json;
using ::testing::HasSubstr;

// A target that asks for the schemes switched on, and tells in its answer what it made of the credentials.
class AuthenticationTest : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    target_.script = [this](const Seen& seen) { return answer(seen); };
  }

  est::net::Reply answer(const Seen& seen) {
    const auto field = seen.request.fields.get("Authorization");
    if (field && accepts(*field, seen)) return good_answer(seen);
    return challenge();
  }

  bool accepts(const std::string& field, const Seen& seen) {
    const auto item = est::http::decode_credentials(field);
    if (!item.value) return false;
    if (basic_ && est::iequals(item.value->scheme, "basic")) {
      const auto credentials = est::http::parse_basic(*item.value);
      return credentials && credentials->user == "device-1" && credentials->password == secret_password;
    }
    if (!digest_ || !est::iequals(item.value->scheme, "digest")) return false;
    const auto verdict = verifier_->verify(*item.value, seen.request.method, seen.request.target, [](std::string_view user) {
      return user == "device-1" ? std::optional<std::string>(secret_password) : std::nullopt;
    });
    stale_ = verdict.outcome == est::http::DigestVerifier::Outcome::stale;
    return verdict.outcome == est::http::DigestVerifier::Outcome::accepted;
  }

  est::net::Reply challenge() {
    auto response = est::ops::text_response(401, "no");
    if (basic_) response.fields.add("WWW-Authenticate", "Basic realm=\"x\"");
    if (digest_) {
      for (const auto& value : verifier_->challenges(stale_)) response.fields.add("WWW-Authenticate", value);
    }
    return reply(response, close_after_challenge_ ? est::net::AfterReply::close : est::net::AfterReply::keep);
  }

  bool basic_ = false;
  bool digest_ = false;
  bool stale_ = false;
  bool close_after_challenge_ = false;
  std::unique_ptr<est::http::DigestVerifier> verifier_ =
      std::make_unique<est::http::DigestVerifier>(est::http::DigestVerifier::Options{}, est::system_clock());
};

TEST_F(AuthenticationTest, BasicGoesAtOnceWhenAskedFor) {
  basic_ = true;
  const auto exchange = perform("enroll", {{"scheme", "basic"}});
  EXPECT_EQ(status_of(exchange), 200);
  EXPECT_EQ(exchange.facts.at("authorization"), "basic");
  EXPECT_EQ(exchange.facts.at("challenged"), "no");
  EXPECT_EQ(target_.seen().size(), 1U);
}

TEST_F(AuthenticationTest, AutoAnswersTheChallengeOnTheSameConnection) {
  basic_ = true;
  const auto exchange = perform("enroll", {{"tls", "1.2"}});
  EXPECT_EQ(status_of(exchange), 200);
  EXPECT_EQ(exchange.facts.at("challenged"), "yes");
  EXPECT_TRUE(exchange.new_connection);
  EXPECT_THAT(est::to_string(exchange.artefacts.at("challenge-response")), HasSubstr("401"));
  const auto seen = target_.seen();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].connection, seen[1].connection);
  EXPECT_EQ(seen[0].request.body, seen[1].request.body);
}

TEST_F(AuthenticationTest, AutoStartsAgainWhenTheTargetClosesAfterItsChallenge) {
  basic_ = close_after_challenge_ = true;
  const auto exchange = perform("enroll", {{"tls", "1.2"}});
  EXPECT_EQ(status_of(exchange), 200);
  const auto seen = target_.seen();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_NE(seen[0].connection, seen[1].connection);
  EXPECT_EQ(exchange.artefacts.at("binding"), seen[1].tls.tls_unique) << "proof of possession is made anew for the new connection";
}

TEST_F(AuthenticationTest, AutoPrefersTheStrongestDigest) {
  basic_ = digest_ = true;
  const auto exchange = perform("enroll");
  EXPECT_EQ(status_of(exchange), 200);
  EXPECT_EQ(exchange.facts.at("authorization"), "digest SHA-256");
  EXPECT_EQ(perform("enroll", {{"digest-algorithm", "MD5"}}).facts.at("authorization"), "digest MD5");
  perform("enroll", {{"digest-algorithm", "SHA-512-256"}});
  expect_cannot("SHA-512-256");
}

TEST_F(AuthenticationTest, WithoutDigestChallengeDigestCannot) {
  basic_ = true;
  perform("enroll", {{"scheme", "digest"}});
  expect_cannot("no Digest challenge");
}

TEST_F(AuthenticationTest, NonceIsCountedAndReplayed) {
  digest_ = true;
  perform("enroll", {{"nonce", "next"}});
  expect_cannot("no Digest authentication went before");
  EXPECT_EQ(status_of(perform("enroll", {{"scheme", "digest"}})), 200);
  const auto next = perform("enroll", {{"nonce", "next"}, {"connection", "keep"}});
  EXPECT_EQ(status_of(next), 200);
  EXPECT_THAT(est::to_string(next.request), HasSubstr("nc=00000002"));
  EXPECT_EQ(next.facts.at("challenged"), "no");
  const auto replayed = perform("enroll", {{"nonce", "replayed"}});
  EXPECT_EQ(status_of(replayed), 401);
  EXPECT_THAT(est::to_string(replayed.request), HasSubstr("nc=00000002"));
  EXPECT_EQ(status_of(perform("enroll", {{"nonce", "next"}})), 200);
}

TEST_F(AuthenticationTest, AStaleNonceIsAnsweredOnceMore) {
  digest_ = true;
  EXPECT_EQ(status_of(perform("enroll", {{"scheme", "digest"}})), 200);
  est::http::DigestVerifier::Options options;
  verifier_ = std::make_unique<est::http::DigestVerifier>(options, est::system_clock());  // has forgotten its nonces
  const auto exchange = perform("enroll", {{"nonce", "next"}});
  EXPECT_EQ(status_of(exchange), 200);
}

TEST_F(AuthenticationTest, WrongCredentialsAreWrong) {
  basic_ = digest_ = true;
  for (const Json& parameters :
       {Json{{"password", "wrong"}}, Json{{"password", "empty"}}, Json{{"user", "unknown"}}, Json{{"user", "empty"}},
        Json{{"nonce", "foreign"}}, Json{{"nonce", "tampered"}}, Json{{"digest-uri", "other"}},
        Json{{"scheme", "basic"}, {"password", "wrong"}}, Json{{"scheme", "basic"}, {"user", "unknown"}},
        Json{{"authorization", "Basic !!"}}, Json{{"credentials", "none"}}}) {
    const auto exchange = perform("enroll", parameters);
    expect_recorded();
    EXPECT_EQ(status_of(exchange), 401) << parameters;
  }
}

TEST_F(AuthenticationTest, CredentialsNobodyGaveCannot) {
  profile_.password.reset();
  perform("enroll", {{"credentials", "password"}});
  expect_cannot("access.password");
  perform("enroll", {{"password", "wrong"}});
  expect_cannot("access.password");
  perform("enroll", {{"certificate", "client"}});
  expect_cannot("access.identities.client");
  perform("enroll", {{"certificate", "expired"}});
  expect_cannot("access.client-ca");
}

TEST_F(AuthenticationTest, NoSecretGetsIntoEvidence) {
  basic_ = true;
  const std::string password = secret_password;
  // A target that tells what it should keep to itself, in the head and in the body.
  target_.script = [password](const Seen& seen) {
    auto response =
        est::ops::text_response(seen.request.fields.has("Authorization") ? 400 : 401,
                                "you said " + seen.request.fields.get("Authorization").value_or("nothing") + ", that is " + password);
    response.fields.add("X-Echo", seen.request.fields.get("Authorization").value_or("-"));
    response.fields.add("WWW-Authenticate", "Basic realm=\"" + password + "\"");
    return reply(response);
  };
  profile_.operator_actions["approve"] = {"echo the password is " + password + "; exit 3", false};
  for (const Json& parameters : {Json{{"scheme", "basic"}}, Json::object(), Json{{"user", "unknown"}}, Json{{"user", "empty"}}})
    perform("enroll", parameters);
  perform("operator", {{"action", "approve"}});
  EXPECT_EQ(outcome_.sentence.find(password), std::string::npos);
  perform("raw", {{"send", "GET / HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {basic}\r\n\r\n"}});
  const auto back = engine::evidence_from_json(engine::to_json(evidence_));
  ASSERT_TRUE(back.ok());
  const std::string json = engine::to_json(evidence_).dump();
  for (const std::string user : {"device-1", "", "estspec-nobody"}) {
    const std::string token = est::http::basic_authorization({user, password}).substr(6);
    EXPECT_EQ(json.find(token), std::string::npos);
    for (const auto& exchange : back->exchanges) {
      EXPECT_EQ(est::to_string(exchange.request).find(token), std::string::npos);
      EXPECT_EQ(est::to_string(exchange.response).find(token), std::string::npos);
    }
  }
  EXPECT_EQ(json.find(password), std::string::npos);
  for (const auto& exchange : back->exchanges) {
    EXPECT_EQ(est::to_string(exchange.response).find(password), std::string::npos);
    for (const auto& [name, octets] : exchange.artefacts) EXPECT_EQ(est::to_string(octets).find(password), std::string::npos) << name;
  }
  EXPECT_EQ(last_seen().request.fields.get("Authorization"), est::http::basic_authorization({"device-1", password}));
}

}  // namespace
}  // namespace conformance::steps
