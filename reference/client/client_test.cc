// The operations against the reference server in this process, over real sockets.
#include "client/client.h"

#include "client/provision.h"
#include "client/scene_test.h"
#include "est/base/text.h"

namespace client {
namespace {

using est::ops::Operation;
using est::tls::Version;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ClientTest : public SceneTest {};

TEST_F(ClientTest, CaCertificates) {
  Client client(options());
  const auto answer = client.ca_certificates();
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_EQ(answer->set.anchors(), trust().explicit_anchors);
  EXPECT_EQ(answer->origin.basis, Basis::explicit_anchors);
  EXPECT_EQ(client.last_status(), 200);
}

TEST_F(ClientTest, CaCertificatesAfterARollover) {
  Client client(options("rolled"));
  const auto answer = client.ca_certificates();
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_THAT(answer->set.certificates, SizeIs(4));
  EXPECT_NE(answer->set.anchors(), trust().explicit_anchors);
}

// RFC 7030 3.2.3 and 3.3.2: every way a label authenticates, on both TLS versions.
TEST_F(ClientTest, EnrollsUnderEachAuthentication) {
  struct Row {
    std::string label;
    bool password, certificate, good;
  };
  for (const Row& row : {Row{"basic", true, false, true},
                         {"digest", true, false, true},
                         {"password", true, false, true},
                         {"cert", false, true, true},
                         {"both", true, true, true},
                         {"both", true, false, false},
                         {"both", false, true, false},
                         {"basic", false, true, false},
                         {"cert", true, false, false},
                         {"open", false, false, true}}) {
    for (const Version version : {Version::tls12, Version::tls13}) {
      ClientOptions how = options(row.label, version);
      if (row.password) give_password(how);
      if (row.certificate) how.session.identity = identity("client");
      Client client(how);
      const auto enrolled = enroll_as_asked(client, plan("CN=" + row.label));
      ASSERT_EQ(enrolled.ok(), row.good) << row.label << " " << (enrolled.ok() ? "" : enrolled.problem().reason);
      if (!row.good) {
        EXPECT_EQ(enrolled.problem().kind, ProblemKind::refused);
        continue;
      }
      EXPECT_EQ(enrolled->issued.linked, version == Version::tls12);
      EXPECT_EQ(decoded(enrolled->issued.certificates.front()).spki, enrolled->key->public_key_info());
      EXPECT_THAT(enrolled->notes, IsEmpty());
    }
  }
}

TEST_F(ClientTest, WrongPasswordIsRefusedOnce) {
  ClientOptions how = options("basic");
  give_password(how, "wrong");
  Client client(how);
  const auto enrolled = enroll_as_asked(client, plan("CN=x"));
  ASSERT_FALSE(enrolled.ok());
  EXPECT_EQ(enrolled.problem().status, 401);
  EXPECT_THAT(enrolled.problem().reason, HasSubstr("refuses the user name or password"));
}

// RFC 7030 3.5.
TEST_F(ClientTest, LinksWhereItIsDemanded) {
  struct Row {
    Version least, most;
    Linking linking;
    bool good;
  };
  for (const Row& row : {Row{Version::tls12, Version::tls12, Linking::automatic, true},
                         {Version::tls12, Version::tls13, Linking::automatic, true},
                         {Version::tls13, Version::tls13, Linking::exporter, true},
                         {Version::tls12, Version::tls13, Linking::exporter, true},
                         {Version::tls13, Version::tls13, Linking::automatic, false},
                         {Version::tls12, Version::tls12, Linking::none, false}}) {
    ClientOptions how = options("pop");
    give_password(how);
    how.session.least = row.least;
    how.session.most = row.most;
    how.linking = row.linking;
    Client client(how);
    const auto enrolled = enroll_as_asked(client, plan("CN=linked"));
    ASSERT_EQ(enrolled.ok(), row.good) << (enrolled.ok() ? "" : enrolled.problem().reason);
    if (row.good) {
      EXPECT_TRUE(enrolled->issued.linked);
    } else {
      EXPECT_EQ(enrolled.problem().kind, ProblemKind::configuration);
    }
  }
}

// RFC 7030 4.2.3: both forms of Retry-After, the same key, a new request for a new connection where it is linked.
TEST_F(ClientTest, WaitsForApproval) {
  for (const std::string label : {"manual", "manual-date"}) {
    for (const std::uint64_t keep_open : {std::uint64_t{0}, std::uint64_t{100}}) {
      ClientOptions how = options(label, Version::tls12);
      give_password(how);
      how.retry.keep_open = keep_open;
      std::vector<est::Milliseconds> waits;
      std::vector<std::string> told;
      how.tell = [&](const std::string& sentence) { told.push_back(sentence); };
      how.wait = [&](est::Milliseconds span) {
        waits.push_back(span);
        approve_everything();
        return true;
      };
      Client client(how);
      std::vector<std::optional<std::string>> linkings;
      auto maker = RequestMaker::prepare(plan("CN=" + label + std::to_string(keep_open)).request, {}, false);
      ASSERT_TRUE(maker.ok());
      const auto issued = client.enroll(Operation::simpleenroll, [&](const std::optional<std::string>& linking) {
        linkings.push_back(linking);
        return maker->function()(linking);
      });
      ASSERT_TRUE(issued.ok()) << issued.problem().reason;
      ASSERT_THAT(waits, SizeIs(1));
      EXPECT_GE(waits.front(), est::Milliseconds(1000));
      EXPECT_LE(waits.front(), est::Milliseconds(2000));
      EXPECT_THAT(told, SizeIs(1));
      EXPECT_EQ(linkings.size(), keep_open == 0 ? 2U : 1U);
    }
  }
}

TEST_F(ClientTest, GivesUpWaitingAtTheLimit) {
  ClientOptions how = options("manual");
  give_password(how);
  how.retry.limit = 2;
  int waits = 0;
  how.wait = [&](est::Milliseconds) { return ++waits > 0; };
  Client client(how);
  const auto enrolled = enroll_as_asked(client, plan("CN=never approved"));
  ASSERT_FALSE(enrolled.ok());
  EXPECT_EQ(enrolled.problem().kind, ProblemKind::later);
  EXPECT_EQ(enrolled.problem().status, 202);
  EXPECT_EQ(enrolled.problem().wait, 1U);
  EXPECT_EQ(waits, 2);
}

TEST_F(ClientTest, Reenrolls) {
  for (const bool keep_key : {false, true}) {
    ClientOptions how = options("");
    how.session.identity = identity("client");
    Client client(how);
    EnrollmentPlan renewal = plan("");
    renewal.request.wishes.subject.reset();
    renewal.operation = Operation::simplereenroll;
    renewal.request.renewed = decoded(how.session.identity->chain.front());
    if (keep_key) renewal.request.key = how.session.identity->key;
    const auto enrolled = enroll_as_asked(client, std::move(renewal));
    ASSERT_TRUE(enrolled.ok()) << enrolled.problem().reason;
    const auto fresh = decoded(enrolled->issued.certificates.front());
    EXPECT_EQ(fresh.subject.to_string(), decoded(how.session.identity->chain.front()).subject.to_string());
    EXPECT_EQ(fresh.spki == decoded(how.session.identity->chain.front()).spki, keep_key);
  }
}

TEST_F(ClientTest, MeetsWhatTheAttributesAskFor) {
  for (const std::string label : {"attrs", "template", "template-enforced"}) {
    ClientOptions how = options(label);
    give_password(how);
    Client client(how);
    EnrollmentPlan asked = plan("CN=asked,O=Acme");
    asked.request.wishes.subject_alt_names = {est::tls::must(est::codec::parse_general_name("DNS:asked.example"))};
    const auto enrolled = enroll_as_asked(client, std::move(asked));
    EXPECT_TRUE(enrolled.ok()) << label << " " << enrolled.problem().reason;
    const auto contradicting = [&] {
      EnrollmentPlan other = plan("CN=asked,O=Acme");
      other.request.key_type = KeyChoice::rsa_2048;
      return enroll_as_asked(client, std::move(other));
    }();
    ASSERT_FALSE(contradicting.ok());
    EXPECT_EQ(contradicting.problem().kind, ProblemKind::configuration);
  }
}

// RFC 7030 4.3.
TEST_F(ClientTest, FullCmcSignedByTheNewKeyOrTheIdentity) {
  for (const bool with_identity : {false, true}) {
    ClientOptions how = options("");
    if (with_identity)
      how.session.identity = identity("client");
    else
      give_password(how);
    Client client(how);
    // The same name makes it a renewal, which the certificate's key signs; another one does not.
    for (const std::string subject : {"CN=by CMC", "CN=est client,O=estspec"}) {
      EnrollmentPlan cmc = plan(subject);
      cmc.operation = Operation::fullcmc;
      const auto enrolled = enroll_as_asked(client, std::move(cmc));
      ASSERT_TRUE(enrolled.ok()) << enrolled.problem().reason;
      EXPECT_EQ(decoded(enrolled->issued.certificates.front()).subject.to_string(), subject);
    }
  }
}

// RFC 5272 6.2 and 6.3.
TEST_F(ClientTest, FullCmcBySharedSecret) {
  for (const bool right : {true, false}) {
    ClientOptions how = options("");
    give_password(how);
    Client client(how);
    EnrollmentPlan cmc = plan("CN=by secret");
    cmc.operation = Operation::fullcmc;
    cmc.crmf = right;
    cmc.cmc_secret = SharedSecret{"estuser", Secret(right ? password() : "wrong")};
    const auto enrolled = enroll_as_asked(client, std::move(cmc));
    ASSERT_EQ(enrolled.ok(), right) << (enrolled.ok() ? "" : enrolled.problem().reason);
    if (!right) {
      EXPECT_THAT(enrolled.problem().reason, HasSubstr("badIdentity"));
    }
  }
}

TEST_F(ClientTest, FullCmcRefusalsSayWhy) {
  ClientOptions how = options("pop", Version::tls12);
  give_password(how);
  how.linking = Linking::none;
  Client client(how);
  EnrollmentPlan cmc = plan("CN=not linked");
  cmc.operation = Operation::fullcmc;
  cmc.ask_attributes = false;
  const auto enrolled = enroll_as_asked(client, std::move(cmc));
  ASSERT_FALSE(enrolled.ok());
  EXPECT_EQ(enrolled.problem().kind, ProblemKind::refused);
  EXPECT_THAT(enrolled.problem().reason, HasSubstr("popFailed"));
}

TEST_F(ClientTest, RefusalsQuoteTheServer) {
  ClientOptions how = options("no-such-label");
  Client client(how);
  const auto answer = client.ca_certificates();
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.problem().kind, ProblemKind::refused);
  EXPECT_EQ(answer.problem().status, 404);
  EXPECT_THAT(answer.problem().reason, HasSubstr("There is no CA with this label"));
}

// RFC 7030 4.1.1.
TEST_F(ClientTest, BootstrapsByFingerprintOrPerson) {
  const est::Bytes root = trust().explicit_anchors.front();
  const auto fingerprint = [&](est::crypto::Digest digest) { return parse_fingerprint(fingerprint_text(digest, root)); };
  ClientOptions how = options("");
  how.trust = {};
  give_password(how);
  Client client(how);
  EXPECT_EQ(client.ca_certificates().problem().kind, ProblemKind::untrusted);
  for (const auto digest : {est::crypto::Digest::sha256, est::crypto::Digest::sha512})
    EXPECT_TRUE(client.bootstrap(*fingerprint(digest), {}).ok());
  EXPECT_EQ(client.bootstrap(*parse_fingerprint(std::string(64, '0')), {}).problem().kind, ProblemKind::untrusted);
  EXPECT_EQ(client.bootstrap({}, {}).problem().kind, ProblemKind::untrusted);
  std::string shown;
  const auto person = [&](bool word) {
    return [&, word](const est::codec::Certificate& certificate) {
      shown = root_description(certificate);
      return word;
    };
  };
  EXPECT_EQ(client.bootstrap({}, person(false)).problem().kind, ProblemKind::untrusted);
  EXPECT_TRUE(client.bootstrap({}, person(true)).ok());
  EXPECT_THAT(shown, HasSubstr(fingerprint_text(est::crypto::Digest::sha256, root)));
}

// After a rollover the fingerprint of the old root still leads to the new one.
TEST_F(ClientTest, FingerprintOfAnEarlierRoot) {
  ClientOptions how = options("rolled");
  Client client(how);
  const auto answer = client.ca_certificates();
  ASSERT_TRUE(answer.ok());
  for (const CaCertificate& each : answer->set.certificates) {
    const Fingerprint fingerprint{est::crypto::Digest::sha256, est::crypto::digest(est::crypto::Digest::sha256, each.certificate.der)};
    const bool good = each.role == CaRole::current_root || each.role == CaRole::old_with_old;
    EXPECT_EQ(client.bootstrap(fingerprint, {}).ok(), good) << to_string(each.role);
  }
}

TEST_F(ClientTest, ProvisionsFromNothing) {
  const TemporaryFolder folder;
  TrustStore store = est::tls::must(TrustStore::open(folder.path("store")));
  ClientOptions how = options("");
  how.trust = {};
  give_password(how);
  Client client(how);
  AnchorPlan anchors;
  anchors.store = &store;
  anchors.fingerprint = *parse_fingerprint(fingerprint_text(est::crypto::Digest::sha256, trust().explicit_anchors.front()));
  bool kept = false;
  EnrollmentPlan enrollment = plan("CN=provisioned");
  enrollment.keep_key = [&](const est::crypto::PrivateKey&) {
    kept = true;
    return est::Status();
  };
  const auto done = provision(client, anchors, std::move(enrollment));
  ASSERT_TRUE(done.ok()) << done.problem().reason;
  EXPECT_TRUE(kept);
  EXPECT_EQ(decoded(done->enrolled.issued.certificates.front()).subject.to_string(), "CN=provisioned");
  EXPECT_TRUE(est::tls::must(TrustStore::open(folder.path("store"))).complete());
}

TEST_F(ClientTest, AFailedProvisioningStoresNothing) {
  const TemporaryFolder folder;
  TrustStore store = est::tls::must(TrustStore::open(folder.path("store")));
  ClientOptions how = options("");
  how.trust = {};
  bool asked = false;
  how.session.credentials = [&](const Challenged&) -> est::Result<std::optional<est::http::Credentials>> {
    asked = true;
    return std::optional<est::http::Credentials>();
  };
  Client client(how);
  AnchorPlan anchors;
  anchors.store = &store;
  anchors.fingerprint = *parse_fingerprint(std::string(64, 'a'));
  const auto done = provision(client, anchors, plan("CN=x"));
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.problem().kind, ProblemKind::untrusted);
  EXPECT_FALSE(asked);
  EXPECT_THAT(folder.names(), IsEmpty());
}

// RFC 7030 4.1.3: implicit anchors serve until the explicit ones are there, and the server is told.
TEST_F(ClientTest, ExplicitAnchorsDisableImplicitOnes) {
  const TemporaryFolder folder;
  TrustStore store = est::tls::must(TrustStore::open(folder.path("store")));
  Trust implicit;
  implicit.implicit_anchors = trust().explicit_anchors;
  ClientOptions how = options("");
  how.trust = implicit;
  Client client(how);
  AnchorPlan anchors;
  anchors.configured = implicit;
  anchors.store = &store;
  const auto answer = fetch_anchors(client, anchors);
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_EQ(answer->origin.basis, Basis::implicit_anchors);
  EXPECT_THAT(client.trust().implicit_anchors, IsEmpty());
  EXPECT_TRUE(client.trust().indicate);
  const auto again = client.ca_certificates();
  ASSERT_TRUE(again.ok()) << again.problem().reason;
  EXPECT_EQ(again->origin.basis, Basis::explicit_anchors);
  const Trust later = est::tls::must(TrustStore::open(folder.path("store"))).with(implicit);
  EXPECT_THAT(later.implicit_anchors, IsEmpty());
  EXPECT_EQ(later.explicit_anchors, trust().explicit_anchors);
  EXPECT_TRUE(later.indicate);
}

TEST_F(ClientTest, LateClientCertificates) {
  for (const Version version : {Version::tls12, Version::tls13}) {
    ClientOptions how = options("cert", version);
    how.server = late();
    how.session.identity = identity("client");
    Client client(how);
    const auto enrolled = enroll_as_asked(client, plan("CN=late"));
    EXPECT_TRUE(enrolled.ok()) << enrolled.problem().reason;
  }
}

}  // namespace
}  // namespace client
