// Faults of /fullcmc: what is granted although it must not be, what is refused although it is good, and how the answer is put.
#include <algorithm>
#include <atomic>
#include <memory>

#include "conformance/selftest/faults_support.h"
#include "est/codec/base64.h"
#include "est/codec/cmc.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/cms.h"
#include "est/codec/der.h"
#include "est/codec/signed_data.h"
#include "est/crypto/key.h"
#include "est/ops/message.h"
#include "est/pki/signed_message.h"

namespace conformance::selftest {

namespace codec = est::codec;

namespace {

namespace cmc_oids = est::codec::cmc_oids;
namespace der = est::codec::der;
using codec::Control;

// --- Reading

// The request, read as leniently as can be.
struct Received {
  codec::SignedData message;
  codec::PkiData data;
};

std::optional<Received> received(const Scene& scene) {
  auto message = codec::decode_signed_data(decoded_body(scene.request.body)).value;
  if (!message || !message->content) return std::nullopt;
  auto data = codec::decode_pki_data(*message->content).value;
  if (!data) return std::nullopt;
  return Received{std::move(*message), std::move(*data)};
}

bool has_control(const Scene& scene, const codec::Oid& type) {
  const auto request = received(scene);
  return request && request->data.control(type) != nullptr;
}

// Whether a control of type `first` stands before one of type `second`.
bool in_order(const Scene& scene, const codec::Oid& first, const codec::Oid& second) {
  const auto request = received(scene);
  const auto* one = request ? request->data.control(first) : nullptr;
  const auto* other = request ? request->data.control(second) : nullptr;
  return one != nullptr && other != nullptr && one < other;
}

bool has_crmf(const Scene& scene) {
  const auto request = received(scene);
  return request && !request->data.requests.empty() && request->data.requests.front().crmf;
}

// What the reference answered.
struct Answered {
  codec::SignedData message;
  codec::PkiResponse response;
};

std::optional<Answered> answered(const Response& response) {
  auto message = codec::decode_signed_data(decoded_body(response.body)).value;
  if (!message || !message->content) return std::nullopt;
  auto content = codec::decode_pki_response(*message->content).value;
  if (!content) return std::nullopt;
  return Answered{std::move(*message), std::move(*content)};
}

std::optional<codec::StatusInfo> status_of(const Response& response) {
  const auto answer = answered(response);
  const Control* control = answer ? answer->response.control(cmc_oids::status_info_v2) : nullptr;
  return control == nullptr ? std::nullopt : codec::read_status_info(*control).value;
}

// --- Answering

Response simple_response(const Bytes& certificate) { return est::ops::certs_only_response({certificate}); }

// Certifies the first request in the message, or, where there is none to read, some key.
Response certify_cmc(const Scene& scene) {
  const auto request = received(scene);
  std::optional<Bytes> certificate;
  if (request && !request->data.requests.empty()) {
    const codec::TaggedRequest& first = request->data.requests.front();
    codec::CertificationRequest wanted;
    if (first.pkcs10) wanted = *first.pkcs10;
    if (first.crmf && first.crmf->certificate.key) {
      wanted.subject = first.crmf->certificate.subject.value_or(*codec::parse_name("CN=nobody"));
      wanted.key = *first.crmf->certificate.key;
    }
    certificate = certify(scene.authority, wanted);
  }
  return simple_response(certificate.value_or(foreign_certificate("CN=whatever", foreign_public_key())));
}

bool is_full_cmc(const Scene& scene) { return is(scene.request, Operation::fullcmc); }

// Grants what the reference refused for this reason.
AfterHook grant_what_fails(std::vector<std::int64_t> infos) {
  return [infos = std::move(infos)](const Scene& scene, Response& response) {
    if (!is_full_cmc(scene) || response.status < 400) return;
    const auto status = status_of(response);
    if (status && status->fail_info && std::find(infos.begin(), infos.end(), *status->fail_info) != infos.end())
      response = certify_cmc(scene);
  };
}

std::function<std::optional<Response>(const Scene&)> refuse_cmc_if(const Test& usual, int status, const std::string& sentence) {
  return [=](const Scene& scene) -> std::optional<Response> {
    if (!is_full_cmc(scene) || !usual(scene)) return std::nullopt;
    return est::ops::text_response(status, sentence);
  };
}

// A fresh signer: below the EST CA with this purpose.
struct Signer {
  est::crypto::PrivateKey key;
  Bytes certificate;
};
Signer fresh_signer(ca::Authority& authority, const codec::Oid& purpose) {
  auto key = *est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  const est::UnixTime now = est::system_clock().now();
  auto issued = authority.issue_directly(*codec::parse_name("CN=cmc responder"), key.public_key_info(), {now - 300, now + 86400},
                                         {codec::make_basic_constraints(false), codec::make_extended_key_usage({purpose})}, "");
  return {key, issued ? issued->certificate : Bytes{}};
}

// Puts the response's controls anew under a signature of such a signer.
void sign_controls(const Scene& scene, Response& response, const Answered& answer, const std::vector<Control>& controls,
                   const codec::Oid& purpose = codec::oids::cmc_ra) {
  const Signer signer = fresh_signer(scene.authority, purpose);
  est::pki::MessageSpec spec{codec::cmc_content::pki_response(), codec::encode_pki_response(controls), answer.message.certificates};
  spec.certificates.push_back(signer.certificate);
  const auto message = est::pki::sign_message(spec, {&signer.key, signer.certificate, {}, {}, {}});
  if (message) response = est::ops::cmc_response(response.status, codec::encode_signed_data(*message));
}

using ChangeControls = std::function<void(std::vector<Control>&)>;
AfterHook change_controls(ChangeControls change) {
  return [change = std::move(change)](const Scene& scene, Response& response) {
    if (!is_full_cmc(scene)) return;
    const auto answer = answered(response);
    if (!answer) return;
    std::vector<Control> controls = answer->response.controls;
    change(controls);
    sign_controls(scene, response, *answer, controls);
  };
}

ChangeControls without(const codec::Oid& type) {
  return [&type](std::vector<Control>& controls) {
    controls.erase(std::remove_if(controls.begin(), controls.end(), [&](const Control& c) { return c.type == type; }), controls.end());
  };
}

ChangeControls with_value(const codec::Oid& type, Bytes value) {
  return [&type, value = std::move(value)](std::vector<Control>& controls) {
    for (Control& control : controls)
      if (control.type == type) control.values = {value};
  };
}

// Every failure said in another way.
ChangeControls with_failure(codec::CmcStatus status, codec::BodyPartId part, std::optional<codec::CmcFailInfo> info) {
  const Bytes value = codec::encode_status_info({status, {part}, "no", info});
  return [value](std::vector<Control>& controls) {
    for (Control& control : controls) {
      const auto read = codec::read_status_info(control);
      if (control.type == cmc_oids::status_info_v2 && read.value && read.value->status != 0) control.values = {value};
    }
  };
}

AfterHook change_type(std::string type, bool full) {
  return [type = std::move(type), full](const Scene& scene, Response& response) {
    if (is_full_cmc(scene) && answered(response).has_value() == full && response.fields.has("Content-Type") && response.status != 202)
      response.fields.set("Content-Type", type);
  };
}

void break_signature(const Scene& scene, Response& response) {
  auto answer = is_full_cmc(scene) ? answered(response) : std::nullopt;
  if (!answer || answer->message.signers.empty()) return;
  answer->message.signers.front().signature.back() ^= 1U;
  set_body(response, codec::encode_base64(codec::encode_signed_data(answer->message)));
}

void answer_in_der(const Scene& scene, Response& response) {
  if (is_full_cmc(scene) && response.status == 200) set_body(response, decoded_body(response.body));
}

bool always(const Scene& /*scene*/) { return true; }

constexpr std::string_view positive_because = "whatever /fullcmc grants, or needs a granted request as control, is lost with it";

std::vector<Fault> granting_faults() {
  return {
      {.id = "FAULT-CMC-01",
       .sentence = "grants Full PKI Requests whose signature does not verify",
       .kills = {"EST-SE-580/outer-signature", "EST-SE-580/message-digest", "EST-SE-580/unsigned", "EST-SE-580/unknown-signer",
                 "EST-SE-581", "EST-SE-582"},
       .after = grant_what_fails({1})},
      {.id = "FAULT-CMC-02",
       .sentence = "does not look at the proof of possession inside a Full PKI Request",
       .kills = {"EST-SE-574/no-link-witness", "EST-SE-574/wrong-link-witness", "EST-SE-583/pkcs10", "EST-SE-583/crmf", "EST-SE-584",
                 "EST-SE-594", "EST-SE-595", "EST-SE-598", "EST-SE-589", "EST-SE-590", "EST-SE-585/no-proof", "EST-SE-585/ra-verified"},
       .after = grant_what_fails({8, 9})},
      {.id = "FAULT-CMC-03",
       .sentence = "takes any identity proof and any signer's certificate",
       .kills = {"EST-SE-572", "EST-SE-596/self-signed", "EST-SE-596/forged-issuer"},
       .after = grant_what_fails({7})},
      {.id = "FAULT-CMC-04",
       .sentence = "grants what it should refuse as badRequest",
       .kills = {"EST-SE-585/no-subject", "EST-SE-586", "EST-SE-587/duplicate-body-part", "EST-SE-587/huge-body-part",
                 "EST-SE-587/missing-sequence", "EST-SE-587/content-type", "EST-SE-587/content-type-attribute", "EST-SE-587/truncated",
                 "EST-SE-587/not-cms", "EST-SE-588", "EST-SE-597"},
       .after = grant_what_fails({2})},
      {.id = "FAULT-CMC-05",
       .sentence = "passes over requests of an unknown form and grants the others",
       .kills = {"EST-SE-591"},
       .after =
           [](const Scene& scene, Response& response) {
             const auto status = is_full_cmc(scene) ? status_of(response) : std::nullopt;
             if (status && status->status == 4) response = certify_cmc(scene);
           }},
  };
}

std::vector<Fault> refusing_faults() {
  return {
      {.id = "FAULT-CMC-10",
       .sentence = "answers 501 to /fullcmc although it claims it",
       .kills = {"EST-SE-560", "EST-SE-561", "EST-SE-563", "EST-SE-571", "EST-SE-592", "EST-SE-600", "EST-SE-601"},
       .also = {"EST-SE-5*", "EST-SE-6*"},
       .because = std::string(positive_because),
       .instead = refuse_cmc_if(always, 501, "Not here.")},
      {.id = "FAULT-CMC-11",
       .sentence = "knows no CRMF",
       .kills = {"EST-SE-561"},
       .instead = refuse_cmc_if(has_crmf, 400, "What is this?")},
      {.id = "FAULT-CMC-12",
       .sentence = "takes no Full PKI Request signed by a certificate",
       .kills = {"EST-SE-562", "EST-SE-563"},
       .also = {"EST-SE-599"},
       .because = "a registration authority signs by its certificate",
       .instead = refuse_cmc_if(
           [](const Scene& scene) {
             const auto request = received(scene);
             return request && !request->message.signers.empty() && !request->message.signers.front().id.by_key_identifier;
           },
           400, "Who are you?")},
      {.id = "FAULT-CMC-13",
       .sentence = "refuses every identity proof of the older form",
       .kills = {"EST-SE-570", "EST-SE-800/as-listed"},
       .also = {"EST-SE-573", "EST-SE-800/reversed"},
       .because = "the POP link is sent beside an identity proof, which stands anywhere",
       .instead = refuse_cmc_if([](const Scene& scene) { return has_control(scene, cmc_oids::identity_proof); }, 403, "Not you.")},
      {.id = "FAULT-CMC-45",
       .sentence = "wants to know who it is before it reads the identity proof",
       .kills = {"EST-SE-800/reversed"},
       .instead = refuse_cmc_if([](const Scene& scene) { return in_order(scene, cmc_oids::identity_proof, cmc_oids::identification); }, 403,
                                "Not you.")},
      {.id = "FAULT-CMC-14",
       .sentence = "refuses every identity proof of version 2",
       .kills = {"EST-SE-571"},
       .instead = refuse_cmc_if(
           [](const Scene& scene) {
             return has_control(scene, cmc_oids::identity_proof_v2) || has_control(scene, cmc_oids::pop_link_witness_v2);
           },
           403, "Not you.")},
      {.id = "FAULT-CMC-15",
       .sentence = "does not know POP Link Random",
       .kills = {"EST-SE-573"},
       .instead = refuse_cmc_if([](const Scene& scene) { return has_control(scene, cmc_oids::pop_link_random); }, 400, "What is this?")},
      {.id = "FAULT-CMC-16",
       .sentence = "refuses members of a PKIData that nothing refers to",
       .kills = {"EST-SE-592"},
       .instead = refuse_cmc_if(
           [](const Scene& scene) {
             const auto request = received(scene);
             return request && !request->data.others.empty();
           },
           400, "What is this?")},
      {.id = "FAULT-CMC-17",
       .sentence = "reads body part numbers as signed 32 bit integers",
       .kills = {"EST-SE-593"},
       .instead = refuse_cmc_if(
           [](const Scene& scene) {
             const auto request = received(scene);
             return request && !request->data.requests.empty() && request->data.requests.front().id > 0x7fffffffU;
           },
           400, "Negative?")},
      {.id = "FAULT-CMC-18",
       .sentence = "wants Content-Transfer-Encoding with Full PKI Requests",
       .kills = {"EST-SE-601"},
       .also = {"EST-SE-5*", "EST-SE-6*"},
       .because = "no request of the suite carries the field unless the profile asks for it",
       .instead = refuse_cmc_if([](const Scene& scene) { return !scene.request.fields.has("Content-Transfer-Encoding"); }, 400, "How?")},
      {.id = "FAULT-CMC-19",
       .sentence = "answers 202 to Full PKI Requests without Retry-After",
       .kills = {"EST-SE-600"},
       .after =
           [](const Scene& scene, Response& response) {
             if (is_full_cmc(scene)) response.fields.remove("Retry-After");
           }},
      {.id = "FAULT-CMC-20",
       .sentence = "refuses a registration authority's word with badRequest",
       .kills = {"EST-SE-599"},
       .after =
           [](const Scene& scene, Response& response) {
             if (!is_full_cmc(scene) || response.status != 200 || !has_control(scene, cmc_oids::ra_pop_witness)) return;
             const Answered none;
             response.status = 400;
             const Bytes status = codec::encode_status_info({codec::CmcStatus::failed, {0}, "no", codec::CmcFailInfo::bad_request});
             sign_controls(scene, response, none, {codec::make_control(1, cmc_oids::status_info_v2, status)});
           }},
  };
}

std::vector<Fault> answering_faults() {
  return {
      {.id = "FAULT-CMC-30",
       .sentence = "sends no recipientNonce",
       .kills = {"EST-SE-564", "EST-SE-590"},
       .after = change_controls(without(cmc_oids::recipient_nonce))},
      {.id = "FAULT-CMC-31",
       .sentence = "sends no senderNonce of its own",
       .kills = {"EST-SE-564", "EST-SE-590"},
       .after = change_controls(without(cmc_oids::sender_nonce))},
      {.id = "FAULT-CMC-32",
       .sentence = "gives another transaction identifier back",
       .kills = {"EST-SE-565", "EST-SE-590"},
       .after = change_controls(with_value(cmc_oids::transaction_id, der::integer(1)))},
      {.id = "FAULT-CMC-33",
       .sentence = "gives other data back",
       .kills = {"EST-SE-566"},
       .after = change_controls(with_value(cmc_oids::data_return, der::octet_string(Bytes{1})))},
      {.id = "FAULT-CMC-34",
       .sentence = "breaks the signature of its Full PKI Responses",
       .kills = {"EST-SE-567", "EST-SE-589"},
       .after = break_signature},
      {.id = "FAULT-CMC-35",
       .sentence = "calls Full PKI Responses certs-only",
       .kills = {"EST-SE-567", "EST-SE-589"},
       .after = change_type("application/pkcs7-mime; smime-type=certs-only", true)},
      {.id = "FAULT-CMC-36",
       .sentence = "calls Simple PKI Responses CMC-response",
       .kills = {"EST-SE-560", "EST-SE-561"},
       .after = change_type("application/pkcs7-mime; smime-type=CMC-response", false)},
      {.id = "FAULT-CMC-37",
       .sentence = "says failed beside the certificate it granted",
       .kills = {"EST-SE-568"},
       .after = change_controls([](std::vector<Control>& controls) {
         const Bytes failed = codec::encode_status_info({codec::CmcStatus::failed, {1}, "no", codec::CmcFailInfo::internal_ca_error});
         for (Control& control : controls) {
           const auto read = codec::read_status_info(control);
           if (control.type == cmc_oids::status_info_v2 && read.value && read.value->status == 0) control.values = {failed};
         }
       })},
      {.id = "FAULT-CMC-38",
       .sentence = "signs Full PKI Responses with a client's certificate",
       .kills = {"EST-SE-569"},
       .after =
           [](const Scene& scene, Response& response) {
             const auto answer = is_full_cmc(scene) ? answered(response) : std::nullopt;
             if (answer) sign_controls(scene, response, *answer, answer->response.controls, codec::oids::client_auth);
           }},
      {.id = "FAULT-CMC-39",
       .sentence = "says internalCAError whatever the reason",
       .kills = {"EST-SE-572", "EST-SE-581", "EST-SE-584", "EST-SE-586", "EST-SE-591", "EST-SE-595"},
       .after = change_controls(with_failure(codec::CmcStatus::failed, 0, codec::CmcFailInfo::internal_ca_error))},
      {.id = "FAULT-CMC-40",
       .sentence = "puts failInfo beside a status that is not failed",
       .kills = {"EST-SE-572", "EST-SE-581", "EST-SE-586", "EST-SE-595"},
       .also = {"EST-SE-584", "EST-SE-591"},
       .because = "every status it sends is of that kind",
       .after = change_controls(with_failure(codec::CmcStatus::pop_required, 0, codec::CmcFailInfo::bad_request))},
      {.id = "FAULT-CMC-41",
       .sentence = "refuses Full PKI Requests in plain text",
       .kills = {"EST-SE-589", "EST-SE-590"},
       .after =
           [](const Scene& scene, Response& response) {
             if (is_full_cmc(scene) && response.status >= 400 && response.status != 401)
               response = est::ops::text_response(response.status, "No.");
           }},
      {.id = "FAULT-CMC-42",
       .sentence = "answers refusals of Full PKI Requests with status 200",
       .kills = {"EST-SE-580/outer-signature", "EST-SE-580/message-digest", "EST-SE-580/unsigned", "EST-SE-580/unknown-signer",
                 "EST-SE-585/no-proof", "EST-SE-585/ra-verified", "EST-SE-585/no-subject", "EST-SE-587/duplicate-body-part",
                 "EST-SE-587/huge-body-part", "EST-SE-587/missing-sequence", "EST-SE-587/content-type", "EST-SE-587/content-type-attribute",
                 "EST-SE-587/truncated", "EST-SE-587/not-cms", "EST-SE-589", "EST-SE-594"},
       .also = {"EST-SE-5*"},
       .because = "a refusal with status 200 that carries the signer's certificate looks like a grant",
       .after =
           [](const Scene& scene, Response& response) {
             if (is_full_cmc(scene) && response.status >= 400 && response.status != 401) response.status = 200;
           }},
      {.id = "FAULT-CMC-43",
       .sentence = "sends PKI Responses as bare DER",
       .kills = {"EST-SE-560", "EST-SE-561", "EST-SE-567"},
       .also = {"EST-SE-564", "EST-SE-565", "EST-SE-566", "EST-SE-568", "EST-SE-569"},
       .because = "nothing can be read in a response that is not base64",
       .after = answer_in_der},
      {.id = "FAULT-CMC-44",
       .sentence = "certifies another key than the Full PKI Request asks for",
       .kills = {"EST-SE-560", "EST-SE-561", "EST-SE-562", "EST-SE-563"},
       .after =
           [](const Scene& scene, Response& response) {
             if (is_full_cmc(scene) && response.status == 200 && !answered(response))
               response = simple_response(foreign_certificate("CN=whatever", foreign_public_key()));
           }},
  };
}

Bytes anchors_nobody_has() {
  codec::TrustAnchorHashes anchors;
  anchors.algorithm = {codec::oids::sha1, {}};
  anchors.hashes = {est::crypto::random_bytes(20)};
  return codec::encode_trusted_anchors(1, anchors);
}

bool publishes_anchors(const Scene& scene) { return is_full_cmc(scene) && has_control(scene, cmc_oids::trusted_anchors); }

// The next one who asks for the CA certificates is told of a further one.
AfterHook take_over_anchors() {
  return [taken = std::make_shared<std::atomic<bool>>(false)](const Scene& scene, Response& response) {
    if (publishes_anchors(scene)) *taken = true;
    if (!is(scene.request, Operation::cacerts) || response.status != 200 || !taken->exchange(false)) return;
    auto certificates = certificates_in(response);
    certificates.push_back(foreign_certificate("CN=a client's anchor", foreign_public_key()));
    set_body(response, codec::encode_base64(codec::encode_certs_only(certificates)));
  };
}

std::vector<Fault> anchor_faults() {
  return {
      {.id = "FAULT-CMC-45",
       .sentence = "publishes hashes of nothing as its trust anchors",
       .kills = {"EST-SE-602"},
       .after = change_controls(with_value(cmc_oids::trusted_anchors, anchors_nobody_has()))},
      {.id = "FAULT-CMC-46",
       .sentence = "loses the thread that reads trust anchors published by a client",
       .kills = {"EST-SE-603/none", "EST-SE-603/anchors-malformed"},
       .wire =
           [](const Scene& scene, est::net::Reply& reply) {
             if (!publishes_anchors(scene)) return;
             reply.wire.clear();
             reply.after = est::net::AfterReply::abort;
           }},
      {.id = "FAULT-CMC-47",
       .sentence = "takes over the trust anchors a client publishes",
       .kills = {"EST-SE-603/none", "EST-SE-603/anchors-malformed"},
       .after = take_over_anchors()},
  };
}

}  // namespace

std::vector<Fault> fullcmc_faults() {
  std::vector<Fault> all = granting_faults();
  for (const auto& group : {refusing_faults(), answering_faults(), anchor_faults()}) all.insert(all.end(), group.begin(), group.end());
  return all;
}

}  // namespace conformance::selftest
