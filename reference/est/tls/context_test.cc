#include "est/tls/context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <filesystem>

#include "est/base/file.h"
#include "est/crypto/chain.h"
#include "est/tls/common_name.h"
#include "est/tls/identities_test.h"

namespace est::tls {
namespace {

using ::testing::HasSubstr;

// Two ends over memory: no sockets, no threads.
struct End {
  crypto::SslHandle ssl;
  std::vector<Alert> alerts;
  int result = 0;
};

struct Pair {
  End client, server;

  Pair(const ClientContext& c, const ServerContext& s, SSL_SESSION* resume = nullptr) {
    client.ssl = must(new_connection(c));
    server.ssl = must(new_connection(s));
    BIO* one = nullptr;
    BIO* other = nullptr;
    BIO_new_bio_pair(&one, 0, &other, 0);
    SSL_set_bio(client.ssl.get(), one, one);
    SSL_set_bio(server.ssl.get(), other, other);
    record_alerts(client.ssl.get(), client.alerts);
    record_alerts(server.ssl.get(), server.alerts);
    if (resume != nullptr) SSL_set_session(client.ssl.get(), resume);
  }

  bool handshake() {
    for (int i = 0; i < 20 && (client.result != 1 || server.result != 1); ++i) {
      ERR_clear_error();
      if (client.result != 1) client.result = SSL_do_handshake(client.ssl.get());
      ERR_clear_error();
      if (server.result != 1) server.result = SSL_do_handshake(server.ssl.get());
    }
    ERR_clear_error();
    return client.result == 1 && server.result == 1;
  }
  // Lets TLS 1.3 tickets arrive, then ends properly.
  crypto::SslSessionHandle finish() const {
    Byte octet = 0;
    static_cast<void>(SSL_read(client.ssl.get(), &octet, 1));
    crypto::SslSessionHandle session(SSL_get1_session(client.ssl.get()));
    SSL_shutdown(client.ssl.get());
    SSL_shutdown(server.ssl.get());
    ERR_clear_error();
    return session;
  }
  [[nodiscard]] Facts seen_by_client() const { return facts_of(client.ssl.get(), false); }
  [[nodiscard]] Facts seen_by_server() const { return facts_of(server.ssl.get(), true); }
};

struct Tls : ::testing::Test {
  const AuthorityForTest root{"root"};
  const AuthorityForTest intermediate{"intermediate", &root};
  ServerProfile server_profile;
  ClientProfile client_profile;

  Tls() {
    server_profile.identity = intermediate.server({"DNS:est.example"});
    server_profile.client_ca_certificates = {root.certificate()};
    client_profile.anchors = {root.certificate()};
    client_profile.expected_name = "est.example";
    client_profile.identity = intermediate.client();
  }
  void both(Version version) {
    client_profile.least = client_profile.most = version;
    server_profile.least = server_profile.most = version;
  }
  [[nodiscard]] std::shared_ptr<const ClientContext> client() const { return must(ClientContext::make(client_profile)); }
  [[nodiscard]] std::shared_ptr<const ServerContext> server() const { return must(ServerContext::make(server_profile)); }
};

struct TlsByVersion : Tls, ::testing::WithParamInterface<Version> {
  TlsByVersion() {
    both(GetParam());
    if (GetParam() < Version::tls12) server_profile.suites = client_profile.suites = "ALL:@SECLEVEL=0";
  }
};

void expect_same_bindings(const Facts& client, const Facts& server) {
  EXPECT_EQ(client.tls_unique, server.tls_unique);
  EXPECT_EQ(client.tls_exporter, server.tls_exporter);
  EXPECT_EQ(client.tls_exporter.size(), 32U);
  EXPECT_EQ(client.tls_unique.size(), client.version == Version::tls13 ? 0U : 12U);
}

TEST_P(TlsByVersion, BothEndsSeeTheSameConnection) {
  Pair pair(*client(), *server());
  ASSERT_TRUE(pair.handshake());
  const Facts c = pair.seen_by_client();
  const Facts s = pair.seen_by_server();
  EXPECT_EQ(c.version, GetParam());
  EXPECT_EQ(s.version, GetParam());
  EXPECT_EQ(c.suite, s.suite);
  EXPECT_THAT(c.suite, HasSubstr("TLS_"));
  EXPECT_EQ(c.group, s.group);
  EXPECT_FALSE(c.group.empty());
  EXPECT_EQ(s.server_name, "est.example");
  EXPECT_EQ(c.peer_chain, server_profile.identity.chain);
  EXPECT_EQ(s.peer_chain, client_profile.identity->chain);
  EXPECT_TRUE(c.peer_verified) << c.verify_error;
  EXPECT_TRUE(c.secure_renegotiation && s.secure_renegotiation);
  EXPECT_FALSE(c.resumed || s.resumed);
  expect_same_bindings(c, s);
}

// RFC 5929 3.1: on a resumed session the first Finished is the server's; the binding is another than before.
TEST_P(TlsByVersion, ResumptionKeepsTheChainAndChangesTheBinding) {
  const auto c = client();
  const auto s = server();
  Pair first(*c, *s);
  ASSERT_TRUE(first.handshake());
  const Facts before = first.seen_by_client();
  const auto session = first.finish();
  Pair second(*c, *s, session.get());
  ASSERT_TRUE(second.handshake());
  const Facts at_client = second.seen_by_client();
  const Facts at_server = second.seen_by_server();
  EXPECT_TRUE(at_client.resumed && at_server.resumed);
  EXPECT_EQ(at_server.peer_chain, client_profile.identity->chain);
  EXPECT_EQ(at_client.peer_chain, server_profile.identity.chain);
  EXPECT_TRUE(at_client.peer_verified) << at_client.verify_error;
  expect_same_bindings(at_client, at_server);
  EXPECT_NE(at_client.tls_exporter, before.tls_exporter);
  if (GetParam() != Version::tls13) {
    EXPECT_NE(at_client.tls_unique, before.tls_unique);
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsByVersion, ::testing::Values(Version::tls10, Version::tls11, Version::tls12, Version::tls13),
                         [](const auto& one) { return "tls1" + std::to_string(static_cast<int>(one.param) - 1); });

TEST_F(Tls, ResumptionCanBeSwitchedOff) {
  server_profile.resumption = false;
  for (const Version version : {Version::tls12, Version::tls13}) {
    both(version);
    const auto c = client();
    const auto s = server();
    Pair first(*c, *s);
    ASSERT_TRUE(first.handshake());
    const auto session = first.finish();
    Pair second(*c, *s, session.get());
    ASSERT_TRUE(second.handshake());
    EXPECT_FALSE(second.seen_by_client().resumed);
  }
}

TEST_F(Tls, AResumedSessionIsJudgedAnew) {
  both(Version::tls12);
  const auto s = server();
  Pair first(*client(), *s);
  ASSERT_TRUE(first.handshake());
  const auto session = first.finish();
  client_profile.expected_name = "other.example";
  Pair second(*client(), *s, session.get());
  ASSERT_TRUE(second.handshake());
  const Facts facts = second.seen_by_client();
  EXPECT_TRUE(facts.resumed);
  EXPECT_FALSE(facts.peer_verified);
  EXPECT_THAT(facts.verify_error, HasSubstr("ostname mismatch"));
}

TEST_F(Tls, NoExporterWithoutExtendedMasterSecret) {
  both(Version::tls12);
  const auto c = client();
  SSL_CTX_set_options(c->handle(), SSL_OP_NO_EXTENDED_MASTER_SECRET);
  Pair pair(*c, *server());
  ASSERT_TRUE(pair.handshake());
  EXPECT_TRUE(pair.seen_by_client().tls_exporter.empty());
  EXPECT_TRUE(pair.seen_by_server().tls_exporter.empty());
  EXPECT_EQ(pair.seen_by_client().tls_unique, pair.seen_by_server().tls_unique);
}

struct NameCase {
  std::string certificate, expected;
  bool good;
};

// RFC 6125: subjectAltName only, wildcard for one whole left-most label, addresses by iPAddress.
TEST_F(Tls, NamesAreCheckedAgainstSubjectAltNameOnly) {
  const std::vector<NameCase> cases{
      {"DNS:est.example", "est.example", true},
      {"DNS:est.example", "EST.Example", true},
      {"DNS:est.example", "est.example.", true},
      {"DNS:est.example", "other.example", false},
      {"DNS:*.example.com", "a.example.com", true},
      {"DNS:*.example.com", "a.b.example.com", false},
      {"DNS:a*.example.com", "ab.example.com", false},
      {"IP:192.0.2.1", "192.0.2.1", true},
      {"IP:192.0.2.1", "192.0.2.2", false},
      {"DNS:192.0.2.1", "192.0.2.1", false},
      {"IP:2001:db8::1", "[2001:db8::1]", true},
      {"IP:2001:db8::1", "2001:db8:0::1", true},
      {"email:a@est.example", "est.example", false},
      {"", "server", false},
  };
  for (const NameCase& c : cases) {
    server_profile.identity =
        intermediate.server(c.certificate.empty() ? std::vector<std::string>{} : std::vector<std::string>{c.certificate});
    client_profile.expected_name = c.expected;
    Pair pair(*client(), *server());
    EXPECT_EQ(pair.handshake(), c.good) << c.certificate << " as " << c.expected;
    if (!c.good) {
      EXPECT_NE(SSL_get_verify_result(pair.client.ssl.get()), X509_V_OK);
    }
  }
}

// RFC 6125 6.4.4: the last resort, and only where no DNS name is presented.
TEST_F(Tls, TheCommonNameCountsOnlyIfWanted) {
  const auto asked = [&](const std::string& name, const std::vector<std::string>& names, bool common_name_too) {
    client_profile.expected_name = name;
    server_profile.identity = intermediate.server(names);
    const auto context = client();
    if (common_name_too) accept_common_name(*context);
    Pair pair(*context, *server());
    return pair.handshake();
  };
  EXPECT_TRUE(asked("server", {}, true));
  EXPECT_TRUE(asked("server", {"IP:192.0.2.1"}, true));
  EXPECT_FALSE(asked("server", {"DNS:est.example"}, true));
  EXPECT_FALSE(asked("other", {}, true));
  EXPECT_FALSE(asked("server", {}, false));
}

TEST_F(Tls, VerificationIsRecordedEvenWhenItIsNotInsistedOn) {
  client_profile.verify = false;
  Pair good(*client(), *server());
  ASSERT_TRUE(good.handshake());
  EXPECT_TRUE(good.seen_by_client().peer_verified);

  client_profile.expected_name = "other.example";
  Pair misnamed(*client(), *server());
  ASSERT_TRUE(misnamed.handshake());
  EXPECT_FALSE(misnamed.seen_by_client().peer_verified);

  client_profile.anchors.clear();
  Pair unknown(*client(), *server());
  ASSERT_TRUE(unknown.handshake());
  EXPECT_FALSE(unknown.seen_by_client().peer_verified);
  EXPECT_THAT(unknown.seen_by_client().verify_error, HasSubstr("issuer"));
}

TEST_F(Tls, AnIntermediateMayBeTheAnchor) {
  client_profile.anchors = {intermediate.certificate()};
  Pair pair(*client(), *server());
  ASSERT_TRUE(pair.handshake());
  EXPECT_TRUE(pair.seen_by_client().peer_verified);
}

TEST_F(Tls, OnlyTheGivenChainIsSent) {
  client_profile.verify = false;
  server_profile.identity.chain.resize(1);
  Pair pair(*client(), *server());
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.seen_by_client().peer_chain.size(), 1U);
  EXPECT_FALSE(pair.seen_by_client().peer_verified);
}

TEST_F(Tls, ARefusedCertificateIsAnAlertOnBothSides) {
  client_profile.anchors = {AuthorityForTest("other").certificate()};
  Pair pair(*client(), *server());
  ASSERT_FALSE(pair.handshake());
  ASSERT_FALSE(pair.client.alerts.empty());
  EXPECT_EQ(pair.client.alerts.back(), (Alert{true, SSL_AD_UNKNOWN_CA, false}));
  ASSERT_FALSE(pair.server.alerts.empty());
  EXPECT_EQ(pair.server.alerts.back(), (Alert{true, SSL_AD_UNKNOWN_CA, true}));
}

TEST_F(Tls, AnyClientCertificatePassesTheHandshake) {
  const AuthorityForTest stranger("stranger");
  for (const Version version : {Version::tls12, Version::tls13}) {
    both(version);
    AuthorityForTest::Wish wish{"odd", {}, "serverAuth"};
    wish.expired = true;
    client_profile.identity = stranger.issue(wish);
    Pair pair(*client(), *server());
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.seen_by_server().peer_chain, client_profile.identity->chain);
  }
}

TEST_F(Tls, ClientCertificateModes) {
  both(Version::tls12);
  client_profile.identity.reset();
  Pair optional(*client(), *server());
  ASSERT_TRUE(optional.handshake());
  EXPECT_EQ(optional.seen_by_server().peer_certificate(), nullptr);
  EXPECT_FALSE(optional.seen_by_server().peer_verified);

  server_profile.client_certificate = ClientCertificate::required;
  Pair required(*client(), *server());
  EXPECT_FALSE(required.handshake());

  server_profile.client_certificate = ClientCertificate::none;
  client_profile.identity = intermediate.client();
  Pair none(*client(), *server());
  ASSERT_TRUE(none.handshake());
  EXPECT_EQ(none.seen_by_server().peer_certificate(), nullptr);
}

TEST_F(Tls, TheRequestNamesTheClientAuthorities) {
  Pair pair(*client(), *server());
  ASSERT_TRUE(pair.handshake());
  const STACK_OF(X509_NAME)* names = SSL_get0_peer_CA_list(pair.client.ssl.get());
  ASSERT_EQ(sk_X509_NAME_num(names), 1);
  const auto certificate = must(crypto::parse_certificate(root.certificate()));
  EXPECT_EQ(X509_NAME_cmp(sk_X509_NAME_value(names, 0), X509_get_subject_name(certificate.get())), 0);
}

TEST_F(Tls, AlpnChoosesHttpOrIsSilent) {
  client_profile.alpn = {"h2", "http/1.1"};
  Pair both_offered(*client(), *server());
  ASSERT_TRUE(both_offered.handshake());
  EXPECT_EQ(both_offered.seen_by_client().alpn, "http/1.1");
  client_profile.alpn = {"h2"};
  Pair other(*client(), *server());
  ASSERT_TRUE(other.handshake());
  EXPECT_EQ(other.seen_by_client().alpn, "");
}

TEST_F(Tls, TheServerRefusesRenegotiation) {
  both(Version::tls12);
  Pair pair(*client(), *server());
  ASSERT_TRUE(pair.handshake());
  const Bytes before = pair.seen_by_server().tls_unique;
  SSL_renegotiate(pair.client.ssl.get());
  static_cast<void>(SSL_do_handshake(pair.client.ssl.get()));
  Byte octet = 0;
  static_cast<void>(SSL_read(pair.server.ssl.get(), &octet, 1));
  static_cast<void>(SSL_read(pair.client.ssl.get(), &octet, 1));
  EXPECT_THAT(pair.client.alerts, ::testing::Contains(Alert{false, SSL_AD_NO_RENEGOTIATION, true}));
  EXPECT_EQ(pair.seen_by_server().tls_unique, before);
  ERR_clear_error();
}

// What the default list must leave out, tried as the only offer of a client that has no scruples.
TEST_F(Tls, DefaultServerSuitesAreSafe) {
  both(Version::tls12);
  for (const std::string suites : {"kRSA:@SECLEVEL=0", "aNULL:@SECLEVEL=0", "eNULL:@SECLEVEL=0", "PSK:@SECLEVEL=0"}) {
    client_profile.suites = suites;
    client_profile.verify = false;
    Pair pair(*client(), *server());
    EXPECT_FALSE(pair.handshake()) << suites;
  }
}

// OpenSSL's clients name SHA-384 first.
TEST_F(Tls, TheServerPrefersSha256) {
  for (const auto& [version, suite] :
       {std::pair{Version::tls13, "TLS_AES_128_GCM_SHA256"}, {Version::tls12, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}}) {
    both(version);
    Pair pair(*client(), *server());
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.seen_by_server().suite, suite);
  }
}

TEST_F(Tls, GroupsAreThoseOfTheServer) {
  server_profile.groups = "P-384";
  for (const auto& [offered, shared] : {std::pair{"P-256", false}, {"X25519:P-256", false}, {"P-256:P-384", true}}) {
    client_profile.groups = offered;
    Pair pair(*client(), *server());
    EXPECT_EQ(pair.handshake(), shared) << offered;
  }
}

TEST_F(Tls, AnonymousSuitesWorkWhenAskedFor) {
  both(Version::tls12);
  server_profile.suites = client_profile.suites = "aNULL:@SECLEVEL=0";
  server_profile.identity = {};
  client_profile.identity.reset();
  client_profile.verify = false;
  Pair pair(*client(), *server());
  ASSERT_TRUE(pair.handshake());
  EXPECT_FALSE(pair.seen_by_client().peer_verified);
  EXPECT_FALSE(pair.seen_by_client().verify_error.empty());
}

TEST_F(Tls, WrongProfilesSaySo) {
  const auto server_error = [&](auto change) {
    ServerProfile profile = server_profile;
    change(profile);
    const auto made = ServerContext::make(profile);
    return made.ok() ? std::string() : made.error().message;
  };
  EXPECT_THAT(server_error([](auto& p) { p.suites = "nonsense"; }), HasSubstr("nonsense"));
  EXPECT_THAT(server_error([](auto& p) { p.groups = "nonsense"; }), HasSubstr("nonsense"));
  EXPECT_THAT(server_error([](auto& p) { p.least = Version::tls10; }), HasSubstr("SECLEVEL=0"));
  EXPECT_THAT(server_error([](auto& p) { p.most = Version::tls11; }), HasSubstr("range"));
  EXPECT_THAT(server_error([](auto& p) { p.identity.key.reset(); }), HasSubstr("key"));
  EXPECT_THAT(server_error([](auto& p) { p.identity = {}; }), HasSubstr("certificate"));
  EXPECT_THAT(server_error([&](auto& p) { p.identity.key = root.client().key; }), HasSubstr("fit"));
  EXPECT_FALSE(server_error([](auto& p) { p.client_ca_certificates = {to_bytes("no DER")}; }).empty());
  EXPECT_FALSE(server_error([](auto& p) { p.identity.chain.front().pop_back(); }).empty());

  const auto client_error = [&](auto change) {
    ClientProfile profile = client_profile;
    change(profile);
    const auto made = ClientContext::make(profile);
    return made.ok() ? std::string() : made.error().message;
  };
  EXPECT_THAT(client_error([](auto& p) { p.expected_name.clear(); }), HasSubstr("name"));
  EXPECT_THAT(client_error([](auto& p) { p.groups = "nonsense"; }), HasSubstr("nonsense"));
  EXPECT_FALSE(client_error([](auto& p) { p.anchors = {Bytes{0x30}}; }).empty());
  EXPECT_FALSE(client_error([](auto& p) { p.alpn = {""}; }).empty());
}

TEST_F(Tls, IdentitiesAreLoadedAndChecked) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("estspec-tls-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto path = [&](const char* name) { return (folder / name).string(); };
  const auto pem = [](const Bytes& der) {
    const crypto::X509Handle certificate = must(crypto::parse_certificate(der));
    const crypto::BioHandle bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate.get());
    char* text = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &text);
    return std::string(text, static_cast<std::size_t>(length));
  };
  const Identity identity = intermediate.client();
  ASSERT_TRUE(write_file(path("chain.pem"), pem(identity.chain[0]) + pem(identity.chain[1])).ok());
  ASSERT_TRUE(write_file(path("key.pem"), identity.key->to_pem()).ok());
  ASSERT_TRUE(write_file(path("other.pem"), root.client().key->to_pem()).ok());
  const auto loaded = load_identity(path("chain.pem"), path("key.pem"));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->chain, identity.chain);
  EXPECT_THAT(load_identity(path("chain.pem"), path("other.pem")).error().message, HasSubstr("other.pem"));
  EXPECT_THAT(load_identity(path("none.pem"), path("key.pem")).error().message, HasSubstr("none.pem"));
  EXPECT_THAT(load_identity(path("key.pem"), path("key.pem")).error().message, HasSubstr("key.pem"));
  std::filesystem::remove_all(folder);
}

TEST(TlsNames, VersionsAndAlertsHaveNames) {
  EXPECT_EQ(to_string(Version::tls12), "TLS 1.2");
  EXPECT_EQ(to_string(Version::unknown), "unknown");
  for (const std::string_view name : {"1.3", "TLS 1.3", "tls13", "TLSv1.3", "tls1.3"})
    EXPECT_EQ(version_by_name(name), Version::tls13) << name;
  for (const std::string_view name : {"", "TLS", "1.4", "3", "SSLv3", "1"}) EXPECT_FALSE(version_by_name(name)) << name;
  EXPECT_EQ((Alert{true, 40, true}).name(), "handshake_failure");
  EXPECT_EQ((Alert{true, 116, true}).name(), "certificate_required");
  EXPECT_EQ((Alert{true, 250, true}).name(), "alert_250");
}

}  // namespace
}  // namespace est::tls
