#include "conformance/steps/template_text.h"

#include <gtest/gtest.h>

namespace conformance::steps {
namespace {

std::string made(std::string_view text) {
  auto expanded = expand_times(text, 100);
  return expanded ? *expanded : "error: " + expanded.error().message;
}

TEST(ExpandTimes, RepeatsAndLeavesTheRest) {
  EXPECT_EQ(made("a{times 3 xy}b"), "axyxyxyb");
  EXPECT_EQ(made("{times 2 -}{est}{times 1 +}"), "--{est}+");
  EXPECT_EQ(made("{times 0 x}"), "");
  EXPECT_EQ(made("GET {est}/cacerts"), "GET {est}/cacerts");
}

TEST(ExpandTimes, SaysWhatIsWrong) {
  EXPECT_FALSE(expand_times("{times x y}", 100).ok());
  EXPECT_FALSE(expand_times("{times 3}", 100).ok());
  EXPECT_FALSE(expand_times("{times 3 x", 100).ok());
  EXPECT_FALSE(expand_times("{times 101 x}", 100).ok());
  EXPECT_FALSE(expand_times("{times 18446744073709551615 xy}", 100).ok());
}

}  // namespace
}  // namespace conformance::steps
