#include "conformance/vectors/score.h"

#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>

#include "conformance/vectors/ours.h"

namespace conformance::vectors {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

Vector sample(Expected expected) {
  Vector vector;
  vector.id = "base64-sample";
  vector.type = "base64";
  vector.expected = expected;
  vector.input = est::to_bytes(std::string_view("MAA="));
  vector.context["word"] = "it's; \"a\" $(word)";
  return vector;
}

Scored run(const std::string& command, const Vector& vector, est::Milliseconds within = 60s) {
  const InputFolder folder;
  const auto scored = run_parser({.command = command, .rejecting = {1, 3}, .within = within}, vector, folder);
  if (!scored) throw std::runtime_error(scored.error().message);
  return *scored;
}

TEST(Score, RightIsWhatTheResultSays) {
  EXPECT_TRUE(is_right(Expected::valid, Outcome::accepted));
  EXPECT_FALSE(is_right(Expected::valid, Outcome::rejected));
  EXPECT_FALSE(is_right(Expected::invalid, Outcome::accepted));
  EXPECT_TRUE(is_right(Expected::invalid, Outcome::rejected));
  EXPECT_TRUE(is_right(Expected::acceptable, Outcome::accepted));
  EXPECT_TRUE(is_right(Expected::acceptable, Outcome::rejected));
  for (const Outcome outcome : {Outcome::crashed, Outcome::timed_out, Outcome::unclear})
    EXPECT_FALSE(is_right(Expected::acceptable, outcome));
}

TEST(Score, TheExitStatusIsTheAnswer) {
  const Vector vector = sample(Expected::valid);
  EXPECT_EQ(run("exit 0", vector).outcome, Outcome::accepted);
  EXPECT_EQ(run("exit 1", vector).outcome, Outcome::rejected);
  EXPECT_EQ(run("exit 3", vector).outcome, Outcome::rejected);
  EXPECT_EQ(run("exit 2", vector).outcome, Outcome::unclear);
  EXPECT_EQ(run("kill -SEGV $$", vector).outcome, Outcome::crashed);
  EXPECT_EQ(run("sh -c 'kill -SEGV $$'; exit $?", vector).outcome, Outcome::crashed);
  EXPECT_EQ(run("sleep 1000", vector, 200ms).outcome, Outcome::timed_out);
}

TEST(Score, TheInputIsAFileOrStandardInput) {
  const Vector vector = sample(Expected::valid);
  EXPECT_EQ(run("test \"$(cat {file})\" = MAA=", vector).outcome, Outcome::accepted);
  EXPECT_EQ(run("test \"$(cat)\" = MAA=", vector).outcome, Outcome::accepted);
  EXPECT_EQ(run("test \"$(cat; echo x)\" = MAA=x", vector).outcome, Outcome::accepted);
  EXPECT_EQ(run("test {type}/{id} = base64/base64-sample", vector).outcome, Outcome::accepted);
  EXPECT_EQ(run("test {word} = 'it'\\''s; \"a\" $(word)'", vector).outcome, Outcome::accepted);
  EXPECT_EQ(run("head -c 10000000 /dev/zero", vector).outcome, Outcome::accepted);
}

TEST(Score, WhatCannotBeRunIsNoParser) {
  const InputFolder folder;
  const Vector vector = sample(Expected::invalid);
  const auto scored = run_parser({.command = "/nonexistent/parser {file}"}, vector, folder);
  ASSERT_FALSE(scored);
  EXPECT_THAT(scored.error().message, HasSubstr("cannot be run"));
  EXPECT_FALSE(check_parser({.command = "  "}).ok());
  EXPECT_FALSE(check_parser({.command = "x", .rejecting = {0, 1}}).ok());
  EXPECT_TRUE(check_parser({.command = "x"}).ok());
}

TEST(Score, TheFolderGoes) {
  std::string path;
  {
    const InputFolder folder;
    path = folder.path();
    EXPECT_TRUE(std::filesystem::is_directory(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Score, Counts) {
  const Vector valid = sample(Expected::valid), either = sample(Expected::acceptable);
  const auto counts =
      count({{&valid, Outcome::accepted}, {&valid, Outcome::crashed}, {&either, Outcome::rejected}, {&either, Outcome::accepted}});
  const Counts& of = counts.at("base64");
  EXPECT_EQ(of.right, 3);
  EXPECT_EQ(of.wrong, 1);
  EXPECT_EQ(of.accepted, 1);
  EXPECT_EQ(of.rejected, 1);
}

TEST(Score, OursKnowTheirTypes) {
  EXPECT_TRUE(score_ours(sample(Expected::valid)).right());
  Vector unknown = sample(Expected::valid);
  unknown.type = "morse";
  EXPECT_FALSE(read_with_ours(unknown));
  EXPECT_EQ(score_ours(unknown).outcome, Outcome::unclear);
}

}  // namespace
}  // namespace conformance::vectors
