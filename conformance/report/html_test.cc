#include "conformance/report/html.h"

#include <gmock/gmock.h>

namespace conformance::report {
namespace {

using engine::Verdict;
using testing::HasSubstr;
using testing::Not;

engine::ScenarioResult scenario(std::string id, Verdict verdict) {
  engine::ScenarioResult result;
  result.id = std::move(id);
  result.title = "A title";
  result.role = "server";
  result.verdict = verdict;
  result.requirements = {"R7030-4.1-1"};
  result.evidence = "evidence/" + result.id + "/evidence.json";
  return result;
}

Results results_with(std::vector<engine::ScenarioResult> scenarios) {
  Results results;
  results.target = {{"name", "Acme <Enroller>"}, {"vendor", "Acme"}, {"version", "1"}, {"role", "server"}, {"claims", {"simpleenroll"}}};
  results.suite_version = "0.1.0";
  results.command = "estspec server --profile p.yaml";
  results.scenarios = std::move(scenarios);
  return results;
}

engine::Catalogue small_catalogue() {
  engine::Catalogue catalogue;
  catalogue.requirements.push_back(
      {.id = "R7030-4.1-1", .rfc = "7030", .section = "4.1", .role = "server", .level = "MUST", .text = "It is served."});
  catalogue.requirements.push_back({.id = "R7030-4.1-2",
                                    .rfc = "7030",
                                    .section = "4.1",
                                    .role = "server",
                                    .level = "MUST",
                                    .text = "It is kept.",
                                    .untested = "nobody can see"});
  catalogue.requirements.push_back(
      {.id = "R7030-9-9", .rfc = "7030", .section = "9", .role = "client", .level = "MUST", .text = "A client's."});
  return catalogue;
}

std::string page(const Results& results, std::map<std::string, std::string, std::less<>> transcripts = {}) {
  const engine::Catalogue known = small_catalogue();
  return html_report({results, {}, known, std::move(transcripts)});
}

TEST(HtmlReport, NothingOfATargetIsMarkup) {
  auto bad = scenario("EST-SE-001", Verdict::fail);
  bad.cause = "It said <script>alert(1)</script> & \"x\".";
  const std::string html = page(results_with({bad}), {{"EST-SE-001", "<b>transcript</b>"}});
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot;."));
  EXPECT_THAT(html, HasSubstr("&lt;b&gt;transcript"));
  EXPECT_THAT(html, HasSubstr("Acme &lt;Enroller&gt;"));
}

TEST(HtmlReport, FetchesNothing) {
  const std::string html = page(results_with({scenario("EST-SE-001", Verdict::pass)}));
  for (const char* word : {"http://", "https://", "src=", "@import", "url("}) EXPECT_THAT(html, Not(HasSubstr(word))) << word;
}

TEST(HtmlReport, SaysWhatBlocksAndWhatDoesNot) {
  EXPECT_THAT(page(results_with({scenario("A-1", Verdict::fail)})), HasSubstr("<strong>1</strong> broke a MUST."));
  EXPECT_THAT(page(results_with({scenario("A-1", Verdict::fail)})), HasSubstr("NOT CONFORMANT"));
  const std::string fine = page(results_with({scenario("A-1", Verdict::warn)}));
  EXPECT_THAT(fine, HasSubstr("CONFORMANT as far as tested"));
  EXPECT_THAT(fine, HasSubstr("<strong>1</strong> broke a SHOULD"));
}

TEST(HtmlReport, TracesEveryRequirementOfTheRole) {
  const std::string html = page(results_with({scenario("A-1", Verdict::pass)}));
  EXPECT_THAT(html, HasSubstr("R7030-4.1-1"));
  EXPECT_THAT(html, HasSubstr("not tested: nobody can see"));
  EXPECT_THAT(html, Not(HasSubstr("R7030-9-9")));
}

TEST(HtmlReport, FindingsThatBlockAreOpen) {
  EXPECT_THAT(page(results_with({scenario("A-1", Verdict::fail)})), HasSubstr("id=\"A-1\" data-verdict=\"FAIL\" open>"));
  EXPECT_THAT(page(results_with({scenario("A-1", Verdict::warn)})), HasSubstr("id=\"A-1\" data-verdict=\"WARN\">"));
}

TEST(HtmlReport, ManyRequirementsAreNotInTheWay) {
  auto many = scenario("A-1", Verdict::fail);
  many.requirements = {"R-1", "R-2", "R-3", "R-4"};
  EXPECT_THAT(page(results_with({many})), HasSubstr("<summary>one of the 4 sentences of the RFCs"));
  EXPECT_THAT(page(results_with({scenario("A-1", Verdict::fail)})), Not(HasSubstr("sentences of the RFCs")));
}

TEST(HtmlReport, HoldsTheTestPlan) {
  engine::Scenario planned;
  planned.id = "A-1";
  planned.revision = 2;
  planned.needs = *engine::Expression::parse("simpleenroll and not fullcmc");
  const std::vector<engine::Scenario> scenarios{planned};
  const engine::Catalogue known = small_catalogue();
  const Results results = results_with({scenario("A-1", Verdict::pass)});
  EXPECT_THAT(html_report({results, scenarios, known}), HasSubstr("ICS: simpleenroll=true and not fullcmc=false; revision 2"));
}

}  // namespace
}  // namespace conformance::report
