#include "est/http/auth.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "est/base/text.h"

namespace est::http {
namespace {

TEST(Challenges, SeveralInOneValueAndInSeveral) {
  const auto got =
      decode_challenges({"Negotiate, Basic realm=\"a, b=\\\"c\\\"\", charset=UTF-8, Digest realm=x,nonce = \"n\" ,qop=\"auth,auth-int\"",
                         ", Bearer , NewAuth abc+/==, , basic realm=foo"});
  ASSERT_TRUE(got.accepted()) << describe_first(got.findings);
  std::vector<std::string> schemes;
  for (const AuthItem& item : *got.value) schemes.push_back(item.scheme);
  EXPECT_EQ(join(schemes, " "), "Negotiate Basic Digest Bearer NewAuth basic");
  EXPECT_EQ((*got.value)[1].parameter("realm"), "a, b=\"c\"");
  EXPECT_EQ((*got.value)[1].parameter("charset"), "UTF-8");
  EXPECT_EQ((*got.value)[2].parameter("nonce"), "n");
  EXPECT_EQ((*got.value)[2].parameter("qop"), "auth,auth-int");
  EXPECT_EQ((*got.value)[4].token68, "abc+/==");
  EXPECT_EQ((*got.value)[5].parameter("realm"), "foo");
}

TEST(Challenges, DefectsAreFindings) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"=x", "auth.syntax"},
      {"\"x\"", "auth.syntax"},
      {"Basic a=b, realm=", "auth.syntax"},
      {"Basic realm=\"x", "auth.syntax"},
      {"Basic realm=\"x\" Digest realm=y", "auth.syntax"},
      {"Basic abc def", "auth.syntax"},
      {"Basic abc, x=y", "auth.syntax"},
      {"Basic\trealm=x", "auth.syntax"},
      {"Basic realm=x; nonce=y", "auth.syntax"},
      {"Digest realm=x, REALM=y", "auth.duplicate-parameter"},
  };
  for (const auto& [value, id] : cases) {
    const auto got = decode_challenges({value});
    EXPECT_TRUE(contains(got.findings, id)) << value << describe_first(got.findings);
    EXPECT_EQ(describe_first(got.findings).find("abc"), std::string::npos) << "details must not quote what was sent";
  }
  EXPECT_TRUE(decode_challenges({}).value->empty());
  EXPECT_TRUE(decode_challenges({"", " , "}).accepted());
  std::string many = "a";
  for (int i = 0; i < 100; ++i) many += ", a";
  EXPECT_FALSE(decode_challenges({many}).accepted());
}

TEST(CredentialsField, IsOneItem) {
  EXPECT_EQ(decode_credentials("Basic Zm86YmE=").value->token68, "Zm86YmE=");
  EXPECT_FALSE(decode_credentials("").value);
  EXPECT_FALSE(decode_credentials("Basic Zm86YmE=, Basic Zm86YmE=").accepted());
}

TEST(Basic, RoundTripAndRfc7617Examples) {
  EXPECT_EQ(basic_authorization({"Aladdin", "open sesame"}), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(basic_authorization({"test", "123\xc2\xa3"}), "Basic dGVzdDoxMjPCow==");
  const auto read = parse_basic(*decode_credentials("bAsIc QWxhZGRpbjpvcGVuOnNlc2FtZQ==").value);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->user, "Aladdin");
  EXPECT_EQ(read->password, "open:sesame");
  for (const char* value : {"Basic", "Basic Zm9v", "Basic Zm86YmE", "Basic realm=x", "Digest Zm86YmE=", "Basic Zm86CmE=", "Basic ===="}) {
    const auto item = decode_credentials(value);
    EXPECT_TRUE(!item.accepted() || !parse_basic(*item.value)) << value;
  }
}

// RFC 7616 3.9.1
const Credentials mufasa{"Mufasa", "Circle of Life"};
const std::string example_cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

DigestChallenge example(const std::string& algorithm) {
  const auto items = decode_challenges({"Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=" + algorithm +
                                        ", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
                                        "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""});
  return *parse_digest_challenge(items.value->front());
}

TEST(Digest, Rfc7616Examples) {
  EXPECT_EQ(digest_response(example("MD5"), mufasa, "GET", "/dir/index.html", 1, example_cnonce), "8ca523f5e9506fed4657c9700eebdbec");
  EXPECT_EQ(digest_response(example("SHA-256"), mufasa, "GET", "/dir/index.html", 1, example_cnonce),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
  const std::string value = digest_authorization(example("MD5"), mufasa, "GET", "/dir/index.html", 1, example_cnonce);
  EXPECT_EQ(value,
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", algorithm=MD5, "
            "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, "
            "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, response=\"8ca523f5e9506fed4657c9700eebdbec\", "
            "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"");
}

// RFC 7616 3.9.2 printed values made with a truncated SHA-512; erratum 4897 gives these.
TEST(Digest, Rfc7616Sha512_256ExampleAsCorrected) {
  DigestChallenge challenge;
  challenge.realm = "api@example.org";
  challenge.nonce = "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK";
  challenge.algorithm = DigestAlgorithm::sha512_256;
  challenge.qop_auth = true;
  const Credentials jason{"J\xc3\xa4s\xc3\xb8n Doe", "Secret, or not?"};
  EXPECT_EQ(digest_response(challenge, jason, "GET", "/doe.json", 1, "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"),
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
}

// RFC 2617 3.5, and the RFC 2069 form of the same request.
TEST(Digest, OldExamples) {
  DigestChallenge challenge;
  challenge.realm = "testrealm@host.com";
  challenge.nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
  challenge.qop_auth = true;
  const Credentials credentials{"Mufasa", "Circle Of Life"};
  EXPECT_EQ(digest_ha1(DigestAlgorithm::md5, credentials, challenge.realm), "939e7578ed9e3c518a452acee763bce9");
  EXPECT_EQ(digest_response(challenge, credentials, "GET", "/dir/index.html", 1, "0a4f113b"), "6629fae49393a05397450978507c4ef1");
  challenge.qop_auth = false;
  EXPECT_EQ(digest_response(challenge, credentials, "GET", "/dir/index.html", 1, ""), "670fd8c2df070c60b045671b8b24ff02");
}

TEST(Digest, ChallengesThatCannotBeAnswered) {
  for (const char* value : {"Basic realm=x, nonce=y", "Digest realm=x", "Digest nonce=x", "Digest realm=x, nonce=y, algorithm=MD6",
                            "Digest realm=x, nonce=y, qop=\"auth-int\"", "Digest realm=x, nonce=y, algorithm=SHA-256",
                            "Digest realm=x, nonce=y, algorithm=MD5-sess"})
    EXPECT_FALSE(parse_digest_challenge(decode_challenges({value}).value->front())) << value;
  const auto old = parse_digest_challenge(decode_challenges({"Digest realm=x, nonce=y, stale=TRUE"}).value->front());
  ASSERT_TRUE(old);
  EXPECT_TRUE(old->stale);
  EXPECT_FALSE(old->qop_auth);
  EXPECT_EQ(old->algorithm, DigestAlgorithm::md5);
}

class Verifier : public testing::Test {
 protected:
  using Outcome = DigestVerifier::Outcome;

  static DigestVerifier::Options options() {
    DigestVerifier::Options all;
    all.realm = "a \"realm\"";
    all.algorithms = {DigestAlgorithm::sha256,      DigestAlgorithm::sha512_256,      DigestAlgorithm::md5,
                      DigestAlgorithm::sha256_sess, DigestAlgorithm::sha512_256_sess, DigestAlgorithm::md5_sess};
    all.most_nonces = 4;
    return all;
  }

  std::vector<AuthItem> items(bool stale) const { return *decode_challenges(verifier.challenges(stale)).value; }

  // A fresh challenge of the given algorithm.
  DigestChallenge challenge(DigestAlgorithm algorithm = DigestAlgorithm::sha256) const {
    for (const AuthItem& item : items(false)) {
      const auto parsed = parse_digest_challenge(item);
      if (parsed && parsed->algorithm == algorithm) return *parsed;
    }
    ADD_FAILURE() << "not offered";
    return {};
  }

  static std::optional<std::string> lookup(std::string_view user) { return user == "u" ? std::optional<std::string>("p") : std::nullopt; }

  DigestVerifier::Verdict verify(const std::string& authorization, std::string_view method = "POST",
                                 std::string_view target = "/x?y") const {
    return verifier.verify(*decode_credentials(authorization).value, method, target, lookup);
  }

  static std::string answer(const DigestChallenge& to, std::uint32_t count = 1, const Credentials& as = {"u", "p"},
                            std::string_view uri = "/x?y") {
    return digest_authorization(to, as, "POST", uri, count, "cn" + std::to_string(count));
  }

  ManualClock clock{1000000};
  DigestVerifier verifier{options(), clock};
};

TEST_F(Verifier, OffersEachAlgorithmWithItsOwnNonce) {
  std::set<std::string> nonces;
  for (const AuthItem& item : items(true)) {
    EXPECT_TRUE(parse_digest_challenge(item)->stale);
    EXPECT_EQ(item.parameter("realm"), "a \"realm\"");
    nonces.insert(*item.parameter("nonce"));
  }
  EXPECT_EQ(nonces.size(), 6U);
}

TEST_F(Verifier, AcceptsTheRightAnswerInEveryAlgorithm) {
  for (const DigestAlgorithm algorithm : options().algorithms) {
    const auto verdict = verify(answer(challenge(algorithm)));
    EXPECT_EQ(verdict.outcome, Outcome::accepted) << to_string(algorithm) << verdict.reason;
    EXPECT_EQ(verdict.user, "u");
    EXPECT_EQ(digest_algorithm_by_name(ascii_lower(to_string(algorithm))), algorithm);
  }
}

TEST_F(Verifier, RefusesWrongAnswers) {
  const DigestChallenge to = challenge();
  EXPECT_EQ(verify(answer(to, 1, {"u", "wrong"})).reason, "wrong password");
  EXPECT_EQ(verify(answer(to, 1, {"nobody", "p"})).reason, "unknown user");
  EXPECT_EQ(verify(answer(to), "GET").reason, "wrong password");
  EXPECT_EQ(verify(answer(to), "POST", "/x").reason, "the uri parameter names another resource");
  EXPECT_EQ(verify(answer(to, 1, {"u", "p"}, "/other")).outcome, Outcome::refused);
  EXPECT_EQ(verify(answer(to, 1, {"u", "p"}, "*"), "POST", "/x").outcome, Outcome::refused);
  DigestChallenge other_realm = to;
  other_realm.realm = "another";
  EXPECT_EQ(verify(answer(other_realm)).outcome, Outcome::refused);
  EXPECT_EQ(verify(answer(to)).outcome, Outcome::accepted) << "failures must not use up the nonce";
}

TEST_F(Verifier, TheUriMayBeAbsolute) {
  EXPECT_EQ(verify(answer(challenge(), 1, {"u", "p"}, "https://a:8443/x?y")).outcome, Outcome::accepted);
  EXPECT_EQ(verify(answer(challenge()), "POST", "https://a:8443/x?y").outcome, Outcome::accepted);
  EXPECT_EQ(verify(answer(challenge(), 1, {"u", "p"}, "https://a/x?y"), "POST", "https://b/x?y").outcome, Outcome::refused);
}

TEST_F(Verifier, MalformedParametersAreRefused) {
  const std::string good = answer(challenge());
  const std::vector<std::pair<std::string, std::string>> edits = {
      {"username=", "user="},
      {"realm=", "rlm="},
      {"nonce=", "nnc="},
      {"uri=", "ur="},
      {"response=", "resp="},
      {"nc=00000001", "nc=1"},
      {"nc=00000001", "nc=00000000"},
      {"nc=00000001", "nc=0000000g"},
      {"qop=auth", "qop=auth-int"},
      {"qop=auth", "a=b"},
      {"cnonce=\"cn1\"", "cnonce=\"\""},
      {"algorithm=SHA-256", "algorithm=SHA-1"},
      {"qop=auth", "qop=auth, userhash=true"},
      {"qop=auth", "qop=auth, username*=UTF-8''u"},
      {"username=\"u\"", "username*=UTF-16''u"},
      {"username=\"u\"", "username*=UTF-8''%"},
  };
  for (const auto& [from, to] : edits) {
    std::string bad = good;
    bad.replace(bad.find(from), from.size(), to);
    EXPECT_EQ(verify(bad).outcome, Outcome::refused) << bad;
  }
  EXPECT_EQ(verify("Basic dTpw").outcome, Outcome::refused);
  EXPECT_EQ(verify("Digest dTpw").outcome, Outcome::refused);
  std::string extended = good;
  extended.replace(extended.find("username=\"u\""), 12, "username*=UTF-8''%75");
  EXPECT_EQ(verify(extended).outcome, Outcome::accepted);
}

TEST_F(Verifier, TakesHashedUserNamesWhenItOffersThem) {
  auto some = options();
  some.userhash = true;
  verifier = DigestVerifier(some, clock);
  const auto offered = parse_digest_challenge(decode_challenges({verifier.challenges(false).front()}).value->front());
  ASSERT_TRUE(offered && offered->userhash);
  const auto user_of_hash = [&](DigestAlgorithm algorithm, std::string_view hash) -> std::optional<std::string> {
    return hash == digest_user_hash(algorithm, "u", some.realm) ? std::optional<std::string>("u") : std::nullopt;
  };
  const auto shown = [&](const Credentials& who) {
    const std::string value = digest_authorization(*offered, who, "POST", "/x", 1, "cn1", UserName::hashed);
    EXPECT_EQ(value.find("username=\"" + who.user + "\""), std::string::npos);
    return verifier.verify(*decode_credentials(value).value, "POST", "/x", lookup, user_of_hash);
  };
  const auto verdict = shown({"u", "p"});
  EXPECT_EQ(verdict.outcome, Outcome::accepted) << verdict.reason;
  EXPECT_EQ(verdict.user, "u");
  EXPECT_EQ(shown({"u", "wrong"}).outcome, Outcome::refused);
  EXPECT_EQ(shown({"stranger", "p"}).outcome, Outcome::refused);
}

TEST_F(Verifier, AnAlgorithmNotOfferedIsRefused) {
  auto some = options();
  some.algorithms = {DigestAlgorithm::sha256};
  verifier = DigestVerifier(some, clock);
  DigestChallenge to = challenge();
  to.algorithm = DigestAlgorithm::md5;
  EXPECT_EQ(verify(answer(to)).outcome, Outcome::refused);
}

TEST_F(Verifier, CountsNonceUses) {
  const DigestChallenge to = challenge();
  for (const std::uint32_t count : {1U, 2U, 5U, 3U, 4U, 100U, 99U, 37U})
    EXPECT_EQ(verify(answer(to, count)).outcome, Outcome::accepted) << count;
  for (const std::uint32_t count : {1U, 5U, 3U, 100U, 99U, 36U, 37U}) EXPECT_EQ(verify(answer(to, count)).outcome, Outcome::stale) << count;
  EXPECT_EQ(verify(answer(to, 4000000000U)).outcome, Outcome::accepted);
  EXPECT_EQ(verify(answer(to, 101)).outcome, Outcome::stale);
  EXPECT_EQ(verify(answer(to, 1, {"u", "wrong"})).outcome, Outcome::refused) << "stale is only for who knows the password";
}

TEST_F(Verifier, OldNoncesAreStale) {
  const DigestChallenge to = challenge();
  clock.set(1000300);
  EXPECT_EQ(verify(answer(to, 1)).outcome, Outcome::accepted);
  clock.set(1000301);
  EXPECT_EQ(verify(answer(to, 2)).outcome, Outcome::stale);
  EXPECT_EQ(verify(answer(to, 2, {"u", "wrong"})).outcome, Outcome::refused);
}

TEST_F(Verifier, ForeignNoncesAreStale) {
  const DigestChallenge ours = challenge();
  std::vector<std::string> foreign = {
      "", "x", std::string(64, '0'), std::string(1000, 'f'), ours.nonce + "0", ascii_lower(ours.nonce).substr(1)};
  foreign.push_back(ours.nonce);
  foreign.back()[3] ^= 1;
  foreign.push_back(ours.nonce);
  foreign.back().back() = ours.nonce.back() == '0' ? '1' : '0';
  const DigestVerifier another(options(), clock);
  foreign.push_back(*decode_challenges(another.challenges(false)).value->at(0).parameter("nonce"));
  for (const std::string& nonce : foreign) {
    DigestChallenge to = ours;
    to.nonce = nonce;
    EXPECT_EQ(verify(answer(to)).outcome, Outcome::stale) << nonce;
    EXPECT_EQ(verify(answer(to, 1, {"u", "wrong"})).outcome, Outcome::refused) << nonce;
  }
}

TEST_F(Verifier, ForgottenNoncesStayUnusable) {
  std::vector<DigestChallenge> given;
  for (int i = 0; i < 6; ++i) given.push_back(challenge());
  for (int i = 1; i < 6; ++i) EXPECT_EQ(verify(answer(given[static_cast<std::size_t>(i)])).outcome, Outcome::accepted);
  EXPECT_EQ(verify(answer(given[1], 1)).outcome, Outcome::stale) << "a replay after the nonce was forgotten";
  EXPECT_EQ(verify(answer(given[1], 2)).outcome, Outcome::stale);
  EXPECT_EQ(verify(answer(given[0], 1)).outcome, Outcome::stale) << "older than what was forgotten";
  EXPECT_EQ(verify(answer(given[2], 2)).outcome, Outcome::accepted);
  EXPECT_EQ(verify(answer(challenge())).outcome, Outcome::accepted);
}

TEST_F(Verifier, Md5WithoutQopWorksOncePerNonce) {
  DigestChallenge old = challenge(DigestAlgorithm::md5);
  old.qop_auth = false;
  EXPECT_EQ(verify(answer(old)).outcome, Outcome::accepted);
  EXPECT_EQ(verify(answer(old)).outcome, Outcome::stale);
  DigestChallenge newer = challenge();
  newer.qop_auth = false;
  EXPECT_EQ(verify(answer(newer)).outcome, Outcome::refused);
}

TEST_F(Verifier, SessionKeyOfFirstOrPresentCnonce) {
  DigestChallenge to = challenge(DigestAlgorithm::sha256_sess);
  EXPECT_EQ(verify(answer(to, 1)).outcome, Outcome::accepted);
  EXPECT_EQ(verify(answer(to, 2)).outcome, Outcome::accepted);
  to.session_cnonce = "cn1";
  EXPECT_EQ(verify(answer(to, 3)).outcome, Outcome::accepted);
  to.session_cnonce = "cn2";
  EXPECT_EQ(verify(answer(to, 4)).outcome, Outcome::refused);
}

TEST_F(Verifier, OneCountIsAcceptedOnceAmongManyThreads) {
  const std::string same = answer(challenge());
  std::atomic<int> accepted = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 50; ++k) accepted += verify(same).outcome == Outcome::accepted ? 1 : 0;
      (void)verifier.challenges(false);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(accepted, 1);
}

}  // namespace
}  // namespace est::http
