#include "client/settings.h"

#include <filesystem>
#include <iostream>
#include <utility>

#include "client/files.h"
#include "client/own_request.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"
#include "est/ops/operation.h"

namespace client {
namespace {

using est::Bytes;
using est::Error;
using est::Result;
using est::Status;

constexpr const char* system_anchors = "/etc/ssl/certs/ca-certificates.crt";

bool file_exists(const std::string& path) {
  std::error_code failed;
  return std::filesystem::exists(path, failed);
}

// Collects what settle() finds out; each step is one subject.
struct Settling {
  const Flags& flags;
  Settings settings;

  [[nodiscard]] Result<Secret> secret(const std::string& source, std::string_view what) {
    Result<SecretSource> parsed = SecretSource::parse(source);
    if (!parsed) return parsed.error();
    return parsed->read(what, settings.warnings);
  }
  [[nodiscard]] AskPassphrase passphrase() {
    if (flags.passphrase.empty()) return {};
    return [this](std::string_view what) { return secret(flags.passphrase, what); };
  }
  [[nodiscard]] bool sends_request() const { return flags.operation != "cacerts" && flags.operation != "csrattrs"; }
};

// --- the server

// "/.well-known/est", "/.well-known/est/LABEL", "/" or nothing.
Status take_path(std::string path, std::string& label) {
  while (path.ends_with('/')) path.pop_back();
  if (path.empty() || path == est::ops::well_known) return {};
  const std::string prefix = std::string(est::ops::well_known) + "/";
  if (!path.starts_with(prefix)) return Error{"--url: only /.well-known/est and a label may follow the server's address"};
  if (!label.empty()) return Error{"--url holds a label and --label is given; use one"};
  label = path.substr(prefix.size());
  return {};
}

Status settle_server(Settling& s) {
  const auto url = est::net::parse_url(s.flags.url);
  if (!url) return Error{"--url: " + url.error().message};
  if (url->scheme != "https") return Error{"--url must begin with https:// (RFC 7030 3.3)"};
  std::string label = s.flags.label;
  if (Status taken = take_path(url->path, label); !taken) return taken;
  if (!label.empty() && !est::ops::valid_label(label))
    return Error{"\"" + est::printable(label, 60) + "\" is no label: one path segment that is no operation's name (RFC 7030 3.2.2)"};
  s.settings.client.server = url->endpoint;
  s.settings.client.label = label;
  s.settings.client.every_root = s.flags.every_root;
  return {};
}

Status add_certificates(const std::vector<std::string>& paths, std::vector<Bytes>& to) {
  for (const std::string& path : paths) {
    Result<std::vector<Bytes>> read = read_certificates(path == "system" ? system_anchors : path);
    if (!read) return read.error();
    to.insert(to.end(), read->begin(), read->end());
  }
  return {};
}

Status add_crl(const std::string& path, std::vector<Bytes>& to) {
  const Result<std::string> content = est::read_file(path);
  if (!content) return content.error();
  if (content->find("-----BEGIN") == std::string::npos) {
    to.push_back(est::to_bytes(*content));
    const auto parsed = est::crypto::parse_crl(to.back());
    return parsed ? Status{} : Status{Error{path + ": " + parsed.error().message}};
  }
  Result<std::vector<Bytes>> lists = est::crypto::crls_from_pem(*content);
  if (!lists) return Error{path + ": " + lists.error().message};
  to.insert(to.end(), lists->begin(), lists->end());
  return {};
}

// --ask: a person at the terminal, within the terminal's patience.
bool confirmed_on_terminal(const std::string& text, const std::string& question) {
  std::cerr << text;
  const Result<Secret> typed = secret_from_terminal("\"yes\" (it is not shown) " + question);
  return typed && typed->reveal() == "yes";
}

Status settle_trust(Settling& s) {
  Trust& configured = s.settings.anchors.configured;
  if (Status added = add_certificates(s.flags.anchors, configured.explicit_anchors); !added) return added;
  if (Status added = add_certificates(s.flags.implicit_anchors, configured.implicit_anchors); !added) return added;
  for (const std::string& path : s.flags.crls)
    if (Status added = add_crl(path, configured.crls); !added) return added;
  configured.check_crl = !configured.crls.empty();
  if (!s.flags.store.empty()) {
    Result<TrustStore> store = TrustStore::open(s.flags.store);
    if (!store) return store.error();
    s.settings.store = *std::move(store);
  }
  if (!s.flags.fingerprint.empty()) {
    Result<Fingerprint> fingerprint = parse_fingerprint(s.flags.fingerprint);
    if (!fingerprint) return Error{"--fingerprint: " + fingerprint.error().message};
    s.settings.anchors.fingerprint = *std::move(fingerprint);
  }
  if (s.flags.ask)
    s.settings.anchors.ask = [](const est::codec::Certificate& root) {
      return confirmed_on_terminal("The server's CA certificate, which nothing vouches for:\n" + root_description(root),
                                   "if this is your CA");
    };
  s.settings.client.trust = s.settings.store ? s.settings.store->with(configured) : configured;
  if (s.settings.client.trust.empty() && !s.settings.anchors.fingerprint && !s.settings.anchors.ask)
    return Error{"there are no trust anchors; give --anchors, --implicit-anchors, or --fingerprint or --ask for the first contact"};
  return {};
}

// --- who we are

std::string password_source(const Flags& flags) {
  if (flags.password) return *flags.password;
  if (!flags.password_file.empty()) return "file:" + flags.password_file;
  if (!flags.password_env.empty()) return "env:" + flags.password_env;
  return flags.ask_password || flags.user ? "prompt:" : "";
}

Status settle_credentials(Settling& s) {
  const std::string source = password_source(s.flags);
  if (source.empty()) return {};
  Result<SecretSource> parsed = SecretSource::parse(source);
  if (!parsed) return parsed.error();
  const std::string user = s.flags.user.value_or("");
  // Fetched when an authorised server asks, and only then.
  s.settings.client.session.credentials =
      [user, password = *std::move(parsed)](const Challenged& challenged) -> Result<std::optional<est::http::Credentials>> {
    std::vector<std::string> warnings;
    const Result<Secret> secret = password.read(
        "the password of user \"" + est::printable(user, 60) + "\" for \"" + est::printable(challenged.realm, 80) + "\"", warnings);
    for (const std::string& warning : warnings) std::cerr << "est-client: warning: " << warning << "\n";
    if (!secret) return secret.error();
    return std::optional(est::http::Credentials{user, std::string(secret->reveal())});
  };
  return {};
}

// A renewal does not take a key out of hardware unasked.
bool stays_in_token(Settling& s, const est::crypto::PrivateKey& key) {
  if (key.token_uri().empty() || !s.flags.key.empty() || !s.flags.key_type.empty() || !s.flags.csr.empty()) return false;
  s.settings.warnings.push_back("the key stays in its token and is certified again; for a new one, make it there and give --key");
  return true;
}

Status settle_identity(Settling& s) {
  std::string certificate = s.flags.client_cert;
  std::string key = s.flags.client_key;
  const bool renews = s.flags.operation == "reenroll";
  if (certificate.empty() && renews && s.settings.store) {
    certificate = s.settings.store->path("certificate.pem");
    key = s.settings.store->path("key.pem");
    if (!file_exists(certificate)) return Error{s.flags.store + " holds no certificate to renew; enroll first or give --client-cert"};
  }
  if (certificate.empty())
    return renews ? Status{Error{"reenroll needs the certificate to renew; give --client-cert or --store"}} : Status{};
  Result<est::tls::Identity> identity = read_identity(certificate, key, s.passphrase());
  if (!identity) return identity.error();
  if (renews) {
    auto decoded = est::codec::decode_certificate(identity->chain.front());
    if (!decoded.value) return Error{certificate + ": the certificate to renew cannot be read"};
    s.settings.request.renewed = *std::move(decoded.value);
    if (s.flags.keep_key || stays_in_token(s, *identity->key)) s.settings.request.key = identity->key;
  }
  s.settings.client.session.identity = *std::move(identity);
  return {};
}

// --- how

est::Milliseconds seconds(double value) { return est::Milliseconds(static_cast<std::int64_t>(value * 1000)); }

Status settle_transport(Settling& s) {
  SessionOptions& session = s.settings.client.session;
  session.answer_within = seconds(s.flags.timeout);
  session.connect_within = session.handshake_within = seconds(s.flags.connect_timeout);
  session.least = *est::tls::version_by_name(s.flags.tls_min);
  session.most = *est::tls::version_by_name(s.flags.tls_max);
  if (session.least > session.most) return Error{"--tls-min is above --tls-max"};
  session.transfer_encoding = s.flags.transfer_encoding;
  session.suites = s.flags.tls_suites;
  session.groups = s.flags.tls_groups;
  s.settings.client.retry.limit = s.flags.retry_limit;
  if (s.flags.approve_redirects)
    session.approve = [](const std::string&, const std::string&) { return true; };
  else if (s.flags.ask)
    session.approve = [](const std::string& from, const std::string& to) {
      return confirmed_on_terminal("The server " + est::printable(from) + " sends us to " + est::printable(to) + "\n", "to go there");
    };
  if (s.flags.proxy.empty()) return {};
  Result<est::net::Proxy> proxy = est::net::parse_proxy(s.flags.proxy);
  if (!proxy) return proxy.error();
  if (!s.flags.proxy_user.empty() || !s.flags.proxy_password.empty()) {
    const Result<Secret> password =
        s.secret(s.flags.proxy_password.empty() ? "prompt:" : s.flags.proxy_password, "the password at the proxy");
    if (!password) return password.error();
    proxy->credentials = est::http::Credentials{s.flags.proxy_user, std::string(password->reveal())};
  }
  session.proxy = *std::move(proxy);
  return {};
}

// --- what is asked for

Status settle_names(const Flags& flags, RequestWishes& wishes) {
  if (!flags.subject.empty()) {
    Result<est::codec::Name> name = est::codec::parse_name(flags.subject);
    if (!name) return Error{"--subject: " + name.error().message};
    wishes.subject = *std::move(name);
  }
  for (const std::string& text : flags.names) {
    Result<est::codec::GeneralName> name = est::codec::parse_general_name(text);
    if (!name) return Error{"--san: " + name.error().message};
    wishes.subject_alt_names.push_back(*std::move(name));
  }
  for (const std::string& text : flags.purposes) {
    Result<est::codec::Oid> purpose = parse_purpose(text);
    if (!purpose) return purpose.error();
    wishes.extended_key_usages.push_back(*std::move(purpose));
  }
  if (flags.key_usage.empty()) return {};
  const Result<unsigned> usage = parse_key_usage(flags.key_usage);
  if (!usage) return usage.error();
  wishes.key_usage = *usage;
  return {};
}

Status settle_challenges(Settling& s, RequestWishes& wishes) {
  if (!s.flags.otp.empty()) {
    Result<Secret> otp = s.secret(s.flags.otp, "the one-time password");
    if (!otp) return otp.error();
    wishes.otp = *std::move(otp);
  }
  if (s.flags.revocation_challenge.empty()) return {};
  Result<Secret> challenge = s.secret(s.flags.revocation_challenge, "the revocation challenge");
  if (!challenge) return challenge.error();
  wishes.revocation_challenge = *std::move(challenge);
  return {};
}

Status settle_key(Settling& s) {
  RequestPlan& plan = s.settings.request;
  if (!s.flags.key_type.empty()) {
    const Result<KeyChoice> choice = parse_key_choice(s.flags.key_type);
    if (!choice) return choice.error();
    plan.key_type = *choice;
  }
  if (!s.flags.digest.empty()) {
    const auto digest = parse_digest_choice(s.flags.digest);
    if (!digest) return digest.error();
    plan.wishes.digest = *digest;
  }
  if (s.flags.key.empty()) return {};
  if (s.flags.keep_key || !s.flags.key_type.empty()) return Error{"--key is a key that exists; leave out --key-type and --keep-key"};
  Result<est::crypto::PrivateKey> key = read_key(s.flags.key, s.passphrase());
  if (!key) return key.error();
  plan.key = *std::move(key);
  return {};
}

Status settle_own_request(Settling& s) {
  if (s.flags.csr.empty()) return {};
  const Flags& f = s.flags;
  if (!f.subject.empty() || !f.names.empty() || !f.purposes.empty() || !f.key_usage.empty() || !f.otp.empty() ||
      !f.revocation_challenge.empty() || !f.key_type.empty() || !f.digest.empty())
    return Error{"--csr is sent as it is; it cannot be combined with flags that describe a request"};
  const Result<std::string> content = est::read_file(f.csr);
  if (!content) return content.error();
  auto request = read_own_request(*content, f.csr, s.settings.request.key ? &*s.settings.request.key : nullptr);
  if (!request) return request.error();
  s.settings.request.own_request = *std::move(request);
  return {};
}

Status settle_full_cmc(Settling& s) {
  s.settings.crmf = s.flags.crmf;
  if (s.flags.cmc_secret.empty()) return s.flags.cmc_user.empty() ? Status{} : Status{Error{"--cmc-user needs --cmc-secret"}};
  Result<Secret> secret = s.secret(s.flags.cmc_secret, "the shared secret");
  if (!secret) return secret.error();
  s.settings.cmc_secret = SharedSecret{s.flags.cmc_user, *std::move(secret)};
  return {};
}

Result<Secret> hexadecimal_file(const std::string& path) {
  Result<std::string> content = est::read_file(path, 4096);
  if (!content) return content.error();
  const std::string_view digits = est::trim(*content);
  std::string octets;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    const std::string pair(digits.substr(i, 2));
    if (pair.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return Error{path + " is no AES key in hexadecimal"};
    octets.push_back(static_cast<char>(std::stoi(pair, nullptr, 16)));
  }
  return Secret::take(std::move(octets));
}

Status settle_protection(Settling& s) {
  const Flags& f = s.flags;
  if (f.protect_id.empty() && f.protect_key.empty() && f.protect_secret_file.empty()) return {};
  KeyProtection protection;
  protection.identifier = est::to_bytes(f.protect_id);
  if (!f.protect_key.empty()) {
    Result<est::crypto::PrivateKey> key = read_key(f.protect_key, s.passphrase());
    if (!key) return key.error();
    protection.key = *std::move(key);
  }
  if (!f.protect_secret_file.empty()) {
    Result<Secret> secret = hexadecimal_file(f.protect_secret_file);
    if (!secret) return secret.error();
    protection.secret = *std::move(secret);
  }
  auto attributes = protection_attributes(protection);
  if (!attributes) return attributes.error();
  auto& wished = s.settings.request.wishes.attributes;
  wished.insert(wished.end(), attributes->begin(), attributes->end());
  s.settings.protection = std::move(protection);
  return {};
}

// RFC 6402 2.4: a Full PKI Request that a certificate signs, other than a registration authority's, asks for the names in it.
void settle_signed_renewal(Settling& s) {
  const auto& identity = s.settings.client.session.identity;
  if (s.flags.operation != "fullcmc" || !identity || is_registration_authority(identity->chain.front())) return;
  auto certificate = est::codec::decode_certificate(identity->chain.front());
  const auto& subject = s.settings.request.wishes.subject;
  const bool renews = certificate.value && (!subject || est::codec::same_name(*subject, certificate.value->subject));
  if (renews) s.settings.request.renewed = *std::move(certificate.value);
}

// --- where it goes

Status settle_output(Settling& s) {
  OutputPlan& output = s.settings.output;
  const Flags& f = s.flags;
  output.certificate = f.out;
  output.key = f.out_key;
  output.pkcs12 = f.format == "pkcs12";
  output.passphrase = f.out_passphrase;
  output.replace = f.force;
  if (!s.sends_request()) return {};
  if (s.settings.store && f.out.empty() && f.out_key.empty() && !output.pkcs12) {
    output.certificate = s.settings.store->path("certificate.pem");
    output.key = s.settings.store->path("key.pem");
    output.replace = f.force || f.operation == "reenroll";
  }
  if (output.certificate.empty()) return Error{"nothing says where the certificate goes; give --out (and --out-key) or --store"};
  const bool makes_key = f.csr.empty() && f.key.empty() && !f.keep_key;
  if (output.pkcs12) {
    if (f.out_passphrase.empty()) return Error{"--format pkcs12 needs --out-passphrase"};
    if (!output.key.empty()) return Error{"--format pkcs12 puts the key into --out; leave out --out-key"};
    return {};
  }
  if (makes_key && output.key.empty()) return Error{"a key will be made and nothing says where it goes; give --out-key or --store"};
  return {};
}

Status refuse_overwriting(const OutputPlan& output) {
  if (output.replace) return {};
  for (const std::string& path : {output.certificate, output.key})
    if (!path.empty() && file_exists(path)) return Error{path + " is there already; give --force to replace it"};
  return {};
}

// "ec-p256", as in --key-type.
std::string key_type_name(const est::crypto::PrivateKey& key) {
  const auto facts = est::crypto::key_facts(key.public_key_info());
  if (!facts) return {};
  if (facts->algorithm == "RSA") return "rsa-" + std::to_string(facts->bits);
  if (facts->group.starts_with("P-")) return "ec-p" + facts->group.substr(2);
  return est::ascii_lower(facts->algorithm);
}

// A key that waits for its certificate since an earlier try is used again, so that the server knows the request (RFC 7030 4.2.3).
Status take_pending_key(Settling& s) {
  RequestPlan& plan = s.settings.request;
  const std::string path = s.settings.output.pending();
  if (plan.key || plan.own_request || s.flags.operation == "serverkeygen" || !file_exists(path)) return {};
  Result<est::crypto::PrivateKey> key = read_key(path);
  if (!key) return key.error();
  if (!s.flags.key_type.empty() && s.flags.key_type != key_type_name(*key)) return {};
  plan.key = *std::move(key);
  s.settings.warnings.push_back("the key of an earlier try is used again: " + path);
  return {};
}

}  // namespace

AnchorPlan Settings::anchor_plan() {
  AnchorPlan plan = anchors;
  plan.store = store ? &*store : nullptr;
  return plan;
}

Result<Settings> settle(const Flags& flags) {
  Settling s{flags, {}};
  for (Status (*step)(Settling&) : {settle_server, settle_trust, settle_credentials, settle_identity, settle_transport})
    if (Status settled = step(s); !settled) return settled.error();
  s.settings.ask_attributes = !flags.no_attributes;
  s.settings.days_left = flags.days_left;
  s.settings.client.linking = flags.linking == "exporter" ? Linking::exporter
                              : flags.linking == "none"   ? Linking::none
                                                          : Linking::automatic;
  if (Status settled = settle_names(flags, s.settings.request.wishes); !settled) return settled.error();
  settle_signed_renewal(s);
  if (Status settled = settle_challenges(s, s.settings.request.wishes); !settled) return settled.error();
  for (Status (*step)(Settling&) : {settle_key, settle_own_request, settle_full_cmc, settle_protection, settle_output})
    if (Status settled = step(s); !settled) return settled.error();
  if (!s.sends_request()) return std::move(s.settings);
  if (Status free = refuse_overwriting(s.settings.output); !free) return free.error();
  if (Status taken = take_pending_key(s); !taken) return taken.error();
  return std::move(s.settings);
}

}  // namespace client
