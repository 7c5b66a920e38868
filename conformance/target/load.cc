#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "conformance/target/names.h"
#include "conformance/target/profile.h"
#include "conformance/target/questions.h"
#include "conformance/target/yaml_map.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/codec/media_type.h"
#include "est/codec/x509.h"
#include "est/crypto/chain.h"
#include "est/ops/operation.h"

namespace conformance::target {
namespace {

constexpr std::size_t profile_limit = std::size_t{1} << 20U;

// Reads one profile; every member reads one part of the format described in README.md.
class ProfileReader {
 public:
  explicit ProfileReader(const std::string& path) : problems_(path), folder_(std::filesystem::path(path).parent_path()) {}

  est::Result<Profile> read(const std::string& text) {
    if (auto read = read_document(text, problems_, [this](const YAML::Node& root) { read_top(root); }); !read) return read.error();
    return std::move(profile_);
  }

 private:
  void read_top(const YAML::Node& root) {
    YamlMap map(root, "", problems_);
    if (problems_.any()) return;
    profile_.role = map.text("role").value_or("server");
    if (profile_.role != "server" && profile_.role != "proxy")
      map.problem("role", "the profile is for neither a server nor a proxy", "write role: server or role: proxy, or use estspec client");
    read_declaration(map, claims_of_role(profile_.role), profile_);
    if (const auto node = map.node("access")) {
      read_access(*node);
    } else {
      map.absence("access", "'access' is missing", "add 'access:' with url and trust-anchor");
    }
    if (const auto node = map.node("csr")) read_csr(*node);
    if (const auto node = map.node("limits")) read_limits(*node);
    if (profile_.role == "proxy") {
      if (const auto node = map.node("upstream")) read_upstream(*node);
    }
    map.finish();
  }

  void read_upstream(const YAML::Node& node) {
    YamlMap map(node, "upstream", problems_);
    Upstream upstream;
    if (const auto listen = map.text("listen")) {
      auto endpoint = est::net::parse_endpoint(*listen);
      if (endpoint)
        upstream.listen = *std::move(endpoint);
      else
        map.problem("listen", "'upstream.listen' is no address", "write HOST:PORT, where the proxy looks for its upstream");
    }
    upstream.name = map.text("name").value_or(upstream.name);
    if (!est::codec::parse_general_name("DNS:" + upstream.name))
      map.problem("name", "'" + est::printable(upstream.name, 60) + "' is no DNS name", "write the one the proxy calls its upstream by");
    upstream.files = resolve(map.text("files").value_or(""));
    if (const auto labels = map.node("labels")) upstream.labels = read_upstream_labels(*labels);
    map.finish();
    profile_.upstream = std::move(upstream);
  }

  std::map<std::string, std::string, std::less<>> read_upstream_labels(const YAML::Node& node) {
    YamlMap map(node, "upstream.labels", problems_);
    std::map<std::string, std::string, std::less<>> labels;
    for (const auto& ours : map.keys()) {
      const auto theirs = map.text(ours).value_or("");
      if (theirs != "-") check_label(map, ours, theirs);
      labels[ours] = theirs == "-" ? std::string() : theirs;
    }
    return labels;
  }

  std::string resolve(const std::string& path) const {
    return path.empty() || path.front() == '/' ? path : (folder_ / path).lexically_normal().string();
  }

  void read_access(const YAML::Node& node) {
    YamlMap map(node, "access", problems_);
    read_url(map);
    read_trust_anchors(map);
    profile_.label = map.text("label").value_or("");
    check_label(map, "label", profile_.label);
    if (const auto password = map.node("password")) profile_.password = read_password(*password, "access.password");
    if (const auto odd = map.node("odd-passwords")) read_odd_passwords(*odd);
    if (const auto path = map.text("one-time-passwords")) read_one_time_passwords(map, *path);
    if (const auto identities = map.node("identities")) read_identities(*identities);
    if (const auto ca = map.node("client-ca")) profile_.client_ca = read_identity(*ca, "access.client-ca");
    if (const auto headers = map.node("headers")) read_headers(*headers);
    if (const auto keys = map.node("serverkeygen")) read_protection_keys(*keys);
    if (const auto labels = map.node("labels")) read_labels(*labels);
    if (const auto urls = map.node("urls")) read_urls(*urls);
    profile_.server_names = map.texts("server-names");
    if (const auto actions = map.node("operator")) read_operator(*actions);
    map.finish();
  }

  void read_url(YamlMap& map) {
    const std::string text = map.required_text("url", "write the target's https://HOST:PORT");
    if (!text.empty()) profile_.url = url_from(map, "url", text);
  }

  static est::net::Url url_from(YamlMap& map, const std::string& key, const std::string& text) {
    auto url = est::net::parse_url(text);
    const std::string name = "'" + map.path(key) + "'";
    if (!url.ok()) {
      map.problem(key, url.error().message, "write https://HOST:PORT");
    } else if (url->scheme != "https") {
      map.problem(key, name + " is not https", "EST is spoken over TLS; write https://HOST:PORT");
    } else if (!url->path.empty() && url->path != "/") {
      map.problem(key, name + " has a path", "leave it out: EST's is always /.well-known/est; a CA label goes into access.label");
    } else {
      return *url;
    }
    return {};
  }

  void read_urls(const YAML::Node& node) {
    YamlMap map(node, "access.urls", problems_);
    for (const auto& feature : feature_names()) {
      if (const auto text = map.text(feature)) profile_.urls[feature] = url_from(map, feature, *text);
    }
    map.finish();
  }

  void read_trust_anchors(YamlMap& map) {
    const auto paths = map.texts("trust-anchor");
    if (paths.empty())
      map.absence("trust-anchor", "'access.trust-anchor' is missing", "name the PEM file that the target's certificate chains to");
    for (const auto& path : paths) {
      const auto pem = est::read_file(resolve(path));
      if (!pem.ok()) return map.problem("trust-anchor", pem.error().message, "name a readable PEM file; paths are relative to the profile");
      auto certificates = est::crypto::certificates_from_pem(*pem);
      if (!certificates.ok())
        return map.problem("trust-anchor", resolve(path) + ": " + certificates.error().message, "name a PEM file with certificates");
      for (auto& der : *certificates) profile_.trust_anchors.push_back(std::move(der));
    }
  }

  static void check_label(YamlMap& map, std::string_view key, const std::string& label) {
    if (label.empty() || est::ops::valid_label(label)) return;
    map.problem(key, "'" + est::printable(label, 60) + "' is no CA label",
                "use one path segment that is no operation name (RFC 7030 3.2.2)");
  }

  Password read_password(const YAML::Node& node, const std::string& where) {
    YamlMap map(node, where, problems_);
    Password password;
    password.user = map.required_text("user", "give the user's name");
    if (const auto secret = map.node("password")) {
      password.password = read_secret(*secret);
    } else {
      map.absence("password", "'" + where + ".password' is missing", "write {env: NAME} or {file: PATH}");
    }
    map.finish();
    return password;
  }

  void read_odd_passwords(const YAML::Node& node) {
    YamlMap map(node, "access.odd-passwords", problems_);
    if (const auto colon = map.node("colon")) {
      const auto read = read_password(*colon, "access.odd-passwords.colon");
      if (read.password.find(':') == std::string::npos)
        map.problem("colon", "the password of 'access.odd-passwords.colon' has no colon", "give the user one that has");
      profile_.odd_passwords["colon"] = read;
    }
    if (const auto other = map.node("non-ascii")) {
      const auto read = read_password(*other, "access.odd-passwords.non-ascii");
      if (std::all_of(read.password.begin(), read.password.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
        map.problem("non-ascii", "the password of 'access.odd-passwords.non-ascii' is all ASCII",
                    "give the user one that is not, in UTF-8");
      profile_.odd_passwords["non-ascii"] = read;
    }
    map.finish();
  }

  void read_one_time_passwords(YamlMap& map, const std::string& path) {
    const auto content = est::read_file(resolve(path), std::size_t{1} << 20U);
    if (!content) return map.problem("one-time-passwords", content.error().message, "name a readable file with one value a line");
    for (const auto line : est::split(*content, '\n')) {
      if (const auto value = est::trim(line); !value.empty()) profile_.one_time_passwords.emplace_back(value);
    }
  }

  std::string read_secret(const YAML::Node& node) {
    if (!node.IsMap()) {
      problems_.add(node.Mark(), "a secret must not stand in a profile", "write {env: NAME} or {file: PATH} instead");
      return {};
    }
    YamlMap map(node, "access.password.password", problems_);
    const auto variable = map.text("env");
    const auto file = map.text("file");
    map.finish();
    if (variable.has_value() == file.has_value()) {
      problems_.add(node.Mark(), "the password needs exactly one source", "write {env: NAME} or {file: PATH}");
      return {};
    }
    return variable ? secret_from_environment(map, *variable) : secret_from_file(map, *file);
  }

  static std::string secret_from_environment(YamlMap& map, const std::string& name) {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): profiles are read before any thread starts
    if (value == nullptr || *value == '\0') {
      map.problem("env", "the environment variable " + est::printable(name, 60) + " is not set", "export it with the password");
      return {};
    }
    return value;
  }

  std::string secret_from_file(YamlMap& map, const std::string& path) const {
    auto content = est::read_file(resolve(path), std::size_t{64} << 10U);
    if (!content.ok()) {
      map.problem("file", content.error().message, "name a readable file that holds the password");
      return {};
    }
    while (!content->empty() && (content->back() == '\n' || content->back() == '\r')) content->pop_back();
    if (content->empty()) map.problem("file", resolve(path) + " is empty", "put the password into it");
    return *content;
  }

  std::optional<est::tls::Identity> read_identity(const YAML::Node& node, const std::string& where) {
    YamlMap map(node, where, problems_);
    const auto certificate = map.required_text("certificate", "name the PEM file of the certificate (and its chain)");
    const auto key = map.required_text("key", "name the PEM file of the private key");
    map.finish();
    if (problems_.any()) return std::nullopt;
    auto identity = est::tls::load_identity(resolve(certificate), resolve(key));
    if (!identity.ok()) {
      map.problem("certificate", identity.error().message, "name PEM files of a certificate and its unencrypted key");
      return std::nullopt;
    }
    return std::move(*identity);
  }

  void read_identities(const YAML::Node& node) {
    YamlMap map(node, "access.identities", problems_);
    for (const auto& name : map.keys()) {
      const bool word = !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
      if (!word || name == "none" || name == "current") {
        map.problem(name, "'" + est::printable(name, 60) + "' cannot name an identity",
                    "use lower-case letters, digits and '-'; not none or current");
      }
      auto identity = read_identity(*map.node(name), map.path(name));
      if (identity) profile_.identities.emplace(name, std::move(*identity));
    }
  }

  // The framing is the suite's, credentials are the password's; everything else may be added.
  void read_headers(const YAML::Node& node) {
    static const std::vector<std::string> own{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Authorization", "Cookie"};
    YamlMap map(node, "access.headers", problems_);
    for (const auto& name : map.keys()) {
      const std::string value = map.text(name).value_or("");
      const bool kept = std::any_of(own.begin(), own.end(), [&](const std::string& one) { return est::iequals(one, name); });
      const bool one_line = std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
      if (!est::codec::is_token(name) || !one_line)
        map.problem(name, "'" + est::printable(map.path(name), 80) + "' is no HTTP field", "write Name: value");
      if (kept) map.problem(name, "'" + map.path(name) + "' is set by the suite itself", "remove the line; results show what is set here");
      profile_.request_headers.emplace_back(name, value);
    }
    map.finish();
  }

  void read_protection_keys(const YAML::Node& node) {
    YamlMap map(node, "access.serverkeygen", problems_);
    for (const std::string name : {"symmetric", "key-transport", "key-agreement", "restricted"})
      if (const auto key = map.node(name)) profile_.protection_keys[name] = read_protection_key(*key, name);
    map.finish();
  }

  ProtectionKey read_protection_key(const YAML::Node& node, const std::string& name) {
    YamlMap map(node, "access.serverkeygen." + name, problems_);
    ProtectionKey key;
    key.identifier = map.required_text("identifier", "give the identifier the target knows the key by");
    if (name == "symmetric") {
      if (const auto secret = map.node("secret")) {
        key.secret = octets_of_hex(read_secret(*secret));
        if (key.secret.size() != 16 && key.secret.size() != 24 && key.secret.size() != 32)
          map.problem("secret", "the secret is no AES key", "write 16, 24 or 32 octets in hexadecimal");
      } else {
        map.absence("secret", "'access.serverkeygen.symmetric.secret' is missing", "write {env: NAME} or {file: PATH}");
      }
    } else if (name != "restricted") {
      const auto path = map.required_text("key", "name the PEM file of the private key");
      const auto pem = est::read_file(resolve(path));
      auto read = pem.ok() ? est::crypto::PrivateKey::from_pem(*pem) : est::Result<est::crypto::PrivateKey>(pem.error());
      if (read.ok())
        key.key = *std::move(read);
      else
        map.problem("key", resolve(path) + ": " + read.error().message, "name a PEM file with an unencrypted private key");
    }
    map.finish();
    return key;
  }

  // Empty when it is none.
  static est::Bytes octets_of_hex(const std::string& text) {
    if (text.size() % 2 != 0 || text.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return {};
    est::Bytes octets;
    for (std::size_t i = 0; i < text.size(); i += 2) octets.push_back(static_cast<est::Byte>(std::stoul(text.substr(i, 2), nullptr, 16)));
    return octets;
  }

  void read_labels(const YAML::Node& node) {
    YamlMap map(node, "access.labels", problems_);
    for (const auto& feature : feature_names()) {
      const auto label = map.text(feature);
      if (!label) continue;
      if (label->empty()) map.problem(feature, "'" + map.path(feature) + "' is empty", "name the label, or remove the line");
      check_label(map, feature, *label);
      profile_.labels[feature] = *label;
    }
    map.finish();
  }

  void read_operator(const YAML::Node& node) {
    YamlMap map(node, "access.operator", problems_);
    for (const std::string action : {"approve", "revoke", "restart", "reload", "expire-crl", "remove-crl", "renew-crl"}) {
      const auto text = map.text(action);
      if (!text) continue;
      if (text->empty()) map.problem(action, "'" + map.path(action) + "' is empty", "write a command line or the word prompt");
      profile_.operator_actions[action] = {*text == "prompt" ? "" : *text, *text == "prompt"};
    }
    map.finish();
  }

  static std::optional<est::crypto::KeyType> key_type(YamlMap& map, std::string_view key, const std::string& name) {
    const auto type = est::crypto::key_type_by_name(name);
    if (!type) {
      map.problem(key, "'" + est::printable(name, 40) + "' is no key type",
                  "use ec-p256, ec-p384, ec-p521, rsa-2048, rsa-3072, rsa-4096 or ed25519");
    }
    return type;
  }

  // What a profile lists it claims.
  void claim_key(est::crypto::KeyType type) {
    profile_.csr.key_types.push_back(type);
    const std::string name = "key-" + std::string(est::crypto::to_string(type));
    const auto& known = server_claims();
    if (std::any_of(known.begin(), known.end(), [&](const auto& one) { return one.first == name; })) profile_.claims.insert(name);
  }

  void read_csr(const YAML::Node& node) {
    YamlMap map(node, "csr", problems_);
    if (const auto subject = map.text("subject")) profile_.csr.subject = *subject;
    profile_.csr.subject_alt_names = map.texts("san");
    check_names(map);
    const auto names = map.texts("key-types");
    if (!names.empty()) profile_.csr.key_types.clear();
    for (const auto& name : names) {
      if (const auto type = key_type(map, "key-types", name)) claim_key(*type);
    }
    const auto one = map.text("key-type");
    if (one) {
      if (const auto type = key_type(map, "key-type", *one)) profile_.csr.key_type = *type;
      if (names.empty()) profile_.csr.key_types = {profile_.csr.key_type};
    } else if (!profile_.csr.key_types.empty()) {
      profile_.csr.key_type = profile_.csr.key_types.front();
    }
    map.finish();
  }

  static std::string with_number(std::string text) {
    for (std::size_t at = text.find("{n}"); at != std::string::npos; at = text.find("{n}", at)) text.replace(at, 3, "1");
    return text;
  }

  void check_names(YamlMap& map) const {
    const auto subject = est::codec::parse_name(with_number(profile_.csr.subject));
    if (!subject.ok()) map.problem("subject", "'csr.subject' is no name: " + subject.error().message, "write it like CN=device-{n},O=Acme");
    if (profile_.csr.subject.find("{n}") == std::string::npos) {
      map.problem("subject", "'csr.subject' has no {n}", "put {n} where a number may stand, so that no two requests have the same name");
    }
    for (const auto& san : profile_.csr.subject_alt_names) {
      const auto name = est::codec::parse_general_name(with_number(san));
      if (!name.ok())
        map.problem("san", "'" + est::printable(san, 80) + "': " + name.error().message, "write it like DNS:device-{n}.example");
    }
  }

  void read_limits(const YAML::Node& node) {
    constexpr std::int64_t day = 24LL * 3600;
    YamlMap map(node, "limits", problems_);
    if (const auto jobs = map.whole("jobs", 1, most_jobs)) profile_.limits.jobs = static_cast<int>(*jobs);
    if (const auto rate = map.number("requests-per-second", 0, 1'000'000)) profile_.limits.requests_per_second = *rate;
    if (const auto most = map.whole("certificates", 0, 1'000'000)) profile_.limits.max_certificates = static_cast<std::size_t>(*most);
    if (const auto seconds = map.whole("longest-wait", 1, day)) profile_.limits.longest_wait_seconds = *seconds;
    if (const auto seconds = map.whole("operator", 1, day)) profile_.limits.operator_seconds = *seconds;
    map.finish();
  }

  Problems problems_;
  std::filesystem::path folder_;
  Profile profile_;
};

}  // namespace

est::Result<Profile> parse_profile(std::string_view text, const std::string& path) { return ProfileReader(path).read(std::string(text)); }

est::Result<Profile> load_profile(const std::string& path) {
  const auto text = est::read_file(path, profile_limit);
  if (!text.ok()) return est::Error{text.error().message + "; name a readable target profile"};
  return parse_profile(*text, path);
}

}  // namespace conformance::target
