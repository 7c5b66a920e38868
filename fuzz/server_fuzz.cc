// The whole est-server without its sockets: octets of one connection in, answers out. Every answer is a well-formed response with a status
// of the documented set; an error says what is wrong; a certificate is issued only for a request whose signature OpenSSL verifies, for its
// key, and never makes a CA. A request field "Fuzz-Client: NAME" stands for a TLS connection authenticated with NAME.pem of `est-server
// init`.
#include <unistd.h>

#include <array>
#include <filesystem>

#include "est/base/file.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/x509.h"
#include "est/crypto/chain.h"
#include "est/http/parser.h"
#include "est/ops/message.h"
#include "fuzz/second_opinion.h"
#include "fuzz/target.h"
#include "server/config.h"
#include "server/handler.h"
#include "server/init.h"
#include "server/trust.h"

namespace {

namespace fs = std::filesystem;
namespace codec = est::codec;
using est::http::Request;
using est::http::RequestParser;

class ServerFolder {
 public:
  ServerFolder()
      : path_((fs::is_directory("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
              ("estspec-fuzz-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    server::InitOptions options;
    options.directory = path_.string();
    fuzz::require(server::initialise(options).ok(), "a folder for the server can be made");
  }
  ~ServerFolder() {
    std::error_code none;
    fs::remove_all(path_, none);
  }
  ServerFolder(const ServerFolder&) = delete;
  ServerFolder& operator=(const ServerFolder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

// Made once a process. Every label takes anybody, so that what is behind authentication is reached, but "basic" and "cert".
struct World {
  World()
      : config(server::load_config(folder / "est-server.yaml").value()),
        authority(ca::Authority::open({config.ca_directory, nullptr}).value()),
        trust(server::load_trust(config, *authority).value()),
        generator(server::load_key_generator(config).value()),
        authenticator({}, trust, clock),
        log(est::Log::nowhere()) {
    for (auto& [label, policy] : config.labels)
      if (label != "basic" && label != "cert") policy.authentication = server::Authentication::none;
    signer.replace(est::tls::load_identity(folder / "server.pem", folder / "server.key").value());
    handler = std::make_unique<server::Handler>(
        server::Handler::Parts{config.labels, authenticator, *authority, log, clock, false, &generator, &trust, &signer, nullptr});
  }

  ServerFolder folder;
  est::ManualClock clock{est::system_clock().now()};
  server::Config config;
  std::unique_ptr<ca::Authority> authority;
  server::TrustStore trust;
  server::GeneratorStore generator;
  server::Authenticator authenticator;
  server::CmcSigner signer;
  est::Log log;
  std::unique_ptr<server::Handler> handler;
};

World& world() {
  static World one;
  return one;
}

est::tls::Facts facts_for(const Request& request) {
  static const std::array names{"client", "ra", "device", "expired", "revoked"};
  est::tls::Facts facts;
  facts.version = est::tls::Version::tls12;
  facts.tls_unique = est::to_bytes("tls-unique");
  const auto who = request.fields.get("Fuzz-Client");
  for (const std::string name : names)
    if (who == name)
      facts.peer_chain = est::crypto::certificates_from_pem(est::read_file(world().folder / (name + ".pem")).value()).value();
  return facts;
}

est::http::ObservedResponse well_formed(const est::net::Reply& reply, const std::string& method) {
  auto response = est::http::parse_response(reply.wire, method, reply.after != est::net::AfterReply::keep);
  fuzz::require(response.complete && !est::has_errors(response.findings), "every answer is a well-formed response");
  static const std::array known{200, 202, 204, 400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 417, 431, 501, 503, 505};
  const int status = response.message.status;
  fuzz::require(std::find(known.begin(), known.end(), status) != known.end(), "with a status of the documented set");
  fuzz::require(status < 400 || method == "HEAD" || !response.message.body.empty(), "an error says what is wrong");
  fuzz::require(status != 401 || response.message.fields.has("WWW-Authenticate"), "a 401 has a challenge");
  return response;
}

void check_issued(const Request& request, const est::http::Response& response) {
  const auto body = codec::decode_base64(est::as_text(request.body), codec::Base64Mode::lenient);
  const auto asked = est::ops::read_enroll_body(request.body);
  fuzz::require(asked.accepted(), "certificates are for requests that were accepted");
  fuzz::require(fuzz::openssl_verifies_request(*body.value), "whose signature OpenSSL verifies");
  const auto certificates = est::ops::read_certs_only_body(response.body);
  fuzz::require(certificates.accepted() && certificates.value->size() == 1, "the answer is one certificate");
  const auto certificate = codec::decode_certificate(certificates.value->front());
  fuzz::require(certificate.accepted() && certificate.value->spki == asked.value->key.der, "for the key of the request");
  const codec::Extension* constraints = certificate.value->extension(codec::oids::basic_constraints);
  fuzz::require(constraints == nullptr || !codec::decode_basic_constraints(constraints->value).value->ca, "and never makes a CA");
}

bool is_enroll(const Request& request) {
  const auto parsed = est::ops::parse_route(request.target);
  const auto* route = std::get_if<est::ops::Route>(&parsed);
  return route != nullptr &&
         (route->operation == est::ops::Operation::simpleenroll || route->operation == est::ops::Operation::simplereenroll);
}

void answer(const Request& request, bool keep_alive) {
  const est::tls::Facts facts = facts_for(request);
  const est::net::Peer peer{1, "127.0.0.1:1", &facts};
  if (const auto early = world().handler->on_head(request, peer)) return (void)well_formed(*early, request.method);
  (void)world().handler->wants_client_certificate(request, peer);
  const auto response = well_formed(world().handler->on_request(request, peer, keep_alive), request.method);
  if (response.message.status == 200 && is_enroll(request)) check_issued(request, response.message);
}

}  // namespace

FUZZ_TARGET(server) {
  RequestParser parser;
  for (int requests = 0; requests < 4 && !input.empty(); ++requests) {
    input = input.subspan(parser.feed(input));
    if (parser.state() == RequestParser::State::refused) {
      const est::tls::Facts facts;
      return (void)well_formed(world().handler->on_refusal(parser.refusal(), {1, "127.0.0.1:1", &facts}), "GET");
    }
    if (parser.state() != RequestParser::State::complete) return;
    const Request request = parser.take();
    answer(request, parser.keep_alive());
  }
}
