#include "fuzz/certificate.h"

#include "est/codec/x509.h"
#include "fuzz/second_opinion.h"
#include "fuzz/strictness.h"
#include "fuzz/target.h"

namespace fuzz {
namespace {

namespace codec = est::codec;

void check_values(const codec::Extension& extension) {
  (void)codec::decode_basic_constraints(extension.value);
  constexpr unsigned with_a_name = 0x1FF;  // others may be read, but not made
  if (const auto usage = codec::decode_key_usage(extension.value); usage.accepted() && (*usage.value & with_a_name) != 0)
    require(codec::decode_key_usage(codec::make_key_usage(*usage.value).value).value == (*usage.value & with_a_name), "key usage survives");
  if (const auto purposes = codec::decode_extended_key_usage(extension.value); purposes.accepted())
    require(est::equal(codec::make_extended_key_usage(*purposes.value).value, extension.value), "purposes re-encode to the same");
  const auto names = codec::decode_general_names(extension.value);
  if (!names.accepted()) return;
  const auto again = codec::decode_general_names(codec::encode_general_names(*names.value));
  require(again.value && *again.value == *names.value, "general names survive");
  for (const codec::GeneralName& name : *names.value) (void)codec::to_string(name);
}

OpensslCertificate certificate_as_openssl_would(const codec::Certificate& certificate) {
  return {certificate.subject.der, certificate.issuer.der, codec::der::tlv(codec::der::tags::integer, certificate.serial),
          certificate.spki,        certificate.signature,  static_cast<int>(certificate.extensions.size())};
}

}  // namespace

void check_certificate(est::BytesView der) {
  const auto certificate = codec::decode_certificate(der);
  const auto theirs = openssl_certificate(der);
  if (certificate.value) {
    for (const codec::Extension& each : certificate.value->extensions) check_values(each);
    (void)certificate.value->subject.to_string();
    require(codec::same_name(certificate.value->issuer, certificate.value->issuer), "a name is the same as itself");
  }
  if (!certificate.accepted()) {
    if (theirs) require_named_rule(certificate.findings);
    return;
  }
  if (!theirs && (has_untyped_value(certificate.value->subject) || has_untyped_value(certificate.value->issuer))) return;
  require(theirs.has_value(), "what we accept, OpenSSL accepts");
  require(*theirs == certificate_as_openssl_would(*certificate.value), "both read the same values");
}

}  // namespace fuzz
