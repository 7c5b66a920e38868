// Faults for the scenarios from EST-CL-380 on: requests, Full PKI messages, generated keys, attributes.
#include <algorithm>

#include "conformance/selftest/client_faults_support.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/cmc.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/csrattrs.h"
#include "est/codec/der.h"
#include "est/crypto/key.h"
#include "est/ops/message.h"

namespace conformance::selftest {

namespace {

using est::http::Request;
namespace cmc_oids = est::codec::cmc_oids;
namespace oids = est::codec::oids;

// --- requests

// CertificationRequestInfo without its last member, signed anew.
void leaves_attributes_out(client::Settings& settings) {
  const auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  if (!key || !settings.request.key_type) return;
  settings.request.key_type.reset();
  settings.request.key = *key;
  settings.client.session.interceptor = [key = *key](const Request& request, const est::tls::Facts&, const client::Send& send) {
    const auto csr = est::codec::decode_certification_request(decoded_body(request.body)).value;
    if (!csr || !csr->attributes.empty()) return send(request);
    const Bytes whole = est::codec::encode_certification_request_info(csr->subject, key.public_key_info(), {});
    const std::size_t header = whole.at(1) < 0x80 ? 2 : 3;
    const est::BytesView members = est::BytesView(whole).subspan(header);
    const Bytes info = est::codec::der::sequence({members.first(members.size() - 2)});
    const auto digest = key.natural_digest();
    const auto signature = key.sign(digest, info);
    Request changed = request;
    changed.body = est::to_bytes(
        est::codec::encode_base64(est::codec::encode_certification_request(info, key.signature_algorithm(digest), signature.value())));
    return send(changed);
  };
}

void forgets_other_names(client::Settings& settings) {
  if (!settings.request.renewed) return;
  std::erase_if(settings.request.renewed->extensions, [](const auto& extension) { return extension.id == oids::subject_alt_name; });
}

std::vector<ClientFault> requests() {
  return {
      {.id = "FAULT-CL-CSR-01",
       .sentence = "leaves the attributes out where there are none",
       .kills = {"EST-CL-380/ec-p256", "EST-CL-380/ec-p384"},
       .also = any_client,
       .because = "the key is of one kind, whatever was wanted",
       .configure = leaves_attributes_out},
      {.id = "FAULT-CL-CSR-02",
       .sentence = "makes a new key for every certificate",
       .kills = {"EST-CL-381"},
       .told = [](client::Flags& flags) { flags.keep_key = false; }},
      {.id = "FAULT-CL-CSR-03",
       .sentence = "keeps its key for ever",
       .kills = {"EST-CL-382"},
       .told =
           [](client::Flags& flags) {
             if (flags.operation != "reenroll") return;
             flags.keep_key = true;
             flags.key_type.clear();
           }},
      {.id = "FAULT-CL-CSR-04",
       .sentence = "copies the subject of its certificate, and no other name",
       .kills = {"EST-CL-383", "EST-CL-384", "EST-CL-401"},
       .configure = forgets_other_names},
      {.id = "FAULT-CL-CSR-05",
       .sentence = "does not ask for the new name",
       .kills = {"EST-CL-384"},
       .told =
           [](client::Flags& flags) {
             if (flags.operation == "reenroll") flags.subject.clear();
           }},
      {.id = "FAULT-CL-CSR-06",
       .sentence = "shows its certificate for nothing but renewals",
       .kills = {"EST-CL-385", "EST-CL-137"},
       .also = {"EST-CL-401"},
       .because = "a Full PKI Request is signed by the new key then",
       .told =
           [](client::Flags& flags) {
             if (flags.operation == "reenroll") return;
             flags.client_cert.clear();
             flags.client_key.clear();
           }},
      {.id = "FAULT-CL-ANSWER-20",
       .sentence = "calls every answer a success that comes with 200 and the length of a novel or of an epigram",
       .kills = {"EST-CL-386/deep-nesting", "EST-CL-386/huge-length", "EST-CL-387/deep-nesting", "EST-CL-387/huge-length", "EST-CL-388"},
       .also = any_client,
       .because = "other answers have such a length, too",
       .act = success_if([](const ClientAct& act) {
         const Response* answer = last_answer(act);
         const std::size_t size = answer == nullptr ? 0 : answer->body.size();
         return answer != nullptr && answer->status == 200 && (size > 50000 || (size > 4 && size < 30));
       })},
  };
}

// --- Full PKI messages

std::optional<est::codec::PkiResponse> full_response_in(const Request& request, const Response& answer) {
  if (!is(request, Operation::fullcmc)) return std::nullopt;
  const auto message = est::ops::read_signed_data_body(answer.body);
  if (!message.value || !message.value->content) return std::nullopt;
  return est::codec::decode_pki_response(*message.value->content).value;
}

Configure balks_at_response(std::function<bool(const est::codec::PkiResponse&)> odd) {
  return balks_at([odd = std::move(odd)](const Request& request, const Response& answer) {
    const auto response = full_response_in(request, answer);
    return response && odd(*response);
  });
}

std::size_t status_count(const est::codec::PkiResponse& response) {
  return static_cast<std::size_t>(std::count_if(response.controls.begin(), response.controls.end(), [](const auto& control) {
    return control.type == cmc_oids::status_info || control.type == cmc_oids::status_info_v2;
  }));
}

// The kind of client that looks at one thing in a Full PKI Response, and no other.
Conclude content_with_response(std::function<bool(const est::codec::PkiResponse&)> enough) {
  return success_if([enough = std::move(enough)](const ClientAct& act) {
    const Response* answer = last_answer(act);
    if (answer == nullptr || answer->status != 200) return false;
    const auto response = full_response_in(act.met.back().request, *answer);
    return response && enough(*response);
  });
}

bool begins_with_success(const est::codec::PkiResponse& response) {
  const auto* control = response.control(cmc_oids::status_info_v2);
  const auto status = control == nullptr ? std::nullopt : est::codec::read_status_info(*control).value;
  return status && status->status == static_cast<std::int64_t>(est::codec::CmcStatus::success);
}

std::vector<ClientFault> full_messages() {
  return {
      {.id = "FAULT-CL-CMC-01",
       .sentence = "leaves smime-type out of the type of a Full PKI Request",
       .kills = {"EST-CL-400", "EST-CL-401", "EST-CL-402", "EST-CL-403"},
       .configure =
           each_request(Operation::fullcmc, [](Request& request) { request.fields.set("Content-Type", "application/pkcs7-mime"); })},
      {.id = "FAULT-CL-CMC-02",
       .sentence = "does not prove its identity although it has a secret for that",
       .kills = {"EST-CL-402"},
       .told =
           [](client::Flags& flags) {
             flags.cmc_secret.clear();
             flags.cmc_user.clear();
           }},
      {.id = "FAULT-CL-CMC-03",
       .sentence = "sends PKCS #10 where CRMF was wanted",
       .kills = {"EST-CL-403"},
       .told = [](client::Flags& flags) { flags.crmf = false; }},
      {.id = "FAULT-CL-CMC-04",
       .sentence = "does not read Full PKI Responses",
       .kills = {"EST-CL-404/full", "EST-CL-404/full-two-statuses", "EST-CL-404/full-unreferenced", "EST-CL-404/full-older-status"},
       .also = {"EST-CL-405/*", "EST-CL-406/*", "EST-CL-407/*"},
       .because = "there is no control without such a response",
       .configure = balks_at_response([](const auto&) { return true; })},
      {.id = "FAULT-CL-CMC-05",
       .sentence = "wants one status in a response, and no more",
       .kills = {"EST-CL-404/full-two-statuses"},
       .configure = balks_at_response([](const auto& response) { return status_count(response) > 1; })},
      {.id = "FAULT-CL-CMC-06",
       .sentence = "wants a control for every message inside a response",
       .kills = {"EST-CL-404/full-unreferenced"},
       .configure = balks_at_response([](const auto& response) { return !response.contents.empty() || !response.others.empty(); })},
      {.id = "FAULT-CL-CMC-07",
       .sentence = "knows the newer status control only",
       .kills = {"EST-CL-404/full-older-status"},
       .configure = balks_at_response([](const auto& response) { return response.control(cmc_oids::status_info) != nullptr; })},
      {.id = "FAULT-CL-CMC-08",
       .sentence = "looks at the first status of a response alone",
       .kills = {"EST-CL-405/full-bad-signature", "EST-CL-405/full-wrong-digest", "EST-CL-405/full-unsigned", "EST-CL-405/full-stranger",
                 "EST-CL-405/full-leaf", "EST-CL-406/full-other-nonce", "EST-CL-406/full-other-transaction",
                 "EST-CL-407/full-second-failed", "EST-CL-366"},
       .act = content_with_response(begins_with_success)},
      {.id = "FAULT-CL-CMC-09",
       .sentence = "takes whatever status a response has for success",
       .kills = {"EST-CL-407/full-failed", "EST-CL-407/full-second-failed", "EST-CL-407/full-pending", "EST-CL-407/full-confirm"},
       .also = {"EST-CL-366", "EST-CL-405/*", "EST-CL-406/*"},
       .because = "nothing in a response keeps it from being a success",
       .act = content_with_response([](const auto& response) { return status_count(response) > 0; })},
  };
}

// --- generated keys

std::vector<ClientFault> keys() {
  return {
      {.id = "FAULT-CL-KEY-20",
       .sentence = "does not ask for the generated key in encrypted form",
       .kills = {"EST-CL-430/symmetric", "EST-CL-430/key-transport", "EST-CL-430/key-agreement"},
       .also = {"EST-CL-431/*", "EST-CL-432"},
       .because = "the server has no key to encrypt with",
       .told =
           [](client::Flags& flags) {
             flags.protect_id.clear();
             flags.protect_key.clear();
             flags.protect_secret_file.clear();
           }},
      {.id = "FAULT-CL-KEY-21",
       .sentence = "does not read a boundary with blanks behind it",
       .kills = {"EST-CL-433"},
       .configure = balks_at([](const Request& request, const Response& answer) {
         return is(request, Operation::serverkeygen) && est::as_text(answer.body).find(" \t\r\n") != std::string_view::npos;
       })},
  };
}

// --- what the server lists

Configure does_not_see(const est::codec::Oid& type) {
  return each_csrattrs([&type](est::codec::CsrAttrs& attributes) {
    std::erase_if(attributes.elements, [&](const est::codec::AttrOrOid& element) {
      const auto* attribute = std::get_if<est::codec::Attribute>(&element);
      return attribute != nullptr ? attribute->type == type : std::get<est::codec::Oid>(element) == type;
    });
  });
}

void writes_utf8_always(client::Settings& settings) {
  auto& wishes = settings.request.wishes;
  if (!wishes.otp) return;
  wishes.attributes.push_back({oids::otp_challenge, {est::codec::der::utf8_string(wishes.otp->reveal())}});
  wishes.otp.reset();
}

std::vector<ClientFault> listed() {
  return {
      {.id = "FAULT-CL-LIST-30",
       .sentence = "does not put the extensions of the list into its request",
       .kills = {"EST-CL-450"},
       .configure = does_not_see(oids::extension_request)},
      {.id = "FAULT-CL-LIST-31",
       .sentence = "does not look at templates, and has no alternative name",
       .kills = {"EST-CL-452"},
       .also = {"EST-CL-197", "EST-CL-198", "EST-CL-451", "EST-CL-453"},
       .because = "all of these are about templates",
       .told = [](client::Flags& flags) { flags.names.clear(); },
       .configure = does_not_see(oids::certification_request_info_template)},
      {.id = "FAULT-CL-LIST-32",
       .sentence = "has values for the attributes of RFC 7894, and leaves them out",
       .kills = {"EST-CL-454"},
       .told =
           [](client::Flags& flags) {
             flags.otp.clear();
             flags.revocation_challenge.clear();
           }},
      {.id = "FAULT-CL-LIST-33", .sentence = "writes every text as UTF8String", .kills = {"EST-CL-455"}, .configure = writes_utf8_always},
      {.id = "FAULT-CL-LIST-34",
       .sentence = "does not know estIdentityLinking",
       .kills = {"EST-CL-456"},
       .configure = does_not_see(oids::est_identity_linking)},
      {.id = "FAULT-CL-LIST-35",
       .sentence = "takes a server that cannot say what it wants for one that wants nothing",
       .kills = {"EST-CL-457"},
       .configure = intercept([](const Request& request, const est::tls::Facts&, const client::Send& send) {
         auto outcome = send(request);
         if (outcome && is(request, Operation::csrattrs) && outcome->status == 500) outcome->status = 404;
         return outcome;
       })},
  };
}

}  // namespace

std::vector<ClientFault> client_later_faults() {
  std::vector<ClientFault> all = requests();
  for (const auto& more : {full_messages(), keys(), listed()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace conformance::selftest
