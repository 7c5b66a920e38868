// Private keys in transit: OneAsymmetricKey, whose first version is PrivateKeyInfo (RFC 5958 2), and AsymmetricKeyPackage.
// What is inside `private_key` depends on the algorithm and is not read here. Nothing in a finding quotes it.
//
// Finding ids, beside der.* and x509.*. Errors: pkcs8.version (neither v1 nor v2, or not the one that fits publicKey),
// pkcs8.rsa-private-key (a PKCS #1 RSAPrivateKey), pkcs8.ec-private-key (a SEC 1 ECPrivateKey), pkcs8.encrypted (an
// EncryptedPrivateKeyInfo), pkcs8.private-key.empty, pkcs8.public-key (unused bits), pkcs8.package.empty.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/finding.h"
#include "est/codec/pkcs10.h"
#include "est/codec/x509.h"

namespace est::codec {

struct OneAsymmetricKey {
  std::int64_t version = 0;  // v1(0), v2(1)
  AlgorithmIdentifier algorithm;
  Bytes private_key;  // content of the OCTET STRING; secret
  std::vector<Attribute> attributes;
  bool empty_attributes = false;    // [0] is there and holds none: a SET OF may be empty
  std::optional<Bytes> public_key;  // content of the BIT STRING
};

[[nodiscard]] Decoded<OneAsymmetricKey> decode_private_key_info(BytesView der);
// `version` is written as it is.
[[nodiscard]] Bytes encode(const OneAsymmetricKey& key);

// AsymmetricKeyPackage ::= SEQUENCE SIZE (1..MAX) OF OneAsymmetricKey: each element's whole TLV, to be decoded by the function above.
[[nodiscard]] Decoded<std::vector<Bytes>> decode_asymmetric_key_package(BytesView der);
[[nodiscard]] Bytes encode_asymmetric_key_package(const std::vector<Bytes>& keys);

}  // namespace est::codec
