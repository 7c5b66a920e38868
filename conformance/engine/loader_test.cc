#include "conformance/engine/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "est/base/file.h"

namespace conformance::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Vocabulary loader_vocabulary() {
  Vocabulary words;
  words.add(VerbInfo{"enroll",
                     "",
                     {{"key", ParameterType::choice, {"ec-p256", "rsa-2048"}, "", false},
                      {"tls", ParameterType::choice, {"1.2", "1.3"}, "", false},
                      {"certificate", ParameterType::result, {"none", "current"}, "", false},
                      {"san", ParameterType::list, {}, "", false},
                      {"headers", ParameterType::map, {}, "", false}},
                     "status",
                     Json{{"is", 200}}});
  words.add(VerbInfo{"pause", "", {{"ms", ParameterType::number, {}, "", true}}, "", {}, "ms"});
  words.add(
      CheckInfo{"status", "", {{"is", ParameterType::text, {}, "", false}, {"any-of", ParameterType::list, {}, "", false}}, {}, "is"});
  words.add(CheckInfo{"quiet", "", {{"really", ParameterType::boolean, {}, "", false}}, {}, ""});
  words.add(CheckInfo{"same", "", {{"as", ParameterType::result, {}, "", true}}, {}, "as"});
  words.add_claim("http-basic", "");
  words.add_claim("tls-1.3", "");
  return words;
}

// A scenario with one line put in place of another, so that each test states what it changes.
std::string with(const std::string& line, const std::string& instead) {
  std::string text =
      "role: server\n"
      "section: RFC 7030 4.2.1\n"
      "scenarios:\n"
      "  - id: EST-X-1\n"
      "    title: A title\n"
      "    level: MUST\n"
      "    requirements: [R1]\n"
      "    needs: http-basic and not tls-1.3\n"
      "    mutation: one bit\n"
      "    control: {enroll: {key: ec-p256}}\n"
      "    steps:\n"
      "      - enroll: {key: ec-p256, tls: 1.2}\n"
      "    expect:\n"
      "      - status: {any-of: [4xx, 500]}\n";
  if (line.empty()) return text + instead;
  const auto at = text.find(line);
  EXPECT_NE(at, std::string::npos) << line;
  return text.replace(at, line.size(), instead);
}

Loaded load(const std::string& text) { return load_scenarios({{"f.yaml", text}}, loader_vocabulary(), {"R1", "R2"}); }

TEST(Loader, ReadsAScenario) {
  const Loaded loaded = load(with("", ""));
  EXPECT_THAT(loaded.problems, IsEmpty());
  ASSERT_EQ(loaded.scenarios.size(), 1U);
  const Scenario& scenario = loaded.scenarios.front();
  EXPECT_EQ(scenario.id, "EST-X-1");
  EXPECT_EQ(scenario.role, "server");
  EXPECT_EQ(scenario.section, "RFC 7030 4.2.1");
  EXPECT_EQ(scenario.control->name, "control");
  EXPECT_EQ(scenario.steps.at(0).name, "step-1");
  EXPECT_EQ(scenario.steps.at(0).parameters.dump(), R"({"key":"ec-p256","tls":"1.2"})");
  EXPECT_EQ(scenario.expect.at(0).of, "step-1");
  EXPECT_EQ(scenario.expect.at(0).parameters.dump(), R"({"any-of":["4xx",500]})");
  EXPECT_EQ(scenario.expect.at(0).text, "status: {any-of: [4xx, 500]}");
  EXPECT_EQ(scenario.steps.at(0).place.to_string(), "f.yaml:12");
}

TEST(Loader, ReadsNamesShorthandsAndReferences) {
  const Loaded loaded = load(with("      - enroll: {key: ec-p256, tls: 1.2}\n    expect:\n",
                                  "      - enroll: {as: first}\n"
                                  "      - pause: 20\n"
                                  "      - enroll: {certificate: first}\n"
                                  "        as: second\n"
                                  "    expect:\n"
                                  "      - quiet\n"
                                  "      - status: 200\n"
                                  "        of: first\n"
                                  "      - same: {as: first, of: control}\n"));
  EXPECT_THAT(loaded.problems, IsEmpty());
  const Scenario& scenario = loaded.scenarios.at(0);
  EXPECT_EQ(scenario.steps.at(1).parameters.dump(), R"({"ms":20})");
  EXPECT_EQ(scenario.steps.at(2).name, "second");
  EXPECT_EQ(scenario.expect.at(0).of, "second");
  EXPECT_EQ(scenario.expect.at(1).of, "first");
  EXPECT_EQ(scenario.expect.at(1).parameters.dump(), R"({"is":"200"})");
  EXPECT_EQ(scenario.expect.at(2).of, "control");
}

TEST(Loader, SaysWhatIsWrongWhereAndHowToCureIt) {
  struct Case {
    const char* line;
    const char* instead;
    const char* problem;
  };
  const std::vector<Case> cases{
      {"role: server", "role: boss", "f.yaml:1: file: 'role' is 'boss'; write server, client or proxy"},
      {"section: RFC 7030 4.2.1\n", "", "'section' is missing here and at the top of the file; add it"},
      {"    title: A title\n", "", "f.yaml:4: scenario EST-X-1: 'title' is missing; add it"},
      {"title: A", "titel: A", "unknown key 'titel'; did you mean 'title'?"},
      {"id: EST-X-1", "id: EST/X", "f.yaml:4: 'EST/X' cannot be an id"},
      {"id: EST-X-1", "id: [a]", "a scenario without 'id'"},
      {"level: MUST", "level: must", "f.yaml:6: scenario EST-X-1: 'level' is 'must'; write MUST, SHOULD or MAY"},
      {"[R1]", "[R3]", "f.yaml:7: scenario EST-X-1: unknown requirement 'R3'; did you mean 'R1'?"},
      {"[R1]", "[]", "'requirements' is empty; cite at least one"},
      {"[R1]", "R1", "'requirements' must be a list; write [a, b]"},
      {"needs: http-basic", "needs: http-basik", "f.yaml:8: scenario EST-X-1: 'needs' names the unknown claim 'http-basik'; did you mean"},
      {"needs: http-basic", "needs: (http-basic", "'needs' at character"},
      {"    mutation: one bit\n", "", "'control' and 'mutation' come together"},
      {"    control: {enroll: {key: ec-p256}}\n", "", "'control' and 'mutation' come together"},
      {"control: {enroll: {key: ec-p256}}", "control: {pause: 3}", "'pause' cannot be a control"},
      {"- enroll: {key: ec-p256, tls: 1.2}", "- enrol", "f.yaml:12: scenario EST-X-1: unknown verb 'enrol'; did you mean 'enroll'?"},
      {"tls: 1.2", "tls: 1.1", "f.yaml:12: scenario EST-X-1: enroll: 'tls': '1.1' is not possible; did you mean '1.2'?"},
      {"tls: 1.2", "lts: 1.2", "unknown parameter 'lts'; did you mean 'tls'?"},
      {"tls: 1.2", "tls: [1.2]", "'tls': must be a word or text"},
      {"tls: 1.2", "san: DNS:a", "'san': must be a list; write [DNS:a]"},
      {"tls: 1.2", "headers: x", "'headers': must be a map"},
      {"tls: 1.2", "certificate: first", "there is no result 'first' at this point"},
      {"tls: 1.2", "as: step-9", "'step-9' cannot name a result"},
      {"tls: 1.2", "as: Upper", "'Upper' cannot name a result"},
      {"- enroll: {key: ec-p256, tls: 1.2}", "- pause", "'ms' is missing"},
      {"- enroll: {key: ec-p256, tls: 1.2}", "- pause: soon", "'ms': must be a number"},
      {"- enroll: {key: ec-p256, tls: 1.2}", "- enroll: ec-p256", "takes no bare value"},
      {"- enroll: {key: ec-p256, tls: 1.2}", "- {enroll: {}, pause: 2}", "'pause' stands beside 'enroll'"},
      {"- enroll: {key: ec-p256, tls: 1.2}", "- []", "expected a word"},
      {"- enroll: {key: ec-p256, tls: 1.2}", "- {as: x}", "expected a word"},
      {"- status: {any-of: [4xx, 500]}", "- statos: 1", "f.yaml:14: scenario EST-X-1: unknown check 'statos'; did you mean 'status'?"},
      {"- status: {any-of: [4xx, 500]}", "- quiet: {really: 1}", "'really': must be true or false"},
      {"- status: {any-of: [4xx, 500]}", "- quiet: {of: step-2}",
       "'of' names 'step-2', which is no result of this scenario; did you mean 'step-1'?"},
      {"- status: {any-of: [4xx, 500]}", "- same: nobody", "there is no result 'nobody' at this point"},
      {"      - status: {any-of: [4xx, 500]}\n", "", "'expect' must be a list with at least one entry"},
      {"    mutation: one bit\n", "    mutation: one bit\n    revision: 0\n", "'revision' starts at 1"},
      {"    mutation: one bit\n", "    mutation: one bit\n    revision: 2\n", "say in 'changes' what each revision changed"},
      {"    mutation: one bit\n", "    mutation: one bit\n    revision: 2\n    changes: [more]\n", "an entry of 'changes' must be a map"},
      {"    mutation: one bit\n", "    mutation: one bit\n    revision: 2\n    changes: [{revision: 3, date: 2026-12-01, what: more}]\n",
       "goes on with revision 2"},
      {"    mutation: one bit\n", "    mutation: one bit\n    revision: 2\n    changes: [{revision: 2, date: 2026-02-30, what: more}]\n",
       "'date' is no day"},
      {"    mutation: one bit\n", "    mutation: one bit\n    revision: 2\n    changes: [{revision: 2, date: 2026-12-01}]\n",
       "'what' is missing"},
  };
  for (const auto& one : cases) {
    const Loaded loaded = load(with(one.line, one.instead));
    EXPECT_THAT(loaded.problems, ::testing::Contains(HasSubstr(one.problem))) << one.instead;
  }
}

TEST(Loader, ReportsAllProblemsOfAllFiles) {
  const auto loaded = load_scenarios({{"a.yaml", with("level: MUST", "level: X")}, {"b.yaml", "- x"}, {"c.yaml", with("tls", "tsl")}},
                                     loader_vocabulary(), {});
  EXPECT_THAT(loaded.problems, ElementsAre(HasSubstr("a.yaml:6:"), HasSubstr("b.yaml:1: the file must be a map"),
                                           HasSubstr("c.yaml:4: scenario EST-X-1 exists already at a.yaml:4; choose another id")));
}

TEST(Loader, ExpandsTheMatrix) {
  const std::string text =
      with("title: A title", "title: A {key} over {tls} {n}\n    matrix: {key: [ec-p256, rsa-2048], tls: [1.2, \"1.3\"], ms: [5]}");
  std::string steps = text;
  steps.replace(steps.find("- enroll: {key: ec-p256, tls: 1.2}"), 34,
                "- pause: \"{ms}\"\n      - enroll: {key: \"{key}\", tls: \"{tls}\"}");
  const Loaded loaded = load(steps);
  EXPECT_THAT(loaded.problems, IsEmpty());
  ASSERT_EQ(loaded.scenarios.size(), 4U);
  EXPECT_EQ(loaded.scenarios[1].id, "EST-X-1/ec-p256/1.3/5");
  EXPECT_EQ(loaded.scenarios[1].title, "A ec-p256 over 1.3 {n}");
  EXPECT_EQ(loaded.scenarios[3].steps.at(0).parameters.dump(), R"({"ms":5})");
  EXPECT_EQ(loaded.scenarios[3].steps.at(1).parameters.dump(), R"({"key":"rsa-2048","tls":"1.3"})");
}

TEST(Loader, JudgesTheMatrix) {
  const auto problems = [](const std::string& matrix) {
    return load(with("title: A title", "title: A {key}\n    matrix: " + matrix)).problems;
  };
  EXPECT_THAT(problems("{key: [a], unused: [b]}"),
              ElementsAre(HasSubstr("f.yaml:6: scenario EST-X-1: the scenario never uses \"{unused}\"")));
  EXPECT_THAT(problems("[a]"), ElementsAre(HasSubstr("'matrix' must be a map of lists")));
  EXPECT_THAT(problems("{key: a}"), ElementsAre(HasSubstr("needs a list")));
  EXPECT_THAT(problems("{key: [a/b]}"), ElementsAre(HasSubstr("letters, digits")));
  EXPECT_THAT(problems("{key: [1,2,3,4,5,6,7,8,9], b: [1,2,3,4,5,6,7,8,9], c: [1,2,3,4]}"), ElementsAre(HasSubstr("more than 256")));
}

TEST(Loader, TellsKindsOfDocuments) {
  EXPECT_EQ(kind_of({"", "scenarios: []"}), DocumentKind::scenarios);
  EXPECT_EQ(kind_of({"", "requirements: []"}), DocumentKind::requirements);
  EXPECT_EQ(kind_of({"", "- id: INT-01"}), DocumentKind::interpretations);
  EXPECT_EQ(kind_of({"", "]"}), DocumentKind::scenarios);
}

TEST(Loader, ReadsFoldersInOrder) {
  const auto folder = std::filesystem::path(::testing::TempDir()) / "loader_test_folder";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "b");
  ASSERT_TRUE(est::write_file(folder / "c.yaml", "x").ok());
  ASSERT_TRUE(est::write_file(folder / "b" / "a.yaml", "y").ok());
  ASSERT_TRUE(est::write_file(folder / "b" / "a.txt", "z").ok());
  const auto documents = read_folder(folder);
  ASSERT_TRUE(documents.ok());
  ASSERT_EQ(documents->size(), 2U);
  EXPECT_EQ(documents->at(0).text, "y");
  EXPECT_THAT(read_folder(folder / "none").error().message, HasSubstr("this is no folder"));
  std::filesystem::remove_all(folder);
}

std::vector<std::string> selected(const std::string& expression) {
  std::vector<Scenario> all(3);
  all[0] = {.id = "EST-SE-1/a", .level = Level::must, .section = "RFC 7030 4.2.1", .requirements = {"R1"}, .tags = {"pop"}};
  all[1] = {.id = "EST-SE-1/b", .level = Level::should, .section = "RFC 8951 3", .tags = {"pop"}};
  all[2] = {.id = "EST-CA-2", .level = Level::must, .section = "RFC 7030 4.21", .interpretations = {"INT-01"}};
  const auto result = select(all, expression);
  if (!result) return {result.error().message};
  std::vector<std::string> ids;
  for (const auto& scenario : *result) ids.push_back(scenario.id);
  return ids;
}

TEST(Select, ByIdSectionLevelAndTag) {
  EXPECT_THAT(selected(""), ElementsAre("EST-SE-1/a", "EST-SE-1/b", "EST-CA-2"));
  EXPECT_THAT(selected("EST-SE-1"), ElementsAre("EST-SE-1/a", "EST-SE-1/b"));
  EXPECT_THAT(selected("EST-SE-1/b"), ElementsAre("EST-SE-1/b"));
  EXPECT_THAT(selected("*-CA-?"), ElementsAre("EST-CA-2"));
  EXPECT_THAT(selected("section:4.2"), ElementsAre("EST-SE-1/a"));
  EXPECT_THAT(selected("rfc:8951 or interpretation:INT-01"), ElementsAre("EST-SE-1/b", "EST-CA-2"));
  EXPECT_THAT(selected("level:must and not tag:pop"), ElementsAre("EST-CA-2"));
  EXPECT_THAT(selected("requirement:R1"), ElementsAre("EST-SE-1/a"));
}

TEST(Select, NamesTheWordThatSelectsNothing) {
  EXPECT_THAT(selected("EST-CA-1"), ElementsAre("--select: 'EST-CA-1' selects no scenario; did you mean 'EST-CA-2'?"));
  EXPECT_THAT(selected("tag:none"), ElementsAre(HasSubstr("--select: 'tag:none' selects no scenario; use an id or a pattern")));
  EXPECT_THAT(selected("and"), ElementsAre(HasSubstr("--select: at character 1")));
}

}  // namespace
}  // namespace conformance::engine
