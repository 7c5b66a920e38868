#include "conformance/load/material.h"

#include <algorithm>

#include "est/codec/base64.h"
#include "est/codec/oid.h"
#include "est/codec/x509.h"
#include "est/ops/message.h"

namespace conformance::load {

using est::Bytes;
using est::Error;
using est::ops::Operation;
using est::pki::RequestSpec;

namespace {

constexpr std::size_t line_length = 76;

bool wants(const Plan& plan, Operation operation) {
  return std::any_of(plan.mix.begin(), plan.mix.end(), [&](const Share& share) { return share.operation == operation; });
}

bool wants_keys(const Plan& plan) {
  return wants(plan, Operation::simpleenroll) || wants(plan, Operation::simplereenroll) || wants(plan, Operation::serverkeygen);
}

Bytes body_of(const Bytes& request) { return est::to_bytes(est::codec::encode_base64(request, line_length, "\r\n")); }

est::Result<RequestSpec> first_spec(const Plan& plan, std::size_t number) {
  std::string text = plan.subject;
  if (const auto at = text.find("{n}"); at != std::string::npos) text.replace(at, 3, std::to_string(number));
  auto name = est::codec::parse_name(text);
  if (!name) return Error{"--subject: " + name.error().message};
  RequestSpec spec;
  spec.subject = *std::move(name);
  return spec;
}

// RFC 7030 4.2.2: Subject and SubjectAltName are those of the certificate to be renewed.
est::Result<RequestSpec> renewal_spec(const Plan& plan) {
  if (!plan.identity || plan.identity->chain.empty())
    return Error{"reenroll needs the certificate to be renewed; give --client-cert and --client-key"};
  const auto certificate = est::codec::decode_certificate(plan.identity->chain.front());
  if (!certificate.value) return Error{"--client-cert: the certificate cannot be read"};
  RequestSpec spec;
  spec.subject = certificate.value->subject;
  if (const auto* names = certificate.value->extension(est::codec::oids::subject_alt_name)) spec.extensions.push_back(*names);
  return spec;
}

est::Result<Applicant> make_applicant(const Plan& plan, std::size_t number, const RequestSpec& renewal) {
  auto key = est::crypto::PrivateKey::generate(plan.key);
  if (!key) return key.error();
  auto first = first_spec(plan, number);
  if (!first) return first.error();
  Bytes info = key->public_key_info();
  Applicant one{*std::move(key), std::move(info), *std::move(first), renewal, {}, {}};
  if (plan.link) return one;
  const auto signed_first = est::pki::make_request(one.first, one.key);
  if (!signed_first) return signed_first.error();
  one.first_body = body_of(*signed_first);
  if (!wants(plan, Operation::simplereenroll)) return one;
  const auto signed_renewal = est::pki::make_request(one.renewal, one.key);
  if (!signed_renewal) return signed_renewal.error();
  one.renewal_body = body_of(*signed_renewal);
  return one;
}

est::Result<Bytes> linked_body(RequestSpec spec, const est::crypto::PrivateKey& key, const std::string& binding) {
  spec.challenge_password = binding;
  const auto request = est::pki::make_request(spec, key);
  if (!request) return request.error();
  return body_of(*request);
}

}  // namespace

est::Result<Material> Material::make(const Plan& plan) {
  Material out;
  out.label_ = plan.label;
  out.host_ = plan.target.to_string();
  out.fields_ = plan.fields;
  if (!wants_keys(plan)) return out;
  RequestSpec renewal;
  if (wants(plan, Operation::simplereenroll)) {
    auto spec = renewal_spec(plan);
    if (!spec) return spec.error();
    renewal = *std::move(spec);
  }
  for (std::size_t i = 0; i < plan.pool; ++i) {
    auto one = make_applicant(plan, i, renewal);
    if (!one) return one.error();
    out.applicants_.push_back(*std::move(one));
  }
  return out;
}

const Applicant* Material::applicant(std::uint64_t number) const {
  return applicants_.empty() ? nullptr : &applicants_[number % applicants_.size()];
}

est::Result<est::http::Request> Material::request(Operation operation, const Applicant* applicant, const std::string& binding) const {
  auto request = est::ops::get_request(operation, label_, host_);
  if (est::ops::method_of(operation) == "GET" || applicant == nullptr) return request;
  request.method = est::ops::method_of(operation);
  request.fields.add("Content-Type", std::string(est::ops::request_media_type(operation)));
  for (const est::http::Field& field : fields_) request.fields.add(field.name, field.value);
  const bool renewal = operation == Operation::simplereenroll;
  if (binding.empty()) {
    request.body = renewal ? applicant->renewal_body : applicant->first_body;
    return request;
  }
  auto body = linked_body(renewal ? applicant->renewal : applicant->first, applicant->key, binding);
  if (!body) return body.error();
  request.body = *std::move(body);
  return request;
}

}  // namespace conformance::load
