#include "client/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/bootstrap.h"
#include "client/scripted_server_test.h"
#include "est/codec/base64.h"
#include "est/codec/cms.h"
#include "est/ops/message.h"

namespace client {
namespace {

using est::Bytes;
using est::http::Response;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const est::tls::AuthorityForTest& authority() {
  static const est::tls::AuthorityForTest root("root");
  return root;
}

std::string certs_only_text() { return est::codec::encode_base64(est::codec::encode_certs_only({authority().certificate()})); }

Response typed(const std::string& type, const std::string& body, int status = 200) {
  return answer_with(status, body, type.empty() ? std::vector<est::http::Field>{} : std::vector<est::http::Field>{{"Content-Type", type}});
}

// RFC 9110 8.3: parameters and case do not matter, another type does.
TEST(CertificatesIn, TakesTheTypeInEveryForm) {
  for (const std::string type : {"application/pkcs7-mime", "application/pkcs7-mime; smime-type=certs-only", "Application/PKCS7-MIME",
                                 "application/pkcs7-mime;smime-type=\"certs-only\"; charset=utf-8"}) {
    const auto certificates = certificates_in(typed(type, certs_only_text()), "cacerts");
    ASSERT_TRUE(certificates.ok()) << certificates.problem().reason;
    EXPECT_THAT(*certificates, ElementsAre(authority().certificate()));
  }
  for (const std::string type : {"", "text/html", "application/pkcs7-signature", "pkcs7-mime"}) {
    const auto certificates = certificates_in(typed(type, certs_only_text()), "cacerts");
    ASSERT_FALSE(certificates.ok()) << type;
    EXPECT_EQ(certificates.problem().kind, ProblemKind::answer);
  }
}

TEST(CertificatesIn, RefusesWhatIsNoCertsOnlyMessage) {
  const std::string good = certs_only_text();
  for (const std::string& body : {std::string(), std::string("*"), good.substr(0, 40), good + "!", std::string("MAA="),
                                  est::codec::encode_base64(authority().certificate())}) {
    const auto certificates = certificates_in(typed("application/pkcs7-mime", body), "simpleenroll");
    ASSERT_FALSE(certificates.ok()) << body;
    EXPECT_EQ(certificates.problem().kind, ProblemKind::answer);
  }
  std::string folded;
  for (std::size_t i = 0; i < good.size(); i += 5) folded += good.substr(i, 5) + "\r\n \t";
  EXPECT_TRUE(certificates_in(typed("application/pkcs7-mime", folded), "simpleenroll").ok());
}

TEST(Refusal, QuotesTextAndNothingElse) {
  const Problem text = refusal(typed("text/plain", "give an\nOU\x1b[31m", 400), "simpleenroll");
  EXPECT_EQ(text.kind, ProblemKind::refused);
  EXPECT_EQ(text.status, 400);
  EXPECT_THAT(text.reason, HasSubstr("/simpleenroll"));
  EXPECT_THAT(text.reason, HasSubstr("give an OU\\x1b"));
  EXPECT_THAT(refusal(typed("", "untyped is text", 400), "x").reason, HasSubstr("untyped is text"));
  EXPECT_THAT(refusal(typed("image/png", "picture", 400), "x").reason, Not(HasSubstr("picture")));
  EXPECT_THAT(refusal(typed("application/pkcs7-mime", "garbage", 400), "x").reason, HasSubstr("400"));
}

TEST(AttributesIn, NoneInEveryForm) {
  for (const Response& none : {typed("", "", 204), typed("", "", 404), typed("application/csrattrs", "MAA=")}) {
    const auto attributes = attributes_in(none);
    ASSERT_TRUE(attributes.ok());
    EXPECT_FALSE(attributes->asked);
  }
  for (const Response& bad : {typed("application/csrattrs", ""), typed("application/csrattrs", "MAA"), typed("text/plain", "MAA="),
                              typed("application/csrattrs", "AAAA"), typed("", "", 500), typed("", "", 401)})
    EXPECT_FALSE(attributes_in(bad).ok()) << bad.status;
}

TEST(AttributesIn, UnknownElementsAreKeptUnreadableOnesNoted) {
  // SEQUENCE { OID 1.2.3.4, INTEGER 1 }
  const Bytes der{0x30, 0x08, 0x06, 0x03, 0x2a, 0x03, 0x04, 0x02, 0x01, 0x01};
  const auto attributes = attributes_in(typed("application/csrattrs", est::codec::encode_base64(der)));
  ASSERT_TRUE(attributes.ok()) << attributes.problem().reason;
  EXPECT_TRUE(attributes->asked->mentions(est::codec::Oid("1.2.3.4")));
  EXPECT_THAT(attributes->notes, SizeIs(1));
}

TEST(CertificateFor, PutsTheRightOneFirst) {
  const est::tls::Identity device = authority().client("device");
  const Bytes leaf = device.chain.front();
  const auto ordered = certificate_for({authority().certificate(), leaf}, device.key->public_key_info());
  ASSERT_TRUE(ordered.ok());
  EXPECT_THAT(*ordered, ElementsAre(leaf, authority().certificate()));
  EXPECT_FALSE(certificate_for({authority().certificate()}, device.key->public_key_info()).ok());
  EXPECT_FALSE(certificate_for({est::to_bytes("garbage")}, device.key->public_key_info()).ok());
}

TEST(ParseFingerprint, TwoSizes) {
  const std::string digits(64, 'a');
  EXPECT_EQ(parse_fingerprint(digits)->digest, est::crypto::Digest::sha256);
  EXPECT_EQ(parse_fingerprint(digits + digits)->digest, est::crypto::Digest::sha512);
  const Bytes certificate = authority().certificate();
  const auto read = parse_fingerprint(fingerprint_text(est::crypto::Digest::sha256, certificate));
  EXPECT_EQ(read->value, est::crypto::digest(est::crypto::Digest::sha256, certificate));
  for (const std::string& bad : {std::string(), std::string(40, 'a'), digits + "a", std::string(63, 'a') + "g", digits + "ab"})
    EXPECT_FALSE(parse_fingerprint(bad).ok()) << bad;
}

}  // namespace
}  // namespace client
