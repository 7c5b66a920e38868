#include "conformance/steps/generated_key.h"

#include "conformance/steps/key_mask.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/der.h"
#include "est/codec/generated_key.h"
#include "est/codec/oid.h"
#include "est/codec/pkcs8.h"
#include "est/codec/signed_data.h"
#include "est/ops/message.h"
#include "est/pki/envelope.h"
#include "est/pki/signed_message.h"

namespace conformance::steps {
namespace {

using est::Bytes;
using est::codec::AlgorithmIdentifier;
using est::codec::SignedData;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

constexpr std::size_t longest_fact = 300;

// Failures name what is wrong, never an octet of the key.
void note(GeneratedKey& out, const std::string& name, std::string_view value) { out.facts[name] = est::printable(value, longest_fact); }

void read_key(const Bytes& octets, GeneratedKey& out) {
  Bytes structure = octets;
  mask_key(structure);
  out.artefacts["key-structure"] = std::move(structure);
  auto key = est::crypto::PrivateKey::from_pkcs8(octets);
  if (!key) return note(out, "generated-key", key.error().message);
  out.artefacts["spki"] = key->public_key_info();
  out.key = *std::move(key);
  note(out, "generated-key", "usable");
}

std::string signature_of(const SignedData& data) {
  if (data.signers.empty()) return "no signer";
  if (!data.content) return "no content";
  for (const codec::SignerInfo& signer : data.signers) {
    const auto certificate = est::pki::signer_certificate(signer.id, data.certificates);
    if (!certificate) return "no certificate of the signer";
    const auto good = est::pki::verify_signer(signer, *data.content, certificate->spki);
    if (!good) return "not verifiable: " + good.error().message;
    if (!*good) return "invalid";
  }
  return "valid";
}

// The key package, or the bare key some put in its place.
void read_package(const Bytes& content, GeneratedKey& out) {
  const auto package = codec::decode_asymmetric_key_package(content);
  if (package.accepted()) {
    note(out, "key-package", std::to_string(package.value->size()));
    return read_key(package.value->front(), out);
  }
  note(out, "key-package", "none");
  read_key(content, out);
}

// RFC 5652 6.1 with id-signedData: a SignedData; a ContentInfo around it is read too.
void read_content(const Bytes& content, GeneratedKey& out) {
  auto data = codec::decode_bare_signed_data(content);
  note(out, "envelope-content", "SignedData");
  if (!data.value) {
    data = codec::decode_signed_data(content);
    note(out, "envelope-content", "ContentInfo with SignedData");
  }
  if (!data.value || !data.value->content) {
    note(out, "envelope-content", "no SignedData");
    return read_package(content, out);
  }
  if (est::has_errors(data.findings)) note(out, "signed-data", est::describe_first(data.findings));
  note(out, "signed-content-type", data.value->content_type.name());
  note(out, "signature", signature_of(*data.value));
  read_package(*data.value->content, out);
}

void open(const Bytes& envelope, const target::ProtectionKey* with, GeneratedKey& out) {
  if (with == nullptr) return note(out, "envelope", "the profile names no key to open it with");
  const auto content = est::crypto::open_envelope(envelope, {with->key, with->secret});
  if (!content) return note(out, "envelope", content.error().message);
  note(out, "envelope", "opened");
  read_content(*content, out);
}

AlgorithmIdentifier agreement(const codec::Oid& scheme, const codec::Oid& wrap) {
  return {scheme, codec::encode(AlgorithmIdentifier{wrap, {}})};
}

const codec::Oid& wrap_for(const target::ProtectionKey* key) {
  if (key == nullptr || key->secret.size() == 32) return oids::aes256_wrap;
  return key->secret.size() == 24 ? oids::aes192_wrap : oids::aes128_wrap;
}

// What the suite can decrypt with the key in question, best first.
std::vector<AlgorithmIdentifier> capabilities_for(const std::string& protect, const target::ProtectionKey* key) {
  std::vector<AlgorithmIdentifier> list;
  if (protect.ends_with("symmetric") && protect != "unknown-asymmetric") {
    list = {{wrap_for(key), {}}};
  } else if (protect == "key-transport") {
    list = {{oids::rsa_encryption, der::null()}, {oids::rsaes_oaep, est::pki::oaep_default_parameters()}};
  } else {
    list = {agreement(oids::dh_std_sha256_kdf, oids::aes256_wrap),
            agreement(oids::dh_std_sha256_kdf, oids::aes128_wrap),
            agreement(oids::dh_std_sha384_kdf, oids::aes256_wrap),
            {oids::aes256_wrap, {}},
            {oids::aes128_wrap, {}}};
  }
  list.push_back({oids::aes256_cbc, {}});
  list.push_back({oids::aes128_cbc, {}});
  return list;
}

}  // namespace

GeneratedKey read_generated_key(const est::http::Response& answer, const target::ProtectionKey* with) {
  GeneratedKey out;
  const auto parts = codec::decode_generated_key_answer(answer.fields.get("Content-Type").value_or(""), answer.body);
  if (!parts.value) return out;
  if (parts.value->certificates) {
    auto certificates = est::ops::read_certs_only_body(parts.value->parts[*parts.value->certificates].part.body);
    if (certificates.value) out.certificates = *std::move(certificates.value);
  }
  if (!parts.value->key) return out;
  const auto& part = parts.value->parts[*parts.value->key];
  const auto octets = codec::decode_base64(est::as_text(part.part.body), codec::Base64Mode::lenient);
  if (!octets.accepted()) {
    note(out, "generated-key", "the part with the key is not base64");
  } else if (part.kind == codec::PartKind::private_key) {
    read_key(*octets.value, out);
  } else {
    open(*octets.value, with, out);
  }
  return out;
}

std::vector<codec::Attribute> protection_attributes(const std::string& protect, const target::ProtectionKey* key,
                                                    const std::string& capabilities) {
  if (protect == "none") return {};
  const std::string identifier = key != nullptr ? key->identifier : "estspec-" + protect;
  const bool symmetric = protect == "symmetric" || protect == "unknown-symmetric";
  const auto& type = symmetric ? oids::decrypt_key_identifier : oids::asymmetric_decrypt_key_identifier;
  std::vector<codec::Attribute> attributes{codec::make_octet_string_attribute(type, est::as_bytes(identifier))};
  if (capabilities != "none") attributes.push_back(codec::make_smime_capabilities(capabilities_for(protect, key)));
  return attributes;
}

const target::ProtectionKey* protection_key(const target::Profile& profile, const std::string& protect) {
  const auto found = profile.protection_keys.find(protect);
  return found == profile.protection_keys.end() ? nullptr : &found->second;
}

}  // namespace conformance::steps
