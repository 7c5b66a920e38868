// RFC 5280 section 4 for one issued end-entity certificate: MUSTs fail, SHOULDs warn, nothing else is judged.
#include <algorithm>
#include <array>
#include <functional>

#include "conformance/checks/certificate_fields.h"
#include "conformance/checks/certificate_profile.h"
#include "conformance/checks/families.h"
#include "est/codec/der.h"

namespace conformance::checks {

namespace {

namespace der = est::codec::der;
namespace oids = est::codec::oids;
using est::codec::Certificate;
using est::codec::Extension;

constexpr std::size_t longest_serial = 20;
constexpr est::UnixTime first_of_2050 = 2524608000;

void judge_serial(const Certificate& certificate, Defects& defects) {
  const auto& serial = certificate.serial;
  const bool zero = std::all_of(serial.begin(), serial.end(), [](est::Byte b) { return b == 0; });
  must(defects, !zero, "has the serial number zero", "4.1.2.2");
  must(defects, serial.empty() || (serial.front() & 0x80U) == 0, "has a negative serial number", "4.1.2.2");
  must(defects, serial.size() <= longest_serial, "has a serial number of " + std::to_string(serial.size()) + " octets", "4.1.2.2");
}

// Walks to `validity`: UTCTime through 2049, GeneralizedTime from 2050 on.
void judge_time_form(const Certificate& certificate, Defects& defects) {
  est::Findings ignored;
  der::Reader outer(certificate.tbs, ignored);
  auto tbs = outer.enter(der::tags::sequence, "tbsCertificate");
  if (tbs.peek() == der::tags::context(0, true)) static_cast<void>(tbs.any("version"));
  for (const auto* part : {"serialNumber", "signature", "issuer"}) static_cast<void>(tbs.any(part));
  auto validity = tbs.enter(der::tags::sequence, "validity");
  for (const auto& [name, time] : {std::pair{"notBefore", certificate.validity.not_before}, {"notAfter", certificate.validity.not_after}}) {
    const bool general = validity.peek() == der::tags::generalized_time;
    static_cast<void>(validity.any(name));
    if (validity.failed()) return;
    must(defects, general == (time >= first_of_2050), std::string("writes ") + name + " in the wrong form of time", "4.1.2.5");
  }
}

void judge_validity(const Certificate& certificate, Defects& defects) {
  must(defects, certificate.validity.not_before <= certificate.validity.not_after, "ends to be valid before it begins", "4.1.2.5");
  judge_time_form(certificate, defects);
}

bool has_subject_alt_name(const Certificate& certificate, bool* critical) {
  const auto* extension = certificate.extension(oids::subject_alt_name);
  if (extension == nullptr) return false;
  *critical = extension->critical;
  const auto names = est::codec::decode_general_names(extension->value);
  return names.value && !names.value->empty();
}

void judge_names(const Certificate& certificate, Defects& defects) {
  must(defects, !certificate.issuer.empty(), "has an empty issuer", "4.1.2.4");
  bool critical = false;
  const bool alternative = has_subject_alt_name(certificate, &critical);
  if (certificate.subject.empty()) {
    must(defects, alternative, "names nobody: subject and subjectAltName are both empty", "4.1.2.6");
    must(defects, !alternative || critical, "has an empty subject but its subjectAltName is not critical", "4.2.1.6");
  }
  const bool empty_extension = certificate.extension(oids::subject_alt_name) != nullptr && !alternative;
  must(defects, !empty_extension, "has a subjectAltName without any readable name", "4.2.1.6");
}

// AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] OCTET STRING OPTIONAL, ... }
bool has_key_identifier(const Extension& extension) {
  est::Findings ignored;
  der::Reader outer(extension.value, ignored);
  auto inner = outer.enter(der::tags::sequence, "authorityKeyIdentifier");
  return inner.peek() == der::tags::context(0, false);
}

void judge_key_identifiers(const Certificate& certificate, Defects& defects) {
  const auto* authority = certificate.extension(oids::authority_key_identifier);
  must(defects, authority != nullptr || certificate.self_issued(), "has no authorityKeyIdentifier", "4.2.1.1");
  if (authority != nullptr) {
    must(defects, has_key_identifier(*authority), "has an authorityKeyIdentifier without keyIdentifier", "4.2.1.1");
    must(defects, !authority->critical, "marks authorityKeyIdentifier critical", "4.2.1.1");
  }
  const auto* subject = certificate.extension(oids::subject_key_identifier);
  should(defects, subject != nullptr, "has no subjectKeyIdentifier", "4.2.1.2");
  if (subject != nullptr) must(defects, !subject->critical, "marks subjectKeyIdentifier critical", "4.2.1.2");
}

void judge_extension_list(const Certificate& certificate, Defects& defects) {
  const auto& all = certificate.extensions;
  must(defects, all.empty() || certificate.version == 2, "has extensions but is not version 3", "4.1.2.1");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool again =
        std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i), [&](const Extension& e) { return e.id == all[i].id; });
    must(defects, !again, "has the extension " + all[i].id.name() + " more than once", "4.2");
  }
}

std::optional<est::codec::BasicConstraints> constraints_of(const Certificate& certificate) {
  const auto* extension = certificate.extension(oids::basic_constraints);
  if (extension == nullptr) return std::nullopt;
  return est::codec::decode_basic_constraints(extension->value).value;
}

void judge_key_usage(const Certificate& certificate, Defects& defects) {
  const auto constraints = constraints_of(certificate);
  if (constraints) must(defects, constraints->ca || !constraints->path_length, "sets a path length without being a CA", "4.2.1.9");
  must(defects, certificate.extension(oids::name_constraints) == nullptr || (constraints && constraints->ca),
       "holds nameConstraints without being a CA's", "4.2.1.10");
  const auto* extension = certificate.extension(oids::key_usage);
  if (extension == nullptr) return;
  should(defects, extension->critical, "has a keyUsage that is not critical", "4.2.1.3");
  const auto usage = est::codec::decode_key_usage(extension->value);
  if (!usage.value) return must(defects, false, "has an unreadable keyUsage", "4.2.1.3");
  must(defects, *usage.value != 0, "has a keyUsage without any bit", "4.2.1.3");
  const bool signs = (*usage.value & est::codec::key_usage::key_cert_sign) != 0;
  must(defects, !signs || (constraints && constraints->ca), "may sign certificates (keyCertSign) without being a CA", "4.2.1.3");
}

// RFC 8813 3, RFC 8410 5: such keys do not encipher. Other documents than those under test, so a warning.
void judge_usage_by_algorithm(const Certificate& certificate, Defects& defects) {
  using namespace est::codec::key_usage;
  const auto& algorithm = certificate.key_algorithm.algorithm;
  const auto* extension = certificate.extension(oids::key_usage);
  if (extension == nullptr || (algorithm != oids::ec_public_key && algorithm != oids::ed25519)) return;
  const auto usage = est::codec::decode_key_usage(extension->value);
  if (!usage.value || (*usage.value & (key_encipherment | data_encipherment)) == 0) return;
  defects.push_back(
      {Verdict::warn, "claims encipherment for a key that cannot encipher", algorithm == oids::ed25519 ? "RFC 8410 5" : "RFC 8813 3"});
}

Defects defects_of(const Certificate& certificate) {
  Defects defects;
  must(defects, certificate.tbs_signature == certificate.signature_algorithm, "names two different signature algorithms", "4.1.1.2");
  judge_serial(certificate, defects);
  judge_validity(certificate, defects);
  judge_names(certificate, defects);
  judge_key_identifiers(certificate, defects);
  judge_extension_list(certificate, defects);
  judge_key_usage(certificate, defects);
  judge_usage_by_algorithm(certificate, defects);
  judge_fields(certificate, defects);
  return defects;
}

// What defects_of() says better.
bool judged_apart(const est::Finding& finding) {
  constexpr std::array<std::string_view, 5> ids{"x509.subject.empty", "x509.issuer.empty", "x509.signature-algorithm",
                                                "x509.validity.order", "x509.version"};
  return finding.severity != est::Severity::error || std::find(ids.begin(), ids.end(), finding.id) != ids.end();
}

std::string capital(std::string_view what) { return "The " + std::string(what); }

Results certificate_profile(const CheckInput& input) {
  const auto issued = issued_by(input.exchange);
  if (issued) return judge_profile(input, issued->der, "issued certificate");
  const std::string expected = "a certificate to look at";
  if (flag(input.parameters, "or-none") && answer_of(input.exchange))
    return {result(input, Verdict::pass, describe(input.exchange) + " It holds no certificate.", expected, "policy")};
  if (!answer_of(input.exchange)) return {unanswered(input, expected)};
  return {inconclusive(input, describe(input.exchange) + " So there is no certificate to judge.", expected)};
}

Results not_ca(const CheckInput& input) {
  const std::string expected = "an end-entity certificate";
  const auto issued = issued_by(input.exchange);
  if (!issued) {
    if (!answer_of(input.exchange)) return {unanswered(input, expected)};
    return {inconclusive(input, describe(input.exchange) + " So there is no certificate to judge.", expected)};
  }
  const auto constraints = constraints_of(*issued);
  const bool ca = constraints && constraints->ca;
  return {result(input, ca ? Verdict::fail : Verdict::pass,
                 ca ? "The issued certificate is a CA certificate." : "The issued certificate is no CA's.", expected, "policy")};
}

}  // namespace

std::vector<est::codec::GeneralName> alternatives_of(const est::codec::Certificate& certificate) {
  const auto* extension = certificate.extension(est::codec::oids::subject_alt_name);
  if (extension == nullptr) return {};
  return est::codec::decode_general_names(extension->value).value.value_or(std::vector<est::codec::GeneralName>{});
}

Results judge_profile(const CheckInput& input, est::BytesView certificate, std::string_view what) {
  const std::string expected = "a certificate by the profile of RFC 5280 section 4";
  const auto decoded = est::codec::decode_certificate(certificate);
  if (!decoded.value) {
    return {result(input, Verdict::fail, capital(what) + " cannot be read: " + quote(decoded.findings) + ".", expected, "CMS")};
  }
  Results results;
  auto flaws = decoded.findings;
  std::erase_if(flaws, judged_apart);
  if (!flaws.empty())
    results.push_back(result(input, Verdict::fail, capital(what) + " is ill-formed: " + quote(flaws) + ".", expected, "CMS"));
  for (const auto& defect : defects_of(*decoded.value)) {
    results.push_back(
        result(input, defect.verdict, capital(what) + " " + defect.sentence + ".", expected + " (" + defect.rule + ")", "CMS"));
  }
  if (results.empty()) results.push_back(result(input, Verdict::pass, capital(what) + " keeps the profile.", expected, "CMS"));
  return results;
}

void add_certificate_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"certificate-profile",
                   "the issued certificate keeps the profile of RFC 5280 section 4",
                   {parameter("or-none", engine::ParameterType::boolean, "a response without certificate will do as well")},
                   certificate_profile,
                   {}});
  add(vocabulary, {"not-ca", "the issued certificate is an end entity's", {}, not_ca, {}});
}

}  // namespace conformance::checks
