// EnvelopedData: encoded again it decodes to the same, and OpenSSL finds the same recipients and encrypted content; what only OpenSSL
// reads is refused by a rule that has a name.
#include <openssl/cms.h>

#include <algorithm>

#include "est/codec/enveloped_data.h"
#include "fuzz/second_opinion.h"
#include "fuzz/strictness.h"
#include "fuzz/target.h"

namespace {

namespace codec = est::codec;

int openssl_kind(codec::KeyManagement management) {
  switch (management) {
    case codec::KeyManagement::key_transport:
      return CMS_RECIPINFO_TRANS;
    case codec::KeyManagement::key_agreement:
      return CMS_RECIPINFO_AGREE;
    case codec::KeyManagement::key_encryption_key:
      return CMS_RECIPINFO_KEK;
    case codec::KeyManagement::password:
      return CMS_RECIPINFO_PASS;
    case codec::KeyManagement::other:
      break;
  }
  return CMS_RECIPINFO_OTHER;
}

bool can_be_written(const codec::RecipientInfo& recipient) {
  return recipient.management != codec::KeyManagement::password && recipient.management != codec::KeyManagement::other;
}

// Names with values OpenSSL does not read. Those of originators are not kept as such.
bool has_odd_name(const codec::RecipientInfo& recipient) {
  if (!recipient.originator.empty() && recipient.originator.front() == 0x30) return true;
  return std::any_of(recipient.keys.begin(), recipient.keys.end(),
                     [](const codec::EncryptedKey& key) { return fuzz::has_untyped_value(key.recipient.issuer); });
}

bool same_recipient(const codec::RecipientInfo& left, const codec::RecipientInfo& right) {
  return left.management == right.management && left.version == right.version && left.originator == right.originator &&
         left.user_keying_material == right.user_keying_material && left.key_encryption == right.key_encryption &&
         left.keys.size() == right.keys.size();
}

void require_round_trip(const codec::EnvelopedData& data) {
  const auto again = codec::decode_enveloped_data(codec::encode_enveloped_data(data));
  fuzz::require(again.value.has_value(), "what we build we can read");
  const codec::EnvelopedData& back = *again.value;
  fuzz::require(back.version == data.version && back.content_type == data.content_type &&
                    back.content_encryption == data.content_encryption && back.encrypted_content == data.encrypted_content,
                "the content survives");
  fuzz::require(
      std::is_permutation(data.recipients.begin(), data.recipients.end(), back.recipients.begin(), back.recipients.end(), same_recipient),
      "no recipient is lost");
}

}  // namespace

FUZZ_TARGET(enveloped_data) {
  const auto message = codec::decode_enveloped_data(input);
  const auto theirs = fuzz::openssl_enveloped_data(input);
  if (!message.accepted()) {
    if (theirs) fuzz::require_named_rule(message.findings);
    return;
  }
  const auto& recipients = message.value->recipients;
  // The others are delimited only; OpenSSL, which looks inside, may refuse the message for what is in one.
  if (!std::all_of(recipients.begin(), recipients.end(), can_be_written)) return;
  require_round_trip(*message.value);
  // The certificates in it are delimited only, too.
  if (message.value->originator_info) return;
  if (!theirs && std::any_of(recipients.begin(), recipients.end(), has_odd_name)) return;
  fuzz::require(theirs.has_value(), "what we accept, OpenSSL accepts");
  fuzz::require(theirs->encrypted_content == message.value->encrypted_content, "both find the same encrypted content");
  fuzz::require(theirs->recipients.size() == recipients.size(), "as many recipients");
  for (std::size_t i = 0; i < recipients.size(); ++i)
    fuzz::require(theirs->recipients[i] == openssl_kind(recipients[i].management), "of the same kinds");
}
