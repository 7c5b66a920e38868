#include "est/codec/pem.h"

#include <gtest/gtest.h>

namespace est::codec {
namespace {

TEST(Pem, RoundTrip) {
  const Bytes der(100, 0x30);
  const std::string text = encode_pem("CERTIFICATE", der) + encode_pem("PRIVATE KEY", Bytes{1});
  EXPECT_EQ(text.find('\n', text.find('\n') + 1), 27U + 1 + 64);
  const auto blocks = decode_pem(text);
  ASSERT_TRUE(blocks.accepted()) << describe_first(blocks.findings);
  ASSERT_EQ(blocks.value->size(), 2U);
  EXPECT_EQ((*blocks.value)[0].label, "CERTIFICATE");
  EXPECT_EQ((*blocks.value)[0].der, der);
  EXPECT_EQ((*blocks.value)[1].label, "PRIVATE KEY");
  EXPECT_EQ((*blocks.value)[1].der, Bytes{1});
}

TEST(Pem, LaxFormsAreRead) {
  const std::vector<std::string> forms = {
      "-----BEGIN X-----\nZm9v\n-----END X-----",
      "subject=CN=a\n-----BEGIN X-----\r\nZm\r\n9v\r\n-----END X-----\r\ntail",
      "-----BEGIN X-----\rZm9v\r-----END X-----\r",
      "  -----BEGIN X-----  \n\n Zm9v\t\n-----END X-----\t\n",
  };
  for (const std::string& form : forms) {
    const auto blocks = decode_pem(form);
    ASSERT_TRUE(blocks.accepted()) << form << describe_first(blocks.findings);
    ASSERT_EQ(blocks.value->size(), 1U);
    EXPECT_EQ(est::to_string(blocks.value->front().der), "foo");
  }
}

TEST(Pem, NamesEachDefect) {
  struct Case {
    std::string_view text, id;
    std::size_t blocks;
  };
  const std::vector<Case> cases = {
      {"", "pem.no-block", 0},
      {"Zm9v", "pem.no-block", 0},
      {"-----BEGIN X----\nZm9v\n-----END X-----\n", "pem.label", 0},
      {"-----BEGIN -----", "pem.end", 0},
      {"-----BEGIN ----", "pem.label", 0},
      {"-----BEGIN X -----\nZm9v\n-----END X -----\n", "pem.label", 0},
      {"-----BEGIN X-----\nZm9v\n-----END Y-----\n", "pem.end", 0},
      {"-----BEGIN X-----\nZm9v\n", "pem.end", 0},
      {"-----END X-----\n", "pem.end", 0},
      {"-----BEGIN X-----\nZm9v\n-----BEGIN Y-----\nZm9v\n-----END Y-----\n", "pem.end", 1},
      {"-----BEGIN X-----\nZm9\n-----END X-----\n", "pem.base64", 0},
      {"-----BEGIN X-----\n-----END X-----\n", "pem.base64", 0},
      {"-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\nZm9v\n-----END X-----\n", "pem.base64", 0},
  };
  for (const Case& c : cases) {
    const auto blocks = decode_pem(c.text);
    EXPECT_FALSE(blocks.accepted()) << c.text;
    EXPECT_TRUE(contains(blocks.findings, c.id)) << c.text << describe_first(blocks.findings);
    EXPECT_EQ(blocks.value->size(), c.blocks) << c.text;
  }
}

TEST(Pem, OffsetsCountFromTheStartOfTheText) {
  const auto blocks = decode_pem("x\n-----BEGIN X-----\nZm9!\n-----END X-----\n");
  ASSERT_EQ(blocks.findings.size(), 1U);
  EXPECT_EQ(blocks.findings[0].offset, 23U);
}

}  // namespace
}  // namespace est::codec
