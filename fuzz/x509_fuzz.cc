// Certificates and the values of their extensions. OpenSSL reads the same values; what only OpenSSL reads is refused by a rule that has a
// name; what our builders make of decoded extension values decodes to them again.
#include "est/codec/x509.h"
#include "fuzz/second_opinion.h"
#include "fuzz/strictness.h"
#include "fuzz/target.h"

namespace {

namespace codec = est::codec;

void check_values(const codec::Extension& extension) {
  (void)codec::decode_basic_constraints(extension.value);
  if (const auto usage = codec::decode_key_usage(extension.value); usage.accepted() && *usage.value != 0)
    fuzz::require(*codec::decode_key_usage(codec::make_key_usage(*usage.value).value).value == *usage.value, "key usage survives");
  if (const auto purposes = codec::decode_extended_key_usage(extension.value); purposes.accepted())
    fuzz::require(est::equal(codec::make_extended_key_usage(*purposes.value).value, extension.value), "purposes re-encode to the same");
  const auto names = codec::decode_general_names(extension.value);
  if (!names.accepted()) return;
  const auto again = codec::decode_general_names(codec::encode_general_names(*names.value));
  fuzz::require(again.value && *again.value == *names.value, "general names survive");
  for (const codec::GeneralName& name : *names.value) (void)codec::to_string(name);
}

fuzz::OpensslCertificate certificate_as_openssl_would(const codec::Certificate& certificate) {
  return {certificate.subject.der, certificate.issuer.der, codec::der::tlv(codec::der::tags::integer, certificate.serial),
          certificate.spki,        certificate.signature,  static_cast<int>(certificate.extensions.size())};
}

}  // namespace

FUZZ_TARGET(x509) {
  const auto certificate = codec::decode_certificate(input);
  const auto theirs = fuzz::openssl_certificate(input);
  if (certificate.value) {
    for (const codec::Extension& each : certificate.value->extensions) check_values(each);
    (void)certificate.value->subject.to_string();
    fuzz::require(codec::same_name(certificate.value->issuer, certificate.value->issuer), "a name is the same as itself");
  }
  if (!certificate.accepted()) {
    if (theirs) fuzz::require_named_rule(certificate.findings);
    return;
  }
  if (!theirs && (fuzz::has_untyped_value(certificate.value->subject) || fuzz::has_untyped_value(certificate.value->issuer))) return;
  fuzz::require(theirs.has_value(), "what we accept, OpenSSL accepts");
  fuzz::require(*theirs == certificate_as_openssl_would(*certificate.value), "both read the same values");
}
