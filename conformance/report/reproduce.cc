#include "conformance/report/reproduce.h"

#include <algorithm>

#include "est/base/text.h"

namespace conformance::report {

namespace {

using engine::Exchange;
using engine::Phase;
using engine::Verdict;

std::string shell_quoted(std::string_view text) {
  std::string safe = "'";
  for (const char c : text) safe += c == '\'' ? "'\\''" : std::string(1, c);
  return safe + "'";
}

std::string fact(const Exchange& exchange, const std::string& name) {
  const auto found = exchange.facts.find(name);
  return found == exchange.facts.end() ? std::string() : found->second;
}

std::string url_of(const engine::Json& target) {
  if (!target.is_object() || !target.contains("access") || !target["access"].is_object()) return {};
  const auto& access = target["access"];
  const auto found = access.find("url");
  return found != access.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Head and body as they were sent.
std::pair<std::string_view, std::string_view> parts(const Exchange& exchange) {
  const std::string_view all = est::as_text(exchange.request);
  const auto end = all.find("\r\n\r\n");
  if (end == std::string_view::npos) return {all, {}};
  return {all.substr(0, end), all.substr(end + 4)};
}

// Fields curl makes itself, or that hold what was overwritten.
bool made_by_curl(std::string_view name) {
  const std::vector<std::string_view> names{"host",       "content-length", "authorization",    "connection",
                                            "user-agent", "accept",         "transfer-encoding"};
  return std::any_of(names.begin(), names.end(), [&](std::string_view one) { return est::iequals(one, name); });
}

std::string header_options(const Exchange& exchange) {
  std::string options;
  const auto [head, body] = parts(exchange);
  bool first = true;
  for (const auto line : est::split(head, '\n')) {
    const auto field = est::trim(line);
    if (!first && field.find(':') != std::string_view::npos && !made_by_curl(field.substr(0, field.find(':'))))
      options += " -H " + shell_quoted(field);
    first = false;
  }
  return options;
}

std::string wanted_text(const Exchange& exchange, const std::string& parameter) {
  if (!exchange.parameters.is_object()) return {};
  const auto found = exchange.parameters.find(parameter);
  return found != exchange.parameters.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string tls_options(const Exchange& exchange, bool curl) {
  const std::string wanted = wanted_text(exchange, "tls");
  if (!exchange.tls && !curl && wanted == "1.2") return " -tls1_2";
  if (!exchange.tls && !curl && wanted == "1.1") return " -tls1_1 -cipher DEFAULT@SECLEVEL=0";
  if (!exchange.tls && !curl && wanted == "1.0") return " -tls1 -cipher DEFAULT@SECLEVEL=0";
  if (!exchange.tls || (exchange.tls->version != "TLS 1.2" && exchange.tls->version != "TLS 1.3")) return {};
  const std::string version = exchange.tls->version.substr(4);
  if (curl) return " --tlsv" + version + " --tls-max " + version;
  return version == "1.2" ? " -tls1_2" : " -tls1_3";
}

std::string credential_options(const Exchange& exchange, bool curl) {
  std::string options;
  const std::string credentials = fact(exchange, "credentials");
  if (credentials.find("certificate") != std::string::npos) {
    options += curl ? " --cert \"$EST_CLIENT_CERT\" --key \"$EST_CLIENT_KEY\"" : " -cert \"$EST_CLIENT_CERT\" -key \"$EST_CLIENT_KEY\"";
  }
  const std::string authorization = fact(exchange, "authorization");
  if (curl && (authorization.starts_with("basic") || authorization.starts_with("digest"))) {
    options += (authorization.starts_with("basic") ? " --basic" : " --digest") + std::string(" --user \"$EST_USER:$EST_PASSWORD\"");
  }
  return options;
}

std::string address_of(const std::string& url) {
  const auto after_scheme = url.find("://");
  return after_scheme == std::string::npos ? url : url.substr(after_scheme + 3);
}

// Why the command may be answered in another way, as a comment behind it.
std::string remarks(const Exchange& exchange) {
  std::vector<std::string> all;
  if (const std::string pop = fact(exchange, "pop"); !pop.empty() && pop != "none")
    all.emplace_back("the request is bound to the TLS session it was made for, so this repeats it in form only");
  const bool with_certificate = fact(exchange, "credentials").find("certificate") != std::string::npos;
  if (const std::string name = fact(exchange, "certificate"); with_certificate && !name.empty() && name != "client")
    all.push_back("EST_CLIENT_CERT is the certificate called " + est::printable(name, 60));
  for (const std::string name : {"user", "password"})
    if (const std::string value = wanted_text(exchange, name); !value.empty())
      all.push_back("the " + name + " has to be what the scenario calls " + est::printable(value, 60));
  if (exchange.verb == "client-hello") all.emplace_back("an ordinary ClientHello: that of the scenario cannot be sent in this way");
  return all.empty() ? std::string() : "  # " + est::join(all, "; ");
}

}  // namespace

est::Bytes body_of(const Exchange& exchange) {
  const auto sent = exchange.artefacts.find("sent-body");
  return sent != exchange.artefacts.end() ? sent->second : est::to_bytes(parts(exchange).second);
}

const Exchange* decisive_exchange(const engine::ScenarioResult& result, const engine::Evidence& evidence) {
  for (const auto& check : result.checks) {
    if (check.verdict == Verdict::pass) continue;
    if (const Exchange* exchange = evidence.find(check.exchange)) return exchange;
  }
  return evidence.last(Phase::step) != nullptr ? evidence.last(Phase::step) : evidence.last(Phase::control);
}

std::string reproduce_command(const Exchange& exchange, const engine::Json& target, const std::string& folder) {
  const std::string url = url_of(target);
  if (url.empty() || exchange.connection == 0) return {};
  // What was sent is not there to be sent again.
  if (exchange.facts.contains("shortened request") || exchange.facts.contains("shortened sent-body")) return {};
  if (!exchange.method.empty() && exchange.target.starts_with('/')) {
    const bool has_body = !body_of(exchange).empty();
    return "curl -sS -i --path-as-is --cacert \"$EST_TRUST_ANCHOR\"" + tls_options(exchange, true) + credential_options(exchange, true) +
           " -X " + shell_quoted(exchange.method) + header_options(exchange) +
           (has_body ? " --data-binary @" + shell_quoted(folder + "/" + exchange.name + ".body") : "") + " " +
           shell_quoted(url + exchange.target) + remarks(exchange);
  }
  const std::string client = "openssl s_client -connect " + shell_quoted(address_of(url)) + " -CAfile \"$EST_TRUST_ANCHOR\"" +
                             tls_options(exchange, false) + credential_options(exchange, false);
  if (exchange.request.empty()) return client + " </dev/null" + remarks(exchange);
  // At the end of its input s_client leaves, answered or not.
  return "(cat " + shell_quoted(folder + "/" + exchange.name + ".request") + "; sleep 3) | " + client + " -quiet -no_ign_eof -nocommands" +
         remarks(exchange);
}

}  // namespace conformance::report
