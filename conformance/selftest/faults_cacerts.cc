// Faults of /cacerts and /csrattrs: what the answer is made of.
#include "conformance/selftest/faults_support.h"
#include "est/codec/base64.h"
#include "est/codec/cms.h"
#include "est/codec/csrattrs.h"
#include "est/codec/der.h"
#include "est/codec/pem.h"
#include "est/ops/message.h"

namespace conformance::selftest {

namespace codec = est::codec;
namespace der = est::codec::der;

namespace {

AfterHook cacerts(std::function<void(Response&)> change) { return on_success(Operation::cacerts, std::move(change)); }
AfterHook csrattrs(std::function<void(Response&)> change) { return on_success(Operation::csrattrs, std::move(change)); }

// The outer SEQUENCE rewritten with an indefinite length: BER where DER is demanded (RFC 8951 3).
Bytes indefinite(const Bytes& octets) {
  est::Findings findings;
  const auto outer = der::Reader(octets, findings).any("message");
  if (!outer) return octets;
  Bytes ber = {0x30, 0x80};
  est::append(ber, outer->content);
  est::append(ber, Bytes{0, 0});
  return ber;
}

// The certificates without any self-signed one.
void drop_roots(Response& response) {
  std::vector<Bytes> kept;
  for (const Bytes& certificate : certificates_in(response)) {
    const auto decoded = codec::decode_certificate(certificate);
    if (decoded.value && !decoded.value->self_issued()) kept.push_back(certificate);
  }
  if (kept.empty()) kept.push_back(foreign_certificate("CN=not a root", foreign_public_key()));
  set_der(response, codec::encode_certs_only(kept));
}

// SignedData whose signerInfos holds something: not certs-only.
void add_signer(Response& response) {
  const Bytes octets = decoded_body(response.body);
  est::Findings findings;
  der::Reader content = der::Reader(octets, findings).enter(der::tags::sequence, "ContentInfo");
  const auto type = content.any("contentType");
  der::Reader explicit_content = content.enter(der::tags::context(0, true), "content");
  const auto signed_data = explicit_content.expect(der::tags::sequence, "SignedData");
  if (!type || !signed_data) return;
  der::Reader fields = explicit_content.inside(*signed_data);
  std::vector<Bytes> parts;
  while (!fields.at_end()) {
    const auto field = fields.any("field");
    if (!field) return;
    parts.push_back(est::to_bytes(field->whole));
  }
  parts.back() = der::tlv(der::tags::set, der::sequence({der::integer(1)}));
  set_der(response, der::sequence({type->whole, der::context(0, der::sequence_of(parts))}));
}

void without_content_info(Response& response) {
  const Bytes octets = decoded_body(response.body);
  est::Findings findings;
  der::Reader content = der::Reader(octets, findings).enter(der::tags::sequence, "ContentInfo");
  (void)content.any("contentType");
  der::Reader inner = content.enter(der::tags::context(0, true), "content");
  if (const auto signed_data = inner.any("SignedData")) set_der(response, est::to_bytes(signed_data->whole));
}

void url_alphabet(Response& response) {
  std::string text = est::to_string(response.body);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  set_body(response, text);
}

std::string armoured(const Bytes& octets) { return codec::encode_pem("PKCS7", octets); }

Bytes stray_certificate() { return foreign_certificate("CN=stray", foreign_public_key()); }

std::function<std::optional<Response>(const Scene&)> answer(Operation operation, int status, const char* sentence) {
  return [=](const Scene& scene) -> std::optional<Response> {
    if (!is(scene.request, operation)) return std::nullopt;
    Response response = est::ops::text_response(status, sentence);
    if (status == 401) response.fields.set("WWW-Authenticate", "Basic realm=\"estspec\"");
    return response;
  };
}

}  // namespace

std::vector<Fault> cacerts_faults() {
  return {
      {.id = "FAULT-CACERTS-01", .sentence = "answers /cacerts with Content-Type text/plain", .after = cacerts([](Response& r) {
                                                                                                r.fields.set("Content-Type", "text/plain");
                                                                                              })},
      {.id = "FAULT-CACERTS-02", .sentence = "sends the CA certificates as raw DER instead of base64", .after = cacerts([](Response& r) {
                                                                                                         set_body(r, decoded_body(r.body));
                                                                                                       })},
      {.id = "FAULT-CACERTS-03", .sentence = "wraps the CA certificates in PEM armour", .after = cacerts([](Response& r) {
                                                                                          set_body(r, armoured(decoded_body(r.body)));
                                                                                        })},
      {.id = "FAULT-CACERTS-04",
       .sentence = "sends a certs-only message without any certificate",
       .after = cacerts([](Response& r) { set_der(r, codec::encode_certs_only({})); })},
      {.id = "FAULT-CACERTS-05", .sentence = "leaves the current root out of /cacerts", .after = cacerts(drop_roots)},
      {.id = "FAULT-CACERTS-06", .sentence = "sends a bare certificate instead of certs-only CMS", .after = cacerts([](Response& r) {
                                                                                                     if (const auto all =
                                                                                                             certificates_in(r);
                                                                                                         !all.empty())
                                                                                                       set_der(r, all.front());
                                                                                                   })},
      {.id = "FAULT-CACERTS-07", .sentence = "sends SignedData without the outer ContentInfo", .after = cacerts(without_content_info)},
      {.id = "FAULT-CACERTS-08", .sentence = "sends BER with an indefinite length", .after = cacerts([](Response& r) {
                                                                                      set_der(r, indefinite(decoded_body(r.body)));
                                                                                    })},
      {.id = "FAULT-CACERTS-09", .sentence = "adds a signerInfo to the CA certificates message", .after = cacerts(add_signer)},
      {.id = "FAULT-CACERTS-10",
       .sentence = "demands a password for /cacerts",
       .instead = answer(Operation::cacerts, 401, "Authenticate first.")},
      {.id = "FAULT-CACERTS-11", .sentence = "answers /cacerts with status 201", .after = cacerts([](Response& r) { r.status = 201; })},
      {.id = "FAULT-CACERTS-12", .sentence = "uses the URL-safe base64 alphabet", .after = cacerts(url_alphabet)},
      {.id = "FAULT-CACERTS-13", .sentence = "encodes the CA certificates twice in base64", .after = cacerts([](Response& r) {
                                                                                              set_der(r, r.body);
                                                                                            })},
      {.id = "FAULT-CACERTS-14",
       .sentence = "sends other CA certificates than those that issue",
       .after = cacerts([](Response& r) { set_der(r, codec::encode_certs_only({stray_certificate()})); })},
      {.id = "FAULT-CACERTS-15", .sentence = "adds octets after the certs-only message", .after = cacerts([](Response& r) {
                                                                                           Bytes octets = decoded_body(r.body);
                                                                                           octets.push_back(0);
                                                                                           set_der(r, octets);
                                                                                         })},
  };
}

std::vector<Fault> csrattrs_faults() {
  return {
      {.id = "FAULT-CSRATTRS-01",
       .sentence = "answers /csrattrs with Content-Type application/pkcs7-mime",
       .after = csrattrs([](Response& r) { r.fields.set("Content-Type", "application/pkcs7-mime"); })},
      {.id = "FAULT-CSRATTRS-02", .sentence = "answers /csrattrs with status 200 and an empty body", .after = csrattrs([](Response& r) {
                                                                                                       set_body(r, "");
                                                                                                     })},
      {.id = "FAULT-CSRATTRS-03",
       .sentence = "sends CSR attributes that are not a SEQUENCE",
       .after = csrattrs([](Response& r) { set_der(r, der::set_of({der::oid(codec::oids::challenge_password)})); })},
      {.id = "FAULT-CSRATTRS-04",
       .sentence = "demands a password for /csrattrs",
       .instead = answer(Operation::csrattrs, 401, "Authenticate first.")},
      {.id = "FAULT-CSRATTRS-05", .sentence = "sends raw DER CSR attributes instead of base64", .after = csrattrs([](Response& r) {
                                                                                                  set_body(r, decoded_body(r.body));
                                                                                                })},
      {.id = "FAULT-CSRATTRS-06",
       .sentence = "requires linking but does not list challengePassword in the CSR attributes",
       .after = csrattrs([](Response& r) { set_der(r, der::sequence({})); })},
      {.id = "FAULT-CSRATTRS-07",
       .sentence = "answers /csrattrs with status 500",
       .instead = answer(Operation::csrattrs, 500, "Cannot tell.")},
      {.id = "FAULT-CSRATTRS-08", .sentence = "puts an INTEGER among the CSR attributes", .after = csrattrs([](Response& r) {
                                                                                            set_der(r, der::sequence({der::integer(7)}));
                                                                                          })},
      {.id = "FAULT-CSRATTRS-09", .sentence = "adds octets after the CSR attributes", .after = csrattrs([](Response& r) {
                                                                                        Bytes octets = decoded_body(r.body);
                                                                                        octets.push_back(0);
                                                                                        set_der(r, octets);
                                                                                      })},
      {.id = "FAULT-CSRATTRS-10",
       .sentence = "sends CSR attributes with an indefinite length",
       .after = csrattrs([](Response& r) { set_der(r, indefinite(decoded_body(r.body))); })},
      {.id = "FAULT-CSRATTRS-11",
       .sentence = "enforces CSR attributes it does not announce",
       .instead = [](const Scene& scene) -> std::optional<Response> {
         if (!is(scene.request, Operation::csrattrs)) return std::nullopt;
         return Response{.status = 204, .reason = "No Content"};
       }},
  };
}

}  // namespace conformance::selftest
