// SCEP's pkiMessage (RFC 8894 3): SignedData around EnvelopedData, and the degenerate certs-only form of CA answers. Every layer that is
// accepted survives encoding, and no message is accepted as both forms at once.
#include "est/codec/cms.h"
#include "est/codec/enveloped_data.h"
#include "est/codec/signed_data.h"
#include "fuzz/target.h"

namespace {

namespace codec = est::codec;

// pkcsPKIEnvelope is the content, DER inside the OCTET STRING (RFC 8894 3.2).
void check_envelope(const est::Bytes& content) {
  const auto envelope = codec::decode_enveloped_data(content);
  if (!envelope.accepted()) return;
  const auto again = codec::decode_enveloped_data(codec::encode_enveloped_data(*envelope.value));
  fuzz::require(again.value && again.value->encrypted_content == envelope.value->encrypted_content, "the envelope survives");
}

}  // namespace

FUZZ_TARGET(scep) {
  const auto message = codec::decode_signed_data(input);
  const auto degenerate = codec::decode_certs_only(input);
  if (!message.accepted()) return;
  fuzz::require(!degenerate.accepted() || (message.value->signers.empty() && !message.value->content), "degenerate means without signers");
  fuzz::require(!degenerate.accepted() || degenerate.value->certificates == message.value->certificates, "both find the same certificates");
  if (message.value->content) check_envelope(*message.value->content);
  codec::SignedData changed = *message.value;
  for (codec::SignerInfo& signer : changed.signers) signer.unsigned_attributes.clear();
  const auto again = codec::decode_signed_data(codec::encode_signed_data(changed));
  fuzz::require(again.accepted() && again.value->signers.size() == changed.signers.size(),
                "signers survive the loss of what is not signed");
}
