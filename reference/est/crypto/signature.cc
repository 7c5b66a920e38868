// Signature algorithms: identifier to digest and padding, and back (RFC 3279, RFC 4055, RFC 5758, RFC 8410).
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <vector>

#include "est/codec/der.h"
#include "est/crypto/digest.h"
#include "est/crypto/ecdsa.h"
#include "est/crypto/key.h"
#include "est/crypto/public_key.h"

namespace est::crypto {
namespace {

using codec::AlgorithmIdentifier;
using codec::Oid;
namespace der = codec::der;
namespace oids = codec::oids;

enum class Scheme { rsa_pkcs1, rsa_pss, ecdsa, ed25519, ed448 };
enum class Parameters { absent, null, null_or_absent, pss };

struct Algorithm {
  Oid oid;
  Scheme scheme;
  std::optional<Digest> digest;
  Parameters parameters;
};

const std::vector<Algorithm>& algorithms() {
  static const std::vector<Algorithm> table = {
      // RFC 3279 2.2.1: NULL. RFC 4055 5 adds for the SHA-2 family that absent must be accepted.
      {Oid("1.2.840.113549.1.1.4"), Scheme::rsa_pkcs1, Digest::md5, Parameters::null},
      {oids::sha1_with_rsa, Scheme::rsa_pkcs1, Digest::sha1, Parameters::null},
      {oids::sha256_with_rsa, Scheme::rsa_pkcs1, Digest::sha256, Parameters::null_or_absent},
      {oids::sha384_with_rsa, Scheme::rsa_pkcs1, Digest::sha384, Parameters::null_or_absent},
      {oids::sha512_with_rsa, Scheme::rsa_pkcs1, Digest::sha512, Parameters::null_or_absent},
      {oids::rsassa_pss, Scheme::rsa_pss, {}, Parameters::pss},
      {oids::ecdsa_with_sha1, Scheme::ecdsa, Digest::sha1, Parameters::absent},
      {oids::ecdsa_with_sha256, Scheme::ecdsa, Digest::sha256, Parameters::absent},
      {oids::ecdsa_with_sha384, Scheme::ecdsa, Digest::sha384, Parameters::absent},
      {oids::ecdsa_with_sha512, Scheme::ecdsa, Digest::sha512, Parameters::absent},
      {oids::ed25519, Scheme::ed25519, {}, Parameters::absent},
      {oids::ed448, Scheme::ed448, {}, Parameters::absent},
  };
  return table;
}

const Algorithm* find_algorithm(const Oid& oid) {
  for (const Algorithm& one : algorithms())
    if (one.oid == oid) return &one;
  return nullptr;
}

bool parameters_fit(const Algorithm& algorithm, const Bytes& parameters) {
  switch (algorithm.parameters) {
    case Parameters::absent:
      return parameters.empty();
    case Parameters::null:
      return parameters == der::null();
    case Parameters::null_or_absent:
      return parameters.empty() || parameters == der::null();
    case Parameters::pss:
      return !parameters.empty();
  }
  return false;
}

bool key_fits(Scheme scheme, const PublicKey& key) {
  switch (scheme) {
    case Scheme::rsa_pkcs1:
      return key.facts.algorithm == "RSA" && !key.pss_only;
    case Scheme::rsa_pss:
      return key.facts.algorithm == "RSA";
    case Scheme::ecdsa:
      return key.facts.algorithm == "EC";
    case Scheme::ed25519:
      return key.facts.algorithm == "Ed25519";
    case Scheme::ed448:
      return key.facts.algorithm == "Ed448";
  }
  return false;
}

// RFC 4055 3.3: a key's own parameters bind the signature's.
bool restriction_kept(const PublicKey& key, const PssParameters& used) {
  if (!key.pss) return true;
  return key.pss->digest == used.digest && key.pss->mask_digest == used.mask_digest && used.salt_length >= key.pss->salt_length;
}

bool set_pss(EVP_PKEY_CTX* context, const PssParameters& parameters) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, openssl_name(parameters.mask_digest), nullptr) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, static_cast<int>(parameters.salt_length)) == 1;
}

Result<bool> verify_with(const PublicKey& key, std::optional<Digest> digest, const std::optional<PssParameters>& pss, BytesView data,
                         BytesView signature) {
  clear_errors();
  const DigestContextHandle context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;  // owned by `context`
  const char* name = digest ? openssl_name(*digest) : nullptr;
  if (!context || EVP_DigestVerifyInit_ex(context.get(), &padding, name, nullptr, nullptr, key.handle.get(), nullptr) != 1)
    return openssl_error("cannot set up the verification of a signature");
  if (pss && !set_pss(padding, *pss)) return openssl_error("cannot set up the verification of an RSASSA-PSS signature");
  // Anything but 1 is a signature that is wrong or not even well-formed.
  const bool good = EVP_DigestVerify(context.get(), signature.data(), signature.size(), data.data(), data.size()) == 1;
  clear_errors();
  return good;
}

std::optional<Scheme> scheme_of(int base_id) {
  switch (base_id) {
    case EVP_PKEY_RSA:
      return Scheme::rsa_pkcs1;
    case EVP_PKEY_EC:
      return Scheme::ecdsa;
    case EVP_PKEY_ED25519:
      return Scheme::ed25519;
    case EVP_PKEY_ED448:
      return Scheme::ed448;
    default:
      return {};
  }
}

}  // namespace

codec::AlgorithmIdentifier PrivateKey::signature_algorithm(Digest digest) const {
  const auto scheme = scheme_of(EVP_PKEY_get_base_id(handle()));
  for (const Algorithm& one : algorithms()) {
    if (one.scheme != scheme || (one.digest && one.digest != digest)) continue;
    return {one.oid, one.parameters == Parameters::absent ? Bytes{} : der::null()};
  }
  return {};
}

Result<bool> verify(BytesView public_key_info, const AlgorithmIdentifier& algorithm, BytesView data, BytesView signature) {
  const Algorithm* known = find_algorithm(algorithm.algorithm);
  if (known == nullptr) return Error{"signature algorithm " + algorithm.algorithm.name() + " is not supported"};
  if (!parameters_fit(*known, algorithm.parameters))
    return Error{"signature algorithm " + algorithm.algorithm.name() + " has parameters its RFC does not allow"};
  const auto key = load_public_key(public_key_info);
  if (!key) return key.error();
  if (!key_fits(known->scheme, *key))
    return Error{"signature algorithm " + algorithm.algorithm.name() + " does not fit a key of type " + key->facts.algorithm};
  if (known->scheme == Scheme::ecdsa) return ecdsa_verify(key->handle.get(), crypto::digest(*known->digest, data), signature);
  if (known->scheme != Scheme::rsa_pss) return verify_with(*key, known->digest, {}, data, signature);
  const auto pss = decode_pss_parameters(algorithm.parameters);
  if (!pss) return pss.error();
  if (!restriction_kept(*key, *pss)) return Error{"the RSASSA-PSS parameters of the signature contradict those of the key"};
  return verify_with(*key, pss->digest, *pss, data, signature);
}

std::optional<Digest> digest_of(const AlgorithmIdentifier& algorithm) {
  const Algorithm* known = find_algorithm(algorithm.algorithm);
  if (known == nullptr) return {};
  if (known->scheme != Scheme::rsa_pss) return known->digest;
  const auto pss = decode_pss_parameters(algorithm.parameters);
  return pss ? std::optional(pss->digest) : std::nullopt;
}

}  // namespace est::crypto
