// Sets, statements and plans as a user meets them, without a target.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "conformance/cli_application.h"
#include "conformance/cli_data.h"
#include "conformance/engine/json.h"
#include "conformance/target/questions.h"
#include "est/base/file.h"

namespace conformance::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Printed {
  int code = 0;
  std::string out, error;
  [[nodiscard]] engine::Json json() const { return engine::parse_json(out).ok() ? *engine::parse_json(out) : engine::Json(); }
};

Printed run_words(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv{"estspec"};
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Printed printed;
  printed.code = run_application(static_cast<int>(argv.size()), argv.data());
  printed.out = ::testing::internal::GetCapturedStdout();
  printed.error = ::testing::internal::GetCapturedStderr();
  return printed;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

class StatementCli : public ::testing::Test {
 protected:
  StatementCli() { std::filesystem::create_directories(folder_); }
  ~StatementCli() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(est::write_file(folder_ + "/" + name, text).ok());
    return folder_ + "/" + name;
  }

  std::string folder_ = ::testing::TempDir() + "statement-" + std::to_string(getpid());
};

TEST_F(StatementCli, TheProformaFilledInIsTaken) {
  for (const std::string role : {"server", "client", "proxy"}) {
    std::string text = run_words({"ics", "--role", role}).out;
    const auto empty = run_words({"ics", "check", write(role + ".yaml", text)});
    EXPECT_EQ(empty.code, 4);
    EXPECT_THAT(empty.error, AllOf(HasSubstr(role + ".yaml:"), HasSubstr("; write")));
    EXPECT_EQ(std::count(empty.error.begin(), empty.error.end(), '\n'), 1);
    replace_all(text, ": CHANGE-ME\n  #", ": true\n  #");
    replace_all(text, ": CHANGE-ME\n\naccess", ": true\n\naccess");
    replace_all(text, "name: CHANGE-ME", "name: Acme");
    const auto filled = run_words({"ics", "check", "--claims-only", write(role + ".yaml", text)});
    EXPECT_EQ(filled.code, 0) << filled.out << filled.error;
    EXPECT_THAT(filled.out, HasSubstr("statement of a " + role));
  }
}

TEST_F(StatementCli, ClaimsAtOddsAreTold) {
  std::string text = run_words({"ics", "--role", "client"}).out;
  replace_all(text, "name: CHANGE-ME", "name: Acme");
  replace_all(text, "command: CHANGE-ME", "command: ./driver");
  replace_all(text, "client-fullcmc: CHANGE-ME", "client-fullcmc: false");
  replace_all(text, ": CHANGE-ME", ": true");
  const std::string path = write("odd.yaml", text);
  const auto checked = run_words({"ics", "check", path});
  EXPECT_EQ(checked.code, 1) << checked.error;
  EXPECT_THAT(checked.out, AllOf(HasSubstr("'client-crmf' is claimed, and means nothing without client-fullcmc"), HasSubstr("2 at odds")));
  const auto form = run_words({"ics", "--filled", path});
  EXPECT_THAT(form.out, AllOf(HasSubstr("Acme"), HasSubstr("&#9746; no"), Not(HasSubstr("<script")), Not(HasSubstr("http:"))));
}

TEST_F(StatementCli, ThePaperFormAsksEverything) {
  const auto form = run_words({"ics", "--role", "server", "--form", "html"});
  EXPECT_EQ(form.code, 0);
  for (const auto& question : target::questions("server")) EXPECT_THAT(form.out, HasSubstr(">" + question.claim + "<"));
}

TEST_F(StatementCli, ThePlanSaysWhyOfEachScenario) {
  const std::string path = write("client.yaml", "role: client\ntarget: {name: Acme}\nclaims: [client-cacerts]\naccess: {command: ./x}\n");
  const auto plan = run_words({"plan", "--target", path, "--json"});
  ASSERT_EQ(plan.code, 0) << plan.error;
  std::size_t selected = 0;
  const engine::Json json = plan.json();
  for (const auto& one : json["scenarios"]) {
    const bool chosen = one["selected"];
    selected += chosen ? 1U : 0U;
    EXPECT_EQ(one["decided_by"].get<std::string>().empty(), chosen);
    if (one["needs"] == "client-cacerts") {
      EXPECT_EQ(one["value"], "client-cacerts=true");
    }
    if (one["needs"] == "client-simpleenroll") {
      EXPECT_EQ(one["value"], "client-simpleenroll=false");
    }
  }
  EXPECT_GT(selected, 10U);
  EXPECT_LT(selected, json["scenarios"].size());
  const auto shown = run_words({"plan", "--profile", path, "--form", "html"});
  EXPECT_THAT(shown.out, AllOf(HasSubstr("client-cacerts=true"), HasSubstr("scenarios for the client Acme")));
}

TEST_F(StatementCli, APlanNeedsAProfile) {
  const auto plan = run_words(
      {"plan", "--profile", write("bad.yaml", "role: client\ntarget: {name: A}\nclaims: [nothing-known]\naccess: {command: x}\n")});
  EXPECT_EQ(plan.code, 4);
  EXPECT_THAT(plan.error, AllOf(HasSubstr("bad.yaml:3: unknown claim"), StartsWith("estspec: ")));
}

TEST_F(StatementCli, ASetFrozenNowIsCleanAndScores) {
  const auto frozen = run_words({"sets", "--freeze", "MINE-1", "--day", "2026-11-26"});
  ASSERT_EQ(frozen.code, 0) << frozen.error;
  (void)write("MINE-1.yaml", frozen.out);
  (void)write("MINE-1.errata.yaml", "errata-of: MINE-1\nerrata: [{scenario: EST-SE-100, date: 2026-12-01, reason: too hard}]\n");
  const auto listed = run_words({"list", "--scenarios", folder_, "--set", "MINE-1", "--select", "EST-SE-10*"});
  EXPECT_EQ(listed.code, 0) << listed.error;
  EXPECT_THAT(listed.out, AllOf(HasSubstr("(not scored: erratum of 2026-12-01: too hard)")));
  EXPECT_THAT(run_words({"explain", "EST-SE-100", "--scenarios", folder_}).out, HasSubstr("MINE-1, revision 1, erratum of 2026-12-01"));
}

TEST_F(StatementCli, AnUnknownSetIsAMistake) {
  const auto run = run_words({"list", "--set", "EST-1999"});
  EXPECT_EQ(run.code, 4);
  EXPECT_THAT(run.error, HasSubstr("no scenario set is called 'EST-1999'; see `estspec sets`"));
}

TEST(ReferencePage, IsTheOneTheProgramPrints) {
  const auto page = est::read_file(std::string(ESTSPEC_SOURCE_DIR) + "/conformance/REFERENCE.md");
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_TRUE(*page == run_words({"verbs", "--form", "markdown"}).out) << "run: estspec verbs --form markdown >conformance/REFERENCE.md";
}

}  // namespace
}  // namespace conformance::cli
