// est-client from nothing to a certificate, over a transport in memory: /cacerts (or the bootstrap of RFC 7030 4.1.1), /csrattrs, the
// operation, with redirections, challenges, waits and broken connections as the input has them (see client_scene.h). It ends, after a
// bounded number of requests, in a success or a reason of one line without secrets. What it stores is a root that was sent, by a server
// that was authorised or with the fingerprint that was known; what it takes for its certificate has its key.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "client/provision.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"
#include "est/crypto/digest.h"
#include "est/ops/message.h"
#include "fuzz/client_scene.h"
#include "fuzz/second_opinion.h"
#include "fuzz/target.h"

namespace {

namespace fs = std::filesystem;
using est::ops::Operation;
using fuzz::require;
using fuzz::ScriptedServer;

// Emptied for every run.
const std::string& store_folder() {
  static const std::string path = ((fs::is_directory("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
                                   ("estspec-fuzz-client-" + std::to_string(::getpid())))
                                      .string();
  static const struct Remover {
    ~Remover() {
      std::error_code none;
      fs::remove_all(path, none);
    }
  } at_exit;
  static_cast<void>(at_exit);
  return path;
}

client::Trust trust_at_first(const fuzz::Script& script) {
  client::Trust trust;
  trust.at = client::test_now;
  if (script.has('N')) return trust;
  (script.has('I') ? trust.implicit_anchors : trust.explicit_anchors).push_back(fuzz::authorities().root_der);
  return trust;
}

client::ClientOptions options_for(ScriptedServer& server) {
  static const est::ManualClock clock(client::test_now);
  const fuzz::Script& script = server.script();
  client::ClientOptions how;
  how.server = {fuzz::host, 443};
  how.trust = trust_at_first(script);
  how.session.connect = server.connect();
  how.session.approve = [&script](const std::string&, const std::string&) { return script.has('R'); };
  how.session.credentials = [&server](const client::Challenged&) -> est::Result<std::optional<est::http::Credentials>> {
    if (!server.script().has('C')) return std::optional<est::http::Credentials>();
    server.check_challenge();
    return std::optional(est::http::Credentials{"user", std::string(fuzz::password)});
  };
  how.retry.most_rounds = 2;
  how.wait = [](est::Milliseconds) { return true; };
  how.clock = &clock;
  return how;
}

void check_reason(const client::Problem& problem) {
  require(!problem.reason.empty(), "a failure has a reason");
  const auto control = [](char each) { return static_cast<unsigned char>(each) < 0x20 || each == 0x7f; };
  require(std::none_of(problem.reason.begin(), problem.reason.end(), control), "of one line");
  require(problem.reason.find(fuzz::password) == std::string::npos, "without secrets");
}

void check_anchors(const ScriptedServer& server, const client::CaAnswer& answer, const client::TrustStore& stored) {
  const auto sent = est::ops::read_certs_only_body(server.answer().body);
  require(server.answer().status == 200 && sent.value, "anchors come with a success");
  require(stored.anchors() == answer.set.anchors() && !stored.anchors().empty(), "what is stored is what was judged");
  for (const est::Bytes& each : stored.anchors()) {
    require(std::find(sent.value->begin(), sent.value->end(), each) != sent.value->end(), "an anchor was sent as one");
    const auto certificate = est::crypto::parse_certificate(each);
    require(certificate && X509_self_signed(certificate->get(), 1) == 1, "an anchor is signed by itself");
  }
  require(server.entitled() || stored.anchors().front() == fuzz::authorities().root_der, "from an authorised server, or confirmed");
}

// True when the client may go on.
bool fetch(client::Client& client, const ScriptedServer& server) {
  fs::remove_all(store_folder());
  client::TrustStore store = client::TrustStore::open(store_folder()).value();
  client::AnchorPlan plan;
  plan.configured = trust_at_first(server.script());
  plan.store = &store;
  if (server.script().has('F'))
    plan.fingerprint =
        client::Fingerprint{est::crypto::Digest::sha256, est::crypto::digest(est::crypto::Digest::sha256, fuzz::authorities().root_der)};
  const auto answer = client::fetch_anchors(client, plan);
  const auto stored = client::TrustStore::open(store_folder());
  require(stored.ok(), "what was stored can be read again");
  if (answer) {
    check_anchors(server, *answer, *stored);
    return true;
  }
  check_reason(answer.problem());
  require(!stored->complete() && !fs::exists(store_folder()), "nothing is stored on failure");
  return false;
}

void check_certificate(const ScriptedServer& server, const std::vector<est::Bytes>& certificates, const est::Bytes& key) {
  require(server.answer().status == 200 && server.entitled(), "certificates come with a success of an authorised server");
  const auto issued = fuzz::openssl_certificate(certificates.front());
  require(issued && issued->public_key_info == key, "the first certificate is for the client's key");
}

void generate(client::Client& client, const ScriptedServer& server, client::RequestPlan plan) {
  const auto maker = client::RequestMaker::prepare(std::move(plan), {}, false);
  require(maker.ok(), "a request can be made");
  const auto key = client.server_keygen(maker->function(), nullptr);
  if (!key) return check_reason(key.problem());
  check_certificate(server, key->certificates, key->key.public_key_info());
}

void enroll(client::Client& client, const ScriptedServer& server) {
  client::EnrollmentPlan plan;
  plan.request.key = fuzz::authorities().device.key;
  plan.request.wishes.subject = fuzz::authorities().device.name;
  if (server.script().has('K')) return generate(client, server, std::move(plan.request));
  if (server.script().has('M')) plan.operation = Operation::fullcmc;
  if (server.script().has('E')) {
    plan.operation = Operation::simplereenroll;
    static const est::Bytes old = client::issue(fuzz::authorities().device, fuzz::authorities().root, {.ca = false});
    plan.request.renewed = *est::codec::decode_certificate(old).value;
  }
  const auto enrolled = client::enroll_as_asked(client, std::move(plan));
  if (!enrolled) return check_reason(enrolled.problem());
  check_certificate(server, enrolled->issued.certificates, fuzz::authorities().device.key.public_key_info());
}

}  // namespace

FUZZ_TARGET(client) {
  // What the server knows already is no secret.
  if (est::as_text(input).find(fuzz::password) != std::string_view::npos) return;
  ScriptedServer server(fuzz::read_script(est::as_text(input)));
  client::Client client(options_for(server));
  server.watch(client);
  if (fetch(client, server)) enroll(client, server);
  client.close();
}
