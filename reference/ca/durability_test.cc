// An acknowledged certificate survives kill -9, and no serial number is used twice.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <set>
#include <thread>

#include "ca/testing.h"

namespace ca {
namespace {

using est::Bytes;

constexpr std::size_t serial_octets = 16;
constexpr std::size_t threads_of_child = 3;  // whose certificates share transactions

// Half of them by a caller who waits, half by one who does not.
est::Result<Outcome> issue_one(Authority& authority, const est::codec::CertificationRequest& request, bool later) {
  if (!later) return authority.issue(order(request));
  const auto outcome = std::make_shared<std::promise<est::Result<Outcome>>>();
  authority.issue_later(order(request), [outcome](est::Result<Outcome> made) { outcome->set_value(std::move(made)); });
  return outcome->get_future().get();
}

// Issue for ever, and tell each serial number only after issue() has returned.
[[noreturn]] void issue_for_ever(Authority& authority, const est::codec::CertificationRequest& request, int pipe) {
  for (bool later = false;; later = !later) {
    const auto outcome = issue_one(authority, request, later);
    const Issued* issued = outcome ? std::get_if<Issued>(&*outcome) : nullptr;
    if (issued == nullptr || issued->serial.size() != serial_octets) ::_exit(3);
    if (::write(pipe, issued->serial.data(), serial_octets) != static_cast<ssize_t>(serial_octets)) ::_exit(4);
  }
}

// In the child.
[[noreturn]] void issue_and_tell(const AuthorityOptions& options, int pipe, std::size_t threads) {
  auto authority = Authority::open(options);
  if (!authority) ::_exit(2);
  const auto request = signed_request(request_for("CN=d"), make_key());
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back([&] { issue_for_ever(**authority, request, pipe); });
  issue_for_ever(**authority, request, pipe);
}

// Reads `count` serial numbers, kills the child in the middle of its work, then reads what was still told.
std::vector<Bytes> kill_after(pid_t child, int pipe, std::size_t count) {
  std::vector<Bytes> told;
  Bytes serial(serial_octets);
  while (::read(pipe, serial.data(), serial_octets) == static_cast<ssize_t>(serial_octets)) {
    told.push_back(serial);
    if (told.size() == count) ::kill(child, SIGKILL);
  }
  return told;
}

TEST(Durability, EveryTellingSerialIsThereAfterKill) {
  const TemporaryDirectory folder;
  const AuthorityOptions options{folder / "ca", nullptr};
  ASSERT_TRUE(Authority::create(options, {}).ok());
  std::set<Bytes> told;
  for (std::size_t round = 1; round <= 5; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      issue_and_tell(options, ends[1], threads_of_child);
    }
    ::close(ends[1]);
    const std::vector<Bytes> serials = kill_after(child, ends[0], 7 * round);
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
    ASSERT_EQ(WTERMSIG(status), SIGKILL);
    ASSERT_GE(serials.size(), 7 * round);
    for (const Bytes& serial : serials) EXPECT_TRUE(told.insert(serial).second) << "told twice: " << est::hex(serial);
    const auto authority = value_of(Authority::open(options));
    for (const Bytes& serial : told) EXPECT_TRUE(value_of(authority->find(serial)).has_value()) << est::hex(serial);
    const auto all = value_of(authority->certificates());
    std::set<Bytes> kept;
    for (const CertificateRecord& one : all) EXPECT_TRUE(kept.insert(one.serial).second);
    EXPECT_LE(all.size(), told.size() + threads_of_child * round);  // so many a round were committed but not told any more
  }
}

TEST(Durability, TwoProcessesIssueAtOnce) {
  const TemporaryDirectory folder;
  const AuthorityOptions options{folder / "ca", nullptr};
  ASSERT_TRUE(Authority::create(options, {}).ok());
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(ends[0]);
    issue_and_tell(options, ends[1], 1);
  }
  ::close(ends[1]);
  std::size_t mine = 0;
  {
    const auto authority = value_of(Authority::open(options));
    const auto request = signed_request(request_for("CN=d"), make_key());
    for (; mine < 20; ++mine) ASSERT_TRUE(std::holds_alternative<Issued>(value_of(authority->issue(order(request)))));
  }
  const std::size_t told = kill_after(child, ends[0], 20).size();
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_GE(value_of(value_of(Authority::open(options))->certificates()).size(), mine + told);
}

}  // namespace
}  // namespace ca
