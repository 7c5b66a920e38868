#include "ca/commit_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
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

// One transaction lasts until the others are there, some of whose owners wait and some do not.
TEST(GroupedCommits, WhoDoesNotWaitIsToldInTheEnd) {
  std::vector<std::size_t> sizes;
  std::atomic<int> told{0};
  CommitGroup* itself = nullptr;
  {
    CommitGroup group([&](const CommitGroup::Certificates& certificates) {
      sizes.push_back(certificates.size());
      while (sizes.size() == 1 && itself->waiting() < 3) std::this_thread::yield();
      return CommitGroup::Kept(certificates.size(), true);
    });
    itself = &group;
    const auto count = [&](const est::Result<bool>& kept) { told += kept && *kept ? 1 : 0; };
    EXPECT_TRUE(group.keep_later({}, count));
    while (group.waiting() != 0) std::this_thread::yield();
    std::thread waits([&] { EXPECT_TRUE(group.keep({})); });
    EXPECT_TRUE(group.keep_later({}, count));
    EXPECT_TRUE(group.keep_later({}, count));
    waits.join();
  }
  EXPECT_EQ(told, 3) << "at the group's end at the latest";
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 3}));
}

TEST(GroupedCommits, MoreThanCanWaitAreTurnedAway) {
  std::atomic<bool> go{false};
  std::atomic<std::size_t> told{0};
  {
    CommitGroup group([&](const CommitGroup::Certificates& certificates) {
      while (!go) std::this_thread::yield();
      return CommitGroup::Kept(certificates.size(), true);
    });
    const auto count = [&](const est::Result<bool>&) { ++told; };
    EXPECT_TRUE(group.keep_later({}, count));
    while (group.waiting() != 0) std::this_thread::yield();
    for (std::size_t i = 0; i < CommitGroup::most_waiting; ++i) EXPECT_TRUE(group.keep_later({}, count));
    EXPECT_FALSE(group.keep_later({}, count));
    go = true;
  }
  EXPECT_EQ(told, CommitGroup::most_waiting + 1);
}

// The second authority, as another process would, rolls the root over behind the first one's back.
TEST(GroupedCommits, WhatAFormerRootSignedIsSignedAnew) {
  const TemporaryDirectory folder;
  const auto authority = value_of(Authority::create({folder / "ca", nullptr}, {}));
  const auto request = signed_request(request_for("CN=d"), make_key());
  const auto issued_later = [&] {
    const auto outcome = std::make_shared<std::promise<est::Result<Outcome>>>();
    authority->issue_later(order(request), [outcome](est::Result<Outcome> made) { outcome->set_value(std::move(made)); });
    return std::get<Issued>(value_of(outcome->get_future().get()));
  };
  const auto key_of_issuer = [&](const Issued& issued) {
    const auto decoded = est::codec::decode_certificate(issued.certificate);
    return decoded.value->extension(est::codec::oids::authority_key_identifier)->value;
  };
  const auto before = key_of_issuer(issued_later());
  const auto other = value_of(Authority::open({folder / "ca", nullptr}));
  ASSERT_TRUE(other->rollover(est::crypto::KeyType::ec_p256).ok());
  const Issued after = issued_later();
  EXPECT_NE(key_of_issuer(after), before);
  EXPECT_TRUE(value_of(authority->find(after.serial)).has_value());
  EXPECT_EQ(value_of(authority->certificates()).size(), 2U);
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
