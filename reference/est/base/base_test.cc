#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/file.h"
#include "est/base/finding.h"
#include "est/base/log.h"
#include "est/base/result.h"
#include "est/base/text.h"
#include "est/base/yaml_text.h"

namespace est {
namespace {

TEST(Bytes, ComparesAndPrints) {
  EXPECT_TRUE(equal(as_bytes("abc"), to_bytes("abc")));
  EXPECT_FALSE(equal(as_bytes("abc"), as_bytes("abcd")));
  EXPECT_TRUE(equal_constant_time(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("ab")));
  EXPECT_EQ(hex(Bytes{0x00, 0xaf}), "00af");
}

TEST(Text, ParsesDecimalWithoutOverflow) {
  EXPECT_EQ(parse_decimal("18446744073709551615"), 18446744073709551615ULL);
  for (const char* bad : {"", "18446744073709551616", "-1", "+1", " 1", "1 ", "0x1", "99999999999999999999999"})
    EXPECT_FALSE(parse_decimal(bad)) << bad;
}

TEST(Text, PadsNumbersWithZeros) {
  std::string text = "at ";
  append_decimal(text, 7, 2);
  append_decimal(text, 0, 2);
  append_decimal(text, 2026, 4);
  append_decimal(text, 12345, 4);
  EXPECT_EQ(text, "at 0700202612345");
}

TEST(Text, MakesHostileInputPrintable) {
  EXPECT_EQ(printable("a\r\nb\x1b[0m"), "a\\x0d\\x0ab\\x1b[0m");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
}

TEST(YamlText, ControlCharactersAreFoundByLine) {
  EXPECT_FALSE(problem_of_yaml_text("a: b\r\n\tc: \xC3\xA4\n"));
  EXPECT_FALSE(problem_of_yaml_text(""));
  for (const std::string& text : {std::string("a: b\nc: d\0e", 11), std::string("a:\n\x1b"), std::string("\r\n\x7f\n\x01")})
    EXPECT_EQ(problem_of_yaml_text(text).value_or(YamlTextProblem{.line = 0}).line, 2) << text;
}

TEST(Text, SplitsTrimsAndFolds) {
  EXPECT_EQ(split("a,,b", ',').size(), 3U);
  EXPECT_EQ(trim(" \tx y\r\n"), "x y");
  EXPECT_EQ(trim(" "), "");
  EXPECT_TRUE(iequals("Content-TYPE", "content-type"));
  EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
}

TEST(Finding, FirstErrorIsDescribed) {
  const Findings findings = {{"a.note", Severity::note, 1, "n"}, {"b.error", Severity::error, 7, "bad"}};
  EXPECT_TRUE(has_errors(findings));
  EXPECT_TRUE(contains(findings, "a.note"));
  EXPECT_EQ(describe_first(findings), "b.error at octet 7: bad");
}

TEST(Clock, PrintsIso8601) { EXPECT_EQ(iso8601(0), "1970-01-01T00:00:00Z"); }

TEST(Clock, DeadlineNeverNegative) { EXPECT_EQ(Deadline::after(Milliseconds(-50)).left(), Milliseconds::zero()); }

TEST(File, WritesAtomicallyWithMode) {
  const std::string path = testing::TempDir() + "/estspec-file-test-" + std::to_string(getpid());
  ASSERT_TRUE(write_file(path, "one", 0600).ok());
  ASSERT_TRUE(write_file(path, "two", 0600).ok());
  EXPECT_EQ(read_file(path).value(), "two");
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_FALSE(read_file(path, 2).ok());
  std::filesystem::remove(path);
  EXPECT_NE(read_file(path).error().message.find(path), std::string::npos);
}

TEST(Log, NoInputForgesALine) {
  std::string seen;
  const Log log([&](std::string_view line) { seen = line; });
  log.write(LogLevel::info, "request", {{"user", "a\nlevel=error \"x"}});
  EXPECT_EQ(seen.find('\n'), std::string::npos);
  EXPECT_NE(seen.find("\\x0alevel=error \\\"x"), std::string::npos);
}

}  // namespace
}  // namespace est
