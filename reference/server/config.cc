#include "server/config.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "est/base/file.h"
#include "est/base/text.h"
#include "est/ops/operation.h"
#include "server/config_reader.h"
#include "server/csrattrs_config.h"
#include "server/yaml_reader.h"

namespace server {
namespace {

using est::tls::Version;

constexpr std::int64_t most_seconds = 86400;
constexpr std::size_t config_file_limit = std::size_t{1} << 20U;

std::vector<est::net::Endpoint> read_endpoints(YamlMap& top, const std::string& key) {
  std::vector<est::net::Endpoint> endpoints;
  for (const YamlValue& value : top.list(key)) {
    est::Result<est::net::Endpoint> endpoint = est::net::parse_endpoint(value.text());
    if (endpoint)
      endpoints.push_back(*std::move(endpoint));
    else
      value.fail(endpoint.error().message, "write host:port or [v6-address]:port");
  }
  return endpoints;
}

void read_listen(YamlMap& top, Config& config) {
  if (top.get("listen-late")) config.listen_late = read_endpoints(top, "listen-late");
  if (!top.get("listen")) return;
  config.listen = read_endpoints(top, "listen");
  if (config.listen.empty()) top.get("listen")->fail("listen is empty", "give at least one host:port");
}

void read_span(YamlMap& map, const std::string& key, est::Milliseconds& span) {
  span = std::chrono::seconds(map.number(key, 1, most_seconds, span.count() / 1000));
}

void read_size(YamlMap& map, const std::string& key, std::size_t least, std::size_t most, std::size_t& size) {
  size = static_cast<std::size_t>(
      map.number(key, static_cast<std::int64_t>(least), static_cast<std::int64_t>(most), static_cast<std::int64_t>(size)));
}

void read_limits(const YamlValue& section, est::net::ServerLimits& limits) {
  YamlMap map = section.map();
  read_span(map, "handshake-seconds", limits.handshake);
  read_span(map, "head-seconds", limits.head);
  read_span(map, "body-seconds", limits.body);
  read_span(map, "idle-seconds", limits.idle);
  read_span(map, "write-seconds", limits.write);
  read_span(map, "drain-seconds", limits.drain);
  read_size(map, "connections", 1, 1000000, limits.connections);
  read_size(map, "connections-per-peer", 1, 1000000, limits.connections_per_peer);
  read_size(map, "requests-per-connection", 1, 1000000000, limits.requests_per_connection);
  read_size(map, "start-line-octets", 256, 1U << 20U, limits.parser.start_line);
  read_size(map, "head-octets", 512, 1U << 20U, limits.parser.head);
  read_size(map, "fields", 10, 10000, limits.parser.fields);
  read_size(map, "body-octets", 1024, std::size_t{64} << 20U, limits.parser.body);
  map.finish();
}

// Whatever else is there, an address beyond this machine has to be written down.
void read_metrics(const YamlValue& section, Config& config) {
  YamlMap map = section.map();
  est::net::Endpoint at{map.text("host", "127.0.0.1"), 0};
  if (const auto port = map.require("port")) at.port = static_cast<std::uint16_t>(port->number(0, 65535));
  config.metrics = std::move(at);
  map.finish();
}

void read_tls(const YamlValue& section, TlsConfig& tls) {
  using est::tls::ClientCertificate;
  constexpr std::array<std::pair<std::string_view, Version>, 2> versions{{{"1.2", Version::tls12}, {"1.3", Version::tls13}}};
  constexpr std::array<std::pair<std::string_view, ClientCertificate>, 4> modes{{{"none", ClientCertificate::none},
                                                                                 {"optional", ClientCertificate::optional},
                                                                                 {"required", ClientCertificate::required},
                                                                                 {"late", ClientCertificate::late}}};
  YamlMap map = section.map();
  tls.least = map.choice("minimum", versions, tls.least);
  tls.most = map.choice("maximum", versions, tls.most);
  tls.suites = map.text("suites", {});
  tls.groups = map.text("groups", {});
  tls.client_certificate = map.choice("client-certificate", modes, tls.client_certificate);
  tls.resumption = map.boolean("resumption", tls.resumption);
  map.finish();
  if (tls.least > tls.most) section.fail("the TLS minimum is above the maximum", "exchange the two");
}

void read_realm(YamlMap& top, Config& config) {
  const std::optional<YamlValue> value = top.get("realm");
  if (!value) return;
  config.realm = value->text();
  const bool plain =
      std::all_of(config.realm.begin(), config.realm.end(), [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (!plain) value->fail("the realm has characters that need escaping", "use printable ASCII without quotes and backslashes");
}

void read_algorithms(YamlMap& top, Config& config) {
  const std::optional<YamlValue> value = top.get("digest-algorithms");
  if (!value) return;
  config.digest_algorithms.clear();
  for (const YamlValue& each : value->list()) {
    const std::optional<est::http::DigestAlgorithm> algorithm = est::http::digest_algorithm_by_name(each.text());
    if (algorithm)
      config.digest_algorithms.push_back(*algorithm);
    else
      each.fail("unknown digest algorithm", "use MD5, SHA-256 or SHA-512-256, with or without -sess");
  }
  if (config.digest_algorithms.empty()) value->fail("digest-algorithms is empty", "name at least one, or leave the key out");
}

void read_users(YamlMap& top, Config& config, const YamlSource& source) {
  for (const YamlValue& value : top.list("users")) {
    YamlMap map = value.map();
    UserSource user;
    user.name = map.text("name", {});
    const std::optional<YamlValue> file = map.get("password-file");
    const std::optional<YamlValue> environment = map.get("password-env");
    if (file.has_value() == environment.has_value())
      value.fail("a user needs exactly one of password-file and password-env", "passwords themselves stand in users-file only");
    user.kind = file ? UserSource::Kind::file : UserSource::Kind::environment;
    if (file) user.value = source.resolve(file->text());
    if (environment) user.value = environment->text();
    if (const auto values = map.get("one-time-passwords-file")) user.one_time_passwords = source.resolve(values->text());
    map.finish();
    config.users.push_back(std::move(user));
  }
}

void read_profile(const YamlValue& section, ca::Profile& profile) {
  YamlMap map = section.map();
  profile.name = map.text("name", profile.name);
  profile.validity_seconds = map.number("validity-seconds", 1, 100LL * 366 * 86400, profile.validity_seconds);
  profile.backdate_seconds = map.number("backdate-seconds", 0, 86400, profile.backdate_seconds);
  if (map.get("key-usage")) profile.key_usage = read_key_usages(map.list("key-usage"));
  for (const YamlValue& value : map.list("extended-key-usage")) profile.extended_key_usage.push_back(read_oid(value));
  profile.copy_subject_alt_name = map.boolean("copy-subject-alt-name", profile.copy_subject_alt_name);
  profile.copy_key_usage = map.boolean("copy-key-usage", profile.copy_key_usage);
  profile.copy_extended_key_usage = map.boolean("copy-extended-key-usage", profile.copy_extended_key_usage);
  for (const YamlValue& value : map.list("key-types")) profile.key_types.push_back(read_key_type(value));
  map.finish();
}

void read_retry(const YamlValue& section, Retry& retry) {
  constexpr std::array<std::pair<std::string_view, bool>, 2> forms{{{"seconds", false}, {"date", true}}};
  YamlMap map = section.map();
  retry.seconds = map.number("seconds", 1, 30LL * 86400, retry.seconds);
  retry.as_date = map.choice("form", forms, retry.as_date);
  map.finish();
}

void read_full_cmc(const YamlValue& section, FullCmc& full_cmc) {
  constexpr std::array<std::pair<std::string_view, bool>, 2> proof{{{"optional", false}, {"required", true}}};
  YamlMap map = section.map();
  full_cmc.enabled = map.boolean("enabled", full_cmc.enabled);
  full_cmc.identity_proof_required = map.choice("identity-proof", proof, full_cmc.identity_proof_required);
  full_cmc.publish_trust_anchors = map.boolean("publish-trust-anchors", full_cmc.publish_trust_anchors);
  map.finish();
}

void read_authentication(YamlMap& map, LabelPolicy& policy) {
  using A = Authentication;
  constexpr std::array<std::pair<std::string_view, A>, 7> modes{{{"none", A::none},
                                                                 {"basic", A::basic},
                                                                 {"digest", A::digest},
                                                                 {"password", A::password},
                                                                 {"certificate", A::certificate},
                                                                 {"certificate-or-password", A::certificate_or_password},
                                                                 {"certificate-and-password", A::certificate_and_password}}};
  policy.authentication = map.choice("authentication", modes, policy.authentication);
}

// serverkeygen of a label: off, on, or on for requests alone that name a key to encrypt with.
void read_label_keygen(YamlMap& map, LabelPolicy& policy) {
  enum class Mode { off, on, encrypted };
  constexpr std::array<std::pair<std::string_view, Mode>, 3> modes{{{"off", Mode::off}, {"on", Mode::on}, {"encrypted", Mode::encrypted}}};
  const Mode mode = map.choice("serverkeygen", modes, Mode::on);
  policy.keygen = mode != Mode::off;
  policy.keygen_encrypted = mode == Mode::encrypted;
}

LabelPolicy read_label(const YamlValue& section, const YamlSource& source) {
  constexpr std::array<std::pair<std::string_view, bool>, 2> pop{{{"optional", false}, {"required", true}}};
  constexpr std::array<std::pair<std::string_view, bool>, 2> change{{{"refuse", false}, {"allow", true}}};
  constexpr std::array<std::pair<std::string_view, bool>, 2> approval{{{"automatic", false}, {"manual", true}}};
  YamlMap map = section.map();
  LabelPolicy policy;
  read_authentication(map, policy);
  policy.pop_required = map.choice("pop", pop, policy.pop_required);
  policy.accept_exporter = map.boolean("accept-exporter", policy.accept_exporter);
  policy.device_identity = map.choice("device-identity", pop, policy.device_identity);
  policy.change_subject_name = map.choice("change-subject-name", change, policy.change_subject_name);
  policy.one_time_password_required = map.choice("one-time-password", pop, policy.one_time_password_required);
  policy.manual_approval = map.choice("approval", approval, policy.manual_approval);
  if (const auto full_cmc = map.get("fullcmc")) read_full_cmc(*full_cmc, policy.full_cmc);
  if (const auto retry = map.get("retry-after")) read_retry(*retry, policy.retry);
  read_label_keygen(map, policy);
  if (const auto csrattrs = map.get("csrattrs")) {
    CsrAttrsConfig read = read_csrattrs(*csrattrs, policy.pop_required);
    policy.attributes = std::move(read.attributes);
    policy.enforce_attributes = read.enforce;
  }
  if (const auto profile = map.get("profile")) read_profile(*profile, policy.profile);
  if (const auto directory = map.get("ca")) policy.ca_directory = source.resolve(directory->text());
  map.finish();
  return policy;
}

// Demands that no client could meet. INT-01 is the reason for the first.
void check_possible(const YamlValue& section, const LabelPolicy& policy, const TlsConfig& tls) {
  if (policy.pop_required && !policy.accept_exporter && tls.most == Version::tls13)
    section.fail("no TLS 1.3 client could satisfy pop: required without accept-exporter", "set accept-exporter: true or tls maximum 1.2");
  if (policy.device_identity && policy.full_cmc.enabled)
    section.fail("device-identity is not looked at in /fullcmc", "set fullcmc: {enabled: false} in this label");
  const bool certificate =
      policy.authentication == Authentication::certificate || policy.authentication == Authentication::certificate_and_password;
  if (certificate && tls.client_certificate == est::tls::ClientCertificate::none)
    section.fail("this label needs a client certificate, but tls asks for none", "set tls client-certificate: optional");
}

void read_labels(YamlMap& top, Config& config, const YamlSource& source) {
  const std::optional<YamlValue> section = top.require("labels");
  if (!section) return;
  for (const auto& [label, value] : section->map().entries()) {
    if (!label.empty() && !est::ops::valid_label(label))
      value.fail("\"" + est::printable(label, 60) + "\" is no CA label",
                 "RFC 7030 3.2.2: one path segment, not the name of an operation, at most 128 octets");
    LabelPolicy policy = read_label(value, source);
    check_possible(value, policy, config.tls);
    policy.profile.name = policy.profile.name == "default" && !label.empty() ? label : policy.profile.name;
    config.labels.insert_or_assign(label, std::move(policy));
  }
  if (config.labels.empty()) section->fail("no labels", "add at least \"\": {} for requests without a label");
}

void read_named_certificates(YamlMap& top, Config& config, const YamlSource& source) {
  for (const YamlValue& value : top.list("named-certificates")) {
    YamlMap map = value.map();
    CertificateFiles files;
    if (const auto path = map.require("certificate")) files.certificate = source.resolve(path->text());
    if (const auto path = map.require("key")) files.key = source.resolve(path->text());
    map.finish();
    config.named_certificates.push_back(std::move(files));
  }
}

est::codec::Oid read_attribute_type(const YamlValue& value) {
  const std::string name = value.text();
  const auto type = est::codec::oid_by_name(name);
  if (!type) value.fail("unknown attribute type '" + est::printable(name, 40) + "'", "use a name such as serialNumber, or dotted decimal");
  return type.value_or(est::codec::Oid{});
}

void read_manufacturers(YamlMap& top, Config& config, const YamlSource& source) {
  for (const YamlValue& value : top.list("manufacturers")) {
    YamlMap map = value.map();
    ManufacturerConfig one;
    if (const auto path = map.require("anchors")) one.anchors = source.resolve(path->text());
    if (const auto type = map.require("identity")) one.identity = read_attribute_type(*type);
    if (const auto name = map.require("organization")) one.organization = name->text();
    map.finish();
    config.manufacturers.push_back(std::move(one));
  }
}

// Who the server is, and whom it believes.
void read_identities(YamlMap& top, Config& config, const YamlSource& source) {
  if (const auto path = top.require("server-certificate")) config.server_certificate = source.resolve(path->text());
  if (const auto path = top.require("server-key")) config.server_key = source.resolve(path->text());
  read_named_certificates(top, config, source);
  config.explicit_anchors = top.paths("explicit-anchors");
  config.implicit_anchors = top.paths("implicit-anchors");
  read_manufacturers(top, config, source);
  config.crls = top.paths("crls");
  config.check_crl = top.boolean("check-crl", false);
}

void read_ca(YamlMap& top, Config& config, const YamlSource& source) {
  if (const auto directory = top.require("ca")) config.ca_directory = source.resolve(directory->text());
  config.workers = static_cast<unsigned>(top.number("workers", 0, 256, config.workers));
  config.own_crl = top.path("own-crl");
  config.crl_validity_seconds = top.number("crl-validity-seconds", 60, 10LL * 366 * 86400, config.crl_validity_seconds);
}

void read_keygen(const YamlValue& section, KeygenConfig& keygen, const YamlSource& source) {
  YamlMap map = section.map();
  keygen.offered = true;
  if (map.get("key-types")) keygen.key_types.clear();
  for (const YamlValue& value : map.list("key-types")) keygen.key_types.push_back(read_key_type(value));
  if (keygen.key_types.empty()) section.fail("serverkeygen.key-types is empty", "name at least one type, or leave the key out");
  for (const YamlValue& value : map.list("symmetric-keys")) {
    YamlMap one = value.map();
    const auto identifier = one.require("identifier");
    const auto file = one.require("key-file");
    if (identifier && file) keygen.symmetric_keys.push_back({identifier->text(), source.resolve(file->text())});
    one.finish();
  }
  for (const YamlValue& value : map.list("asymmetric-keys")) {
    YamlMap one = value.map();
    const auto identifier = one.require("identifier");
    const auto certificate = one.require("certificate");
    if (identifier && certificate) keygen.asymmetric_keys.push_back({identifier->text(), source.resolve(certificate->text())});
    one.finish();
  }
  map.finish();
}

}  // namespace

void read_front(YamlMap& top, Config& config, const YamlSource& source) {
  read_listen(top, config);
  config.threads = static_cast<unsigned>(top.number("threads", 1, 256, config.threads));
  if (const auto limits = top.get("limits")) read_limits(*limits, config.limits);
  if (const auto metrics = top.get("metrics")) read_metrics(*metrics, config);
  if (const auto tls = top.get("tls")) read_tls(*tls, config.tls);
  read_identities(top, config, source);
  read_realm(top, config);
  read_algorithms(top, config);
  config.content_transfer_encoding = top.boolean("content-transfer-encoding", false);
  read_users(top, config, source);
  config.users_file = top.path("users-file");
  read_labels(top, config, source);
}

est::Result<Config> parse_config(std::string_view text, const std::string& path) {
  YamlSource source(path);
  Config config;
  if (std::optional<YamlMap> top = read_yaml(text, source)) {
    read_front(*top, config, source);
    read_ca(*top, config, source);
    if (const auto keygen = top->get("serverkeygen")) read_keygen(*keygen, config.keygen, source);
    top->finish();
  }
  if (source.failed()) return source.error();
  return config;
}

est::Result<Config> load_config(const std::string& path) {
  const est::Result<std::string> text = est::read_file(path, config_file_limit);
  if (!text) return est::Error{text.error().message + "; make one with \"est-server init --dir DIR\""};
  return parse_config(*text, path);
}

est::Result<std::vector<UserSource>> parse_users(std::string_view text, const std::string& path) {
  YamlSource source(path);
  std::vector<UserSource> users;
  if (std::optional<YamlMap> top = read_yaml(text, source))
    for (const auto& [name, password] : top->entries()) users.push_back({name, UserSource::Kind::literal, password.text()});
  if (source.failed()) return source.error();
  return users;
}

}  // namespace server
