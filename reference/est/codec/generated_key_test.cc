#include "est/codec/generated_key.h"

#include <gtest/gtest.h>

#include "est/codec/base64.h"
#include "est/codec/enveloped_data.h"

namespace est::codec {
namespace {

constexpr std::string_view mixed_type = "multipart/mixed; boundary=b";

Part key_part() { return {{{"Content-Type", "application/pkcs8"}}, to_bytes("MAA=")}; }
Part certificate_part() { return {{{"Content-Type", "application/pkcs7-mime; smime-type=certs-only"}}, to_bytes("MAA=")}; }

Decoded<GeneratedKeyAnswer> read(const std::vector<Part>& parts) {
  return decode_generated_key_answer(mixed_type, encode_multipart(parts, "b"));
}

TEST(GeneratedKeyAnswer, TwoPartsInEitherOrder) {
  for (const auto& parts : {std::vector{key_part(), certificate_part()}, {certificate_part(), key_part()}}) {
    const auto answer = read(parts);
    ASSERT_TRUE(answer.accepted()) << describe_first(answer.findings);
    EXPECT_TRUE(answer.findings.empty());
    EXPECT_EQ(answer.value->parts[*answer.value->key].kind, PartKind::private_key);
    EXPECT_EQ(answer.value->parts[*answer.value->certificates].kind, PartKind::certificates);
  }
}

TEST(GeneratedKeyAnswer, CountsParts) {
  EXPECT_TRUE(contains(read({key_part()}).findings, "keygen.part-count"));
  EXPECT_TRUE(contains(read({key_part()}).findings, "keygen.certificate-part"));
  EXPECT_TRUE(contains(read({key_part(), key_part()}).findings, "keygen.key-part"));
  EXPECT_TRUE(contains(read({key_part(), certificate_part(), certificate_part()}).findings, "keygen.certificate-part"));
  EXPECT_TRUE(contains(read({{{{"Content-Type", "text/plain"}}, {}}, certificate_part()}).findings, "keygen.key-part"));
}

TEST(GeneratedKeyAnswer, ContentDecidesWhereSmimeTypeIsMissing) {
  const EnvelopedData enveloped{2, {}, oids::signed_data, {oids::aes256_cbc, {}}, Bytes(16, 1)};
  Part key{{{"Content-Type", "application/pkcs7-mime"}}, to_bytes(encode_base64(encode_enveloped_data(enveloped)))};
  const auto answer = read({certificate_part(), key});
  ASSERT_TRUE(answer.accepted()) << describe_first(answer.findings);
  EXPECT_TRUE(contains(answer.findings, "keygen.smime-type"));
  EXPECT_EQ(answer.value->parts[*answer.value->key].kind, PartKind::enveloped_key);
  key.headers.front().second = "Application/PKCS7-MIME; smime-type=Server-Generated-Key";
  EXPECT_TRUE(read({certificate_part(), key}).findings.empty());
}

TEST(GeneratedKeyAnswer, TypeAndBoundaryMustBeRight) {
  const Bytes body = encode_multipart({key_part(), certificate_part()}, "b");
  EXPECT_TRUE(contains(decode_generated_key_answer("multipart/mixed", body).findings, "keygen.boundary"));
  EXPECT_TRUE(contains(decode_generated_key_answer("multipart/form-data; boundary=b", body).findings, "keygen.media-type"));
  EXPECT_FALSE(decode_generated_key_answer("", body).value.has_value());
  EXPECT_FALSE(decode_generated_key_answer("multipart/mixed; boundary=other", body).value.has_value());
  Part binary = key_part();
  binary.headers.emplace_back("Content-Transfer-Encoding", "binary");
  EXPECT_TRUE(contains(read({binary, certificate_part()}).findings, "keygen.transfer-encoding"));
  binary.headers.back().second = "BASE64";
  EXPECT_TRUE(read({binary, certificate_part()}).findings.empty());
}

}  // namespace
}  // namespace est::codec
