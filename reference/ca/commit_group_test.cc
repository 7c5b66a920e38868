#include "ca/commit_group.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "ca/testing.h"

namespace ca {
namespace {

// The first transaction lasts until three others wait: then they are written together.
TEST(GroupedCommits, WhoComesMeanwhileSharesTheNextTransaction) {
  std::vector<std::size_t> sizes;
  CommitGroup* itself = nullptr;
  CommitGroup group([&](const CommitGroup::Certificates& certificates) {
    sizes.push_back(certificates.size());
    while (sizes.size() == 1 && itself->waiting() < 3) std::this_thread::yield();
    CommitGroup::Kept kept;
    for (const NewCertificate* one : certificates) kept.emplace_back(one->record.label == "fresh");
    return kept;
  });
  itself = &group;
  NewCertificate fresh, taken;
  fresh.record.label = "fresh";
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const auto kept = group.keep(i == 0 ? taken : fresh);
      ASSERT_TRUE(kept);
      EXPECT_EQ(*kept, i != 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 3}));
}

TEST(GroupedCommits, AFailureIsEverybodysWhoWasInIt) {
  CommitGroup group([](const CommitGroup::Certificates&) -> CommitGroup::Kept { throw std::runtime_error("no space"); });
  const auto kept = group.keep({});
  ASSERT_FALSE(kept);
  EXPECT_NE(kept.error().message.find("no space"), std::string::npos);
}

TEST(GroupedCommits, ManyThreadsKeepAllTheyWereGiven) {
  const TemporaryDirectory folder;
  const auto authority = value_of(Authority::create({folder / "ca", nullptr}, {}));
  const auto request = signed_request(request_for("CN=d"), make_key());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) {
        const auto outcome = authority->issue(order(request));
        ASSERT_TRUE(outcome && std::holds_alternative<Issued>(*outcome));
        EXPECT_TRUE(value_of(authority->find(std::get<Issued>(*outcome).serial)).has_value());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(value_of(authority->certificates()).size(), 40U);
}

}  // namespace
}  // namespace ca
