#include "conformance/target/questions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "conformance/engine/expression.h"
#include "conformance/target/client_profile.h"
#include "conformance/target/profile_keys.h"
#include "est/base/file.h"
#include "est/base/text.h"

namespace conformance::target {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Statements : public ::testing::TestWithParam<std::string> {
 protected:
  Statements() : path_(::testing::TempDir() + "questions-" + std::to_string(getpid()) + ".yaml") {}
  ~Statements() override { std::filesystem::remove(path_); }

  // What a reader of the whole profile says.
  std::string problem_of(const std::string& text) {
    write(text);
    if (GetParam() != "client") return parse_profile(text, path_).error().message;
    return load_client_profile(path_).error().message;
  }
  void write(const std::string& text) { ASSERT_TRUE(est::write_file(path_, text)); }

  std::string path_;
};

std::string answered(std::string_view role, const std::string& value) {
  std::string text = "role: " + std::string(role) + "\ntarget: {name: X}\nclaims:\n";
  for (const auto& [name, meaning] : claims_of_role(role)) text += "  " + name + ": " + value + "\n";
  return text;
}

TEST_P(Statements, AskAboutEveryClaimInOrder) {
  const auto claims = claims_of_role(GetParam());
  const auto& all = questions(GetParam());
  ASSERT_EQ(all.size(), claims.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].claim, claims[i].first);
    EXPECT_THAT(all[i].clause, ::testing::StartsWith("RFC ")) << all[i].claim;
  }
}

TEST_P(Statements, RestOnClaimsThatExist) {
  const auto claims = claims_of_role(GetParam());
  for (const auto& question : questions(GetParam())) {
    EXPECT_TRUE(engine::Expression::parse(question.access).ok()) << question.access;
    const auto parsed = engine::Expression::parse(question.rests_on);
    ASSERT_TRUE(parsed.ok()) << question.rests_on;
    for (const auto& word : parsed->words())
      EXPECT_TRUE(std::any_of(claims.begin(), claims.end(), [&](const auto& one) { return one.first == word; })) << word;
  }
}

TEST_P(Statements, AreReadAloneWhenEverythingIsAnswered) {
  write(answered(GetParam(), "true") + "access: whatever\n");
  const auto statement = load_statement(path_);
  ASSERT_TRUE(statement.ok()) << statement.error().message;
  EXPECT_EQ(statement->role, GetParam());
  EXPECT_THAT(review_claims(GetParam(), *statement), IsEmpty());
  write(answered(GetParam(), "perhaps"));
  EXPECT_THAT(load_statement(path_).error().message, HasSubstr(".yaml:4: 'claims."));
  write("role: " + GetParam() + "\ntarget: {name: X}\nclaims: {}\n");
  EXPECT_THAT(load_statement(path_).error().message, HasSubstr("write true or false for each"));
  write("role: " + GetParam() + "\ntarget: {name: CHANGE-ME}\n");
  EXPECT_THAT(load_statement(path_).error().message, HasSubstr(":2: 'target.name' is not filled in"));
}

TEST_P(Statements, ThatDenyEverythingAreAtOdds) {
  Declaration nothing;
  EXPECT_THAT(review_claims(GetParam(), nothing), Contains(HasSubstr("demands it of every " + GetParam())));
}

// A key nobody knows makes the reader list those it knows.
TEST_P(Statements, TheListedKeysAreTheOnesRead) {
  std::map<std::string, std::set<std::string>> listed;
  for (const auto& key : profile_keys(GetParam())) {
    const auto dot = key.path.rfind('.');
    listed[dot == std::string::npos ? "" : key.path.substr(0, dot)].insert(key.path.substr(dot == std::string::npos ? 0 : dot + 1));
    EXPECT_FALSE(key.meaning.empty()) << key.path;
  }
  for (const auto& [mapping, keys] : listed) {
    const std::string started = mapping == "access" && GetParam() == "client" ? "command: x, " : "";
    const std::string text = mapping.empty() ? "zzzzzzzzzzzzzzzz: 1\n" : mapping + ": {" + started + "zzzzzzzzzzzzzzzz: 1}\n";
    const std::string problem = problem_of("role: " + GetParam() + "\n" + text);
    EXPECT_THAT(problem, HasSubstr("known here: " + est::join(std::vector<std::string>(keys.begin(), keys.end()), ", "))) << mapping;
  }
}

INSTANTIATE_TEST_SUITE_P(Roles, Statements, ::testing::Values("server", "client", "proxy"));

TEST(Questions, TellWhatAnAnswerLacks) {
  Profile profile;
  profile.claims = {"simpleenroll", "simplereenroll", "tls-client-certificate", "tls-1.3", "fullcmc-crmf"};
  EXPECT_THAT(review_claims("server", profile),
              ::testing::ElementsAre(HasSubstr("'fullcmc-crmf' is claimed, and means nothing without fullcmc")));
  profile.claims = {"tls-client-certificate", "pop-required", "labels"};
  EXPECT_THAT(review_access(profile), SizeIs(3));
  profile.password.emplace();
  profile.labels = {{"pop-required", "pop"}, {"other", "second"}};
  EXPECT_THAT(review_access(profile), IsEmpty());
}

TEST(Questions, RoleOfAProfile) {
  const std::string path = ::testing::TempDir() + "role-" + std::to_string(getpid()) + ".yaml";
  ASSERT_TRUE(est::write_file(path, "role: gateway\n"));
  EXPECT_THAT(role_of_profile(path).error().message, HasSubstr(":1: 'role' is 'gateway'; write server, client or proxy"));
  ASSERT_TRUE(est::write_file(path, "access: [\n"));
  EXPECT_THAT(role_of_profile(path).error().message, HasSubstr("not YAML"));
  ASSERT_TRUE(est::write_file(path, std::string("role: client\n\0\nrole: server\n", 29)));
  EXPECT_THAT(role_of_profile(path).error().message, HasSubstr(":2: a control character"));
  EXPECT_THAT(load_client_profile(path).error().message, HasSubstr(":2: a control character"));
  std::filesystem::remove(path);
  EXPECT_FALSE(role_of_profile(path).ok());
}

}  // namespace
}  // namespace conformance::target
