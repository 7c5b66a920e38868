#include "conformance/peer/pki.h"

#include <algorithm>
#include <utility>

#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/codec/pem.h"
#include "est/crypto/chain.h"
#include "est/crypto/key.h"
#include "est/pki/issue.h"

namespace conformance::peer {
namespace {

namespace oids = est::codec::oids;
namespace usage = est::codec::key_usage;
using est::Bytes;
using est::Result;
using est::codec::Extension;
using est::crypto::KeyType;
using est::crypto::PrivateKey;

constexpr std::int64_t day = 24LL * 3600;
constexpr std::int64_t long_time = 3650 * day;

struct Authority {
  est::codec::Name name;
  PrivateKey key;
  Bytes certificate;
  [[nodiscard]] est::pki::Issuer issuer() const { return {name, &key, est::pki::key_identifier(key.public_key_info())}; }
};

struct Authorities {
  Authority root, issuing, implicit_root, stranger, old_root;
};

std::vector<Extension> ca_extensions(bool ca = true) {
  return {est::codec::make_basic_constraints(ca), est::codec::make_key_usage(usage::key_cert_sign | usage::crl_sign)};
}

// A root when `above` is null.
Result<Authority> authority(const std::string& name, est::codec::Validity validity, const Authority* above,
                            std::vector<Extension> extensions = ca_extensions()) {
  auto made = est::pki::draft(name, validity, std::move(extensions));
  if (!made) return made.error();
  auto certificate =
      above == nullptr ? est::pki::issue_self_signed(made->spec, made->key) : est::pki::issue_certificate(made->spec, above->issuer());
  if (!certificate) return certificate.error();
  return Authority{made->spec.subject, std::move(made->key), std::move(*certificate)};
}

// How a server identity differs from a good one.
struct ServerWish {
  std::string subject = "CN=EST server,O=estspec";
  std::vector<std::string> names = {};
  std::vector<est::codec::Oid> purposes = {oids::server_auth};
  KeyType key = KeyType::ec_p256;
  std::optional<est::crypto::Digest> digest;
  bool critical_unknown = false;
  std::optional<est::codec::GeneralName> raw_name;  // instead of `names`, for what has no written form
};

Result<std::vector<Extension>> extensions_of(const ServerWish& wish) {
  unsigned bits = usage::digital_signature;
  if (wish.key == KeyType::rsa_2048 || wish.key == KeyType::rsa_1024) bits |= usage::key_encipherment;
  std::vector<Extension> extensions{est::codec::make_basic_constraints(false), est::codec::make_key_usage(bits)};
  if (!wish.purposes.empty()) extensions.push_back(est::codec::make_extended_key_usage(wish.purposes));
  std::vector<est::codec::GeneralName> names;
  for (const auto& text : wish.names) {
    auto name = est::codec::parse_general_name(text);
    if (!name) return name.error();
    names.push_back(std::move(*name));
  }
  if (wish.raw_name) names = {*wish.raw_name};
  if (!names.empty()) extensions.push_back(est::codec::make_subject_alt_name(names));
  // An arc below IANA's example enterprise number (RFC 5612).
  if (wish.critical_unknown) extensions.push_back({est::codec::Oid("1.3.6.1.4.1.32473.7030.4"), true, est::codec::der::null()});
  return extensions;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

// The name with a wildcard inside its first label: "l*st".
std::string part_of(const std::string& host) {
  const std::size_t end = std::min(host.find('.'), host.size());
  return host.substr(0, 1) + "*" + host.substr(end - std::min<std::size_t>(end - 1, 2));
}

// What the names in a certificate, its purposes and its key are; the rest of a word is the signer's affair.
ServerWish wish_of(std::string_view word, const std::string& host) {
  ServerWish wish;
  wish.names = {"DNS:" + host, "IP:127.0.0.1", "IP:::1"};
  const std::vector<std::string> other{"DNS:other.example"};
  if (word == "wrong-name" || word == "implicit-wrong-name") wish.names = other;
  if (word == "cn-only") wish.subject = "CN=" + host, wish.names = {};
  if (word == "cn-beside-san") wish.subject = "CN=" + host, wish.names = other;
  if (word == "name-prefix") wish.names = {"DNS:" + host + ".other.example"};
  if (word == "name-in-uri") wish.names = {"URI:https://" + host + "/"};
  if (word == "wildcard-part") wish.names = {"DNS:" + part_of(host)};
  if (word == "wildcard") wish.names = {"DNS:*." + host};
  if (word == "address-as-name") wish.names = {"DNS:127.0.0.1"};
  if (word == "other-address") wish.names = {"DNS:" + host, "IP:127.0.0.2"};
  if (word == "name-with-nul")
    wish.raw_name = {est::codec::GeneralNameType::dns, est::to_bytes(host + std::string(1, '\0') + ".other.example")};
  if (word == "upper-case") wish.names = {"DNS:" + upper(host), "IP:127.0.0.1", "IP:::1"};
  if (word == "many-names") wish.names = {"DNS:a.example", "DNS:b.example", "email:est@example.org", "DNS:" + host};
  if (word == "cmc-ra" || word == "implicit-cmc-ra") wish.names = other, wish.purposes = {oids::server_auth, oids::cmc_ra};
  if (word == "cmc-ra-alone") wish.names = other, wish.purposes = {oids::cmc_ra};
  if (word == "client-purpose") wish.purposes = {oids::client_auth};
  if (word == "no-purpose") wish.purposes = {};
  if (word == "rsa") wish.key = KeyType::rsa_2048;
  if (word == "weak-key") wish.key = KeyType::rsa_1024;
  if (word == "sha1") wish.digest = est::crypto::Digest::sha1;
  if (word == "unknown-critical") wish.critical_unknown = true;
  return wish;
}

// RFC 5280 4.2.1.10: NameConstraints with one permitted DNS name.
Extension permits(std::string_view dns) {
  namespace der = est::codec::der;
  const Bytes subtree = der::sequence({der::context(2, est::as_bytes(dns), false)});
  return {oids::name_constraints, true, der::sequence({der::context(0, subtree)})};
}

// What the certificate right above a bad identity says.
std::vector<Extension> extensions_above(std::string_view word) {
  if (word == "path-too-long") return {est::codec::make_basic_constraints(true, 0), est::codec::make_key_usage(usage::key_cert_sign)};
  if (word == "issuer-may-not-sign") return {est::codec::make_basic_constraints(true), est::codec::make_key_usage(usage::crl_sign)};
  auto extensions = ca_extensions(word != "issuer-is-no-ca");
  if (word == "outside-constraints") extensions.push_back(permits("other.example"));
  return extensions;
}

const Words& below_bad_ca() {
  static const Words words{
      {"expired-issuer", ""}, {"issuer-is-no-ca", ""}, {"issuer-may-not-sign", ""}, {"path-too-long", ""}, {"outside-constraints", ""}};
  return words;
}

est::codec::Validity validity_of(std::string_view word, est::UnixTime now) {
  if (word == "expired") return {now - 30 * day, now - day};
  if (word == "not-yet-valid") return {now + 2 * day, now + 30 * day};
  if (word == "short-lived") return {now - day, est::system_clock().now() + 15};
  return {now - day, now + 30 * day};
}

}  // namespace

struct Pki::Impl : Authorities {
  Impl(Authorities given, est::UnixTime at, std::string name) : Authorities(std::move(given)), now(at), host(std::move(name)) {}

  est::UnixTime now;
  std::string host;  // what servers are called
  Bytes old_with_new, new_with_old, expired_root, forged_old_with_new;
  est::tls::Identity revoked;
  Bytes crl, root_crl;
  std::optional<Protection> secret, transport, agreement;

  // Chain: the leaf, then `above`.
  [[nodiscard]] Result<est::tls::Identity> identity(std::string_view word, const Authority& signer, const std::vector<Bytes>& above) const {
    const ServerWish wish = wish_of(word, host);
    auto extensions = extensions_of(wish);
    if (!extensions) return extensions.error();
    auto made = est::pki::draft(wish.subject, validity_of(word, now), std::move(*extensions), wish.key);
    if (!made) return made.error();
    made->spec.digest = wish.digest;
    auto certificate = est::pki::issue_certificate(made->spec, signer.issuer());
    if (!certificate) return certificate.error();
    est::tls::Identity identity{{std::move(*certificate)}, std::move(made->key)};
    identity.chain.insert(identity.chain.end(), above.begin(), above.end());
    return identity;
  }

  // Below a CA that is not good itself.
  [[nodiscard]] Result<est::tls::Identity> below(std::string_view word) const {
    est::codec::Validity validity{now - day, now + 30 * day};
    if (word == "expired-issuer") validity = {now - 30 * day, now - day};
    auto middle = authority("CN=estspec other CA", validity, &root, extensions_above(word));
    if (!middle) return middle.error();
    if (word != "path-too-long") return identity(word, *middle, {middle->certificate});
    auto lower = authority("CN=estspec CA one too many", validity, &*middle, ca_extensions());
    if (!lower) return lower.error();
    return identity(word, *lower, {lower->certificate, middle->certificate});
  }

  [[nodiscard]] Result<est::tls::Identity> self_signed() const {
    auto extensions = extensions_of(wish_of("good", host));
    if (!extensions) return extensions.error();
    auto made = est::pki::draft("CN=EST server,O=estspec", {now - day, now + 30 * day}, std::move(*extensions));
    if (!made) return made.error();
    auto certificate = est::pki::issue_self_signed(made->spec, made->key);
    if (!certificate) return certificate.error();
    return est::tls::Identity{{std::move(*certificate)}, std::move(made->key)};
  }

  // Signed by a stranger who calls himself as the issuing CA does.
  [[nodiscard]] Result<est::tls::Identity> imitated() const {
    Authority forger = stranger;
    forger.name = issuing.name;
    return identity("good", forger, {issuing.certificate});
  }

  // Everything but the CAs.
  [[nodiscard]] est::Status complete();
  [[nodiscard]] est::Status make_rollover();
  [[nodiscard]] est::Status make_crls();
  [[nodiscard]] est::Status make_protections();
};

namespace {

// The key of one authority certified by another, under the subject's own name.
Result<Bytes> cross(const Authority& subject, const Authority& by, est::UnixTime now) {
  est::pki::CertificateSpec spec;
  spec.serial = est::pki::random_serial();
  spec.subject = subject.name;
  spec.public_key_info = subject.key.public_key_info();
  spec.validity = {now - 10 * day, now + 60 * day};
  spec.extensions = ca_extensions();
  return est::pki::issue_certificate(spec, by.issuer());
}

Result<Bytes> list_of(const Authority& issuer, est::UnixTime now, std::vector<est::pki::RevokedCertificate> revoked) {
  return est::pki::issue_crl({1, now - 3600, now + 30 * day, std::move(revoked)}, issuer.issuer());
}

}  // namespace

// RFC 4210 4.4: the root that came before this one, under the same name.
est::Status Pki::Impl::make_rollover() {
  auto down = cross(old_root, root, now);
  auto up = cross(root, old_root, now);
  auto past = authority("CN=estspec former CA,O=estspec", {now - 400 * day, now - 40 * day}, nullptr);
  Authority forger = stranger;
  forger.name = root.name;
  auto forged = cross(old_root, forger, now);
  if (!down || !up || !past || !forged) return est::Error{"the rollover certificates cannot be made"};
  old_with_new = std::move(*down);
  new_with_old = std::move(*up);
  expired_root = past->certificate;
  forged_old_with_new = std::move(*forged);
  return {};
}

est::Status Pki::Impl::make_protections() {
  auto rsa = PrivateKey::generate(KeyType::rsa_2048);
  auto ec = PrivateKey::generate(KeyType::ec_p256);
  if (!rsa || !ec) return est::Error{"the keys that protect generated ones cannot be made"};
  secret = Protection{"estspec-secret", {}, est::crypto::random_bytes(32)};
  transport = Protection{"estspec-rsa", std::move(*rsa), {}};
  agreement = Protection{"estspec-ec", std::move(*ec), {}};
  return {};
}

est::Status Pki::Impl::make_crls() {
  auto bad = identity("good", issuing, {issuing.certificate});
  if (!bad) return bad.error();
  revoked = std::move(*bad);
  const auto certificate = est::codec::decode_certificate(revoked.chain.front());
  if (!certificate.value) return est::Error{"the revoked identity cannot be read"};
  auto lower = list_of(issuing, now, {{certificate.value->serial, now - 3600}});
  auto upper = list_of(root, now, {});
  if (!lower || !upper) return est::Error{"the CRLs cannot be made"};
  crl = std::move(*lower);
  root_crl = std::move(*upper);
  return {};
}

Result<Pki> Pki::make(est::UnixTime now) {
  const est::codec::Validity validity{now - 10 * day, now + long_time};
  auto root = authority("CN=estspec root CA,O=estspec", validity, nullptr);
  if (!root) return root.error();
  auto issuing = authority("CN=estspec issuing CA,O=estspec", validity, &*root);
  auto implicit = authority("CN=estspec public root CA,O=estspec", validity, nullptr);
  auto stranger = authority("CN=estspec stranger CA,O=estspec", validity, nullptr);
  // The one before, under the same name.
  auto old = authority("CN=estspec root CA,O=estspec", {now - 400 * day, now + 60 * day}, nullptr);
  if (!issuing || !implicit || !stranger || !old) return est::Error{"the CAs of the scripted server cannot be made"};
  auto impl = std::make_shared<Impl>(
      Authorities{std::move(*root), std::move(*issuing), std::move(*implicit), std::move(*stranger), std::move(*old)}, now, "localhost");
  if (auto status = impl->complete(); !status) return status.error();
  return Pki(std::move(impl));
}

est::Status Pki::Impl::complete() {
  if (auto status = make_rollover(); !status) return status;
  if (auto status = make_crls(); !status) return status;
  return make_protections();
}

namespace {

// What encode_pem made of one: certificate, then key.
Result<Authority> authority_from(const est::codec::PemBlock& certificate, const est::codec::PemBlock& key) {
  auto private_key = PrivateKey::from_pkcs8(key.der);
  if (!private_key) return private_key.error();
  auto read = est::codec::decode_certificate(certificate.der);
  if (!read.value) return est::Error{"a CA certificate among them cannot be read"};
  return Authority{std::move(read.value->subject), *std::move(private_key), certificate.der};
}

}  // namespace

std::string Pki::authorities() const {
  std::string text;
  for (const Authority* one : {&impl_->root, &impl_->issuing, &impl_->implicit_root, &impl_->stranger, &impl_->old_root})
    text += est::codec::encode_pem("CERTIFICATE", one->certificate) + one->key.to_pem();
  return text;
}

Result<Pki> Pki::make_with(std::string_view authorities, est::UnixTime now, std::string host) {
  constexpr std::size_t expected = 5;
  const auto blocks = est::codec::decode_pem(authorities);
  if (blocks.value->size() != 2 * expected) return est::Error{"the CAs of the scripted server are not all there"};
  std::vector<Authority> all;
  for (std::size_t i = 0; i < expected; ++i) {
    auto one = authority_from((*blocks.value)[2 * i], (*blocks.value)[2 * i + 1]);
    if (!one) return one.error();
    all.push_back(std::move(*one));
  }
  auto impl = std::make_shared<Impl>(Authorities{all[0], all[1], all[2], all[3], all[4]}, now, std::move(host));
  if (auto status = impl->complete(); !status) return status.error();
  return Pki(std::move(impl));
}

const Bytes& Pki::anchor() const noexcept { return impl_->root.certificate; }
const Bytes& Pki::implicit_anchor() const noexcept { return impl_->implicit_root.certificate; }
const Bytes& Pki::former_anchor() const noexcept { return impl_->old_root.certificate; }
const Bytes& Pki::issuing() const noexcept { return impl_->issuing.certificate; }
const Bytes& Pki::crl() const noexcept { return impl_->crl; }
const Bytes& Pki::root_crl() const noexcept { return impl_->root_crl; }

Result<est::tls::Identity> Pki::server(std::string_view identity) const {
  const Impl& self = *impl_;
  if (!knows(server_identities(), identity)) return est::Error{"no server identity is called " + std::string(identity)};
  if (identity == "revoked") return self.revoked;
  if (identity == "self-signed") return self.self_signed();
  if (identity == "imitated") return self.imitated();
  if (identity == "untrusted") return self.identity(identity, self.stranger, {self.stranger.certificate});
  if (knows(below_bad_ca(), identity)) return self.below(identity);
  if (identity == "old-key") return self.identity(identity, self.old_root, {});
  if (identity.starts_with("implicit")) return self.identity(identity, self.implicit_root, {});
  auto made = self.identity(identity, self.issuing, {self.issuing.certificate});
  if (made && identity == "incomplete-chain") made->chain.resize(1);
  if (made && identity == "chain-with-root") made->chain.push_back(self.root.certificate);
  if (made && identity == "new-with-old") made->chain.push_back(self.new_with_old);
  return made;
}

Result<est::tls::Identity> Pki::client(std::string_view common_name, std::string_view alternative_name) const {
  std::vector<Extension> extensions{est::codec::make_basic_constraints(false), est::codec::make_key_usage(usage::digital_signature),
                                    est::codec::make_extended_key_usage({oids::client_auth})};
  if (!alternative_name.empty()) {
    auto name = est::codec::parse_general_name(alternative_name);
    if (!name) return name.error();
    extensions.push_back(est::codec::make_subject_alt_name({std::move(*name)}));
  }
  auto made =
      est::pki::draft("CN=" + std::string(common_name) + ",O=estspec", {impl_->now - day, impl_->now + 30 * day}, std::move(extensions));
  if (!made) return made.error();
  auto certificate = est::pki::issue_certificate(made->spec, impl_->issuing.issuer());
  if (!certificate) return certificate.error();
  return est::tls::Identity{{std::move(*certificate), impl_->issuing.certificate}, std::move(made->key)};
}

Result<est::tls::Identity> Pki::registration_authority(std::string_view common_name) const {
  auto made = est::pki::draft("CN=" + std::string(common_name) + ",O=estspec", {impl_->now - day, impl_->now + long_time},
                              {est::codec::make_basic_constraints(false), est::codec::make_key_usage(usage::digital_signature),
                               est::codec::make_extended_key_usage({oids::client_auth, oids::cmc_ra})});
  if (!made) return made.error();
  auto certificate = est::pki::issue_certificate(made->spec, impl_->issuing.issuer());
  if (!certificate) return certificate.error();
  return est::tls::Identity{{std::move(*certificate), impl_->issuing.certificate}, std::move(made->key)};
}

Result<est::tls::Identity> Pki::responder(std::string_view word) const {
  const Impl& self = *impl_;
  if (word == "leaf") return client("no responder");
  const Authority& signer = word == "stranger" ? self.stranger : self.issuing;
  return est::tls::Identity{{signer.certificate}, signer.key};
}

const Protection* Pki::protection(std::string_view how) const {
  if (how == "symmetric") return &*impl_->secret;
  if (how == "key-transport") return &*impl_->transport;
  return how == "key-agreement" ? &*impl_->agreement : nullptr;
}

Result<std::vector<Bytes>> Pki::ca_certificates(std::string_view set) const {
  const Impl& self = *impl_;
  const Bytes& root = self.root.certificate;
  const Bytes& issuing = self.issuing.certificate;
  if (set == "good") return std::vector<Bytes>{root, issuing};
  if (set == "root-alone") return std::vector<Bytes>{root};
  if (set == "issuing-alone") return std::vector<Bytes>{issuing};
  if (set == "rollover") return std::vector<Bytes>{root, issuing, self.old_root.certificate, self.old_with_new, self.new_with_old};
  if (set == "rollover-forged") return std::vector<Bytes>{root, issuing, self.forged_old_with_new};
  if (set == "with-stranger") return std::vector<Bytes>{root, issuing, self.stranger.certificate};
  if (set == "with-expired") return std::vector<Bytes>{root, issuing, self.expired_root};
  if (set == "stranger-alone") return std::vector<Bytes>{self.stranger.certificate};
  if (set == "none") return std::vector<Bytes>{};
  if (set == "leaf-alone") return std::vector<Bytes>{self.revoked.chain.front()};
  return est::Error{"no set of CA certificates is called " + std::string(set)};
}

Result<Bytes> Pki::issue(const IssueWish& wish) const {
  const Impl& self = *impl_;
  est::pki::CertificateSpec spec;
  spec.serial = est::pki::random_serial();
  spec.subject = wish.subject;
  spec.public_key_info = wish.public_key_info;
  spec.validity = validity_of(wish.deviation, self.now);
  spec.extensions = {est::codec::make_basic_constraints(false), est::codec::make_key_usage(usage::digital_signature),
                     est::codec::make_extended_key_usage({oids::client_auth})};
  for (const auto& extension : wish.extensions) {
    if (extension.id == oids::subject_alt_name) spec.extensions.push_back(extension);
  }
  if (wish.deviation == "other-key") {
    auto key = PrivateKey::generate(KeyType::ec_p256);
    if (!key) return key.error();
    spec.public_key_info = key->public_key_info();
  }
  if (wish.deviation == "other-subject") {
    auto name = est::codec::parse_name("CN=somebody else,O=estspec");
    if (!name) return name.error();
    spec.subject = std::move(*name);
  }
  const Authority& signer = wish.deviation == "untrusted" ? self.stranger : self.issuing;
  return est::pki::issue_certificate(spec, signer.issuer());
}

bool Pki::issued(est::BytesView certificate) const {
  const auto leaf = est::codec::decode_certificate(certificate);
  if (!leaf.value) return false;
  const auto good =
      est::crypto::verify(impl_->issuing.key.public_key_info(), leaf.value->signature_algorithm, leaf.value->tbs, leaf.value->signature);
  return good && *good;
}

}  // namespace conformance::peer
