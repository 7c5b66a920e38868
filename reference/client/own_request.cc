#include "client/own_request.h"

#include <algorithm>
#include <vector>

#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/codec/pem.h"
#include "est/pki/request.h"

namespace client {
namespace {

using est::Bytes;
using est::Error;
using est::Result;
using est::codec::Attribute;
using est::codec::CertificationRequest;
namespace codec = est::codec;
namespace oids = est::codec::oids;

Error in_request(const std::string& name, const std::string& why) { return Error{name + ": " + why}; }

bool is_request_label(const std::string& label) { return label == "CERTIFICATE REQUEST" || label == "NEW CERTIFICATE REQUEST"; }

Result<Bytes> der_of(std::string_view content, const std::string& name) {
  if (content.find("-----BEGIN ") == std::string_view::npos) return est::to_bytes(content);
  const auto blocks = codec::decode_pem(content);
  std::vector<Bytes> found;
  for (const codec::PemBlock& block : *blocks.value)
    if (is_request_label(block.label)) found.push_back(block.der);
  if (found.size() == 1) return found.front();
  if (!blocks.accepted()) return in_request(name, "the PEM text cannot be read: " + est::describe_first(blocks.findings));
  return in_request(name, found.empty() ? "there is no '-----BEGIN CERTIFICATE REQUEST-----' block in it"
                                        : "there are several certification requests in it; give one");
}

// A CertificationRequestInfo that stands alone begins with its version, a signed request with the info.
bool is_unsigned(est::BytesView der) {
  if (der.size() < 2) return false;
  const std::size_t header = der[1] < 0x80 ? 2 : 2 + (der[1] & 0x7fU);
  constexpr est::Byte sequence = 0x30, integer = 0x02;
  return der[0] == sequence && header < der.size() && der[header] == integer;
}

// So that it can be read; which algorithm is named does not matter.
Bytes with_no_signature(const Bytes& info) {
  namespace der = codec::der;
  return der::sequence({info, der::sequence({der::oid(oids::ecdsa_with_sha256)}), der::bit_string({})});
}

Error unsound(const std::string& name, const est::Findings& findings) {
  return in_request(name, "this is no sound certification request (PKCS #10): " + est::describe_first(findings));
}

Result<CertificationRequest> signed_here(const CertificationRequest& request, const std::string& name, const est::crypto::PrivateKey* key) {
  if (key == nullptr) return in_request(name, "the certification request is not signed; give its key (--key), to have it signed here");
  if (key->public_key_info() != request.key.der) return in_request(name, "the private key is not that of the certification request");
  est::pki::RequestSpec spec;
  spec.subject = request.subject;
  spec.attributes = request.attributes;
  const auto made = est::pki::make_request(spec, *key);
  if (!made) return made.error();
  auto read = codec::decode_certification_request(*made);
  if (!read.accepted()) return unsound(name, read.findings);
  return std::move(*read.value);
}

bool is_link(const codec::Oid& type) { return type == oids::challenge_password || type == oids::est_identity_linking; }

bool has_link(const CertificationRequest& request) {
  return std::any_of(request.attributes.begin(), request.attributes.end(), [](const Attribute& each) { return is_link(each.type); });
}

// The digest that was chosen before, unless it is one that is no longer used.
est::crypto::Digest digest_again(const CertificationRequest& request, const est::crypto::PrivateKey& key) {
  const auto before = est::crypto::digest_of(request.signature_algorithm);
  const bool good = before && *before != est::crypto::Digest::sha1 && *before != est::crypto::Digest::md5;
  return good ? *before : key.natural_digest();
}

Result<Bytes> link_anew(const CertificationRequest& request, const OwnRequestUse& use) {
  est::pki::RequestSpec spec;
  spec.subject = request.subject;
  for (const Attribute& each : request.attributes)
    if (!is_link(each.type)) spec.attributes.push_back(each);
  spec.attributes.push_back(codec::make_text_attribute(use.link_by, *use.linking));
  spec.digest = digest_again(request, *use.key);
  return est::pki::make_request(spec, *use.key);
}

}  // namespace

Result<CertificationRequest> read_own_request(std::string_view content, const std::string& name, const est::crypto::PrivateKey* key) {
  const auto der = der_of(content, name);
  if (!der) return der.error();
  auto request = codec::decode_certification_request(is_unsigned(*der) ? with_no_signature(*der) : *der);
  if (request.value && request.value->signature.empty()) return signed_here(*request.value, name, key);
  if (!request.accepted()) return unsound(name, request.findings);
  const auto good = est::pki::verify_request(*request.value);
  if (!good) return in_request(name, "the signature of the certification request cannot be checked: " + good.error().message);
  if (!*good) return in_request(name, "the certification request is not signed by its own key, or was changed afterwards; make it again");
  return std::move(*request.value);
}

Result<Bytes> own_request_to_send(const CertificationRequest& request, const OwnRequestUse& use) {
  if (use.key != nullptr && use.key->public_key_info() != request.key.der)
    return Error{"the private key is not that of the certification request; give the one it was made with"};
  if (use.key != nullptr && use.linking) return link_anew(request, use);
  if (use.linking_demanded)
    return Error{
        use.key == nullptr
            ? "the request must be linked to the TLS connection (RFC 7030 3.5), which only its private key can do; give the key, too"
            : "the request must be linked to the TLS connection (RFC 7030 3.5), and this connection has no channel binding"};
  if (has_link(request))
    return Error{
        "the certification request has a challengePassword of its own, which in EST stands for the TLS connection (RFC 7030 3.5) and "
        "cannot fit this one; make it without, or give its private key, too"};
  return request.der;
}

}  // namespace client
