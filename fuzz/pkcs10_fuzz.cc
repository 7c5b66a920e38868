// A request the decoder accepts is rebuilt octet for octet from its parts, and OpenSSL reads the same values; what only OpenSSL reads is
// refused by a rule that has a name.
#include "est/codec/pkcs10.h"
#include "fuzz/planted.h"
#include "fuzz/second_opinion.h"
#include "fuzz/strictness.h"
#include "fuzz/target.h"

namespace {

namespace codec = est::codec;

void read_attributes(const codec::CertificationRequest& request) {
  (void)codec::challenge_password(request);
  (void)codec::requested_extensions(request);
  fuzz::look_at_names(codec::requested_subject_alt_name(request));
  (void)codec::change_subject_name(request);
  (void)codec::smime_capabilities(request);
  (void)codec::decrypt_key_identifier(request);
  (void)codec::asymmetric_decrypt_key_identifier(request);
  (void)codec::otp_challenge(request);
  (void)codec::revocation_challenge(request);
  (void)codec::est_identity_linking(request);
  (void)request.subject.to_string();
}

fuzz::OpensslRequest as_openssl_would(const codec::CertificationRequest& request) {
  return {request.version, request.subject.der, request.key.der, request.signature, static_cast<int>(request.attributes.size())};
}

}  // namespace

FUZZ_TARGET(pkcs10) {
  const auto request = codec::decode_certification_request(input);
  const auto theirs = fuzz::openssl_request(input);
  if (request.value) read_attributes(*request.value);
  if (!request.accepted()) {
    if (theirs) fuzz::require_named_rule(request.findings);
    return;
  }
  const auto again = codec::encode_certification_request(request.value->info, request.value->signature_algorithm, request.value->signature);
  fuzz::require(est::equal(again, input), "an accepted request re-encodes to the same octets");
  if (!theirs && fuzz::has_untyped_value(request.value->subject)) return;
  fuzz::require(theirs.has_value(), "what we accept, OpenSSL accepts");
  fuzz::require(*theirs == as_openssl_would(*request.value), "both read the same values");
}
