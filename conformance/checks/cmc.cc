// What /fullcmc answered: RFC 7030 4.3.2, RFC 5272 4 and 6, RFC 5273 3.
#include <algorithm>
#include <array>

#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "conformance/checks/trust.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/cmc.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/cms.h"
#include "est/codec/media_type.h"
#include "est/codec/signed_data.h"
#include "est/crypto/digest.h"
#include "est/pki/signed_message.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;
using est::codec::Control;
using est::codec::PkiResponse;
using est::codec::SignedData;
using est::codec::StatusInfo;
namespace codec = est::codec;
namespace cmc_oids = est::codec::cmc_oids;

// The body as a Full PKI Response, however well.
struct Full {
  SignedData message;
  est::Findings findings;  // of all layers
  std::optional<PkiResponse> response;
};

std::optional<est::Bytes> octets_of(const Exchange& exchange) {
  const auto answer = answer_of(exchange);
  if (!answer) return std::nullopt;
  auto decoded = codec::decode_base64(est::as_text(answer->message.body), codec::Base64Mode::lenient);
  if (!decoded.accepted() || decoded.value->empty()) return std::nullopt;
  return std::move(decoded.value);
}

// Nothing when the body is no SignedData with content: a Simple PKI Response, text, or noise.
std::optional<Full> full_of(const Exchange& exchange) {
  const auto der = octets_of(exchange);
  if (!der) return std::nullopt;
  auto message = codec::decode_signed_data(*der);
  if (!message.value || (!message.value->content && message.value->signers.empty())) return std::nullopt;
  Full full{std::move(*message.value), std::move(message.findings), {}};
  if (!full.message.content) return full;
  auto response = codec::decode_pki_response(*full.message.content, full.message.content_offset);
  full.response = std::move(response.value);
  full.findings.insert(full.findings.end(), response.findings.begin(), response.findings.end());
  return full;
}

// A check that looks into a Full PKI Response where there is none: cmc-response says whether there should be one.
CheckResult without_response(const CheckInput& input, std::string expected) {
  return inconclusive(input, describe(input.exchange) + " That is no Full PKI Response to look at.", std::move(expected));
}

// --- Form: media type, base64, CMS, signature

CheckResult judge_type(const CheckInput& input, const est::http::Response& response, std::string_view wanted) {
  const std::string expected = "application/pkcs7-mime; smime-type=" + std::string(wanted);
  const auto field = response.fields.get("Content-Type");
  if (!field) return result(input, Verdict::fail, "There is no Content-Type.", expected);
  const auto type = codec::decode_media_type(*field);
  const std::string told = "The Content-Type is \"" + est::printable(*field, 100) + "\".";
  if (!type.value || !type.value->is("application/pkcs7-mime")) return result(input, Verdict::fail, told, expected);
  const auto parameter = type.value->parameter("smime-type");
  if (!parameter) return result(input, input.strict ? Verdict::fail : Verdict::warn, told, expected, "HTTP", "INT-04");
  return result(input, est::iequals(*parameter, wanted) ? Verdict::pass : Verdict::fail, told, expected, "HTTP", "INT-27");
}

CheckResult judge_form(const CheckInput& input, const Full& full) {
  const std::string expected = "a SignedData whose content is a PKIResponse (RFC 5272 4.2)";
  if (full.message.content_type != codec::cmc_content::pki_response())
    return result(input, Verdict::fail, "The content is " + full.message.content_type.name() + ", no PKIResponse.", expected, "CMS");
  if (est::has_errors(full.findings) || !full.response)
    return result(input, Verdict::fail, "The response is not well-formed: " + quote(full.findings) + ".", expected, "CMS");
  return result(input, Verdict::pass, "The response is a well-formed PKIResponse.", expected, "CMS");
}

CheckResult judge_signature(const CheckInput& input, const SignedData& message) {
  const std::string expected = "a signature that verifies with a certificate in the message";
  if (message.signers.empty() || !message.content) return result(input, Verdict::fail, "The response is not signed.", expected, "CMS");
  for (const auto& signer : message.signers) {
    const auto certificate = est::pki::signer_certificate(signer.id, message.certificates);
    if (!certificate) return result(input, Verdict::fail, "The signer's certificate is not in the message.", expected, "CMS");
    const auto good = est::pki::verify_signer(signer, *message.content, certificate->spki);
    if (!good) return inconclusive(input, "The signature cannot be verified here: " + good.error().message + ".", expected);
    if (!*good)
      return result(input, Verdict::fail, "The signature does not verify with the key of " + certificate->subject.to_string() + ".",
                    expected, "CMS");
  }
  return result(input, Verdict::pass, "The signature of the response verifies.", expected, "CMS");
}

Results cmc_response(const CheckInput& input) {
  const std::string kind = text(input.parameters, "is", "any");
  const std::string expected = kind == "full" ? "a Full PKI Response" : "a PKI Response";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  if (const auto full = full_of(input.exchange))
    return {judge_type(input, answer->message, "CMC-response"), judge_form(input, *full), judge_signature(input, full->message)};
  const auto bag = bag_of(input.exchange);
  const bool simple = bag && !est::has_errors(bag->base64) && !est::has_errors(bag->cms) && !bag->certificates.empty();
  if (simple && kind != "full") return {judge_type(input, answer->message, "certs-only")};
  const std::string remark = simple ? " That is a Simple PKI Response." : " That is no PKI Response in base64.";
  return {result(input, Verdict::fail, describe(answer->message) + remark, expected, "CMS")};
}

// --- Published trust anchors (RFC 5272 6.15)

std::optional<est::crypto::Digest> digest_named(const codec::Oid& algorithm) {
  using est::crypto::Digest;
  const std::array<std::pair<const codec::Oid*, Digest>, 4> known{{{&codec::oids::sha1, Digest::sha1},
                                                                   {&codec::oids::sha256, Digest::sha256},
                                                                   {&codec::oids::sha384, Digest::sha384},
                                                                   {&codec::oids::sha512, Digest::sha512}}};
  const auto* found = std::find_if(known.begin(), known.end(), [&](const auto& one) { return *one.first == algorithm; });
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

bool is_among(const est::Bytes& hash, const std::vector<est::Bytes>& certificates, est::crypto::Digest digest) {
  return std::any_of(certificates.begin(), certificates.end(), [&](const auto& der) { return est::crypto::digest(digest, der) == hash; });
}

// The certificates belong into the message, and may be had elsewhere, where /cacerts is the place to look first.
CheckResult judge_anchor(const CheckInput& input, const est::Bytes& hash, const Full& full, est::crypto::Digest digest) {
  const std::string expected = "hashes of certificates, which are in the message (RFC 5272 6.15)";
  const std::string name = "The anchor with hash " + est::hex(hash);
  if (is_among(hash, full.message.certificates, digest)) return result(input, Verdict::pass, name + " is in the message.", expected, "CMS");
  const auto* cacerts = other(input, "cacerts");
  const auto bag = cacerts == nullptr ? std::nullopt : bag_of(*cacerts);
  if (bag && is_among(hash, bag->certificates, digest))
    return result(input, Verdict::warn, name + " is in /cacerts, but not in the message.", expected, "CMS");
  return result(input, Verdict::fail, name + " is that of no certificate in the message or in /cacerts.", expected, "CMS");
}

Results judge_anchors(const CheckInput& input, const Full& full, const codec::TrustAnchorHashes& anchors) {
  const auto digest = digest_named(anchors.algorithm.algorithm);
  if (!digest) return {inconclusive(input, "The anchors are hashed by " + anchors.algorithm.algorithm.name() + ".", "a known hash")};
  if (anchors.hashes.empty())
    return {result(input, Verdict::warn, "Publish Trust Anchors names no certificate.", "at least one trust anchor", "CMS")};
  Results results;
  for (const auto& hash : anchors.hashes) results.push_back(judge_anchor(input, hash, full, *digest));
  return results;
}

Results cmc_trust_anchors(const CheckInput& input) {
  const std::string expected = "a well-formed Publish Trust Anchors control (RFC 5272 6.15)";
  if (!answer_of(input.exchange)) return {unanswered(input, expected)};
  const auto full = full_of(input.exchange);
  const Control* control = full && full->response ? full->response->control(cmc_oids::trusted_anchors) : nullptr;
  if (control == nullptr) return {result(input, Verdict::fail, "The response publishes no trust anchors.", expected, "CMS")};
  const auto anchors = codec::read_trusted_anchors(*control);
  if (!anchors.accepted())
    return {result(input, Verdict::fail, "Publish Trust Anchors is not well-formed: " + quote(anchors.findings) + ".", expected, "CMS")};
  return judge_anchors(input, *full, *anchors.value);
}

// --- The signer

bool may_sign_cmc(const codec::Certificate& certificate) {
  const auto* basic = certificate.extension(codec::oids::basic_constraints);
  if (basic != nullptr) {
    const auto read = codec::decode_basic_constraints(basic->value);
    if (read.value && read.value->ca) return true;
  }
  const auto* usage = certificate.extension(codec::oids::extended_key_usage);
  if (usage == nullptr) return false;
  const auto purposes = codec::decode_extended_key_usage(usage->value);
  return purposes.value && std::any_of(purposes.value->begin(), purposes.value->end(), [](const codec::Oid& purpose) {
           return purpose == codec::oids::cmc_ca || purpose == codec::oids::cmc_ra;
         });
}

Results cmc_signer(const CheckInput& input) {
  const std::string expected = "a signer below /cacerts: the CA, or id-kp-cmcCA or id-kp-cmcRA (RFC 6402 2.10)";
  const auto* cacerts = other(input, "cacerts");
  const auto trust = cacerts == nullptr ? std::nullopt : trust_of(*cacerts);
  if (!trust || trust->empty()) return {inconclusive(input, "There is no /cacerts answer to compare with.", expected)};
  const auto full = full_of(input.exchange);
  if (!full || full->message.signers.empty()) return {without_response(input, expected)};
  const auto certificate = est::pki::signer_certificate(full->message.signers.front().id, full->message.certificates);
  if (!certificate) return {result(input, Verdict::fail, "The signer's certificate is not in the message.", expected, "CMS")};
  const std::string who = "The signer is " + certificate->subject.to_string();
  const auto path = path_of(*certificate, *trust, input.evidence.started);
  if (path.verdict != Verdict::pass) return {result(input, path.verdict, who + ": " + path.sentence + ".", expected, "CMS")};
  if (!may_sign_cmc(*certificate))
    return {result(input, Verdict::fail, who + ", which is neither a CA nor has one of the two purposes.", expected, "CMS")};
  return {result(input, Verdict::pass, who + ".", expected, "CMS")};
}

// --- Controls that come back

CheckResult compare(const CheckInput& input, const Full& full, const codec::Oid& type, const est::Bytes& wanted, bool octets) {
  const std::string name = codec::control_name(type);
  const std::string expected = name + " as the request has it";
  const Control* control = full.response->control(type);
  if (control == nullptr) return result(input, Verdict::fail, "There is no " + name + ".", expected, "CMS");
  const auto read = octets ? codec::read_octets(*control).value : codec::read_integer(*control).value;
  const est::Bytes mine = octets ? wanted : est::Bytes(wanted.begin() + 2, wanted.end());
  const bool same = read && *read == mine;
  return result(input, same ? Verdict::pass : Verdict::fail, same ? name + " came back." : name + " is not what was sent.", expected,
                "CMS");
}

CheckResult own_nonce(const CheckInput& input, const Full& full, const est::Bytes& sent) {
  const std::string expected = "a new senderNonce of the target's own";
  const Control* control = full.response->control(cmc_oids::sender_nonce);
  if (control == nullptr) return result(input, Verdict::fail, "There is no senderNonce.", expected, "CMS");
  const auto read = codec::read_octets(*control).value;
  if (!read || read->empty()) return result(input, Verdict::fail, "senderNonce is no octets.", expected, "CMS");
  const bool same = *read == sent;
  return result(input, same ? Verdict::fail : Verdict::pass,
                same ? "senderNonce repeats the request's." : "senderNonce has " + std::to_string(read->size()) + " octets.", expected,
                "CMS");
}

Results cmc_echo(const CheckInput& input) {
  const std::string what = text(input.parameters, "what");
  const std::string expected = "the request's " + what + " in the response";
  const auto* sent = artefact(input.exchange, "cmc-" + what);
  if (sent == nullptr) return {inconclusive(input, "The request had no " + what + ".", expected)};
  const auto full = full_of(input.exchange);
  if (!full || !full->response)
    return {answer_of(input.exchange)
                ? result(input, Verdict::fail, describe(input.exchange) + " That is no Full PKI Response, which alone can carry it.",
                         expected, "CMS")
                : unanswered(input, expected)};
  if (what == "transaction") return {compare(input, *full, cmc_oids::transaction_id, *sent, false)};
  if (what == "data") return {compare(input, *full, cmc_oids::data_return, *sent, true)};
  return {compare(input, *full, cmc_oids::recipient_nonce, *sent, true), own_nonce(input, *full, *sent)};
}

// --- Status

struct Statuses {
  std::vector<StatusInfo> all;
  std::string problem;
};

Statuses statuses_of(const PkiResponse& response) {
  Statuses statuses;
  for (const Control& control : response.controls) {
    if (control.type != cmc_oids::status_info_v2) continue;
    const auto read = codec::read_status_info(control);
    if (read.accepted())
      statuses.all.push_back(*read.value);
    else
      statuses.problem = "statusInfoV2 is malformed: " + quote(read.findings) + ".";
  }
  return statuses;
}

std::string in_words(const StatusInfo& status) {
  std::string words = codec::status_name(status.status);
  if (status.fail_info) words += " " + codec::fail_info_name(*status.fail_info);
  std::vector<std::string> parts;
  for (const auto& path : status.body_list) parts.push_back(path.empty() ? "?" : std::to_string(path.back()));
  return words + " for body part " + est::join(parts, ", ");
}

// RFC 5272 6.1.1, 6.1.3, 6.1.4.
std::string rule_broken(const StatusInfo& status) {
  const auto is = [&](std::initializer_list<int> values) { return std::find(values.begin(), values.end(), status.status) != values.end(); };
  if (!is({0, 2, 3, 4, 5, 6, 7})) return "the status is not one of those defined";
  if (status.body_list.empty()) return "the bodyList is empty";
  if ((status.fail_info || status.extended_fail_info) && !is({2})) return "failInfo stands beside a status that is not failed";
  if (status.pending_info && !is({3, 7})) return "pendInfo stands beside a status that is not pending or partial";
  const auto info = status.fail_info.value_or(0);
  if (!((info >= 0 && info <= 13) || (info >= 1000 && info <= 1999))) return "failInfo is neither defined nor private";
  return {};
}

bool names_part(const StatusInfo& status, std::int64_t part) {
  return std::any_of(status.body_list.begin(), status.body_list.end(),
                     [&](const auto& path) { return path.size() == 1 && static_cast<std::int64_t>(path.front()) == part; });
}

bool fits(const CheckInput& input, const StatusInfo& status) {
  const auto wanted = list(input.parameters, "is");
  const auto infos = list(input.parameters, "info");
  const auto part = number(input.parameters, "part");
  const auto in = [](const std::vector<std::string>& words, const std::string& word) {
    return words.empty() || std::find(words.begin(), words.end(), word) != words.end();
  };
  if (!in(wanted, codec::status_name(status.status))) return false;
  if (!infos.empty() && (!status.fail_info || !in(infos, codec::fail_info_name(*status.fail_info)))) return false;
  return !part || names_part(status, static_cast<std::int64_t>(*part));
}

std::string expected_status(const CheckInput& input) {
  std::string text = "a statusInfoV2 that says " + any_of(list(input.parameters, "is"));
  if (const auto infos = list(input.parameters, "info"); !infos.empty()) text += " " + any_of(infos);
  if (const auto part = number(input.parameters, "part")) text += " for body part " + std::to_string(static_cast<std::int64_t>(*part));
  return text;
}

Results cmc_status(const CheckInput& input) {
  const std::string expected = expected_status(input);
  const auto full = full_of(input.exchange);
  if (!full || !full->response) {
    // Not a word of failure in what says success.
    if (const auto answer = answer_of(input.exchange); answer && answer->message.status == 200)
      return {result(input, Verdict::fail, describe(answer->message) + " That is no Full PKI Response.", expected, "CMS")};
    return {without_response(input, expected)};
  }
  const Statuses statuses = statuses_of(*full->response);
  if (!statuses.problem.empty()) return {result(input, Verdict::fail, statuses.problem, expected, "CMS")};
  std::vector<std::string> told;
  for (const StatusInfo& status : statuses.all) {
    if (const auto broken = rule_broken(status); !broken.empty())
      return {result(input, Verdict::fail, "The response says " + in_words(status) + ", where " + broken + ".", expected, "CMS")};
    told.push_back(in_words(status));
  }
  const auto wanted = list(input.parameters, "is");
  // RFC 5272 6.1.1: success may go without saying, unless nothing else is said.
  const bool silent_success = statuses.all.empty() && !full->response->controls.empty() && wanted == std::vector<std::string>{"success"};
  const bool fitting = std::any_of(statuses.all.begin(), statuses.all.end(), [&](const StatusInfo& s) { return fits(input, s); });
  const std::string observed = told.empty() ? "The response has no statusInfoV2." : "The response says " + est::join(told, "; ") + ".";
  return {result(input, fitting || silent_success ? Verdict::pass : Verdict::fail, observed, expected, "CMS")};
}

// RFC 5272 6.8: a CA may take an RA's word for possession, or say popFailed.
Results cmc_pop_witness(const CheckInput& input) {
  const std::string expected = "a certificate, or the failInfo popFailed (RFC 5272 6.8)";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  if (answer->message.status == 200 && issued_by(input.exchange))
    return {result(input, Verdict::pass, "The target took the registration authority's word.", expected, "policy")};
  const auto full = full_of(input.exchange);
  if (!full || !full->response) return {without_response(input, expected)};
  const Statuses statuses = statuses_of(*full->response);
  const bool said = std::any_of(statuses.all.begin(), statuses.all.end(), [](const StatusInfo& s) { return s.fail_info == 9; });
  return {result(input, said ? Verdict::pass : Verdict::fail,
                 describe(answer->message) + (said ? " It says popFailed." : " It says something else."), expected, "CMS")};
}

// INT-09: both ways to say "wait".
Results cmc_pending(const CheckInput& input) {
  const std::string expected = "202 with Retry-After, or 200 with the status pending (INT-09)";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const int status = answer->message.status;
  const std::string told = describe(answer->message);
  if (status == 202) {
    const bool when = answer->message.fields.has("Retry-After");
    return {
        result(input, when ? Verdict::pass : Verdict::fail, told + (when ? "" : " There is no Retry-After."), expected, "HTTP", "INT-09")};
  }
  const auto full = full_of(input.exchange);
  bool pending = false;
  if (full && full->response)
    for (const StatusInfo& info : statuses_of(*full->response).all) pending = pending || info.status == 3 || info.status == 7;
  return {result(input, status == 200 && pending ? Verdict::pass : Verdict::fail, told, expected, "HTTP", "INT-09")};
}

}  // namespace

void add_cmc_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"cmc-response",
                   "the body is a PKI Response in base64 with the right media type, and a Full one is well-formed and signed by a "
                   "certificate in it (INT-04, INT-27)",
                   {choice("is", {"any", "full"}, "whether a Simple PKI Response will do; default any")},
                   cmc_response,
                   "is"});
  add(vocabulary, {"cmc-signer",
                   "the signer of the Full PKI Response chains to /cacerts and may sign CMC",
                   {required(parameter("cacerts", ParameterType::result, "the /cacerts exchange"))},
                   cmc_signer,
                   "cacerts"});
  add(vocabulary,
      {"cmc-echo",
       "the response repeats what the request asked to have repeated",
       {required(choice("what", {"nonce", "transaction", "data"}, "nonce: as recipientNonce, beside a senderNonce of the target's own"))},
       cmc_echo,
       "what"});
  add(vocabulary, {"cmc-trust-anchors",
                   "the response publishes trust anchors, by hashes of certificates that are in it or at least in /cacerts (RFC 5272 6.15)",
                   {required(parameter("cacerts", ParameterType::result, "the exchange with /cacerts"))},
                   cmc_trust_anchors,
                   "cacerts"});
  add(vocabulary,
      {"cmc-status",
       "the Full PKI Response has a status as described, and every status in it keeps the rules of RFC 5272 6.1",
       {required(parameter("is", ParameterType::list, "success, failed, pending, noSupport, confirmRequired, popRequired, partial")),
        parameter("info", ParameterType::list, "names of CMCFailInfo, one of which it has to be"),
        parameter("part", ParameterType::number, "the body part it has to name; 0 is the whole message")},
       cmc_status,
       "is"});
  add(vocabulary, {"cmc-pop-witness", "an RA POP Witness was honoured, or refused with popFailed", {}, cmc_pop_witness, {}});
  add(vocabulary, {"cmc-pending", "the request waits, said in one of the two ways (INT-09)", {}, cmc_pending, {}});
}

}  // namespace conformance::checks
