#include "conformance/steps/process.h"

#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace conformance::steps {
namespace {

using Kind = ProcessEnd::Kind;
using namespace std::chrono_literals;

ProcessEnd run(const std::string& command, est::Milliseconds within = 60s) {
  auto end = run_process({.command = command, .environment = {{"EST_WORD", "a word"}}, .within = within});
  if (!end) throw std::runtime_error(end.error().message);
  return *end;
}

bool alive(const std::string& pid) { return !pid.empty() && std::filesystem::exists("/proc/" + pid); }

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

TEST(Process, TellsHowItEnded) {
  EXPECT_EQ(run("exit 0").kind, Kind::exited);
  EXPECT_EQ(run("exit 77").code, 77);
  const auto killed = run("kill -SEGV $$");
  EXPECT_EQ(killed.kind, Kind::signalled);
  EXPECT_EQ(killed.code, SIGSEGV);
  EXPECT_EQ(run("/nonexistent/program").code, 127);
}

TEST(Process, KeepsBothStreamsAndGivesTheEnvironment) {
  const auto end = run("echo \"$EST_WORD\"; echo bad >&2; cat");
  EXPECT_EQ(end.output, "a word\n");
  EXPECT_EQ(end.errors, "bad\n");
  EXPECT_FALSE(end.cut);
}

TEST(Process, MegabytesDoNotBlockIt) {
  const auto end = run("head -c 20000000 /dev/zero; echo done >&2");
  EXPECT_EQ(end.kind, Kind::exited);
  EXPECT_TRUE(end.cut);
  EXPECT_EQ(end.output.size(), std::size_t{64} << 10U);
  EXPECT_EQ(end.errors, "done\n");
}

TEST(Process, TimeOutEndsEvenWhatIgnoresTerm) {
  const auto end = run("trap '' TERM; echo $$; while :; do sleep 100; done", 300ms);
  EXPECT_EQ(end.kind, Kind::timed_out);
  EXPECT_FALSE(alive(first_line(end.output)));
}

TEST(Process, NothingIsLeftBehind) {
  const auto end = run("setsid sh -c 'echo $$; exec sleep 1000' & sleep 0.2; (sleep 1000 &) ; exit 3");
  EXPECT_EQ(end.code, 3);
  EXPECT_GE(end.left_behind, 2);
  EXPECT_FALSE(alive(first_line(end.output)));
}

TEST(Process, OpenStreamsOfOrphansDoNotHoldItUp) {
  const auto end = run("setsid sleep 1000 &", 100s);
  EXPECT_EQ(end.kind, Kind::exited);
  EXPECT_LT(end.took, 90s);
}

}  // namespace
}  // namespace conformance::steps
