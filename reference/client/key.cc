#include "client/key.h"

#include <algorithm>
#include <array>
#include <utility>

#include "est/base/text.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"

namespace client {
namespace {

using est::Error;
using est::Result;
using est::Status;
using est::codec::Attribute;
using est::codec::AttrOrOid;
using est::codec::Oid;
using est::crypto::Digest;
using est::crypto::PrivateKey;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

using Kind = KeyDemand::Kind;

constexpr std::array choices{KeyChoice::ec_p256,  KeyChoice::ec_p384,  KeyChoice::ec_p521, KeyChoice::rsa_2048,
                             KeyChoice::rsa_3072, KeyChoice::rsa_4096, KeyChoice::ed25519};

Kind kind_of(KeyChoice choice) {
  switch (choice) {
    case KeyChoice::ec_p256:
      return {oids::ec_public_key, oids::prime256v1, 0};
    case KeyChoice::ec_p384:
      return {oids::ec_public_key, oids::secp384r1, 0};
    case KeyChoice::ec_p521:
      return {oids::ec_public_key, oids::secp521r1, 0};
    case KeyChoice::rsa_2048:
      return {oids::rsa_encryption, {}, 2048};
    case KeyChoice::rsa_3072:
      return {oids::rsa_encryption, {}, 3072};
    case KeyChoice::rsa_4096:
      return {oids::rsa_encryption, {}, 4096};
    case KeyChoice::rsa_1024:
      return {oids::rsa_encryption, {}, 1024};
    case KeyChoice::ed25519:
      break;
  }
  return {oids::ed25519, {}, 0};
}

// A hostile list cannot make us compare for long; what comes later is not looked at.
constexpr std::size_t most_alternatives = 32;

// The OBJECT IDENTIFIER in a TLV; empty when it is something else.
Oid oid_in(est::BytesView tlv) {
  est::Findings unheard;
  return der::Reader(tlv, unheard).oid("parameters").value_or(Oid());
}

Kind kind_of(const PrivateKey& key) {
  const auto info = codec::decode_public_key_info(key.public_key_info());
  const auto facts = est::crypto::key_facts(key.public_key_info());
  if (!info.value || !facts) return {};
  const bool rsa = info.value->algorithm.algorithm == oids::rsa_encryption;
  return {info.value->algorithm.algorithm, oid_in(info.value->algorithm.parameters), rsa ? facts->bits : 0};
}

// --- Reading what is asked

bool is_key_type(const Oid& oid) {
  return oid == oids::ec_public_key || oid == oids::rsa_encryption || oid == oids::ed25519 || oid == oids::ed448;
}

struct SignatureRow {
  const Oid* algorithm;
  const Oid* key;                // nothing: any but the Edwards curves, which have no choice of digest
  std::optional<Digest> digest;  // nothing: not made here
};

const std::array<SignatureRow, 13>& signature_rows() {
  static const std::array<SignatureRow, 13> rows = {{
      {&oids::ecdsa_with_sha256, &oids::ec_public_key, Digest::sha256},
      {&oids::ecdsa_with_sha384, &oids::ec_public_key, Digest::sha384},
      {&oids::ecdsa_with_sha512, &oids::ec_public_key, Digest::sha512},
      {&oids::sha256_with_rsa, &oids::rsa_encryption, Digest::sha256},
      {&oids::sha384_with_rsa, &oids::rsa_encryption, Digest::sha384},
      {&oids::sha512_with_rsa, &oids::rsa_encryption, Digest::sha512},
      {&oids::sha256, nullptr, Digest::sha256},
      {&oids::sha384, nullptr, Digest::sha384},
      {&oids::sha512, nullptr, Digest::sha512},
      {&oids::ecdsa_with_sha1, &oids::ec_public_key, {}},
      {&oids::sha1_with_rsa, &oids::rsa_encryption, {}},
      {&oids::sha1, nullptr, {}},
      {&oids::rsassa_pss, &oids::rsa_encryption, {}},
  }};
  return rows;
}

const SignatureRow* signature_row(const Oid& oid) {
  const auto& rows = signature_rows();
  const auto* found = std::find_if(rows.begin(), rows.end(), [&](const SignatureRow& row) { return *row.algorithm == oid; });
  return found == rows.end() ? nullptr : found;
}

// RFC 9908 3.2: a curve, or a size as INTEGER. Of values that are neither nothing is known but that they are not met.
Kind kind_with(const Oid& algorithm, est::BytesView value) {
  est::Findings unheard;
  der::Reader reader(value, unheard);
  if (const auto bits = reader.scout(unheard).small_integer("size"))
    return {algorithm, {}, static_cast<int>(std::clamp<std::int64_t>(*bits, -1, 1 << 20))};
  return {algorithm, oid_in(value), oid_in(value).empty() ? -1 : 0};
}

void add_kind(Kind kind, KeyDemand& demand) {
  if (demand.keys.size() < most_alternatives) demand.keys.push_back(std::move(kind));
}

void add_kinds(const AttrOrOid& element, const Oid& type, KeyDemand& demand) {
  const auto* attribute = std::get_if<Attribute>(&element);
  if (attribute == nullptr || attribute->values.empty()) return add_kind({type, {}, 0}, demand);
  for (const est::Bytes& value : attribute->values) {
    const bool null_for_rsa = type == oids::rsa_encryption && value == der::null();
    add_kind(null_for_rsa ? Kind{type, {}, 0} : kind_with(type, value), demand);
  }
}

void add_signature(const Oid& type, KeyDemand& demand) {
  if (std::find(demand.signatures.begin(), demand.signatures.end(), type) == demand.signatures.end()) demand.signatures.push_back(type);
}

KeyDemand demand_of(const codec::RequestTemplate& wanted) {
  if (!wanted.key_algorithm) return {};
  const Oid& algorithm = wanted.key_algorithm->algorithm;
  const Oid curve = algorithm == oids::ec_public_key ? oid_in(wanted.key_algorithm->parameters) : Oid();
  return {{{algorithm, curve, codec::modulus_bits(wanted)}}, {}};
}

// --- Comparing

bool fits(const Kind& wanted, const Kind& given) {
  return wanted.algorithm == given.algorithm && (wanted.curve.empty() || wanted.curve == given.curve) &&
         (wanted.bits == 0 || wanted.bits == given.bits);
}

bool fits(const SignatureRow& row, const Kind& key) {
  return row.key != nullptr ? key.algorithm == *row.key : key.algorithm != oids::ed25519 && key.algorithm != oids::ed448;
}

// The digests by which the key can make a signature that is asked for, as they are asked for.
std::vector<Digest> digests_for(const KeyDemand& demand, const Kind& key) {
  std::vector<Digest> found;
  for (const Oid& signature : demand.signatures) {
    const SignatureRow* row = signature_row(signature);
    if (row != nullptr && row->digest && fits(*row, key)) found.push_back(*row->digest);
  }
  return found;
}

// Ed25519 asked for as a key is its own signature algorithm; what stands beside it is for other keys.
bool can_sign(const KeyDemand& demand, const Kind& key) {
  if (demand.signatures.empty() || !digests_for(demand, key).empty()) return true;
  return key.algorithm == oids::ed25519 &&
         std::any_of(demand.keys.begin(), demand.keys.end(), [&](const Kind& wanted) { return fits(wanted, key); });
}

bool meets(const KeyDemand& demand, const Kind& key) {
  const bool right_kind =
      demand.keys.empty() || std::any_of(demand.keys.begin(), demand.keys.end(), [&](const Kind& wanted) { return fits(wanted, key); });
  return right_kind && can_sign(demand, key);
}

// --- Saying it

std::string name_of(const Kind& kind) {
  std::string text = kind.algorithm.name();
  if (!kind.curve.empty()) text += " on " + kind.curve.name();
  if (kind.bits > 0) text += " of " + std::to_string(kind.bits) + " bits";
  return kind.bits < 0 ? text + " with parameters that are not known here" : text;
}

std::string list_of(const std::vector<std::string>& names) { return est::join(names, " or "); }

std::string what_is_asked(const KeyDemand& demand) {
  std::vector<std::string> keys;
  std::vector<std::string> signatures;
  for (const Kind& kind : demand.keys) keys.push_back(name_of(kind));
  for (const Oid& oid : demand.signatures) signatures.push_back(oid.name());
  std::string text = "the server asks for ";
  if (!keys.empty()) text += "a key of type " + list_of(keys);
  if (!keys.empty() && !signatures.empty()) text += " and ";
  if (!signatures.empty()) text += "a signature by " + list_of(signatures);
  return text;
}

std::string what_would_do(const KeyDemand& demand) {
  std::vector<std::string> names;
  for (const KeyChoice choice : choices)
    if (meets(demand, kind_of(choice))) names.emplace_back(to_string(choice));
  return names.empty() ? "no key that can be made here does" : "give --key-type " + list_of(names);
}

Error unmet(const KeyDemand& demand, const std::string& given) {
  return Error{what_is_asked(demand) + "; " + given + what_would_do(demand) + ", or ignore what /csrattrs says (--no-csrattrs)"};
}

}  // namespace

Result<KeyChoice> parse_key_choice(std::string_view text) {
  const auto choice = est::crypto::key_type_by_name(text);
  if (choice && std::find(choices.begin(), choices.end(), *choice) != choices.end()) return *choice;
  std::vector<std::string> names;
  for (const KeyChoice each : choices) names.emplace_back(to_string(each));
  return Error{"'" + est::printable(text, 40) + "' is no type of key; write " + list_of(names)};
}

Result<Digest> parse_digest_choice(std::string_view text) {
  if (text == "sha256") return Digest::sha256;
  if (text == "sha384") return Digest::sha384;
  if (text == "sha512") return Digest::sha512;
  return Error{"'" + est::printable(text, 40) + "' is no digest; write sha256, sha384 or sha512"};
}

bool concerns_key_or_signature(const Oid& type) { return is_key_type(type) || signature_row(type) != nullptr; }

KeyDemand key_demand(const codec::CsrAttrs& asked) {
  if (asked.mentions(oids::certification_request_info_template)) {
    const auto wanted = codec::request_template(asked);
    return wanted.value ? demand_of(*wanted.value) : KeyDemand{};
  }
  KeyDemand demand;
  for (const AttrOrOid& element : asked.elements) {
    const auto* attribute = std::get_if<Attribute>(&element);
    const Oid& type = attribute != nullptr ? attribute->type : std::get<Oid>(element);
    if (is_key_type(type)) add_kinds(element, type, demand);
    if (signature_row(type) != nullptr) add_signature(type, demand);
  }
  return demand;
}

Result<KeyChoice> choose_key(const KeyDemand& demand, std::optional<KeyChoice> wished) {
  if (wished) {
    if (meets(demand, kind_of(*wished))) return *wished;
    return unmet(demand, std::string(to_string(*wished)) + " is something else; ");
  }
  const std::vector<Kind> any{{}};
  for (const Kind& wanted : demand.keys.empty() ? any : demand.keys)
    for (const KeyChoice choice : choices) {
      const Kind kind = kind_of(choice);
      if ((demand.keys.empty() || fits(wanted, kind)) && can_sign(demand, kind)) return choice;
    }
  return unmet(demand, {});
}

Status check_key(const KeyDemand& demand, const PrivateKey& key) {
  const Kind kind = kind_of(key);
  if (meets(demand, kind)) return {};
  return unmet(demand, "the key is " + name_of(kind) + "; ");
}

Result<Digest> choose_digest(const KeyDemand& demand, const PrivateKey& key, std::optional<Digest> wished) {
  if (wished && *wished != Digest::sha256 && *wished != Digest::sha384 && *wished != Digest::sha512)
    return Error{std::string(to_string(*wished)) + " signs no request here; choose sha256, sha384 or sha512"};
  if (Status fit = check_key(demand, key); !fit) return fit.error();
  const std::vector<Digest> asked = digests_for(demand, kind_of(key));
  if (asked.empty()) return wished.value_or(key.natural_digest());
  if (wished && std::find(asked.begin(), asked.end(), *wished) == asked.end())
    return Error{what_is_asked(demand) + "; " + std::string(to_string(*wished)) +
                 " was chosen; leave the choice to the server, or ignore what /csrattrs says (--no-csrattrs)"};
  return wished.value_or(asked.front());
}

}  // namespace client
