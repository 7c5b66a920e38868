// Faults of the proxy: what it hands on and should not have.
#include "conformance/selftest/proxy_faults_support.h"
#include "est/base/text.h"
#include "est/codec/pkcs10.h"

namespace conformance::selftest {

using est::http::Request;

namespace {

std::vector<std::string> bad_requests() {
  return all_of({each("EST-PX-033", {"signature", "other-key", "unsigned", "truncated", "trailing", "not-a-request"}),
                 each("EST-PX-041", {"oversized", "nested-deeply", "length-past-end", "length-2-31", "indefinite-length", "random"})});
}

std::vector<std::string> bad_links() { return each("EST-PX-034", {"wrong", "malformed", "other-session", "prefix"}); }

// Whatever the request says its session was, it was.
void believe_link(Request& request, est::tls::Facts& facts) {
  const auto csr = request_in(request);
  if (!csr || csr->attribute(est::codec::oids::challenge_password) == nullptr) return;
  est::tls::Facts& seen = facts;
  const auto said = est::codec::challenge_password(*csr);
  const auto octets = said.value ? decoded_body(est::as_bytes(*said.value)) : est::Bytes();
  if (!octets.empty()) seen.tls_unique = octets;
}

bool is_linked(const ProxyScene& scene) {
  const auto csr = is_post(scene) ? request_in(scene.request) : std::nullopt;
  return csr && csr->attribute(est::codec::oids::challenge_password) != nullptr;
}

bool has_basic(const ProxyScene& scene) {
  return is_post(scene) && est::ascii_lower(scene.request.fields.get("Authorization").value_or("")).starts_with("basic");
}

}  // namespace

std::vector<ProxyFault> proxy_policy_faults() {
  return {
      {.id = "FAULT-PX-POL-01",
       .sentence = "leaves authentication to the upstream server",
       .kills = {"EST-PX-030", "EST-PX-134", "EST-PX-142"},
       .also = any_proxy,
       .because = "whatever is sent before a challenge is handed on, unread",
       .instead = relays_if([](const ProxyScene& scene) { return is_post(scene) && !has_credentials(scene); })},
      {.id = "FAULT-PX-POL-02", .sentence = "takes any password", .kills = {"EST-PX-031"}, .instead = relays_if(has_basic)},
      {.id = "FAULT-PX-POL-03",
       .sentence = "takes any client certificate",
       .kills = each("EST-PX-032", {"expired", "not-yet-valid", "wrong-purpose", "unknown-ca", "self-signed", "forged-issuer"}),
       .instead = relays_if([](const ProxyScene& scene) { return is_post(scene) && scene.facts.peer_certificate() != nullptr; })},
      {.id = "FAULT-PX-POL-04",
       .sentence = "hands on whatever an authenticated client sends, unread",
       .kills = all_of({bad_requests(), bad_links(), {"EST-PX-037", "EST-PX-039"}}),
       .also = any_proxy,
       .because = "the upstream server's answer is handed on unread, too, and wrong credentials pass",
       .configure = [](proxy::Config& config) { take_large_bodies(config.front); },
       .instead = relays_if([](const ProxyScene& scene) { return is_post(scene) && has_credentials(scene); })},
      {.id = "FAULT-PX-POL-05",
       .sentence = "believes what a request says of the session it is linked to",
       .kills = each("EST-PX-034", {"wrong", "other-session", "prefix"}),
       .before = believe_link},
      {.id = "FAULT-PX-POL-06",
       .sentence = "does not demand linking where it says so",
       .kills = {"EST-PX-037"},
       .configure = [](proxy::Config& config) { config.front.labels["pop"].pop_required = false; }},
      {.id = "FAULT-PX-POL-07",
       .sentence = "refuses requests that are linked to a session",
       .kills = {"EST-PX-035", "EST-PX-036"},
       .also = any_proxy,
       .because = "the suite links every request where it can",
       .instead = answers_if(is_linked, 400)},
      {.id = "FAULT-PX-POL-08",
       .sentence = "knows no linking on TLS 1.3",
       .kills = {"EST-PX-036"},
       .also = any_proxy,
       .because = "the suite links every request where it can",
       .configure =
           [](proxy::Config& config) {
             for (auto& [label, policy] : config.front.labels) policy.accept_exporter = false;
           }},
      {.id = "FAULT-PX-POL-09",
       .sentence = "takes GET for POST",
       .kills = {"EST-PX-040"},
       .instead = relays_if([](const ProxyScene& scene) { return scene.request.method == "GET" && !scene.request.body.empty(); })},
      {.id = "FAULT-PX-POL-10",
       .sentence = "speaks TLS 1.0 and 1.1 with clients",
       .kills = each("EST-PX-042", {"1.0", "1.1"}),
       .configure =
           [](proxy::Config& config) {
             config.front.tls.least = est::tls::Version::tls10;
             config.front.tls.suites = "DEFAULT:@SECLEVEL=0";
           }},
      {.id = "FAULT-PX-POL-12",
       .sentence = "hands on requests whatever their fields are",
       .kills = {"EST-PX-043"},
       .configure = [](proxy::Config& config) { config.front.limits.parser.head = std::size_t{4} << 20U; },
       .instead = relays_if([](const ProxyScene& scene) { return is_post(scene) && scene.request.fields.get("X-Estspec").has_value(); })},
      {.id = "FAULT-PX-POL-11",
       .sentence = "looks at no media type",
       .kills = {"EST-PX-038"},
       .before =
           [](Request& request, est::tls::Facts&) {
             if (request.fields.get("Content-Type") == "text/plain") request.fields.set("Content-Type", "application/pkcs10");
           }},
  };
}

}  // namespace conformance::selftest
