#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "conformance/cli_application.h"
#include "conformance/cli_data.h"
#include "conformance/cli_look.h"
#include "conformance/cli_preflight.h"
#include "conformance/engine/json.h"
#include "conformance/selftest/reference_target.h"
#include "conformance/steps/server_driver.h"
#include "est/base/file.h"

namespace conformance::cli {
namespace {

using ::testing::HasSubstr;

class LookTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = selftest::ReferenceTarget::start(nullptr);
    ASSERT_TRUE(started.ok());
    reference_ = *std::move(started);
  }
  [[nodiscard]] Look look(bool verified) const {
    const auto vocabulary = make_vocabulary();
    const auto driver = steps::make_server_driver(reference_->profile(), vocabulary);
    return look_around(*driver, {}, verified);
  }
  std::unique_ptr<selftest::ReferenceTarget> reference_;
};

TEST_F(LookTest, SeesWhatTheReferenceCanDo) {
  for (const bool verified : {true, false}) {
    const Look seen = look(verified);
    for (const char* claim : {"tls-1.2", "tls-1.3", "http-basic", "http-digest", "session-resumption", "persistent-connections"}) {
      ASSERT_NE(seen.find(claim), nullptr) << claim;
      EXPECT_EQ(seen.find(claim)->present, std::optional(true)) << claim << " " << seen.find(claim)->seen;
    }
    EXPECT_EQ(seen.find("client-certificate-demanded")->present, std::optional(false));
    EXPECT_EQ(seen.find("labels"), nullptr);
  }
}

// Also where the profile has no password, so that every plain request shows its certificate.
TEST(LookAtADemandingListener, IsRecognised) {
  selftest::Fault demanding;
  demanding.configure = [](server::Config& config) { config.tls.client_certificate = est::tls::ClientCertificate::required; };
  const auto target = selftest::ReferenceTarget::start(&demanding);
  ASSERT_TRUE(target.ok());
  const auto vocabulary = make_vocabulary();
  for (const bool password : {true, false}) {
    target::Profile profile = (*target)->profile();
    if (!password) profile.password.reset();
    const auto driver = steps::make_server_driver(profile, vocabulary);
    const Preflight before = look(*driver, vocabulary, {}, "https://target");
    EXPECT_TRUE(before.certificate_demanded) << password << before.error << before.note;
    engine::RunOptions run;
    run.liveness = before.liveness;
    EXPECT_EQ(look_around(*driver, run, true).find("client-certificate-demanded")->present, std::optional(true)) << password;
  }
}

TEST_F(LookTest, ReviewsClaims) {
  const Look seen = look(true);
  target::Profile profile = reference_->profile();
  profile.claims.erase("tls-1.2");
  const auto findings = review(profile, seen);
  ASSERT_FALSE(findings.empty());
  const auto found = std::find_if(findings.begin(), findings.end(), [](const auto& one) { return one.claim == "tls-1.2"; });
  ASSERT_NE(found, findings.end());
  EXPECT_THAT(report::sentence_of(*found), HasSubstr("not claimed, but seems to be there"));
  profile.claims.insert("client-certificate-demanded");
  EXPECT_EQ(review(profile, seen).size(), findings.size() + 1);
}

TEST_F(LookTest, WritesAProfileThatLoads) {
  const std::string folder = ::testing::TempDir() + "estspec_probe_test";
  std::filesystem::create_directories(folder);
  const target::Profile& known = reference_->profile();
  const std::string anchor = folder + "/anchor.pem", out = folder + "/p.yaml";
  ASSERT_TRUE(est::write_file(anchor, "-----BEGIN CERTIFICATE-----\n" + engine::to_base64(known.trust_anchors.front()) +
                                          "\n-----END CERTIFICATE-----\n")
                  .ok());
  const std::string url = "https://" + known.url.endpoint.to_string();
  const auto run = [&](std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), {"estspec", "probe", url.c_str()});
    return run_application(static_cast<int>(arguments.size()), arguments.data());
  };
  EXPECT_EQ(run({"--trust-anchor", anchor.c_str(), "--out", out.c_str()}), 0);
  EXPECT_EQ(run({"--trust-anchor", anchor.c_str(), "--out", out.c_str()}), 4);  // never overwritten unasked
  EXPECT_EQ(run({"--out", out.c_str(), "--force", "--trust-anchor", anchor.c_str()}), 0);
  const auto profile = target::load_profile(out);
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_TRUE(profile->unanswered().empty());
  EXPECT_TRUE(profile->claims.contains("tls-1.3"));
  EXPECT_FALSE(profile->claims.contains("manual-approval"));
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(run({}), 0);
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("trust-anchor: CHANGE-ME.pem"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace conformance::cli
