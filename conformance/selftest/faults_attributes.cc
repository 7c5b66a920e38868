// Faults of what is asked for in requests: CSR attributes and templates that are not meant or not well made, and the challenges of RFC
// 7894.
#include <memory>
#include <mutex>
#include <set>

#include "conformance/selftest/faults_support.h"
#include "est/codec/base64.h"
#include "est/codec/csrattrs.h"
#include "est/codec/der.h"
#include "est/ops/message.h"

namespace conformance::selftest {

namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

namespace {

using codec::Attribute;

Instead refuse_if(Test odd, const std::string& sentence) {
  return [odd = std::move(odd), sentence](const Scene& scene) -> std::optional<Response> {
    if (!is_enroll(scene.request) || !request_in(scene.request) || !odd(scene)) return std::nullopt;
    return est::ops::text_response(400, sentence);
  };
}

bool asks_with(const Scene& scene, const codec::Oid& type) {
  const auto request = request_in(scene.request);
  return request && request->attribute(type) != nullptr;
}

// --- CSR attributes

Instead list_at(const std::string& label, const codec::CsrAttrs& list) {
  return [=](const Scene& scene) -> std::optional<Response> {
    if (!is(scene.request, Operation::csrattrs) || !is_at(scene, label)) return std::nullopt;
    return est::ops::csrattrs_response(list);
  };
}

codec::CsrAttrs with_template(const codec::RequestTemplate& wanted) { return {{codec::make_request_template(wanted)}}; }

Attribute extensions() { return codec::make_extension_request({codec::make_extended_key_usage({oids::client_auth})}); }

codec::CsrAttrs template_of_complete_extensions() {
  codec::RequestTemplate wanted;
  wanted.extensions = {{oids::key_usage, true, codec::make_key_usage(codec::key_usage::digital_signature).value}};
  return with_template(wanted);
}

codec::CsrAttrs template_with_needless_key() {
  codec::RequestTemplate wanted;
  wanted.key_algorithm = codec::AlgorithmIdentifier{oids::ec_public_key, der::oid(oids::prime256v1)};
  wanted.key = Bytes{0x04, 0x01, 0x02};
  return with_template(wanted);
}

codec::CsrAttrs template_with_empty_subject() {
  codec::RequestTemplate wanted;
  wanted.has_subject = true;
  return with_template(wanted);
}

bool shows_credentials(const Scene& scene) {
  return scene.request.fields.has("Authorization") || scene.peer.tls->peer_certificate() != nullptr;
}

std::vector<Fault> list_faults() {
  return {
      {.id = "FAULT-POLICY-40",
       .sentence = "refuses requests that follow its template",
       .kills = {"EST-SE-760"},
       .instead = refuse_if([](const Scene& s) { return is_at(s, "template-enforced"); }, "That is not what we meant.")},
      {.id = "FAULT-POLICY-41",
       .sentence = "takes its template for advice although it says that it is enforced",
       .kills = {"EST-SE-761/subject", "EST-SE-761/key", "EST-SE-761/extension"},
       .after = grant([](const Scene& s) { return is_at(s, "template-enforced"); })},
      {.id = "FAULT-POLICY-42",
       .sentence = "demands more than its list of attributes says",
       .kills = {"EST-SE-762"},
       .instead = refuse_if([](const Scene& s) { return is_at(s, "attrs"); }, "Something is missing.")},
      {.id = "FAULT-POLICY-43",
       .sentence = "takes kinds of keys that its list does not have",
       .kills = {"EST-SE-763"},
       .after = grant([](const Scene& s) { return is_at(s, "other"); })},
      {.id = "FAULT-POLICY-44",
       .sentence = "lists a kind of key that it does not take",
       .kills = {"EST-SE-764"},
       .also = {"EST-SE-763"},
       .because = "the other kind, which is taken, is then one that is not listed",
       .instead = list_at("other", {{Attribute{oids::ec_public_key, {der::oid(oids::prime256v1)}, 0, 0}}})},
      {.id = "FAULT-POLICY-45",
       .sentence = "answers 200 without a body where there are no attributes",
       .kills = {"EST-SE-765"},
       .after =
           [](const Scene& scene, Response& response) {
             if (is(scene.request, Operation::csrattrs) && response.status == 204) response.status = 200;
           }},
      {.id = "FAULT-POLICY-46",
       .sentence = "sends the same CSR attributes under all labels",
       .kills = {"EST-SE-766"},
       .also = {"EST-SE-073", "EST-SE-074", "EST-SE-076", "EST-SE-760", "EST-SE-762", "EST-SE-764", "EST-SE-765", "EST-SE-769/*",
                "EST-SE-788", "EST-SE-789"},
       .because = "the attributes these look for belong to one label",
       .before =
           [](est::http::Request& request, est::tls::Facts&, ca::Authority&) {
             if (is(request, Operation::csrattrs)) request.target = "/.well-known/est/csrattrs";
           }},
      {.id = "FAULT-POLICY-47",
       .sentence = "breaks down with status 500 when a client that shows credentials asks for CSR attributes",
       .kills = {"EST-SE-767/password", "EST-SE-767/certificate"},
       .also = {"EST-SE-*"},
       .because = "the suite shows a certificate wherever a target may want one",
       .instead = [](const Scene& scene) -> std::optional<Response> {
         if (!is(scene.request, Operation::csrattrs) || !shows_credentials(scene)) return std::nullopt;
         return est::ops::text_response(500, "Internal error.");
       }},
      {.id = "FAULT-POLICY-48",
       .sentence = "sends two extensionRequest attributes",
       .kills = {"EST-SE-768"},
       .instead = list_at("", {{extensions(), extensions()}})},
      {.id = "FAULT-POLICY-49",
       .sentence = "gives the size of an RSA key as an OID",
       .kills = {"EST-SE-768"},
       .instead = list_at("", {{Attribute{oids::rsa_encryption, {der::oid(oids::sha256_with_rsa)}, 0, 0}}})},
      {.id = "FAULT-POLICY-50",
       .sentence = "puts an INTEGER into extensionRequest",
       .kills = {"EST-SE-768"},
       .instead = list_at("", {{Attribute{oids::extension_request, {der::integer(7)}, 0, 0}}})},
      {.id = "FAULT-POLICY-51",
       .sentence = "sends two attributes for keys of one algorithm",
       .kills = {"EST-SE-769/csrattrs-enforced"},
       .instead = list_at("attrs", {{Attribute{oids::ec_public_key, {der::oid(oids::prime256v1)}, 0, 0},
                                     Attribute{oids::ec_public_key, {der::oid(oids::secp384r1)}, 0, 0}}})},
      {.id = "FAULT-POLICY-52",
       .sentence = "gives the curve of a key as an INTEGER",
       .kills = {"EST-SE-769/csrattrs-key-types"},
       .instead = list_at("other", {{Attribute{oids::ec_public_key, {der::integer(384)}, 0, 0}}})},
      {.id = "FAULT-POLICY-53",
       .sentence = "asks for complete extensions in the form for incomplete ones",
       .kills = {"EST-SE-769/csrattrs-template"},
       .instead = list_at("template", template_of_complete_extensions())},
      {.id = "FAULT-POLICY-54",
       .sentence = "sends a template with a public key although it asks for no RSA key",
       .kills = {"EST-SE-769/csrattrs-template"},
       .instead = list_at("template", template_with_needless_key())},
      {.id = "FAULT-POLICY-55",
       .sentence = "sends a template whose subject asks for nothing",
       .kills = {"EST-SE-769/csrattrs-template"},
       .instead = list_at("template", template_with_empty_subject())},
  };
}

// --- RFC 7894

std::optional<std::string> one_time_password(const Scene& scene) {
  const auto request = request_in(scene.request);
  if (!request || request->attribute(oids::otp_challenge) == nullptr) return std::nullopt;
  return codec::otp_challenge(*request).value.value_or("");
}

bool has_bad_length(const std::string& value) { return value.empty() || value.size() > 255; }

AfterHook takes_twice() {
  struct Seen {
    std::mutex mutex;
    std::set<std::string> values;
  };
  return [seen = std::make_shared<Seen>()](const Scene& scene, Response& response) {
    const auto value = is_enroll(scene.request) ? one_time_password(scene) : std::nullopt;
    if (!value) return;
    const std::lock_guard lock(seen->mutex);
    if (response.status == 200)
      seen->values.insert(*value);
    else if (response.status == 403 && seen->values.contains(*value))
      response = certify_whatever(scene);
  };
}

bool links_by_identity(const Scene& scene) { return asks_with(scene, oids::est_identity_linking); }
bool links_by_both(const Scene& scene) { return links_by_identity(scene) && asks_with(scene, oids::challenge_password); }

std::vector<Fault> challenge_faults() {
  return {
      {.id = "FAULT-POLICY-60",
       .sentence = "refuses the right one-time password",
       .kills = {"EST-SE-780"},
       .instead = refuse_if([](const Scene& s) { return one_time_password(s).has_value(); }, "Wrong.")},
      {.id = "FAULT-POLICY-61",
       .sentence = "does without the one-time password it demands",
       .kills = {"EST-SE-781"},
       .after = grant([](const Scene& s) { return is_at(s, "otp") && !one_time_password(s); })},
      {.id = "FAULT-POLICY-62",
       .sentence = "takes any one-time password",
       .kills = {"EST-SE-782", "EST-SE-783"},
       .after = grant([](const Scene& s) { return one_time_password(s) && !has_bad_length(*one_time_password(s)); })},
      {.id = "FAULT-POLICY-63", .sentence = "takes a one-time password twice", .kills = {"EST-SE-783"}, .after = takes_twice()},
      {.id = "FAULT-POLICY-64",
       .sentence = "takes a one-time password of no or of 256 characters",
       .kills = {"EST-SE-784/empty", "EST-SE-784/long"},
       .after = grant([](const Scene& s) { return one_time_password(s) && has_bad_length(*one_time_password(s)); })},
      {.id = "FAULT-POLICY-65",
       .sentence = "demands a one-time password but does not list it",
       .kills = {"EST-SE-789"},
       .instead = list_at("otp", {{oids::challenge_password}})},
      {.id = "FAULT-POLICY-66",
       .sentence = "does not know estIdentityLinking",
       .kills = {"EST-SE-785/identity-linking", "EST-SE-785/both"},
       .instead = refuse_if(links_by_identity, "What is that?")},
      {.id = "FAULT-POLICY-67",
       .sentence = "does not verify estIdentityLinking",
       .kills = {"EST-SE-786", "EST-SE-787"},
       .after = grant(links_by_identity)},
      {.id = "FAULT-POLICY-68",
       .sentence = "looks at challengePassword only when both are there",
       .kills = {"EST-SE-787"},
       .after = grant(links_by_both)},
      {.id = "FAULT-POLICY-69",
       .sentence = "takes estIdentityLinking but does not list it",
       .kills = {"EST-SE-788"},
       .instead = list_at("pop", {{oids::challenge_password}})},
      {.id = "FAULT-POLICY-70",
       .sentence = "takes a revocationChallenge for a channel binding",
       .kills = {"EST-SE-790/13066c65742d6d65", "EST-SE-790/0c066c65742d6d65"},
       .instead = refuse_if([](const Scene& s) { return asks_with(s, oids::revocation_challenge); }, "That is not your channel binding.")},
      {.id = "FAULT-POLICY-71",
       .sentence = "reads challenges in PrintableString only",
       .kills = {"EST-SE-790/0c066c65742d6d65"},
       .instead = refuse_if(
           [](const Scene& s) {
             return asks_with(s, oids::revocation_challenge) &&
                    request_in(s.request)->attribute(oids::revocation_challenge)->values.front()[0] == 0x0c;
           },
           "That is no PrintableString.")},
  };
}

}  // namespace

std::vector<Fault> attribute_faults() {
  std::vector<Fault> all = list_faults();
  for (Fault& fault : challenge_faults()) all.push_back(std::move(fault));
  return all;
}

}  // namespace conformance::selftest
