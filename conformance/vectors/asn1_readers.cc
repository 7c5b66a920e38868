#include <algorithm>

#include "conformance/vectors/readers.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/cms.h"
#include "est/codec/csrattrs.h"
#include "est/codec/enveloped_data.h"
#include "est/codec/pkcs8.h"
#include "est/codec/signed_data.h"
#include "est/pki/request.h"

namespace conformance::vectors::readers {
namespace {

using est::codec::CertificationRequest;
using est::codec::Extension;
using est::codec::der::merge;

// The value has done its work when it was there; what it says is for others.
template <class T>
void take_findings(Reading& reading, est::Decoded<T> decoded) {
  merge(reading.findings, std::move(decoded.findings));
}

template <class T>
Reading reading_of(est::Decoded<T>& decoded) {
  Reading reading{.accepted = decoded.value.has_value(), .findings = std::move(decoded.findings), .decoded = {}};
  decoded.findings.clear();
  return reading;
}

Reading judged(Reading reading) {
  reading.accepted = reading.accepted && !est::has_errors(reading.findings);
  return reading;
}

void read_extension_value(Reading& reading, const Extension& extension) {
  namespace oids = est::codec::oids;
  if (extension.id == oids::subject_alt_name) take_findings(reading, est::codec::decode_general_names(extension.value));
  if (extension.id == oids::key_usage) take_findings(reading, est::codec::decode_key_usage(extension.value));
  if (extension.id == oids::extended_key_usage) take_findings(reading, est::codec::decode_extended_key_usage(extension.value));
  if (extension.id == oids::basic_constraints) take_findings(reading, est::codec::decode_basic_constraints(extension.value));
}

void read_attribute_values(Reading& reading, const CertificationRequest& request) {
  namespace codec = est::codec;
  take_findings(reading, codec::challenge_password(request));
  take_findings(reading, codec::change_subject_name(request));
  take_findings(reading, codec::smime_capabilities(request));
  take_findings(reading, codec::decrypt_key_identifier(request));
  take_findings(reading, codec::asymmetric_decrypt_key_identifier(request));
  take_findings(reading, codec::otp_challenge(request));
  take_findings(reading, codec::revocation_challenge(request));
  take_findings(reading, codec::est_identity_linking(request));
  auto extensions = codec::requested_extensions(request);
  for (const Extension& extension : extensions.value.value_or(std::vector<Extension>{})) read_extension_value(reading, extension);
  merge(reading.findings, std::move(extensions.findings));
}

void read_control_value(Reading& reading, const est::codec::Control& control) {
  namespace oids = est::codec::cmc_oids;
  const auto& type = control.type;
  if (type == oids::status_info || type == oids::status_info_v2) take_findings(reading, est::codec::read_status_info(control));
  if (type == oids::sender_nonce || type == oids::recipient_nonce) take_findings(reading, est::codec::read_octets(control));
  if (type == oids::data_return || type == oids::pop_link_random) take_findings(reading, est::codec::read_octets(control));
  if (type == oids::transaction_id) take_findings(reading, est::codec::read_integer(control));
  if (type == oids::identification) take_findings(reading, est::codec::read_text(control));
}

void read_certificates(Reading& reading, const std::vector<est::Bytes>& certificates) {
  for (const est::Bytes& certificate : certificates) {
    auto decoded = est::codec::decode_certificate(certificate);
    reading.accepted = reading.accepted && decoded.value.has_value();
    merge(reading.findings, std::move(decoded.findings));
  }
}

}  // namespace

Reading verdict(bool accepted, std::string_view word) {
  Reading reading{.accepted = accepted, .findings = {}, .decoded = {}};
  if (!accepted) reading.findings.push_back({std::string(word), est::Severity::error, 0, ""});
  return reading;
}

Reading pkcs10(const Vector& vector) {
  auto decoded = est::codec::decode_certification_request(vector.input);
  Reading reading = reading_of(decoded);
  if (decoded.value) read_attribute_values(reading, *decoded.value);
  return judged(std::move(reading));
}

Reading proof(const Vector& vector) {
  auto decoded = est::codec::decode_certification_request(vector.input);
  Reading reading = reading_of(decoded);
  if (!decoded.value) return reading;
  const auto verified = est::pki::verify_request(*decoded.value);
  if (!verified.ok() || !*verified) merge(reading.findings, verdict(false, "proof").findings);
  return judged(std::move(reading));
}

Reading certs_only(const Vector& vector) {
  auto decoded = est::codec::decode_certs_only(vector.input);
  Reading reading = reading_of(decoded);
  if (decoded.value) read_certificates(reading, decoded.value->certificates);
  return judged(std::move(reading));
}

Reading signed_data(const Vector& vector) {
  auto decoded = est::codec::decode_signed_data(vector.input);
  return judged(reading_of(decoded));
}

Reading enveloped_data(const Vector& vector) {
  auto decoded = est::codec::decode_enveloped_data(vector.input);
  return judged(reading_of(decoded));
}

// RFC 8894 3: pkcsPKIEnvelope is the content, where there is any; what nobody signed is the degenerate form.
Reading scep(const Vector& vector) {
  auto decoded = est::codec::decode_signed_data(vector.input);
  if (decoded.value && decoded.value->signers.empty()) return certs_only(vector);
  Reading reading = reading_of(decoded);
  if (!decoded.value || !decoded.value->content) return judged(std::move(reading));
  auto envelope = est::codec::decode_enveloped_data(*decoded.value->content);
  reading.accepted = reading.accepted && envelope.value.has_value();
  merge(reading.findings, std::move(envelope.findings));
  return judged(std::move(reading));
}

Reading csrattrs(const Vector& vector) {
  auto decoded = est::codec::decode_csrattrs(vector.input);
  Reading reading = reading_of(decoded);
  if (decoded.value) take_findings(reading, est::codec::request_template(*decoded.value));
  return judged(std::move(reading));
}

Reading cmc_request(const Vector& vector) {
  auto decoded = est::codec::decode_pki_data(vector.input);
  Reading reading = reading_of(decoded);
  if (!decoded.value) return reading;
  for (est::codec::TaggedRequest& request : decoded.value->requests) merge(reading.findings, std::move(request.findings));
  for (const est::codec::Control& control : decoded.value->controls) read_control_value(reading, control);
  return judged(std::move(reading));
}

Reading cmc_response(const Vector& vector) {
  auto decoded = est::codec::decode_pki_response(vector.input);
  Reading reading = reading_of(decoded);
  if (!decoded.value) return reading;
  for (const est::codec::Control& control : decoded.value->controls) read_control_value(reading, control);
  return judged(std::move(reading));
}

Reading pkcs8(const Vector& vector) {
  auto decoded = est::codec::decode_private_key_info(vector.input);
  return judged(reading_of(decoded));
}

Reading key_package(const Vector& vector) {
  auto decoded = est::codec::decode_asymmetric_key_package(vector.input);
  Reading reading = reading_of(decoded);
  for (const est::Bytes& key : decoded.value.value_or(std::vector<est::Bytes>{})) {
    auto one = est::codec::decode_private_key_info(key);
    reading.accepted = reading.accepted && one.value.has_value();
    merge(reading.findings, std::move(one.findings));
  }
  return judged(std::move(reading));
}

}  // namespace conformance::vectors::readers
