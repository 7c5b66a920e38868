#include "conformance/target/questions.h"

#include <algorithm>

#include "conformance/engine/expression.h"
#include "conformance/target/client_profile.h"
#include "conformance/target/yaml_map.h"
#include "est/base/file.h"
#include "est/base/text.h"

namespace conformance::target {
namespace {

constexpr std::size_t statement_limit = std::size_t{1} << 20U;
constexpr bool must = true;
constexpr bool may = false;
constexpr const char* by_password = "http-basic or http-digest";
constexpr const char* maker = "identities.manufacturer or client-ca";

const std::vector<Question>& server_questions() {
  static const std::vector<Question> all{
      {"csrattrs", "RFC 7030 4.5", may, ""},
      {"http-basic", "RFC 7030 3.2.3, RFC 7617", may, "", "password"},
      {"digest-userhash", "RFC 7616 3.4.4", may, "http-digest"},
      {"http-digest", "RFC 7030 3.2.3, RFC 7616", may, "", "password"},
      {"tls-client-certificate", "RFC 7030 3.3.2", must, "", "identities.client or password"},
      {"client-certificate-demanded", "RFC 7030 4.1.2, INT-14", may, "tls-client-certificate", "identities.client or password"},
      {"certificate-and-password", "RFC 7030 3.2.3", may, "tls-client-certificate and (http-basic or http-digest)",
       "labels.certificate-and-password"},
      {"third-party-certificates", "RFC 7030 3.3.2", may, "tls-client-certificate", maker},
      {"simpleenroll", "RFC 7030 4.2", must, ""},
      {"simplereenroll", "RFC 7030 4.2", must, ""},
      {"serverkeygen", "RFC 7030 4.4", may, ""},
      {"fullcmc", "RFC 7030 4.3", may, ""},
      {"fullcmc-crmf", "RFC 7030 4.3, RFC 5272 3.2.1.2.2", may, "fullcmc"},
      {"fullcmc-identity-proof", "RFC 5272 6.2", may, "fullcmc", "password"},
      {"fullcmc-pop-link", "RFC 5272 6.3", may, "fullcmc", "password"},
      {"fullcmc-trust-anchors", "RFC 5272 6.15", may, "fullcmc"},
      {"pop-required", "RFC 7030 3.5", may, "", "labels.pop-required"},
      {"tls-exporter-binding", "RFC 7030 3.5, RFC 9266, INT-01", may, "tls-1.3"},
      {"tls-1.2", "RFC 7030 3.3, RFC 8996", may, ""},
      {"tls-1.3", "RFC 7030 3.3, RFC 8446", may, ""},
      {"manual-approval", "RFC 7030 4.2.3", may, "", "labels.manual-approval"},
      {"manual-approval-renewal", "RFC 7030 4.2.3", may, "manual-approval and simplereenroll", "labels.manual-approval"},
      {"retry-after-date", "RFC 7030 4.2.3, RFC 9110 10.2.3", may, "", "labels.manual-approval-date"},
      {"revocation-checking", "RFC 5280 6.3", may, "tls-client-certificate", "identities.revoked or operator.revoke"},
      {"device-identity", "RFC 7030 3.7", may, "tls-client-certificate",
       "labels.device-identity and identities.manufacturer and identities.other-manufacturer"},
      {"reload", "RFC 8446 2.2", may, "", "operator.reload"},
      {"crl-removal", "RFC 5280 6.3", may, "tls-client-certificate", "operator.remove-crl and operator.renew-crl"},
      {"crl-expiry", "RFC 5280 6.3.3", may, "tls-client-certificate", "operator.expire-crl and operator.renew-crl"},
      {"labels", "RFC 7030 3.2.2", may, "", "labels.other"},
      {"registration-authority", "RFC 7030 3.7, RFC 6402 2.10", may, "tls-client-certificate", "identities.ra"},
      {"csrattrs-enforced", "RFC 7030 4.5", may, "", "labels.csrattrs-enforced"},
      {"csrattrs-template", "RFC 9908 3.4", may, "", "labels.csrattrs-template"},
      {"csrattrs-template-enforced", "RFC 9908 3.4", may, "", "labels.csrattrs-template-enforced"},
      {"csrattrs-key-types", "RFC 7030 4.5.2", may, "", "labels.csrattrs-key-types"},
      {"csrattrs-none", "RFC 7030 4.5.2", may, "", "labels.csrattrs-none"},
      {"change-subject-name", "RFC 7030 4.2.2, RFC 6402 2.8", may, "simplereenroll", "labels.change-subject-name"},
      {"one-time-password", "RFC 7894 3.1", may, "", "labels.one-time-password and one-time-passwords"},
      {"password-with-colon", "RFC 7617 2", may, by_password, "odd-passwords.colon"},
      {"password-non-ascii", "RFC 7617 2.1, RFC 7616 4", may, by_password, "odd-passwords.non-ascii"},
      {"est-identity-linking", "RFC 7894 3.3", may, ""},
      {"key-type-change", "RFC 7030 4.2.2", may, "simplereenroll"},
      {"san-from-request", "RFC 2986 3, RFC 5280 4.1.2.6", may, ""},
      {"eku-from-request", "RFC 2986 3, RFC 5272 3.1", may, ""},
      {"root-rollover", "RFC 7030 4.1.3", may, "", "labels.root-rollover"},
      {"intermediate-trust-anchor", "RFC 7030 4.1.3, INT-33", may, ""},
      {"authority-on-request", "RFC 5280 4.2.1.9, INT-40", may, ""},
      {"key-ec-p256", "RFC 5480", may, ""},
      {"key-ec-p384", "RFC 5480", may, ""},
      {"key-ec-p521", "RFC 5480", may, ""},
      {"key-rsa-2048", "RFC 2986 4.1", may, ""},
      {"key-rsa-3072", "RFC 2986 4.1", may, ""},
      {"key-rsa-4096", "RFC 2986 4.1", may, ""},
      {"key-ed25519", "RFC 2986 4.1", may, ""},
      {"session-resumption", "RFC 7030 3.3", may, ""},
      {"serverkeygen-symmetric", "RFC 7030 4.4.1.1", may, "serverkeygen", "serverkeygen.symmetric"},
      {"serverkeygen-key-transport", "RFC 7030 4.4.1.2", may, "serverkeygen", "serverkeygen.key-transport"},
      {"serverkeygen-key-agreement", "RFC 7030 4.4.1.2", may, "serverkeygen", "serverkeygen.key-agreement"},
      {"serverkeygen-restricted", "RFC 7030 4.4.1.2", may, "serverkeygen", "serverkeygen.restricted"},
      {"serverkeygen-encrypted", "RFC 7030 4.4.1", may, "serverkeygen", "labels.serverkeygen-encrypted"},
      {"serverkeygen-key-type", "RFC 7030 4.4.1", may, "serverkeygen"},
      {"late-client-certificate", "RFC 7030 3.3.2", may, "tls-client-certificate"},
      {"server-names", "RFC 6066 3", may, "", "server-names"},
      {"persistent-connections", "RFC 9112 9.3", may, ""},
  };
  return all;
}

const std::vector<Question>& client_questions() {
  static const std::vector<Question> all{
      {"client-cacerts", "RFC 7030 4.1", must, ""},
      {"client-csrattrs", "RFC 7030 4.5", may, ""},
      {"client-simpleenroll", "RFC 7030 4.2", may, ""},
      {"client-simplereenroll", "RFC 7030 4.2", may, ""},
      {"client-serverkeygen", "RFC 7030 4.4", may, ""},
      {"client-fullcmc", "RFC 7030 4.3", may, ""},
      {"client-provision", "RFC 7030 4.1, 4.2, 4.5", may, ""},
      {"client-maintain", "RFC 7030 4.2.2, INT-48", may, "client-provision and client-simplereenroll"},
      {"client-basic", "RFC 7030 3.2.3, RFC 7617", may, ""},
      {"client-digest", "RFC 7030 3.2.3, RFC 7616", may, ""},
      {"client-certificate", "RFC 7030 3.3.2", may, ""},
      {"client-labels", "RFC 7030 3.2.2", may, ""},
      {"client-retry", "RFC 7030 4.2.3", may, ""},
      {"client-redirects", "RFC 7030 3.2.1", may, ""},
      {"client-linking", "RFC 7030 3.5", may, ""},
      {"client-linking-exporter", "RFC 9266, INT-01", may, ""},
      {"client-attributes", "RFC 7030 4.5.2", may, "client-csrattrs or client-provision"},
      {"client-templates", "RFC 9908 3.4", may, "client-csrattrs or client-provision"},
      {"client-implicit-anchors", "RFC 7030 3.3.1", may, ""},
      {"client-revocation", "RFC 7030 3.3.1, RFC 5280 6.3", may, ""},
      {"client-resumption", "RFC 7030 3.3", may, ""},
      {"client-bootstrap", "RFC 7030 4.1.1", may, "client-provision"},
      {"client-bootstrap-sha512", "RFC 7030 4.1.1", may, "client-bootstrap"},
      {"client-keeps-anchors", "RFC 7030 4.1.3", may, "client-provision"},
      {"client-late-certificate", "RFC 7030 3.3.2", may, "client-certificate"},
      {"client-renewal-choice", "RFC 7030 4.2.2", may, "client-simplereenroll"},
      {"client-new-names", "RFC 7030 4.2.2, RFC 6402 2.8", may, "client-simplereenroll"},
      {"client-alternative-names", "RFC 9908 3.4, RFC 5280 4.2.1.6", may, ""},
      {"client-challenges", "RFC 7894 3", may, ""},
      {"client-empty-user", "RFC 7030 3.2.3", may, "client-basic or client-digest"},
      {"client-protected-keys", "RFC 7030 4.4.1", may, "client-serverkeygen"},
      {"client-cmc-secret", "RFC 5272 6.2", may, "client-fullcmc"},
      {"client-crmf", "RFC 5272 3.2.1.2.2", may, "client-fullcmc"},
      {"client-own-request", "RFC 7030 4.2.1", may, ""},
      {"client-proxy", "RFC 9110 9.3.6", may, ""},
      {"client-proxy-password", "RFC 9110 11.7.2", may, "client-proxy"},
  };
  return all;
}

std::vector<Question> make_proxy_questions() {
  std::vector<Question> all = server_questions();
  const std::vector<Question> further{
      {"proxy-certificate", "RFC 7030 3.7, RFC 6402 2.10", may, ""},
      {"proxy-password", "RFC 7030 3.2.3", may, ""},
      {"proxy-cacerts", "RFC 7030 4.1", may, ""},
      {"proxy-csrattrs", "RFC 7030 4.5.2", may, "csrattrs"},
      {"proxy-labels", "RFC 7030 3.2.2", may, "labels"},
      {"proxy-full-cmc", "RFC 5272 7, RFC 6402 2.3", may, ""},
  };
  all.insert(all.end(), further.begin(), further.end());
  return all;
}

// Of what the RFCs demand at least one. Certificate-less TLS is a third way for clients, and no claim of this suite.
struct Choice {
  std::string role, words, sentence;
};
const std::vector<Choice>& choices() {
  static const std::vector<Choice> all{
      {"server", "tls-1.2 or tls-1.3", "neither tls-1.2 nor tls-1.3 is claimed, and RFC 8996 leaves nothing older; claim what is spoken"},
      {"proxy", "tls-1.2 or tls-1.3", "neither tls-1.2 nor tls-1.3 is claimed, and RFC 8996 leaves nothing older; claim what is spoken"},
      {"client", "client-certificate or client-basic or client-digest",
       "no way to authenticate is claimed, and RFC 7030 3.3.2 and 3.2.3 demand one; claim client-certificate, client-basic or "
       "client-digest"},
      {"proxy", "proxy-certificate or proxy-password",
       "no way to authenticate upstream is claimed; claim proxy-certificate or proxy-password"}};
  return all;
}

bool met(const std::string& expression, const engine::Expression::Lookup& holds) {
  const auto parsed = engine::Expression::parse(expression);
  return parsed.ok() && parsed->evaluate(holds);
}

// Whether `access` of the profile has what "labels.pop-required", "client-ca" and the like stand for.
bool has_access(const Profile& profile, std::string_view word) {
  const std::string_view part = word.substr(0, word.find('.'));
  const std::string_view name = word.substr(std::min(word.size(), part.size() + 1));
  if (part == "labels") return profile.labels.contains(name) || profile.urls.contains(name);
  if (part == "identities") return profile.identities.contains(name);
  if (part == "operator") return profile.operator_actions.contains(name);
  if (part == "odd-passwords") return profile.odd_passwords.contains(name);
  if (part == "serverkeygen") return profile.protection_keys.contains(name);
  if (part == "password") return profile.password.has_value();
  if (part == "one-time-passwords") return !profile.one_time_passwords.empty();
  if (part == "client-ca") return profile.client_ca.has_value();
  return part == "server-names" && !profile.server_names.empty();
}

std::string read_role(YamlMap& map) {
  const std::string role = map.text("role").value_or("server");
  if (role != "server" && role != "client" && role != "proxy")
    map.problem("role", "'role' is '" + est::printable(role, 40) + "'", "write server, client or proxy");
  return role;
}

void read_statement(YamlMap& map, Statement& statement) {
  statement.role = read_role(map);
  const Claims known = claims_of_role(statement.role);
  read_declaration(map, known, statement);
  if (statement.name == to_be_filled_in) map.problem("target", "'target.name' is not filled in", "write the product's name");
  const auto open = unanswered_of(known, statement);
  if (!open.empty()) map.absence("claims", "'claims' leaves open: " + est::join(open, ", "), "write true or false for each");
}

// Has `read` look at the top of a profile.
template <class Read>
est::Status read_top(const std::string& path, Read read) {
  const auto text = est::read_file(path, statement_limit);
  if (!text.ok()) return est::Error{text.error().message + "; name a readable target profile"};
  Problems problems(path);
  return read_document(*text, problems, [&](const YAML::Node& root) {
    YamlMap map(root, "", problems);
    if (!problems.any()) read(map);
  });
}

}  // namespace

est::Result<std::string> role_of_profile(const std::string& path) {
  std::string role;
  const auto status = read_top(path, [&](YamlMap& map) { role = read_role(map); });
  if (!status) return status.error();
  return role;
}

est::Result<Statement> load_statement(const std::string& path) {
  Statement statement;
  const auto status = read_top(path, [&](YamlMap& map) { read_statement(map, statement); });
  if (!status) return status.error();
  return statement;
}

const std::vector<Question>& questions(std::string_view role) {
  static const std::vector<Question> proxy = make_proxy_questions();
  if (role == "client") return client_questions();
  return role == "proxy" ? proxy : server_questions();
}

Claims claims_of_role(std::string_view role) {
  Claims claims = role == "client" ? client_claims() : server_claims();
  if (role == "proxy") claims.insert(claims.end(), proxy_claims().begin(), proxy_claims().end());
  return claims;
}

std::vector<std::string> review_claims(std::string_view role, const Declaration& declaration) {
  std::vector<std::string> sentences;
  const auto claimed = [&](std::string_view word) { return declaration.claims.contains(word); };
  for (const auto& question : questions(role)) {
    const bool yes = claimed(question.claim);
    if (question.mandatory && !yes)
      sentences.push_back("'" + question.claim + "' is not claimed, and " + question.clause + " demands it of every " + std::string(role) +
                          "; claim it, or do not call the product conformant");
    if (yes && !met(question.rests_on, claimed))
      sentences.push_back("'" + question.claim + "' is claimed, and means nothing without " + question.rests_on +
                          "; claim that too, or deny it");
  }
  for (const auto& choice : choices())
    if (choice.role == role && !met(choice.words, claimed)) sentences.push_back(choice.sentence);
  return sentences;
}

std::vector<std::string> review_access(const Profile& profile) {
  std::vector<std::string> sentences;
  const auto has = [&](std::string_view word) { return has_access(profile, word); };
  for (const auto& question : questions(profile.role)) {
    if (!profile.claims.contains(question.claim) || met(question.access, has)) continue;
    sentences.push_back("'" + question.claim + "' is claimed, and `access` lacks what its scenarios need (" + question.access +
                        "), so they will be INCONCLUSIVE; add it");
  }
  return sentences;
}

}  // namespace conformance::target
