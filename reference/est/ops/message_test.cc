#include "est/ops/message.h"

#include <gtest/gtest.h>

#include "est/base/text.h"
#include "est/codec/generated_key.h"
#include "est/pki/request.h"

namespace est::ops {
namespace {

Bytes request_der() {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
  pki::RequestSpec spec;
  spec.challenge_password = channel_binding_text(Bytes{1, 2, 3});
  return pki::make_request(spec, *key).value();
}

// Any TLV will do as a certificate: certs-only does not look inside.
const Bytes tlv{0x30, 0x03, 0x02, 0x01, 0x05};

TEST(EnrollRequest, IsReadBack) {
  const Bytes der = request_der();
  const http::Request request = enroll_request(Operation::simpleenroll, "L", "est.example:8443", der);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/.well-known/est/L/simpleenroll");
  EXPECT_EQ(request.fields.get("Host"), "est.example:8443");
  EXPECT_EQ(request.fields.get("Content-Type"), "application/pkcs10");
  const auto read = read_enroll_body(request.body);
  ASSERT_TRUE(read.accepted()) << describe_first(read.findings);
  EXPECT_EQ(read.value->der, der);
  EXPECT_EQ(codec::challenge_password(*read.value).value, "AQID");
}

TEST(EnrollRequest, BadBodiesGiveFindings) {
  for (const std::string_view body : {"", "!", "MAA", "MAA=", "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n"}) {
    const auto read = read_enroll_body(as_bytes(body));
    EXPECT_FALSE(read.accepted()) << body;
    EXPECT_TRUE(has_errors(read.findings)) << body;
  }
}

TEST(Responses, CertificatesAreReadBack) {
  for (const http::Response& response : {cacerts_response({tlv}), enroll_response(tlv)}) {
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.fields.get("Content-Type"), "application/pkcs7-mime; smime-type=certs-only");
    EXPECT_FALSE(response.fields.has("Content-Transfer-Encoding"));
    const auto read = read_certs_only_body(response.body);
    ASSERT_TRUE(read.accepted()) << describe_first(read.findings);
    EXPECT_EQ(*read.value, std::vector<Bytes>{tlv});
  }
  EXPECT_FALSE(read_certs_only_body(as_bytes("MAA=")).accepted());
  EXPECT_FALSE(read_certs_only_body(as_bytes("*")).accepted());
}

TEST(Responses, OneLineUnlessFolded) {
  EXPECT_EQ(as_text(cacerts_response({Bytes{tlv}, request_der()}).body).find('\n'), std::string_view::npos);
  const http::Response response = cacerts_response({Bytes{tlv}, request_der()}, Base64Lines::folded);
  for (const std::string_view line : split(as_text(response.body), '\n')) EXPECT_LE(line.size(), 64U);
}

TEST(Responses, CsrAttrs) {
  EXPECT_EQ(csrattrs_response({}).status, 204);
  codec::CsrAttrs attributes;
  attributes.elements.emplace_back(codec::make_challenge_password("x"));
  const http::Response response = csrattrs_response(attributes);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.fields.get("Content-Type"), "application/csrattrs");
}

TEST(Responses, TextAndPending) {
  const http::Response refused = text_response(403, "No.");
  EXPECT_EQ(refused.fields.get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(as_text(refused.body), "No.\n");
  EXPECT_EQ(pending_response({false, 30, 0}, "Wait.").fields.get("Retry-After"), "30");
  EXPECT_EQ(pending_response({true, 0, 784111777}, "Wait.").fields.get("Retry-After"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(pending_response({}, "Wait.").status, 202);
}

TEST(ServerkeygenResponse, HoldsKeyAndCertificate) {
  for (const bool enveloped : {false, true}) {
    const http::Response response = serverkeygen_response(to_bytes("key"), enveloped, to_bytes("certificate"));
    EXPECT_EQ(response.status, 200);
    const auto answer = codec::decode_generated_key_answer(response.fields.get("Content-Type").value_or(""), response.body);
    ASSERT_TRUE(answer.accepted()) << describe_first(answer.findings);
    EXPECT_TRUE(answer.findings.empty());
    const auto& key = answer.value->parts[*answer.value->key];
    EXPECT_EQ(key.kind, enveloped ? codec::PartKind::enveloped_key : codec::PartKind::private_key);
    EXPECT_EQ(as_text(key.part.body), "a2V5");
  }
}

}  // namespace
}  // namespace est::ops
