#include "conformance/target/client_profile.h"

#include <algorithm>

#include "conformance/target/yaml_map.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/codec/media_type.h"
#include "est/net/address.h"

namespace conformance::target {
namespace {

constexpr int person_seconds = 600;
constexpr std::size_t client_profile_limit = std::size_t{1} << 20U;

class ClientProfileReader {
 public:
  explicit ClientProfileReader(const std::string& path) : problems_(path) {}

  est::Result<ClientProfile> read(const std::string& text) {
    if (auto read = read_document(text, problems_, [this](const YAML::Node& root) { read_top(root); }); !read) return read.error();
    return std::move(profile_);
  }

 private:
  void read_top(const YAML::Node& root) {
    YamlMap map(root, "", problems_);
    if (problems_.any()) return;
    if (const auto role = map.text("role").value_or(""); role != "client")
      map.problem("role", "the profile is not for a client", "write 'role: client', or test a server with estspec server");
    read_declaration(map, client_claims(), profile_);
    if (const auto node = map.node("access")) {
      read_access(*node);
    } else {
      map.absence("access", "'access' is missing", "add 'access: {command: ...}'");
    }
    if (const auto node = map.node("limits")) read_limits(*node);
    map.finish();
  }

  void read_access(const YAML::Node& node) {
    YamlMap map(node, "access", problems_);
    if (const auto command = map.text("command")) profile_.commands[""] = *command;
    if (const auto commands = map.node("commands")) read_commands(*commands);
    profile_.trigger = map.text("trigger").value_or("");
    profile_.person = map.text("person").value_or("false") == "true";
    profile_.reset = map.text("reset").value_or("");
    profile_.seed = map.text("seed").value_or("");
    if (const auto headers = map.node("headers")) read_headers(*headers);
    if (const auto status = map.whole("cannot-status", 1, 255)) profile_.cannot_status = static_cast<int>(*status);
    const int ways = (profile_.commands.empty() ? 0 : 1) + (profile_.trigger.empty() ? 0 : 1) + (profile_.person ? 1 : 0);
    if (ways != 1) map.problem("command", "'access' needs one way to start the client", "write command, commands, trigger or person: true");
    if (!profile_.trigger.empty()) check_trigger(map);
    if (profile_.person) profile_.seconds = person_seconds;
    map.finish();
  }

  void read_headers(const YAML::Node& node) {
    YamlMap map(node, "access.headers", problems_);
    for (const auto& name : map.keys()) {
      const std::string value = map.text(name).value_or("");
      const bool one_line = std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
      const bool framing =
          est::iequals(name, "Content-Length") || est::iequals(name, "Transfer-Encoding") || est::iequals(name, "Connection");
      if (!est::codec::is_token(name) || !one_line || framing)
        map.problem(name, "'" + est::printable(map.path(name), 80) + "' is no field an answer may have beside its own",
                    "write Name: value");
      profile_.answer_headers.emplace_back(name, value);
    }
    map.finish();
  }

  void read_commands(const YAML::Node& node) {
    YamlMap map(node, "access.commands", problems_);
    for (const auto& operation : client_operations()) {
      if (const auto command = map.text(operation)) profile_.commands[operation] = *command;
    }
    map.finish();
  }

  void check_trigger(YamlMap& map) const {
    const auto url = est::net::parse_url(profile_.trigger);
    if (!url || url->scheme != "http")
      map.problem("trigger", "'access.trigger' is no http address", "write http://HOST:PORT/PATH of whatever starts the client");
  }

  void read_limits(const YAML::Node& node) {
    YamlMap map(node, "limits", problems_);
    if (const auto jobs = map.whole("jobs", 1, 64)) profile_.jobs = static_cast<int>(*jobs);
    if (const auto seconds = map.whole("seconds", 1, 3600)) profile_.seconds = static_cast<int>(*seconds);
    map.finish();
  }

  Problems problems_;
  ClientProfile profile_;
};

}  // namespace

const Claims& client_claims() {
  static const Claims claims{
      {"client-cacerts", "fetches /cacerts"},
      {"client-csrattrs", "fetches /csrattrs"},
      {"client-simpleenroll", "enrolls by /simpleenroll"},
      {"client-simplereenroll", "renews by /simplereenroll"},
      {"client-serverkeygen", "has keys made by /serverkeygen"},
      {"client-fullcmc", "sends Full PKI Requests to /fullcmc"},
      {"client-provision", "gets its certificate on its own: CA certificates, CSR attributes, enrollment"},
      {"client-maintain", "gets its certificate as by provision and keeps it current: it is done when it has renewed it once"},
      {"client-basic", "answers Basic challenges with a password"},
      {"client-digest", "answers Digest challenges with a password"},
      {"client-certificate", "authenticates with a TLS client certificate it is given"},
      {"client-labels", "can be told a CA label"},
      {"client-retry", "repeats its request after 202 on its own, as long as it is told to wait"},
      {"client-redirects", "follows redirections within the same origin"},
      {"client-linking", "links its request to the TLS session by tls-unique (TLS 1.2)"},
      {"client-linking-exporter", "links its request to the TLS session by the exporter (TLS 1.3, INT-01)"},
      {"client-attributes", "puts into its request what /csrattrs asks for"},
      {"client-templates", "understands the templates of RFC 9908"},
      {"client-implicit-anchors", "can be given implicit trust anchors beside the explicit ones, and tells them apart"},
      {"client-revocation", "checks the server's certificate against the CRLs it is given"},
      {"client-resumption", "resumes TLS sessions"},
      {"client-bootstrap", "can be given the fingerprint of a CA certificate for the first contact, by provision"},
      {"client-bootstrap-sha512", "takes a SHA-512 fingerprint for that, too"},
      {"client-keeps-anchors",
       "keeps the anchors it got from /cacerts by provision for the next start, and goes without the implicit ones then"},
      {"client-late-certificate", "shows its certificate when it is asked for it after the handshake, too"},
      {"client-renewal-choice", "renews with the present key or a new one, as it is told"},
      {"client-new-names", "asks for other names by ChangeSubjectName when it renews (RFC 6402)"},
      {"client-alternative-names", "can be told an alternative name for its request"},
      {"client-challenges", "has values for otpChallenge and revocationChallenge, and knows estIdentityLinking (RFC 7894)"},
      {"client-empty-user", "can be told an empty user name"},
      {"client-protected-keys", "has generated keys encrypted for a secret, an RSA or an EC key it is given"},
      {"client-cmc-secret", "proves its identity in Full PKI Requests by a shared secret"},
      {"client-crmf", "makes Full PKI Requests in CRMF form"},
      {"client-own-request", "can be given a certification request made elsewhere (PKCS #10, PEM), without its key"},
      {"client-proxy", "can be told an HTTP proxy, through which it reaches its server by CONNECT"},
      {"client-proxy-password", "can be given user and password for the proxy, and sends them by Basic when it asks"},
  };
  return claims;
}

const std::vector<std::string>& client_operations() {
  static const std::vector<std::string> operations{"cacerts",      "csrattrs", "simpleenroll", "simplereenroll",
                                                   "serverkeygen", "fullcmc",  "provision",    "maintain"};
  return operations;
}

engine::Json ClientProfile::public_json() const {
  const std::string way = person ? "person" : !trigger.empty() ? "trigger" : "command";
  engine::Json access{{"way", way}, {"reset", !reset.empty()}, {"seed", !seed.empty()}, {"cannot-status", cannot_status}};
  if (!answer_headers.empty()) access["headers"] = answer_headers;
  return {{"name", name},
          {"vendor", vendor},
          {"version", version},
          {"role", "client"},
          {"claims", claims},
          {"access", access},
          {"limits", {{"jobs", jobs}, {"seconds", seconds}}}};
}

std::vector<std::string> ClientProfile::unanswered() const { return unanswered_of(client_claims(), *this); }

est::Result<ClientProfile> load_client_profile(const std::string& path) {
  const auto text = est::read_file(path, client_profile_limit);
  if (!text.ok()) return est::Error{text.error().message + "; name a readable target profile"};
  return ClientProfileReader(path).read(*text);
}

ClientProfile client_profile_for(const std::string& command) {
  ClientProfile profile;
  profile.name = est::printable(command.substr(0, command.find(' ')), 60);
  profile.commands[""] = command;
  profile.claims = {"client-cacerts", "client-simpleenroll", "client-simplereenroll", "client-basic", "client-certificate"};
  return profile;
}

}  // namespace conformance::target
