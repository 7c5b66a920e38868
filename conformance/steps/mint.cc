#include "conformance/steps/mint.h"

#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/pki/issue.h"

namespace conformance::steps {
namespace {

namespace oids = est::codec::oids;
namespace usage = est::codec::key_usage;
using est::Result;
using est::codec::Extension;
using est::crypto::PrivateKey;
using est::tls::Identity;

constexpr std::int64_t day = 24LL * 3600;

// A certificate's contents before it is decided who signs it.
struct Draft {
  est::pki::CertificateSpec spec;
  PrivateKey key;
};

Result<Draft> draft(const std::string& common_name, est::codec::Validity validity, std::vector<Extension> extensions) {
  auto key = PrivateKey::generate(est::crypto::KeyType::ec_p256);
  if (!key) return key.error();
  auto subject = est::codec::parse_name("CN=" + common_name);
  if (!subject) return subject.error();
  est::pki::CertificateSpec spec;
  spec.serial = est::pki::random_serial();
  spec.subject = std::move(*subject);
  spec.public_key_info = key->public_key_info();
  spec.validity = validity;
  spec.extensions = std::move(extensions);
  return Draft{std::move(spec), std::move(*key)};
}

std::vector<Extension> leaf_extensions(unsigned bits, const est::codec::Oid& purpose) {
  return {est::codec::make_basic_constraints(false), est::codec::make_key_usage(bits), est::codec::make_extended_key_usage({purpose})};
}

// The leaf a kind asks for: good unless the kind says otherwise.
Result<Draft> leaf_of(std::string_view kind, const MintInput& input) {
  est::codec::Validity validity{input.now - day, input.now + 30 * day};
  if (kind == "expired") validity = {input.now - 30 * day, input.now - day};
  if (kind == "not-yet-valid") validity = {input.now + 2 * day, input.now + 30 * day};
  const unsigned bits = kind == "no-digital-signature" ? usage::key_agreement : usage::digital_signature;
  return draft(input.common_name, validity, leaf_extensions(bits, kind == "wrong-purpose" ? oids::server_auth : oids::client_auth));
}

Result<Identity> signed_by(Draft leaf, const est::pki::Issuer& issuer, const std::vector<est::Bytes>& above) {
  auto certificate = est::pki::issue_certificate(leaf.spec, issuer);
  if (!certificate) return certificate.error();
  Identity identity{{std::move(*certificate)}, std::move(leaf.key)};
  identity.chain.insert(identity.chain.end(), above.begin(), above.end());
  return identity;
}

est::Bytes key_identifier_of(const est::codec::Certificate& certificate) {
  if (const auto* extension = certificate.extension(oids::subject_key_identifier)) {
    est::Findings findings;
    est::codec::der::Reader reader(extension->value, findings);
    if (const auto value = reader.octet_string("subjectKeyIdentifier")) return est::to_bytes(*value);
  }
  return est::pki::key_identifier(certificate.spki);
}

Result<Identity> by_client_ca(Draft leaf, const MintInput& input) {
  if (input.client_ca == nullptr || input.client_ca->chain.empty() || !input.client_ca->key)
    return est::Error{"there is no client CA to sign with"};
  const auto ca = est::codec::decode_certificate(input.client_ca->chain.front());
  if (!ca.value) return est::Error{"the client CA's certificate cannot be read: " + est::describe_first(ca.findings)};
  return signed_by(std::move(leaf), {ca.value->subject, &*input.client_ca->key, key_identifier_of(*ca.value)}, input.client_ca->chain);
}

Result<Identity> self_signed(const Draft& leaf) {
  auto certificate = est::pki::issue_self_signed(leaf.spec, leaf.key);
  if (!certificate) return certificate.error();
  return Identity{{std::move(*certificate)}, leaf.key};
}

// A CA made for the moment; with `name`, one that calls itself as another does.
Result<Identity> by_own_ca(Draft leaf, const MintInput& input, const std::optional<est::codec::Name>& name) {
  auto ca = draft(input.common_name + " CA", {input.now - day, input.now + 365 * day},
                  {est::codec::make_basic_constraints(true), est::codec::make_key_usage(usage::key_cert_sign | usage::crl_sign)});
  if (!ca) return ca.error();
  if (name) ca->spec.subject = *name;
  auto certificate = est::pki::issue_self_signed(ca->spec, ca->key);
  if (!certificate) return certificate.error();
  return signed_by(std::move(leaf), {ca->spec.subject, &ca->key, est::pki::key_identifier(ca->spec.public_key_info)}, {*certificate});
}

}  // namespace

const std::vector<MintKind>& mint_kinds() {
  static const std::vector<MintKind> kinds{
      {"third-party", "a good certificate of the profile's client CA", true},
      {"expired", "of the client CA, expired yesterday", true},
      {"not-yet-valid", "of the client CA, valid from the day after tomorrow", true},
      {"wrong-purpose", "of the client CA, for TLS servers only", true},
      {"no-digital-signature", "of the client CA, with a key usage that forbids signatures", true},
      {"self-signed", "signed by its own key", false},
      {"unknown-ca", "of a CA made for the moment", false},
      {"forged-issuer", "of a CA made for the moment that bears the name of a CA the target knows", false},
  };
  return kinds;
}

const MintKind* mint_kind(std::string_view name) {
  for (const auto& kind : mint_kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

Result<Identity> mint(std::string_view kind, const MintInput& input) {
  const MintKind* known = mint_kind(kind);
  if (known == nullptr) return est::Error{"no certificate is called " + std::string(kind)};
  auto leaf = leaf_of(kind, input);
  if (!leaf) return leaf.error();
  if (known->of_client_ca) return by_client_ca(std::move(*leaf), input);
  if (kind == "self-signed") return self_signed(*leaf);
  return by_own_ca(std::move(*leaf), input, kind == "forged-issuer" ? input.imitated_issuer : std::nullopt);
}

}  // namespace conformance::steps
