// The command line, in this process, against the reference server.
#include "client/commands.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "client/files.h"
#include "client/scene_test.h"

namespace client {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Ran {
  int code = -1;
  std::string out, err;
  [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out); }
};

class CommandsTest : public SceneTest {
 protected:
  // `operation --url URL` and then `more`.
  [[nodiscard]] Ran run(const std::string& operation, const std::vector<std::string>& more) const {
    std::vector<std::string> words{operation, "--url", url()};
    words.insert(words.end(), more.begin(), more.end());
    std::reverse(words.begin(), words.end());
    CLI::App app;
    Flags flags;
    add_operations(app, flags);
    app.parse(words);
    std::ostringstream out;
    std::ostringstream err;
    const int code = perform(flags, out, err);
    return {code, out.str(), err.str()};
  }
  [[nodiscard]] std::vector<std::string> with_password(std::vector<std::string> more) const {
    more.insert(more.end(), {"--user", "estuser", "--password-file", file("estuser.password")});
    return more;
  }
  [[nodiscard]] std::string root_fingerprint() const {
    return fingerprint_text(est::crypto::Digest::sha256, trust().explicit_anchors.front());
  }
  [[nodiscard]] std::string store() const { return folder.path("store"); }
  [[nodiscard]] mode_t mode_of(const std::string& name) const {
    struct stat facts {};
    return ::stat(folder.path(name).c_str(), &facts) == 0 ? facts.st_mode & 0777U : 0;
  }

  const TemporaryFolder folder;
};

TEST_F(CommandsTest, SaysWhereTheTimeWent) {
  const Ran ran = run("cacerts", {"--anchors", file("root.pem"), "--timings"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, testing::ContainsRegex("connect [0-9.]+ ms, handshake [0-9.]+ ms\n"));
  EXPECT_THAT(ran.err, testing::ContainsRegex("GET /.well-known/est/cacerts [0-9.]+ ms, status 200\n"));
}

TEST_F(CommandsTest, ProvisionThenRenew) {
  const Ran first =
      run("provision", with_password({"--store", store(), "--fingerprint", root_fingerprint(), "--subject", "CN=device", "--json"}));
  ASSERT_EQ(first.code, 0) << first.out;
  EXPECT_EQ(first.json()["certificate"]["subject"], "CN=device");
  EXPECT_EQ(first.json()["ok"], true);
  EXPECT_EQ(mode_of("store/key.pem"), 0600U);
  EXPECT_EQ(mode_of("store"), 0700U);
  const auto before = est::tls::must(read_identity(store() + "/certificate.pem", store() + "/key.pem"));

  const Ran early = run("reenroll", {"--store", store(), "--days-left", "30"});
  EXPECT_EQ(early.code, 0);
  EXPECT_THAT(early.err, HasSubstr("nothing done"));
  EXPECT_EQ(est::tls::must(read_certificates(store() + "/certificate.pem")), before.chain);

  const Ran again = run("reenroll", {"--store", store()});
  ASSERT_EQ(again.code, 0) << again.err;
  const auto after = est::tls::must(read_identity(store() + "/certificate.pem", store() + "/key.pem"));
  EXPECT_NE(after.chain, before.chain);
  EXPECT_NE(after.key->public_key_info(), before.key->public_key_info());
  const Ran renewed = run("reenroll", {"--store", store(), "--keep-key"});
  ASSERT_EQ(renewed.code, 0) << renewed.err;
  EXPECT_EQ(est::tls::must(read_key(store() + "/key.pem")).public_key_info(), after.key->public_key_info());
}

TEST_F(CommandsTest, EachOperation) {
  const std::vector<std::string> trusted{"--anchors", file("root.pem")};
  const Ran ca = run("cacerts", trusted);
  EXPECT_EQ(ca.code, 0);
  EXPECT_EQ(ca.out, certificates_pem(trust().explicit_anchors));
  const Ran attributes = run("csrattrs", trusted);
  EXPECT_EQ(attributes.code, 0);
  EXPECT_THAT(attributes.out, HasSubstr("extensionRequest"));
  for (const std::string operation : {"enroll", "simpleenroll", "fullcmc", "serverkeygen"}) {
    const Ran ran = run(operation, with_password({"--anchors", file("root.pem"), "--subject", "CN=" + operation, "--out",
                                                  folder.path(operation + ".pem"), "--out-key", folder.path(operation + ".key")}));
    ASSERT_EQ(ran.code, 0) << operation << " " << ran.err;
    const auto identity = read_identity(folder.path(operation + ".pem"), folder.path(operation + ".key"));
    ASSERT_TRUE(identity.ok()) << identity.error().message;
    EXPECT_EQ(decoded(identity->chain.front()).subject.to_string(), "CN=" + operation);
    EXPECT_EQ(mode_of(operation + ".key"), 0600U);
  }
}

// RFC 6402 2.4: who signs with a certificate asks for the names in it.
TEST_F(CommandsTest, AFullPkiRequestThatRenewsKeepsTheNames) {
  const std::string certificate = folder.path("first.pem");
  const Ran first = run("enroll", with_password({"--anchors", file("root.pem"), "--subject", "CN=named", "--san", "DNS:named.example",
                                                 "--out", certificate, "--out-key", folder.path("first.key")}));
  ASSERT_EQ(first.code, 0) << first.err;
  const Ran second = run("fullcmc", {"--anchors", file("root.pem"), "--client-cert", certificate, "--client-key", folder.path("first.key"),
                                     "--out", folder.path("second.pem"), "--out-key", folder.path("second.key")});
  ASSERT_EQ(second.code, 0) << second.err;
  const auto identity = read_identity(folder.path("second.pem"), folder.path("second.key"));
  ASSERT_TRUE(identity.ok()) << identity.error().message;
  EXPECT_EQ(decoded(identity->chain.front()).subject.to_string(), "CN=named");
  EXPECT_NE(decoded(identity->chain.front()).extension(est::codec::oids::subject_alt_name), nullptr);
}

TEST_F(CommandsTest, Pkcs12HoldsBoth) {
  const Ran ran = run("enroll", with_password({"--anchors", file("root.pem"), "--subject", "CN=p12", "--format", "pkcs12", "--out",
                                               folder.path("both.p12"), "--out-passphrase", "word", "--tls-groups", "P-384"}));
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out + ran.err, HasSubstr("the passphrase of the key that is written stands on the command line"));
  const auto identity = read_identity(folder.path("both.p12"), "", [](std::string_view) { return est::Result<Secret>(Secret("word")); });
  ASSERT_TRUE(identity.ok()) << identity.error().message;
  EXPECT_EQ(mode_of("both.p12"), 0600U);
  EXPECT_THAT(folder.names(), ElementsAre("both.p12"));
}

// A later call goes on where an earlier one gave up, with the same key.
TEST_F(CommandsTest, ComesBackLater) {
  const auto words = with_password({"--label", "manual", "--anchors", file("root.pem"), "--subject", "CN=later", "--out",
                                    folder.path("c.pem"), "--out-key", folder.path("k.pem"), "--retry-limit", "0", "--json"});
  const Ran first = run("enroll", words);
  EXPECT_EQ(first.code, 2);
  EXPECT_EQ(first.json()["http-status"], 202);
  EXPECT_EQ(first.json()["retry-after-seconds"], 1);
  EXPECT_THAT(folder.names(), ElementsAre("k.pem.pending"));
  EXPECT_EQ(mode_of("k.pem.pending"), 0600U);
  approve_everything();
  const auto waiting = est::tls::must(read_key(folder.path("k.pem.pending")));
  const Ran second = run("enroll", words);
  EXPECT_EQ(second.code, 0) << second.out;
  EXPECT_THAT(folder.names(), ElementsAre("c.pem", "k.pem"));
  EXPECT_EQ(est::tls::must(read_key(folder.path("k.pem"))).public_key_info(), waiting.public_key_info());
}

TEST_F(CommandsTest, ExitCodesSayWhatHappened) {
  struct Row {
    std::string operation;
    std::vector<std::string> words;
    int code;
    std::string reason;
  };
  const std::string root = file("root.pem");
  const std::string out = folder.path("x.pem");
  const std::string key = folder.path("x.key");
  for (const Row& row : {
           Row{"enroll", {"--anchors", root, "--subject", "CN=x", "--out", out, "--out-key", key}, 1, "there are none"},
           {"cacerts", {"--anchors", root, "--label", "nobody"}, 1, "404"},
           {"cacerts", {"--anchors", file("manufacturer-ca.pem")}, 3, "not authorised"},
           {"cacerts", {"--fingerprint", std::string(64, '0'), "--store", store()}, 3, "fingerprint"},
           {"cacerts", {}, 4, "no trust anchors"},
           {"cacerts", {"--anchors", root, "--label", "cacerts"}, 4, "no label"},
           {"cacerts", {"--anchors", folder.path("nothing")}, 4, "nothing"},
           {"cacerts", {"--anchors", root, "--tls-min", "1.3", "--tls-max", "1.2"}, 4, "--tls-min"},
           {"enroll", {"--anchors", root, "--subject", "CN=x"}, 4, "--out"},
           {"enroll", {"--anchors", root, "--subject", "CN=x", "--out", out}, 4, "--out-key"},
           {"enroll", {"--anchors", root, "--subject", "nonsense", "--out", out, "--out-key", key}, 4, "--subject"},
           {"enroll", {"--anchors", root, "--key-type", "dsa", "--out", out, "--out-key", key}, 4, "ec-p256"},
           {"enroll", {"--anchors", root, "--subject", "CN=x", "--out", out, "--format", "pkcs12"}, 4, "--out-passphrase"},
           {"enroll", {"--anchors", root, "--subject", "CN=x", "--out", root, "--out-key", key}, 4, "--force"},
           {"reenroll", {"--anchors", root, "--out", out, "--out-key", key}, 4, "certificate to renew"},
           {"cacerts", {"--anchors", root, "--proxy", "http://127.0.0.1:1"}, 5, "proxy"},
       }) {
    const Ran ran = run(row.operation, row.words);
    EXPECT_EQ(ran.code, row.code) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(row.reason));
    EXPECT_THAT(ran.err, HasSubstr("est-client: "));
    EXPECT_THAT(ran.out, IsEmpty());
  }
  EXPECT_THAT(folder.names(), Not(Contains("store")));
  EXPECT_THAT(folder.names(), Not(Contains("x.pem")));
}

TEST_F(CommandsTest, TheUrlMayHoldTheLabel) {
  CLI::App app;
  Flags flags;
  flags.operation = "cacerts";
  flags.anchors = {file("root.pem")};
  for (const auto& [path, code] : {std::pair<std::string, int>{"/.well-known/est/digest", 0},
                                   {"/.well-known/est/", 0},
                                   {"/", 0},
                                   {"/.well-known/est/cacerts", 4},
                                   {"/est", 4}}) {
    flags.url = url() + path;
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(perform(flags, out, err), code) << path << " " << err.str();
  }
}

}  // namespace
}  // namespace client
