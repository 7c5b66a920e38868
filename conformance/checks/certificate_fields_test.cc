#include "conformance/checks/certificate_fields.h"

#include "conformance/checks/samples_test.h"

namespace conformance::checks {
namespace {

using namespace samples;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

struct FieldCase {
  const char* what;
  Verdict verdict;
  void (*change)(Plan&);
};

class Fields : public testing::TestWithParam<FieldCase> {};

TEST_P(Fields, AreJudged) {
  Plan plan;
  GetParam().change(plan);
  const auto judged = judge("certificate-profile", {}, enrolled(Pki::get().device(plan)));
  EXPECT_EQ(judged.worst, GetParam().verdict) << GetParam().what << ": " << judged.told();
}

Bytes policy(const char* oid) { return der::sequence({der::oid(est::codec::Oid(oid))}); }

void with(Plan& plan, const char* oid, bool critical, Bytes value) {
  plan.extensions = {{est::codec::Oid(oid), critical, std::move(value)}};
}

void named(Plan& plan, const char* name) { plan.extensions = {est::codec::make_subject_alt_name({*est::codec::parse_general_name(name)})}; }

Bytes teletex_name() {
  const auto value = der::tlv(der::tags::teletex_string, est::as_bytes("device"));
  return der::sequence_of({der::set_of({der::sequence({der::oid(oids::common_name), value})})});
}

Bytes point(bool somewhere) { return der::sequence({somewhere ? der::sequence({der::context(0, der::null())}) : der::sequence({})}); }

INSTANTIATE_TEST_SUITE_P(
    Rfc5280, Fields,
    testing::Values(
        FieldCase{"unique identifier", Verdict::fail, [](Plan& p) { p.unique_identifier = true; }},
        FieldCase{"SHA-1", Verdict::warn, [](Plan& p) { p.digest = est::crypto::Digest::sha1; }},
        FieldCase{"TeletexString", Verdict::warn, [](Plan& p) { p.subject_der = teletex_name(); }},
        FieldCase{"a good DNS name", Verdict::pass, [](Plan& p) { named(p, "DNS:a_1.example"); }},
        FieldCase{"a DNS name with a blank label", Verdict::fail,
                  [](Plan& p) {
                    p.extensions = {est::codec::make_subject_alt_name({{est::codec::GeneralNameType::dns, est::to_bytes("a..b")}})};
                  }},
        FieldCase{"a relative URI", Verdict::fail,
                  [](Plan& p) {
                    p.extensions = {est::codec::make_subject_alt_name({{est::codec::GeneralNameType::uri, est::to_bytes("here/there")}})};
                  }},
        FieldCase{"two policies", Verdict::pass,
                  [](Plan& p) {
                    with(p, "2.5.29.32", false, der::sequence({policy("1.2.3"), policy("1.2.4")}));
                  }},
        FieldCase{"a policy twice", Verdict::fail,
                  [](Plan& p) {
                    with(p, "2.5.29.32", false, der::sequence({policy("1.2.3"), policy("1.2.3")}));
                  }},
        FieldCase{"a CRL point", Verdict::pass, [](Plan& p) { with(p, "2.5.29.31", false, point(true)); }},
        FieldCase{"a CRL point nowhere", Verdict::warn, [](Plan& p) { with(p, "2.5.29.31", false, point(false)); }},
        FieldCase{"a critical CRL point", Verdict::warn, [](Plan& p) { with(p, "2.5.29.31", true, point(true)); }},
        FieldCase{"AIA", Verdict::pass, [](Plan& p) { with(p, "1.3.6.1.5.5.7.1.1", false, der::sequence({})); }},
        FieldCase{"critical AIA", Verdict::fail, [](Plan& p) { with(p, "1.3.6.1.5.5.7.1.1", true, der::sequence({})); }},
        FieldCase{"unknown extension", Verdict::pass, [](Plan& p) { with(p, "1.3.6.1.4.1.32473.1", false, der::null()); }},
        FieldCase{"critical unknown extension", Verdict::warn, [](Plan& p) { with(p, "1.3.6.1.4.1.32473.1", true, der::null()); }}));

TEST(CertificateProfile, OrNone) {
  EXPECT_EQ(judge("certificate-profile", {{"or-none", true}}, answered(400)).worst, Verdict::pass);
  EXPECT_EQ(judge("certificate-profile", {{"or-none", true}}, failed("read", "timeout")).worst, Verdict::fail);
}

TEST(CaProfile, DefectsOfAnchorsAreWarnings) {
  const auto decode = [](const Plan& plan) {
    const auto& pki = Pki::get();
    return *est::codec::decode_certificate(pki.certify(plan, pki.root_key, pki.root_key.public_key_info())).value;
  };
  Plan good = ca_plan("CN=Test Root");
  good.extensions.push_back(est::codec::make_key_usage(est::codec::key_usage::key_cert_sign));
  Defects defects;
  judge_ca_profile(decode(good), false, defects);
  EXPECT_TRUE(defects.empty());
  Plan bad = good;
  bad.extensions = {est::codec::make_basic_constraints(true)};
  bad.extensions[0].critical = false;
  bad.subject_key_identifier = false;
  judge_ca_profile(decode(bad), false, defects);
  ASSERT_EQ(defects.size(), 3U);
  EXPECT_EQ(defects[0].verdict, Verdict::fail);
  defects.clear();
  judge_ca_profile(decode(bad), true, defects);
  ASSERT_EQ(defects.size(), 3U);
  EXPECT_EQ(defects[0].verdict, Verdict::warn);
}

}  // namespace
}  // namespace conformance::checks
