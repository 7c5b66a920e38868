// Faults of policy: names, credentials, pending requests, CSR attributes and the challenges of RFC 7894.
#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "conformance/selftest/faults_support.h"
#include "est/ops/message.h"

namespace conformance::selftest {

namespace codec = est::codec;
namespace oids = est::codec::oids;

namespace {

using codec::CertificationRequest;

// Certifies what was refused when `odd` holds: this peer lacks that check.
bool enrolls_with(const Scene& scene, const codec::Oid& type) {
  if (!is_enroll(scene.request)) return false;
  const auto request = request_in(scene.request);
  return request && request->attribute(type) != nullptr;
}

std::optional<codec::Certificate> shown(const Scene& scene) {
  const Bytes* leaf = scene.peer.tls->peer_certificate();
  return leaf == nullptr ? std::nullopt : codec::decode_certificate(*leaf).value;
}

bool has_purpose(const Scene& scene, const codec::Oid& purpose) {
  const auto certificate = shown(scene);
  const auto* extension = certificate ? certificate->extension(oids::extended_key_usage) : nullptr;
  if (extension == nullptr) return false;
  const auto purposes = codec::decode_extended_key_usage(extension->value);
  return purposes.value && std::find(purposes.value->begin(), purposes.value->end(), purpose) != purposes.value->end();
}

bool is_third_party(const Scene& scene) {
  const auto certificate = shown(scene);
  return certificate && certificate->issuer.to_string().find("manufacturer") != std::string::npos;
}

bool asks_for_own_name(const Scene& scene) {
  const auto certificate = shown(scene);
  const auto request = request_in(scene.request);
  return certificate && request && codec::same_name(request->subject, certificate->subject);
}

bool renews(const Scene& scene) { return is(scene.request, Operation::simplereenroll); }
bool has_change(const Scene& scene) { return enrolls_with(scene, oids::change_subject_name); }

bool has_malformed_change(const Scene& scene) {
  return has_change(scene) && !codec::change_subject_name(*request_in(scene.request)).accepted();
}

bool shows_other_subject(const Scene& scene) {
  const auto certificate = shown(scene);
  return has_change(scene) && certificate && !codec::same_name(request_in(scene.request)->subject, certificate->subject);
}

bool leaves_names_out(const Scene& scene) {
  const auto certificate = shown(scene);
  return renews(scene) && certificate && certificate->extension(oids::subject_alt_name) != nullptr &&
         codec::requested_subject_alt_name(*request_in(scene.request)).empty();
}

// A certificate made another way than the handler does, where `when` holds.
AfterHook reissue(Test when, std::function<Careless(const CertificationRequest&)> how) {
  return [when = std::move(when), how = std::move(how)](const Scene& scene, Response& response) {
    if (is_enroll(scene.request) && response.status == 200 && when(scene))
      response = certify_whatever(scene, how(*request_in(scene.request)));
  };
}

Careless without_purposes(const CertificationRequest& request) {
  std::vector<codec::Extension> extensions = {codec::make_key_usage(codec::key_usage::digital_signature)};
  if (const auto names = codec::requested_subject_alt_name(request); !names.empty())
    extensions.push_back(codec::make_subject_alt_name(names));
  return {.extensions = std::move(extensions)};
}

// Takes a certificate issued in the run for one renewal; those that the profile brings along are left alone.
Instead renews_once() {
  struct Seen {
    std::mutex mutex;
    std::set<Bytes> serials;
  };
  return [seen = std::make_shared<Seen>()](const Scene& scene) -> std::optional<Response> {
    const auto certificate = shown(scene);
    if (!renews(scene) || !certificate || certificate->subject.to_string().find("CN=device-") == std::string::npos) return std::nullopt;
    const std::lock_guard lock(seen->mutex);
    if (seen->serials.insert(certificate->serial).second) return std::nullopt;
    return est::ops::text_response(403, "This certificate has been renewed before.");
  };
}

bool is_other_key_type(const Scene& scene) {
  const auto certificate = shown(scene);
  const auto request = request_in(scene.request);
  if (!renews(scene) || !certificate || !request) return false;
  const auto now = codec::encode(request->key.algorithm);
  return std::search(certificate->spki.begin(), certificate->spki.end(), now.begin(), now.end()) == certificate->spki.end();
}

std::vector<Fault> changed_name_faults() {
  return {
      {.id = "FAULT-POLICY-01",
       .sentence = "ignores ChangeSubjectName and issues the old names",
       .kills = {"EST-SE-450", "EST-SE-451", "EST-SE-456"},
       .after = reissue(has_change, [](const auto&) { return Careless{}; })},
      {.id = "FAULT-POLICY-02",
       .sentence = "breaks down with status 500 on ChangeSubjectName",
       .kills = {"EST-SE-450", "EST-SE-451", "EST-SE-453", "EST-SE-456"},
       .instead = answer_if(has_change, 500, "Internal error.")},
      {.id = "FAULT-POLICY-03",
       .sentence = "certifies a third name where ChangeSubjectName asks for a new one",
       .kills = {"EST-SE-450", "EST-SE-451", "EST-SE-453", "EST-SE-456"},
       .also = {"EST-SE-452", "EST-SE-454/*"},
       .because = "every request with the attribute is granted",
       .after =
           [](const Scene& scene, Response& response) {
             if (has_change(scene) && response.status != 401)
               response = certify_whatever(scene, {.subject = *codec::parse_name("CN=somebody else")});
           }},
      {.id = "FAULT-POLICY-04",
       .sentence = "overlooks that a ChangeSubjectName is malformed",
       .kills = {"EST-SE-454/3000", "EST-SE-454/0500", "EST-SE-454/30020500"},
       .after = grant(has_malformed_change)},
      {.id = "FAULT-POLICY-05",
       .sentence = "does not compare the subject of a request that has a ChangeSubjectName",
       .kills = {"EST-SE-452"},
       .after = grant(shows_other_subject)},
      {.id = "FAULT-POLICY-06",
       .sentence = "re-enrolls without the SubjectAltName of the current certificate",
       .kills = {"EST-SE-455"},
       .after = grant(leaves_names_out)},
      {.id = "FAULT-POLICY-07",
       .sentence = "leaves extKeyUsage out of renewed certificates",
       .kills = {"EST-SE-457"},
       .after = reissue(renews, without_purposes)},
      {.id = "FAULT-POLICY-08", .sentence = "renews a certificate only once", .kills = {"EST-SE-458"}, .instead = renews_once()},
      {.id = "FAULT-POLICY-09",
       .sentence = "refuses to rekey with a key of another type",
       .kills = {"EST-SE-459"},
       .instead = answer_if(is_other_key_type, 403, "Use a key of the same type.")},
  };
}

// --- Who may

bool is_ra(const Scene& scene) { return has_purpose(scene, oids::cmc_ra); }
bool has_wrong_link(const Scene& scene) {
  const auto request = request_in(scene.request);
  if (!is_enroll(scene.request) || !request || request->attribute(oids::challenge_password) == nullptr) return false;
  const auto& facts = *scene.peer.tls;
  const std::string given = codec::challenge_password(*request).value.value_or("");
  return given != est::ops::channel_binding_text(facts.tls_unique) && given != est::ops::channel_binding_text(facts.tls_exporter);
}

bool is_revoked(const Scene& scene) {
  const auto certificate = shown(scene);
  if (!certificate) return false;
  const auto record = scene.authority.find(certificate->serial);
  return record && *record && (*record)->revoked_at.has_value();
}

Instead every_other_time(Test odd, int status, const std::string& sentence) {
  return [odd = std::move(odd), count = std::make_shared<std::atomic<int>>(0), status,
          sentence](const Scene& scene) -> std::optional<Response> {
    if (!odd(scene) || ++*count % 2 != 0) return std::nullopt;
    return est::ops::text_response(status, sentence);
  };
}

std::vector<Fault> credential_faults() {
  return {
      {.id = "FAULT-POLICY-20",
       .sentence = "lets registration authorities renew nothing",
       .kills = {"EST-SE-461"},
       .instead = answer_if([](const Scene& s) { return renews(s) && is_ra(s); }, 403, "Renew your own certificate.")},
      {.id = "FAULT-POLICY-21", .sentence = "renews certificates of other CAs", .kills = {"EST-SE-462"}, .after = grant([](const Scene& s) {
                                                                                                           return renews(s) &&
                                                                                                                  is_third_party(s);
                                                                                                         })},
      {.id = "FAULT-POLICY-22",
       .sentence = "forgets revocation under one label",
       .kills = {"EST-SE-464/csrattrs-key-types"},
       .after =
           [](const Scene& scene, Response& response) {
             const bool refused = response.status == 401 || response.status == 403;
             if (is_enroll(scene.request) && refused && is_at(scene, "other") && is_revoked(scene)) response = certify_whatever(scene);
           }},
      {.id = "FAULT-POLICY-23",
       .sentence = "breaks down with status 500 when a registration authority forwards a linked request",
       .kills = {"EST-SE-470"},
       .instead = answer_if([](const Scene& s) { return is_ra(s) && has_wrong_link(s); }, 500, "Internal error.")},
      {.id = "FAULT-POLICY-24",
       .sentence = "compares no channel binding where there is a client certificate",
       .kills = {"EST-SE-471", "EST-SE-472"},
       .also = {"EST-SE-270"},
       .because = "re-enrollments always have a certificate",
       .after = grant([](const Scene& s) { return shown(s).has_value() && has_wrong_link(s); })},
      {.id = "FAULT-POLICY-25",
       .sentence = "takes id-kp-cmcRA of any CA for a registration authority",
       .kills = {"EST-SE-472"},
       .after = grant([](const Scene& s) { return is_ra(s) && is_third_party(s); })},
      {.id = "FAULT-POLICY-38",
       .sentence = "refuses devices that ask for the identity in their certificate",
       .kills = {"EST-SE-439"},
       .also = {"EST-SE-440", "EST-SE-441"},
       .because = "their control is such a request",
       .instead = answer_if([](const Scene& s) { return is_at(s, "devices") && asks_for_own_name(s); }, 403, "No devices today.")},
      {.id = "FAULT-POLICY-39",
       .sentence = "lets a device enroll under any name",
       .kills = {"EST-SE-440"},
       .after = grant([](const Scene& s) { return is_at(s, "devices") && !asks_for_own_name(s); })},
      {.id = "FAULT-POLICY-40",
       .sentence = "knows devices by their serialNumber, whoever made them",
       .kills = {"EST-SE-441"},
       .after = grant([](const Scene& s) { return is_at(s, "devices") && asks_for_own_name(s); })},
      {.id = "FAULT-POLICY-26",
       .sentence = "breaks down with status 500 when the password beside a certificate is wrong",
       .kills = {"EST-SE-473"},
       .after =
           [](const Scene& scene, Response& response) {
             if (response.status == 401 && has_password(scene) && shown(scene)) response = est::ops::text_response(500, "Internal error.");
           }},
      {.id = "FAULT-POLICY-28",
       .sentence = "breaks down with status 500 when the label of an enrollment is unknown",
       .kills = {"EST-SE-490"},
       .after =
           [](const Scene& scene, Response& response) {
             if (is_enroll(scene.request) && response.status == 404) response = est::ops::text_response(500, "Internal error.");
           }},
      {.id = "FAULT-POLICY-29",
       .sentence = "serves enrollments under every label",
       .kills = {"EST-SE-490"},
       .after =
           [](const Scene& scene, Response& response) {
             if (is_enroll(scene.request) && response.status == 404) response = certify_whatever(scene);
           }},
      {.id = "FAULT-POLICY-27",
       .sentence = "takes now the certificate, now the password for the identity that is checked",
       .kills = {"EST-SE-474"},
       .instead = every_other_time([](const Scene& s) { return label_of(s.request).empty() && has_password(s) && shown(s); }, 403,
                                   "You may not.")},
  };
}

// --- What waits

// What was seen of requests that wait: enough to confuse one with another.
struct Pending {
  std::mutex mutex;
  std::map<Bytes, std::string> identity_by_key;
  std::map<Bytes, Bytes> subject_by_key;
  std::map<std::string, Bytes> key_by_subject;
  std::set<Bytes> fetched;
};

std::string who(const Scene& scene) {
  const auto certificate = shown(scene);
  return certificate ? certificate->subject.to_string() : std::string("password");
}

// Grants a waiting request when `confused` takes it for one seen before.
AfterHook confuse(std::function<bool(const Pending&, const Scene&, const CertificationRequest&)> confused) {
  return [confused = std::move(confused), seen = std::make_shared<Pending>()](const Scene& scene, Response& response) {
    if (!is_enroll(scene.request) || response.status != 202) return;
    const auto request = request_in(scene.request);
    const std::lock_guard lock(seen->mutex);
    const bool grants = confused(*seen, scene, *request);
    seen->identity_by_key.emplace(request->key.der, who(scene));
    seen->subject_by_key.emplace(request->key.der, request->subject.der);
    seen->key_by_subject.emplace(request->subject.to_string(), request->key.der);
    if (grants) response = certify_whatever(scene);
  };
}

bool same_key_other_subject(const Pending& seen, const Scene& /*scene*/, const CertificationRequest& request) {
  const auto found = seen.subject_by_key.find(request.key.der);
  return found != seen.subject_by_key.end() && found->second != request.subject.der;
}

bool same_subject_other_key(const Pending& seen, const Scene& /*scene*/, const CertificationRequest& request) {
  const auto found = seen.key_by_subject.find(request.subject.to_string());
  return found != seen.key_by_subject.end() && found->second != request.key.der;
}

bool same_key_other_client(const Pending& seen, const Scene& scene, const CertificationRequest& request) {
  const auto found = seen.identity_by_key.find(request.key.der);
  return found != seen.identity_by_key.end() && found->second != who(scene);
}

AfterHook refuses_repetition() {
  return [seen = std::make_shared<Pending>()](const Scene& scene, Response& response) {
    if (!is_enroll(scene.request) || response.status != 202) return;
    const std::lock_guard lock(seen->mutex);
    if (!seen->fetched.insert(scene.request.body).second) response = est::ops::text_response(400, "You have asked that before.");
  };
}

AfterHook pending_for_ever() {
  return [seen = std::make_shared<Pending>()](const Scene& scene, Response& response) {
    if (!is_enroll(scene.request) || response.status != 200 || !is_at(scene, "manual")) return;
    const auto request = request_in(scene.request);
    const std::lock_guard lock(seen->mutex);
    if (seen->fetched.insert(request->key.der).second) return;
    response = est::ops::text_response(202, "Please wait.");
    response.fields.set("Retry-After", "1");
  };
}

std::vector<Fault> pending_faults() {
  return {
      {.id = "FAULT-POLICY-30",
       .sentence = "answers a waiting re-enrollment without Retry-After",
       .kills = {"EST-SE-480"},
       .after =
           [](const Scene& scene, Response& response) {
             if (renews(scene) && response.status == 202) response.fields.remove("Retry-After");
           }},
      {.id = "FAULT-POLICY-31",
       .sentence = "extends an approval to other subjects with the same key",
       .kills = {"EST-SE-482"},
       .after = confuse(same_key_other_subject)},
      {.id = "FAULT-POLICY-32",
       .sentence = "extends an approval to other keys with the same subject",
       .kills = {"EST-SE-483"},
       .after = confuse(same_subject_other_key)},
      {.id = "FAULT-POLICY-33",
       .sentence = "hands the certificate to whichever client repeats the request",
       .kills = {"EST-SE-484"},
       .after = confuse(same_key_other_client)},
      {.id = "FAULT-POLICY-34",
       .sentence = "refuses a request that is repeated while it waits",
       .kills = {"EST-SE-485"},
       .after = refuses_repetition()},
      {.id = "FAULT-POLICY-35",
       .sentence = "answers 202 for ever once the certificate was fetched",
       .kills = {"EST-SE-486"},
       .after = pending_for_ever()},
      {.id = "FAULT-POLICY-36",
       .sentence = "never finds a waiting re-enrollment again",
       .kills = {"EST-SE-487"},
       .after =
           [](const Scene& scene, Response& response) {
             if (renews(scene) && is_at(scene, "manual") && response.status == 200)
               response = est::ops::text_response(404, "No such request.");
           }},
      {.id = "FAULT-POLICY-37",
       .sentence = "sends a Retry-After date in the past",
       .kills = {"EST-SE-285"},
       .after =
           [](const Scene& scene, Response& response) {
             if (response.status == 202 && is_at(scene, "manual-date")) response.fields.set("Retry-After", "Wed, 01 Jan 2020 00:00:00 GMT");
           }},
  };
}

}  // namespace

std::vector<Fault> policy_faults() {
  std::vector<Fault> all = changed_name_faults();
  for (Fault& fault : credential_faults()) all.push_back(std::move(fault));
  for (Fault& fault : pending_faults()) all.push_back(std::move(fault));
  return all;
}

}  // namespace conformance::selftest
