#include "conformance/checks/samples_test.h"
#include "est/codec/base64.h"
#include "est/codec/pem.h"

namespace conformance::checks {
namespace {

using namespace samples;

Exchange typed(std::string value) { return answered(200, "MAA=", {{"Content-Type", std::move(value)}}); }

TEST(ContentType, ComparesByMeaning) {
  const Json rule{{"is", "application/pkcs7-mime"}};
  EXPECT_EQ(judge("content-type", rule, typed("application/pkcs7-mime")).worst, Verdict::pass);
  EXPECT_EQ(judge("content-type", rule, typed("Application/PKCS7-MIME; charset=utf-8")).worst, Verdict::pass);
  EXPECT_EQ(judge("content-type", rule, typed("text/plain")).worst, Verdict::fail);
  EXPECT_EQ(judge("content-type", rule, typed("application")).worst, Verdict::fail);
  EXPECT_EQ(judge("content-type", rule, answered(200, "x", {})).worst, Verdict::fail);
  EXPECT_EQ(judge("content-type", rule, failed("read", "timeout")).worst, Verdict::fail);
}

TEST(ContentType, SmimeTypeFollowsInt04) {
  const Json enroll{{"is", "application/pkcs7-mime"}, {"smime-type", "required"}};
  const Json cacerts{{"is", "application/pkcs7-mime"}, {"smime-type", "optional"}};
  const auto bare = typed("application/pkcs7-mime");
  EXPECT_EQ(judge("content-type", enroll, bare).worst, Verdict::warn);
  EXPECT_EQ(judge("content-type", enroll, bare, true).worst, Verdict::fail);
  EXPECT_EQ(judge("content-type", cacerts, bare, true).worst, Verdict::pass);
  EXPECT_EQ(judge("content-type", enroll, typed("application/pkcs7-mime; smime-type=\"Certs-Only\"")).worst, Verdict::pass);
  EXPECT_EQ(judge("content-type", cacerts, typed("application/pkcs7-mime; smime-type=CMC-response")).worst, Verdict::fail);
  EXPECT_TRUE(judge("content-type", enroll, bare).cites("INT-04"));
}

TEST(Base64Body, AcceptsEveryPermittedFolding) {
  const auto der = est::codec::encode_certs_only({Pki::get().root});
  for (const auto& text :
       {est::codec::encode_base64(der), est::codec::encode_base64(der, 64, "\n"), est::codec::encode_base64(der, 76, "\r\n")})
    EXPECT_EQ(judge("base64-body", {}, answered(200, text)).worst, Verdict::pass);
}

TEST(Base64Body, RefusesEverythingElse) {
  const auto der = est::codec::encode_certs_only({Pki::get().root});
  const auto once = est::codec::encode_base64(der);
  const auto pem = est::codec::encode_pem("PKCS7", der);
  for (const auto& body : {est::to_string(der), pem, est::codec::encode_base64(est::as_bytes(once)),
                           est::codec::encode_base64(est::as_bytes(pem)), std::string(), std::string("MAA-_")})
    EXPECT_EQ(judge("base64-body", {}, answered(200, body)).worst, Verdict::fail) << body.substr(0, 40);
  EXPECT_EQ(judge("base64-body", {}, failed("read", "timeout")).worst, Verdict::fail);
}

TEST(Base64Body, OddContentTransferEncodingWarns) {
  EXPECT_EQ(judge("base64-body", {}, answered(200, "MAA=", {{"Content-Transfer-Encoding", "Base64"}})).worst, Verdict::pass);
  EXPECT_EQ(judge("base64-body", {}, answered(200, "MAA=", {{"Content-Transfer-Encoding", "binary"}})).worst, Verdict::warn);
}

TEST(CertsOnly, TheFrameMustBeRight) {
  const auto& pki = Pki::get();
  EXPECT_EQ(judge("certs-only", {}, enrolled(pki.device())).worst, Verdict::pass);
  const auto in_base64 = [](const Bytes& der) { return answered(200, est::codec::encode_base64(der)); };
  EXPECT_EQ(judge("certs-only", {}, in_base64(pki.device())).worst, Verdict::fail);
  EXPECT_EQ(judge("certs-only", {}, in_base64(est::codec::encode_certs_only({}))).worst, Verdict::fail);
  auto trailing = est::codec::encode_certs_only({pki.root});
  trailing.push_back(0);
  EXPECT_EQ(judge("certs-only", {}, in_base64(trailing)).worst, Verdict::fail);
  EXPECT_EQ(judge("certs-only", {}, answered(200, "no base64!")).worst, Verdict::fail);
  EXPECT_EQ(judge("certs-only", {}, failed("read", "timeout")).worst, Verdict::fail);
}

TEST(CertsOnly, IndefiniteLengthIsBer) {
  const auto der = est::codec::encode_certs_only({Pki::get().root});
  ASSERT_EQ(der[1], 0x82);
  Bytes ber{0x30, 0x80};
  ber.insert(ber.end(), der.begin() + 4, der.end());
  ber.insert(ber.end(), {0, 0});
  const auto judged = judge("certs-only", {}, answered(200, est::codec::encode_base64(ber)));
  EXPECT_EQ(judged.worst, Verdict::fail);
  EXPECT_TRUE(judged.cites("INT-26"));
}

TEST(ErrorBody, FormsByInt19) {
  struct Case {
    int status;
    const char* type;
    const char* body;
    Verdict verdict;
  };
  for (const auto& c : {Case{400, "text/plain; charset=utf-8", "No.", Verdict::pass}, Case{400, nullptr, "No.", Verdict::pass},
                        Case{500, "application/pkcs7-mime; smime-type=CMC-response", "MAA=", Verdict::pass},
                        Case{400, "text/html", "<p>No.</p>", Verdict::warn}, Case{400, "application/problem+json", "{}", Verdict::warn},
                        Case{400, "text/plain", "", Verdict::warn}, Case{400, nullptr, "\x01\x02", Verdict::fail},
                        Case{200, "text/plain", "No.", Verdict::fail}}) {
    std::vector<est::http::Field> fields;
    if (c.type != nullptr) fields.push_back({"Content-Type", c.type});
    const auto judged = judge("error-body", {{"form", "human-readable"}}, answered(c.status, c.body, fields));
    EXPECT_EQ(judged.worst, c.verdict) << c.status << c.body;
    EXPECT_TRUE(judged.cites("INT-19"));
  }
  EXPECT_EQ(judge("error-body", {}, failed("read", "closed")).worst, Verdict::fail);
}

}  // namespace
}  // namespace conformance::checks
