#include "est/codec/media_type.h"

#include <gtest/gtest.h>

namespace est::codec {
namespace {

TEST(MediaType, ReadsWhatEstUses) {
  for (const char* text : {"application/pkcs7-mime; smime-type=certs-only", "Application/PKCS7-MIME;SMIME-Type=\"certs-only\"",
                           " application/pkcs7-mime ; ; smime-type=certs-only ; ", "application/pkcs7-mime; smime-type=\"certs\\-only\""}) {
    const auto type = decode_media_type(text);
    ASSERT_TRUE(type.accepted()) << text << describe_first(type.findings);
    EXPECT_TRUE(type.value->is("application/pkcs7-mime"));
    EXPECT_EQ(type.value->parameter("smime-type"), "certs-only");
    EXPECT_FALSE(type.value->parameter("charset"));
  }
  EXPECT_EQ(decode_media_type("multipart/mixed; boundary=\"a b;c=\\\"d\"").value->parameter("boundary"), "a b;c=\"d");
  EXPECT_EQ(decode_media_type("text/plain; a=\"\"").value->parameter("a"), "");
}

TEST(MediaType, NamesEachDefect) {
  struct Case {
    std::string_view text, id;
    std::size_t offset;
    bool value;
  };
  const std::vector<Case> cases = {
      {"", "media-type.syntax", 0, false},
      {"text", "media-type.syntax", 4, false},
      {"text/", "media-type.syntax", 5, false},
      {"/plain", "media-type.syntax", 0, false},
      {"text /plain", "media-type.syntax", 4, false},
      {"text/plain, a/b", "media-type.syntax", 10, true},
      {"text/plain charset=x", "media-type.syntax", 11, true},
      {"text/plain; charset", "media-type.parameter", 12, true},
      {"text/plain; charset=", "media-type.parameter", 12, true},
      {"text/plain; charset =x", "media-type.parameter", 12, true},
      {"text/plain; charset= x", "media-type.parameter", 12, true},
      {"text/plain; a=\"b", "media-type.parameter", 12, true},
      {"text/plain; a=\"b\\", "media-type.parameter", 12, true},
      {"text/plain; a=\"\x01\"", "media-type.parameter", 12, true},
      {"text/plain; =b", "media-type.parameter", 12, true},
      {"text/plain; a=b; A=c", "media-type.duplicate-parameter", 20, true},
  };
  for (const Case& c : cases) {
    const auto type = decode_media_type(c.text);
    EXPECT_FALSE(type.accepted()) << c.text;
    EXPECT_EQ(type.value.has_value(), c.value) << c.text;
    ASSERT_EQ(type.findings.size(), 1U) << c.text;
    EXPECT_EQ(type.findings[0].id, c.id) << c.text;
    EXPECT_EQ(type.findings[0].offset, c.offset) << c.text;
  }
}

TEST(MediaType, BoundsTheParameters) {
  std::string text = "a/b";
  for (int i = 0; i < 40; ++i) text += ";p" + std::to_string(i) + "=x";
  EXPECT_FALSE(decode_media_type(text).accepted());
}

TEST(MediaType, RoundTrip) {
  const MediaType type{"multipart", "mixed", {{"boundary", "a \"b\\"}, {"x", "y"}}};
  EXPECT_EQ(encode(type), "multipart/mixed; boundary=\"a \\\"b\\\\\"; x=y");
  EXPECT_EQ(decode_media_type(encode(type)).value->parameters, type.parameters);
}

}  // namespace
}  // namespace est::codec
