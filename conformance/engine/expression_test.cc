#include "conformance/engine/expression.h"

#include <gtest/gtest.h>

#include <set>

namespace conformance::engine {
namespace {

bool holds(const std::string& text, const std::set<std::string, std::less<>>& words) {
  const auto parsed = Expression::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed.ok() && parsed->evaluate([&](std::string_view word) { return words.contains(word); });
}

TEST(Expression, EvaluatesWithAndBindingTighterThanOr) {
  EXPECT_TRUE(holds("", {}));
  EXPECT_TRUE(holds("  ", {}));
  EXPECT_TRUE(holds("a", {"a"}));
  EXPECT_FALSE(holds("a and b", {"a"}));
  EXPECT_TRUE(holds("a or b and c", {"a"}));
  EXPECT_FALSE(holds("(a or b) and c", {"a"}));
  EXPECT_TRUE(holds("not not a", {"a"}));
  EXPECT_TRUE(holds("not (a and b)", {"a"}));
  EXPECT_TRUE(holds("(a)or(b)", {"b"}));
}

TEST(Expression, NamesTheWordThatDecides) {
  const auto deciding = [](const std::string& text, const std::set<std::string, std::less<>>& words) {
    return Expression::parse(text)->deciding_word([&](std::string_view word) { return words.contains(word); });
  };
  EXPECT_EQ(deciding("a and b", {"a"}), "b");
  EXPECT_EQ(deciding("a and not b", {"a", "b"}), "not b");
  EXPECT_EQ(deciding("not (a or b)", {"b"}), "not b");
  EXPECT_EQ(deciding("a or b", {}), "a");
  EXPECT_EQ(deciding("a", {"a"}), "");
}

TEST(Expression, ShowsTheValueOfEachWord) {
  const auto shown = [](const std::string& text) {
    return Expression::parse(text)->with_values([](std::string_view word) { return word == "a"; });
  };
  EXPECT_EQ(shown("a and not (b or c)"), "a=true and not (b=false or c=false)");
  EXPECT_EQ(shown("(a)or(b)"), "(a=true)or(b=false)");
  EXPECT_EQ(shown(" "), "always");
}

TEST(Expression, SaysWhereItIsWrong) {
  const auto error = [](const std::string& text) {
    const auto parsed = Expression::parse(text);
    return parsed.ok() ? std::string() : parsed.error().message;
  };
  EXPECT_EQ(error("a b"), "at character 3: expected 'and', 'or' or the end, found 'b'");
  EXPECT_EQ(error("a and"), "at character 6: expected a word, 'not' or '(', found the end");
  EXPECT_EQ(error("(a"), "at character 3: expected ')', found the end");
  EXPECT_EQ(error("a)"), "at character 2: expected 'and', 'or' or the end, found ')'");
  for (const char* text : {"or", "not", "()", "and a", "a or or b"}) EXPECT_NE(error(text), "") << text;
}

TEST(Expression, RefusesWhatIsTooDeepOrTooLong) {
  EXPECT_FALSE(Expression::parse(std::string(1000, '(') + "a" + std::string(1000, ')')).ok());
  std::string nots;
  for (int i = 0; i < 500; ++i) nots += "not ";
  EXPECT_FALSE(Expression::parse(nots + "a").ok());
  EXPECT_FALSE(Expression::parse(std::string(5000, 'a')).ok());
}

TEST(Expression, ListsItsWords) { EXPECT_EQ(Expression::parse("a and (b or not c)")->words(), (std::vector<std::string>{"a", "b", "c"})); }

}  // namespace
}  // namespace conformance::engine
