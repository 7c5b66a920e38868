#include "conformance/checks/samples_test.h"

namespace conformance::checks {
namespace {

using namespace samples;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

Judged profile_of(const Plan& plan) { return judge("certificate-profile", {}, enrolled(Pki::get().device(plan))); }

struct ProfileCase {
  const char* what;
  Verdict verdict;
  void (*change)(Plan&);
};

class Profile : public testing::TestWithParam<ProfileCase> {};

TEST_P(Profile, IsJudged) {
  Plan plan;
  GetParam().change(plan);
  const auto judged = profile_of(plan);
  EXPECT_EQ(judged.worst, GetParam().verdict) << GetParam().what << ": " << judged.told();
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5280, Profile,
    testing::Values(ProfileCase{"sound", Verdict::pass, [](Plan&) {}},
                    ProfileCase{"zero serial", Verdict::fail, [](Plan& p) { p.serial = {0}; }},
                    ProfileCase{"negative serial", Verdict::fail, [](Plan& p) { p.serial = {0x80}; }},
                    ProfileCase{"serial of 20 octets", Verdict::pass, [](Plan& p) { p.serial = Bytes(20, 0x11); }},
                    ProfileCase{"serial of 21 octets", Verdict::fail, [](Plan& p) { p.serial = Bytes(21, 0x11); }},
                    ProfileCase{"version 1 with extensions", Verdict::fail, [](Plan& p) { p.version = 0; }},
                    ProfileCase{"two algorithms", Verdict::fail, [](Plan& p) { p.other_algorithm_outside = true; }},
                    ProfileCase{"ends before it begins", Verdict::fail, [](Plan& p) { p.not_after = der::time(now - 2000); }},
                    ProfileCase{"UTCTime as GeneralizedTime", Verdict::fail,
                                [](Plan& p) { p.not_after = der::tlv(der::tags::generalized_time, est::as_bytes("20300101000000Z")); }},
                    ProfileCase{"GeneralizedTime from 2050", Verdict::pass, [](Plan& p) { p.not_after = der::time(4102444800); }},
                    ProfileCase{"empty issuer", Verdict::fail, [](Plan& p) { p.issuer = ""; }},
                    ProfileCase{"nobody", Verdict::fail, [](Plan& p) { p.subject = ""; }},
                    ProfileCase{"empty subject, critical SAN", Verdict::pass,
                                [](Plan& p) {
                                  p.subject = "";
                                  p.extensions = {
                                      est::codec::make_subject_alt_name({*est::codec::parse_general_name("DNS:a.example")}, true)};
                                }},
                    ProfileCase{"empty subject, SAN not critical", Verdict::fail,
                                [](Plan& p) {
                                  p.subject = "";
                                  p.extensions = {est::codec::make_subject_alt_name({*est::codec::parse_general_name("DNS:a.example")})};
                                }},
                    ProfileCase{"empty SAN", Verdict::fail,
                                [](Plan& p) {
                                  p.extensions = {{oids::subject_alt_name, false, der::sequence({})}};
                                }},
                    ProfileCase{"no AKI", Verdict::fail, [](Plan& p) { p.authority_key_identifier = false; }},
                    ProfileCase{"AKI without keyIdentifier", Verdict::fail,
                                [](Plan& p) {
                                  p.authority_key_identifier = false;
                                  p.extensions = {{oids::authority_key_identifier, false, der::sequence({})}};
                                }},
                    ProfileCase{"no SKI", Verdict::warn, [](Plan& p) { p.subject_key_identifier = false; }},
                    ProfileCase{"an extension twice", Verdict::fail,
                                [](Plan& p) {
                                  p.extensions = {est::codec::make_key_usage(1), est::codec::make_key_usage(1)};
                                }},
                    ProfileCase{"key usage without bits", Verdict::fail,
                                [](Plan& p) {
                                  p.extensions = {{oids::key_usage, true, der::bit_string(Bytes{})}};
                                }},
                    ProfileCase{"key usage not critical", Verdict::warn,
                                [](Plan& p) {
                                  p.extensions = {est::codec::make_key_usage(1)};
                                  p.extensions[0].critical = false;
                                }},
                    ProfileCase{"keyCertSign without CA", Verdict::fail, [](Plan& p) { p.extensions = {est::codec::make_key_usage(32)}; }},
                    ProfileCase{"path length without CA", Verdict::fail,
                                [](Plan& p) { p.extensions = {est::codec::make_basic_constraints(false, 0)}; }},
                    ProfileCase{"encipherment with EC", Verdict::warn, [](Plan& p) { p.extensions = {est::codec::make_key_usage(1 | 4)}; }},
                    ProfileCase{"usual key usage", Verdict::pass, [](Plan& p) { p.extensions = {est::codec::make_key_usage(1)}; }}));

TEST(CertificateProfile, NeedsACertificate) {
  EXPECT_EQ(judge("certificate-profile", {}, answered(400)).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("certificate-profile", {}, failed("read", "timeout")).worst, Verdict::fail);
}

TEST(NotCa, BasicConstraintsDecide) {
  Plan ca;
  ca.extensions = {est::codec::make_basic_constraints(true)};
  EXPECT_EQ(judge("not-ca", {}, enrolled(Pki::get().device(ca))).worst, Verdict::fail);
  Plan end_entity;
  end_entity.extensions = {est::codec::make_basic_constraints(false)};
  EXPECT_EQ(judge("not-ca", {}, enrolled(Pki::get().device(end_entity))).worst, Verdict::pass);
  EXPECT_EQ(judge("not-ca", {}, answered(400)).worst, Verdict::inconclusive);
}

}  // namespace
}  // namespace conformance::checks
