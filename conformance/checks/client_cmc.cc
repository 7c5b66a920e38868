// Full PKI Requests of clients: RFC 5272 3.2 and 6, RFC 5273 3, RFC 7030 4.3.1.
#include <algorithm>

#include "conformance/checks/client_reading.h"
#include "conformance/checks/families.h"
#include "est/base/text.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/media_type.h"
#include "est/codec/oid.h"
#include "est/pki/cmc_proof.h"
#include "est/pki/request.h"
#include "est/pki/signed_message.h"

namespace conformance::checks {
namespace {

namespace codec = est::codec;
namespace cmc_oids = est::codec::cmc_oids;
using codec::Control;
using codec::PkiData;
using codec::TaggedRequest;
using engine::ParameterType;

constexpr std::size_t least_random = 64;  // octets; RFC 5272 6.3.1.1: 512 bits

std::optional<codec::Name> subject_of(const TaggedRequest& request) {
  if (request.pkcs10) return request.pkcs10->subject;
  return request.crmf ? request.crmf->certificate.subject : std::nullopt;
}

std::vector<codec::Extension> extensions_in(const TaggedRequest& request) {
  if (request.crmf) return request.crmf->certificate.extensions;
  if (!request.pkcs10) return {};
  return codec::requested_extensions(*request.pkcs10).value.value_or(std::vector<codec::Extension>{});
}

est::Bytes key_of(const TaggedRequest& request) {
  if (request.pkcs10) return request.pkcs10->key.der;
  return request.crmf && request.crmf->certificate.key ? request.crmf->certificate.key->der : est::Bytes();
}

std::string type_problem(const Exchange& exchange) {
  const auto request = request_in(exchange);
  const std::string field = request ? request->fields.get("Content-Type").value_or("") : "";
  const auto type = codec::decode_media_type(field);
  const auto parameter = type.value ? type.value->parameter("smime-type") : std::nullopt;
  if (type.value && type.value->is("application/pkcs7-mime") && parameter && est::iequals(*parameter, "CMC-request")) return {};
  return "its Content-Type is \"" + est::printable(field, 100) + "\"";
}

// RFC 5272 3.2: by a certificate, or by the key of a request inside, which is then named by the identifier in that request.
std::string signature_problem(const FullRequest& full) {
  if (full.message.signers.empty()) return "nobody signed it";
  for (const auto& signer : full.message.signers) {
    est::Bytes key;
    if (const auto certificate = est::pki::signer_certificate(signer.id, full.message.certificates)) {
      key = certificate->spki;
    } else if (signer.id.by_key_identifier) {
      for (const auto& request : full.data.value->requests)
        if (est::pki::subject_key_identifier(extensions_in(request)) == signer.id.key_identifier) key = key_of(request);
      if (key.empty()) return "its signer is named by an identifier that no request has as its subjectKeyIdentifier";
      if (full.message.signers.size() != 1)
        return "a key inside signed it, and there are " + std::to_string(full.message.signers.size()) + " signers";
    } else {
      return "the certificate of its signer is not there";
    }
    const auto good = est::pki::verify_signer(signer, *full.message.content, key);
    if (!good || !*good) return "its signature does not verify";
  }
  return {};
}

std::string possession_problem(const TaggedRequest& request) {
  const auto good = request.pkcs10 ? est::pki::verify_request(*request.pkcs10)
                    : request.crmf ? est::pki::verify_crmf_request(*request.crmf)
                                   : est::Result<bool>(false);
  return good && *good ? "" : "request " + std::to_string(request.id) + " does not prove possession of its key";
}

std::string contents_problem(const est::Decoded<PkiData>& data) {
  if (est::has_errors(data.findings)) return est::describe_first(data.findings);
  if (data.value->requests.empty()) return "it holds no request";
  for (const auto& request : data.value->requests) {
    if (est::has_errors(request.findings)) return "in request " + std::to_string(request.id) + ": " + est::describe_first(request.findings);
    if (const std::string problem = possession_problem(request); !problem.empty()) return problem;
    const auto first = subject_of(data.value->requests.front());
    const auto subject = subject_of(request);
    if (!subject) return "request " + std::to_string(request.id) + " has no subject";
    if (first && !codec::same_name(*first, *subject)) return "its requests are for different subjects";
  }
  return {};
}

bool has_witness(const TaggedRequest& request) {
  for (const codec::Oid* type : {&cmc_oids::pop_link_witness, &cmc_oids::pop_link_witness_v2}) {
    if (request.pkcs10 && request.pkcs10->attribute(*type) != nullptr) return true;
    if (request.crmf && request.crmf->control(*type) != nullptr) return true;
  }
  return false;
}

// RFC 5272 6.3.1.1.
Results judge_link_random(const CheckInput& input, const PkiData& data) {
  const std::string wanted = "POP Link Random of 512 bits or more beside a POP Link Witness";
  const Control* random = data.control(cmc_oids::pop_link_random);
  const bool witnessed = std::any_of(data.requests.begin(), data.requests.end(), has_witness);
  if (random == nullptr)
    return witnessed ? Results{result(input, Verdict::fail, "There is a POP Link Witness and no POP Link Random.", wanted, "CMS")}
                     : Results{};
  const auto octets = codec::read_octets(*random);
  if (!octets.value) return {result(input, Verdict::fail, "POP Link Random cannot be read.", wanted, "CMS")};
  if (octets.value->size() >= least_random) return {};
  return {result(input, Verdict::warn, "POP Link Random has " + std::to_string(octets.value->size() * 8) + " bits.", wanted, "CMS")};
}

Results full_request_form(const CheckInput& input) {
  const std::string wanted = "Full PKI Requests as RFC 5272 3.2, RFC 5273 3 and RFC 7030 4.3.1 say";
  const Peers requests = requests_of(input, operation_of(input));
  if (requests.empty()) return {inconclusive(input, "The client sent no request for " + operation_of(input) + ".", wanted)};
  const std::string form = text(input.parameters, "form", "any");
  Results results;
  for (const Exchange* exchange : requests) {
    const auto full = full_request_in(*exchange);
    std::string problem = full ? type_problem(*exchange) : "it is no SignedData with a PKIData";
    if (problem.empty()) problem = contents_problem(full->data);
    if (problem.empty() && form != "any" && (form == "crmf") != full->data.value->requests.front().crmf.has_value())
      problem = "its request is not in the form of " + form;
    if (problem.empty()) problem = signature_problem(*full);
    if (!problem.empty()) return {result(input, Verdict::fail, "The client sent a Full PKI Request, and " + problem + ".", wanted, "CMS")};
    const Results link = judge_link_random(input, *full->data.value);
    results.insert(results.end(), link.begin(), link.end());
  }
  return results;
}

bool proves_identity(const PkiData& data) {
  return std::any_of(data.controls.begin(), data.controls.end(), [](const Control& control) {
    return control.type == cmc_oids::identification || control.type == cmc_oids::identity_proof ||
           control.type == cmc_oids::identity_proof_v2 || control.type == cmc_oids::pop_link_witness_v2;
  });
}

// Whether it is right the scripted server says, which knows the secret.
Results identity_proof(const CheckInput& input) {
  const bool there = text(input.parameters, "is") == "there";
  const std::string wanted = there ? "an identity proof in the request" : "neither Identification nor Identity Proof";
  const Peers requests = requests_of(input, operation_of(input));
  for (const Exchange* exchange : requests) {
    const auto full = full_request_in(*exchange);
    if (!full) return {inconclusive(input, "A Full PKI Request cannot be read.", wanted)};
    if (proves_identity(*full->data.value) != there)
      return {
          result(input, Verdict::fail, there ? "There is no identity proof." : "There is a control that proves identity.", wanted, "CMS")};
  }
  if (requests.empty()) return {inconclusive(input, "The client sent no request for " + operation_of(input) + ".", wanted)};
  return {};
}

// RFC 5272 6.6.
Results one_transaction(const CheckInput& input) {
  const std::string wanted = "the same Transaction Identifier in all messages of a transaction";
  const Peers requests = requests_of(input, operation_of(input));
  if (requests.size() < 2) return {inconclusive(input, "The client did not come back. " + describe_requests(requests), wanted)};
  std::optional<est::Bytes> first;
  for (const Exchange* exchange : requests) {
    const auto full = full_request_in(*exchange);
    if (!full) return {inconclusive(input, "A Full PKI Request cannot be read.", wanted)};
    const Control* control = full->data.value->control(cmc_oids::transaction_id);
    const est::Bytes id = control == nullptr ? est::Bytes() : codec::read_integer(*control).value.value_or(est::Bytes{});
    if (!first) first = id;
    if (id != *first) return {result(input, Verdict::fail, "The client came back with another Transaction Identifier.", wanted, "CMS")};
  }
  return {};
}

}  // namespace

void add_client_cmc_checks(engine::Vocabulary& vocabulary) {
  const auto about = parameter("operation", ParameterType::text, "default: the one that was driven");
  add(vocabulary, {"full-request-form",
                   "every Full PKI Request is well made and rightly signed",
                   {about, choice("form", {"any", "pkcs10", "crmf"}, "of the requests inside (default any)")},
                   full_request_form,
                   "operation"});
  add(vocabulary, {"identity-proof",
                   "whether Full PKI Requests have an identity proof",
                   {about, required(choice("is", {"there", "absent"}, "there or absent"))},
                   identity_proof,
                   "is"});
  add(vocabulary,
      {"one-transaction", "a Full PKI Request that is repeated keeps its Transaction Identifier", {about}, one_transaction, "operation"});
}

}  // namespace conformance::checks
