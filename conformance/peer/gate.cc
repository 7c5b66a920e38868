#include "conformance/peer/gate.h"

#include <algorithm>
#include <array>

#include "est/base/text.h"

namespace conformance::peer {
namespace {

using est::http::DigestVerifier;
using Outcome = DigestVerifier::Outcome;

// SHA-256 with other lists than "auth".
constexpr std::array<std::pair<const char*, const char*>, 4> odd_qops{{{"{digest-auth-or-int}", "auth,auth-int"},
                                                                       {"{digest-int-or-auth}", "auth-int, auth"},
                                                                       {"{digest-unknown-or-auth}", "auth-conf, auth"},
                                                                       {"{digest-int-alone}", "auth-int"}}};

std::string with_qop(std::string challenge, const std::string& qop) {
  const std::string usual = "qop=\"auth\"";
  const std::size_t at = challenge.find(usual);
  return at == std::string::npos ? challenge : challenge.replace(at, usual.size(), "qop=\"" + qop + "\"");
}

void fill(std::string& text, const std::string& name, const std::string& value) {
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size()))
    text.replace(at, name.size(), value);
}

}  // namespace

Gate::Gate(const AuthenticationScript& script, const est::http::Credentials& credentials, const Pki& pki)
    : script_(script), credentials_(credentials), pki_(pki), digest_({.realm = script.realm}, est::system_clock()) {}

bool Gate::accepts(std::string_view way) const {
  return std::find(script_.accept.begin(), script_.accept.end(), way) != script_.accept.end();
}

bool Gate::guards(std::string_view operation) const {
  if (script_.accept.empty() && script_.challenges.empty()) return false;
  if (script_.operations.empty()) return operation != "cacerts" && operation != "csrattrs" && operation != "other";
  return std::find(script_.operations.begin(), script_.operations.end(), operation) != script_.operations.end();
}

bool Gate::has_certificate(const est::tls::Facts& facts) const {
  return facts.peer_certificate() != nullptr && pki_.issued(*facts.peer_certificate());
}

Outcome Gate::judge(const est::http::Request& request) const {
  const auto field = request.fields.get("Authorization");
  if (!field) return Outcome::refused;
  const auto item = est::http::decode_credentials(*field);
  if (!item.value) return Outcome::refused;
  if (accepts("basic") && est::iequals(item.value->scheme, "Basic")) {
    const auto given = est::http::parse_basic(*item.value);
    return given && given->user == credentials_.user && given->password == credentials_.password ? Outcome::accepted : Outcome::refused;
  }
  if (!accepts("digest") || !est::iequals(item.value->scheme, "Digest")) return Outcome::refused;
  const auto lookup = [&](std::string_view user) {
    return user == credentials_.user ? std::optional(credentials_.password) : std::nullopt;
  };
  return digest_.verify(*item.value, request.method, request.target, lookup).outcome;
}

std::optional<std::vector<std::string>> Gate::refusal(const est::http::Request& request, const est::tls::Facts& facts) {
  if (accepts("certificate") && has_certificate(facts)) return std::nullopt;
  const Outcome outcome = judge(request);
  const bool by_digest = est::ascii_lower(request.fields.get("Authorization").value_or("")).starts_with("digest");
  const std::lock_guard lock(mutex_);
  if (outcome == Outcome::accepted && !(script_.stale && by_digest && !called_stale_)) return std::nullopt;
  if (outcome == Outcome::accepted) called_stale_ = true;
  return challenges(outcome != Outcome::refused);
}

std::vector<std::string> Gate::filled(const std::vector<std::string>& challenges, bool stale) const {
  const std::string basic = "Basic realm=\"" + script_.realm + "\"";
  const auto digests = digest_.challenges(stale);
  std::vector<std::string> values = challenges;
  for (std::string& value : values) {
    fill(value, "{basic}", basic);
    fill(value, "{digest}", digests.front());
    fill(value, "{digest-sha256}", digests.front());
    fill(value, "{digest-md5}", digests.back());
    for (const auto& [name, qop] : odd_qops) fill(value, name, with_qop(digests.front(), qop));
  }
  return values;
}

AnswerFields Gate::filled(AnswerFields fields) const {
  for (auto& [name, value] : fields) {
    if (value.find("{nextnonce}") == std::string::npos) continue;
    const auto items = est::http::decode_challenges({digest_.challenges(false).front()});
    fill(value, "{nextnonce}", items.value->front().parameter("nonce").value_or(""));
  }
  return fields;
}

std::vector<std::string> Gate::challenges(bool stale) const {
  std::vector<std::string> wanted = script_.challenges;
  if (wanted.empty() && accepts("digest")) wanted = {"{digest-sha256}", "{digest-md5}"};
  if (script_.challenges.empty() && accepts("basic")) wanted.emplace_back("{basic}");
  auto values = filled(wanted, stale);
  if (script_.one_field && values.size() > 1) values = {est::join(values, ", ")};
  return values;
}

}  // namespace conformance::peer
