#include "ca/store.h"

#include <gtest/gtest.h>

#include <thread>

#include "ca/testing.h"

namespace ca {
namespace {

Hierarchy hierarchy() {
  const auto key = make_key();
  auto root = make_root(*ca_name("root"), key, {test_time, test_time + day});
  return {1, value_of(std::move(root)), {}, {}, {}};
}

struct StoreTest : testing::Test {
  TemporaryDirectory folder;
  std::string file = folder / "ca.db";
  std::unique_ptr<Store> store = value_of(Store::create(file, hierarchy()));
};

TEST_F(StoreTest, TakenSerialIsReportedAndNothingStored) {
  NewCertificate one{{est::Bytes{1, 2}, "CN=a", test_time, {}, "identity", "label", est::Bytes{9}}, "root", test_time, 1};
  EXPECT_TRUE(value_of(store->add_certificate(one)));
  one.record.subject = "CN=b";
  EXPECT_FALSE(value_of(store->add_certificate(one)));
  one.record.serial = {0, 1, 2};  // the same number
  EXPECT_FALSE(value_of(store->add_certificate(one)));
  ASSERT_EQ(value_of(store->certificates()).size(), 1U);
  EXPECT_EQ(value_of(store->certificates())[0].subject, "CN=a");
}

TEST_F(StoreTest, NothingIsStoredThatAnotherGenerationSigned) {
  NewCertificate one{{est::Bytes{1, 2}, "CN=a", test_time, {}, "identity", "label", est::Bytes{9}}, "root", test_time, 2};
  EXPECT_FALSE(value_of(store->add_certificate(one)));
  EXPECT_TRUE(value_of(store->certificates()).empty());
  one.generation = 1;
  EXPECT_TRUE(value_of(store->add_certificate(one)));
}

TEST_F(StoreTest, TransactionsRollBackUnlessCommitted) {
  const PendingKey key{"identity", "label", {1}, {2}};
  {
    Transaction transaction(store->database());
    ASSERT_TRUE(transaction.begun().ok());
    EXPECT_TRUE(store->add_pending(key, "CN=a", est::Bytes{3}, test_time).ok());
  }
  EXPECT_FALSE(value_of(store->find_pending(key)).has_value());
  Transaction transaction(store->database());
  const auto id = store->add_pending(key, "CN=a", est::Bytes{3}, test_time);
  EXPECT_TRUE(transaction.commit().ok());
  const auto found = value_of(store->find_pending(key));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, value_of(id));
  EXPECT_EQ(found->request, est::Bytes{3});
}

TEST_F(StoreTest, TextOfAnyKindComesBackAsItWas) {
  const std::string odd("a'; DROP TABLE pending; --\0\n\xff", 29);
  const PendingKey key{odd, "", {}, {}};
  EXPECT_TRUE(store->add_pending(key, odd, {}, test_time).ok());
  ASSERT_EQ(value_of(store->pending()).size(), 1U);
  EXPECT_EQ(value_of(store->pending())[0].identity, odd);
  EXPECT_TRUE(value_of(store->find_pending(key)).has_value());
}

TEST_F(StoreTest, ErrorsNameTheFile) {
  const auto failed = store->database().execute("SELECT nonsense");
  EXPECT_EQ(failed.error().message.find(file + ": "), 0U);
  Statement statement = store->database().prepare("SELECT nonsense FROM nowhere");
  EXPECT_FALSE(statement.bind("x").step().ok());
  EXPECT_FALSE(store->database().number("SELECT value FROM meta WHERE name = 'nobody'").ok());
}

TEST_F(StoreTest, WaitsForAnotherWriter) {
  const auto other = value_of(Store::open(file));
  auto holder = std::make_unique<Transaction>(other->database());
  ASSERT_TRUE(holder->begun().ok());
  std::thread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_TRUE(holder->commit().ok());
  });
  EXPECT_TRUE(store->add_pending({"i", "", {1}, {2}}, "CN=a", {}, test_time).ok());
  release.join();
}

TEST_F(StoreTest, OtherFormatsAreRefused) {
  EXPECT_TRUE(store->database().execute("PRAGMA user_version = 2").ok());
  const auto newer = Store::open(file);
  ASSERT_FALSE(newer.ok());
  EXPECT_NE(newer.error().message.find("format 2"), std::string::npos);
  EXPECT_TRUE(store->database().execute("PRAGMA application_id = 7").ok());
  EXPECT_FALSE(Store::open(file).ok());
}

TEST_F(StoreTest, KeysThatDoNotFitTheirCertificateAreRefused) {
  EXPECT_TRUE(store->database().execute("UPDATE authority SET private_key = x'3000'").ok());
  EXPECT_FALSE(store->load_hierarchy().ok());
  EXPECT_TRUE(store->database().execute("DELETE FROM authority").ok());
  const auto missing = store->load_hierarchy();
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("incomplete"), std::string::npos);
}

}  // namespace
}  // namespace ca
