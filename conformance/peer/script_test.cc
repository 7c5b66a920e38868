#include "conformance/peer/script.h"

#include <gmock/gmock.h>

#include "conformance/peer/pki.h"

namespace conformance::peer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

engine::Problems problems_of(const std::string& yaml) {
  engine::Problems problems;
  const auto tree = engine::parse_yaml({"s.yaml", yaml}, problems);
  if (tree) static_cast<void>(read_script(*tree, "s.yaml", problems));
  return problems;
}

TEST(Script, ReadsEverything) {
  engine::Problems problems;
  const auto tree = engine::parse_yaml({"s.yaml", R"(
identity: cmc-ra
tls: {least: "1.2", most: "1.2", suites: ECDHE+AESGCM, client-certificate: required, resumption: false, delay: 5}
authentication: {accept: [basic], challenges: ['Newauth realm="x"', '{basic}'], operations: [cacerts], one-field: true, stale: true, realm: ''}
labels: [first]
csrattrs: [challengePassword, 1.2.3.4, {attribute: ecPublicKey, values: [06052b81040022]}]
linking: true
answers:
  cacerts: good
  simpleenroll:
    - {status: 202, reason: Wait, retry-after: date 5, fields: {X-One: a}, without: [Content-Type], type: '', text: ''}
    - {contents: other-key, encoding: folded, framing: chunked, pace: {octets: 1, pause: 2}, delay: 3, ending: cut, after: 4, raw: x, redirect: same}
other: {identity: rsa}
)"},
                                       problems);
  ASSERT_TRUE(tree);
  const Script script = read_script(*tree, "s.yaml", problems);
  EXPECT_THAT(problems, ElementsAre());
  EXPECT_EQ(script.identity, "cmc-ra");
  EXPECT_EQ(script.tls.most, est::tls::Version::tls12);
  EXPECT_EQ(script.authentication.realm, "");
  EXPECT_THAT(script.attributes.elements, SizeIs(3));
  EXPECT_TRUE(script.linking);
  const auto& answers = script.answers.at("simpleenroll");
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_EQ(answers[0].type, "");
  EXPECT_EQ(answers[0].text, "");
  EXPECT_EQ(answers[1].pace.pause, est::Milliseconds(2));
  EXPECT_EQ(answers[1].ends_after, 4U);
  ASSERT_THAT(script.other, SizeIs(1));
  EXPECT_EQ(script.other[0].identity, "rsa");
}

TEST(Script, ProblemsHaveFileLineAndCure) {
  EXPECT_THAT(problems_of("identity: goood"), ElementsAre(HasSubstr("s.yaml:1: the script: 'identity' is 'goood'; did you mean 'good'?")));
  EXPECT_THAT(problems_of("tls:\n  least: 1.4"), ElementsAre(HasSubstr("s.yaml:2:")));
  EXPECT_THAT(problems_of("answers:\n  cacerts: bad"), ElementsAre(HasSubstr("neither 'good' nor a map")));
  EXPECT_THAT(problems_of("answers: {cacerts: {status: 7}}"), ElementsAre(HasSubstr("below 100")));
  EXPECT_THAT(problems_of("answers: {cacerts: {contents: other-key}}"), ElementsAre(HasSubstr("'contents' is 'other-key'")));
  EXPECT_THAT(problems_of("answers: {cacerts: []}"), ElementsAre(HasSubstr("has no answer")));
  EXPECT_THAT(problems_of("answers: {cacerts: {pace: {pause: 3}}}"), ElementsAre(HasSubstr("how many go out")));
  EXPECT_THAT(problems_of("other: {other: {}}"), ElementsAre(HasSubstr("other")));
  EXPECT_THAT(problems_of("csrattrs: [no-such-name]"), ElementsAre(HasSubstr("no object identifier")));
  EXPECT_THAT(problems_of("tls: {least: '1.3', most: '1.2'}"), ElementsAre(HasSubstr("swap them")));
  EXPECT_THAT(problems_of("- a"), ElementsAre(HasSubstr("is no map")));
}

TEST(Script, OfAScenarioNamesItsLine) {
  const auto script = script_of(engine::Json{{"answers", {{"cacerts", {{{"status", 503}}, "good"}}}}}, "a.yaml", 7);
  ASSERT_TRUE(script);
  EXPECT_THAT(script->answers.at("cacerts"), SizeIs(2));
  const auto wrong = script_of(engine::Json{{"identities", "good"}}, "a.yaml", 7);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("a.yaml:7: "));
}

TEST(Script, NoFileIsOneLine) {
  const auto script = load_script("/nonexistent/script.yaml");
  ASSERT_FALSE(script);
  EXPECT_THAT(script.error().message, HasSubstr("/nonexistent/script.yaml"));
}

}  // namespace
}  // namespace conformance::peer
