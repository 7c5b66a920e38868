#include "est/codec/csrattrs.h"
#include "conformance/checks/samples_test.h"
#include "est/codec/base64.h"

namespace conformance::checks {
namespace {

using namespace samples;
namespace der = est::codec::der;

// The example of RFC 8951 section 4, with the old form of the MAC address.
constexpr std::string_view rfc_example = "MEEGCSqGSIb3DQEJBzASBgcqhkjOPQIBMQcGBSuBBAAiMBYGCSqGSIb3DQEJDjEJBgcrBgEBAQEWBggqhkjOPQQDAw==";

Exchange attributes(std::string_view body, std::string type = "application/csrattrs") {
  return answered(200, body, {{"Content-Type", std::move(type)}});
}

Exchange attributes(const Bytes& octets) { return attributes(est::codec::encode_base64(octets)); }

TEST(CsrattrsValid, Lists) {
  const auto oid = der::oid(est::codec::oids::challenge_password);
  EXPECT_EQ(judge("csrattrs-valid", {}, attributes("MAA=")).worst, Verdict::pass);
  EXPECT_EQ(judge("csrattrs-valid", {}, attributes(der::sequence({oid}))).worst, Verdict::pass);
  const auto example = judge("csrattrs-valid", {}, attributes(rfc_example));
  EXPECT_EQ(example.worst, Verdict::warn) << example.told();
  EXPECT_TRUE(example.cites("INT-17"));
}

TEST(CsrattrsValid, MayHaveToBeThereAndOnce) {
  EXPECT_EQ(judge("csrattrs-valid", {{"empty", "refused"}}, attributes("MAA=")).worst, Verdict::fail);
  EXPECT_EQ(judge("csrattrs-valid", {{"empty", "refused"}}, attributes(rfc_example), true).worst, Verdict::warn);
  const auto oid = der::oid(est::codec::oids::challenge_password);
  EXPECT_EQ(judge("csrattrs-valid", {}, attributes(der::sequence({oid, oid}))).worst, Verdict::warn);
}

TEST(CsrattrsValid, EmptyValueSetsArePermitted) {
  const auto key = der::sequence({der::oid(est::codec::oids::ec_public_key), der::set_of({})});
  EXPECT_EQ(judge("csrattrs-valid", {}, attributes(der::sequence({key}))).worst, Verdict::pass);
}

TEST(CsrattrsValid, ReceiversCannotReadThese) {
  EXPECT_EQ(judge("csrattrs-valid", {}, attributes("")).worst, Verdict::fail);
  EXPECT_EQ(judge("csrattrs-valid", {}, attributes("MAA=", "application/pkcs7-mime")).worst, Verdict::fail);
  EXPECT_EQ(judge("csrattrs-valid", {}, attributes("!!")).worst, Verdict::fail);
  EXPECT_EQ(judge("csrattrs-valid", {}, attributes(std::string_view("0\0", 2))).worst, Verdict::fail);
  EXPECT_EQ(judge("csrattrs-valid", {}, attributes(der::sequence({der::integer(7)}))).worst, Verdict::fail);
  EXPECT_EQ(judge("csrattrs-valid", {}, attributes(Bytes{0x30, 0x00, 0x00})).worst, Verdict::fail);
  EXPECT_EQ(judge("csrattrs-valid", {}, attributes(Bytes{0x30, 0x80, 0x00, 0x00})).worst, Verdict::fail);
  EXPECT_EQ(judge("csrattrs-valid", {}, failed("read", "timeout")).worst, Verdict::fail);
}

TEST(CsrattrsValid, NoneByInt18) {
  for (const auto& [status, verdict] : {std::pair{204, Verdict::pass},
                                        {404, Verdict::pass},
                                        {401, Verdict::warn},
                                        {403, Verdict::warn},
                                        {405, Verdict::warn},
                                        {501, Verdict::warn},
                                        {500, Verdict::fail},
                                        {202, Verdict::fail}}) {
    const auto judged = judge("csrattrs-valid", {}, answered(status, status == 204 ? "" : "No."));
    EXPECT_EQ(judged.worst, verdict) << status;
    EXPECT_TRUE(judged.cites("INT-18"));
  }
}

TEST(CsrattrsMentions, ByNameOrDotted) {
  EXPECT_EQ(judge("csrattrs-mentions", {{"oid", "challengePassword"}}, attributes(rfc_example)).worst, Verdict::pass);
  EXPECT_EQ(judge("csrattrs-mentions", {{"oid", "1.2.840.10045.2.1"}}, attributes(rfc_example)).worst, Verdict::pass);
  EXPECT_EQ(judge("csrattrs-mentions", {{"oid", "challengePassword"}}, attributes("MAA=")).worst, Verdict::fail);
  EXPECT_EQ(judge("csrattrs-mentions", {{"oid", "challengePassword"}}, answered(404)).worst, Verdict::fail);
  EXPECT_EQ(judge("csrattrs-mentions", {{"oid", "noSuchThing"}}, attributes("MAA=")).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("csrattrs-mentions", {{"oid", "challengePassword"}}, failed("read", "closed")).worst, Verdict::fail);
}

}  // namespace
}  // namespace conformance::checks
