#include "ca/policy.h"

#include <algorithm>
#include <array>

#include "est/base/text.h"
#include "est/codec/oid.h"

namespace ca {
namespace {

using est::Bytes;
using est::codec::Extension;
using est::codec::GeneralName;
using est::codec::GeneralNameType;
using est::codec::Name;
using est::codec::Oid;
using est::crypto::Digest;
using est::crypto::KeyFacts;
using est::crypto::KeyType;
namespace oids = est::codec::oids;
namespace usage = est::codec::key_usage;

using Refusal = std::optional<std::string>;  // one sentence, or nothing when all is well

constexpr std::size_t most_rdns = 16;
constexpr std::size_t most_attributes_per_rdn = 4;
constexpr std::size_t most_name_octets = 4096;
constexpr std::size_t most_alternative_names = 64;
constexpr std::size_t most_alternative_octets = 8192;
constexpr std::size_t most_dns_octets = 253;
constexpr int least_rsa_bits = 2048;
constexpr int most_rsa_bits = 8192;

// --- Keys and digests

bool fits(const KeyFacts& facts, KeyType type) {
  switch (type) {
    case KeyType::ec_p256:
      return facts.group == "P-256";
    case KeyType::ec_p384:
      return facts.group == "P-384";
    case KeyType::ec_p521:
      return facts.group == "P-521";
    case KeyType::rsa_1024:
      return facts.algorithm == "RSA" && facts.bits == 1024;
    case KeyType::rsa_2048:
      return facts.algorithm == "RSA" && facts.bits == 2048;
    case KeyType::rsa_3072:
      return facts.algorithm == "RSA" && facts.bits == 3072;
    case KeyType::rsa_4096:
      return facts.algorithm == "RSA" && facts.bits == 4096;
    case KeyType::ed25519:
      return facts.algorithm == "Ed25519";
  }
  return false;
}

bool accepted_by_default(const KeyFacts& facts) {
  if (facts.algorithm == "RSA") return facts.bits >= least_rsa_bits && facts.bits <= most_rsa_bits;
  return facts.algorithm == "Ed25519" || facts.group == "P-256" || facts.group == "P-384" || facts.group == "P-521";
}

std::string accepted_types(const Profile& profile) {
  if (profile.key_types.empty()) return "EC P-256, P-384, P-521, RSA of 2048 to 8192 bits, Ed25519";
  std::vector<std::string> names;
  names.reserve(profile.key_types.size());
  for (const KeyType type : profile.key_types) names.emplace_back(to_string(type));
  return est::join(names, ", ");
}

std::string describe(const KeyFacts& facts) {
  if (facts.algorithm == "RSA") return "RSA with " + std::to_string(facts.bits) + " bits";
  return facts.group.empty() ? facts.algorithm : facts.algorithm + " " + facts.group;
}

Refusal judge_key(const KeyFacts& facts, const Profile& profile) {
  const bool good = profile.key_types.empty()
                        ? accepted_by_default(facts)
                        : std::any_of(profile.key_types.begin(), profile.key_types.end(), [&](KeyType type) { return fits(facts, type); });
  if (good) return {};
  return "the key (" + describe(facts) + ") is not accepted here; use one of: " + accepted_types(profile);
}

Refusal judge_signature(const est::codec::AlgorithmIdentifier& algorithm) {
  const auto digest = est::crypto::digest_of(algorithm);
  if (digest == Digest::sha256 || digest == Digest::sha384 || digest == Digest::sha512) return {};
  if (algorithm.algorithm == oids::ed25519) return {};
  const std::string name = digest ? std::string(to_string(*digest)) : algorithm.algorithm.name();
  return "the request is signed with " + name + "; sign it with SHA-256, SHA-384, SHA-512 or Ed25519";
}

// --- Subject

struct UpperBound {
  const Oid& type;
  std::size_t most;
};

// RFC 5280 appendix A.1, ub-*; counted in characters.
std::size_t upper_bound(const Oid& type) {
  const std::array<UpperBound, 8> bounds = {{{oids::common_name, 64},
                                             {oids::organization_name, 64},
                                             {oids::organizational_unit_name, 64},
                                             {oids::serial_number, 64},
                                             {oids::country_name, 2},
                                             {oids::locality_name, 128},
                                             {oids::state_or_province_name, 128},
                                             {oids::email_address, 255}}};
  for (const UpperBound& one : bounds)
    if (one.type == type) return one.most;
  return most_name_octets;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

// TeletexString, UniversalString, BMPString.
bool is_old_string(const est::codec::der::Tag& tag) {
  return tag.cls == est::codec::der::Class::universal && (tag.number == 20 || tag.number == 28 || tag.number == 30);
}

Refusal judge_attribute(const est::codec::AttributeTypeAndValue& attribute) {
  const std::string what = "the subject's " + attribute.type.name();
  if (is_old_string(attribute.value_tag)) return what + " is neither PrintableString nor UTF8String (RFC 5280 4.1.2.6)";
  if (attribute.value.empty()) return what + " is empty";
  if (std::any_of(attribute.value.begin(), attribute.value.end(), is_control)) return what + " holds control characters";
  const std::size_t most = upper_bound(attribute.type);
  if (characters(attribute.value) > most) return what + " is longer than " + std::to_string(most) + " characters (RFC 5280 appendix A)";
  return {};
}

Refusal judge_subject(const Name& subject) {
  if (subject.der.size() > most_name_octets) return "the subject is longer than 4096 octets";
  if (subject.rdns.size() > most_rdns) return "the subject has more than 16 relative distinguished names";
  for (const auto& rdn : subject.rdns) {
    if (rdn.empty() || rdn.size() > most_attributes_per_rdn)
      return "a relative distinguished name of the subject has no or more than 4 attributes";
    for (const auto& attribute : rdn)
      if (Refusal bad = judge_attribute(attribute)) return bad;
  }
  return {};
}

// --- Requested extensions

const Extension* find(const std::vector<Extension>& extensions, const Oid& id) {
  const auto at = std::find_if(extensions.begin(), extensions.end(), [&](const Extension& one) { return one.id == id; });
  return at == extensions.end() ? nullptr : &*at;
}

std::string ill_formed(std::string_view what, const est::Findings& findings) {
  return "the requested " + std::string(what) + " is ill-formed: " + describe_first(findings);
}

Refusal judge_authority(const std::vector<Extension>& requested) {
  if (const Extension* found = find(requested, oids::basic_constraints)) {
    const auto value = est::codec::decode_basic_constraints(found->value);
    if (!value.accepted()) return ill_formed("basicConstraints", value.findings);
    if (value.value->ca) return "the request asks for a CA certificate (basicConstraints CA:TRUE), which is not issued here";
  }
  if (const Extension* found = find(requested, oids::key_usage)) {
    const auto value = est::codec::decode_key_usage(found->value);
    if (!value.accepted()) return ill_formed("keyUsage", value.findings);
    if ((*value.value & (usage::key_cert_sign | usage::crl_sign)) != 0)
      return "the request asks for keyCertSign or cRLSign, which are not given to end entities";
  }
  return {};
}

Refusal judge_purposes(const std::vector<Oid>& purposes) {
  for (const Oid& purpose : purposes)
    if (purpose == oids::cmc_ra || purpose == oids::cmc_ca)
      return "the request asks for the extended key usage " + purpose.name() + ", which is not given on request";
  return {};
}

bool is_hostname_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// The "preferred name syntax" with underscores, and one wildcard as the whole leftmost label (RFC 5280 4.2.1.6, RFC 6125 6.4.3).
bool is_dns_name(std::string_view name) {
  if (name.empty() || name.size() > most_dns_octets) return false;
  if (name.substr(0, 2) == "*.") name.remove_prefix(2);
  for (const std::string_view label : est::split(name, '.'))
    if (label.empty() || label.size() > 63 || !std::all_of(label.begin(), label.end(), is_hostname_character)) return false;
  return true;
}

bool is_visible_ascii(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_mailbox(std::string_view text) {
  const std::size_t at = text.rfind('@');
  return is_visible_ascii(text) && at != std::string_view::npos && at != 0 && is_dns_name(text.substr(at + 1));
}

bool is_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  return is_visible_ascii(text) && colon != std::string_view::npos && colon != 0 && colon + 1 < text.size();
}

bool is_directory_name(const Bytes& der) {
  const auto name = est::codec::decode_name(der);
  return name.accepted() && !name.value->empty() && !judge_subject(*name.value);
}

bool acceptable(const GeneralName& name) {
  const std::string_view text = est::as_text(name.value);
  switch (name.type) {
    case GeneralNameType::dns:
      return is_dns_name(text);
    case GeneralNameType::rfc822:
      return is_mailbox(text);
    case GeneralNameType::uri:
      return is_uri(text);
    case GeneralNameType::ip:
      return name.value.size() == 4 || name.value.size() == 16;
    case GeneralNameType::directory:
      return is_directory_name(name.value);
    case GeneralNameType::other:
    case GeneralNameType::x400:
    case GeneralNameType::edi:
    case GeneralNameType::registered_id:
      return false;
  }
  return false;
}

Refusal judge_alternative_names(const Extension& found, std::vector<GeneralName>& out) {
  if (found.value.size() > most_alternative_octets) return "the requested subjectAltName is longer than 8192 octets";
  auto names = est::codec::decode_general_names(found.value);
  if (!names.accepted()) return ill_formed("subjectAltName", names.findings);
  if (names.value->empty()) return "the requested subjectAltName is empty";
  if (names.value->size() > most_alternative_names) return "the requested subjectAltName has more than 64 names";
  for (const GeneralName& name : *names.value)
    if (!acceptable(name))
      return "the requested subjectAltName holds a name that is malformed or of a kind not issued here: " + est::printable(to_string(name));
  out = std::move(*names.value);
  return {};
}

// --- The certificate's extensions

// RFC 5480 section 3, RFC 8410 section 5: encipherment is RSA's alone; agreement is not for RSA or Ed25519.
unsigned suitable_usage(unsigned wanted, const KeyFacts& facts) {
  if (facts.algorithm != "RSA") wanted &= ~(usage::key_encipherment | usage::data_encipherment);
  if (facts.algorithm != "EC") wanted &= ~usage::key_agreement;
  return wanted & ~(usage::key_cert_sign | usage::crl_sign);
}

std::vector<Oid> purposes_for(const Profile& profile, const std::vector<Oid>& requested) {
  std::vector<Oid> purposes = profile.extended_key_usage;
  if (purposes.empty()) purposes = {oids::client_auth};
  if (!profile.copy_extended_key_usage) return purposes;
  for (const Oid& one : requested) {
    const bool wanted = one == oids::client_auth || one == oids::server_auth;
    if (wanted && std::find(purposes.begin(), purposes.end(), one) == purposes.end()) purposes.push_back(one);
  }
  return purposes;
}

struct Wishes {
  std::optional<unsigned> usage;
  std::vector<GeneralName> alternative_names;
  std::vector<Oid> purposes;
};

Refusal read_wishes(const est::codec::CertificationRequest& request, const Profile& profile, Wishes& out) {
  const auto requested = est::codec::requested_extensions(request);
  if (has_errors(requested.findings)) return ill_formed("list of extensions", requested.findings);
  if (!requested.value) return {};
  if (Refusal bad = judge_authority(*requested.value)) return bad;
  if (const Extension* found = find(*requested.value, oids::extended_key_usage)) {
    auto purposes = est::codec::decode_extended_key_usage(found->value);
    if (!purposes.accepted()) return ill_formed("extendedKeyUsage", purposes.findings);
    if (Refusal bad = judge_purposes(*purposes.value)) return bad;
    out.purposes = std::move(*purposes.value);
  }
  if (const Extension* found = find(*requested.value, oids::key_usage)) out.usage = est::codec::decode_key_usage(found->value).value;
  const Extension* names = find(*requested.value, oids::subject_alt_name);
  if (names == nullptr || !profile.copy_subject_alt_name) return {};
  return judge_alternative_names(*names, out.alternative_names);
}

// The names that ChangeSubjectName asks for are held to the same rules as those of the request.
Refusal replace_names(const std::vector<GeneralName>& names, Wishes& wishes) {
  wishes.alternative_names.clear();
  if (names.empty()) return {};
  return judge_alternative_names(est::codec::make_subject_alt_name(names, false), wishes.alternative_names);
}

// RFC 5272 3.1: a usage asked for may be reduced or refused, not replaced by another.
unsigned usage_for(const Profile& profile, const Wishes& wishes, const KeyFacts& facts) {
  if (!wishes.usage) return suitable_usage(profile.key_usage, facts);
  return suitable_usage(profile.copy_key_usage ? *wishes.usage : *wishes.usage & profile.key_usage, facts);
}

std::vector<Extension> extensions_for(const Profile& profile, const Wishes& wishes, unsigned bits, bool subject_is_empty) {
  std::vector<Extension> extensions = {est::codec::make_basic_constraints(false)};
  if (bits != 0) extensions.push_back(est::codec::make_key_usage(bits));
  extensions.push_back(est::codec::make_extended_key_usage(purposes_for(profile, wishes.purposes)));
  // RFC 5280 4.1.2.6: with an empty subject the alternative name must be critical.
  if (!wishes.alternative_names.empty())
    extensions.push_back(est::codec::make_subject_alt_name(wishes.alternative_names, subject_is_empty));
  return extensions;
}

}  // namespace

bool accepts(const Profile& profile, KeyType type) {
  if (profile.key_types.empty()) return type != KeyType::rsa_1024;
  return std::find(profile.key_types.begin(), profile.key_types.end(), type) != profile.key_types.end();
}

std::variant<Grant, Refused> decide(const est::codec::CertificationRequest& request, const Profile& profile, const Names& names,
                                    const std::optional<Bytes>& generated_key) {
  const Bytes& key = generated_key ? *generated_key : request.key.der;
  const auto facts = est::crypto::key_facts(key);
  if (!facts) return Refused{facts.error().message};
  if (Refusal bad = judge_key(*facts, profile)) return Refused{*bad};
  if (!generated_key)
    if (Refusal bad = judge_signature(request.signature_algorithm)) return Refused{*bad};
  const Name& name = names.subject ? *names.subject : request.subject;
  if (Refusal bad = judge_subject(name)) return Refused{*bad};
  Wishes wishes;
  if (Refusal bad = read_wishes(request, profile, wishes)) return Refused{*bad};
  if (names.subject_alt_name)
    if (Refusal bad = replace_names(*names.subject_alt_name, wishes)) return Refused{*bad};
  if (name.empty() && wishes.alternative_names.empty())
    return Refused{"the request names nobody; give it a subject or, where the profile allows, a subjectAltName"};
  const unsigned bits = usage_for(profile, wishes, *facts);
  if (wishes.usage && bits == 0) return Refused{"the request asks for a key usage that this key cannot have, or is not given here"};
  return Grant{name, key, extensions_for(profile, wishes, bits, name.empty())};
}

}  // namespace ca
