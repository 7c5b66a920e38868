// SignedData with content and signers: encoded again it decodes to the same, and OpenSSL finds the same content, certificates and
// signatures; what only OpenSSL reads is refused by a rule that has a name.
#include <algorithm>

#include "est/codec/signed_data.h"
#include "fuzz/second_opinion.h"
#include "fuzz/strictness.h"
#include "fuzz/target.h"

namespace {

namespace codec = est::codec;

bool same_signer(const codec::SignerInfo& left, const codec::SignerInfo& right) {
  return left.signature == right.signature && left.signed_attributes_der == right.signed_attributes_der && left.version == right.version &&
         left.digest_algorithm == right.digest_algorithm && left.signature_algorithm == right.signature_algorithm &&
         left.id.serial == right.id.serial && left.id.key_identifier == right.id.key_identifier &&
         left.message_digest() == right.message_digest();
}

void require_same(const codec::SignedData& left, const codec::SignedData& right) {
  fuzz::require(left.version == right.version && left.content_type == right.content_type && left.content == right.content,
                "version and content survive");
  fuzz::require(left.certificates.size() == right.certificates.size() && left.crls.size() == right.crls.size(), "no certificate is lost");
  fuzz::require(std::is_permutation(left.signers.begin(), left.signers.end(), right.signers.begin(), right.signers.end(), same_signer),
                "no signer is lost");
}

bool certificates_readable(const codec::SignedData& data) {
  return std::all_of(data.certificates.begin(), data.certificates.end(),
                     [](const est::Bytes& der) { return fuzz::openssl_certificate(der).has_value(); });
}

bool has_odd_signer(const codec::SignedData& data) {
  return std::any_of(data.signers.begin(), data.signers.end(),
                     [](const codec::SignerInfo& signer) { return fuzz::has_untyped_value(signer.id.issuer); });
}

void compare(const codec::SignedData& ours, const std::optional<fuzz::OpensslSignedData>& theirs) {
  fuzz::require(theirs.has_value(), "what we accept, OpenSSL accepts");
  fuzz::require(theirs->certificates == ours.certificates, "both find the same certificates");
  fuzz::require(theirs->content == ours.content, "the same content");
  fuzz::require(theirs->signatures.size() == ours.signers.size(), "as many signers");
  for (std::size_t i = 0; i < ours.signers.size(); ++i)
    fuzz::require(theirs->signatures[i] == ours.signers[i].signature, "the same signatures");
}

}  // namespace

FUZZ_TARGET(signed_data) {
  const auto message = codec::decode_signed_data(input);
  const auto theirs = fuzz::openssl_signed_data(input);
  if (!message.accepted()) {
    if (theirs) fuzz::require_named_rule(message.findings);
    return;
  }
  const auto again = codec::decode_signed_data(codec::encode_signed_data(*message.value));
  fuzz::require(again.accepted(), "what we build we accept");
  require_same(*message.value, *again.value);
  if (!theirs && has_odd_signer(*message.value)) return;
  if (certificates_readable(*message.value) && message.value->crls.empty()) compare(*message.value, theirs);
}
