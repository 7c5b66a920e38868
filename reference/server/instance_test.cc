// End to end over real sockets: the listener, TLS, the handler, the CA; and the program with curl and openssl.
#include "server/instance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "est/base/file.h"
#include "est/codec/base64.h"
#include "est/codec/generated_key.h"
#include "est/crypto/chain.h"
#include "est/crypto/envelope.h"
#include "est/http/parser.h"
#include "est/net/client.h"
#include "server/commands.h"
#include "server/init.h"
#include "server/ready_file.h"
#include "server/scene_test.h"

namespace server {
namespace {

using est::Bytes;
using est::http::Request;
using est::http::Response;
using est::net::ClientConnection;
using est::ops::Operation;
using est::tls::Version;
using testing::HasSubstr;
namespace oids = est::codec::oids;

constexpr est::Milliseconds patience{10000};

// Sends one request on an open connection and reads the answer.
Response exchange(ClientConnection& connection, const Request& request) {
  const est::Deadline deadline = est::Deadline::after(patience);
  EXPECT_FALSE(connection.write(est::http::encode(request), deadline).has_value());
  est::http::ResponseParser parser(request.method);
  std::array<est::Byte, 16384> block{};
  while (parser.state() == est::http::ResponseParser::State::need_more) {
    const auto got = connection.read(block, deadline);
    if (got.failure) {
      ADD_FAILURE() << got.failure->message;
      return {};
    }
    if (got.count == 0) {
      parser.end_of_input();
      break;
    }
    parser.feed(est::BytesView(block).first(got.count));
  }
  return parser.observed().message;
}

class InstanceTest : public testing::Test {
 protected:
  InstanceTest() : folder("instance") {
    InitOptions options;
    options.directory = folder.path();
    options.intermediate = true;
    EXPECT_TRUE(initialise(options).ok());
    config = load_config(folder.path("est-server.yaml")).value();
    config.listen = {{"127.0.0.1", 0}};
  }

  void start() {
    auto made = Instance::make(config, est::Log::nowhere());
    ASSERT_TRUE(made.ok()) << made.error().message;
    instance = *std::move(made);
    ASSERT_TRUE(instance->start().ok());
  }

  // `who` is NAME of NAME.pem in the folder, or empty for no client certificate.
  ClientConnection connect(const std::string& who = {}, Version most = Version::tls13) const {
    est::tls::ClientProfile profile;
    profile.anchors = est::crypto::certificates_from_pem(file_text(folder.path("root.pem"))).value();
    profile.expected_name = "127.0.0.1";
    profile.most = most;
    if (!who.empty()) profile.identity = est::tls::load_identity(folder.path(who + ".pem"), folder.path(who + ".key")).value();
    auto context = est::tls::ClientContext::make(profile);
    EXPECT_TRUE(context.ok());
    auto opened = ClientConnection::open(instance->listening().front(), **context, {});
    if (auto* failure = std::get_if<est::net::Failure>(&opened)) ADD_FAILURE() << failure->message;
    return std::get<ClientConnection>(std::move(opened));
  }

  Response enroll(ClientConnection& connection, const std::string& label, const Bytes& csr, Operation operation = Operation::simpleenroll,
                  bool password = false) const {
    Request request = est::ops::enroll_request(operation, label, "127.0.0.1", csr);
    if (password) request = with_password(std::move(request), "estuser", first_line(folder.path("estuser.password")));
    return exchange(connection, request);
  }

  static std::string first_line(const std::string& path) {
    const std::string text = file_text(path);
    return text.substr(0, text.find('\n'));
  }

  Folder folder;
  Config config;
  std::unique_ptr<Instance> instance;
};

TEST_F(InstanceTest, EnrollsWithLinkingOnBothVersionsAndKeepsTheConnectionAfter401) {
  start();
  for (const Version version : {Version::tls12, Version::tls13}) {
    ClientConnection connection = connect({}, version);
    const Bytes& binding = version == Version::tls12 ? connection.facts().tls_unique : connection.facts().tls_exporter;
    const Bytes csr = make_csr({.subject = "CN=linked", .challenge_password = est::ops::channel_binding_text(binding)});
    EXPECT_EQ(enroll(connection, "pop", csr).status, 401);
    EXPECT_EQ(certificate_in(enroll(connection, "pop", csr, Operation::simpleenroll, true)).subject.to_string(), "CN=linked");
  }
}

TEST_F(InstanceTest, TheIssuedCertificateAuthenticatesItsRenewalUntilRevoked) {
  start();
  ClientConnection first = connect("client");
  const Bytes csr = make_csr({.subject = "CN=est client,O=estspec"});
  const auto renewed = certificate_in(enroll(first, "", csr, Operation::simplereenroll));
  EXPECT_NE(renewed.serial_hex(), "");
  std::ostringstream out;
  const auto old = est::crypto::certificates_from_pem(file_text(folder.path("client.pem"))).value();
  const auto serial = est::codec::decode_certificate(old.front()).value->serial_hex();
  ASSERT_TRUE(revoke({folder.path("est-server.yaml")}, serial, {}, out).ok());
  EXPECT_EQ(enroll(first, "cert", csr).status, 403) << "on the open connection";
  ASSERT_TRUE(instance->reload().ok());
  ClientConnection second = connect("client");
  const Response refused = enroll(second, "cert", csr, Operation::simplereenroll);
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(body(refused), HasSubstr("revoked"));
}

TEST_F(InstanceTest, ReloadTakesNewPasswordsAndKeepsOldStateOnErrors) {
  start();
  ASSERT_TRUE(est::write_file(folder.path("estuser.password"), "changed\n", 0600).ok());
  ClientConnection connection = connect();
  EXPECT_EQ(enroll(connection, "basic", make_csr(), Operation::simpleenroll, true).status, 401);
  ASSERT_TRUE(instance->reload().ok());
  EXPECT_EQ(enroll(connection, "basic", make_csr(), Operation::simpleenroll, true).status, 200);
  ASSERT_TRUE(est::write_file(folder.path("server.key"), "garbage", 0600).ok());
  EXPECT_FALSE(instance->reload().ok());
  ClientConnection another = connect();
  EXPECT_EQ(enroll(another, "basic", make_csr(), Operation::simpleenroll, true).status, 200);
}

TEST_F(InstanceTest, ReloadTakesNewKeysThatProtectGeneratedOnes) {
  start();
  ClientConnection connection = connect("client");
  const auto opens_with = [&](const Bytes& secret) {
    const auto named = est::codec::make_octet_string_attribute(oids::decrypt_key_identifier, est::as_bytes("device-secret"));
    const Bytes csr = make_csr({.attributes = {named, est::codec::make_smime_capabilities({{oids::aes256_wrap, {}}})}});
    const Response response = enroll(connection, "encrypted", csr, Operation::serverkeygen);
    const auto answer = est::codec::decode_generated_key_answer(response.fields.get("Content-Type").value_or(""), response.body);
    if (!answer.accepted()) return false;
    const auto& part = answer.value->parts[*answer.value->key].part;
    const auto envelope = est::codec::decode_base64(est::as_text(part.body), est::codec::Base64Mode::lenient);
    return est::crypto::open_envelope(envelope.value.value(), est::crypto::EnvelopeKey{.key = std::nullopt, .secret = secret}).ok();
  };
  const Bytes fresh(32, 0xa5);
  EXPECT_FALSE(opens_with(fresh));
  ASSERT_TRUE(est::write_file(folder.path("keygen-secret.key"), est::hex(fresh), 0600).ok());
  ASSERT_TRUE(instance->reload().ok());
  EXPECT_TRUE(opens_with(fresh));
  ASSERT_TRUE(est::write_file(folder.path("keygen-secret.key"), "garbage", 0600).ok());
  EXPECT_FALSE(instance->reload().ok());
  EXPECT_TRUE(opens_with(fresh));
}

TEST_F(InstanceTest, ServesPipelinedOperationsAndDrains) {
  start();
  ClientConnection connection = connect();
  for (const char* path : {"/.well-known/est/cacerts", "/.well-known/est/nothing", "/.well-known/est/other/csrattrs"}) {
    Request request{"GET", path, 1, {}, {}};
    request.fields.add("Host", "127.0.0.1");
    EXPECT_NE(exchange(connection, request).status, 0);
  }
  instance->drain();
  EXPECT_EQ(instance->counters().open, 0U);
}

TEST_F(InstanceTest, AWrappedApplicationSeesEveryRequest) {
  struct Teapot final : est::net::Application {
    explicit Teapot(est::net::Application& application) : inner(application) {}
    std::optional<est::net::Reply> on_head(const Request&, const est::net::Peer&) override { return std::nullopt; }
    est::net::Reply on_request(const Request& request, const est::net::Peer& peer, bool keep_alive) override {
      est::net::Reply reply = inner.on_request(request, peer, keep_alive);
      reply.wire[9] = '4';  // HTTP/1.1 200 becomes 400
      return reply;
    }
    est::net::Reply on_refusal(const est::http::Refusal& refusal, const est::net::Peer& peer) override {
      return inner.on_refusal(refusal, peer);
    }
    est::net::Application& inner;
  };
  auto made = Instance::make(config, est::Log::nowhere(),
                             [](est::net::Application& inner, ca::Authority&) { return std::make_unique<Teapot>(inner); });
  ASSERT_TRUE(made.ok());
  instance = *std::move(made);
  ASSERT_TRUE(instance->start().ok());
  ClientConnection connection = connect();
  EXPECT_EQ(exchange(connection, est::ops::get_request(Operation::cacerts, {}, "127.0.0.1")).status, 400);
}

TEST_F(InstanceTest, MakeFailsWithOneSentence) {
  for (auto spoil : {+[](Config& c) { c.ca_directory += "/none"; }, +[](Config& c) { c.server_key = c.server_certificate; },
                     +[](Config& c) { c.implicit_anchors = {"/nonexistent.pem"}; }, +[](Config& c) { c.tls.suites = "nonsense"; },
                     +[](Config& c) { c.tls.groups = "nonsense"; }}) {
    Config spoilt = config;
    spoil(spoilt);
    const auto made = Instance::make(spoilt, est::Log::nowhere());
    ASSERT_FALSE(made.ok());
    EXPECT_THAT(made.error().message, testing::Not(HasSubstr("\n")));
  }
}

// --- The operator's commands.

TEST_F(InstanceTest, CommandsApproveListRejectAndMakeCrl) {
  start();
  const std::string path = folder.path("est-server.yaml");
  ClientConnection connection = connect("client");
  const Bytes one = make_csr({.subject = "CN=one"}), two = make_csr({.subject = "CN=two"});
  EXPECT_EQ(enroll(connection, "manual", one).status, 202);
  std::ostringstream out;
  ASSERT_TRUE(approve({path}, {}, out).ok());
  EXPECT_EQ(enroll(connection, "manual", one).status, 200);
  EXPECT_EQ(enroll(connection, "manual", two).status, 202);
  ASSERT_TRUE(list({path}, {.pending = true, .json = true}, out).ok());
  ASSERT_TRUE(list({path}, {.pending = false, .json = false}, out).ok());
  EXPECT_THAT(out.str(), testing::AllOf(HasSubstr("\"subject\": \"CN=two\""), HasSubstr("est client"), HasSubstr("revoked 20")));
  EXPECT_TRUE(reject({path}, 2, out).ok());
  EXPECT_EQ(enroll(connection, "manual", two).status, 403);
  EXPECT_FALSE(reject({path}, 77, out).ok());
  EXPECT_FALSE(revoke({path}, "xyz", {}, out).ok());
  EXPECT_FALSE(revoke({path}, "77", {}, out).ok());
  EXPECT_FALSE(approve({"/nonexistent"}, {}, out).ok());
  EXPECT_TRUE(make_crl(path, {}, 0, out).ok());
  EXPECT_TRUE(instance->reload().ok());
}

TEST_F(InstanceTest, CommandsActOnTheCaThatALabelHasOfItsOwn) {
  const std::string path = folder.path("est-server.yaml");
  std::string text = file_text(path);
  const std::string own = "    ca: rolled-ca\n";
  text.insert(text.find(own) + own.size(), "    approval: manual\n");
  ASSERT_TRUE(est::write_file(path, text).ok());
  config = load_config(path).value();
  config.listen = {{"127.0.0.1", 0}};
  start();
  ClientConnection connection = connect("client");
  const Bytes csr = make_csr({.subject = "CN=rolled"});
  EXPECT_EQ(enroll(connection, "rolled", csr).status, 202);
  std::ostringstream out;
  EXPECT_FALSE(approve({path}, 1, out).ok()) << "the server's own CA has no such request";
  EXPECT_FALSE(approve({path, "nowhere"}, 1, out).ok());
  ASSERT_TRUE(approve({path, "rolled"}, 1, out).ok());
  const auto issued = certificate_in(enroll(connection, "rolled", csr));
  EXPECT_FALSE(revoke({path, ""}, issued.serial_hex(), {}, out).ok()) << "not issued there";
  ASSERT_TRUE(revoke({path}, issued.serial_hex(), {}, out).ok());
  out.str("");
  ASSERT_TRUE(list({path, "rolled"}, {.pending = false, .json = false}, out).ok());
  EXPECT_THAT(out.str(), testing::AllOf(HasSubstr("CN=rolled"), HasSubstr("revoked 20")));
  const auto lists = est::crypto::crls_from_pem(file_text(config.own_crl));
  EXPECT_GT(lists.value().size(), instance->authority().make_crls(60).value().size()) << "those of the other CA too";
  EXPECT_TRUE(instance->reload().ok());
}

TEST(ReadyFile, HoldsUrlsPidAndReloads) {
  const Folder folder("ready");
  std::filesystem::create_directories(folder.path());
  const std::string path = folder.path("ready");
  ASSERT_TRUE(write_ready_file(path, {"https://127.0.0.1:1"}, {.done = 3, .failed = 1}).ok());
  EXPECT_EQ(file_text(path).substr(0, 20), "https://127.0.0.1:1\n");
  EXPECT_EQ(read_running(path)->pid, ::getpid());
  ASSERT_TRUE(read_running(path)->reloads);
  EXPECT_EQ(read_running(path)->reloads->done, 3U);
  EXPECT_EQ(read_running(path)->reloads->failed, 1U);
  for (const char* bad : {"", "1\n", "-5\n", "pid x\n", "0\n"}) {
    ASSERT_TRUE(est::write_file(path, bad).ok());
    EXPECT_FALSE(read_running(path).ok()) << bad;
  }
}

// --- init

TEST(Init, MakesPrivateFilesAndRefusesToOverwrite) {
  const Folder folder("init");
  InitOptions options;
  options.directory = folder.path();
  options.hosts = {"est.example", "192.0.2.7"};
  ASSERT_TRUE(initialise(options).ok());
  using std::filesystem::perms;
  std::size_t secrets = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".key") && !name.ends_with(".password") && !name.ends_with(".db")) continue;
    ++secrets;
    EXPECT_EQ(entry.status().permissions() & (perms::group_all | perms::others_all), perms::none) << name;
  }
  EXPECT_EQ(secrets, 21U);
  const auto certificate =
      est::codec::decode_certificate(est::crypto::certificates_from_pem(file_text(folder.path("server.pem"))).value().front());
  const auto* names = certificate.value->extension(est::codec::oids::subject_alt_name);
  ASSERT_NE(names, nullptr);
  EXPECT_EQ(est::codec::decode_general_names(names->value).value->size(), 2U);
  EXPECT_THAT(initialise(options).error().message, HasSubstr("not an empty folder"));
  options.directory = folder.path("est-server.yaml");
  EXPECT_FALSE(initialise(options).ok());
  options.directory = folder.path("bad-host");
  options.hosts = {"not a host!"};
  EXPECT_FALSE(initialise(options).ok());
}

// --- The program itself.

struct Finished {
  int status = -1;
  std::string output;
};

Finished shell(const std::string& command) {
  Finished finished;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return finished;
  std::array<char, 4096> block{};
  for (std::size_t count = 0; (count = std::fread(block.data(), 1, block.size(), pipe)) > 0;) finished.output.append(block.data(), count);
  const int status = ::pclose(pipe);
  finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return finished;
}

const std::string program = std::string(ESTSPEC_BIN_DIR) + "/est-server";

TEST(Program, UsageAndConfigurationErrorsAreOneLineAndExit4) {
  const Folder folder("program");
  std::filesystem::create_directories(folder.path());
  ASSERT_TRUE(est::write_file(folder.path("bad.yaml"), "ca: x\ncolour: red\n").ok());
  for (const std::string& arguments :
       {std::string(), std::string("fly"), std::string("run"), std::string("run --config /nonexistent"),
        "run --config " + folder.path("bad.yaml"), std::string("init --dir /proc/x"), "init --key dsa --dir " + folder.path("new"),
        std::string("approve --config x"), std::string("run --config x --threads 0"), std::string("list --config x --yaml")}) {
    const Finished finished = shell(program + " " + arguments);
    EXPECT_EQ(finished.status, 4) << arguments << ": " << finished.output;
    EXPECT_EQ(std::count(finished.output.begin(), finished.output.end(), '\n'), 1) << finished.output;
  }
  for (const char* arguments : {"--help", "run --help", "--version"}) EXPECT_EQ(shell(program + " " + arguments).status, 0) << arguments;
}

// SIGHUP with confirmation, SIGTERM with exit 0, and nothing left behind.
TEST(Program, CurlAndOpensslEnrollThenTheServerReloadsAndDrains) {
  if (shell("command -v curl && command -v openssl").status != 0) GTEST_SKIP() << "curl or openssl is not installed";
  const Folder folder("curl");
  const Finished finished = shell("set -eu; B=" + program + "; D=" + folder.path() + R"sh(
$B init --dir $D
cd $D
$B run --config est-server.yaml --listen 127.0.0.1:0 --ready-file ready --pid-file pid 2>log & S=$!
trap 'kill $S 2>/dev/null || true' EXIT
for i in $(seq 200); do [ -s ready ] && break; sleep 0.05; done
U=$(head -n 1 ready)/.well-known/est
C="curl -sS --max-time 20 --cacert root.pem"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -subj /CN=curl -out r.pem 2>/dev/null
openssl req -in r.pem -outform DER | openssl base64 > r.b64
enroll() { out=$1; shift; $C -H 'Content-Type: application/pkcs10' --data-binary @r.b64 "$@" > $out.b64
  openssl base64 -d -A -in $out.b64 | openssl pkcs7 -inform DER -print_certs -out $out; }
$C $U/cacerts | openssl base64 -d -A | openssl pkcs7 -inform DER -print_certs -out ca.pem
P=estuser:$(cat estuser.password)
enroll basic.pem -u $P $U/simpleenroll
enroll digest.pem --digest -u $P $U/digest/simpleenroll
enroll renewed.pem --cert basic.pem --key k.pem $U/simplereenroll
for f in basic digest renewed; do openssl verify -CAfile ca.pem $f.pem; done
[ "$($C -o answer -w '%{http_code}' -u estuser:wrong -H 'Content-Type: application/pkcs10' --data-binary @r.b64 $U/simpleenroll)" = 401 ]
[ "$($C -o answer -w '%{http_code}' --cert revoked.pem --key revoked.key -H 'Content-Type: application/pkcs10' --data-binary @r.b64 $U/cert/simpleenroll)" = 403 ]
N=$(openssl x509 -in basic.pem -noout -serial | cut -d= -f2)
$B revoke $N --config est-server.yaml --ready-file ready
grep -q 'reloads 1' ready
[ "$($C -o answer -w '%{http_code}' --cert basic.pem --key k.pem -H 'Content-Type: application/pkcs10' --data-binary @r.b64 $U/simplereenroll)" = 401 ]
cat answer
kill -TERM $(cat pid); wait $S
[ ! -e ready ] && [ ! -e pid ]
echo; echo all well
)sh");
  EXPECT_EQ(finished.status, 0) << finished.output << file_text(folder.path("log"));
  EXPECT_THAT(finished.output, testing::AllOf(HasSubstr("revoked"), HasSubstr("all well")));
}

}  // namespace
}  // namespace server
