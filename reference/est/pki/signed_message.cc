#include "est/pki/signed_message.h"

#include <algorithm>
#include <array>

#include "est/codec/der.h"
#include "est/codec/oid.h"

namespace est::pki {
namespace {

using codec::AlgorithmIdentifier;
using codec::SignerInfo;
using crypto::Digest;
namespace der = codec::der;
namespace oids = codec::oids;

struct DigestName {
  const codec::Oid* oid;
  Digest digest;
};

constexpr std::array digest_names = {DigestName{&oids::sha1, Digest::sha1}, DigestName{&oids::sha256, Digest::sha256},
                                     DigestName{&oids::sha384, Digest::sha384}, DigestName{&oids::sha512, Digest::sha512}};

// RFC 5754 2: parameters of the SHA-2 family are absent; NULL must be understood.
std::optional<Digest> digest_by(const AlgorithmIdentifier& algorithm) {
  if (!algorithm.parameters.empty() && algorithm.parameters != der::null()) return {};
  const auto* found =
      std::find_if(digest_names.begin(), digest_names.end(), [&](const DigestName& n) { return *n.oid == algorithm.algorithm; });
  return found == digest_names.end() ? std::nullopt : std::optional(found->digest);
}

AlgorithmIdentifier identifier_of(Digest digest) {
  const auto* found = std::find_if(digest_names.begin(), digest_names.end(), [&](const DigestName& n) { return n.digest == digest; });
  return found == digest_names.end() ? AlgorithmIdentifier{} : AlgorithmIdentifier{*found->oid, {}};
}

// CMS lets RSA signatures be named rsaEncryption (RFC 3370 3.2), and the digest stand in digestAlgorithm alone.
AlgorithmIdentifier complete(const AlgorithmIdentifier& algorithm, Digest digest) {
  if (algorithm.algorithm != oids::rsa_encryption) return algorithm;
  switch (digest) {
    case Digest::sha1:
      return {oids::sha1_with_rsa, der::null()};
    case Digest::sha256:
      return {oids::sha256_with_rsa, der::null()};
    case Digest::sha384:
      return {oids::sha384_with_rsa, der::null()};
    case Digest::sha512:
      return {oids::sha512_with_rsa, der::null()};
    default:
      return algorithm;
  }
}

bool is_edwards(const crypto::PrivateKey& key) {
  const AlgorithmIdentifier algorithm = key.signature_algorithm(Digest::sha512);
  return algorithm.algorithm == oids::ed25519 || algorithm.algorithm == oids::ed448;
}

Result<codec::SignerIdentifier> identifier_for(const MessageSigner& signer) {
  codec::SignerIdentifier id;
  if (signer.certificate.empty()) {
    id.by_key_identifier = true;
    id.key_identifier = signer.key_identifier;
    return id;
  }
  auto certificate = codec::decode_certificate(signer.certificate);
  if (!certificate.value) return Error{"the signer's certificate cannot be read: " + describe_first(certificate.findings)};
  id.issuer = certificate.value->issuer;
  id.serial = certificate.value->serial;
  return id;
}

}  // namespace

Status sign_again(SignerInfo& info, BytesView content, const crypto::PrivateKey& key, Digest digest) {
  const BytesView covered = info.signed_attributes_der.empty() ? content : BytesView(info.signed_attributes_der);
  auto signature = key.sign(digest, covered);
  if (!signature) return signature.error();
  info.signature_algorithm = key.signature_algorithm(digest);
  info.signature = std::move(*signature);
  return {};
}

Result<codec::SignedData> sign_message(const MessageSpec& spec, const MessageSigner& signer) {
  if (signer.key == nullptr) return Error{"there is no key to sign the message with"};
  const Digest digest = is_edwards(*signer.key) ? Digest::sha512 : signer.digest.value_or(signer.key->natural_digest());
  auto id = identifier_for(signer);
  if (!id) return id.error();
  SignerInfo info;
  info.version = id->by_key_identifier ? 3 : 1;
  info.id = std::move(*id);
  info.digest_algorithm = identifier_of(digest);
  info.signed_attributes = {codec::make_content_type_attribute(spec.content_type),
                            codec::make_message_digest_attribute(crypto::digest(digest, spec.content))};
  if (signer.signing_time) info.signed_attributes.push_back(codec::make_signing_time_attribute(*signer.signing_time));
  info.signed_attributes_der = codec::encode_signed_attributes(info.signed_attributes);
  if (Status done = sign_again(info, spec.content, *signer.key, digest); !done) return done.error();
  codec::SignedData data;
  data.digest_algorithms = {info.digest_algorithm};
  data.content_type = spec.content_type;
  data.content = spec.content;
  data.certificates = spec.certificates;
  data.signers = {std::move(info)};
  data.version = codec::signed_data_version(data);
  return data;
}

Result<bool> verify_signer(const SignerInfo& signer, BytesView content, BytesView public_key_info) {
  const std::optional<Digest> digest = digest_by(signer.digest_algorithm);
  if (!digest) return Error{"digest algorithm " + signer.digest_algorithm.algorithm.name() + " is not supported"};
  const AlgorithmIdentifier algorithm = complete(signer.signature_algorithm, *digest);
  if (signer.signed_attributes_der.empty()) return crypto::verify(public_key_info, algorithm, content, signer.signature);
  const std::optional<Bytes> stated = signer.message_digest();
  if (!stated || !equal(*stated, crypto::digest(*digest, content))) return false;
  return crypto::verify(public_key_info, algorithm, signer.signed_attributes_der, signer.signature);
}

std::optional<Bytes> subject_key_identifier(const std::vector<codec::Extension>& extensions) {
  const auto found =
      std::find_if(extensions.begin(), extensions.end(), [](const codec::Extension& e) { return e.id == oids::subject_key_identifier; });
  if (found == extensions.end()) return {};
  Findings findings;
  der::Reader value(found->value, findings);
  const std::optional<BytesView> octets = value.octet_string("subjectKeyIdentifier");
  value.finish("subjectKeyIdentifier");
  if (!octets || !findings.empty()) return {};
  return to_bytes(*octets);
}

std::optional<codec::Certificate> signer_certificate(const codec::SignerIdentifier& id, const std::vector<Bytes>& candidates) {
  for (const Bytes& candidate : candidates) {
    auto certificate = codec::decode_certificate(candidate);
    if (!certificate.value) continue;
    const bool named = id.by_key_identifier
                           ? subject_key_identifier(certificate.value->extensions) == id.key_identifier
                           : certificate.value->serial == id.serial && codec::same_name(certificate.value->issuer, id.issuer);
    if (named) return std::move(*certificate.value);
  }
  return {};
}

}  // namespace est::pki
