#include "fuzz/client_scene.h"

#include <algorithm>

#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/cms.h"
#include "est/http/parser.h"
#include "est/ops/message.h"
#include "fuzz/second_opinion.h"
#include "fuzz/target.h"

namespace fuzz {
namespace {

using client::Outcome;
using client::Problem;
using client::ProblemKind;
using est::Bytes;
using est::net::Failure;

constexpr std::size_t most_answers = 40;
constexpr int most_requests = 36 * 6;  // six places of a request, six tries at each; /cacerts twice, /csrattrs, three rounds of enrollment

Bytes server_certificate(const client::TestAuthority& issuer, const std::string& name, bool authority) {
  client::TestCertificate wanted;
  wanted.ca = false;
  wanted.extensions.push_back(est::codec::make_subject_alt_name({est::codec::parse_general_name("dns:" + name).value()}));
  std::vector<est::codec::Oid> purposes{est::codec::oids::server_auth};
  if (authority) purposes.push_back(est::codec::oids::cmc_ra);
  wanted.extensions.push_back(est::codec::make_extended_key_usage(purposes));
  return client::issue(client::TestAuthority("CN=server"), issuer, wanted);
}

std::string certs_only(const std::vector<Bytes>& certificates) {
  return std::string(est::as_text(est::ops::certs_only_response(certificates).body));
}

Bytes certificate_with(const Bytes& public_key_info) {
  est::pki::CertificateSpec spec;
  spec.serial = est::pki::random_serial();
  spec.subject = authorities().device.name;
  spec.public_key_info = public_key_info;
  spec.validity = {client::test_now, client::test_now + client::test_year};
  const auto& root = authorities().root;
  auto issued = est::pki::issue_certificate(spec, {root.name, &root.key, {}});
  return issued ? *issued : Bytes{};
}

void replace_all(std::string& text, std::string_view what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) text.replace(at, what.size(), with);
}

bool holds(const std::vector<Bytes>& all, const Bytes& one) { return std::find(all.begin(), all.end(), one) != all.end(); }

}  // namespace

Script read_script(std::string_view input) {
  Script script;
  const std::size_t line = std::min(input.find('\n'), input.size());
  for (const char each : input.substr(0, std::min<std::size_t>(line, 40)))
    (each == 'a' || each == 'b' || each == 'w' || each == 'r' ? script.chains : script.letters).push_back(each);
  if (script.chains.empty()) script.chains = "a";
  input.remove_prefix(std::min(line + 1, input.size()));
  constexpr std::string_view between = "\n~~\n";
  while (script.answers.size() < most_answers) {
    const std::size_t end = input.find(between);
    script.answers.emplace_back(input.substr(0, end));
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + between.size());
  }
  return script;
}

Authorities::Authorities() : root_der(client::issue_self(root)), other_der(client::issue_self(other)) {
  servers['a'] = server_certificate(root, host, false);
  servers['b'] = server_certificate(other, host, false);
  servers['w'] = server_certificate(root, "elsewhere.example", false);
  servers['r'] = server_certificate(root, "elsewhere.example", true);
}

const Authorities& authorities() {
  static const Authorities all;
  return all;
}

// One connection. What the client writes is read by the strict parser; each whole request brings the next answer.
class ScriptedServer::Line final : public client::Transport {
 public:
  Line(ScriptedServer& server, char chain, const client::Opening& opening) : server_(server), chain_(chain), to_(opening.to) {
    const bool old = server.script_.has('T') || opening.profile.most < est::tls::Version::tls13;
    facts_.version = old ? est::tls::Version::tls12 : est::tls::Version::tls13;
    facts_.peer_chain = {authorities().servers.at(chain)};
    const Bytes binding = est::to_bytes("connection " + std::to_string(server.connections_));
    if (facts_.version == est::tls::Version::tls12) facts_.tls_unique = binding;
    facts_.tls_exporter = binding;
    shows_identity_ = opening.profile.identity.has_value();
  }

  [[nodiscard]] const est::tls::Facts& facts() const noexcept override { return facts_; }
  [[nodiscard]] bool readable_now() override { return ended_ || !unread_.empty(); }
  [[nodiscard]] est::crypto::SslSessionHandle session() const override { return nullptr; }

  [[nodiscard]] std::optional<Failure> write(est::BytesView data, est::Deadline) override {
    require(!ended_, "nothing is written when the connection is known to have ended");
    while (!data.empty()) {
      data = data.subspan(parser_.feed(data));
      require(parser_.state() != est::http::RequestParser::State::refused, "a client's requests are such as the strict parser takes");
      if (parser_.state() == est::http::RequestParser::State::complete) unread_ += server_.respond(parser_.take(), *this);
    }
    if (unread_ == "!w") return Failure{est::net::Stage::write, est::net::Cause::reset, "the connection was reset", {}};
    return std::nullopt;
  }

  [[nodiscard]] est::net::ReadOutcome read(std::span<est::Byte> into, est::Deadline) override {
    if (!unread_.empty() && unread_.front() == '!') {
      ended_ = true;
      return {0, Failure{est::net::Stage::read, est::net::Cause::timeout, "nothing came in time", {}}};
    }
    const std::size_t count = std::min(server_.script_.has('1') ? 1 : into.size(), unread_.size());
    std::copy_n(unread_.begin(), count, into.begin());
    unread_.erase(0, count);
    ended_ = count == 0;
    return {count, std::nullopt};
  }

  // RFC 7030 3.6, without a look at the code under test: a path that leads to an anchor, and the name; an explicit anchor's RA needs none.
  [[nodiscard]] bool entitled(const client::Trust& trust) const {
    const Bytes& anchor = chain_ == 'b' ? authorities().other_der : authorities().root_der;
    const bool named = (chain_ == 'a' || chain_ == 'b') ? est::iequals(to_.host, host) : est::iequals(to_.host, "elsewhere.example");
    if (holds(trust.explicit_anchors, anchor)) return named || chain_ == 'r';
    return holds(trust.implicit_anchors, anchor) && named;
  }
  [[nodiscard]] bool shows_identity() const { return shows_identity_; }

 private:
  ScriptedServer& server_;
  char chain_;
  est::net::Endpoint to_;
  est::tls::Facts facts_;
  est::http::RequestParser parser_;
  std::string unread_;
  bool shows_identity_ = false;
  bool ended_ = false;
};

client::Connect ScriptedServer::connect() {
  return [this](const client::Opening& opening) { return open(opening); };
}

Outcome<std::unique_ptr<client::Transport>> ScriptedServer::open(const client::Opening& opening) {
  const auto number = static_cast<std::size_t>(connections_++);
  require(connections_ <= most_requests + 1, "the number of connections is bounded");
  const char chain = script_.chains[std::min(number, script_.chains.size() - 1)];
  if (const auto refusal = opening.profile.judge({authorities().servers.at(chain)}))
    return Problem{ProblemKind::untrusted, refusal->reason};
  return std::unique_ptr<client::Transport>(std::make_unique<Line>(*this, chain, opening));
}

void ScriptedServer::check_challenge() const {
  require(entitled_, "no challenge of a server that is not authorised is answered");
  require(answer_.status == 401, "credentials are for challenges");
  ++challenges_;
}

void ScriptedServer::check_enrollment(const est::http::Request& request, const Line& line) {
  require(entitled_ && !client_->trust().explicit_anchors.empty(), "requests are for servers the explicit anchors authorise");
  if (script_.has('M')) return;
  const auto asked = est::ops::read_enroll_body(request.body);
  require(asked.accepted(), "a client's request is sound");
  const auto der = est::codec::decode_base64(est::as_text(request.body), est::codec::Base64Mode::lenient);
  require(openssl_verifies_request(*der.value), "and OpenSSL verifies its signature");
  requested_key_ = asked.value->key.der;
  const auto linked = est::codec::challenge_password(*asked.value);
  require(!linked.value || *linked.value == est::ops::channel_binding_text(line.facts().tls_unique),
          "linked to the connection it goes over");
}

void ScriptedServer::check_request(const est::http::Request& request, const Line& line) {
  entitled_ = line.entitled(client_->trust());
  if (request.fields.has("Authorization")) require(++authorizations_ <= challenges_, "credentials follow a challenge, once each");
  if (request.method == "POST") return check_enrollment(request, line);
  require(request.method == "GET" && request.body.empty(), "what is no enrollment has no body");
  if (entitled_) return;
  require(script_.has('F'), "a server that is not authorised is asked only where its answer can be confirmed");
  require(!line.shows_identity() && !request.fields.has("Authorization"), "and learns nothing of the client");
}

std::string ScriptedServer::expanded(std::string text) const {
  const Authorities& all = authorities();
  replace_all(text, "{ca}", certs_only({all.root_der}));
  replace_all(text, "{other-ca}", certs_only({all.other_der}));
  replace_all(text, "{cas}", certs_only({all.other_der, all.root_der}));
  if (text.find("{certificate}") != std::string::npos && !requested_key_.empty())
    replace_all(text, "{certificate}", certs_only({certificate_with(requested_key_)}));
  if (text.find("{another}") != std::string::npos)
    replace_all(text, "{another}", certs_only({certificate_with(all.stranger.key.public_key_info())}));
  const std::size_t head = text.find("\r\n\r\n");
  if (head != std::string::npos && text.find("{length}") < head) {
    const std::string length = std::to_string(text.size() - head - 4);
    text.replace(text.find("{length}"), 8, length);
  }
  return text;
}

std::string ScriptedServer::respond(const est::http::Request& request, const Line& line) {
  check_request(request, line);
  require(requests_ < most_requests, "the number of requests is bounded");
  const auto number = static_cast<std::size_t>(requests_++);
  std::string octets = expanded(script_.answers[std::min(number, script_.answers.size() - 1)]);
  answer_ = est::http::parse_response(est::to_bytes(octets), request.method, true).message;
  return octets;
}

}  // namespace fuzz
