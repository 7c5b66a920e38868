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
using est::pki::Draft;
using est::pki::draft;
using est::tls::Identity;

constexpr std::int64_t day = 24LL * 3600;

std::vector<Extension> leaf_extensions(unsigned bits, const est::codec::Oid& purpose) {
  return {est::codec::make_basic_constraints(false), est::codec::make_key_usage(bits), est::codec::make_extended_key_usage({purpose})};
}

// The leaf a kind asks for: good unless the kind says otherwise.
Result<Draft> leaf_of(std::string_view kind, const MintInput& input) {
  est::codec::Validity validity{input.now - day, input.now + 30 * day};
  if (kind == "expired") validity = {input.now - 30 * day, input.now - day};
  if (kind == "not-yet-valid") validity = {input.now + 2 * day, input.now + 30 * day};
  const unsigned bits = kind == "no-digital-signature" ? usage::key_agreement : usage::digital_signature;
  auto extensions = leaf_extensions(bits, kind == "wrong-purpose" ? oids::server_auth : oids::client_auth);
  if (kind == "third-party-ra") extensions.back() = est::codec::make_extended_key_usage({oids::client_auth, oids::cmc_ra});
  // An arc below IANA's example enterprise number (RFC 5612).
  if (kind == "unknown-critical-extension")
    extensions.push_back({est::codec::Oid("1.3.6.1.4.1.32473.7030.4"), true, est::codec::der::null()});
  return draft("CN=" + input.common_name, validity, std::move(extensions));
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

// A certificate below the client CA that signs others: as CA with what `extensions` add, or, against the rules, as an end entity.
Result<Draft> signer(const MintInput& input, std::string_view what, const std::vector<Extension>& extensions) {
  return draft("CN=" + input.common_name + " " + std::string(what), {input.now - day, input.now + 30 * day}, extensions);
}

const std::vector<Extension>& ca_extensions() {
  static const std::vector<Extension> extensions{est::codec::make_basic_constraints(true),
                                                 est::codec::make_key_usage(usage::key_cert_sign | usage::crl_sign)};
  return extensions;
}

// The leaf below a signer that stands below the client CA or, if given, below `above`.
Result<Identity> through(Draft leaf, Draft middle, const MintInput& input, const Identity* above = nullptr) {
  const PrivateKey key = middle.key;
  const est::codec::Name name = middle.spec.subject;
  const est::Bytes identifier = est::pki::key_identifier(middle.spec.public_key_info);
  MintInput below = input;
  if (above != nullptr) below.client_ca = above;
  const auto issued = by_client_ca(std::move(middle), below);
  if (!issued) return issued.error();
  return signed_by(std::move(leaf), {name, &key, identifier}, issued->chain);
}

Result<Identity> outside_name_constraints(Draft leaf, const MintInput& input) {
  // NameConstraints ::= SEQUENCE { permittedSubtrees [0] SEQUENCE OF SEQUENCE { base [4] directoryName } }
  const auto permitted = est::codec::parse_name("O=estspec permits this only");
  if (!permitted) return permitted.error();
  namespace der = est::codec::der;
  const est::Bytes base = der::context(4, permitted->der);
  auto extensions = ca_extensions();
  extensions.push_back({oids::name_constraints, true, der::sequence({der::context(0, der::sequence({base}))})});
  auto middle = signer(input, "CA", extensions);
  if (!middle) return middle.error();
  return through(std::move(leaf), std::move(*middle), input);
}

Result<Identity> path_too_long(Draft leaf, const MintInput& input) {
  namespace der = est::codec::der;
  // BasicConstraints ::= SEQUENCE { cA BOOLEAN, pathLenConstraint INTEGER }
  auto extensions = ca_extensions();
  extensions.front() = {oids::basic_constraints, true, der::sequence({der::boolean(true), der::integer(0)})};
  auto upper = signer(input, "upper CA", extensions);
  auto lower = signer(input, "lower CA", ca_extensions());
  if (!upper || !lower) return est::Error{"the keys of two CAs cannot be made"};
  const PrivateKey key = upper->key;
  auto issued = by_client_ca(std::move(*upper), input);
  if (!issued) return issued;
  issued->key = key;
  return through(std::move(leaf), std::move(*lower), input, &*issued);
}

Result<Identity> under_end_entity(Draft leaf, const MintInput& input) {
  auto middle = signer(input, "device", leaf_extensions(usage::digital_signature, oids::client_auth));
  if (!middle) return middle.error();
  return through(std::move(leaf), std::move(*middle), input);
}

// The key that signs is the client CA's, the issuer's name is not.
Result<Identity> by_another_name(Draft leaf, const MintInput& input) {
  const auto name = est::codec::parse_name("CN=" + input.common_name + " nobody's CA");
  if (!name) return name.error();
  const auto ca = est::codec::decode_certificate(input.client_ca->chain.front());
  if (!ca.value || !input.client_ca->key) return est::Error{"the client CA's certificate or key cannot be read"};
  return signed_by(std::move(leaf), {*name, &*input.client_ca->key, key_identifier_of(*ca.value)}, input.client_ca->chain);
}

Result<Identity> stolen(Draft leaf, const MintInput& input) {
  auto other = PrivateKey::generate(est::crypto::KeyType::ec_p256);
  if (!other) return other.error();
  auto identity = by_client_ca(std::move(leaf), input);
  if (identity) identity->signs_with = std::move(*other);
  return identity;
}

Result<Identity> self_signed(const Draft& leaf) {
  auto certificate = est::pki::issue_self_signed(leaf.spec, leaf.key);
  if (!certificate) return certificate.error();
  return Identity{{std::move(*certificate)}, leaf.key};
}

// A CA made for the moment; with `name`, one that calls itself as another does.
Result<Identity> by_own_ca(Draft leaf, const MintInput& input, const std::optional<est::codec::Name>& name) {
  auto ca = draft("CN=" + input.common_name + " CA", {input.now - day, input.now + 365 * day},
                  {est::codec::make_basic_constraints(true), est::codec::make_key_usage(usage::key_cert_sign | usage::crl_sign)});
  if (!ca) return ca.error();
  if (name) ca->spec.subject = *name;
  auto certificate = est::pki::issue_self_signed(ca->spec, ca->key);
  if (!certificate) return certificate.error();
  return signed_by(std::move(leaf), {ca->spec.subject, &ca->key, est::pki::key_identifier(ca->spec.public_key_info)}, {*certificate});
}

// Below a CA made for the moment; the client CA's certificate is sent along and has nothing to do with it.
Result<Identity> beside_known_ca(Draft leaf, const MintInput& input) {
  auto identity = by_own_ca(std::move(leaf), input, {});
  if (identity) identity->chain.insert(identity->chain.begin() + 1, input.client_ca->chain.begin(), input.client_ca->chain.end());
  return identity;
}

// A megabyte in an extension nobody knows; the number is from an arc below IANA's example enterprise number (RFC 5612).
Result<Identity> huge(Draft leaf) {
  constexpr std::size_t octets = std::size_t{1} << 20U;
  const est::Bytes value = est::codec::der::octet_string(est::Bytes(octets, est::Byte{0x5a}));
  leaf.spec.extensions.push_back({est::codec::Oid("1.3.6.1.4.1.32473.7030.7"), false, value});
  return self_signed(leaf);
}

Result<Identity> below_many(Draft leaf, const MintInput& input, int intermediates) {
  const auto ca = [&](int level) {
    return draft("CN=" + input.common_name + " CA " + std::to_string(level), {input.now - day, input.now + 365 * day},
                 {est::codec::make_basic_constraints(true), est::codec::make_key_usage(usage::key_cert_sign | usage::crl_sign)});
  };
  auto above = ca(0);
  if (!above) return above.error();
  auto root = est::pki::issue_self_signed(above->spec, above->key);
  if (!root) return root.error();
  std::vector<est::Bytes> chain{std::move(*root)};
  for (int level = 1; level <= intermediates; ++level) {
    auto next = ca(level);
    if (!next) return next.error();
    auto certificate =
        est::pki::issue_certificate(next->spec, {above->spec.subject, &above->key, est::pki::key_identifier(above->spec.public_key_info)});
    if (!certificate) return certificate.error();
    chain.insert(chain.begin(), std::move(*certificate));
    above = std::move(next);
  }
  return signed_by(std::move(leaf), {above->spec.subject, &above->key, est::pki::key_identifier(above->spec.public_key_info)}, chain);
}

}  // namespace

const std::vector<MintKind>& mint_kinds() {
  static const std::vector<MintKind> kinds{
      {"third-party", "a good certificate of the profile's client CA", true},
      {"expired", "of the client CA, expired yesterday", true},
      {"not-yet-valid", "of the client CA, valid from the day after tomorrow", true},
      {"wrong-purpose", "of the client CA, for TLS servers only", true},
      {"no-digital-signature", "of the client CA, with a key usage that forbids signatures", true},
      {"third-party-ra", "a good certificate of the client CA with id-kp-cmcRA beside clientAuth", true},
      {"unknown-critical-extension", "of the client CA, with a critical extension that nobody knows", true},
      {"other-issuer-name", "signed by the client CA's key, but naming another issuer", true},
      {"under-end-entity", "issued by a certificate of the client CA that is no CA's", true},
      {"outside-name-constraints", "of a CA below the client CA that may certify other names only", true},
      {"path-too-long", "two CAs below one of the client CA that allows none below it", true},
      {"stolen", "a good certificate of the client CA, presented by somebody who has another key", true},
      {"long-chain", "of a CA made for the moment, nine intermediates below its root", false},
      {"chain-of-100", "the same with 98 intermediates", false},
      {"huge-certificate", "self-signed, with an extension of a megabyte", false},
      {"beside-known-ca", "of a CA made for the moment, sent together with the certificate of the client CA", true},
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
  if (known->of_client_ca && input.client_ca == nullptr) return est::Error{"there is no client CA to sign with"};
  if (kind == "other-issuer-name") return by_another_name(std::move(*leaf), input);
  if (kind == "under-end-entity") return under_end_entity(std::move(*leaf), input);
  if (kind == "outside-name-constraints") return outside_name_constraints(std::move(*leaf), input);
  if (kind == "path-too-long") return path_too_long(std::move(*leaf), input);
  if (kind == "stolen") return stolen(std::move(*leaf), input);
  if (kind == "long-chain") return below_many(std::move(*leaf), input, 9);
  if (kind == "chain-of-100") return below_many(std::move(*leaf), input, 98);
  if (kind == "huge-certificate") return huge(std::move(*leaf));
  if (kind == "beside-known-ca") return beside_known_ca(std::move(*leaf), input);
  if (known->of_client_ca) return by_client_ca(std::move(*leaf), input);
  if (kind == "self-signed") return self_signed(*leaf);
  return by_own_ca(std::move(*leaf), input, kind == "forged-issuer" ? input.imitated_issuer : std::nullopt);
}

}  // namespace conformance::steps
