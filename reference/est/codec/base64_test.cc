#include "est/codec/base64.h"

#include <gtest/gtest.h>

namespace est::codec {
namespace {

std::string decoded(std::string_view text, Base64Mode mode = Base64Mode::strict) {
  return est::to_string(*decode_base64(text, mode).value);
}

TEST(Base64, Rfc4648Section10Vectors) {
  const std::vector<std::pair<std::string, std::string>> vectors = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(encode_base64(as_bytes(plain)), text);
    const auto result = decode_base64(text, Base64Mode::strict);
    EXPECT_TRUE(result.accepted()) << text;
    EXPECT_EQ(est::to_string(*result.value), plain);
  }
}

TEST(Base64, EveryOctetSurvivesInEveryPosition) {
  Bytes all;
  for (unsigned i = 0; i < 256; ++i) all.push_back(static_cast<Byte>(i));
  for (std::size_t skip = 0; skip < 4; ++skip) {
    const BytesView bytes = BytesView(all).subspan(skip);
    EXPECT_EQ(*decode_base64(encode_base64(bytes), Base64Mode::strict).value, to_bytes(bytes));
    EXPECT_EQ(*decode_base64(encode_base64(bytes, 7, "\r\n"), Base64Mode::lenient).value, to_bytes(bytes));
  }
}

TEST(Base64, LenientModeSkipsAndNotesWhiteSpaceOnce) {
  const auto result = decode_base64("Zm9v\r\n\tYm Fy\n", Base64Mode::lenient);
  EXPECT_TRUE(result.accepted());
  EXPECT_EQ(est::to_string(*result.value), "foobar");
  ASSERT_EQ(result.findings.size(), 1U);
  EXPECT_EQ(result.findings[0].id, "base64.white-space");
  EXPECT_EQ(result.findings[0].severity, Severity::note);
  EXPECT_EQ(result.findings[0].offset, 4U);
  EXPECT_TRUE(decode_base64("Zg=\r\n=\r\n", Base64Mode::lenient).accepted());
}

TEST(Base64, NamesEachDefectAndItsPlace) {
  struct Case {
    std::string_view text, id, value;
    std::size_t offset;
  };
  const std::vector<Case> cases = {
      {"Zm9vZ", "base64.length", "foo", 5},
      {"Zm9vZg", "base64.padding", "foof", 6},
      {"Zm9vZg=", "base64.padding", "foof", 7},
      {"Zg===", "base64.padding", "", 4},
      {"Zm9v=", "base64.padding", "foo", 4},
      {"Z===", "base64.padding", "", 1},
      {"=", "base64.padding", "", 0},
      {"Zg==Zg==", "base64.padding", "", 4},
      {"Zh==", "base64.trailing-bits", "f", 4},
      {"Zm9=", "base64.trailing-bits", "fo", 4},
      {"Zm9v-A==", "base64.url-alphabet", "foo", 4},
      {"Zm9v_A==", "base64.url-alphabet", "foo", 4},
      {"Zm9v!A==", "base64.alphabet", "foo", 4},
      {std::string_view("Zm9v\0", 5), "base64.alphabet", "foo", 4},
      {"Zm9v\xc3\xa9", "base64.alphabet", "foo", 4},
      {"Zm9v\x0b", "base64.alphabet", "foo", 4},
      {"\r\n-----BEGIN CERTIFICATE-----\nZm9v\n", "base64.pem-armour", "", 2},
      {"\x30\x82\x01\x00", "base64.alphabet", "", 1},
  };
  for (const Case& c : cases) {
    const auto result = decode_base64(c.text, Base64Mode::lenient);
    EXPECT_FALSE(result.accepted()) << c.text;
    ASSERT_FALSE(result.findings.empty()) << c.text;
    EXPECT_EQ(result.findings.back().id, c.id) << c.text;
    EXPECT_EQ(result.findings.back().offset, c.offset) << c.text;
    EXPECT_EQ(est::to_string(*result.value), c.value) << c.text;
  }
}

TEST(Base64, StrictModeRefusesWhiteSpace) {
  const auto result = decode_base64("Zm9v\n", Base64Mode::strict);
  EXPECT_FALSE(result.accepted());
  EXPECT_TRUE(contains(result.findings, "base64.white-space"));
}

TEST(Base64, EmptyTextIsANote) {
  for (const std::string_view text : {"", " \r\n"}) {
    const auto result = decode_base64(text, Base64Mode::lenient);
    EXPECT_TRUE(result.accepted());
    EXPECT_TRUE(contains(result.findings, "base64.empty"));
  }
}

TEST(Base64, TheLimitCountsOctets) {
  EXPECT_TRUE(decode_base64("Zm9vYmFy", Base64Mode::strict, 6).accepted());
  for (const std::string_view text : {"Zm9vYmFyZg==", "Zm9vYmFyZm9v"}) {
    const auto result = decode_base64(text, Base64Mode::strict, 6);
    EXPECT_TRUE(contains(result.findings, "base64.size"));
    EXPECT_EQ(est::to_string(*result.value), "foobar");
  }
}

TEST(Base64, FoldsAtTheAskedWidth) {
  EXPECT_EQ(encode_base64(as_bytes("foobar"), 4, "\r\n"), "Zm9v\r\nYmFy\r\n");
  EXPECT_EQ(encode_base64(as_bytes("fooba"), 5, "\n"), "Zm9vY\nmE=\n");
  EXPECT_EQ(encode_base64(as_bytes("foo"), 0, "\n"), "Zm9v");
  EXPECT_EQ(encode_base64({}, 64, "\n"), "");
  EXPECT_EQ(decoded("Zm9v"), "foo");
}

}  // namespace
}  // namespace est::codec
