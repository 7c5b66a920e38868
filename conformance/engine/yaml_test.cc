#include "conformance/engine/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace conformance::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json json_of(const std::string& text) {
  Problems problems;
  const auto yaml = parse_yaml({"f.yaml", text}, problems);
  EXPECT_THAT(problems, ElementsAre()) << text;
  return yaml ? to_json(*yaml) : Json();
}

std::string problem_of(const std::string& text) {
  Problems problems;
  EXPECT_FALSE(parse_yaml({"f.yaml", text}, problems).has_value()) << text;
  return problems.empty() ? "" : problems.front();
}

TEST(Yaml, TypesOnlyPlainScalars) {
  EXPECT_EQ(json_of("[1, -2, 1.5, true, false, \"1\", 'true', yes, 0123, 1.2.3, 1-2, -, ., 1., 4xx, ~]").dump(),
            R"([1,-2,1.5,true,false,"1","true","yes","0123","1.2.3","1-2","-",".","1.","4xx",null])");
  EXPECT_EQ(json_of("a: {b: [c]}\nd: |\n  x\n  y\n").dump(), R"({"a":{"b":["c"]},"d":"x\ny\n"})");
  EXPECT_TRUE(json_of("").is_null());
  EXPECT_EQ(json_of("99999999999999999999").get<double>(), 1e20);
}

TEST(Yaml, RefusesWithLine) {
  EXPECT_EQ(problem_of("a: 1\nb: 2\na: 3\n"), "f.yaml:3: 'a' is given twice; keep one");
  EXPECT_EQ(problem_of("a: &x 1\nb: *x\n"), "f.yaml:1: anchors (&name) are not part of the format; leave it out");
  EXPECT_THAT(problem_of("a: 1\nb: !!str 2\n"), HasSubstr("f.yaml:2: tags"));
  EXPECT_THAT(problem_of("a: 1\n---\nb: 2\n"), HasSubstr("a second document begins"));
  EXPECT_THAT(problem_of("a: [1\nb: 2\n"), HasSubstr("f.yaml:"));
  EXPECT_THAT(problem_of("\n{{a: b}: c}\n"), HasSubstr("f.yaml:2: a key must be a word"));
  EXPECT_THAT(problem_of("a: \xFF\n"), HasSubstr("not UTF-8"));
}

TEST(Yaml, SurvivesHostileInput) {
  EXPECT_NE(problem_of(std::string(100000, '[')), "");
  EXPECT_NE(problem_of(std::string(100000, '{')), "");
  EXPECT_NE(problem_of("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"), "");
  EXPECT_NE(problem_of("a: &a [*a]"), "");
  std::string many = "[";
  for (int i = 0; i < 300000; ++i) many += "1,";
  EXPECT_NE(problem_of(many + "1]"), "");
  for (const char* odd : {"?", "- ?", ": ", "%TAG", "\t- a", "@", "`", "a: 'x", "\"\\", "|", "--- >\n", "? [a]\n: b"}) {
    Problems problems;
    (void)parse_yaml({"f", odd}, problems);
  }
}

// Found by fuzzing: what the library makes of them depends on what stands around them.
TEST(Yaml, ControlCharactersAreRefused) {
  for (const std::string& text : {std::string("a: b\nc: d\0", 10), std::string("a: b\nc\x10: d"), std::string("a: b\n'\x7f': d")})
    EXPECT_THAT(problem_of(text), HasSubstr("f.yaml:2: a control character")) << text;
  EXPECT_EQ(json_of("a: \"\\x10\"").dump(), R"({"a":"\u0010"})");
}

// Found by fuzzing: block style needs fewer quotes than flow style.
TEST(Yaml, FlowStyleReadsTheSame) {
  for (const std::string text : {"a: b, c", "- '{x}'", "\"k: [e]\": {x: 'y, z'}", "a: [4xx, 'CN=x,O={n}', ~, '']", "a: x-{n}", "? ??",
                                 "a: ?x", "a: :x", "a?b: c?d"}) {
    Problems problems;
    const auto yaml = parse_yaml({"f.yaml", text}, problems);
    ASSERT_TRUE(yaml) << text;
    EXPECT_EQ(json_of(to_script(*yaml)), to_json(*yaml)) << to_script(*yaml);
  }
}

TEST(Yaml, Suggests) {
  EXPECT_EQ(suggestion("enrol", {"cacerts", "enroll"}), "; did you mean 'enroll'?");
  EXPECT_EQ(suggestion("zzz", {"cacerts", "enroll"}), "; known: cacerts, enroll");
}

TEST(MapReader, ReportsEverythingAtOnce) {
  Problems problems;
  const auto yaml = parse_yaml({"f.yaml", "idd: x\nn: many\nl: a\nt: [1]\n"}, problems);
  ASSERT_TRUE(yaml);
  MapReader reader(*yaml, "it", "f.yaml", {"id", "n", "l", "t"}, problems);
  EXPECT_EQ(reader.required_text("id"), "");
  EXPECT_EQ(reader.text("t"), "");
  EXPECT_FALSE(reader.number("n").has_value());
  EXPECT_TRUE(reader.texts("l").empty());
  EXPECT_THAT(problems, ElementsAre("f.yaml:1: it: unknown key 'idd'; did you mean 'id'?", "f.yaml:1: it: 'id' is missing; add it",
                                    HasSubstr("f.yaml:4: it: 't' must be text"), HasSubstr("f.yaml:2: it: 'n' must be a whole number"),
                                    HasSubstr("f.yaml:3: it: 'l' must be a list")));
}

}  // namespace
}  // namespace conformance::engine
