#include "est/crypto/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <vector>

#include "est/codec/der.h"

namespace est::crypto {
namespace {

using codec::AlgorithmIdentifier;
using codec::Oid;
namespace der = codec::der;
namespace oids = codec::oids;

using BignumHandle = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using ParamBuilderHandle = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using ParamsHandle = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;

constexpr int least_modulus_bits = 512;
constexpr int most_modulus_bits = 16384;
constexpr int most_exponent_bits = 256;  // FIPS 186-5 A.1.1

struct Curve {
  Oid oid;
  const char* name;           // as in KeyFacts
  const char* openssl_group;  // as in OSSL_PKEY_PARAM_GROUP_NAME
  int bits;
};

const std::vector<Curve>& curves() {
  static const std::vector<Curve> table = {
      {oids::prime256v1, "P-256", "P-256", 256},
      {oids::secp384r1, "P-384", "P-384", 384},
      {oids::secp521r1, "P-521", "P-521", 521},
      {Oid("1.3.132.0.33"), "P-224", "P-224", 224},
      {Oid("1.3.132.0.10"), "secp256k1", "secp256k1", 256},
      {Oid("1.3.36.3.3.2.8.1.1.7"), "brainpoolP256r1", "brainpoolP256r1", 256},
      {Oid("1.3.36.3.3.2.8.1.1.11"), "brainpoolP384r1", "brainpoolP384r1", 384},
      {Oid("1.3.36.3.3.2.8.1.1.13"), "brainpoolP512r1", "brainpoolP512r1", 512},
  };
  return table;
}

Error malformed(std::string_view why) { return Error{"the public key is malformed: " + std::string(why)}; }

Result<KeyHandle> from_params(const char* type, OSSL_PARAM* params) {
  clear_errors();
  const KeyContextHandle context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 || EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
    return openssl_error("the public key is malformed");
  return KeyHandle(key);
}

// Content octets of an INTEGER as a number of at most `most_bits`; nothing if negative or longer.
std::optional<BignumHandle> positive(const Bytes& content, int most_bits) {
  if (content.empty() || (content.front() & 0x80U) != 0 || content.size() > static_cast<std::size_t>(most_bits) / 8 + 1) return {};
  BignumHandle number(BN_bin2bn(content.data(), static_cast<int>(content.size()), nullptr));
  if (!number || BN_num_bits(number.get()) > most_bits) return {};
  return number;
}

Result<KeyHandle> rsa_handle(const BIGNUM* modulus, const BIGNUM* exponent) {
  const ParamBuilderHandle builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
    return openssl_error("cannot set up an RSA key");
  const ParamsHandle params(OSSL_PARAM_BLD_to_param(builder.get()));
  if (!params) return openssl_error("cannot set up an RSA key");
  return from_params("RSA", params.get());
}

// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }   (RFC 3279 2.3.1)
Result<PublicKey> load_rsa(BytesView bits) {
  Findings findings;
  der::Reader outer(bits, findings);
  der::Reader key = outer.enter(der::tags::sequence, "RSAPublicKey");
  const auto n = key.integer("modulus");
  const auto e = key.integer("publicExponent");
  key.finish("RSAPublicKey");
  outer.finish("RSAPublicKey");
  if (!n || !e || has_errors(findings)) return malformed(describe_first(findings));
  const auto modulus = positive(*n, most_modulus_bits);
  if (!modulus || BN_num_bits(modulus->get()) < least_modulus_bits || BN_is_odd(modulus->get()) == 0)
    return malformed("the RSA modulus must be odd and have 512 to 16384 bits");
  const auto exponent = positive(*e, most_exponent_bits);
  if (!exponent || BN_is_odd(exponent->get()) == 0 || BN_is_one(exponent->get()) == 1)
    return malformed("the RSA public exponent must be odd, 3 or more, and have at most 256 bits");
  auto handle = rsa_handle(modulus->get(), exponent->get());
  if (!handle) return handle.error();
  return PublicKey{std::move(*handle), {"RSA", "", BN_num_bits(modulus->get())}, false, {}};
}

Result<PublicKey> load_pss(const AlgorithmIdentifier& algorithm, BytesView bits) {
  auto key = load_rsa(bits);
  if (!key) return key.error();
  key->pss_only = true;
  if (algorithm.parameters.empty()) return key;
  auto parameters = decode_pss_parameters(algorithm.parameters);
  if (!parameters) return parameters.error();
  key->pss = *parameters;
  return key;
}

const Curve* curve_of(const AlgorithmIdentifier& algorithm) {
  for (const Curve& curve : curves())
    if (algorithm.parameters == der::oid(curve.oid)) return &curve;
  return nullptr;
}

// The key this thread has loaded last. A request's key is asked for more than once in a row; and for OpenSSL 3.0 a new EC key costs as much
// as half a signature, a new point in an old key next to nothing.
struct Latest {
  Bytes info;  // empty: none
  PublicKey key;
};
Latest& latest() {
  thread_local Latest one;
  return one;
}

// In place of the latest key, when it is of the same curve and nobody else has it any more. Nothing: it is not, or the point is no good.
std::shared_ptr<EVP_PKEY> exchange_point(const Curve& curve, BytesView bits) {
  Latest& last = latest();
  const bool free = last.key.handle.use_count() == 1 && last.key.facts.algorithm == "EC" && last.key.facts.group == curve.name;
  if (!free) return nullptr;
  auto handle = std::move(last.key.handle);
  last = {};
  clear_errors();
  if (EVP_PKEY_set1_encoded_public_key(handle.get(), bits.data(), bits.size()) == 1) return handle;
  clear_errors();
  return nullptr;
}

// ECPoint: 04 X Y, or 02/03 X (RFC 5480 2.2; hybrid forms are forbidden there, and infinity is no key).
bool plausible_point(BytesView bits, int field_bits) {
  const auto field = static_cast<std::size_t>(field_bits + 7) / 8;
  if (bits.empty()) return false;
  if (bits[0] == 4) return bits.size() == 1 + 2 * field;
  return (bits[0] == 2 || bits[0] == 3) && bits.size() == 1 + field;
}

Result<PublicKey> load_ec(const AlgorithmIdentifier& algorithm, BytesView bits) {
  if (algorithm.parameters.empty()) return malformed("an EC key must name its curve");
  if (algorithm.parameters.front() != 0x06) return malformed("an EC key must name its curve, explicit parameters are not accepted");
  const Curve* curve = curve_of(algorithm);
  if (curve == nullptr) return Error{"the curve of the public key is not supported; use P-256, P-384 or P-521"};
  if (!plausible_point(bits, curve->bits)) return malformed("the EC point has the wrong form or length");
  const KeyFacts facts{"EC", curve->name, curve->bits};
  if (auto used = exchange_point(*curve, bits)) return PublicKey{std::move(used), facts, false, {}};
  const ParamBuilderHandle builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->openssl_group, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, bits.data(), bits.size()) != 1)
    return openssl_error("cannot set up an EC key");
  const ParamsHandle params(OSSL_PARAM_BLD_to_param(builder.get()));
  if (!params) return openssl_error("cannot set up an EC key");
  auto handle = from_params("EC", params.get());
  if (!handle) return handle.error();
  return PublicKey{std::move(*handle), facts, false, {}};
}

Result<PublicKey> load_edwards(const AlgorithmIdentifier& algorithm, BytesView bits, const char* name, std::size_t size) {
  if (!algorithm.parameters.empty()) return malformed(std::string(name) + " takes no parameters (RFC 8410 section 3)");
  if (bits.size() != size) return malformed(std::string(name) + " keys have " + std::to_string(size) + " octets");
  clear_errors();
  KeyHandle handle(EVP_PKEY_new_raw_public_key_ex(nullptr, name, nullptr, bits.data(), bits.size()));
  if (!handle) return openssl_error("the public key is malformed");
  return PublicKey{std::move(handle), {name, "", static_cast<int>(size == 57 ? 456 : 256)}, false, {}};
}

Result<PublicKey> read_public_key(BytesView public_key_info) {
  const auto info = codec::decode_public_key_info(public_key_info);
  if (!info.accepted()) return malformed(describe_first(info.findings));
  const AlgorithmIdentifier& algorithm = info.value->algorithm;
  const Bytes& bits = info.value->key;
  if (algorithm.algorithm == oids::ec_public_key) return load_ec(algorithm, bits);
  if (algorithm.algorithm == oids::rsa_encryption) {
    if (algorithm.parameters != der::null()) return malformed("rsaEncryption needs NULL parameters (RFC 3279 section 2.3.1)");
    return load_rsa(bits);
  }
  if (algorithm.algorithm == oids::rsassa_pss) return load_pss(algorithm, bits);
  if (algorithm.algorithm == oids::ed25519) return load_edwards(algorithm, bits, "Ed25519", 32);
  if (algorithm.algorithm == oids::ed448) return load_edwards(algorithm, bits, "Ed448", 57);
  return Error{"public keys of type " + algorithm.algorithm.name() + " are not supported; use EC, RSA or Ed25519"};
}

}  // namespace

const char* openssl_name(Digest digest) noexcept {
  switch (digest) {
    case Digest::md5:
      return "MD5";
    case Digest::sha1:
      return "SHA1";
    case Digest::sha256:
      return "SHA2-256";
    case Digest::sha384:
      return "SHA2-384";
    case Digest::sha512:
      return "SHA2-512";
    case Digest::sha512_256:
      return "SHA2-512/256";
  }
  return "";
}

Result<PublicKey> load_public_key(BytesView public_key_info) {
  if (!public_key_info.empty() && equal(latest().info, public_key_info)) return latest().key;
  auto key = read_public_key(public_key_info);
  if (key) latest() = {to_bytes(public_key_info), *key};
  return key;
}

}  // namespace est::crypto
