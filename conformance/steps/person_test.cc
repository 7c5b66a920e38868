#include "conformance/steps/person.h"

#include <gmock/gmock.h>

#include "conformance/engine/json.h"
#include "conformance/steps/person_page.h"
#include "est/base/text.h"

namespace conformance::steps {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Question question() {
  return {3,
          "0123",
          "simpleenroll",
          {{"url", "https://localhost:1"}, {"label", ""}, {"subject", "CN=<b>&\"x\""}},
          est::Milliseconds(5500),
          "127.0.0.1:80"};
}

PageReply visit(const std::string& method, const std::string& target, const std::string& body = {},
                const std::string& host = "127.0.0.1:80") {
  est::http::Request request;
  request.method = method;
  request.target = target;
  request.fields.add("Host", host);
  request.body = est::to_bytes(body);
  return page_reply(request, question());
}

std::string text_of(const PageReply& reply) { return est::to_string(est::BytesView(reply.response.body)); }

TEST(PersonPage, ShowsWhatToDoAndNothingOfItAsMarkup) {
  const auto page = visit("GET", "/");
  EXPECT_EQ(page.response.status, 200);
  EXPECT_EQ(page.said, Said::nothing);
  EXPECT_THAT(text_of(page), AllOf(HasSubstr("3. Make the client do: simpleenroll"), HasSubstr("https://localhost:1"),
                                   HasSubstr("CN=&lt;b&gt;&amp;&quot;x&quot;"), Not(HasSubstr("<td>label"))));
}

TEST(PersonPage, TellsProgramsTheSame) {
  const auto json = engine::parse_json(text_of(visit("GET", "/now")));
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["token"], "0123");
  EXPECT_EQ((*json)["operation"], "simpleenroll");
  EXPECT_EQ((*json)["instructions"]["url"], "https://localhost:1");
  EXPECT_EQ((*json)["seconds-left"], 5);
}

TEST(PersonPage, TakesAnAnswerToThisQuestionOnly) {
  EXPECT_EQ(visit("POST", "/answer", "token=0123&answer=done").said, Said::yes);
  EXPECT_EQ(visit("POST", "/answer", "token=0123&answer=gave-up").said, Said::no);
  EXPECT_EQ(visit("POST", "/answer", "token=0123&answer=cannot").said, Said::cannot);
  for (const std::string body : {"token=0122&answer=done", "answer=done", "token=0123&answer=", "token=0123&answer=done2", ""}) {
    const auto reply = visit("POST", "/answer", body);
    EXPECT_EQ(reply.said, Said::nothing) << body;
    EXPECT_GE(reply.response.status, 400) << body;
  }
}

TEST(PersonPage, IsNotForOtherNamesPathsAndMethods) {
  EXPECT_EQ(visit("POST", "/answer", "token=0123&answer=done", "evil.example").said, Said::nothing);
  EXPECT_EQ(visit("GET", "/", {}, "evil.example").response.status, 403);
  EXPECT_EQ(visit("GET", "/answer").response.status, 404);
  EXPECT_EQ(visit("PUT", "/").response.status, 405);
}

TEST(Person, NobodyThereIsAnErrorAndNoVerdict) {
  Person person;
  const auto end = person.ask("cacerts", {{"url", "https://localhost:1"}}, est::Milliseconds(300));
  ASSERT_FALSE(end.ok());
  EXPECT_THAT(end.error().message, HasSubstr("nobody said"));
}

}  // namespace
}  // namespace conformance::steps
