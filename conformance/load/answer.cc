#include "conformance/load/answer.h"

#include <algorithm>

#include "est/codec/base64.h"
#include "est/codec/csrattrs.h"
#include "est/codec/generated_key.h"
#include "est/codec/media_type.h"
#include "est/codec/x509.h"
#include "est/crypto/chain.h"
#include "est/ops/message.h"

namespace conformance::load {

using est::Bytes;
using est::BytesView;
using est::http::Response;
using est::ops::Operation;

namespace {

std::string_view media_type_for(Operation operation) {
  if (operation == Operation::csrattrs) return "application/csrattrs";
  return operation == Operation::serverkeygen ? "multipart/mixed" : "application/pkcs7-mime";
}

bool has_type(const Response& answer, std::string_view wanted) {
  const auto type = answer.fields.get("Content-Type");
  if (!type) return false;
  const auto read = est::codec::decode_media_type(*type);
  return read.value && read.value->essence() == wanted;
}

bool holds(BytesView all, BytesView part) { return std::search(all.begin(), all.end(), part.begin(), part.end()) != all.end(); }

// The target's clock may be ahead of this machine's by as much as the suite's checks allow.
constexpr est::UnixTime most_ahead = 600;

std::string chain_problem(const Plan& plan, const Bytes& der, const est::codec::Certificate& certificate) {
  const est::UnixTime now = est::system_clock().now(), begins = certificate.validity.not_before;
  est::crypto::ChainOptions options;
  options.at = begins > now && begins - now <= most_ahead ? begins : now;
  const auto chain = est::crypto::verify_chain(der, plan.issuers, plan.anchors, {}, options);
  if (!chain) return "the certificate cannot be read: " + chain.error().message;
  return chain->valid ? std::string() : "the certificate does not lead to the trust anchor: " + chain->reason;
}

// The one certificate of a certs-only message, and the key in it. An empty `key` fits every certificate.
std::string issued_problem(const Plan& plan, BytesView body, BytesView key) {
  const auto certificates = est::ops::read_certs_only_body(body);
  if (!certificates.accepted()) return "the body is no certs-only message: " + est::describe_first(certificates.findings);
  if (certificates.value->size() != 1) return "there are " + std::to_string(certificates.value->size()) + " certificates instead of one";
  const auto certificate = est::codec::decode_certificate(certificates.value->front());
  if (!certificate.accepted()) return "the certificate is malformed: " + est::describe_first(certificate.findings);
  if (!key.empty() && !est::equal(certificate.value->spki, key)) return "the certificate is for another key";
  return chain_problem(plan, certificates.value->front(), *certificate.value);
}

std::string generated_problem(const Plan& plan, const Response& answer) {
  const auto read = est::codec::decode_generated_key_answer(answer.fields.get("Content-Type").value_or(""), answer.body);
  if (!read.accepted() || !read.value->key || !read.value->certificates) return "there is no key with its certificate in the answer";
  const auto& key = read.value->parts[*read.value->key];
  const auto& certificates = read.value->parts[*read.value->certificates].part.body;
  if (key.kind != est::codec::PartKind::private_key) return issued_problem(plan, certificates, {});
  const auto der = est::codec::decode_base64(est::as_text(key.part.body), est::codec::Base64Mode::lenient);
  if (!der.accepted()) return "the private key is not base64";
  const auto made = est::crypto::PrivateKey::from_pkcs8(*der.value);
  if (!made) return "the private key cannot be read: " + made.error().message;
  return issued_problem(plan, certificates, made->public_key_info());
}

std::string whole_problem(const Plan& plan, Operation operation, BytesView key, const Response& answer) {
  if (operation == Operation::serverkeygen) return generated_problem(plan, answer);
  if (operation == Operation::simpleenroll || operation == Operation::simplereenroll) return issued_problem(plan, answer.body, key);
  if (operation == Operation::cacerts) {
    const auto certificates = est::ops::read_certs_only_body(answer.body);
    if (!certificates.accepted() || certificates.value->empty()) return "the body holds no CA certificates";
    return {};
  }
  const auto der = est::codec::decode_base64(est::as_text(answer.body), est::codec::Base64Mode::lenient);
  if (!der.accepted() || !est::codec::decode_csrattrs(*der.value).accepted()) return "the body holds no CSR attributes";
  return {};
}

// Base64 is undone, which costs little, and the key searched in what comes out.
std::string quick_problem(Operation operation, BytesView key, const Response& answer) {
  if (answer.body.empty()) return "the answer is empty";
  if (operation == Operation::serverkeygen) return {};
  const auto der = est::codec::decode_base64(est::as_text(answer.body), est::codec::Base64Mode::lenient);
  if (!der.accepted()) return "the body is not base64";
  const bool issued = operation == Operation::simpleenroll || operation == Operation::simplereenroll;
  return issued && !holds(*der.value, key) ? "there is no certificate for the key in the answer" : std::string();
}

}  // namespace

std::string what_is_wrong(const Plan& plan, Operation operation, BytesView public_key_info, const Response& answer, Look look) {
  if (answer.status == 204) return answer.body.empty() ? std::string() : "an answer without content has content";
  if (!has_type(answer, media_type_for(operation))) return "the media type is not " + std::string(media_type_for(operation));
  return look == Look::quick ? quick_problem(operation, public_key_info, answer) : whole_problem(plan, operation, public_key_info, answer);
}

}  // namespace conformance::load
