#include "conformance/report/markdown.h"

#include <gmock/gmock.h>

namespace conformance::report {
namespace {

using engine::Verdict;
using testing::HasSubstr;
using testing::Not;

Results results_of(std::initializer_list<Verdict> verdicts) {
  Results results;
  results.target = {{"name", "Acme"}};
  int number = 0;
  for (const Verdict verdict : verdicts) {
    engine::ScenarioResult result;
    result.id = "EST-SE-" + std::to_string(++number);
    result.title = "A title";
    result.verdict = verdict;
    result.cause = verdict == Verdict::pass ? "" : "It said | <b>no</b> [x](y).";
    results.scenarios.push_back(std::move(result));
  }
  return results;
}

TEST(MarkdownSummary, CountsAndTellsTheWorstFirst) {
  const std::string text = markdown_summary(results_of({Verdict::pass, Verdict::warn, Verdict::fail}));
  EXPECT_THAT(text, HasSubstr("| PASS | WARN | FAIL |"));
  EXPECT_THAT(text, HasSubstr("| 1 | 1 | 1 |"));
  EXPECT_LT(text.find("| FAIL | EST-SE-3"), text.find("| WARN | EST-SE-2"));
  EXPECT_THAT(text, HasSubstr("NOT CONFORMANT"));
}

TEST(MarkdownSummary, NothingOfATargetIsMarkup) {
  const std::string text = markdown_summary(results_of({Verdict::fail}));
  EXPECT_THAT(text, Not(HasSubstr("<b>")));
  EXPECT_THAT(text, Not(HasSubstr("[x]")));
  EXPECT_THAT(text, HasSubstr("It said &#124; &#60;b&#62;no"));
}

TEST(MarkdownSummary, IsBounded) {
  const std::string text = markdown_summary(results_of({Verdict::fail, Verdict::fail, Verdict::fail}), 1);
  EXPECT_THAT(text, HasSubstr("2 more are in the report."));
}

TEST(MarkdownSummary, OfNothingButPassesHasNoFindings) {
  EXPECT_THAT(markdown_summary(results_of({Verdict::pass})), Not(HasSubstr("what was seen")));
}

}  // namespace
}  // namespace conformance::report
