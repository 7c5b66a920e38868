// The whole est-proxy without its sockets, one request of a client, and an upstream that says what the input says (upstream_scene.h, which
// also holds what goes upstream against the rules). Every answer is well-formed, with a documented status and no field or password
// of the upstream's; a certificate is for the client's key and, where the CA is known beforehand, signed by it; log lines stay lines.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "client/full_cmc.h"
#include "est/base/text.h"
#include "est/codec/pem.h"
#include "est/crypto/chain.h"
#include "est/http/parser.h"
#include "est/ops/message.h"
#include "fuzz/second_opinion.h"
#include "fuzz/target.h"
#include "fuzz/upstream_scene.h"
#include "proxy/handler.h"

namespace {

namespace fs = std::filesystem;
using est::Bytes;
using est::ops::Operation;
using fuzz::require;

// The CA's root in a file, for as long as the process lives.
const std::string& root_file() {
  static const struct File {
    std::string path = ((fs::is_directory("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
                        ("estspec-fuzz-proxy-" + std::to_string(::getpid())))
                           .string();
    File() { std::ofstream(path) << est::codec::encode_pem("CERTIFICATE", fuzz::upstream_world().root_der); }
    ~File() {
      std::error_code none;
      fs::remove(path, none);
    }
  } file;
  return file.path;
}

proxy::Config config_for(const fuzz::Script& script) {
  proxy::Config config;
  config.front.labels[""].authentication = server::Authentication::none;
  config.upstream.at = {fuzz::host, 443};
  config.upstream.anchors = {root_file()};
  config.upstream.full_cmc = script.has('F');
  if (!script.has('W')) config.cacerts.file = root_file();
  return config;
}

server::Trust trust_in_front() {
  server::Trust trust;
  trust.authority = {fuzz::upstream_world().root_der};
  return trust;
}

est::Log careful_log() {
  return est::Log([](std::string_view line) {
    const auto control = [](char each) { return static_cast<unsigned char>(each) < 0x20; };
    require(std::none_of(line.begin(), line.end(), control), "a log line is a line");
    require(line.find(fuzz::password) == std::string_view::npos, "the log has no secrets");
  });
}

proxy::Upstream::Adjust connected_to(fuzz::ScriptedUpstream& upstream, const fuzz::Script& script) {
  return [&upstream, &script](client::SessionOptions& options) {
    const fuzz::UpstreamWorld& all = fuzz::upstream_world();
    options.connect = upstream.connect();
    options.identity = est::tls::Identity{{all.ra_der}, all.ra.key, {}};
    if (script.has('C'))
      options.credentials = [](const client::Challenged&) -> est::Result<std::optional<est::http::Credentials>> {
        return std::optional(est::http::Credentials{"user", std::string(fuzz::password)});
      };
  };
}

// One registration authority and its upstream; made anew each time, because connections and CA certificates outlive a request.
struct Authority {
  Authority(const fuzz::Script& script, est::BytesView sent)
      : server(script, sent),
        config(config_for(script)),
        upstream(proxy::Upstream::make(config.upstream, connected_to(server, script)).value()),
        ca(config.cacerts, {""}, *upstream, log, [](const proxy::CaKnowledge&) {}) {
    require(ca.start().ok(), "an upstream that says nothing of use is no reason not to start");
  }

  fuzz::ScriptedUpstream server;
  const proxy::Config config;
  const est::Log log = careful_log();
  server::TrustStore trust{trust_in_front()};
  server::Authenticator authenticator{{}, trust, est::system_clock()};
  server::CmcSigner signer{est::tls::Identity{{fuzz::upstream_world().ra_der}, fuzz::upstream_world().ra.key, {}}};
  std::unique_ptr<proxy::Upstream> upstream;
  proxy::CaWatch ca;
  proxy::Handler handler{{config, authenticator, trust, signer, *upstream, ca, log, est::system_clock(), nullptr}};
};

Operation operation_of(const fuzz::Script& script) {
  static constexpr std::array<std::pair<char, Operation>, 5> all{{{'G', Operation::cacerts},
                                                                  {'A', Operation::csrattrs},
                                                                  {'E', Operation::simplereenroll},
                                                                  {'K', Operation::serverkeygen},
                                                                  {'M', Operation::fullcmc}}};
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return script.has(each.first); });
  return found == all.end() ? Operation::simpleenroll : found->second;
}

Bytes what_is_sent(Operation operation) {
  const fuzz::UpstreamWorld& all = fuzz::upstream_world();
  if (est::ops::method_of(operation) == "GET") return {};
  if (operation != Operation::fullcmc) return all.request;
  static const Bytes full = client::make_full_request(all.request, {nullptr, &all.device.key}).value().der;
  return full;
}

est::http::Response proxied(const est::net::Reply& reply, const std::string& method) {
  auto response = est::http::parse_response(reply.wire, method, false);
  require(response.complete && !est::has_errors(response.findings), "every answer is a well-formed response");
  const int status = response.message.status;
  static constexpr std::array known{200, 202, 204, 501, 502, 503, 504};
  const bool refused = status >= 400 && status < 500 && status != 401 && status != 407;
  // A Full PKI Response keeps the status it came with (RFC 7030 4.3.2).
  const bool full = response.message.fields.get("Content-Type").value_or("").starts_with("application/pkcs7-mime");
  require(refused || full || std::find(known.begin(), known.end(), status) != known.end(), "with a status of the documented set");
  static constexpr std::array fields{"Content-Type", "Content-Length", "Retry-After", "Date", "Connection", "Allow"};
  for (const est::http::Field& field : response.message.fields.list())
    require(std::any_of(fields.begin(), fields.end(), [&](const char* each) { return est::iequals(field.name, each); }),
            "and no field of the upstream's");
  require(est::as_text(reply.wire).find(fuzz::password) == std::string_view::npos, "no secrets go to clients");
  return std::move(response.message);
}

bool signed_by_the_ca(const Bytes& certificate) {
  const auto ours = est::crypto::parse_certificate(certificate), root = est::crypto::parse_certificate(fuzz::upstream_world().root_der);
  return ours && root && X509_verify(ours->get(), X509_get0_pubkey(root->get())) == 1;
}

void check_issued(const est::http::Response& response, bool ca_was_known) {
  const auto certificates = est::ops::read_certs_only_body(response.body);
  require(certificates.accepted() && certificates.value->size() == 1, "what is issued is one certificate");
  const auto read = fuzz::openssl_certificate(certificates.value->front());
  require(read && read->public_key_info == fuzz::upstream_world().device.key.public_key_info(), "for the key of the request");
  require(!ca_was_known || signed_by_the_ca(certificates.value->front()), "by the CA");
}

}  // namespace

FUZZ_TARGET(proxy) {
  // What the upstream knows already is no secret.
  if (est::as_text(input).find(fuzz::password) != std::string_view::npos) return;
  const fuzz::Script script = fuzz::read_script(est::as_text(input));
  const Operation operation = operation_of(script);
  const Bytes sent = what_is_sent(operation);
  Authority authority(script, sent);
  const auto request =
      sent.empty() ? est::ops::get_request(operation, {}, "ra.example") : est::ops::enroll_request(operation, {}, "ra.example", sent);
  est::tls::Facts facts;
  facts.version = est::tls::Version::tls13;
  facts.peer_chain = {fuzz::upstream_world().device_der};
  const auto response = proxied(authority.handler.on_request(request, {1, "127.0.0.1:1", &facts}, true), request.method);
  if (response.status != 200) return;
  if (operation == Operation::simpleenroll || operation == Operation::simplereenroll) return check_issued(response, !script.has('W'));
  const bool passes_whole = operation == Operation::serverkeygen || operation == Operation::fullcmc;
  require(!passes_whole || response.body == authority.server.answer().body, "what the client is to judge passes whole");
}
