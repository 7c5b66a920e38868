#include "conformance/engine/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace conformance::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Document requirements{"r.yaml",
                            "rfc: 7030\n"
                            "requirements:\n"
                            "  - {id: R1, section: 4.1, role: server, level: MUST, text: Do, interpretations: [INT-01]}\n"
                            "  - {id: R2, section: 4.1, role: server, level: SHOULD, text: Do too, untested: cannot be seen}\n"
                            "  - {id: R3, section: 4.1, role: client, level: MUST NOT, text: Do not}\n"};
const Document interpretations{"i.yaml", "- {id: INT-01, question: Why, texts: Both, verdict: warn}\n"};

Catalogue good() {
  Problems problems;
  Catalogue catalogue = load_catalogue({requirements, interpretations, {"s.yaml", "scenarios: []"}}, problems);
  EXPECT_THAT(problems, IsEmpty());
  return catalogue;
}

Scenario citing(std::vector<std::string> ids) {
  return {.id = "EST-X-1", .role = "server", .requirements = std::move(ids), .place = {"s.yaml", 4}};
}

TEST(Catalogue, Loads) {
  const Catalogue catalogue = good();
  EXPECT_THAT(catalogue.requirement_ids(), ElementsAre("R1", "R2", "R3"));
  EXPECT_EQ(catalogue.requirement("R1")->rfc, "7030");
  EXPECT_EQ(catalogue.requirement("R1")->section, "4.1");
  EXPECT_EQ(catalogue.requirement("R2")->untested, "cannot be seen");
  EXPECT_EQ(catalogue.interpretation("INT-01")->verdict, "warn");
  EXPECT_EQ(catalogue.requirement("R9"), nullptr);
}

TEST(Catalogue, ReportsEveryProblem) {
  Problems problems;
  (void)load_catalogue({{"r.yaml",
                         "requirements:\n"
                         "  - {id: R1, section: 4.1, role: servant, level: must, text: Do, txt: x}\n"
                         "  - {id: R1, section: 4.1, role: server, level: MUST}\n"},
                        {"i.yaml", "- INT-01\n"}},
                       problems);
  EXPECT_THAT(problems,
              ElementsAre("r.yaml:1: file: 'rfc' is missing; add it", "r.yaml:2: requirement R1: unknown key 'txt'; did you mean 'text'?",
                          HasSubstr("'role' is 'servant'; known: server"), HasSubstr("'level' is 'must'; known: MUST, MUST NOT"),
                          "r.yaml:3: requirement R1: 'text' is missing; add it",
                          "r.yaml:3: requirement R1: the id exists already at r.yaml:2; choose another",
                          HasSubstr("i.yaml:1: this must be a list of maps")));
}

Problems problems_of(const std::string& entry) {
  Problems problems;
  (void)load_catalogue(
      {{"r.yaml", "rfc: 7030\nrequirements:\n  - {id: R1, section: 4.1, role: server, level: MUST, text: Do, " + entry + "}\n"}}, problems);
  return problems;
}

TEST(Catalogue, ReadsTestability) {
  Problems problems;
  const Catalogue catalogue = load_catalogue(
      {{"r.yaml",
        "rfc: 7030\nrequirements:\n"
        "  - {id: R1, section: 4.1, role: server, level: MUST, text: Do, updated-by: [RFC 8951 3, RFC 8996], needs: a and not b}\n"
        "  - {id: R2, section: 4.1, role: server, level: MUST, text: Do, testable: config, setting: labels.other}\n"
        "  - {id: R3, section: 4.1, role: client, level: MUST, text: Do, testable: driven}\n"
        "  - {id: R4, section: 4.1, role: client, level: MUST, text: Do, testable: inspect, untested: random numbers}\n"}},
      problems);
  ASSERT_THAT(problems, IsEmpty());
  EXPECT_THAT(catalogue.requirement("R1")->updated_by, ElementsAre("RFC 8951 3", "RFC 8996"));
  EXPECT_EQ(catalogue.requirement("R1")->testable, Testable::wire);
  EXPECT_THAT(catalogue.requirement("R1")->needs.words(), ElementsAre("a", "b"));
  EXPECT_EQ(catalogue.requirement("R2")->setting, "labels.other");
  EXPECT_EQ(to_string(catalogue.requirement("R2")->testable), "config");
  EXPECT_EQ(to_string(catalogue.requirement("R3")->testable), "driven");
  EXPECT_EQ(to_string(catalogue.requirement("R4")->testable), "inspect");
}

TEST(Catalogue, RefusesTestabilityThatSaysNothing) {
  EXPECT_THAT(problems_of("testable: wired"), ElementsAre(HasSubstr("'testable' is 'wired'; known: wire, config, driven, inspect")));
  EXPECT_THAT(problems_of("testable: config"), ElementsAre(HasSubstr("say in 'setting' what has to be configured")));
  EXPECT_THAT(problems_of("setting: labels.other"), ElementsAre(HasSubstr("'setting' belongs to 'testable: config' only")));
  EXPECT_THAT(problems_of("testable: inspect"), ElementsAre(HasSubstr("say in 'untested' why it can only be inspected")));
  EXPECT_THAT(problems_of("needs: and"), ElementsAre(HasSubstr("r.yaml:3: requirement R1: 'needs' ")));
}

Problems lint_with(const std::vector<Scenario>& scenarios, const Catalogue& catalogue) {
  Vocabulary vocabulary;
  vocabulary.add_claim("csrattrs", "answers /csrattrs");
  return lint(scenarios, catalogue, vocabulary);
}

TEST(Lint, AcceptsWhatFits) { EXPECT_THAT(lint_with({citing({"R1"})}, good()), IsEmpty()); }

TEST(Lint, ChecksNeedsOfRolesThatHaveScenarios) {
  Problems problems;
  const Catalogue catalogue = load_catalogue({{"r.yaml",
                                               "rfc: 7030\nrequirements:\n"
                                               "  - {id: R1, section: 4.1, role: server, level: MUST, text: Do, needs: csratrs}\n"
                                               "  - {id: R2, section: 4.1, role: server, level: MUST, text: Do, needs: csrattrs}\n"
                                               "  - {id: R3, section: 4.1, role: client, level: MUST, text: Do, needs: later}\n"}},
                                             problems);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_THAT(lint_with({citing({"R1", "R2"})}, catalogue),
              ElementsAre(HasSubstr("r.yaml:3: R1: 'needs' names the unknown claim 'csratrs'; did you mean 'csrattrs'?")));
}

TEST(Lint, SeesWhatDoesNotFit) {
  EXPECT_THAT(lint_with({citing({"R2"})}, good()),
              ElementsAre(HasSubstr("s.yaml:4: EST-X-1: the level is MUST, yet no requirement"),
                          HasSubstr("r.yaml:3: R1: no scenario cites it"), HasSubstr("r.yaml:4: R2: it says 'untested'")));
  EXPECT_THAT(lint_with({citing({"R1", "R3"})}, good()), ElementsAre(HasSubstr("R3 is about the client")));
  EXPECT_THAT(lint_with({citing({"R1", "R4"})}, good()), ElementsAre(HasSubstr("unknown requirement 'R4'")));
  Scenario scenario = citing({"R1"});
  scenario.interpretations = {"INT-02"};
  EXPECT_THAT(lint_with({scenario}, good()), ElementsAre(HasSubstr("EST-X-1: unknown interpretation 'INT-02'; did you mean 'INT-01'?")));
}

}  // namespace
}  // namespace conformance::engine
