// The command line as a user meets it, without a target.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "conformance/cli_application.h"
#include "conformance/cli_command.h"
#include "conformance/cli_data.h"
#include "conformance/cli_embedded.h"
#include "conformance/cli_preflight.h"
#include "conformance/cli_progress.h"
#include "conformance/cli_secret.h"
#include "conformance/engine/coverage.h"
#include "conformance/engine/json.h"
#include "conformance/engine/judge.h"
#include "conformance/report/folder.h"
#include "conformance/selftest/reference_target.h"
#include "conformance/steps/server_driver.h"
#include "est/base/file.h"

namespace conformance::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct Ran {
  int code = 0;
  std::string out, error;
};

Ran estspec(std::vector<std::string> arguments) {
  std::vector<const char*> argv{"estspec"};
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Ran ran;
  ran.code = run_application(static_cast<int>(argv.size()), argv.data());
  ran.out = ::testing::internal::GetCapturedStdout();
  ran.error = ::testing::internal::GetCapturedStderr();
  return ran;
}

engine::Json json_of(const Ran& ran) {
  auto json = engine::parse_json(ran.out);
  return json ? *json : engine::Json();
}

class Cli : public ::testing::Test {
 protected:
  Cli() { fs::create_directories(folder_); }
  ~Cli() override { fs::remove_all(folder_); }
  void put(const std::string& name, const std::string& text) const { ASSERT_TRUE(est::write_file(folder_ + "/" + name, text).ok()); }

  const std::string folder_ = ::testing::TempDir() + "estspec_cli_test_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string script_ =
      "role: server\nsection: RFC 7030 4.1\nscenarios:\n  - id: OWN-1\n    title: Mine\n    level: MUST\n    requirements: [OWN-R1]\n"
      "    steps: [cacerts]\n    expect: [{status: 200}]\n";
  const std::string catalogue_ = "rfc: 7030\nrequirements:\n  - {id: OWN-R1, section: '1', role: server, level: MUST, text: Answer}\n";
};

TEST_F(Cli, UsageErrorsAreOneLineAndExitCode4) {
  const std::vector<std::vector<std::string>> wrong{{},
                                                    {"fly"},
                                                    {"--fly"},
                                                    {"server", "--fly"},
                                                    {"server", "--url"},
                                                    {"server", "--jobs", "many"},
                                                    {"server", "--jobs", "2"},
                                                    {"server", "--out", folder_},
                                                    {"server", "--url", "https://localhost:1", "--out", folder_},
                                                    {"server", "--profile", folder_ + "/none.yaml", "--out", folder_},
                                                    {"server", "--select", "NONE-*"},
                                                    {"server", "--password", "env:ESTSPEC_TEST_UNSET"},
                                                    {"explain"},
                                                    {"explain", "EST-NO-1"},
                                                    {"list", "--select", "and"},
                                                    {"verify", folder_},
                                                    {"lint", folder_ + "/none"}};
  for (const auto& arguments : wrong) {
    const Ran ran = estspec(arguments);
    const std::string shown = ::testing::PrintToString(arguments);
    EXPECT_EQ(ran.code, 4) << shown;
    EXPECT_THAT(ran.error, StartsWith("estspec: ")) << shown;
    EXPECT_EQ(std::count(ran.error.begin(), ran.error.end(), '\n'), 1) << shown << ran.error;
    EXPECT_EQ(ran.out, "") << shown;
  }
}

TEST_F(Cli, HelpIsNoError) {
  for (const char* command : {"server", "list", "explain", "lint", "verbs", "requirements", "verify", "selftest"}) {
    EXPECT_EQ(estspec({command, "--help"}).code, 0);
  }
  EXPECT_THAT(estspec({"--help"}).out, HasSubstr("selftest"));
  EXPECT_THAT(estspec({"--version"}).out, HasSubstr("estspec " ESTSPEC_VERSION));
}

TEST_F(Cli, WhatIsInsideTheProgramIsFlawless) {
  EXPECT_GT(embedded_files().size(), 10U);
  const Ran ran = estspec({"lint"});
  EXPECT_EQ(ran.code, 0) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("no problem"));
}

TEST_F(Cli, WhatIsInsideTheProgramIsWhatIsInTheTree) {
  for (const auto& file : embedded_files()) {
    const auto text = est::read_file(std::string(ESTSPEC_SOURCE_DIR) + "/conformance/" + std::string(file.name));
    ASSERT_TRUE(text.ok());
    EXPECT_EQ(file.text, *text) << file.name;
  }
}

TEST_F(Cli, ListsAndExplains) {
  const auto scenarios = json_of(estspec({"list", "--json"}));
  ASSERT_GT(scenarios.size(), 50U);
  const std::string id = scenarios.at(0).at("id");
  const Ran one = estspec({"list", "--select", id});
  EXPECT_EQ(one.code, 0);
  EXPECT_THAT(one.out, AllOf(StartsWith(id), HasSubstr("1 scenarios")));
  EXPECT_THAT(estspec({"explain", id}).out, AllOf(HasSubstr("requirement"), HasSubstr("expect")));
  EXPECT_EQ(json_of(estspec({"explain", "INT-01", "--json"})).at(0).at("id"), "INT-01");
  EXPECT_THAT(estspec({"explain", "R7030-4.1.3-1"}).out, HasSubstr("RFC 7030 section 4.1.3, server, MUST"));
  EXPECT_GT(json_of(estspec({"requirements", "--json"})).size(), 50U);
  EXPECT_GT(json_of(estspec({"verbs", "--json"})).at("checks").size(), 20U);
  EXPECT_THAT(estspec({"verbs"}).out, AllOf(HasSubstr("Verbs\n"), HasSubstr("Claims\n")));
}

TEST_F(Cli, TellsHowFarTheSentencesAreCovered) {
  put("own.yaml", script_);
  put("requirements.yaml",
      catalogue_ +
          "  - {id: OWN-R2, section: '2', role: client, level: MUST, text: Ask, testable: driven, updated-by: [RFC 8951 3]}\n"
          "  - {id: OWN-R3, section: '3', role: server, level: MUST, text: Guess, testable: inspect, untested: chance cannot be seen}\n"
          "  - {id: OWN-R4, section: '4', role: server, level: MAY, text: Vary, testable: config, setting: labels.other, needs: labels,"
          " untested: not asked}\n");
  const std::vector<std::string> own{"requirements", "--no-built-in", "--scenarios", folder_};
  const auto with = [&](const std::vector<std::string>& more) {
    auto arguments = own;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return estspec(arguments);
  };
  EXPECT_THAT(with({}).out, AllOf(HasSubstr("RFC 7030              4         1           2                    1\n"),
                                  HasSubstr("OWN-R1             server MUST       1 scenario           Answer\n"),
                                  HasSubstr("OWN-R2             client MUST       role not yet tested  Ask\n"),
                                  HasSubstr("not tested: chance cannot be seen\n")));
  EXPECT_THAT(with({"--uncovered"}).out, AllOf(Not(HasSubstr("OWN-R1")), HasSubstr("OWN-R2"), HasSubstr("OWN-R3")));
  EXPECT_THAT(with({"--role", "client"}).out, AllOf(Not(HasSubstr("OWN-R1")), HasSubstr("OWN-R2")));
  EXPECT_EQ(with({"--role", "clients"}).code, 4);
  const auto json = json_of(with({"--json"}));
  ASSERT_EQ(json.size(), 4U);
  EXPECT_EQ(json.at(0).at("coverage"), "covered");
  EXPECT_EQ(json.at(0).at("scenarios").at(0), "OWN-1");
  EXPECT_EQ(json.at(1).at("coverage"), "role not yet tested");
  EXPECT_EQ(json.at(1).at("updated_by").at(0), "RFC 8951 3");
  EXPECT_EQ(json.at(2).at("testable"), "inspect");
  EXPECT_EQ(json.at(3).at("setting"), "labels.other");
  EXPECT_EQ(json.at(3).at("needs"), "labels");
  EXPECT_THAT(estspec({"explain", "--no-built-in", "--scenarios", folder_, "OWN-R2"}).out,
              HasSubstr("to be covered by scenarios for the client; there are none yet"));
}

TEST_F(Cli, TakesScenariosOfTheUser) {
  put("own.yaml", script_);
  put("requirements.yaml", catalogue_);
  EXPECT_THAT(estspec({"list", "--scenarios", folder_, "--select", "OWN-1"}).out, HasSubstr("Mine"));
  EXPECT_THAT(estspec({"lint", "--no-built-in", folder_}).out, HasSubstr("1 scenarios and 1 requirements: no problem"));
  EXPECT_EQ(estspec({"lint", folder_}).code, 0);
}

TEST_F(Cli, ReportsEveryProblemOfTheUser) {
  put("a.yaml", script_);
  put("b.yaml", "role: server\nscenarios: 5\n");
  const Ran ran = estspec({"lint", folder_});
  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.error,
              AllOf(HasSubstr("a.yaml:7: scenario OWN-1: unknown requirement 'OWN-R1'"), HasSubstr("b.yaml:2: file: 'scenarios' must be")));
  EXPECT_EQ(json_of(estspec({"lint", "--json", folder_})).at("problems").size(), 2U);
}

TEST_F(Cli, DataOfOursInAFolderIsTakenOnce) {
  EXPECT_EQ(estspec({"lint", std::string(ESTSPEC_SOURCE_DIR) + "/conformance/scenarios"}).code, 0);
}

TEST_F(Cli, RefusesAFolderThatIsNotOurs) {
  put("thesis.doc", "x");
  put("anchor.pem", "x");
  const Ran ran = estspec({"server", "--url", "https://localhost:1", "--trust-anchor", folder_ + "/anchor.pem", "--out", folder_});
  EXPECT_EQ(ran.code, 4);
  EXPECT_TRUE(fs::exists(folder_ + "/thesis.doc"));
}

// A run in which nothing could be done: enough to derive verdicts from.
void write_results(const std::string& folder) {
  std::vector<std::string> problems;
  const auto data = load_data({}, problems);
  ASSERT_TRUE(data);
  auto results_folder = report::ResultsFolder::open(folder);
  ASSERT_TRUE(results_folder.ok());
  report::Results results;
  results.digest = data->digest;
  for (const auto& scenario : data->scenarios) {
    engine::Evidence evidence;
    evidence.scenario = scenario.id;
    evidence.unclaimed = scenario.needs.deciding_word([](std::string_view) { return false; });
    if (evidence.unclaimed.empty()) evidence.cannot = "there was no target";
    results.scenarios.push_back(engine::judge(scenario, evidence, data->vocabulary, {}));
    ASSERT_TRUE(results_folder->add(results.scenarios.back(), evidence, {}).ok());
  }
  ASSERT_TRUE(results_folder->finish(results, {}, {}).ok());
}

TEST_F(Cli, VerifiesStoredEvidence) {
  const std::string results = folder_ + "/results";
  write_results(results);
  EXPECT_THAT(estspec({"verify", results}).out, HasSubstr(" verdicts derived again, 0 differences"));
  std::string text = *est::read_file(results + "/results.json");
  const std::string verdict = "\"verdict\": \"inconclusive\"";
  const auto last = text.rfind(verdict);
  ASSERT_NE(last, std::string::npos);
  put("results/results.json", text.replace(last, verdict.size(), "\"verdict\": \"pass\""));
  const Ran ran = estspec({"verify", results});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("results.json was changed"), HasSubstr("stored PASS, derived INCONCLUSIVE: there was no target"),
                             HasSubstr("2 differences")));
  fs::remove_all(results + "/evidence");
  EXPECT_EQ(estspec({"verify", results}).code, 1);
}

TEST_F(Cli, NeverEchoesAPassword) {
  const Ran ran = estspec({"server", "--user", "u", "--password", "tiger-in-tank", "--url", "http://x"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.error, Not(HasSubstr("tiger")));
}

TEST_F(Cli, SecretsByReference) {
  put("password", "from file\r\n");
  put("empty", "\n");
  ::setenv("ESTSPEC_TEST_SECRET", "from environment", 1);
  EXPECT_EQ(*resolve_secret("plain", "--password"), "plain");
  EXPECT_EQ(*resolve_secret("", "--password"), "");
  EXPECT_EQ(*resolve_secret("env:ESTSPEC_TEST_SECRET", "--password"), "from environment");
  EXPECT_EQ(*resolve_secret("file:" + folder_ + "/password", "--password"), "from file");
  ::unsetenv("ESTSPEC_TEST_SECRET");
  EXPECT_THAT(resolve_secret("env:ESTSPEC_TEST_SECRET", "--password").error().message, HasSubstr("ESTSPEC_TEST_SECRET is empty; set it"));
  EXPECT_THAT(resolve_secret("file:" + folder_ + "/empty", "--password").error().message, HasSubstr("is empty"));
  EXPECT_FALSE(resolve_secret("file:" + folder_ + "/none", "--password").ok());
}

TEST(Preflight, TellsConfigurationFromConformance) {
  const auto error = [](const std::string& stage, const std::string& cause) {
    return configuration_error({stage, cause, "it broke", ""}, "https://h:1");
  };
  EXPECT_EQ(error("resolve", "unreachable"),
            "https://h:1 cannot be tested: it broke; correct the host name in --url or in the profile's access.url");
  EXPECT_THAT(error("connect", "refused"), HasSubstr("start the target"));
  EXPECT_THAT(error("handshake", "not_tls"), HasSubstr("where the target speaks TLS"));
  EXPECT_THAT(error("handshake", "untrusted"), HasSubstr("--trust-anchor"));
  EXPECT_THAT(error("handshake", "timeout"), HasSubstr("speaks TLS"));
  EXPECT_EQ(error("handshake", "alert"), "");
  EXPECT_EQ(error("read", "reset"), "");
}

engine::ScenarioResult finished(engine::Verdict verdict) {
  engine::ScenarioResult result;
  result.id = "EST-X-1";
  result.title = "Title";
  result.verdict = verdict;
  result.cause = verdict == engine::Verdict::pass ? "" : "because\x1b[2J";
  return result;
}

TEST(Progress, PlainLinesWithoutATerminal) {
  std::ostringstream out;
  Progress progress(out, 2, false, false);
  progress.started({});
  progress.finished(finished(engine::Verdict::pass));
  progress.finished(finished(engine::Verdict::fail));
  progress.clear();
  EXPECT_EQ(out.str(), "[  1/2] PASS           EST-X-1 Title\n[  2/2] FAIL           EST-X-1 Title: because\\x1b[2J\n");
}

TEST(Progress, OneLiveLineOnATerminal) {
  std::ostringstream out;
  Progress progress(out, 2, true, true);
  progress.finished(finished(engine::Verdict::fail));
  engine::Scenario scenario;
  scenario.id = "EST-X-2";
  progress.started(scenario);
  EXPECT_THAT(out.str(), AllOf(StartsWith("\r\x1b[K[1/2] \x1b[31m1 FAIL\x1b[0m, "), HasSubstr("s left  EST-X-2"), Not(HasSubstr("\n"))));
}

// FAULT-TLS-41 promises EST-SE-319/first/plain too, which is not run here.
TEST_F(Cli, SelftestJudgesWhatIsSelected) {
  const Ran one = estspec({"selftest", "--quick", "--fault", "FAULT-TLS-41", "--select", "EST-SE-326"});
  EXPECT_EQ(one.code, 0) << one.out;
  EXPECT_THAT(one.out, AllOf(HasSubstr("killed: EST-SE-326"), HasSubstr("1 faults, 1 caught as promised")));
  const Ran none = estspec({"selftest", "--quick", "--fault", "FAULT-TLS-41", "--select", "EST-SE-327"});
  EXPECT_EQ(none.code, 4);
  EXPECT_THAT(none.error, HasSubstr("promises to make a selected scenario fail"));
  const Ran whole = estspec({"selftest", "--fault", "FAULT-TLS-42", "--select", "EST-SE-031"});
  EXPECT_EQ(whole.code, 0) << whole.out;
}

// A sentence that only targets with an optional operation can be tried on says so.
TEST(Catalogue, NeedsNameTheOptionalOperations) {
  const auto data = load_or_complain({});
  ASSERT_TRUE(data);
  for (const std::string operation : {"fullcmc", "serverkeygen"}) {
    const auto without = [&](std::string_view word) {
      return word != operation && !word.starts_with(operation + "-") && word != "client-certificate-demanded";
    };
    for (const auto& one : engine::coverage(data->scenarios, data->catalogue)) {
      const bool tried = std::any_of(one.scenarios.begin(), one.scenarios.end(), [&](const std::string& id) {
        const auto found = std::find_if(data->scenarios.begin(), data->scenarios.end(), [&](const auto& each) { return each.id == id; });
        return found->needs.evaluate(without);
      });
      if (one.requirement->role != "server" || one.scenarios.empty() || tried) continue;
      EXPECT_FALSE(one.requirement->needs.evaluate(without)) << one.requirement->id << " lacks needs: " << operation;
    }
  }
}

// The reference server in this process, with a profile file for it.
class AgainstReference : public Cli {
 protected:
  void SetUp() override {
    auto started = selftest::ReferenceTarget::start(nullptr);
    ASSERT_TRUE(started.ok());
    reference_ = *std::move(started);
    const target::Profile& profile = reference_->profile();
    put("anchor.pem", "-----BEGIN CERTIFICATE-----\n" + engine::to_base64(profile.trust_anchors.front()) + "\n-----END CERTIFICATE-----\n");
    put("password", profile.password->password);
    put("p.yaml", "target: {name: x}\nclaims: [simpleenroll, http-basic]\naccess:\n  url: https://" + profile.url.endpoint.to_string() +
                      "\n  trust-anchor: anchor.pem\n  password: {user: estuser, password: {file: password}}\n");
  }
  [[nodiscard]] Ran server(std::vector<std::string> more) const {
    std::vector<std::string> arguments{"server", "--profile", folder_ + "/p.yaml", "--out", folder_ + "/results", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return estspec(arguments);
  }

  std::unique_ptr<selftest::ReferenceTarget> reference_;
};

TEST_F(AgainstReference, ListsEveryCertificateObtained) {
  const Ran ran = server({"--select", "EST-SE-132"});
  EXPECT_EQ(ran.code, 0) << ran.error;
  const auto json = json_of(ran);
  ASSERT_EQ(json["certificates"].size(), 1U);
  EXPECT_EQ(json["certificates"][0]["scenario"], "EST-SE-132");
  EXPECT_EQ(json["certificates"][0]["step"], "control");
  const auto listed = est::read_file(folder_ + "/results/certificates.csv");
  ASSERT_TRUE(listed.ok());
  EXPECT_THAT(*listed, HasSubstr(json["certificates"][0]["serial"].get<std::string>()));
  EXPECT_THAT(ran.error, HasSubstr("certificates obtained: 1, listed in"));
}

TEST_F(AgainstReference, NeverObtainsMoreThanAllowed) {
  const Ran ran = server({"--select", "section:4.2.1", "--max-certificates", "2", "--requests-per-second", "500"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_LE(json_of(ran)["certificates"].size(), 2U);
  EXPECT_THAT(ran.out, HasSubstr("the run may obtain 2 certificates, and they are spent"));
}

TEST_F(AgainstReference, AKnownDeviationThatDoesNotHappenIsStale) {
  put("known.yaml", "- {scenario: EST-SE-132, verdict: fail, reason: old, owner: Jo, expires: 2999-12-31}\n");
  const Ran ran = server({"--select", "EST-SE-132", "--baseline", folder_ + "/known.yaml"});
  EXPECT_EQ(ran.code, 3) << ran.error;
  EXPECT_EQ(json_of(ran)["stale"][0]["scenario"], "EST-SE-132");
  EXPECT_EQ(server({"--baseline", folder_ + "/none.yaml"}).code, 4);
}

TEST_F(AgainstReference, CertifiesOnlyADeclaredProductAsAWhole) {
  const Ran partly = server({"--certify"});
  EXPECT_EQ(partly.code, 4);
  EXPECT_THAT(partly.error, AllOf(HasSubstr("leaves claims unanswered"), HasSubstr("csrattrs")));
  EXPECT_THAT(server({"--certify", "--select", "EST-SE-132"}).error, HasSubstr("leave out --select"));
  EXPECT_THAT(estspec({"server", "--certify", "--url", "https://localhost:1", "--trust-anchor", folder_ + "/anchor.pem"}).error,
              HasSubstr("--certify needs a --profile"));
}

TEST(Preflight, RefusedCredentialsAreTheUsersAffair) {
  const auto reference = selftest::ReferenceTarget::start(nullptr);
  ASSERT_TRUE(reference.ok());
  DataOptions options;
  const auto data = load_or_complain(options);
  ASSERT_TRUE(data);
  target::Profile profile = (*reference)->profile();
  const auto said = [&] {
    const auto driver = steps::make_server_driver(profile, data->vocabulary);
    return refused_credentials(*driver, data->vocabulary, {false, profile.public_json()}, "https://target");
  };
  EXPECT_THAT(said(), IsEmpty());
  profile.password->password = "not this one";
  EXPECT_THAT(said(), AllOf(StartsWith("https://target refuses the credentials given (401"), HasSubstr("--password"),
                            Not(HasSubstr("not this one"))));
}

}  // namespace
}  // namespace conformance::cli
