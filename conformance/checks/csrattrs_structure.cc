// What CSR attributes and templates say, beyond their syntax (RFC 7030 4.5.2, RFC 8951 4, RFC 9908 3.2 and 3.4; INT-15 to INT-18).
#include <algorithm>
#include <set>

#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/codec/base64.h"
#include "est/codec/csrattrs.h"
#include "est/codec/der.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;
using est::Bytes;
using est::codec::Attribute;
using est::codec::CsrAttrs;
using est::codec::Oid;
using est::codec::RequestTemplate;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

struct Remark {
  Verdict verdict = Verdict::fail;
  std::string sentence;
  std::string interpretation;
};
using Remarks = std::vector<Remark>;

std::optional<CsrAttrs> read_list(const Exchange& exchange) {
  const auto answer = answer_of(exchange);
  if (!answer) return std::nullopt;
  if (answer->message.status == 204 || answer->message.status == 404) return CsrAttrs{};
  if (answer->message.status != 200) return std::nullopt;
  const auto octets = codec::decode_base64(est::as_text(answer->message.body), codec::Base64Mode::lenient);
  return octets.value ? codec::decode_csrattrs(*octets.value).value : std::nullopt;
}

bool is_key(const Oid& oid) { return oid == oids::ec_public_key || oid == oids::rsa_encryption; }

bool is_signature(const Oid& oid) {
  return oid == oids::sha256_with_rsa || oid == oids::sha384_with_rsa || oid == oids::sha512_with_rsa || oid == oids::ecdsa_with_sha256 ||
         oid == oids::ecdsa_with_sha384 || oid == oids::ecdsa_with_sha512;
}

std::optional<der::Tag> tag_of(const Bytes& value) {
  est::Findings ignored;
  return der::Reader(value, ignored).peek();
}

// RFC 9908 is stricter than RFC 7030 was; servers that do not follow it yet are warned.
Verdict since_9908(const CheckInput& input) { return input.strict ? Verdict::fail : Verdict::warn; }

void judge_key(const Attribute& attribute, Remarks& remarks) {
  const bool ec = attribute.type == oids::ec_public_key;
  for (const Bytes& value : attribute.values) {
    const auto tag = tag_of(value);
    if (tag == (ec ? der::tags::oid : der::tags::integer)) continue;
    // The parameters of an RSA AlgorithmIdentifier say nothing, but are no other kind's.
    const bool idle = !ec && tag == der::tags::null;
    remarks.push_back({idle ? Verdict::warn : Verdict::fail,
                       attribute.type.name() + " has a value that is no " + (ec ? "OID of a curve" : "INTEGER with the key's size") + ".",
                       "INT-15"});
  }
}

void judge_extensions(const CheckInput& input, const Attribute& attribute, Remarks& remarks) {
  if (attribute.values.size() != 1) {
    remarks.push_back(
        {since_9908(input), "extensionRequest has " + std::to_string(attribute.values.size()) + " values instead of one.", "INT-15"});
    return;
  }
  const auto tag = tag_of(attribute.values.front());
  // RFC 7030's own example has an OID here.
  if (tag == der::tags::oid) {
    remarks.push_back({Verdict::warn, "extensionRequest holds an OID, as in the example of RFC 7030.", "INT-17"});
    return;
  }
  const auto extensions = codec::decode_extensions(attribute.values.front());
  if (!extensions.accepted())
    remarks.push_back({Verdict::fail, "The value of extensionRequest is no sound Extensions: " + quote(extensions.findings) + ".", {}});
}

void judge_list(const CheckInput& input, const CsrAttrs& list, Remarks& remarks) {
  std::multiset<Oid> types;
  for (const auto& element : list.elements) {
    const auto* attribute = std::get_if<Attribute>(&element);
    if (attribute == nullptr) continue;
    types.insert(attribute->type);
    if (is_key(attribute->type)) judge_key(*attribute, remarks);
    if (attribute->type == oids::extension_request) judge_extensions(input, *attribute, remarks);
    if (is_signature(attribute->type))
      remarks.push_back({Verdict::warn, attribute->type.name() + " is an attribute; a signature scheme is named by its OID alone.", {}});
  }
  if (types.count(oids::extension_request) > 1)
    remarks.push_back({since_9908(input), "There are several extensionRequest attributes.", {}});
  for (const Oid* key : {&oids::ec_public_key, &oids::rsa_encryption})
    if (types.count(*key) > 1) remarks.push_back({since_9908(input), "There are several attributes for " + key->name() + " keys.", {}});
}

// A value with nothing left for the client to fill in.
bool is_complete(const codec::ExtensionTemplate& extension) {
  if (!extension.value) return false;
  if (extension.id != oids::subject_alt_name) return true;
  const auto names = codec::decode_general_names(*extension.value);
  return names.value && std::none_of(names.value->begin(), names.value->end(),
                                     [](const codec::GeneralName& name) { return name.value.empty() || name.value == der::sequence({}); });
}

void judge_template(const CheckInput& input, const RequestTemplate& wanted, Remarks& remarks) {
  if (wanted.has_subject && wanted.subject.empty())
    remarks.push_back({Verdict::fail, "The template has an empty subject; it is to be absent where nothing is asked of it.", {}});
  const bool rsa = wanted.key_algorithm && wanted.key_algorithm->algorithm == oids::rsa_encryption;
  if (wanted.key && !rsa) remarks.push_back({Verdict::fail, "The template has a subjectPublicKey although no RSA key is asked for.", {}});
  const bool needless = !wanted.extensions.empty() && std::all_of(wanted.extensions.begin(), wanted.extensions.end(), is_complete);
  if (needless)
    remarks.push_back(
        {Verdict::fail, "The template asks for complete extensions by id-aa-extensionReqTemplate instead of extensionRequest.", {}});
  for (const Attribute& attribute : wanted.attributes)
    if (attribute.type == oids::extension_request) judge_extensions(input, attribute, remarks);
}

Results csrattrs_structure(const CheckInput& input) {
  const std::string expected = "extensions, keys and signature schemes asked for as RFC 8951 4 and RFC 9908 3 say";
  if (!answer_of(input.exchange)) return {unanswered(input, expected)};
  const auto list = read_list(input.exchange);
  if (!list) return {inconclusive(input, describe(input.exchange) + " There is no list to look at.", expected)};
  Remarks remarks;
  judge_list(input, *list, remarks);
  if (const auto wanted = codec::request_template(*list); wanted.value) judge_template(input, *wanted.value, remarks);
  Results results;
  for (Remark& each : remarks)
    results.push_back(result(input, each.verdict, std::move(each.sentence), expected, "CMS", std::move(each.interpretation)));
  if (results.empty()) results.push_back(result(input, Verdict::pass, "Nothing is asked for in another way.", expected, "CMS"));
  return results;
}

Results csrattrs_none(const CheckInput& input) {
  const std::string expected = "204, 404, or 200 with an empty list (\"MAA=\")";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const auto& response = answer->message;
  const auto list = read_list(input.exchange);
  const bool warn = response.status == 405 || response.status == 501 || response.status == 401 || response.status == 403;
  auto verdict = list && list->elements.empty() ? Verdict::pass : warn ? Verdict::warn : Verdict::fail;
  if (response.status == 204 && !response.body.empty()) verdict = Verdict::fail;
  return {result(input, verdict, describe(response), expected, "HTTP", "INT-18")};
}

Results csrattrs_differ(const CheckInput& input) {
  const std::string expected = "other CSR attributes than in the earlier answer";
  const auto* earlier = other(input, "from");
  if (earlier == nullptr) return {inconclusive(input, "The other exchange was not recorded.", expected)};
  const auto mine = read_list(input.exchange);
  const auto theirs = read_list(*earlier);
  if (!mine || !theirs) return {inconclusive(input, "There are no two lists to compare.", expected)};
  const bool differ = codec::encode(*mine) != codec::encode(*theirs);
  return {
      result(input, differ ? Verdict::pass : Verdict::fail, differ ? "The lists differ." : "The lists are the same.", expected, "policy")};
}

}  // namespace

void add_csrattrs_structure_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"csrattrs-structure",
                   "extensions, keys and signature schemes are asked for in the forms of RFC 8951 4 and RFC 9908",
                   {},
                   csrattrs_structure,
                   {}});
  add(vocabulary, {"csrattrs-none", "the answer says that no CSR attributes are asked for (INT-18)", {}, csrattrs_none, {}});
  add(vocabulary, {"csrattrs-differ",
                   "two answers ask for different CSR attributes",
                   {required(parameter("from", ParameterType::result, "the exchange compared with"))},
                   csrattrs_differ,
                   "from"});
}

}  // namespace conformance::checks
