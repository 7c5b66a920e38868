// Faults of the proxy: which upstream servers it believes, and what of theirs it can read.
#include <algorithm>

#include "conformance/selftest/proxy_faults_support.h"
#include "est/base/text.h"
#include "est/codec/x509.h"
#include "est/crypto/host_name.h"

namespace conformance::selftest {

using est::http::Request;
using Certificates = std::vector<est::Bytes>;

namespace {

std::vector<std::string> bad_servers() {
  return each("EST-PX-050", {"wrong-name", "name-prefix", "cn-beside-san", "name-with-nul", "name-in-uri", "expired", "not-yet-valid",
                             "untrusted", "imitated", "self-signed", "expired-issuer", "issuer-is-no-ca", "issuer-may-not-sign",
                             "path-too-long", "outside-constraints", "client-purpose", "unknown-critical"});
}

client::ServerVerdict believed() { return {client::Basis::explicit_anchors, false, {}, 0}; }

std::function<void(client::SessionOptions&)> judges(client::ServerCheck check) {
  return [check = std::move(check)](client::SessionOptions& session) { session.check = check; };
}

// Goes by the reference's verdict, but for names.
client::ServerVerdict without_names(const Certificates& chain, const std::string& host, const client::Trust& trust) {
  const auto verdict = client::check_server(chain, host, trust);
  return verdict.code == est::crypto::host_mismatch_code ? believed() : verdict;
}

// Refuses what the reference would take when `odd` holds.
std::function<void(client::SessionOptions&)> refuses(std::function<bool(const Certificates&, const est::codec::Certificate&)> odd) {
  return judges([odd = std::move(odd)](const Certificates& chain, const std::string& host, const client::Trust& trust) {
    const auto leaf = chain.empty() ? std::nullopt : est::codec::decode_certificate(chain.front()).value;
    if (leaf && odd(chain, *leaf)) return client::ServerVerdict{client::Basis::none, false, "this proxy does not like it", 1};
    return client::check_server(chain, host, trust);
  });
}

std::vector<std::string> names_of(const est::codec::Certificate& leaf) {
  std::vector<std::string> names;
  const auto* extension = leaf.extension(est::codec::oids::subject_alt_name);
  const auto all = extension == nullptr ? std::nullopt : est::codec::decode_general_names(extension->value).value;
  for (const auto& name : all.value_or(std::vector<est::codec::GeneralName>{}))
    if (name.type == est::codec::GeneralNameType::dns) names.push_back(est::to_string(name.value));
  return names;
}

bool first_is_another(const Certificates&, const est::codec::Certificate& leaf) {
  const auto names = names_of(leaf);
  return !names.empty() && !est::iequals(names.front(), "localhost");
}

bool in_capitals(const Certificates&, const est::codec::Certificate& leaf) {
  const auto names = names_of(leaf);
  return std::find(names.begin(), names.end(), "LOCALHOST") != names.end();
}

bool without_purpose(const Certificates&, const est::codec::Certificate& leaf) {
  return leaf.extension(est::codec::oids::extended_key_usage) == nullptr;
}

bool has_rsa_key(const Certificates&, const est::codec::Certificate& leaf) {
  return leaf.key_algorithm.algorithm == est::codec::oids::rsa_encryption;
}

bool has_failed(const ProxyScene& scene) {
  const std::lock_guard lock(scene.memory.mutex);
  return scene.memory.failed;
}

bool in_body(const Response& said, std::string_view text) { return est::as_text(said.body).find(text) != std::string_view::npos; }

}  // namespace

std::vector<ProxyFault> proxy_upstream_faults() {
  return {
      {.id = "FAULT-PX-TRUST-01",
       .sentence = "believes any upstream server",
       .kills = all_of({bad_servers(), {"EST-PX-055"}}),
       .adjust = judges([](const Certificates&, const std::string&, const client::Trust&) { return believed(); })},
      {.id = "FAULT-PX-TRUST-02",
       .sentence = "compares no names",
       .kills = each("EST-PX-050", {"wrong-name", "name-prefix", "cn-beside-san", "name-with-nul", "name-in-uri"}),
       .adjust = judges(without_names)},
      {.id = "FAULT-PX-TRUST-03",
       .sentence = "speaks TLS 1.0 and 1.1 upstream",
       .kills = each("EST-PX-052", {"1.0", "1.1"}),
       .adjust =
           [](client::SessionOptions& session) {
             session.least = est::tls::Version::tls10;
             session.suites = "DEFAULT:@SECLEVEL=0";
           }},
      {.id = "FAULT-PX-TRUST-04",
       .sentence = "speaks nothing but TLS 1.3 upstream",
       .kills = {"EST-PX-053"},
       .adjust = [](client::SessionOptions& session) { session.least = est::tls::Version::tls13; }},
      {.id = "FAULT-PX-TRUST-05", .sentence = "knows no RSA certificates", .kills = {"EST-PX-051/rsa"}, .adjust = refuses(has_rsa_key)},
      {.id = "FAULT-PX-TRUST-06",
       .sentence = "demands the purpose serverAuth",
       .kills = {"EST-PX-051/no-purpose"},
       .adjust = refuses(without_purpose)},
      {.id = "FAULT-PX-TRUST-07",
       .sentence = "compares names with regard to case",
       .kills = {"EST-PX-051/upper-case"},
       .adjust = refuses(in_capitals)},
      {.id = "FAULT-PX-TRUST-08",
       .sentence = "looks at the first name only",
       .kills = {"EST-PX-051/many-names"},
       .also = {"EST-PX-051/upper-case"},
       .because = "it is the same comparison",
       .adjust = refuses(first_is_another)},
      {.id = "FAULT-PX-TRUST-09",
       .sentence = "stumbles over a root in the chain",
       .kills = {"EST-PX-051/chain-with-root"},
       .adjust = refuses([](const Certificates& chain, const est::codec::Certificate&) { return chain.size() > 2; })},
      {.id = "FAULT-PX-READ-01",
       .sentence = "reads base64 of one line only",
       .kills = each("EST-PX-005", {"folded", "folded-lf", "final-newline"}),
       .also = {"EST-PX-131/folded-parts", "EST-PX-005/spaced"},
       .because = "these are lines, too",
       .between = cannot_read([](const Request& request, const Response& said) {
         return request.target.find("enroll") != std::string::npos && said.status == 200 && in_body(said, "\n");
       })},
      {.id = "FAULT-PX-READ-02",
       .sentence = "stumbles over blanks in base64",
       .kills = each("EST-PX-005", {"spaced"}),
       .between = cannot_read([](const Request& request, const Response& said) {
         return request.target.find("enroll") != std::string::npos && said.status == 200 && in_body(said, " ");
       })},
      {.id = "FAULT-PX-READ-03",
       .sentence = "wants base64 in lines",
       .kills = each("EST-PX-005", {"one-line"}),
       .also = any_proxy,
       .because = "the upstream server answers on one line",
       .between = cannot_read([](const Request& request, const Response& said) {
         return request.target.find("enroll") != std::string::npos && said.status == 200 && !in_body(said, "\n");
       })},
      {.id = "FAULT-PX-READ-04",
       .sentence = "knows no chunks",
       .kills = each("EST-PX-006", {"chunked", "chunked-extensions"}),
       .between = cannot_read([](const Request&, const Response& said) { return said.fields.get("Transfer-Encoding").has_value(); })},
      {.id = "FAULT-PX-READ-05",
       .sentence = "wants a Content-Length",
       .kills = each("EST-PX-006", {"chunked", "chunked-extensions", "until-close"}),
       .between =
           cannot_read([](const Request&, const Response& said) { return said.status == 200 && !said.fields.get("Content-Length"); })},
      {.id = "FAULT-PX-READ-06",
       .sentence = "has no patience",
       .kills = {"EST-PX-007"},
       .also = any_proxy,
       .because = "on a busy machine nothing is quick enough",
       .adjust = [](client::SessionOptions& session) { session.answer_within = est::Milliseconds(60); }},
      {.id = "FAULT-PX-READ-07",
       .sentence = "answers 502 to every /serverkeygen",
       .kills = each("EST-PX-131", {"certificate-first", "folded-parts", "preamble", "long-boundary"}),
       .instead = answers_if([](const ProxyScene& scene) { return is_asked(scene, Operation::serverkeygen); }, 502),
       .fatal = true},
      {.id = "FAULT-PX-READ-08",
       .sentence = "gives up for good when the upstream server was away once",
       .kills = {"EST-PX-076"},
       .also = any_proxy,
       .because = "nothing is served after that",
       .instead = answers_if([](const ProxyScene& scene) { return is_post(scene) && has_failed(scene); }, 502),
       .after = when_status({502, 504},
                            [](const ProxyScene& scene, Response&) {
                              const std::lock_guard lock(scene.memory.mutex);
                              scene.memory.failed = true;
                            })},
      {.id = "FAULT-PX-READ-09",
       .sentence = "sends a request again when no answer came",
       .kills = each("EST-PX-080", {"cut", "reset"}),
       .also = {"EST-PX-084*", "EST-PX-082*", "EST-PX-083", "EST-PX-085*"},
       .because = "the second answer is handed on unread",
       .instead = [](const ProxyScene& scene) -> std::optional<Response> {
         if (!is_post(scene) || !has_credentials(scene)) return std::nullopt;
         Response first = relay(scene);
         return first.status < 500 ? first : relay(scene);
       },
       .fatal = true},
  };
}

}  // namespace conformance::selftest
