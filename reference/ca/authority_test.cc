#include "ca/authority.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <set>
#include <thread>

#include "ca/database.h"
#include "ca/testing.h"
#include "est/codec/oid.h"
#include "est/crypto/chain.h"

namespace ca {
namespace {

using est::Bytes;
using est::crypto::KeyType;
namespace codec = est::codec;

struct AuthorityTest : testing::Test {
  TemporaryDirectory folder;
  est::ManualClock clock{test_time};
  AuthorityOptions options{folder / "ca", &clock};

  std::unique_ptr<Authority> create(const CreateOptions& what = {}) const { return value_of(Authority::create(options, what)); }

  est::crypto::ChainResult verify(Authority& authority, const Bytes& leaf) const {
    const auto certificates = value_of(authority.ca_certificates());
    est::crypto::ChainOptions chain;
    chain.at = clock.now();
    chain.partial_chain = false;
    return value_of(est::crypto::verify_chain(leaf, certificates, {certificates.front()}, {}, chain));
  }
};

Issued issued_by(Authority& authority, const IssueRequest& request) {
  const Outcome outcome = value_of(authority.issue(request));
  const auto* refused = std::get_if<Refused>(&outcome);
  EXPECT_EQ(refused, nullptr) << refused->reason;
  const auto* issued = std::get_if<Issued>(&outcome);
  EXPECT_NE(issued, nullptr);
  return issued != nullptr ? *issued : Issued{};
}

TEST_F(AuthorityTest, IssuesForEveryKindOfCa) {
  for (const KeyType type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa_2048, KeyType::ed25519}) {
    for (const bool intermediate : {false, true}) {
      options.directory = folder / (std::string(to_string(type)) + (intermediate ? "-2" : "-1"));
      const auto authority = create({"a CA, with \"odd\" name", type, intermediate, 365 * day});
      const auto request = signed_request(request_for("CN=device-1"), make_key());
      const Issued issued = issued_by(*authority, order(request));
      const auto chain = verify(*authority, issued.certificate);
      EXPECT_TRUE(chain.valid) << chain.reason;
      EXPECT_EQ(chain.path.size(), intermediate ? 3U : 2U);
      EXPECT_EQ(value_of(authority->issuer_chain()), (std::vector<Bytes>{chain.path[1]}));
      const auto certificate = codec::decode_certificate(issued.certificate);
      EXPECT_EQ(certificate.value->validity.not_before, test_time - 300);
      EXPECT_EQ(certificate.value->validity.not_after, test_time + 90 * day);
    }
  }
}

TEST_F(AuthorityTest, FilesAreForTheOwnerOnly) {
  const auto authority = create();
  issued_by(*authority, order(signed_request(request_for("CN=d"), make_key())));
  struct stat status {};
  ASSERT_EQ(::stat(options.directory.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  for (const char* name : {"/ca.db", "/ca.db-wal"}) {
    ASSERT_EQ(::stat((options.directory + name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(AuthorityTest, SecondCreationIsRefusedAndHarmless) {
  const auto authority = create();
  const auto before = value_of(authority->ca_certificates());
  const auto second = Authority::create(options, {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message.find(options.directory + "/ca.db: "), 0U) << second.error().message;
  EXPECT_EQ(value_of(value_of(Authority::open(options))->ca_certificates()), before);
}

TEST_F(AuthorityTest, OpeningWhatIsNoCaNamesTheFile) {
  const std::string file = folder / "ca.db";
  options.directory = folder / "";
  const auto refused = [&] {
    const auto opened = Authority::open(options);
    if (opened.ok()) return std::string("opened");
    EXPECT_NE(opened.error().message.find("ca.db: "), std::string::npos) << opened.error().message;
    EXPECT_EQ(opened.error().message.find('\n'), std::string::npos);
    return opened.error().message;
  };
  EXPECT_NE(refused().find("create one first"), std::string::npos);
  std::ofstream(file) << "";
  EXPECT_NE(refused().find("create a CA first"), std::string::npos);
  std::ofstream(file) << std::string(5000, 'x');
  EXPECT_NE(refused().find("not a database"), std::string::npos);
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  refused();
}

TEST_F(AuthorityTest, DamagedDatabaseIsNoticed) {
  create();
  const std::string file = options.directory + "/ca.db";
  {
    std::fstream damage(file, std::ios::in | std::ios::out | std::ios::binary);
    damage.seekp(4096);
    damage << std::string(8192, '\xee');
  }
  const auto opened = Authority::open(options);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("restore it from a backup"), std::string::npos) << opened.error().message;
  std::filesystem::resize_file(file, 5000);
  EXPECT_FALSE(Authority::open(options).ok());
}

TEST_F(AuthorityTest, NonsenseIsRefusedAtCreation) {
  for (const std::string& name : {std::string(), std::string(65, 'x'), std::string("a\nb")}) {
    CreateOptions what;
    what.common_name = name;
    EXPECT_FALSE(Authority::create(options, what).ok()) << name;
  }
  CreateOptions what;
  what.root_validity_seconds = 0;
  EXPECT_FALSE(Authority::create(options, what).ok());
  EXPECT_FALSE(Authority::create({"", &clock}, {}).ok());
  EXPECT_FALSE(Authority::create({"/dev/null/ca", &clock}, {}).ok());
  EXPECT_TRUE(Authority::create(options, {}).ok());  // the failures left nothing in the way
}

TEST_F(AuthorityTest, SameRequestTwiceGivesTwoCertificates) {
  const auto authority = create();
  const auto request = signed_request(request_for("CN=d"), make_key());
  const Issued first = issued_by(*authority, order(request));
  const Issued second = issued_by(*authority, order(request));
  const auto place = [](const Issued& issued) { return Bytes(issued.serial.begin(), issued.serial.begin() + 6); };
  EXPECT_LT(place(first), place(second));  // one after the other in the index too (pki::dated_serial)
  const auto all = value_of(authority->certificates());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].certificate, first.certificate);
  EXPECT_EQ(all[0].subject, "CN=d");
  EXPECT_EQ(all[0].identity, "basic:alice");
}

TEST_F(AuthorityTest, ValidityEndsWithTheIssuer) {
  const auto authority = create({"short", KeyType::ec_p256, true, 10 * day});
  const auto request = signed_request(request_for("CN=d"), make_key());
  const auto end = [&](const Issued& issued) { return codec::decode_certificate(issued.certificate).value->validity.not_after; };
  EXPECT_EQ(end(issued_by(*authority, order(request))), test_time + 10 * day);
  const auto direct = value_of(authority->issue_directly(*codec::parse_name("CN=server"), make_key().public_key_info(),
                                                         {test_time, test_time + 1000 * day}, {}, ""));
  EXPECT_EQ(end(direct), test_time + 10 * day);
  clock.set(test_time + 11 * day);
  const auto late = authority->issue(order(request));
  ASSERT_FALSE(late.ok());
  EXPECT_NE(late.error().message.find("expired"), std::string::npos);
}

TEST_F(AuthorityTest, RefusalsAreOutcomesNotErrors) {
  const auto authority = create();
  const auto request = signed_request(request_for(""), make_key());
  EXPECT_TRUE(std::holds_alternative<Refused>(value_of(authority->issue(order(request)))));
  EXPECT_FALSE(authority->issue({}).ok());
  EXPECT_TRUE(value_of(authority->certificates()).empty());
}

TEST_F(AuthorityTest, FindsBySerialWithOrWithoutTheLeadingZero) {
  const auto authority = create();
  const Issued issued = issued_by(*authority, order(signed_request(request_for("CN=d"), make_key())));
  Bytes padded = issued.serial;
  padded.insert(padded.begin(), 0);
  EXPECT_TRUE(value_of(authority->find(issued.serial)).has_value());
  EXPECT_TRUE(value_of(authority->find(padded)).has_value());
  EXPECT_TRUE(value_of(authority->find(codec::decode_certificate(issued.certificate).value->serial)).has_value());
  EXPECT_FALSE(value_of(authority->find({})).has_value());
}

// --- Pending requests

struct PendingTest : AuthorityTest {
  std::unique_ptr<Authority> authority = create();
  est::crypto::PrivateKey key = make_key();
  est::pki::RequestSpec spec = request_for("CN=device-1");

  Outcome ask(const std::string& identity = "basic:alice", const std::string& label = "") const {
    const auto request = signed_request(spec, key);  // signed anew each time, as for a new TLS session
    IssueRequest manual = order(request);
    manual.requester.identity = identity;
    manual.label = label;
    manual.manual_approval = true;
    return value_of(authority->issue(manual));
  }
  std::int64_t ask_pending(const std::string& identity = "basic:alice", const std::string& label = "") const {
    const Outcome outcome = ask(identity, label);
    const auto* waiting = std::get_if<Pending>(&outcome);
    EXPECT_NE(waiting, nullptr);
    return waiting != nullptr ? waiting->id : -1;
  }
};

TEST_F(PendingTest, RepeatedRequestFindsItsEntryUntilIssuedOnce) {
  spec.challenge_password = "first session";
  const std::int64_t id = ask_pending();
  spec.challenge_password = "second session";
  EXPECT_EQ(ask_pending(), id);
  EXPECT_TRUE(authority->approve(id).ok());
  const Outcome first = ask();
  const Outcome second = ask();
  ASSERT_TRUE(std::holds_alternative<Issued>(first));
  EXPECT_EQ(std::get<Issued>(first).certificate, std::get<Issued>(second).certificate);
  EXPECT_EQ(value_of(authority->certificates()).size(), 1U);
  EXPECT_EQ(value_of(authority->pending()).at(0).state, "issued");
  EXPECT_FALSE(authority->approve(id).ok());
  EXPECT_FALSE(authority->reject(id).ok());
}

TEST_F(PendingTest, AnyOtherIdentityLabelSubjectOrKeyIsAnotherRequest) {
  std::set<std::int64_t> ids = {ask_pending(), ask_pending("basic:bob"), ask_pending("basic:alice", "label")};
  spec.subject = *codec::parse_name("CN=device-2");
  ids.insert(ask_pending());
  key = make_key();
  ids.insert(ask_pending());
  EXPECT_EQ(ids.size(), 5U);
  EXPECT_TRUE(authority->approve(*ids.begin()).ok());
  EXPECT_TRUE(std::holds_alternative<Pending>(ask()));
}

TEST_F(PendingTest, WhatWasApprovedIsWhatIsIssued) {
  const std::int64_t id = ask_pending();
  EXPECT_TRUE(authority->approve(id).ok());
  spec.extensions = {codec::make_subject_alt_name({*codec::parse_general_name("DNS:admin.example")})};
  const Outcome outcome = ask();
  const auto certificate = codec::decode_certificate(std::get<Issued>(outcome).certificate);
  EXPECT_EQ(certificate.value->extension(codec::oids::subject_alt_name), nullptr);
}

TEST_F(PendingTest, RejectionIsFinalForTheClientButNotForTheOperator) {
  const std::int64_t id = ask_pending();
  EXPECT_TRUE(authority->reject(id).ok());
  EXPECT_TRUE(std::holds_alternative<Refused>(ask()));
  EXPECT_TRUE(std::holds_alternative<Refused>(ask()));
  EXPECT_TRUE(authority->approve(id).ok());
  EXPECT_TRUE(std::holds_alternative<Issued>(ask()));
}

TEST_F(PendingTest, RevokedOrExpiredResultStartsAgain) {
  const std::int64_t id = ask_pending();
  EXPECT_TRUE(authority->approve(id).ok());
  const Outcome outcome = ask();
  EXPECT_TRUE(authority->revoke(std::get<Issued>(outcome).serial).ok());
  const std::int64_t again = ask_pending();
  EXPECT_NE(again, id);
  EXPECT_TRUE(authority->approve(again).ok());
  EXPECT_TRUE(std::holds_alternative<Issued>(ask()));
  clock.set(test_time + 91 * day);
  EXPECT_NE(ask_pending(), again);
}

TEST_F(PendingTest, BadRequestsDoNotReachTheOperator) {
  spec.subject = {};
  EXPECT_TRUE(std::holds_alternative<Refused>(ask()));
  EXPECT_TRUE(value_of(authority->pending()).empty());
  EXPECT_FALSE(authority->approve(1).ok());
}

TEST_F(PendingTest, SurvivesReopeningAndOtherProcesses) {
  const std::int64_t id = ask_pending();
  {
    const auto other = value_of(Authority::open(options));
    ASSERT_EQ(value_of(other->pending()).size(), 1U);
    EXPECT_EQ(value_of(other->pending())[0].asked_at, test_time);
    EXPECT_TRUE(other->approve(id).ok());
  }
  EXPECT_TRUE(std::holds_alternative<Issued>(ask()));
}

// --- Threads

TEST_F(AuthorityTest, ThreadsIssueAtOnce) {
  const auto authority = create();
  constexpr int each = 40;
  const auto request = signed_request(request_for("CN=d"), make_key());
  std::array<std::set<Bytes>, 2> serials;
  const auto work = [&](std::set<Bytes>& into) {
    for (int i = 0; i < each; ++i) into.insert(issued_by(*authority, order(request)).serial);
  };
  std::thread other(work, std::ref(serials[0]));
  work(serials[1]);
  other.join();
  std::set<Bytes> all = serials[0];
  all.insert(serials[1].begin(), serials[1].end());
  EXPECT_EQ(all.size(), 2U * each);
  EXPECT_EQ(value_of(authority->certificates()).size(), 2U * each);
}

// Whoever asks for /cacerts does not wait for the disk.
TEST_F(AuthorityTest, TheCasCertificatesDoNotWaitForAWriter) {
  const auto authority = create();
  const auto database = value_of(Database::open(options.directory + "/ca.db"));
  Transaction elsewhere(*database);
  ASSERT_TRUE(elsewhere.begun().ok());
  const auto request = signed_request(request_for("CN=d"), make_key());
  std::atomic<bool> issued = false;
  std::thread waits([&] {
    const Issued one = issued_by(*authority, order(request));
    issued = true;
    EXPECT_FALSE(one.certificate.empty());
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(value_of(authority->ca_certificates()).size(), 1U);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_FALSE(issued);
  EXPECT_TRUE(elsewhere.commit().ok());
  waits.join();
  EXPECT_TRUE(issued);
}

TEST_F(AuthorityTest, ThreadsAskingForOneApprovedRequestGetOneCertificate) {
  const auto authority = create();
  const auto request = signed_request(request_for("CN=d"), make_key());
  IssueRequest manual = order(request);
  manual.manual_approval = true;
  EXPECT_TRUE(authority->approve(std::get<Pending>(value_of(authority->issue(manual))).id).ok());
  std::array<Bytes, 4> certificates;
  std::vector<std::thread> threads;
  threads.reserve(certificates.size());
  for (Bytes& out : certificates) threads.emplace_back([&] { out = std::get<Issued>(value_of(authority->issue(manual))).certificate; });
  for (std::thread& thread : threads) thread.join();
  for (const Bytes& one : certificates) EXPECT_EQ(one, certificates[0]);
  EXPECT_EQ(value_of(authority->certificates()).size(), 1U);
}

}  // namespace
}  // namespace ca
