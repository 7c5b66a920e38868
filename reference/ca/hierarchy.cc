#include "ca/hierarchy.h"

#include <algorithm>

#include "est/codec/oid.h"

namespace ca {
namespace {

using est::Bytes;
using est::Error;
using est::Result;
using est::UnixTime;
using est::codec::Name;
using est::codec::Validity;
using est::crypto::PrivateKey;
namespace codec = est::codec;

constexpr std::int64_t backdate_seconds = 300;  // clocks of devices are late
constexpr std::size_t most_name_characters = 64;

std::vector<codec::Extension> ca_extensions(std::optional<int> path_length) {
  return {codec::make_basic_constraints(true, path_length),
          codec::make_key_usage(codec::key_usage::key_cert_sign | codec::key_usage::crl_sign)};
}

est::pki::CertificateSpec ca_spec(const Name& name, const PrivateKey& key, Validity validity, std::optional<int> path_length = {}) {
  est::pki::CertificateSpec spec;
  spec.serial = est::pki::random_serial();
  spec.subject = name;
  spec.public_key_info = key.public_key_info();
  spec.validity = validity;
  spec.extensions = ca_extensions(path_length);
  return spec;
}

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (std::string_view(",+\"\\<>;=# ").find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

// OldWithNew: the old key for its whole life, certified by the new one. NewWithOld: the new key until the old one ends (RFC 4210 4.4.1).
Result<std::vector<Bytes>> make_cross(const CaKey& old_root, const CaKey& new_root) {
  const Validity old_life = old_root.certificate.validity;
  const Validity new_life = new_root.certificate.validity;
  const Name& name = new_root.certificate.subject;
  auto old_with_new = est::pki::issue_certificate(ca_spec(name, old_root.key, old_life), new_root.issuer());
  if (!old_with_new) return old_with_new.error();
  const Validity overlap = {new_life.not_before, std::min(old_life.not_after, new_life.not_after)};
  auto new_with_old = est::pki::issue_certificate(ca_spec(name, new_root.key, overlap), old_root.issuer());
  if (!new_with_old) return new_with_old.error();
  return std::vector<Bytes>{std::move(*old_with_new), std::move(*new_with_old)};
}

}  // namespace

est::pki::Issuer CaKey::issuer() const { return {certificate.subject, &key, key_identifier}; }

Result<CaKey> make_ca_key(est::BytesView certificate, PrivateKey key) {
  auto decoded = codec::decode_certificate(certificate);
  if (!decoded.accepted()) return Error{"a CA certificate is malformed: " + describe_first(decoded.findings)};
  if (decoded.value->spki != key.public_key_info()) return Error{"a CA certificate and its private key do not belong together"};
  Bytes identifier = est::pki::key_identifier(decoded.value->spki);
  return CaKey{std::move(*decoded.value), std::move(key), std::move(identifier)};
}

Result<Name> ca_name(const std::string& common_name) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (common_name.empty() || common_name.size() > most_name_characters || std::any_of(common_name.begin(), common_name.end(), control))
    return Error{"the name of a CA must have 1 to 64 octets without control characters"};
  return codec::parse_name("CN=" + escaped(common_name));
}

Result<CaKey> make_root(const Name& name, const PrivateKey& key, Validity validity) {
  const auto certificate = est::pki::issue_self_signed(ca_spec(name, key, validity), key);
  if (!certificate) return certificate.error();
  return make_ca_key(*certificate, key);
}

Result<CaKey> make_intermediate(const Name& name, const PrivateKey& key, const CaKey& root, UnixTime now) {
  const Validity validity = {now - backdate_seconds, root.certificate.validity.not_after};
  const auto certificate = est::pki::issue_certificate(ca_spec(name, key, validity, 0), root.issuer());
  if (!certificate) return certificate.error();
  return make_ca_key(*certificate, key);
}

Result<Rollover> roll_over(const Hierarchy& before, const PrivateKey& key, UnixTime now) {
  const Validity old_life = before.root.certificate.validity;
  const Validity life = {now - backdate_seconds, now + (old_life.not_after - old_life.not_before)};
  auto root = make_root(before.root.certificate.subject, key, life);
  if (!root) return root.error();
  Rollover out{std::move(*root), {}, {}};
  if (old_life.not_after > now) {
    auto cross = make_cross(before.root, out.root);
    if (!cross) return cross.error();
    out.cross = std::move(*cross);
  }
  if (before.intermediate) {
    auto intermediate = make_intermediate(before.intermediate->certificate.subject, before.intermediate->key, out.root, now);
    if (!intermediate) return intermediate.error();
    out.intermediate = std::move(*intermediate);
  }
  return out;
}

}  // namespace ca
