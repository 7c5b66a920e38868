#include "conformance/report/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "est/base/file.h"

namespace conformance::report {
namespace {

namespace fs = std::filesystem;
using engine::Json;
using ::testing::HasSubstr;

class Folder : public ::testing::Test {
 protected:
  Folder() { fs::remove_all(path_); }
  ~Folder() override { fs::remove_all(path_); }

  static engine::Evidence evidence() {
    engine::Evidence evidence;
    evidence.scenario = "EST-X-1/a";
    engine::Exchange exchange;
    exchange.name = "step-1";
    exchange.connection = 1;
    exchange.method = "POST";
    exchange.target = "/x";
    exchange.request = est::to_bytes("POST /x HTTP/1.1\r\n\r\nbody");
    evidence.exchanges = {exchange};
    return evidence;
  }

  // A whole run with one scenario.
  est::Status write(const std::string& id) {
    auto folder = ResultsFolder::open(path_);
    if (!folder) return folder.error();
    Results results;
    results.scenarios.emplace_back();
    results.scenarios.front().id = id;
    results.scenarios.front().role = "server";
    results.target = Json{{"access", {{"url", "https://h:1"}}}};
    if (const auto status = folder->add(results.scenarios.front(), evidence(), results.target); !status) return status;
    return folder->finish(results, {}, {});
  }

  const std::string path_ = ::testing::TempDir() + "estspec_folder_test_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(Folder, HoldsAWholeRun) {
  ASSERT_TRUE(write("EST-X-1/a").ok());
  const auto results = read_results(path_);
  ASSERT_TRUE(results.ok()) << results.error().message;
  const auto& result = results->scenarios.at(0);
  EXPECT_EQ(result.evidence, "evidence/EST-X-1_a/evidence.json");
  EXPECT_THAT(result.reproduce, HasSubstr("--data-binary @'evidence/EST-X-1_a/step-1.body'"));
  EXPECT_EQ(*est::read_file(path_ + "/evidence/EST-X-1_a/step-1.body"), "body");
  EXPECT_TRUE(fs::exists(path_ + "/evidence/EST-X-1_a/transcript.txt"));
  EXPECT_TRUE(fs::exists(path_ + "/junit.xml"));
  EXPECT_FALSE(fs::exists(path_ + "/.estspec-unfinished"));
  const auto evidence = read_evidence(path_, result);
  ASSERT_TRUE(evidence.ok()) << evidence.error().message;
  EXPECT_EQ(engine::to_json(*evidence), engine::to_json(this->evidence()));
}

TEST_F(Folder, ReplacesItsOwnResultsOnly) {
  ASSERT_TRUE(write("EST-X-1").ok());
  ASSERT_TRUE(write("EST-X-2").ok());
  EXPECT_FALSE(fs::exists(path_ + "/evidence/EST-X-1"));
  EXPECT_EQ(read_results(path_)->scenarios.at(0).id, "EST-X-2");
  ASSERT_TRUE(est::write_file(path_ + "/thesis.doc", "x").ok());
  EXPECT_THAT(write("EST-X-3").error().message, HasSubstr("it holds 'thesis.doc', which is not ours; name a new or empty folder"));
  EXPECT_EQ(read_results(path_)->scenarios.at(0).id, "EST-X-2");
}

TEST_F(Folder, RefusesWhatOnlyLooksLikeResults) {
  fs::create_directories(path_ + "/evidence");
  EXPECT_THAT(ResultsFolder::open(path_).error().message, HasSubstr("no results.json of estspec"));
  ASSERT_TRUE(est::write_file(path_ + "/results.json", "{\"suite\": {\"name\": \"other\"}}").ok());
  EXPECT_FALSE(ResultsFolder::open(path_).ok());
  ASSERT_TRUE(est::write_file(path_ + "_file", "x").ok());
  EXPECT_THAT(ResultsFolder::open(path_ + "_file").error().message, HasSubstr("is a file"));
  fs::remove(path_ + "_file");
}

TEST_F(Folder, LeavesNothingWhenAbandoned) {
  auto folder = ResultsFolder::open(path_);
  ASSERT_TRUE(folder.ok());
  folder->abandon();
  EXPECT_FALSE(fs::exists(path_));
  ASSERT_TRUE(write("EST-X-1").ok());
  folder = ResultsFolder::open(path_);
  ASSERT_TRUE(folder.ok());
  folder->abandon();
  EXPECT_TRUE(read_results(path_).ok());
}

TEST_F(Folder, ReadingSaysWhatIsWrong) {
  EXPECT_THAT(read_results(path_).error().message, HasSubstr("name the folder of a finished run"));
  fs::create_directories(path_);
  ASSERT_TRUE(est::write_file(path_ + "/results.json", "{").ok());
  EXPECT_THAT(read_results(path_).error().message, HasSubstr("this is not JSON"));
  engine::ScenarioResult hostile;
  hostile.id = "../../etc";
  hostile.evidence = "/etc/passwd";
  EXPECT_THAT(read_evidence(path_, hostile).error().message, HasSubstr("evidence/_.._.._etc"));
}

TEST(EvidenceFolder, NamesAreSafe) {
  EXPECT_EQ(evidence_folder("EST-SE-014/ec-p256/1.2"), "evidence/EST-SE-014_ec-p256_1.2");
  EXPECT_EQ(evidence_folder(".."), "evidence/_..");
  EXPECT_EQ(evidence_folder(""), "evidence/_");
}

}  // namespace
}  // namespace conformance::report
