#include "est/pki/cmc_proof.h"

#include <algorithm>
#include <array>

#include "est/crypto/mac.h"

namespace est::pki {
namespace {

using crypto::Digest;
namespace oids = codec::oids;
namespace cmc_oids = codec::cmc_oids;

struct Row {
  const codec::Oid* oid;
  Digest digest;
};

constexpr std::array digests = {Row{&oids::sha1, Digest::sha1}, Row{&oids::sha256, Digest::sha256}, Row{&oids::sha384, Digest::sha384},
                                Row{&oids::sha512, Digest::sha512}};
constexpr std::array macs = {Row{&cmc_oids::hmac_sha1, Digest::sha1}, Row{&cmc_oids::hmac_sha256, Digest::sha256}};

template <std::size_t N>
std::optional<Digest> find(const std::array<Row, N>& rows, const codec::Oid& oid) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return *row.oid == oid; });
  return found == rows.end() ? std::nullopt : std::optional(found->digest);
}

template <std::size_t N>
codec::Oid find(const std::array<Row, N>& rows, Digest digest) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.digest == digest; });
  return found == rows.end() ? codec::Oid() : *found->oid;
}

}  // namespace

std::optional<ProofAlgorithms> proof_algorithms(const codec::WitnessV2& witness) {
  const std::optional<Digest> key = find(digests, witness.key_algorithm.algorithm);
  const std::optional<Digest> mac = find(macs, witness.mac_algorithm.algorithm);
  if (!key || !mac) return std::nullopt;
  return ProofAlgorithms{*key, *mac};
}

codec::WitnessV2 make_witness_v2(const ProofAlgorithms& algorithms, BytesView witness) {
  return {{find(digests, algorithms.key), {}}, {find(macs, algorithms.mac), {}}, to_bytes(witness)};
}

Bytes identity_witness(const ProofAlgorithms& algorithms, std::string_view secret, std::string_view identification,
                       BytesView request_sequence) {
  Bytes keyed = to_bytes(secret);
  append(keyed, identification);
  return crypto::hmac(algorithms.mac, crypto::digest(algorithms.key, keyed), request_sequence);
}

Bytes pop_link_witness(const ProofAlgorithms& algorithms, std::string_view secret, BytesView random) {
  return crypto::hmac(algorithms.mac, crypto::digest(algorithms.key, as_bytes(secret)), random);
}

Result<Bytes> make_crmf_request(const codec::CrmfSpec& spec, const crypto::PrivateKey& key) {
  const Bytes cert_request = codec::encode_cert_request(spec);
  const Digest digest = key.natural_digest();
  const auto signature = key.sign(digest, cert_request);
  if (!signature) return signature.error();
  return codec::encode_crmf_request(cert_request, codec::encode_signature_proof(key.signature_algorithm(digest), *signature));
}

Result<bool> verify_crmf_request(const codec::CrmfRequest& request) {
  if (request.proof != codec::PossessionProof::signature) return Error{"the CRMF request is not signed"};
  if (!request.certificate.key) return Error{"the CRMF request has no public key"};
  return crypto::verify(request.certificate.key->der, request.signature_algorithm, request.cert_request, request.signature);
}

}  // namespace est::pki
