// The certification requests of clients, looked at closely: RFC 2986, RFC 5480, RFC 7894, RFC 9908 and RFC 7030 4.4.1.
#include <algorithm>

#include "conformance/checks/client_reading.h"
#include "conformance/checks/families.h"
#include "est/base/text.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/ops/message.h"

namespace conformance::checks {
namespace {

namespace codec = est::codec;
namespace oids = est::codec::oids;
using codec::CertificationRequest;
using engine::ParameterType;

// The last request of the operation, or why there is none to judge.
struct LastRequest {
  std::optional<CertificationRequest> csr;
  const Exchange* exchange = nullptr;
  Results otherwise;
};

LastRequest last_request(const CheckInput& input, const std::string& wanted) {
  LastRequest last;
  const Peers requests = requests_of(input, operation_of(input));
  if (requests.empty()) {
    last.otherwise = {inconclusive(input, "The client sent no request for " + operation_of(input) + ".", wanted)};
    return last;
  }
  last.exchange = requests.back();
  last.csr = csr_in(*last.exchange);
  if (!last.csr) last.otherwise = {inconclusive(input, "The certification request cannot be read.", wanted)};
  return last;
}

Results deviates(const CheckInput& input, const std::string& observed, const std::string& wanted) {
  return {result(input, Verdict::fail, observed, wanted, "policy")};
}

// RFC 2986 4.1, RFC 5480 2.1.1.
Results csr_form(const CheckInput& input) {
  const std::string wanted = "a request as RFC 2986 has it: version 0, the attributes field even if it is empty, a key on a named curve";
  const LastRequest last = last_request(input, wanted);
  if (!last.csr) return last.otherwise;
  const auto decoded = codec::decode_certification_request(last.csr->der);
  const auto bad = std::find_if(decoded.findings.begin(), decoded.findings.end(), [](const est::Finding& finding) {
    return finding.severity == est::Severity::error || finding.id == "pkcs10.attributes.missing";
  });
  if (bad != decoded.findings.end()) return deviates(input, "In the request: " + bad->detail + " (" + bad->id + ").", wanted);
  const auto& algorithm = last.csr->key.algorithm;
  const bool named = !algorithm.parameters.empty() && algorithm.parameters.front() == 0x06;  // an OBJECT IDENTIFIER
  if (algorithm.algorithm == oids::ec_public_key && !named) return deviates(input, "The curve of the key is not named.", wanted);
  return {};
}

// RFC 9908 3.2 and 3.4.
Results csr_extension(const CheckInput& input) {
  const std::string id = text(input.parameters, "id");
  const std::string value = text(input.parameters, "value");
  const bool critical = flag(input.parameters, "critical");
  const std::string wanted = id + (value.empty() ? "" : " with the value the server gave") + (critical ? ", critical" : "");
  const LastRequest last = last_request(input, wanted);
  if (!last.csr) return last.otherwise;
  const auto oid = codec::oid_by_name(id);
  if (!oid) return {inconclusive(input, "No object identifier is called " + id + ".", wanted)};
  const auto extensions = codec::requested_extensions(*last.csr).value.value_or(std::vector<codec::Extension>{});
  const auto found = std::find_if(extensions.begin(), extensions.end(), [&](const auto& one) { return one.id == *oid; });
  if (found == extensions.end()) return deviates(input, "The request has no " + id + ".", wanted);
  if (!value.empty() && est::hex(found->value) != value)
    return deviates(input, "The " + id + " of the request has the value " + est::hex(found->value) + ".", wanted);
  if (critical && !found->critical) return deviates(input, "The " + id + " of the request is not critical.", wanted);
  if (*oid != oids::subject_alt_name) return {};
  const auto names = codec::requested_subject_alt_name(*last.csr);
  const bool open = names.empty() || std::any_of(names.begin(), names.end(), [](const auto& name) { return name.value.empty(); });
  return open ? deviates(input, "An alternative name was left empty.", wanted) : Results{};
}

// RFC 7894 3: PrintableString where possible, UTF8String otherwise.
Results csr_texts(const CheckInput& input) {
  const std::string wanted = "PrintableString where the characters allow it, UTF8String otherwise";
  const LastRequest last = last_request(input, wanted);
  if (!last.csr) return last.otherwise;
  bool any = false;
  for (const codec::Oid* type : {&oids::otp_challenge, &oids::revocation_challenge, &oids::est_identity_linking}) {
    const auto* attribute = last.csr->attribute(*type);
    if (attribute == nullptr || attribute->values.empty() || attribute->values.front().size() < 2) continue;
    any = true;
    const est::Bytes& value = attribute->values.front();
    const bool printable = codec::der::is_printable_string(est::as_text(est::BytesView(value).subspan(2)));
    const est::Byte tag = printable ? 0x13 : 0x0c;
    if (value.front() != tag)
      return deviates(input, "The value of " + type->name() + " has the tag " + std::to_string(value.front()) + ".", wanted);
  }
  if (!any) return {inconclusive(input, "The request has none of the attributes of RFC 7894.", wanted)};
  return {};
}

// RFC 7030 4.2.2: of a certificate shown in the handshake.
Results key_of_request(const CheckInput& input) {
  const bool same = text(input.parameters, "is") == "same";
  const std::string wanted = same ? "the key of the certificate that is renewed" : "another key than that of the certificate";
  const LastRequest last = last_request(input, wanted);
  if (!last.csr) return last.otherwise;
  const auto& tls = last.exchange->tls;
  if (!tls || tls->peer_chain.empty()) return {inconclusive(input, "The client showed no certificate.", wanted)};
  const auto certificate = codec::decode_certificate(tls->peer_chain.front());
  if (!certificate.value) return {inconclusive(input, "The client's certificate cannot be read.", wanted)};
  const bool is_same = certificate.value->spki == last.csr->key.der;
  if (is_same == same) return {};
  return deviates(input, is_same ? "The request is for the present key." : "The request is for another key.", wanted);
}

// RFC 6402 2.8.
Results change_of_name(const CheckInput& input) {
  const std::string subject = text(input.parameters, "subject");
  const std::string wanted = "ChangeSubjectName with the subject " + subject;
  const LastRequest last = last_request(input, wanted);
  if (!last.csr) return last.otherwise;
  const auto change = codec::change_subject_name(*last.csr);
  if (!change.value) return deviates(input, "The request has no ChangeSubjectName that can be read.", wanted);
  const std::string asked = change.value->subject ? change.value->subject->to_string() : std::string("none");
  return asked == subject ? Results{} : deviates(input, "The subject in ChangeSubjectName is " + asked + ".", wanted);
}

// RFC 7030 4.4.1: which key is to encrypt the new one, and how it may be done.
Results asks_for_encryption(const CheckInput& input) {
  const bool secret = text(input.parameters, "with") == "symmetric";
  const std::string attribute = secret ? "DecryptKeyIdentifier" : "AsymmetricDecryptKeyIdentifier";
  const std::string wanted = attribute + ", an OCTET STRING, beside SMIMECapabilities with what the client can decrypt";
  const LastRequest last = last_request(input, wanted);
  if (!last.csr) return last.otherwise;
  const auto named = secret ? codec::decrypt_key_identifier(*last.csr) : codec::asymmetric_decrypt_key_identifier(*last.csr);
  if (!named.value || est::has_errors(named.findings))
    return deviates(input, "The request has no " + attribute + " that can be read.", wanted);
  const auto capabilities = codec::smime_capabilities(*last.csr);
  if (!capabilities.value || est::has_errors(capabilities.findings) || capabilities.value->empty())
    return deviates(input, "The request has no SMIMECapabilities, or an empty list.", wanted);
  return {};
}

engine::Parameter of_operation() { return parameter("operation", ParameterType::text, "default: the one that was driven"); }

}  // namespace

void add_client_form_checks(engine::Vocabulary& vocabulary) {
  const auto about = of_operation();
  add(vocabulary,
      {"csr-form", "the last certification request has the form of RFC 2986, and its curve is named", {about}, csr_form, "operation"});
  add(vocabulary, {"csr-extension",
                   "the last certification request asks for an extension",
                   {about, required(parameter("id", ParameterType::text, "name or object identifier")),
                    parameter("value", ParameterType::text, "its content in hexadecimal; default any"),
                    parameter("critical", ParameterType::boolean, "true: it is critical (default: either)")},
                   csr_extension,
                   "id"});
  add(vocabulary, {"csr-texts", "the attributes of RFC 7894 have the string type it prefers", {about}, csr_texts, "operation"});
  add(vocabulary, {"key-of-request",
                   "whether a renewal keeps the key of the certificate shown",
                   {about, required(choice("is", {"same", "other"}, "same: renewed; other: rekeyed"))},
                   key_of_request,
                   "is"});
  add(vocabulary, {"change-of-name",
                   "the last certification request has a ChangeSubjectName",
                   {about, required(parameter("subject", ParameterType::text, "the subject in it, as RFC 4514 writes it"))},
                   change_of_name,
                   "subject"});
  add(vocabulary, {"asks-for-encryption",
                   "the last certification request names the key that is to encrypt the generated one",
                   {about, required(choice("with", {"symmetric", "key-transport", "key-agreement"}, "kind of that key"))},
                   asks_for_encryption,
                   "with"});
}

}  // namespace conformance::checks
