#include "fuzz/upstream_scene.h"

#include <algorithm>
#include <array>

#include "client/full_cmc.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/cmc.h"
#include "est/codec/cmc_controls.h"
#include "est/http/parser.h"
#include "est/ops/message.h"
#include "est/pki/request.h"
#include "est/pki/signed_message.h"
#include "fuzz/target.h"

namespace fuzz {
namespace {

using est::Bytes;
namespace cmc = est::codec;
namespace cmc_oids = est::codec::cmc_oids;

constexpr std::size_t most_questions = 72;  // six places, six tries at each; for /cacerts and for what is asked
constexpr client::TestCertificate device_like{1'000'000'000, 4'000'000'000, false, {}};

Bytes server_like(const client::TestAuthority& issuer, const std::string& name, bool authority) {
  client::TestCertificate wanted = device_like;
  wanted.extensions.push_back(cmc::make_subject_alt_name({cmc::parse_general_name("dns:" + name).value()}));
  std::vector<cmc::Oid> purposes{cmc::oids::server_auth};
  if (authority) purposes.push_back(cmc::oids::cmc_ra);
  wanted.extensions.push_back(cmc::make_extended_key_usage(purposes));
  return client::issue(client::TestAuthority("CN=server"), issuer, wanted);
}

Bytes root_like(const client::TestAuthority& subject) {
  client::TestCertificate wanted = device_like;
  wanted.ca = true;
  return client::issue_self(subject, wanted);
}

Bytes request_by(const client::TestAuthority& device) {
  est::pki::RequestSpec spec;
  spec.subject = device.name;
  spec.extensions = {client::key_identifier_extension(device.key)};
  return est::pki::make_request(spec, device.key).value();
}

std::string base64_of(const std::vector<Bytes>& certificates) {
  return std::string(est::as_text(est::ops::certs_only_response(certificates).body));
}

void substitute(std::string& text, std::string_view what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) text.replace(at, what.size(), with);
}

Bytes der_of(const est::http::Request& request) {
  return cmc::decode_base64(est::as_text(request.body), cmc::Base64Mode::lenient).value.value_or(Bytes{});
}

cmc::StatusSpec status_for(char kind) {
  if (kind == 'd') return {cmc::CmcStatus::success, {client::pkcs10_part}, {}, {}};
  if (kind == 'w') return {cmc::CmcStatus::pending, {client::pkcs10_part}, "Later.", {}};
  return {cmc::CmcStatus::failed, {client::pkcs10_part}, "No.\r\nNever.", cmc::CmcFailInfo::bad_request};
}

// What repeats of a Full PKI Request (RFC 5272 6.6).
void echo(const Bytes& question, std::vector<cmc::Control>& controls) {
  const auto message = cmc::decode_signed_data(question);
  if (!message.value || !message.value->content) return;
  const auto data = cmc::decode_pki_data(*message.value->content);
  if (!data.value) return;
  if (const auto* transaction = data.value->control(cmc_oids::transaction_id))
    controls.push_back(cmc::make_control(2, transaction->type, transaction->values.front()));
  if (const auto* nonce = data.value->control(cmc_oids::sender_nonce))
    controls.push_back(cmc::make_control(3, cmc_oids::recipient_nonce, nonce->values.front()));
}

}  // namespace

Bytes issued_to(const client::TestAuthority& subject, const client::TestAuthority& issuer) {
  return client::issue(subject, issuer, device_like);
}

UpstreamWorld::UpstreamWorld()
    : root_der(root_like(root)),
      other_der(root_like(other)),
      ra_der(issued_to(ra, root)),
      device_der(issued_to(device, root)),
      request(request_by(device)) {
  servers['a'] = server_like(root, host, false);
  servers['b'] = server_like(other, host, false);
  servers['w'] = server_like(root, "elsewhere.example", false);
  servers['r'] = server_like(root, "elsewhere.example", true);
}

const UpstreamWorld& upstream_world() {
  static const UpstreamWorld one;
  return one;
}

// One connection; each whole request brings the next answer.
class ScriptedUpstream::Line final : public client::Transport {
 public:
  Line(ScriptedUpstream& upstream, char chain) : upstream_(upstream) {
    facts_.version = est::tls::Version::tls13;
    facts_.peer_chain = {upstream_world().servers.at(chain)};
    facts_.tls_exporter = est::to_bytes("between the two servers");
  }
  [[nodiscard]] const est::tls::Facts& facts() const noexcept override { return facts_; }
  [[nodiscard]] bool readable_now() override { return ended_ || !unread_.empty(); }
  [[nodiscard]] est::crypto::SslSessionHandle session() const override { return nullptr; }

  [[nodiscard]] std::optional<est::net::Failure> write(est::BytesView data, est::Deadline) override {
    while (!data.empty()) {
      data = data.subspan(parser_.feed(data));
      require(parser_.state() != est::http::RequestParser::State::refused, "requests are such as the strict parser takes");
      if (parser_.state() == est::http::RequestParser::State::complete) unread_ += upstream_.respond(parser_.take());
    }
    return std::nullopt;
  }
  [[nodiscard]] est::net::ReadOutcome read(std::span<est::Byte> into, est::Deadline) override {
    if (!unread_.empty() && unread_.front() == '!') {
      ended_ = true;
      return {0, est::net::Failure{est::net::Stage::read, est::net::Cause::timeout, "nothing came in time", {}}};
    }
    const std::size_t count = std::min(into.size(), unread_.size());
    std::copy_n(unread_.begin(), count, into.begin());
    unread_.erase(0, count);
    ended_ = count == 0;
    return {count, std::nullopt};
  }

 private:
  ScriptedUpstream& upstream_;
  est::tls::Facts facts_;
  est::http::RequestParser parser_;
  std::string unread_;
  bool ended_ = false;
};

client::Connect ScriptedUpstream::connect() {
  return [this](const client::Opening& opening) { return open(opening); };
}

client::Outcome<std::unique_ptr<client::Transport>> ScriptedUpstream::open(const client::Opening& opening) {
  const char chain = script_.chains[std::min(connections_, script_.chains.size() - 1)];
  require(++connections_ <= most_questions + 2, "the number of connections is bounded");
  require(opening.to.host == host, "the configured upstream is asked, and nobody it points to");
  const auto refusal = opening.profile.judge({upstream_world().servers.at(chain)});
  require(refusal.has_value() == (chain == 'b' || chain == 'w'), "an upstream is authorised by its anchor, and its name or role");
  if (refusal) return client::Problem{client::ProblemKind::untrusted, refusal->reason};
  return std::unique_ptr<client::Transport>(std::make_unique<Line>(*this, chain));
}

void ScriptedUpstream::check_post(const est::http::Request& request) {
  const bool redirected = answer_.status >= 300 && answer_.status < 400;
  require(!posted_ || answer_.status == 401 || redirected, "a request is sent once, unless its answer says that nothing was done");
  posted_ = true;
  question_ = der_of(request);
  require(!sent_.empty() && std::search(question_.begin(), question_.end(), sent_.begin(), sent_.end()) != question_.end(),
          "the client's request goes on octet by octet");
  require(script_.has('F') || question_.size() == sent_.size(), "and nothing with it");
}

void ScriptedUpstream::check_request(const est::http::Request& request) {
  static constexpr std::array known{"Host", "User-Agent", "Authorization", "Content-Type", "Content-Length"};
  for (const est::http::Field& field : request.fields.list())
    require(std::any_of(known.begin(), known.end(), [&](const char* each) { return est::iequals(field.name, each); }),
            "nothing of the client's head goes on");
  if (request.fields.has("Authorization")) require(script_.has('C') && answer_.status == 401, "credentials follow a challenge");
  if (request.method == "POST") return check_post(request);
  require(request.method == "GET" && request.body.empty(), "what is no request for a certificate has no body");
}

std::string ScriptedUpstream::full_response(char kind) const {
  const UpstreamWorld& all = upstream_world();
  std::vector<cmc::Control> controls{cmc::make_control(1, cmc_oids::status_info_v2, cmc::encode_status_info(status_for(kind)))};
  echo(question_, controls);
  est::pki::MessageSpec spec{cmc::cmc_content::pki_response(), cmc::encode_pki_response(controls), {all.root_der}};
  if (kind == 'd') spec.certificates.push_back(issued_to(all.device, all.root));
  est::pki::MessageSigner by;
  by.key = &all.root.key;
  by.certificate = all.root_der;
  return cmc::encode_base64(cmc::encode_signed_data(est::pki::sign_message(spec, by).value()));
}

std::string ScriptedUpstream::expanded(std::string text) const {
  const UpstreamWorld& all = upstream_world();
  const auto put = [&text](std::string_view what, const auto& make) {
    if (text.find(what) != std::string::npos) substitute(text, what, make());
  };
  put("{ca}", [&] { return base64_of({all.root_der}); });
  put("{other-ca}", [&] { return base64_of({all.other_der}); });
  put("{certificate}", [&] { return base64_of({issued_to(all.device, all.root)}); });
  put("{stray}", [&] { return base64_of({issued_to(all.device, all.other)}); });
  put("{another}", [&] { return base64_of({issued_to(all.stranger, all.root)}); });
  for (const char* each : {"{done}", "{waits}", "{refused}"}) put(each, [&] { return full_response(each[1]); });
  const std::size_t head = text.find("\r\n\r\n");
  if (head != std::string::npos && text.find("{length}") < head)
    text.replace(text.find("{length}"), 8, std::to_string(text.size() - head - 4));
  return text;
}

std::string ScriptedUpstream::respond(const est::http::Request& request) {
  check_request(request);
  require(requests_ < most_questions, "the number of requests is bounded");
  std::string octets = expanded(script_.answers[std::min(requests_++, script_.answers.size() - 1)]);
  answer_ = est::http::parse_response(est::to_bytes(octets), request.method, true).message;
  return octets;
}

}  // namespace fuzz
