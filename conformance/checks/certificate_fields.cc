#include "conformance/checks/certificate_fields.h"

#include <algorithm>
#include <array>

#include "est/base/text.h"
#include "est/codec/der.h"
#include "est/crypto/key.h"

namespace conformance::checks {

namespace {

namespace der = est::codec::der;
namespace oids = est::codec::oids;
using est::codec::Certificate;
using est::codec::Extension;
using est::codec::GeneralName;
using est::codec::GeneralNameType;
using est::codec::Oid;

// Walks past subjectPublicKeyInfo: issuerUniqueID [1], subjectUniqueID [2].
bool has_unique_identifiers(const Certificate& certificate) {
  est::Findings ignored;
  der::Reader outer(certificate.tbs, ignored);
  auto tbs = outer.enter(der::tags::sequence, "tbsCertificate");
  while (!tbs.failed() && !tbs.at_end()) {
    const auto tag = tbs.peek();
    if (tag == der::tags::context(1, false) || tag == der::tags::context(2, false)) return true;
    static_cast<void>(tbs.any("field"));
  }
  return false;
}

// DirectoryString types that new names have no more (4.1.2.6; emailAddress and domainComponent are IA5String).
bool is_old_string(const est::codec::AttributeTypeAndValue& attribute) {
  constexpr std::array<std::uint32_t, 3> old_types{20, 28, 30};  // TeletexString, UniversalString, BMPString
  const auto& tag = attribute.value_tag;
  return tag.cls == der::Class::universal && std::find(old_types.begin(), old_types.end(), tag.number) != old_types.end();
}

void judge_strings(const Certificate& certificate, Defects& defects) {
  for (const auto& rdn : certificate.subject.rdns) {
    for (const auto& attribute : rdn)
      should(defects, !is_old_string(attribute),
             "writes " + attribute.type.name() + " of its subject neither as PrintableString nor as UTF8String", "4.1.2.6");
  }
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '*';
}

// Preferred name syntax; underscores and wildcards are tolerated, as deployed names have them.
bool is_host_name(std::string_view name) {
  const auto labels = est::split(name, '.');
  return !name.empty() && std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
    return !label.empty() && label.size() <= 63 && std::all_of(label.begin(), label.end(), is_host_character);
  });
}

bool is_well_formed(const GeneralName& name) {
  const std::string_view text = est::as_text(name.value);
  if (name.type == GeneralNameType::dns) return is_host_name(text);
  if (name.type == GeneralNameType::ip) return name.value.size() == 4 || name.value.size() == 16;
  if (name.type == GeneralNameType::uri) return text.find(':') != std::string_view::npos && text.find(':') != 0;
  return true;
}

void judge_alternative_names(const Certificate& certificate, Defects& defects) {
  const auto* extension = certificate.extension(oids::subject_alt_name);
  if (extension == nullptr) return;
  const auto names = est::codec::decode_general_names(extension->value);
  if (!names.value) return;  // said elsewhere
  for (const auto& name : *names.value)
    must(defects, is_well_formed(name), "has the malformed subjectAltName " + est::printable(est::codec::to_string(name), 80), "4.2.1.6");
}

// certificatePolicies ::= SEQUENCE OF PolicyInformation { policyIdentifier, ... }
bool repeats_a_policy(const Extension& extension) {
  est::Findings ignored;
  der::Reader outer(extension.value, ignored);
  auto list = outer.enter(der::tags::sequence, "certificatePolicies");
  std::vector<est::Bytes> seen;
  while (!list.failed() && !list.at_end()) {
    auto information = list.enter(der::tags::sequence, "policyInformation");
    const auto id = information.any("policyIdentifier");
    if (!id) return false;
    const auto octets = est::to_bytes(id->whole);
    if (std::find(seen.begin(), seen.end(), octets) != seen.end()) return true;
    seen.push_back(octets);
  }
  return false;
}

// DistributionPoint ::= SEQUENCE { distributionPoint [0] OPTIONAL, reasons [1] OPTIONAL, cRLIssuer [2] OPTIONAL }
bool points_somewhere(const Extension& extension) {
  est::Findings ignored;
  der::Reader outer(extension.value, ignored);
  auto list = outer.enter(der::tags::sequence, "cRLDistributionPoints");
  if (list.failed() || list.at_end()) return false;
  while (!list.failed() && !list.at_end()) {
    auto point = list.enter(der::tags::sequence, "distributionPoint");
    const auto first = point.peek();
    if (first != der::tags::context(0, true) && first != der::tags::context(2, true)) return false;
  }
  return !list.failed();
}

const Oid& information_access() {
  static const Oid oid("1.3.6.1.5.5.7.1.1");
  return oid;
}
const Oid& policies() {
  static const Oid oid("2.5.29.32");
  return oid;
}

void judge_pointers(const Certificate& certificate, Defects& defects) {
  if (const auto* found = certificate.extension(policies())) must(defects, !repeats_a_policy(*found), "names one policy twice", "4.2.1.4");
  if (const auto* found = certificate.extension(oids::crl_distribution_points)) {
    should(defects, !found->critical, "marks cRLDistributionPoints critical", "4.2.1.13");
    should(defects, points_somewhere(*found), "has a CRL distribution point that points nowhere", "4.2.1.13");
  }
  if (const auto* found = certificate.extension(information_access()))
    must(defects, !found->critical, "marks authorityInfoAccess critical", "4.2.2.1");
}

// Extensions RFC 5280 and its successors define live in these arcs.
bool is_known_arc(const Oid& id) {
  const std::string text = id.dotted();
  return text.starts_with("2.5.29.") || text.starts_with("1.3.6.1.5.5.7.1.");
}

void judge_critical(const Certificate& certificate, Defects& defects) {
  for (const auto& extension : certificate.extensions)
    should(defects, !extension.critical || is_known_arc(extension.id),
           "has the critical extension " + extension.id.dotted() + ", which verifiers in general do not know", "4.2");
}

// No RFC cited by EST forbids SHA-1 in certificates, but nobody accepts such signatures any more (RFC 9155, RFC 6194).
void judge_digest(const Certificate& certificate, Defects& defects) {
  const auto digest = est::crypto::digest_of(certificate.signature_algorithm);
  const bool weak = digest == est::crypto::Digest::sha1 || digest == est::crypto::Digest::md5;
  if (weak) defects.push_back({Verdict::warn, "is signed with " + std::string(to_string(*digest)), "RFC 6194 3"});
}

}  // namespace

void must(Defects& defects, bool holds, std::string sentence, std::string section) {
  if (!holds) defects.push_back({Verdict::fail, std::move(sentence), "RFC 5280 " + std::move(section)});
}

void should(Defects& defects, bool holds, std::string sentence, std::string section) {
  if (!holds) defects.push_back({Verdict::warn, std::move(sentence), "RFC 5280 " + std::move(section)});
}

void judge_fields(const Certificate& certificate, Defects& defects) {
  must(defects, !has_unique_identifiers(certificate), "has a unique identifier of issuer or subject", "4.1.2.8");
  judge_strings(certificate, defects);
  judge_alternative_names(certificate, defects);
  judge_pointers(certificate, defects);
  judge_critical(certificate, defects);
  judge_digest(certificate, defects);
}

void judge_ca_profile(const Certificate& certificate, bool anchor, Defects& defects) {
  const auto demand = anchor ? should : must;
  demand(defects, !certificate.subject.empty(), "has an empty subject", "4.1.2.6");
  const auto* key_identifier = certificate.extension(oids::subject_key_identifier);
  demand(defects, key_identifier != nullptr && !key_identifier->critical, "has no subjectKeyIdentifier, or a critical one", "4.2.1.2");
  const auto* usage = certificate.extension(oids::key_usage);
  const auto bits = usage == nullptr ? std::optional<unsigned>() : est::codec::decode_key_usage(usage->value).value;
  demand(defects, bits && (*bits & est::codec::key_usage::key_cert_sign) != 0, "has no keyUsage with keyCertSign", "4.2.1.3");
  const auto* basic = certificate.extension(oids::basic_constraints);
  demand(defects, basic != nullptr && basic->critical, "has no critical basicConstraints", "4.2.1.9");
}

}  // namespace conformance::checks
