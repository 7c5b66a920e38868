#include "conformance/campaign/campaign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "conformance/selftest/fuzz_faults.h"
#include "conformance/selftest/reference_target.h"
#include "est/base/file.h"

namespace conformance::campaign {
namespace {

using selftest::FuzzFault;
using selftest::ReferenceTarget;
using ::testing::Contains;
using ::testing::IsEmpty;

class CampaignTest : public ::testing::TestWithParam<FuzzFault> {
 protected:
  CampaignTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "estspec-campaign-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~CampaignTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // A campaign against the reference with `fault`; null: without.
  void run(const selftest::Fault* fault, Options options) {
    target_ = ReferenceTarget::start(fault).value();
    material_ = make_material(target_->profile()).value();
    options.out = folder_;
    options.seed = 7;
    auto summary = Campaign(target_->profile(), material_, std::move(options)).run();
    ASSERT_TRUE(summary.ok()) << summary.error().message;
    summary_ = *std::move(summary);
  }

  [[nodiscard]] std::vector<std::string> kinds() const {
    std::vector<std::string> kinds;
    for (const Finding& finding : summary_.findings) kinds.push_back(finding.problem.kind);
    return kinds;
  }

  std::string folder_;
  std::unique_ptr<ReferenceTarget> target_;
  Material material_;
  Summary summary_;
};

std::vector<FuzzFault> faults_in_process() {
  std::vector<FuzzFault> some;
  for (const FuzzFault& each : selftest::fuzz_faults())
    if (each.in_process) some.push_back(each);
  return some;
}

TEST_F(CampaignTest, FindsNothingInTheReference) {
  run(nullptr, {.cases = 150, .look_every = 25});
  EXPECT_THAT(kinds(), IsEmpty());
  EXPECT_EQ(summary_.ended, "");
  EXPECT_EQ(summary_.cases, 150U);
  EXPECT_GT(summary_.pairs.size(), 10U);
}

TEST_F(CampaignTest, TheSameMakerIndexAndParentGiveTheSameCase) {
  const auto target = ReferenceTarget::start(nullptr).value();
  const Material material = make_material(target->profile()).value();
  const auto layers = std::vector<Layer>{Layer::request, Layer::transfer, Layer::framing, Layer::order, Layer::session};
  const CaseMaker one(scope_of(target->profile()), material, 3, layers), other(scope_of(target->profile()), material, 3, layers);
  for (std::uint64_t index = 0; index < 100; ++index) {
    const Case first = one.make(index, nullptr);
    const auto& words = first.words;
    if (std::find(words.begin(), words.end(), "signed again") != words.end()) continue;
    EXPECT_EQ(to_json(first), to_json(other.make(index, nullptr))) << index;
  }
}

TEST_F(CampaignTest, ACaseSurvivesStorage) {
  const auto target = ReferenceTarget::start(nullptr).value();
  const Material material = make_material(target->profile()).value();
  const CaseMaker maker(scope_of(target->profile()), material, 5, {Layer::framing, Layer::authorization, Layer::session});
  for (std::uint64_t index = 0; index < 60; ++index) {
    const Case one = maker.make(index, nullptr);
    const auto read = case_from_json(to_json(one), "case");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(to_json(*read), to_json(one));
  }
}

TEST_F(CampaignTest, AHardLimitOnCertificatesEndsIt) {
  target_ = ReferenceTarget::start(nullptr).value();
  target::Profile profile = target_->profile();
  profile.limits.max_certificates = 8;
  material_ = make_material(profile).value();
  Options options{.cases = 2000};
  options.out = folder_;
  const auto summary = Campaign(profile, material_, std::move(options)).run();
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_THAT(summary->ended, ::testing::HasSubstr("spent"));
  EXPECT_LE(summary->certificates, 8U);
}

TEST_F(CampaignTest, SteadyGrowthIsToldFromOneStep) {
  std::vector<std::uint64_t> steady, step;
  for (std::uint64_t i = 0; i < 40; ++i) {
    steady.push_back(100 + i * 10);
    step.push_back(i < 5 ? 100 : 1000);
  }
  EXPECT_GT(steady_growth(steady, 100), 0U);
  EXPECT_EQ(steady_growth(step, 100), 0U);
  EXPECT_EQ(steady_growth({1, 1000}, 10), 0U);
}

// Each fault of the misbehaving peer is found as what it is, stored without secrets, shows again, and can be made smaller.
TEST_P(CampaignTest, FindsTheFault) {
  const FuzzFault& fault = GetParam();
  Options options{.cases = 250, .look_every = 25, .enough = 1};
  options.ground.patience = {est::Milliseconds(400), est::Milliseconds(200)};
  // A short one can be mistaken for the fault, but where that is the fault.
  if (fault.found_as == "hang") options.ground.patience.answer = est::Milliseconds(80);
  if (fault.found_as == "another-key" || fault.found_as == "too-many-answers") options.allowed = {Layer::framing};
  if (fault.found_as == "another-name") options.allowed = {Layer::transfer};
  if (fault.found_as == "certificate-without-authorization") options.allowed = {Layer::authorization};
  run(&fault.fault, options);
  ASSERT_THAT(kinds(), Contains(fault.found_as));
  const auto found = std::find_if(summary_.findings.begin(), summary_.findings.end(),
                                  [&](const Finding& finding) { return finding.problem.kind == fault.found_as; });
  EXPECT_TRUE(found->confirmed);
  const auto stored = read_finding(folder_ + "/" + found->folder);
  ASSERT_TRUE(stored.ok()) << stored.error().message;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/" + found->folder)) {
    const auto text = est::read_file(entry.path().string());
    EXPECT_EQ(text->find(target_->profile().password->password), std::string::npos) << entry.path();
  }
  Ground ground(target_->profile(), options.ground);
  ASSERT_TRUE(ground.control(material_).ok());
  EXPECT_GE(replay(ground, *stored, 2).times, 1U);
}

INSTANTIATE_TEST_SUITE_P(Faults, CampaignTest, ::testing::ValuesIn(faults_in_process()), [](const auto& each) {
  std::string name = each.param.fault.id.substr(std::string_view("FAULT-FUZZ-").size());
  return name;
});

}  // namespace
}  // namespace conformance::campaign
