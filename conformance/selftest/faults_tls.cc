// Faults of the TLS layer beyond versions and suites: certificates asked for late, sessions, names, protocols, the server's certificate.
// What no TLS library lets a server do with a ClientHello is in faults_hello.cc.
#include <openssl/ssl.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "ca/authority.h"
#include "conformance/selftest/faults_hello.h"
#include "conformance/selftest/faults_support.h"
#include "est/base/file.h"
#include "est/ops/message.h"
#include "est/pki/issue.h"
#include "server/init.h"

namespace conformance::selftest {

namespace codec = est::codec;
using est::net::AfterReply;
using est::net::Reply;
using est::tls::Facts;

namespace {

std::function<void(server::Config&)> touch(std::function<void(SSL_CTX&)> change) {
  return [change = std::move(change)](server::Config& config) { config.tls.last_touch = change; };
}

// --- Certificates asked for late

bool is_wrong_binding(const Scene& scene, const est::Bytes& binding) {
  const auto request = request_in(scene.request);
  if (!request) return false;
  const auto given = codec::challenge_password(*request);
  return given.value && *given.value == est::ops::channel_binding_text(binding);
}

// The first tls-unique of each connection.
class FirstBindings {
 public:
  est::Bytes of(const Scene& scene) {
    const std::lock_guard lock(mutex_);
    return seen_.try_emplace(scene.peer.connection, scene.peer.tls->tls_unique).first->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, est::Bytes> seen_;
};

Fault keeps_first_binding() {
  auto bindings = std::make_shared<FirstBindings>();
  return {.id = "FAULT-TLS-22",
          .sentence = "compares the channel binding with that of the connection's first handshake",
          .kills = {"EST-SE-304", "EST-SE-305"},
          .after = [bindings](const Scene& scene, Response& response) {
            const est::Bytes first = bindings->of(scene);
            if (!is_enroll(scene.request) || first.empty() || first == scene.peer.tls->tls_unique) return;
            if (is_wrong_binding(scene, first))
              response = certify_whatever(scene);
            else if (response.status == 200)
              response = est::ops::text_response(400, "The channel binding is not that of this connection.");
          }};
}

void stall() { std::this_thread::sleep_for(std::chrono::milliseconds(3000)); }

// A library that stops for a while at a message: the record of a ClientHello on an established connection, or a KeyUpdate.
void stall_at_renegotiation(int write, int /*version*/, int type, const void* octets, std::size_t length, SSL* ssl, void* /*argument*/) {
  const bool established = SSL_is_init_finished(ssl) == 1 && SSL_version(ssl) == TLS1_2_VERSION;
  if (write == 0 && established && type == SSL3_RT_HEADER && length > 0 && *static_cast<const unsigned char*>(octets) == SSL3_RT_HANDSHAKE)
    stall();
}

void stall_at_key_update(int write, int /*version*/, int type, const void* octets, std::size_t length, SSL* /*ssl*/, void* /*argument*/) {
  if (write == 0 && type == SSL3_RT_HANDSHAKE && length > 0 && *static_cast<const unsigned char*>(octets) == SSL3_MT_KEY_UPDATE) stall();
}

std::vector<Fault> late_faults() {
  return {
      {.id = "FAULT-TLS-20",
       .sentence = "asks everybody for a certificate in the handshake, also where it should ask late",
       .kills = {"EST-SE-300/1.2", "EST-SE-300/1.3", "EST-SE-301/1.2", "EST-SE-301/1.3"},
       .also = {"EST-SE-304", "EST-SE-305", "EST-SE-306"},
       .because = "nothing is asked for late there, and the certificate is known at once",
       .configure = touch([](SSL_CTX& context) { SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr); })},
      {.id = "FAULT-TLS-21",
       .sentence = "asks nobody for a certificate where it should ask late",
       .kills = {"EST-SE-301/1.2", "EST-SE-301/1.3"},
       .never_asks_late = true},
      keeps_first_binding(),
      {.id = "FAULT-TLS-23",
       .sentence = "issues to clients who show no certificate, or a bad one, where a password or a certificate is demanded",
       .kills = {"EST-SE-302/1.2", "EST-SE-302/1.3", "EST-SE-303/unknown-ca", "EST-SE-303/expired"},
       .also = anything,
       .because = "it takes every 401 for a success",
       .after = certify_when_refused(401)},
      {.id = "FAULT-TLS-24",
       .sentence = "ends the connection of a TLS 1.3 client that shows no certificate",
       .kills = {"EST-SE-306"},
       .also = anything,
       .because = "clients with a password have shown no certificate either",
       .wire =
           [](const Scene& scene, Reply& reply) {
             if (!is_enroll(scene.request) || scene.peer.tls->version != est::tls::Version::tls13 || !scene.peer.tls->peer_chain.empty())
               return;
             reply.wire.clear();
             reply.after = AfterReply::close;
           }},
      {.id = "FAULT-TLS-25",
       .sentence = "asks for certificates by renegotiation, in the middle of an enrollment",
       .kills = {"EST-SE-307"},
       .configure = [](server::Config& config) { config.tls.client_certificate = est::tls::ClientCertificate::late; }},
      {.id = "FAULT-TLS-26",
       .sentence = "leaves a client hanging that wants to renegotiate",
       .kills = {"EST-SE-308"},
       .configure = touch([](SSL_CTX& context) { SSL_CTX_set_msg_callback(&context, stall_at_renegotiation); })},
      {.id = "FAULT-TLS-27",
       .sentence = "asks for no client certificate and issues all the same",
       .kills = {"EST-SE-322/1.2", "EST-SE-322/1.3", "EST-SE-323"},
       .also = anything,
       .because = "it takes every 403 for a success, and nobody is known by a certificate",
       .configure = [](server::Config& config) { config.tls.client_certificate = est::tls::ClientCertificate::none; },
       .after = certify_when_refused(403)},
  };
}

// --- Sessions

// The certificate chains that clients have shown, the last two of different clients.
struct Chains {
  std::mutex mutex;
  std::vector<Bytes> last, before;
  void note(const Facts& facts) {
    if (facts.peer_chain.empty() || facts.resumed || facts.peer_chain == last) return;
    before = std::exchange(last, facts.peer_chain);
  }
};

Fault authenticates_resumed() {
  auto chains = std::make_shared<Chains>();
  return {.id = "FAULT-TLS-28",
          .sentence = "takes every resumed session for that of the last authenticated client",
          .kills = {"EST-SE-310/1.2", "EST-SE-310/1.3"},
          .before = [chains](est::http::Request& /*request*/, Facts& facts, ca::Authority& /*authority*/) {
            const std::lock_guard lock(chains->mutex);
            chains->note(facts);
            if (facts.resumed && facts.peer_chain.empty()) facts.peer_chain = chains->last;
          }};
}

Fault mixes_sessions_up() {
  auto chains = std::make_shared<Chains>();
  return {.id = "FAULT-TLS-29",
          .sentence = "gives a resumed session the certificate of another client",
          .kills = {"EST-SE-312/1.2", "EST-SE-312/1.3"},
          .before = [chains](est::http::Request& /*request*/, Facts& facts, ca::Authority& /*authority*/) {
            const std::lock_guard lock(chains->mutex);
            chains->note(facts);
            if (facts.resumed && !facts.peer_chain.empty() && !chains->before.empty()) facts.peer_chain = chains->before;
          }};
}

std::vector<Fault> session_faults() {
  return {
      authenticates_resumed(),
      mixes_sessions_up(),
      {.id = "FAULT-TLS-30",
       .sentence = "forgets the client's certificate when a session is resumed",
       .kills = {"EST-SE-311/1.2", "EST-SE-311/1.3"},
       .before =
           [](est::http::Request& /*request*/, Facts& facts, ca::Authority& /*authority*/) {
             if (facts.resumed) facts.peer_chain.clear();
           }},
      {.id = "FAULT-TLS-31", .sentence = "permits early data", .kills = {"EST-SE-314"}, .configure = touch([](SSL_CTX& context) {
                                                                                          SSL_CTX_set_max_early_data(&context, 16384);
                                                                                        })},
      {.id = "FAULT-TLS-32", .sentence = "stops at a KeyUpdate", .kills = {"EST-SE-315"}, .configure = touch([](SSL_CTX& context) {
                                                                                            SSL_CTX_set_msg_callback(&context,
                                                                                                                     stall_at_key_update);
                                                                                          })},
      {.id = "FAULT-TLS-33",
       .sentence = "knows X25519 alone",
       .kills = {"EST-SE-324"},
       .also = anything,
       .because = "on TLS 1.2 it refuses client certificates with keys on P-256 as well",
       .configure = touch([](SSL_CTX& context) { SSL_CTX_set1_groups_list(&context, "X25519"); })},
      {.id = "FAULT-TLS-34",
       .sentence = "accepts the exporter as channel binding on TLS 1.2",
       .kills = {"EST-SE-328"},
       .after =
           [](const Scene& scene, Response& response) {
             if (!is_enroll(scene.request) || response.status != 400 || scene.peer.tls->version == est::tls::Version::tls13) return;
             if (is_wrong_binding(scene, scene.peer.tls->tls_exporter)) response = certify_whatever(scene);
           }},
      {.id = "FAULT-TLS-35",
       .sentence = "serves one connection after another",
       .kills = {"EST-SE-329/nothing", "EST-SE-329/half-hello"},
       .also = anything,
       .because = "whatever opens a second connection waits for the first",
       .one_at_a_time = true},
  };
}

// --- Protocols and names

int choose_unoffered(SSL* /*ssl*/, const unsigned char** out, unsigned char* length, const unsigned char* /*in*/, unsigned /*in_length*/,
                     void* /*argument*/) {
  static constexpr std::string_view chosen = "spdy/1";
  *out = est::as_bytes(chosen).data();
  *length = static_cast<unsigned char>(chosen.size());
  return SSL_TLSEXT_ERR_OK;
}

int choose_nothing(SSL* /*ssl*/, const unsigned char** /*out*/, unsigned char* /*length*/, const unsigned char* /*in*/,
                   unsigned /*in_length*/, void* /*argument*/) {
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int refuse_capitals(SSL* ssl, int* alert, void* /*argument*/) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const std::string_view text = name == nullptr ? "" : name;
  if (std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) return SSL_TLSEXT_ERR_OK;
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::vector<Fault> extension_faults() {
  return {
      {.id = "FAULT-TLS-36",
       .sentence = "chooses by ALPN what nobody offered",
       .kills = {"EST-SE-316", "EST-SE-317", "EST-SE-318/estspec-unknown", "EST-SE-318/h3"},
       .configure = touch([](SSL_CTX& context) { SSL_CTX_set_alpn_select_cb(&context, choose_unoffered, nullptr); })},
      {.id = "FAULT-TLS-37",
       .sentence = "refuses every client that uses ALPN",
       .kills = {"EST-SE-316", "EST-SE-317"},
       .configure = touch([](SSL_CTX& context) { SSL_CTX_set_alpn_select_cb(&context, choose_nothing, nullptr); })},
      {.id = "FAULT-TLS-38",
       .sentence = "shows the same certificate to everybody, whatever name is asked for",
       .kills = {"EST-SE-319/second/plain", "EST-SE-319/second/mixed-case", "EST-SE-313"},
       .configure = [](server::Config& config) { config.named_certificates.clear(); }},
      {.id = "FAULT-TLS-39",
       .sentence = "compares server names octet by octet",
       .kills = {"EST-SE-319/first/mixed-case", "EST-SE-319/second/mixed-case"},
       .configure = touch([](SSL_CTX& context) { SSL_CTX_set_tlsext_servername_callback(&context, refuse_capitals); })},
  };
}

// --- The server's certificate

std::string beside(const server::Config& config, const std::string& name) {
  return (std::filesystem::path(config.ca_directory).parent_path() / name).string();
}

void use_certificate(server::Config& config, const std::vector<Bytes>& chain, const est::crypto::PrivateKey& key) {
  config.server_certificate = beside(config, "odd.pem");
  config.server_key = beside(config, "odd.key");
  static_cast<void>(est::write_file(config.server_certificate, server::pem_of("CERTIFICATE", chain)));
  static_cast<void>(est::write_file(config.server_key, key.to_pem(), 0600));
}

struct OddServer {
  std::string subject = "CN=est server,O=estspec";
  std::vector<std::string> names = {"IP:127.0.0.1", "DNS:localhost"};
  est::crypto::KeyType key = est::crypto::KeyType::ec_p256;
};

std::vector<codec::Extension> server_extensions(const OddServer& odd) {
  std::vector<codec::GeneralName> names;
  for (const std::string& text : odd.names) {
    if (auto name = codec::parse_general_name(text)) names.push_back(*std::move(name));
  }
  return {codec::make_key_usage(codec::key_usage::digital_signature), codec::make_extended_key_usage({codec::oids::server_auth}),
          codec::make_subject_alt_name(names)};
}

// A server certificate of the EST CA with something odd about it; `more` follows it in the chain.
void use_odd(server::Config& config, const OddServer& odd, const std::vector<Bytes>& more = {}) {
  const auto authority = ca::Authority::open({config.ca_directory, nullptr});
  const auto key = est::crypto::PrivateKey::generate(odd.key);
  const auto subject = codec::parse_name(odd.subject);
  if (!authority || !key || !subject) return;
  const est::UnixTime now = est::system_clock().now();
  const auto issued =
      (*authority)->issue_directly(*subject, key->public_key_info(), {now - 300, now + 86400}, server_extensions(odd), "test");
  if (!issued) return;
  std::vector<Bytes> chain{issued->certificate};
  chain.insert(chain.end(), more.begin(), more.end());
  use_certificate(config, chain, *key);
}

// Signed by an intermediate CA that is not sent along.
void use_incomplete_chain(server::Config& config) {
  const auto authority = ca::Authority::open({config.ca_directory, nullptr});
  const auto ca_key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  const auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  const auto ca_name = codec::parse_name("CN=intermediate nobody sees");
  const auto subject = codec::parse_name(OddServer{}.subject);
  if (!authority || !ca_key || !key || !ca_name || !subject) return;
  const est::UnixTime now = est::system_clock().now();
  est::pki::CertificateSpec leaf;
  leaf.serial = est::pki::random_serial();
  leaf.subject = *subject;
  leaf.public_key_info = key->public_key_info();
  leaf.validity = {now - 300, now + 86400};
  leaf.extensions = server_extensions({});
  const auto certificate = est::pki::issue_certificate(leaf, {*ca_name, &*ca_key, est::pki::key_identifier(ca_key->public_key_info())});
  if (certificate) use_certificate(config, {*certificate}, *key);
}

std::vector<Fault> server_certificate_faults() {
  return {
      {.id = "FAULT-TLS-40",
       .sentence = "has a certificate for a host named in the subject alone, and with a wildcard",
       .kills = {"EST-SE-325"},
       .configure =
           [](server::Config& config) {
             use_odd(config, {.subject = "CN=est.estspec.example",
                              .names = {"IP:127.0.0.1", "DNS:localhost", "DNS:*.estspec.example"},
                              .key = est::crypto::KeyType::ec_p256});
           }},
      {.id = "FAULT-TLS-54",
       .sentence = "has its host's name in the common name alone",
       .kills = {"EST-SE-006", "EST-SE-325"},
       .configure =
           [](server::Config& config) {
             use_odd(config, {.subject = "CN=localhost", .names = {"email:admin@localhost"}, .key = est::crypto::KeyType::ec_p256});
           },
       .called = "localhost"},
      {.id = "FAULT-TLS-55",
       .sentence = "has a certificate for another host",
       .kills = {"EST-SE-006"},
       .also = anything,
       .because = "no verified connection is possible",
       .configure =
           [](server::Config& config) {
             use_odd(config, {.subject = "CN=localhost", .names = {"DNS:other.estspec.example"}, .key = est::crypto::KeyType::ec_p256});
           },
       .called = "localhost"},
      {.id = "FAULT-TLS-41",
       .sentence = "has an RSA key of 1024 bits",
       .kills = {"EST-SE-326", "EST-SE-319/first/plain"},
       .also = anything,
       .because = "no client accepts such a certificate",
       .configure =
           [](server::Config& config) {
             config.tls.suites = "DEFAULT:@SECLEVEL=0";
             use_odd(config, {.subject = OddServer{}.subject, .names = OddServer{}.names, .key = est::crypto::KeyType::rsa_1024});
           }},
      {.id = "FAULT-TLS-42",
       .sentence = "sends unrelated certificates after its own",
       .kills = {"EST-SE-327"},
       .configure = [](server::Config& config) { use_odd(config, {}, {foreign_certificate("CN=stranger", foreign_public_key())}); }},
      {.id = "FAULT-TLS-43",
       .sentence = "does not send the intermediate CA of its certificate",
       .kills = {"EST-SE-006"},
       .also = anything,
       .because = "no verified connection is possible",
       .configure = use_incomplete_chain},
  };
}

}  // namespace

std::vector<Fault> tls_faults() {
  std::vector<Fault> all = late_faults();
  for (auto group : {session_faults(), extension_faults(), server_certificate_faults(), hello_faults()})
    all.insert(all.end(), group.begin(), group.end());
  return all;
}

}  // namespace conformance::selftest
