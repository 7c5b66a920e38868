// Faults of client authentication, authorization and proof of possession.
#include <algorithm>
#include <memory>
#include <mutex>
#include <set>

#include "conformance/selftest/faults_support.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/http/auth.h"
#include "est/ops/message.h"

namespace conformance::selftest {

namespace codec = est::codec;
namespace http = est::http;

namespace {

// Certifies a request that was refused for its credentials when `odd` holds: this peer lacks that check.
AfterHook let_in(Test odd) {
  return [odd = std::move(odd)](const Scene& scene, Response& response) {
    const bool refused = response.status == 401 || response.status == 403;
    if (is_enroll(scene.request) && refused && request_in(scene.request) && odd(scene)) response = certify_whatever(scene);
  };
}

bool has_certificate(const Scene& scene) { return scene.peer.tls->peer_certificate() != nullptr; }

std::optional<http::AuthItem> credentials(const Scene& scene) {
  const auto value = scene.request.fields.get("Authorization");
  return value ? http::decode_credentials(*value).value : std::nullopt;
}

std::optional<http::Credentials> basic(const Scene& scene) {
  const auto item = credentials(scene);
  return item ? http::parse_basic(*item) : std::nullopt;
}

bool is_digest(const Scene& scene) {
  const auto item = credentials(scene);
  return item && est::iequals(item->scheme, "Digest");
}

bool digest_for_other_uri(const Scene& scene) {
  return is_digest(scene) && credentials(scene)->parameter("uri").value_or("") != scene.request.target;
}

// The certificate shown, when `holds` says so of it.
Test certificate_is(std::function<bool(const codec::Certificate&)> holds) {
  return [holds = std::move(holds)](const Scene& scene) {
    const Bytes* leaf = scene.peer.tls->peer_certificate();
    if (leaf == nullptr) return false;
    const auto certificate = codec::decode_certificate(*leaf);
    return certificate.value && holds(*certificate.value);
  };
}

bool expired(const codec::Certificate& c) { return c.validity.not_after < est::system_clock().now(); }
bool not_yet_valid(const codec::Certificate& c) { return c.validity.not_before > est::system_clock().now(); }
bool in_time(const codec::Certificate& c) { return !expired(c) && !not_yet_valid(c); }

bool for_clients(const codec::Certificate& c) {
  const auto* extension = c.extension(codec::oids::extended_key_usage);
  if (extension == nullptr) return true;
  const auto purposes = codec::decode_extended_key_usage(extension->value);
  return purposes.value && std::find(purposes.value->begin(), purposes.value->end(), codec::oids::client_auth) != purposes.value->end();
}

bool self_signed(const codec::Certificate& c) { return c.self_issued(); }
bool stranger(const codec::Certificate& c) { return !c.self_issued() && in_time(c) && for_clients(c); }
bool may_sign(const codec::Certificate& c) {
  const auto* extension = c.extension(codec::oids::key_usage);
  if (extension == nullptr) return true;
  const auto bits = codec::decode_key_usage(extension->value);
  return !bits.value || (*bits.value & codec::key_usage::digital_signature) != 0;
}

bool wrong_purpose(const codec::Certificate& c) { return in_time(c) && !for_clients(c); }

bool revoked(const Scene& scene) {
  const Bytes* leaf = scene.peer.tls->peer_certificate();
  if (leaf == nullptr) return false;
  const auto certificate = codec::decode_certificate(*leaf);
  if (!certificate.value) return false;
  const auto record = scene.authority.find(certificate.value->serial);
  return record && *record && (*record)->revoked_at.has_value();
}

AfterHook on_unauthorized(std::function<void(Response&)> change) {
  return [change = std::move(change)](const Scene& scene, Response& response) {
    if (is_enroll(scene.request) && response.status == 401) change(response);
  };
}

bool names_user(const Scene& scene, std::string_view user) {
  const auto item = credentials(scene);
  if (!item) return false;
  const auto shown = http::parse_basic(*item);
  return shown ? shown->user == user : item->parameter("username").value_or("") == user;
}

void quote_algorithm(Response& response) {
  const auto challenges = response.fields.all("WWW-Authenticate");
  response.fields.remove("WWW-Authenticate");
  for (std::string challenge : challenges) {
    constexpr std::string_view name = "algorithm=";
    if (const auto at = challenge.find(name); at != std::string::npos) {
      const auto end = std::min(challenge.find(',', at), challenge.size());
      challenge.insert(end, 1, '"').insert(at + name.size(), 1, '"');
    }
    response.fields.add("WWW-Authenticate", challenge);
  }
}

using Before = std::function<void(http::Request&, est::tls::Facts&, ca::Authority&)>;

// Credentials like these are as good as none.
Before forget_authorization(std::function<bool(const http::AuthItem&)> odd) {
  return [odd = std::move(odd)](http::Request& request, est::tls::Facts&, ca::Authority&) {
    const auto value = request.fields.get("Authorization");
    const auto item = value ? http::decode_credentials(*value).value : std::nullopt;
    if (item && odd(*item)) request.fields.remove("Authorization");
  };
}

// --- Proof of possession

std::optional<std::string> linked_value(const http::Request& request) {
  const auto csr = request_in(request);
  return csr ? codec::challenge_password(*csr).value : std::nullopt;
}

void pretend_binding(est::tls::Facts& facts, const Bytes& binding) {
  facts.tls_unique = binding;
  facts.tls_exporter = binding;
}

const Bytes& binding_of(const est::tls::Facts& facts) { return facts.tls_unique.empty() ? facts.tls_exporter : facts.tls_unique; }

// Believes the value in the request when `believes(value in the request, true value)` says so.
Before believe(std::function<bool(const std::string&, const std::string&)> believes) {
  return [believes = std::move(believes)](http::Request& request, est::tls::Facts& facts, ca::Authority&) {
    const auto value = linked_value(request);
    if (!value || !believes(*value, est::ops::channel_binding_text(binding_of(facts)))) return;
    const auto octets = codec::decode_base64(*value, codec::Base64Mode::lenient);
    if (octets.value) pretend_binding(facts, *octets.value);
  };
}

// Remembers every binding it ever saw and accepts any of them: no tie to the present session.
Before believe_earlier_sessions() {
  struct Seen {
    std::mutex mutex;
    std::set<Bytes> bindings;
  };
  return [seen = std::make_shared<Seen>()](http::Request& request, est::tls::Facts& facts, ca::Authority&) {
    const std::lock_guard lock(seen->mutex);
    seen->bindings.insert(binding_of(facts));
    const auto value = linked_value(request);
    const auto octets = value ? codec::decode_base64(*value, codec::Base64Mode::strict).value : std::nullopt;
    if (octets && seen->bindings.contains(*octets)) pretend_binding(facts, *octets);
  };
}

// Certifies requests whose challengePassword was refused, when `odd` holds of its text.
AfterHook ignore_link(std::function<bool(const std::optional<std::string>&)> odd) {
  return [odd = std::move(odd)](const Scene& scene, Response& response) {
    const bool refused = response.status >= 400 && response.status != 401;
    if (is_enroll(scene.request) && refused && request_in(scene.request) && odd(linked_value(scene.request)))
      response = certify_whatever(scene);
  };
}

bool not_base64(const std::optional<std::string>& text) {
  return text && !codec::decode_base64(*text, codec::Base64Mode::strict).accepted();
}

std::vector<Fault> password_faults() {
  return {
      {.id = "FAULT-AUTH-01",
       .sentence = "enrolls a client that shows no credentials at all",
       .after = let_in([](const Scene& s) { return !has_password(s) && !has_certificate(s); })},
      {.id = "FAULT-AUTH-02",
       .sentence = "takes any password of a known user",
       .after = let_in([](const Scene& s) { return basic(s) && basic(s)->user == "estuser" && !basic(s)->password.empty(); })},
      {.id = "FAULT-AUTH-03",
       .sentence = "enrolls users it does not know",
       .after = let_in([](const Scene& s) { return basic(s) && basic(s)->user != "estuser" && !basic(s)->user.empty(); })},
      {.id = "FAULT-AUTH-04", .sentence = "takes an empty password", .after = let_in([](const Scene& s) {
                                                                       return basic(s) && basic(s)->password.empty();
                                                                     })},
      {.id = "FAULT-AUTH-05", .sentence = "takes any Digest response", .after = let_in(is_digest)},
      {.id = "FAULT-AUTH-06", .sentence = "takes a Digest response made for another URI", .after = let_in(digest_for_other_uri)},
      {.id = "FAULT-AUTH-07",
       .sentence = "does not count the uses of a nonce, nor know its own nonces",
       .after =
           [](const Scene& scene, Response& response) {
             const auto challenge = response.fields.get("WWW-Authenticate").value_or("");
             const bool stale = est::ascii_lower(challenge).find("stale=true") != std::string::npos;
             if (is_enroll(scene.request) && response.status == 401 && stale && request_in(scene.request))
               response = certify_whatever(scene);
           }},
      {.id = "FAULT-AUTH-08", .sentence = "answers 401 without WWW-Authenticate", .after = on_unauthorized([](Response& r) {
                                                                                    r.fields.remove("WWW-Authenticate");
                                                                                  })},
      {.id = "FAULT-AUTH-09",
       .sentence = "breaks down with status 500 when credentials are missing",
       .after = on_unauthorized([](Response& r) { r = est::ops::text_response(500, "Internal error."); })},
      {.id = "FAULT-AUTH-10", .sentence = "sends an unreadable challenge", .after = on_unauthorized([](Response& r) {
                                                                             r.fields.set("WWW-Authenticate", "=realm, \"");
                                                                           })},
      {.id = "FAULT-AUTH-11",
       .sentence = "enrolls although the Authorization field is garbage",
       .after = let_in([](const Scene& s) { return has_password(s) && !basic(s) && !is_digest(s); })},
      {.id = "FAULT-AUTH-12",
       .sentence = "refuses the right password",
       .before = [](http::Request& request, est::tls::Facts&, ca::Authority&) { request.fields.remove("Authorization"); }},
      {.id = "FAULT-AUTH-15",
       .sentence = "splits Basic credentials at every colon and refuses what has too many",
       .kills = {"EST-SE-177/basic"},
       .before = forget_authorization([](const http::AuthItem& item) {
         const auto shown = http::parse_basic(item);
         return shown && shown->password.find(':') != std::string::npos;
       })},
      {.id = "FAULT-AUTH-16",
       .sentence = "has no Digest for users whose password has a colon",
       .kills = {"EST-SE-177/digest"},
       .before = forget_authorization([](const http::AuthItem& item) { return item.parameter("username") == "colon-user"; })},
      {.id = "FAULT-AUTH-17",
       .sentence = "compares what stands before the first colon of a password",
       .kills = {"EST-SE-178/basic", "EST-SE-178/digest"},
       .also = {"EST-SE-168", "EST-SE-169", "EST-SE-17*", "EST-SE-39*"},
       .because = "whatever comes in the name of that user, or by Digest at all, is let in",
       .after = let_in([](const Scene& s) { return names_user(s, "colon-user"); })},
      {.id = "FAULT-AUTH-18",
       .sentence = "hashes passwords in Latin-1",
       .kills = {"EST-SE-179"},
       .before = forget_authorization([](const http::AuthItem& item) { return item.parameter("username") == "umlaut-user"; })},
      {.id = "FAULT-AUTH-19",
       .sentence = "writes the algorithm of its Digest challenge in quotes",
       .kills = {"EST-SE-161/digest"},
       .after = on_unauthorized(quote_algorithm)},
      {.id = "FAULT-AUTH-20",
       .sentence = "offers userhash and looks hashes up as if they were names",
       .kills = {"EST-SE-442"},
       .before = forget_authorization([](const http::AuthItem& item) { return item.parameter("userhash") == "true"; })},
      {.id = "FAULT-AUTH-14",
       .sentence = "re-enrolls by password without the certificate being renewed",
       .after = let_in([](const Scene& s) { return is(s.request, Operation::simplereenroll) && has_password(s) && !has_certificate(s); })},
      {.id = "FAULT-AUTH-13",
       .sentence = "never accepts a Digest response",
       .before =
           [](http::Request& request, est::tls::Facts&, ca::Authority&) {
             if (request.fields.get("Authorization").value_or("").starts_with("Digest")) request.fields.remove("Authorization");
           }},
  };
}

std::vector<Fault> certificate_faults() {
  return {
      {.id = "FAULT-CERT-01", .sentence = "accepts an expired client certificate", .after = let_in(certificate_is(expired))},
      {.id = "FAULT-CERT-02",
       .sentence = "accepts a client certificate that is not yet valid",
       .after = let_in(certificate_is(not_yet_valid))},
      {.id = "FAULT-CERT-03", .sentence = "accepts a self-signed client certificate", .after = let_in(certificate_is(self_signed))},
      {.id = "FAULT-CERT-04",
       .sentence = "accepts a client certificate of an unknown CA",
       .after = let_in([](const Scene& s) { return certificate_is(stranger)(s) && !revoked(s); })},
      {.id = "FAULT-CERT-05",
       .sentence = "accepts a client certificate made for TLS servers only",
       .after = let_in(certificate_is(wrong_purpose))},
      {.id = "FAULT-CERT-06", .sentence = "accepts a revoked client certificate", .after = let_in(revoked)},
      {.id = "FAULT-CERT-07",
       .sentence = "does not take client certificates at all",
       .before = [](http::Request&, est::tls::Facts& facts, ca::Authority&) { facts.peer_chain.clear(); }},
      {.id = "FAULT-CERT-08",
       .sentence = "is content with a certificate where certificate and password are demanded",
       .after = let_in([](const Scene& s) { return label_of(s.request) == "both" && has_certificate(s) && !has_password(s); })},
      {.id = "FAULT-CERT-09",
       .sentence = "is content with a password where certificate and password are demanded",
       .after = let_in([](const Scene& s) { return label_of(s.request) == "both" && !has_certificate(s); })},
      {.id = "FAULT-CERT-11",
       .sentence = "accepts a client certificate whose key may not sign",
       .after = let_in(certificate_is([](const codec::Certificate& c) { return !may_sign(c); }))},
      {.id = "FAULT-CERT-10",
       .sentence = "demands a client certificate in every handshake",
       .configure = [](server::Config& config) { config.tls.client_certificate = est::tls::ClientCertificate::required; }},
  };
}

std::vector<Fault> linking_faults() {
  return {
      {.id = "FAULT-POP-01",
       .sentence = "does not verify the channel binding in the request",
       .before = believe([](const std::string&, const std::string&) { return true; })},
      {.id = "FAULT-POP-02",
       .sentence = "takes the beginning of the channel binding for the whole",
       .before = believe([](const std::string& value, const std::string& truth) { return !value.empty() && truth.starts_with(value); })},
      {.id = "FAULT-POP-08",
       .sentence = "ignores what follows the channel binding",
       .before = believe([](const std::string& value, const std::string& truth) { return value.starts_with(truth); })},
      {.id = "FAULT-POP-03", .sentence = "takes channel bindings of earlier sessions", .before = believe_earlier_sessions()},
      {.id = "FAULT-POP-04",
       .sentence = "accepts a request without channel binding where linking is required",
       .after = ignore_link([](const std::optional<std::string>& text) { return !text; })},
      {.id = "FAULT-POP-05",
       .sentence = "refuses the right channel binding",
       .before = [](http::Request&, est::tls::Facts& facts, ca::Authority&) { pretend_binding(facts, Bytes(12, 0)); }},
      {.id = "FAULT-POP-06", .sentence = "ignores a channel binding that is not base64", .after = ignore_link(not_base64)},
      {.id = "FAULT-POP-07",
       .sentence = "ignores an empty channel binding",
       .after = ignore_link([](const std::optional<std::string>& text) { return text && text->empty(); })},
  };
}

}  // namespace

std::vector<Fault> authentication_faults() {
  std::vector<Fault> all = password_faults();
  for (Fault& fault : certificate_faults()) all.push_back(std::move(fault));
  for (Fault& fault : linking_faults()) all.push_back(std::move(fault));
  return all;
}

}  // namespace conformance::selftest
