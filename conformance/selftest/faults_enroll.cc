// Faults of /simpleenroll and /simplereenroll: what is accepted, and what the answer is made of.
#include <memory>
#include <mutex>

#include "conformance/selftest/faults_support.h"
#include "est/codec/base64.h"
#include "est/codec/cms.h"
#include "est/codec/der.h"
#include "est/codec/pem.h"
#include "est/ops/message.h"
#include "est/pki/request.h"

namespace conformance::selftest {

namespace codec = est::codec;

namespace {

// Certifies a refused request for which `odd` holds: the check that `odd` names is missing in this peer.
AfterHook accept_if(Test odd) {
  return [odd = std::move(odd)](const Scene& scene, Response& response) {
    if (is_enroll(scene.request) && response.status >= 400 && response.status != 401 && odd(scene)) response = certify_whatever(scene);
  };
}

// Like accept_if, for bodies that cannot even be read: a certificate for some key is issued all the same.
AfterHook accept_unreadable(Test odd) {
  return [odd = std::move(odd)](const Scene& scene, Response& response) {
    if (!is_enroll(scene.request) || response.status < 400 || response.status == 401 || !odd(scene)) return;
    response = est::ops::enroll_response(foreign_certificate("CN=whatever", foreign_public_key()));
  };
}

// Refuses a request for which `usual` holds although nothing is wrong with it.
Instead refuse_if(const Test& usual, int status, const std::string& sentence) {
  return [=](const Scene& scene) -> std::optional<Response> {
    if (!is_enroll(scene.request) || !usual(scene)) return std::nullopt;
    return est::ops::text_response(status, sentence);
  };
}

// A certificate made another way than the handler does, in place of the good one.
AfterHook instead_issue(std::function<Careless(const codec::CertificationRequest&)> how) {
  return [how = std::move(how)](const Scene& scene, Response& response) {
    if (!is_enroll(scene.request) || response.status != 200) return;
    if (const auto request = request_in(scene.request)) response = certify_whatever(scene, how(*request));
  };
}

bool signature_fails(const Scene& scene) {
  const auto request = request_in(scene.request);
  if (!request) return false;
  const auto verified = est::pki::verify_request(*request);
  return !verified || !*verified;
}

bool has_finding(const Scene& scene, std::string_view id) {
  return est::contains(codec::decode_certification_request(decoded_body(scene.request.body)).findings, id);
}

bool is_unreadable(const Scene& scene) { return !request_in(scene.request).has_value(); }

bool has_newline(const Scene& scene) { return est::as_text(scene.request.body).find('\n') != std::string_view::npos; }

bool has_blank(const Scene& scene) { return est::as_text(scene.request.body).find_first_of(" \t") != std::string_view::npos; }

bool is_armoured(const Scene& scene) { return est::as_text(scene.request.body).starts_with("-----BEGIN"); }

bool asks_for(const Scene& scene, std::string_view header, std::string_view value) {
  return scene.request.fields.get(header).value_or("") == value;
}

const Bytes* peer_key(const Scene& scene, std::optional<codec::Certificate>& keep) {
  const Bytes* leaf = scene.peer.tls->peer_certificate();
  if (leaf == nullptr) return nullptr;
  keep = codec::decode_certificate(*leaf).value;
  return keep ? &keep->spki : nullptr;
}

bool is_renewal(const Scene& scene) {
  std::optional<codec::Certificate> certificate;
  const Bytes* key = peer_key(scene, certificate);
  const auto request = request_in(scene.request);
  return key != nullptr && request && request->key.der == *key && is(scene.request, Operation::simplereenroll);
}

bool is_rekey(const Scene& scene) {
  std::optional<codec::Certificate> certificate;
  const Bytes* key = peer_key(scene, certificate);
  const auto request = request_in(scene.request);
  return key != nullptr && request && request->key.der != *key && is(scene.request, Operation::simplereenroll);
}

bool changes_name(const Scene& scene) {
  std::optional<codec::Certificate> certificate;
  const auto request = request_in(scene.request);
  return is(scene.request, Operation::simplereenroll) && peer_key(scene, certificate) != nullptr && request &&
         !codec::same_name(request->subject, certificate->subject);
}

bool changes_alt_name(const Scene& scene) {
  return is(scene.request, Operation::simplereenroll) && !changes_name(scene) && !signature_fails(scene);
}

Careless with_extensions(std::vector<codec::Extension> extensions) { return {.extensions = std::move(extensions)}; }

std::optional<codec::Name> name(std::string_view text) {
  auto parsed = codec::parse_name(text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

std::vector<Fault> acceptance_faults() {
  return {
      {.id = "FAULT-ENROLL-01",
       .sentence = "issues a certificate although the request's signature does not verify",
       .after = accept_if(signature_fails)},
      {.id = "FAULT-ENROLL-02",
       .sentence = "ignores octets after the certification request",
       .after = accept_if([](const Scene& s) { return has_finding(s, "der.trailing") || has_finding(s, "pkcs10.trailing"); })},
      {.id = "FAULT-ENROLL-03", .sentence = "issues a certificate for a body it cannot read", .after = accept_unreadable(is_unreadable)},
      {.id = "FAULT-ENROLL-04",
       .sentence = "refuses a base64 body that is folded into lines",
       .instead = refuse_if(has_newline, 400, "Line breaks are not base64.")},
      {.id = "FAULT-ENROLL-05",
       .sentence = "refuses a base64 body on one line",
       .instead = refuse_if([](const Scene& s) { return !has_newline(s); }, 400, "Base64 needs line breaks.")},
      {.id = "FAULT-ENROLL-06",
       .sentence = "refuses a base64 body with spaces and tabs",
       .instead = refuse_if(has_blank, 400, "Blanks are not base64.")},
      {.id = "FAULT-ENROLL-07",
       .sentence = "demands the header Content-Transfer-Encoding",
       .instead = refuse_if([](const Scene& s) { return !s.request.fields.has("Content-Transfer-Encoding"); }, 400,
                            "Content-Transfer-Encoding is missing.")},
      {.id = "FAULT-ENROLL-08",
       .sentence = "takes the body for binary when Content-Transfer-Encoding says so",
       .instead =
           refuse_if([](const Scene& s) { return asks_for(s, "Content-Transfer-Encoding", "binary"); }, 400, "The body is not DER.")},
      {.id = "FAULT-ENROLL-09",
       .sentence = "breaks down on PEM armour with status 500",
       .instead = refuse_if(is_armoured, 500, "Internal error.")},
      {.id = "FAULT-ENROLL-10",
       .sentence = "refuses to renew a certificate with the same key",
       .instead = refuse_if(is_renewal, 403, "Use a new key.")},
      {.id = "FAULT-ENROLL-11", .sentence = "refuses to rekey a certificate", .instead = refuse_if(is_rekey, 403, "Use the old key.")},
      {.id = "FAULT-ENROLL-12",
       .sentence = "re-enrolls another subject than that of the current certificate",
       .after = accept_if(changes_name)},
      {.id = "FAULT-ENROLL-13",
       .sentence = "re-enrolls another SubjectAltName than that of the current certificate",
       .after = accept_if(changes_alt_name)},
      {.id = "FAULT-ENROLL-14",
       .sentence = "answers a sound enrollment with status 500",
       .instead = refuse_if([](const Scene&) { return true; }, 500, "Out of order.")},
      {.id = "FAULT-ENROLL-16", .sentence = "ignores the version of a certification request", .after = accept_if([](const Scene& s) {
                                                                                                return has_finding(s, "pkcs10.version");
                                                                                              })},
      {.id = "FAULT-ENROLL-15",
       .sentence = "compares the request's Content-Type letter by letter",
       .instead = refuse_if([](const Scene& s) { return s.request.fields.get("Content-Type").value_or("") != "application/pkcs10"; }, 415,
                            "Wrong type.")},
  };
}

std::vector<Fault> answer_faults() {
  return {
      {.id = "FAULT-ANSWER-01",
       .sentence = "leaves smime-type out of the enroll answer",
       .after = on_enrolled([](Response& r) { r.fields.set("Content-Type", "application/pkcs7-mime"); })},
      {.id = "FAULT-ANSWER-02",
       .sentence = "sends smime-type=CMC-response with the issued certificate",
       .after = on_enrolled([](Response& r) { r.fields.set("Content-Type", "application/pkcs7-mime; smime-type=CMC-response"); })},
      {.id = "FAULT-ANSWER-03",
       .sentence = "sends the issued certificate as application/x-pem-file",
       .after = on_enrolled([](Response& r) { r.fields.set("Content-Type", "application/x-pem-file"); })},
      {.id = "FAULT-ANSWER-04", .sentence = "adds an unrelated certificate to the enroll answer", .after = on_enrolled([](Response& r) {
                                                                                                    auto all = certificates_in(r);
                                                                                                    all.push_back(foreign_certificate(
                                                                                                        "CN=stray", foreign_public_key()));
                                                                                                    set_certificates(r, all);
                                                                                                  })},
      {.id = "FAULT-ANSWER-05",
       .sentence = "certifies another key than the one in the request",
       .after = instead_issue([](const auto&) { return Careless{.public_key_info = foreign_public_key()}; })},
      {.id = "FAULT-ANSWER-06",
       .sentence = "certifies another subject than the one asked for, without saying so",
       .after = instead_issue([](const auto&) { return Careless{.subject = name("CN=somebody else")}; })},
      {.id = "FAULT-ANSWER-07",
       .sentence = "drops the requested SubjectAltName",
       .after = instead_issue([](const auto&) { return with_extensions({codec::make_key_usage(codec::key_usage::digital_signature)}); })},
      {.id = "FAULT-ANSWER-08",
       .sentence = "issues from a CA that /cacerts does not name",
       .after =
           [](const Scene& scene, Response& response) {
             const auto request = request_in(scene.request);
             if (is_enroll(scene.request) && response.status == 200 && request)
               set_certificates(response, {foreign_certificate(request->subject.to_string(), request->key.der)});
           }},
      {.id = "FAULT-ANSWER-09",
       .sentence = "issues a CA certificate to an end entity",
       .after = instead_issue([](const auto&) {
         return with_extensions({codec::make_basic_constraints(true), codec::make_key_usage(codec::key_usage::key_cert_sign)});
       })},
      {.id = "FAULT-ANSWER-10",
       .sentence = "sends the issued certificate as raw DER instead of base64",
       .after = on_enrolled([](Response& r) { set_body(r, decoded_body(r.body)); })},
      {.id = "FAULT-ANSWER-11", .sentence = "sends a bare certificate instead of certs-only CMS", .after = on_enrolled([](Response& r) {
                                                                                                    if (const auto all = certificates_in(r);
                                                                                                        !all.empty())
                                                                                                      set_der(r, all.front());
                                                                                                  })},
      {.id = "FAULT-ANSWER-12", .sentence = "sends an empty certs-only message", .after = on_enrolled([](Response& r) {
                                                                                   set_certificates(r, {});
                                                                                 })},
      {.id = "FAULT-ANSWER-13", .sentence = "refuses with status 200 and a sentence", .after = on_enroll_refusal([](Response& r) {
                                                                                        r.status = 200;
                                                                                        r.fields.remove("WWW-Authenticate");
                                                                                      })},
      {.id = "FAULT-ANSWER-14", .sentence = "refuses with an HTML page", .after = on_enroll_refusal([](Response& r) {
                                                                           r.fields.set("Content-Type", "text/html");
                                                                           set_body(r, "<html><body><h1>Error</h1></body></html>");
                                                                         })},
      {.id = "FAULT-ANSWER-15", .sentence = "refuses with an empty body", .after = on_enroll_refusal([](Response& r) { set_body(r, ""); })},
      {.id = "FAULT-ANSWER-16", .sentence = "refuses with untyped binary octets", .after = on_enroll_refusal([](Response& r) {
                                                                                    r.fields.remove("Content-Type");
                                                                                    set_body(r, Bytes{0x30, 0x80, 0x00, 0xff, 0xfe});
                                                                                  })},
      {.id = "FAULT-ANSWER-17",
       .sentence = "adds the issuing CA's certificate to the enroll answer",
       .after =
           [](const Scene& scene, Response& response) {
             if (!is_enroll(scene.request) || response.status != 200) return;
             auto all = certificates_in(response);
             if (const auto chain = scene.authority.ca_certificates(); chain && !chain->empty()) all.push_back(chain->front());
             set_certificates(response, all);
           }},
      {.id = "FAULT-ANSWER-18",
       .sentence = "issues a certificate that has already expired",
       .after = instead_issue([](const auto&) {
         return Careless{.validity = codec::Validity{1577836800, 1577923200}};
       })},
      {.id = "FAULT-ANSWER-19",
       .sentence = "answers every enrollment with one and the same certificate",
       .after =
           [first = std::make_shared<Bytes>(), mutex = std::make_shared<std::mutex>()](const Scene& scene, Response& response) {
             if (!is_enroll(scene.request) || response.status != 200) return;
             const std::lock_guard lock(*mutex);
             if (first->empty()) *first = response.body;
             set_body(response, *first);
           }},
      {.id = "FAULT-ANSWER-20",
       .sentence = "lets an end entity sign certificates",
       .after = instead_issue([](const auto&) {
         return with_extensions({codec::make_basic_constraints(false),
                                 codec::make_key_usage(codec::key_usage::digital_signature | codec::key_usage::key_cert_sign),
                                 codec::make_extended_key_usage({codec::oids::client_auth})});
       })},
  };
}

}  // namespace

std::vector<Fault> enroll_faults() {
  std::vector<Fault> all = acceptance_faults();
  for (Fault& fault : answer_faults()) all.push_back(std::move(fault));
  return all;
}

}  // namespace conformance::selftest
