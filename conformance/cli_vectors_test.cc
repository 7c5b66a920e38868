// `estspec vectors` as a user meets it.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "conformance/cli_application.h"
#include "conformance/engine/json.h"
#include "est/base/file.h"
#include "est/crypto/digest.h"

namespace conformance::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct VectorsRun {
  int code = 0;
  std::string out, error;
};

VectorsRun run_vectors(std::vector<std::string> arguments) {
  std::vector<const char*> argv{"estspec", "vectors"};
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  VectorsRun ran;
  ran.code = run_application(static_cast<int>(argv.size()), argv.data());
  ran.out = ::testing::internal::GetCapturedStdout();
  ran.error = ::testing::internal::GetCapturedStderr();
  return ran;
}

class VectorsCli : public ::testing::Test {
 protected:
  ~VectorsCli() override { std::filesystem::remove_all(folder_); }
  const std::string folder_ = ::testing::TempDir() + "estspec_vectors_test_" + est::hex(est::crypto::random_bytes(6));
};

TEST_F(VectorsCli, CountsAndLists) {
  const auto counts = run_vectors({});
  EXPECT_EQ(counts.code, 0);
  EXPECT_THAT(counts.out, AllOf(HasSubstr("pkcs10"), HasSubstr("digest")));
  const auto list = run_vectors({"--list", "--type", "key_package"});
  EXPECT_THAT(list.out, AllOf(HasSubstr("key-package-none"), ::testing::Not(HasSubstr("pkcs10-"))));
  const auto json = engine::parse_json(run_vectors({"--list", "--json", "--id", "base64-pem"}).out);
  ASSERT_TRUE(json && json->size() == 1);
  EXPECT_EQ(json->front()["result"], "invalid");
}

TEST_F(VectorsCli, OursAreRight) {
  const auto ran = run_vectors({"--self"});
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr(" 0 wrong"));
}

TEST_F(VectorsCli, AParserThatTakesEverythingIsWrong) {
  const auto ran = run_vectors({"--exec", "exit 0", "--type", "key_package"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("WRONG key-package-none: invalid, accepted"));
  const auto refuses = run_vectors({"--exec", "exit 7", "--rejects", "1,7", "--id", "key-package-none"});
  EXPECT_EQ(refuses.code, 0) << refuses.out << refuses.error;
  const auto json = engine::parse_json(run_vectors({"--exec", "exit 9", "--json", "--id", "key-package-none"}).out);
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["results"][0]["outcome"], "unclear");
  EXPECT_EQ((*json)["totals"]["wrong"], 1);
}

TEST_F(VectorsCli, MistakesAreOneLineAndExitCode4) {
  const std::vector<std::vector<std::string>> wrong{{"--type", "morse"},
                                                    {"--id", "nothing"},
                                                    {"--type", "pem", "--id", "base64-pem"},
                                                    {"--exec", "true {file}"},
                                                    {"--exec", "/nonexistent/parser", "--type", "pem"},
                                                    {"--exec", " ", "--type", "pem"},
                                                    {"--exec", "true", "--rejects", "0", "--type", "pem"},
                                                    {"--exec", "true", "--self"},
                                                    {"--vectors", "/nonexistent"}};
  for (const auto& arguments : wrong) {
    const auto ran = run_vectors(arguments);
    EXPECT_EQ(ran.code, 4) << arguments.front();
    EXPECT_THAT(ran.out, IsEmpty());
    EXPECT_EQ(std::count(ran.error.begin(), ran.error.end(), '\n'), 1) << ran.error;
  }
}

TEST_F(VectorsCli, WhatIsExportedCanBeReadAgain) {
  ASSERT_EQ(run_vectors({"--export", folder_}).code, 0);
  const auto input = est::read_file(folder_ + "/inputs/base64/valid/base64-empty-sequence");
  EXPECT_TRUE(input && *input == "MAA=");
  EXPECT_EQ(run_vectors({"--vectors", folder_, "--self", "--type", "base64"}).code, 0);
  EXPECT_THAT(run_vectors({"--export", folder_}).error, HasSubstr("is not empty"));
  ASSERT_TRUE(est::write_file(folder_ + "/pem.json", "{}").ok());
  EXPECT_THAT(run_vectors({"--vectors", folder_}).error, HasSubstr("not what the index says"));
}

}  // namespace
}  // namespace conformance::cli
