#include "conformance/engine/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace conformance::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Document coverage_requirements{"r.yaml",
                                     "rfc: 7030\n"
                                     "requirements:\n"
                                     "  - {id: R1, section: 4.1, role: server, level: MUST, text: Do}\n"
                                     "  - {id: R2, section: 4.1, role: server, level: SHOULD, text: Do too, untested: cannot be seen}\n"
                                     "  - {id: R3, section: 4.1, role: client, level: MUST NOT, text: Do not}\n"
                                     "  - {id: R4, section: 4.1, role: server, level: MUST, text: Forgotten}\n"};
const Document others{"s.yaml", "rfc: 8951\nrequirements:\n  - {id: S1, section: 3, role: server, level: MUST, text: Do}\n"};

TEST(Coverage, TellsCoveredFromUntestedFromRolesWithoutScenarios) {
  Problems problems;
  const Catalogue catalogue = load_catalogue({coverage_requirements, others}, problems);
  ASSERT_THAT(problems, IsEmpty());
  const std::vector<Scenario> scenarios{{.id = "EST-X-1/a", .role = "server", .requirements = {"R1"}},
                                        {.id = "EST-X-1/b", .role = "server", .requirements = {"R1", "S1"}}};
  const auto all = coverage(scenarios, catalogue);
  ASSERT_THAT(all, SizeIs(5));
  EXPECT_EQ(all[0].state, CoverageState::covered);
  EXPECT_THAT(all[0].scenarios, ElementsAre("EST-X-1/a", "EST-X-1/b"));
  EXPECT_EQ(all[1].state, CoverageState::untested);
  EXPECT_EQ(all[2].state, CoverageState::role_untested);
  EXPECT_EQ(all[3].state, CoverageState::untested) << "an orphan is not covered";
  const auto sums = totals(all);
  ASSERT_THAT(sums, SizeIs(2));
  EXPECT_EQ(sums[0].rfc, "7030");
  EXPECT_EQ(sums[0].requirements, 4U);
  EXPECT_EQ(sums[0].covered, 1U);
  EXPECT_EQ(sums[0].untested, 2U);
  EXPECT_EQ(sums[0].role_untested, 1U);
  EXPECT_EQ(sums[1].covered, 1U);
}

TEST(Coverage, HasWords) {
  EXPECT_EQ(to_string(CoverageState::covered), "covered");
  EXPECT_EQ(to_string(CoverageState::untested), "untested");
  EXPECT_EQ(to_string(CoverageState::role_untested), "role not yet tested");
}

}  // namespace
}  // namespace conformance::engine
