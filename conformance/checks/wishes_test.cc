#include "conformance/checks/samples_test.h"

namespace conformance::checks {
namespace {

using namespace samples;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace usage = est::codec::key_usage;

// What a request with `asked` was answered with.
Exchange granted(const std::vector<codec::Extension>& asked, const Plan& plan) {
  auto made = enrolled(Pki::get().device(plan));
  est::pki::RequestSpec spec;
  spec.subject = *codec::parse_name("CN=device-1,O=Acme");
  spec.extensions = asked;
  made.artefacts["csr"] = *est::pki::make_request(spec, Pki::get().device_key);
  return made;
}

Plan having(std::vector<codec::Extension> extensions) {
  Plan plan;
  plan.extensions = std::move(extensions);
  return plan;
}

TEST(NoAuthority, EveryKindCounts) {
  EXPECT_EQ(judge("no-authority", {}, enrolled(Pki::get().device())).worst, Verdict::pass);
  EXPECT_EQ(judge("no-authority", {}, answered(400)).worst, Verdict::pass);
  EXPECT_EQ(judge("no-authority", {}, failed("read", "timeout")).worst, Verdict::fail);
  const std::vector<codec::Extension> kinds{codec::make_basic_constraints(true), codec::make_key_usage(usage::key_cert_sign),
                                            codec::make_key_usage(usage::crl_sign), codec::make_extended_key_usage({codec::oids::cmc_ra}),
                                            codec::make_extended_key_usage({codec::oids::cmc_ca})};
  for (const auto& kind : kinds) {
    const auto judged = judge("no-authority", {}, enrolled(Pki::get().device(having({kind}))));
    EXPECT_EQ(judged.worst, Verdict::fail) << kind.id.name();
    EXPECT_TRUE(judged.cites("INT-40"));
  }
}

TEST(NoAuthority, DeclaredIsAWarning) {
  Evidence evidence;
  evidence.started = now;
  evidence.exchanges = {enrolled(Pki::get().device(having({codec::make_basic_constraints(true)})))};
  EXPECT_EQ(judge_in(evidence, "no-authority", Json::object(), false, {{"claims", {"authority-on-request"}}}).worst, Verdict::warn);
}

TEST(UsageIntent, MayBeLeftOutOrReducedButNotTurned) {
  const auto verdict = [](unsigned asked, std::optional<unsigned> given) {
    const auto plan = given ? having({codec::make_key_usage(*given)}) : Plan{};
    return judge("usage-intent", {}, granted({codec::make_key_usage(asked)}, plan)).worst;
  };
  EXPECT_EQ(verdict(usage::key_agreement, usage::key_agreement), Verdict::pass);
  EXPECT_EQ(verdict(usage::key_agreement | usage::digital_signature, usage::digital_signature), Verdict::pass);
  EXPECT_EQ(verdict(usage::key_agreement, usage::key_agreement | usage::digital_signature), Verdict::pass);
  EXPECT_EQ(verdict(usage::key_agreement, std::nullopt), Verdict::pass);
  EXPECT_EQ(verdict(usage::key_agreement, usage::digital_signature), Verdict::fail);
  EXPECT_EQ(judge("usage-intent", {}, answered(400)).worst, Verdict::pass);
  EXPECT_EQ(judge("usage-intent", {}, granted({}, {})).worst, Verdict::inconclusive);
}

TEST(PurposesAsAsked, AllOfThem) {
  const auto both = codec::make_extended_key_usage({codec::oids::client_auth, codec::oids::server_auth});
  EXPECT_EQ(judge("purposes-as-asked", {}, granted({both}, having({both}))).worst, Verdict::pass);
  EXPECT_EQ(judge("purposes-as-asked", {}, granted({both}, having({codec::make_extended_key_usage({codec::oids::client_auth})}))).worst,
            Verdict::fail);
  EXPECT_EQ(judge("purposes-as-asked", {}, granted({}, {})).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("purposes-as-asked", {}, answered(400)).worst, Verdict::inconclusive);
}

Bytes common_name(std::string_view text) {
  return der::sequence_of({der::set_of({der::sequence({der::oid(codec::oids::common_name), der::utf8_string(text)})})});
}

TEST(NameNotCut, AtANul) {
  using namespace std::string_view_literals;
  const auto verdict = [](std::string_view asked, std::string_view given) {
    Plan plan;
    plan.subject_der = common_name(given);
    auto made = enrolled(Pki::get().device(plan));
    est::pki::RequestSpec spec;
    spec.subject = *codec::decode_name(common_name(asked)).value;
    made.artefacts["csr"] = *est::pki::make_request(spec, Pki::get().device_key);
    return judge("name-not-cut", {}, made).worst;
  };
  EXPECT_EQ(verdict("admin\0.example"sv, "admin"), Verdict::fail);
  EXPECT_EQ(verdict("admin\0.example"sv, "admin\0.example"sv), Verdict::warn);
  EXPECT_EQ(verdict("admin\0.example"sv, "someone"), Verdict::warn);
  EXPECT_EQ(verdict("device", "device"), Verdict::pass);
  EXPECT_EQ(judge("name-not-cut", {}, answered(400)).worst, Verdict::pass);
  EXPECT_EQ(judge("name-not-cut", {}, enrolled(Pki::get().device())).worst, Verdict::inconclusive);
}

}  // namespace
}  // namespace conformance::checks
