// Faults of the proxy: what it sends upstream, and as whom.
#include "conformance/selftest/proxy_faults_support.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/pki/request.h"

namespace conformance::selftest {

using est::http::Request;

namespace {

// A request of the proxy's own: another key, the same kind of name.
void make_anew(Request& request, ProxyMemory&) {
  const auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  est::pki::RequestSpec spec;
  spec.subject = *est::codec::parse_name("CN=made by the proxy");
  if (const auto made = key ? est::pki::make_request(spec, *key) : est::Result<est::Bytes>(est::Error{""}))
    request.body = est::to_bytes(est::codec::encode_base64(*made));
}

void copy_fields(Request& request, ProxyMemory& memory, const std::vector<std::string>& names) {
  const std::lock_guard lock(memory.mutex);
  for (const auto& name : names)
    if (const auto value = memory.asked.fields.get(name)) request.fields.set(name, *value);
}

std::string label_in(const std::string& target) {
  const auto route = est::ops::parse_route(target);
  const auto* found = std::get_if<est::ops::Route>(&route);
  return found == nullptr ? std::string() : found->label;
}

void use_first_label(Request& request, ProxyMemory& memory) {
  const std::lock_guard lock(memory.mutex);
  if (memory.label.empty()) memory.label = label_in(request.target);
  if (memory.label.empty()) return;
  const auto route = est::ops::parse_route(request.target);
  if (const auto* found = std::get_if<est::ops::Route>(&route)) request.target = est::ops::path_of(found->operation, memory.label);
}

bool has_text(const est::Bytes& body, std::string_view text) { return est::as_text(body).find(text) != std::string_view::npos; }

// Bodies in a form that a client may use, and this proxy does not know.
InsteadProxy refuses_bodies(std::function<bool(std::string_view)> odd) {
  return answers_if([odd = std::move(odd)](const ProxyScene& scene) { return is_post(scene) && odd(est::as_text(scene.request.body)); },
                    400);
}

std::string_view without_end(std::string_view body) { return body.ends_with('\n') ? body.substr(0, body.size() - 1) : body; }

}  // namespace

std::vector<ProxyFault> proxy_request_faults() {
  return {
      {.id = "FAULT-PX-REQ-01",
       .sentence = "makes a request of its own instead of handing on the client's",
       .kills = {"EST-PX-001", "EST-PX-019"},
       .also = any_proxy,
       .because = "no certificate for the client's key comes of it",
       .between = each_post(make_anew)},
      {.id = "FAULT-PX-REQ-02",
       .sentence = "says application/octet-stream upstream",
       .kills = {"EST-PX-003"},
       .also = any_proxy,
       .because = "every request upstream is of the wrong type",
       .between = each_post([](Request& request, ProxyMemory&) { request.fields.set("Content-Type", "application/octet-stream"); })},
      {.id = "FAULT-PX-REQ-03",
       .sentence = "copies Authorization and cookies of the client",
       .kills = {"EST-PX-008", "EST-PX-009"},
       .also = {"EST-PX-012", "EST-PX-012/basic", "EST-PX-012/digest", "EST-PX-013", "EST-PX-014"},
       .because = "the upstream server gets the client's password instead of the proxy's",
       .between = each_post([](Request& request, ProxyMemory& memory) {
         copy_fields(request, memory, {"Authorization", "Cookie"});
       })},
      {.id = "FAULT-PX-REQ-04",
       .sentence = "copies unknown fields of the client",
       .kills = {"EST-PX-009"},
       .between = each_post([](Request& request, ProxyMemory& memory) { copy_fields(request, memory, {"X-Estspec-Client"}); })},
      {.id = "FAULT-PX-REQ-05",
       .sentence = "goes on with the first CA label it used",
       .kills = {"EST-PX-015"},
       .also = any_proxy,
       .because = "the label is used for whatever comes later",
       .between = each_post(use_first_label)},
      {.id = "FAULT-PX-REQ-06",
       .sentence = "uses no CA label upstream",
       .kills = {"EST-PX-015"},
       .configure = [](proxy::Config& config) { config.upstream.labels["other"] = ""; }},
      {.id = "FAULT-PX-REQ-07",
       .sentence = "serves a CA label it does not know as if there were none",
       .kills = {"EST-PX-016"},
       .instead = relays_if([](const ProxyScene& scene) { return label_in(scene.request.target) == "estspec-nobody-knows"; })},
      {.id = "FAULT-PX-REQ-08",
       .sentence = "does not know /simplereenroll",
       .kills = {"EST-PX-002"},
       .also = each("EST-PX-032", {"expired", "not-yet-valid", "wrong-purpose", "unknown-ca", "self-signed", "forged-issuer"}),
       .because = "what is not there refuses in another way",
       .instead = answers_if([](const ProxyScene& scene) { return is_asked(scene, Operation::simplereenroll); }, 404)},
      {.id = "FAULT-PX-REQ-09",
       .sentence = "reads base64 of one line only",
       .kills = each("EST-PX-004", {"folded-64", "folded-76-crlf"}),
       .also = any_proxy,
       .because = "the suite folds its lines",
       .instead = refuses_bodies([](std::string_view body) { return without_end(body).find('\n') != std::string_view::npos; })},
      {.id = "FAULT-PX-REQ-10",
       .sentence = "wants base64 in lines",
       .kills = each("EST-PX-004", {"one-line"}),
       .also = {"EST-PX-004/trailing-newline"},
       .because = "that is one line, too",
       .instead = refuses_bodies(
           [](std::string_view body) { return body.size() > 100 && without_end(body).find('\n') == std::string_view::npos; })},
      {.id = "FAULT-PX-REQ-11",
       .sentence = "stumbles over a line end after the base64",
       .kills = each("EST-PX-004", {"trailing-newline"}),
       .also = any_proxy,
       .because = "lines end with one",
       .instead = refuses_bodies([](std::string_view body) { return body.ends_with('\n'); })},
      {.id = "FAULT-PX-REQ-12",
       .sentence = "never shows its certificate upstream",
       .kills = {"EST-PX-011", "EST-PX-035", "EST-PX-036"},
       .also = any_proxy,
       .because = "what is linked to the client's session is refused by an upstream server that knows no registration authority",
       .adjust = [](client::SessionOptions& session) { session.identity.reset(); }},
      {.id = "FAULT-PX-REQ-13",
       .sentence = "answers no challenge of the upstream server",
       .kills = all_of({each("EST-PX-012", {"basic", "digest"}), {"EST-PX-013"}}),
       .adjust = [](client::SessionOptions& session) { session.credentials = {}; }},
      {.id = "FAULT-PX-REQ-14",
       .sentence = "looks at the first challenge only",
       .kills = {"EST-PX-013"},
       .between =
           [](const Request& request, const client::Send& send, ProxyMemory&) {
             auto said = send(request);
             if (!said || said->status != 401) return said;
             const auto first = said->fields.get("WWW-Authenticate").value_or("");
             said->fields.set("WWW-Authenticate", first);
             return said;
           }},
      {.id = "FAULT-PX-REQ-15",
       .sentence = "asks no one else before it has an answer from the upstream server",
       .kills = {"EST-PX-018"},
       .configure = [](proxy::Config& config) { config.upstream.answer = est::Milliseconds(9000); },
       .one_at_a_time = true},
      {.id = "FAULT-PX-REQ-16",
       .sentence = "unpacks Full PKI Requests: only the certification request in it goes upstream",
       .kills = {"EST-PX-140"},
       .also = {"EST-PX-141", "EST-PX-142", "EST-PX-145"},
       .because = "no Full PKI Request arrives",
       .between =
           [](const Request& request, const client::Send& send, ProxyMemory&) {
             if (!has_text(est::to_bytes(request.target), "/fullcmc")) return send(request);
             Request changed = request;
             changed.body = est::to_bytes(std::string_view("MAA="));
             return send(changed);
           }},
      {.id = "FAULT-PX-REQ-17",
       .sentence = "hands on simple requests as they are, though it claims to vouch for them by Full CMC",
       .kills = {"EST-PX-145"},
       .configure = [](proxy::Config& config) { config.upstream.full_cmc = false; }},
  };
}

}  // namespace conformance::selftest
