// An accepted message, rebuilt from its certificates and CRLs, decodes to the same ones, and OpenSSL finds the same; what only OpenSSL
// reads is refused by a rule that has a name. The first certificates in it are held against certificate.h.
#include <algorithm>

#include "est/codec/cms.h"
#include "fuzz/certificate.h"
#include "fuzz/second_opinion.h"
#include "fuzz/strictness.h"
#include "fuzz/target.h"

namespace {

bool readable(const std::vector<est::Bytes>& certificates) {
  return std::all_of(certificates.begin(), certificates.end(),
                     [](const est::Bytes& der) { return fuzz::openssl_certificate(der).has_value(); });
}

}  // namespace

FUZZ_TARGET(certs_only) {
  namespace codec = est::codec;
  const auto message = codec::decode_certs_only(input);
  const auto theirs = fuzz::openssl_signed_data(input);
  if (!message.accepted()) {
    if (theirs) fuzz::require_named_rule(message.findings);
    return;
  }
  constexpr std::size_t looked_into = 4;
  for (std::size_t i = 0; i < std::min(looked_into, message.value->certificates.size()); ++i)
    fuzz::check_certificate(message.value->certificates[i]);
  auto sorted = *message.value;
  std::sort(sorted.certificates.begin(), sorted.certificates.end());
  const auto again = codec::decode_certs_only(codec::encode_certs_only(message.value->certificates, message.value->crls));
  fuzz::require(again.accepted(), "what we build we accept");
  fuzz::require(std::is_permutation(again.value->certificates.begin(), again.value->certificates.end(), sorted.certificates.begin(),
                                    sorted.certificates.end()),
                "no certificate is lost");
  // The certificates are delimited here, not decoded: OpenSSL, which decodes them, may refuse the message for what is in one.
  if (!readable(message.value->certificates) || !message.value->crls.empty()) return;
  fuzz::require(theirs.has_value(), "what we accept, OpenSSL accepts");
  fuzz::require(theirs->certificates == message.value->certificates, "both find the same certificates");
  fuzz::require(theirs->signatures.empty() && !theirs->content, "and no signer and no content");
}
