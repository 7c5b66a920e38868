#include "conformance/selftest/faults_support.h"

#include "est/base/clock.h"
#include "est/codec/base64.h"
#include "est/codec/cms.h"
#include "est/crypto/key.h"
#include "est/ops/message.h"
#include "est/pki/issue.h"

namespace conformance::selftest {

namespace codec = est::codec;
using est::http::Request;

bool is(const Request& request, Operation operation) {
  const auto parsed = est::ops::parse_route(request.target);
  const auto* route = std::get_if<est::ops::Route>(&parsed);
  return route != nullptr && route->operation == operation;
}

bool is_enroll(const Request& request) { return is(request, Operation::simpleenroll) || is(request, Operation::simplereenroll); }

std::string label_of(const Request& request) {
  const auto parsed = est::ops::parse_route(request.target);
  const auto* route = std::get_if<est::ops::Route>(&parsed);
  return route == nullptr ? std::string() : route->label;
}

void set_body(Response& response, Bytes body) {
  response.fields.remove("Content-Length");
  response.body = std::move(body);
}

void set_body(Response& response, std::string_view body) { set_body(response, est::to_bytes(body)); }

Bytes decoded_body(est::BytesView body) {
  auto decoded = codec::decode_base64(est::as_text(body), codec::Base64Mode::lenient);
  return decoded.value ? std::move(*decoded.value) : Bytes{};
}

std::vector<Bytes> certificates_in(const Response& response) {
  const auto message = codec::decode_certs_only(decoded_body(response.body));
  return message.value ? message.value->certificates : std::vector<Bytes>{};
}

std::optional<codec::CertificationRequest> request_in(const Request& request) {
  return codec::decode_certification_request(decoded_body(request.body)).value;
}

std::optional<Bytes> certify(ca::Authority& authority, const codec::CertificationRequest& request, const Careless& how) {
  const est::UnixTime now = est::system_clock().now();
  std::vector<codec::Extension> extensions = {codec::make_basic_constraints(false),
                                              codec::make_key_usage(codec::key_usage::digital_signature),
                                              codec::make_extended_key_usage({codec::oids::client_auth})};
  if (const auto names = codec::requested_subject_alt_name(request); !names.empty())
    extensions.push_back(codec::make_subject_alt_name(names));
  auto issued =
      authority.issue_directly(how.subject.value_or(request.subject), how.public_key_info.value_or(request.key.der),
                               how.validity.value_or(codec::Validity{now - 300, now + 86400}), how.extensions.value_or(extensions), "");
  if (!issued) return std::nullopt;
  return issued->certificate;
}

Response certify_whatever(const Scene& scene, const Careless& how) {
  const auto request = request_in(scene.request);
  const auto certificate = request ? certify(scene.authority, *request, how) : std::nullopt;
  if (!certificate) return est::ops::text_response(500, "The request cannot be read.");
  return est::ops::enroll_response(*certificate);
}

Bytes foreign_public_key() {
  const auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  return key ? key->public_key_info() : Bytes{};
}

Bytes foreign_certificate(std::string_view subject, est::BytesView public_key_info) {
  const auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  const auto issuer = codec::parse_name("CN=Nobody's CA");
  const auto name = codec::parse_name(subject);
  if (!key || !issuer || !name) return {};
  const est::UnixTime now = est::system_clock().now();
  est::pki::CertificateSpec spec;
  spec.serial = est::pki::random_serial();
  spec.subject = *name;
  spec.public_key_info = est::to_bytes(public_key_info);
  spec.validity = {now - 300, now + 86400};
  spec.extensions = {codec::make_extended_key_usage({codec::oids::client_auth})};
  auto certificate = est::pki::issue_certificate(spec, {*issuer, &*key, est::pki::key_identifier(key->public_key_info())});
  return certificate ? std::move(*certificate) : Bytes{};
}

AfterHook on_success(Operation operation, std::function<void(Response&)> change) {
  return [operation, change = std::move(change)](const Scene& scene, Response& response) {
    if (is(scene.request, operation) && response.status == 200) change(response);
  };
}

AfterHook on_enrolled(std::function<void(Response&)> change) {
  return [change = std::move(change)](const Scene& scene, Response& response) {
    if (is_enroll(scene.request) && response.status == 200) change(response);
  };
}

AfterHook on_enroll_refusal(std::function<void(Response&)> change) {
  return [change = std::move(change)](const Scene& scene, Response& response) {
    if (is_enroll(scene.request) && response.status >= 400) change(response);
  };
}

AfterHook certify_when_refused(int status) {
  return [status](const Scene& scene, Response& response) {
    if (!is_enroll(scene.request) || response.status < 400) return;
    if (status == 0 || response.status == status) response = certify_whatever(scene);
  };
}

void set_der(Response& response, const Bytes& octets) { set_body(response, codec::encode_base64(octets)); }

void set_certificates(Response& response, const std::vector<Bytes>& certificates) {
  set_der(response, codec::encode_certs_only(certificates));
}

void take_large_bodies(server::Config& config) { config.limits.parser.body = std::size_t{32} << 20U; }

bool is_at(const Scene& scene, std::string_view label) { return label_of(scene.request) == label; }

bool has_password(const Scene& scene) { return scene.request.fields.has("Authorization"); }

std::vector<std::string> each(const std::string& scenario, std::initializer_list<const char*> values) {
  std::vector<std::string> ids;
  for (const char* value : values) ids.push_back(scenario + "/" + value);
  return ids;
}

AfterHook grant(Test odd) {
  return [odd = std::move(odd)](const Scene& scene, Response& response) {
    const bool refused = response.status >= 400 && response.status != 401;
    if (is_enroll(scene.request) && refused && request_in(scene.request) && odd(scene)) response = certify_whatever(scene);
  };
}

Instead answer_if(const Test& odd, int status, const std::string& sentence) {
  return [=](const Scene& scene) -> std::optional<Response> {
    if (!odd(scene)) return std::nullopt;
    return est::ops::text_response(status, sentence);
  };
}

std::function<void(const Scene&, est::net::Reply&)> drop_if(Test odd) {
  return [odd = std::move(odd)](const Scene& scene, est::net::Reply& reply) {
    if (!odd(scene)) return;
    reply.wire.clear();
    reply.after = est::net::AfterReply::abort;
  };
}

}  // namespace conformance::selftest
