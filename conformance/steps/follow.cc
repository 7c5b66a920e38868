#include "conformance/steps/follow.h"

#include <algorithm>
#include <array>

#include "est/codec/base64.h"
#include "est/codec/csrattrs.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/http/parser.h"

namespace conformance::steps {
namespace {

namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;
using codec::Attribute;
using codec::Extension;
using codec::Oid;
using est::Bytes;
using est::crypto::KeyType;

// A list or template in one form: what the request must have.
struct Demands {
  std::vector<codec::NameTemplateEntry> subject;
  bool whole_subject = false;   // the template's subject is the whole one; a list only adds parts
  std::vector<Attribute> keys;  // alternatives: algorithm, and curves or sizes as values
  std::vector<Oid> signatures;  // alternatives
  std::vector<codec::ExtensionTemplate> extensions;
  std::string unknown;                // name of something that the suite cannot make up; empty: nothing
  std::vector<Attribute> attributes;  // with their values
};

struct KeyKind {
  KeyType type;
  const Oid& algorithm;
  const Oid* curve;
  int bits;
};

const std::vector<KeyKind>& key_kinds() {
  static const std::vector<KeyKind> kinds{{KeyType::ec_p256, oids::ec_public_key, &oids::prime256v1, 256},
                                          {KeyType::ec_p384, oids::ec_public_key, &oids::secp384r1, 384},
                                          {KeyType::ec_p521, oids::ec_public_key, &oids::secp521r1, 521},
                                          {KeyType::rsa_2048, oids::rsa_encryption, nullptr, 2048},
                                          {KeyType::rsa_3072, oids::rsa_encryption, nullptr, 3072},
                                          {KeyType::rsa_4096, oids::rsa_encryption, nullptr, 4096},
                                          {KeyType::ed25519, oids::ed25519, nullptr, 256}};
  return kinds;
}

bool is_key_algorithm(const Oid& oid) { return oid == oids::ec_public_key || oid == oids::rsa_encryption || oid == oids::ed25519; }

bool fits(const KeyKind& kind, const Attribute& wanted) {
  if (kind.algorithm != wanted.type) return false;
  if (wanted.values.empty()) return true;
  return std::any_of(wanted.values.begin(), wanted.values.end(), [&](const Bytes& value) {
    return value == der::integer(kind.bits) || (kind.curve != nullptr && value == der::oid(*kind.curve));
  });
}

bool fits_any(KeyType type, const std::vector<Attribute>& wanted) {
  const auto kind = std::find_if(key_kinds().begin(), key_kinds().end(), [&](const KeyKind& each) { return each.type == type; });
  return kind != key_kinds().end() && std::any_of(wanted.begin(), wanted.end(), [&](const Attribute& one) { return fits(*kind, one); });
}

bool is_subject_part(const Oid& oid) {
  const std::array parts{&oids::common_name,   &oids::country_name,  &oids::organization_name,      &oids::organizational_unit_name,
                         &oids::serial_number, &oids::locality_name, &oids::state_or_province_name, &oids::user_id};
  return std::any_of(parts.begin(), parts.end(), [&](const Oid* each) { return *each == oid; });
}

bool is_extension(const Oid& oid) { return oid == oids::subject_alt_name || oid == oids::key_usage || oid == oids::extended_key_usage; }

std::optional<est::crypto::Digest> digest_of(const Oid& oid) {
  using est::crypto::Digest;
  if (oid == oids::ecdsa_with_sha256 || oid == oids::sha256_with_rsa) return Digest::sha256;
  if (oid == oids::ecdsa_with_sha384 || oid == oids::sha384_with_rsa) return Digest::sha384;
  if (oid == oids::ecdsa_with_sha512 || oid == oids::sha512_with_rsa) return Digest::sha512;
  return std::nullopt;
}

// The channel binding and the one-time password are matters of their own parameters.
bool is_challenge(const Oid& oid) {
  return oid == oids::challenge_password || oid == oids::est_identity_linking || oid == oids::otp_challenge ||
         oid == oids::revocation_challenge;
}

void add_extensions(const Attribute& request, Demands& demands) {
  for (const Bytes& value : request.values)
    for (Extension& each : codec::decode_extensions(value).value.value_or(std::vector<Extension>{}))
      demands.extensions.push_back({std::move(each.id), each.critical, std::move(each.value)});
}

void add_attribute(const Attribute& attribute, Demands& demands) {
  if (is_key_algorithm(attribute.type))
    demands.keys.push_back(attribute);
  else if (attribute.type == oids::extension_request)
    add_extensions(attribute, demands);
  else if (!is_challenge(attribute.type) && !attribute.values.empty())
    demands.attributes.push_back(attribute);
  else if (!is_challenge(attribute.type) && attribute.type != oids::certification_request_info_template)
    demands.unknown = attribute.type.name();
}

const Oid* curve_of(const Oid& oid) {
  for (const KeyKind& kind : key_kinds())
    if (kind.curve != nullptr && *kind.curve == oid) return kind.curve;
  return nullptr;
}

void add_oid(const Oid& oid, Demands& demands) {
  if (is_key_algorithm(oid))
    demands.keys.push_back({oid, {}, 0, 0});
  else if (curve_of(oid) != nullptr)
    demands.keys.push_back({oids::ec_public_key, {der::oid(oid)}, 0, 0});
  else if (is_subject_part(oid))
    demands.subject.push_back({oid, std::nullopt});
  else if (is_extension(oid))
    demands.extensions.push_back({oid, false, std::nullopt});
  else if (digest_of(oid))
    demands.signatures.push_back(oid);
  else if (!is_challenge(oid))
    demands.unknown = oid.name();
}

// RSAPublicKey ::= SEQUENCE { modulus INTEGER, ... }: RFC 9908 3.4 gives the size by a placeholder.
Bytes size_of(const Bytes& key) {
  est::Findings findings;
  der::Reader fields = der::Reader(key, findings).enter(der::tags::sequence, "RSAPublicKey");
  const auto modulus = fields.any("modulus");
  if (!modulus) return {};
  est::BytesView octets = modulus->content;
  while (!octets.empty() && octets.front() == 0) octets = octets.subspan(1);
  return der::integer(static_cast<std::int64_t>(octets.size()) * 8);
}

Demands demands_of(const codec::RequestTemplate& wanted) {
  Demands demands;
  demands.whole_subject = wanted.has_subject;
  for (const auto& rdn : wanted.subject) demands.subject.insert(demands.subject.end(), rdn.begin(), rdn.end());
  if (wanted.key_algorithm) {
    Attribute key{wanted.key_algorithm->algorithm, {}, 0, 0};
    if (key.type == oids::ec_public_key) key.values = {wanted.key_algorithm->parameters};
    if (wanted.key) key.values = {size_of(*wanted.key)};
    demands.keys.push_back(std::move(key));
  }
  demands.extensions = wanted.extensions;
  for (const Attribute& each : wanted.attributes) add_attribute(each, demands);
  return demands;
}

Demands demands_of(const codec::CsrAttrs& attributes) {
  if (const auto wanted = codec::request_template(attributes); wanted.value) return demands_of(*wanted.value);
  Demands demands;
  for (const auto& element : attributes.elements) {
    if (const auto* attribute = std::get_if<Attribute>(&element))
      add_attribute(*attribute, demands);
    else
      add_oid(std::get<Oid>(element), demands);
  }
  return demands;
}

Maybe<codec::CsrAttrs> attributes_in(const FollowInput& input) {
  const auto* earlier = input.before.find(input.of);
  if (earlier == nullptr) return fault("there is no earlier result '" + input.of + "' to follow");
  const auto answer = est::http::parse_response(earlier->response, earlier->method, earlier->peer_close != "open").message;
  if (answer.status == 204 || answer.status == 404) return codec::CsrAttrs{};
  const auto octets = codec::decode_base64(est::as_text(answer.body), codec::Base64Mode::lenient);
  const auto decoded = octets.value ? codec::decode_csrattrs(*octets.value) : est::Decoded<codec::CsrAttrs>{};
  if (answer.status != 200 || !decoded.value)
    return cannot("the answer of '" + input.of + "' has no CSR attributes that could be followed");
  return *decoded.value;
}

// --- Meeting the demands

std::string filler(const Oid& type, const std::string& number) { return type == oids::country_name ? "XX" : "estspec-" + number; }

Bytes string_of(const Oid& type, const std::string& text) {
  return type == oids::country_name || type == oids::serial_number ? der::printable_string(text) : der::utf8_string(text);
}

Bytes rdn(const Oid& type, const Bytes& value) { return der::set_of({der::sequence({der::oid(type), value})}); }

// The value a part of the subject gets: what is asked for, else what the plan has, else something unique.
Bytes value_for(const codec::NameTemplateEntry& wanted, const codec::Name& usual, const std::string& number) {
  if (wanted.value) return *wanted.value;
  return string_of(wanted.type, usual.first(wanted.type).value_or(filler(wanted.type, number)));
}

engine::StepOutcome meet_subject(const Demands& demands, const FollowInput& input, RequestPlan& plan) {
  auto wanted = demands.subject;
  const bool leave = input.leave_out == "subject";
  if ((leave || input.leave_out == "value") && wanted.empty()) return cannot("'" + input.of + "' asks for nothing in the subject");
  if (leave) wanted.pop_back();
  if (input.leave_out == "value") {
    const auto fixed = std::find_if(wanted.begin(), wanted.end(), [](const auto& entry) { return entry.value.has_value(); });
    if (fixed == wanted.end()) return cannot("'" + input.of + "' gives no value for a part of the subject");
    fixed->value = string_of(fixed->type, filler(fixed->type, input.number));
  }
  if (demands.subject.empty()) return recorded();
  Bytes parts;
  for (const auto& entry : wanted) est::append(parts, rdn(entry.type, value_for(entry, plan.subject, input.number)));
  // A list names what must be there; the rest of the usual subject stays, but for a part that is to be missing.
  if (!demands.whole_subject)
    for (const auto& each : plan.subject.rdns)
      for (const auto& part : each) {
        const bool named = std::any_of(demands.subject.begin(), demands.subject.end(), [&](const auto& e) { return e.type == part.type; });
        if (!named) est::append(parts, rdn(part.type, string_of(part.type, part.value)));
      }
  auto name = codec::decode_name(der::tlv(der::tags::sequence, parts));
  if (!name.value) return fault("the subject asked for cannot be made");
  plan.subject = std::move(*name.value);
  return recorded();
}

engine::StepOutcome meet_key(const Demands& demands, const FollowInput& input, RequestPlan& plan) {
  const bool leave = input.leave_out == "key";
  if (demands.keys.empty()) return leave ? cannot("'" + input.of + "' asks for no kind of key") : recorded();
  if (fits_any(plan.key_type, demands.keys) != leave) return recorded();
  // Kinds the profile says the CA takes come first.
  std::vector<KeyType> candidates = input.profile.csr.key_types;
  for (const KeyKind& kind : key_kinds()) candidates.push_back(kind.type);
  const auto chosen =
      std::find_if(candidates.begin(), candidates.end(), [&](KeyType type) { return fits_any(type, demands.keys) != leave; });
  if (chosen == candidates.end()) return cannot("the suite makes no key of the kind '" + input.of + "' asks for");
  auto key = est::crypto::PrivateKey::generate(*chosen);
  if (!key) return fault(key.error().message);
  plan.key = std::move(*key);
  plan.key_type = *chosen;
  return recorded();
}

// A name of the template with its open places filled in (RFC 9908 3.4).
codec::GeneralName filled(codec::GeneralName name, const std::string& number) {
  const bool open = name.value.empty();
  if (open && name.type == codec::GeneralNameType::ip) name.value = {192, 0, 2, 1};
  if (open && name.type == codec::GeneralNameType::dns) name.value = est::to_bytes("estspec-" + number + ".example");
  if (open && name.type == codec::GeneralNameType::rfc822) name.value = est::to_bytes("estspec-" + number + "@example.com");
  if (name.type == codec::GeneralNameType::directory && name.value == der::sequence({}))
    name.value = der::sequence({rdn(oids::common_name, der::utf8_string("estspec-" + number))});
  return name;
}

void meet_names(const codec::ExtensionTemplate& wanted, const std::string& number, RequestPlan& plan) {
  std::vector<codec::GeneralName> names;
  if (wanted.value) names = codec::decode_general_names(*wanted.value).value.value_or(std::vector<codec::GeneralName>{});
  for (auto& name : names) name = filled(std::move(name), number);
  if (!names.empty()) plan.san = std::move(names);
  if (plan.san.empty()) plan.san = {{codec::GeneralNameType::dns, est::to_bytes("estspec-" + number + ".example")}};
}

void meet_extension(const codec::ExtensionTemplate& wanted, const std::string& number, RequestPlan& plan) {
  if (wanted.id == oids::subject_alt_name) return meet_names(wanted, number, plan);
  if (wanted.value)
    plan.extensions.push_back({wanted.id, wanted.critical, *wanted.value});
  else if (wanted.id == oids::key_usage)
    plan.extensions.push_back(codec::make_key_usage(codec::key_usage::digital_signature));
  else if (wanted.id == oids::extended_key_usage)
    plan.extensions.push_back(codec::make_extended_key_usage({oids::client_auth}));
}

bool can_make(const codec::ExtensionTemplate& wanted) { return wanted.value.has_value() || is_extension(wanted.id); }

engine::StepOutcome meet_extensions(const Demands& demands, const FollowInput& input, RequestPlan& plan) {
  auto wanted = demands.extensions;
  if (input.leave_out == "extension") {
    if (wanted.empty()) return cannot("'" + input.of + "' asks for no extension");
    if (wanted.back().id == oids::subject_alt_name) plan.san.clear();
    wanted.pop_back();
  }
  for (const auto& each : wanted) {
    if (!can_make(each)) return cannot("'" + input.of + "' asks for the extension " + each.id.name() + ", which the suite cannot make up");
    meet_extension(each, input.number, plan);
  }
  return recorded();
}

engine::StepOutcome meet_attributes(const Demands& demands, const FollowInput& input, RequestPlan& plan) {
  auto wanted = demands.attributes;
  if (input.leave_out == "attribute") {
    if (wanted.empty()) return cannot("'" + input.of + "' gives no attribute with a value");
    wanted.pop_back();
  }
  plan.more.insert(plan.more.end(), wanted.begin(), wanted.end());
  for (const Oid& oid : demands.signatures) {
    const bool rsa = oid == oids::sha256_with_rsa || oid == oids::sha384_with_rsa || oid == oids::sha512_with_rsa;
    if (rsa == (est::crypto::key_facts(plan.key.public_key_info())->algorithm == "RSA")) {
      plan.digest = digest_of(oid);
      break;
    }
  }
  return recorded();
}

}  // namespace

engine::StepOutcome follow(const FollowInput& input, RequestPlan& plan) {
  auto attributes = attributes_in(input);
  if (!attributes) return attributes.outcome();
  const Demands demands = demands_of(*attributes);
  if (!demands.unknown.empty()) return cannot("'" + input.of + "' asks for " + demands.unknown + ", which the suite cannot make up");
  for (const auto meet : {meet_subject, meet_key, meet_extensions, meet_attributes})
    if (auto outcome = meet(demands, input, plan); outcome.kind != engine::StepOutcome::Kind::recorded) return outcome;
  return recorded();
}

}  // namespace conformance::steps
