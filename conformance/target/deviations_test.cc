#include "conformance/target/deviations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "est/base/file.h"

namespace conformance::target {
namespace {

using ::testing::HasSubstr;

est::Result<std::vector<engine::Deviation>> load(const std::string& text) {
  const std::string path = ::testing::TempDir() + "deviations-" + std::to_string(::getpid()) + ".yaml";
  EXPECT_TRUE(est::write_file(path, text).ok());
  auto loaded = load_deviations(path);
  std::filesystem::remove(path);
  return loaded;
}

TEST(DeviationList, IsAListOrUnderItsKey) {
  const std::string entries =
      "- {scenario: EST-SE-014/ec-p256, verdict: fail, reason: old stack, owner: Jo, expires: 2026-12-31}\n"
      "- {scenario: EST-SE-015, verdict: inconclusive, reason: no operator, owner: Jo, expires: 2027-01-01}\n";
  for (const std::string& text : {entries, "deviations:\n" + entries}) {
    const auto loaded = load(text);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    ASSERT_EQ(loaded->size(), 2U);
    EXPECT_EQ((*loaded)[0].scenario, "EST-SE-014/ec-p256");
    EXPECT_EQ((*loaded)[1].verdict, engine::Verdict::inconclusive);
    EXPECT_EQ((*loaded)[1].expires, "2027-01-01");
  }
  EXPECT_TRUE(load("[]").ok());
}

TEST(DeviationList, NamesWhatIsWrongWithFileAndLine) {
  struct Case {
    const char* text;
    const char* problem;
  };
  for (const Case& one : std::vector<Case>{
           {"- {scenario: A, verdict: fail, owner: Jo, expires: 2026-12-31}\n", "'deviations.reason' is missing"},
           {"- {scenario: A, verdict: fail, reason: r, expires: 2026-12-31}\n", "'deviations.owner' is missing"},
           {"- {scenario: A, verdict: fail, reason: r, owner: Jo}\n", "'deviations.expires' is missing"},
           {"- {scenario: A, verdict: fail, reason: ' ', owner: Jo, expires: 2026-12-31}\n", "'deviations.reason' is empty"},
           {"- {scenario: A, verdict: pass, reason: r, owner: Jo, expires: 2026-12-31}\n", "'pass' cannot be a known deviation"},
           {"- {scenario: A, verdict: fail, reason: r, owner: Jo, expires: 2026-02-30}\n", "'2026-02-30' is no day"},
           {"- {scenario: A, verdict: fail, reason: r, owner: Jo, expires: soon}\n", "'soon' is no day"},
           {"- {scenario: A, verdict: fail, reason: r, owner: Jo, expires: 2026-12-31, extra: x}\n", "extra"},
           {"word\n", "must be a list"},
           {"- [\n", "not YAML"},
       }) {
    const auto loaded = load(one.text);
    ASSERT_FALSE(loaded.ok()) << one.text;
    EXPECT_THAT(loaded.error().message, HasSubstr(one.problem)) << one.text;
    EXPECT_THAT(loaded.error().message, HasSubstr(".yaml:")) << one.text;
  }
  EXPECT_THAT(load(std::string("[]\n\0\n", 5)).error().message, HasSubstr(".yaml:2: a control character"));
  const std::string same = "- {scenario: A, verdict: fail, reason: r, owner: Jo, expires: 2026-12-31}\n";
  EXPECT_THAT(load(same + same).error().message, HasSubstr("listed twice"));
}

}  // namespace
}  // namespace conformance::target
