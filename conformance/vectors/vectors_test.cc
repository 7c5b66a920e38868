// Every published vector against our own readers: the result it states, and the rule it names.
#include <gtest/gtest.h>

#include <algorithm>

#include "conformance/vectors/ours.h"

namespace conformance::vectors {
namespace {

const std::vector<Vector>& published() {
  static const std::vector<Vector> all = [] {
    std::vector<std::string> problems;
    const auto documents = read_vector_folder(std::string(ESTSPEC_SOURCE_DIR) + "/vectors", problems);
    auto read = read_vectors(documents, problems);
    for (const std::string& problem : problems) ADD_FAILURE() << problem;
    return read.value_or(std::vector<Vector>{});
  }();
  return all;
}

std::string told(const Reading& reading) {
  std::string text;
  for (const est::Finding& finding : reading.findings)
    text += "\n  " + finding.id + " (" + std::string(to_string(finding.severity)) + ") at " + std::to_string(finding.offset) + ": " +
            finding.detail;
  return text.empty() ? " nothing" : text;
}

class Published : public ::testing::TestWithParam<Expected> {};

TEST_P(Published, OursComeToTheResultAndNameTheRule) {
  ASSERT_GT(published().size(), 300U);
  for (const Vector& vector : published()) {
    if (vector.expected != GetParam()) continue;
    const auto reading = read_with_ours(vector);
    ASSERT_TRUE(reading) << vector.id << " is of a type no reader is for: " << vector.type;
    if (vector.expected != Expected::acceptable) {
      EXPECT_EQ(reading->accepted, vector.expected == Expected::valid) << vector.id << ": " << vector.comment << told(*reading);
    }
    for (const std::string& id : vector.findings) {
      EXPECT_TRUE(est::contains(reading->findings, id)) << vector.id << " lacks " << id << ";" << told(*reading);
    }
    for (const est::Finding& finding : reading->findings) {
      const bool told_too = std::find(vector.findings.begin(), vector.findings.end(), finding.id) != vector.findings.end();
      EXPECT_TRUE(vector.expected != Expected::valid || finding.severity == est::Severity::note || told_too) << vector.id << told(*reading);
    }
    if (vector.decoded) {
      EXPECT_EQ(reading->decoded, vector.decoded) << vector.id;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Published, ::testing::Values(Expected::valid, Expected::acceptable, Expected::invalid),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST(Published, EveryInvalidVectorNamesARule) {
  for (const Vector& vector : published()) {
    EXPECT_EQ(vector.findings.empty() && vector.expected == Expected::invalid, false) << vector.id;
    EXPECT_FALSE(vector.clause.empty()) << vector.id;
  }
}

}  // namespace
}  // namespace conformance::vectors
