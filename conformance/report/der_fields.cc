#include "conformance/report/der_fields.h"

#include <algorithm>
#include <array>
#include <vector>

namespace conformance::report {
namespace {

namespace der = est::codec::der;
namespace tags = est::codec::der::tags;

// Names that other sources of the folder have for something else.
namespace shapes {

constexpr int boolean = 1, integer = 2, octet_string = 4, object_identifier = 6, utf8_string = 12, sequence = 16;

// RFC 5280
constexpr std::array<Field, 2> algorithm_parts{{{"algorithm"}, {"parameters"}}};
constexpr Fields algorithm{algorithm_parts};
constexpr std::array<Field, 2> key_parts{{{"algorithm", &algorithm}, {"subjectPublicKey"}}};
constexpr Fields key{key_parts};
constexpr std::array<Field, 2> validity_parts{{{"notBefore"}, {"notAfter"}}};
constexpr Fields validity{validity_parts};
constexpr std::array<Field, 3> extension_parts{
    {{"extnID"}, {.name = "critical", .universal = boolean}, {.name = "extnValue", .universal = octet_string, .typed = true}}};
constexpr Fields extension{extension_parts};
constexpr std::array<Field, 1> extension_list_parts{{{"Extension", &extension}}};
constexpr Fields extension_list{extension_list_parts, true};
constexpr std::array<Field, 1> extensions_parts{{{"Extensions", &extension_list}}};
constexpr Fields extensions{extensions_parts};
constexpr std::array<Field, 10> tbs_parts{{{.name = "version", .context = 0},
                                           {"serialNumber"},
                                           {"signature", &algorithm},
                                           {"issuer"},
                                           {"validity", &validity},
                                           {"subject"},
                                           {"subjectPublicKeyInfo", &key},
                                           {.name = "issuerUniqueID", .context = 1},
                                           {.name = "subjectUniqueID", .context = 2},
                                           {.name = "extensions", .of = &extensions, .context = 3}}};
constexpr Fields tbs{tbs_parts};
constexpr std::array<Field, 3> certificate_parts{{{"tbsCertificate", &tbs}, {"signatureAlgorithm", &algorithm}, {"signature"}}};
constexpr Fields certificate{certificate_parts};

constexpr std::array<Field, 9> name_parts{{{.name = "otherName", .context = 0},
                                           {.name = "rfc822Name", .context = 1, .text = true},
                                           {.name = "dNSName", .context = 2, .text = true},
                                           {.name = "x400Address", .context = 3},
                                           {.name = "directoryName", .context = 4},
                                           {.name = "ediPartyName", .context = 5},
                                           {.name = "uniformResourceIdentifier", .context = 6, .text = true},
                                           {.name = "iPAddress", .context = 7},
                                           {.name = "registeredID", .context = 8}}};
constexpr Fields general_names{name_parts, true};
constexpr std::array<Field, 1> alternative_parts{{{"GeneralNames", &general_names}}};
constexpr Fields alternative_name{alternative_parts};
constexpr std::array<Field, 2> constraint_parts{
    {{.name = "cA", .universal = boolean}, {.name = "pathLenConstraint", .universal = integer}}};
constexpr Fields constraints{constraint_parts};
constexpr std::array<Field, 1> basic_constraints_parts{{{"BasicConstraints", &constraints}}};
constexpr Fields basic_constraints{basic_constraints_parts};
constexpr std::array<Field, 3> authority_key_parts{{{.name = "keyIdentifier", .context = 0},
                                                    {.name = "authorityCertIssuer", .of = &general_names, .context = 1},
                                                    {.name = "authorityCertSerialNumber", .context = 2}}};
constexpr Fields authority_key{authority_key_parts};
constexpr std::array<Field, 1> authority_key_identifier_parts{{{"AuthorityKeyIdentifier", &authority_key}}};
constexpr Fields authority_key_identifier{authority_key_identifier_parts};

// RFC 2986, RFC 7030 4.5.2, RFC 9908
constexpr std::array<Field, 2> attribute_parts{{{"type"}, {.name = "values", .typed = true}}};
constexpr Fields attribute{attribute_parts};
constexpr std::array<Field, 1> attribute_list_parts{{{"Attribute", &attribute}}};
constexpr Fields attribute_list{attribute_list_parts, true};
constexpr std::array<Field, 4> request_info_parts{
    {{"version"}, {"subject"}, {"subjectPKInfo", &key}, {.name = "attributes", .of = &attribute_list, .context = 0}}};
constexpr Fields request_info{request_info_parts};
constexpr std::array<Field, 3> request_parts{
    {{"certificationRequestInfo", &request_info}, {"signatureAlgorithm", &algorithm}, {"signature"}}};
constexpr Fields request{request_parts};
constexpr std::array<Field, 2> csr_attribute_parts{{{.name = "oid", .universal = object_identifier}, {"attribute", &attribute}}};
constexpr Fields csr_attributes{csr_attribute_parts, true};
constexpr std::array<Field, 4> template_parts{{{"version"},
                                               {.name = "subject", .universal = sequence},
                                               {.name = "subjectPKInfo", .of = &key, .context = 0},
                                               {.name = "attributes", .of = &attribute_list, .context = 1}}};
constexpr Fields request_template{template_parts};
constexpr std::array<Field, 1> template_value_parts{{{"CertificationRequestInfoTemplate", &request_template}}};
constexpr Fields template_value{template_value_parts};
constexpr std::array<Field, 1> extension_template_parts{{{"ExtensionTemplate", &extension}}};
constexpr Fields extension_template_list{extension_template_parts, true};
constexpr std::array<Field, 1> extension_template_value_parts{{{"ExtensionReqTemplate", &extension_template_list}}};
constexpr Fields extension_template_value{extension_template_value_parts};

// RFC 5958
constexpr std::array<Field, 5> private_key_parts{{{"version"},
                                                  {"privateKeyAlgorithm", &algorithm},
                                                  {"privateKey"},
                                                  {.name = "attributes", .of = &attribute_list, .context = 0},
                                                  {.name = "publicKey", .context = 1}}};
constexpr Fields private_key{private_key_parts};

// RFC 5652
constexpr std::array<Field, 2> content_parts{{{"eContentType"}, {.name = "eContent", .context = 0, .typed = true}}};
constexpr Fields encapsulated{content_parts};
constexpr std::array<Field, 2> issuer_and_serial_parts{{{"issuer"}, {"serialNumber"}}};
constexpr Fields issuer_and_serial{issuer_and_serial_parts};
constexpr std::array<Field, 7> signer_parts{{{"version"},
                                             {"sid", &issuer_and_serial},
                                             {"digestAlgorithm", &algorithm},
                                             {.name = "signedAttrs", .of = &attribute_list, .context = 0},
                                             {"signatureAlgorithm", &algorithm},
                                             {"signature"},
                                             {.name = "unsignedAttrs", .of = &attribute_list, .context = 1}}};
constexpr Fields signer{signer_parts};
constexpr std::array<Field, 1> signers_parts{{{"SignerInfo", &signer}}};
constexpr Fields signers{signers_parts, true};
constexpr std::array<Field, 6> signed_parts{{{"version"},
                                             {"digestAlgorithms"},
                                             {"encapContentInfo", &encapsulated},
                                             {.name = "certificates", .context = 0},
                                             {.name = "crls", .context = 1},
                                             {"signerInfos", &signers}}};
constexpr Fields signed_data{signed_parts};
constexpr std::array<Field, 1> signed_content_parts{{{"SignedData", &signed_data}}};
constexpr Fields signed_content{signed_content_parts};

constexpr std::array<Field, 4> transport_parts{{{"version"}, {"rid"}, {"keyEncryptionAlgorithm", &algorithm}, {"encryptedKey"}}};
constexpr Fields key_transport{transport_parts};
constexpr std::array<Field, 5> agreement_parts{{{"version"},
                                                {.name = "originator", .context = 0},
                                                {.name = "ukm", .context = 1},
                                                {"keyEncryptionAlgorithm", &algorithm},
                                                {"recipientEncryptedKeys"}}};
constexpr Fields key_agreement{agreement_parts};
constexpr std::array<Field, 4> shared_key_parts{{{"version"}, {"kekid"}, {"keyEncryptionAlgorithm", &algorithm}, {"encryptedKey"}}};
constexpr Fields shared_key{shared_key_parts};
constexpr std::array<Field, 4> password_parts{{{"version"},
                                               {.name = "keyDerivationAlgorithm", .of = &algorithm, .context = 0},
                                               {"keyEncryptionAlgorithm", &algorithm},
                                               {"encryptedKey"}}};
constexpr Fields by_password{password_parts};
constexpr std::array<Field, 4> recipient_parts{{{.name = "ktri", .of = &key_transport, .universal = sequence},
                                                {.name = "kari", .of = &key_agreement, .context = 1},
                                                {.name = "kekri", .of = &shared_key, .context = 2},
                                                {.name = "pwri", .of = &by_password, .context = 3}}};
constexpr Fields recipients{recipient_parts, true};
constexpr std::array<Field, 3> encrypted_parts{
    {{"contentType"}, {"contentEncryptionAlgorithm", &algorithm}, {.name = "encryptedContent", .context = 0}}};
constexpr Fields encrypted{encrypted_parts};
constexpr std::array<Field, 5> enveloped_parts{{{"version"},
                                                {.name = "originatorInfo", .context = 0},
                                                {"recipientInfos", &recipients},
                                                {"encryptedContentInfo", &encrypted},
                                                {.name = "unprotectedAttrs", .of = &attribute_list, .context = 1}}};
constexpr Fields enveloped_data{enveloped_parts};
constexpr std::array<Field, 1> enveloped_content_parts{{{"EnvelopedData", &enveloped_data}}};
constexpr Fields enveloped_content{enveloped_content_parts};
constexpr std::array<Field, 2> message_parts{{{"contentType"}, {.name = "content", .context = 0, .typed = true}}};
constexpr Fields message{message_parts};

// RFC 5272
constexpr std::array<Field, 3> control_parts{{{"bodyPartID"}, {"attrType"}, {.name = "attrValues", .typed = true}}};
constexpr Fields control{control_parts};
constexpr std::array<Field, 1> controls_parts{{{"TaggedAttribute", &control}}};
constexpr Fields controls{controls_parts, true};
constexpr std::array<Field, 2> tagged_request_parts{{{"bodyPartID"}, {"certificationRequest", &request}}};
constexpr Fields tagged_request{tagged_request_parts};
constexpr std::array<Field, 3> certificate_message_parts{{{"certReq"}, {"popo"}, {.name = "regInfo", .universal = sequence}}};
constexpr Fields certificate_message{certificate_message_parts};
constexpr std::array<Field, 3> requests_parts{{{.name = "tcr", .of = &tagged_request, .context = 0},
                                               {.name = "crm", .of = &certificate_message, .context = 1},
                                               {.name = "orm", .context = 2}}};
constexpr Fields requests{requests_parts, true};
constexpr std::array<Field, 2> tagged_content_parts{{{"bodyPartID"}, {"contentInfo", &message}}};
constexpr Fields tagged_content{tagged_content_parts};
constexpr std::array<Field, 1> contents_parts{{{"TaggedContentInfo", &tagged_content}}};
constexpr Fields contents{contents_parts, true};
constexpr std::array<Field, 3> other_message_parts{{{"bodyPartID"}, {"otherMsgType"}, {"otherMsgValue"}}};
constexpr Fields other_message{other_message_parts};
constexpr std::array<Field, 1> other_messages_parts{{{"OtherMsg", &other_message}}};
constexpr Fields other_messages{other_messages_parts, true};
constexpr std::array<Field, 4> pki_data_parts{
    {{"controlSequence", &controls}, {"reqSequence", &requests}, {"cmsSequence", &contents}, {"otherMsgSequence", &other_messages}}};
constexpr Fields pki_data{pki_data_parts};
constexpr std::array<Field, 3> pki_response_parts{
    {{"controlSequence", &controls}, {"cmsSequence", &contents}, {"otherMsgSequence", &other_messages}}};
constexpr Fields pki_response{pki_response_parts};
constexpr std::array<Field, 1> pki_data_octets_parts{{{"PKIData", &pki_data}}};
constexpr Fields pki_data_octets{pki_data_octets_parts};
constexpr std::array<Field, 1> pki_data_content_parts{{{.of = &pki_data_octets}}};
constexpr Fields pki_data_content{pki_data_content_parts};
constexpr std::array<Field, 1> pki_response_octets_parts{{{"PKIResponse", &pki_response}}};
constexpr Fields pki_response_octets{pki_response_octets_parts};
constexpr std::array<Field, 1> pki_response_content_parts{{{.of = &pki_response_octets}}};
constexpr Fields pki_response_content{pki_response_content_parts};
constexpr std::array<Field, 4> status_parts{
    {{"cMCStatus"}, {"bodyList"}, {.name = "statusString", .universal = utf8_string}, {"otherInfo"}}};
constexpr Fields status{status_parts};
constexpr std::array<Field, 1> status_value_parts{{{"CMCStatusInfo", &status}}};
constexpr Fields status_value{status_value_parts};

}  // namespace shapes

struct Typed {
  std::string_view dotted;
  const Fields* fields;
};
constexpr std::array<Typed, 13> types{{
    {"1.2.840.113549.1.7.2", &shapes::signed_content},
    {"1.2.840.113549.1.7.3", &shapes::enveloped_content},
    {"1.2.840.113549.1.9.14", &shapes::extensions},                     // extensionRequest
    {"1.2.840.113549.1.9.16.2.61", &shapes::template_value},            // id-aa-certificationRequestInfoTemplate
    {"1.2.840.113549.1.9.16.2.62", &shapes::extension_template_value},  // id-aa-extensionReqTemplate
    {"1.3.6.1.5.5.7.12.2", &shapes::pki_data_content},
    {"1.3.6.1.5.5.7.12.3", &shapes::pki_response_content},
    {"1.3.6.1.5.5.7.7.1", &shapes::status_value},   // id-cmc-statusInfo
    {"1.3.6.1.5.5.7.7.25", &shapes::status_value},  // id-cmc-statusInfoV2
    {"2.5.29.17", &shapes::alternative_name},
    {"2.5.29.18", &shapes::alternative_name},
    {"2.5.29.19", &shapes::basic_constraints},
    {"2.5.29.35", &shapes::authority_key_identifier},
}};

// The tags of the first elements inside.
std::vector<der::Tag> tags_inside(const der::Tlv& tlv) {
  std::vector<der::Tag> found;
  est::Findings ignored;
  der::Reader inside(tlv.content, ignored);
  while (found.size() < 5 && !inside.at_end()) {
    const auto next = inside.any("element");
    if (!next) break;
    found.push_back(next->tag);
  }
  return found;
}

bool is_attribute(const der::Tlv& tlv) {
  return tlv.tag == tags::sequence && tags_inside(tlv) == std::vector<der::Tag>{tags::oid, tags::set};
}

// SEQUENCE OF AttrOrOID (RFC 8951 3.4), which holds nothing else.
bool is_csr_attributes(const der::Tlv& tlv) {
  est::Findings ignored;
  der::Reader inside(tlv.content, ignored);
  while (!inside.at_end()) {
    const auto next = inside.any("element");
    if (!next || (next->tag != tags::oid && !is_attribute(*next))) return false;
  }
  return tlv.tag == tags::sequence && !tlv.content.empty();
}

}  // namespace

bool Field::fits(const der::Tag& tag) const {
  if (context >= 0) return tag.cls == der::Class::context && tag.number == static_cast<std::uint32_t>(context);
  return universal < 0 || (tag.cls == der::Class::universal && tag.number == static_cast<std::uint32_t>(universal));
}

const Fields* fields_of_type(std::string_view dotted) {
  const auto* found = std::find_if(types.begin(), types.end(), [&](const Typed& one) { return one.dotted == dotted; });
  return found == types.end() ? nullptr : found->fields;
}

Kind kind_of(const der::Tlv& tlv) {
  if (tlv.tag != tags::sequence) return {};
  const auto outer = tags_inside(tlv);
  if (outer.size() == 2 && outer[0] == tags::oid && outer[1] == tags::context(0, true)) return {"ContentInfo", &shapes::message};
  if (outer.size() >= 3 && outer[0] == tags::integer && outer[1] == tags::sequence && outer[2] == tags::octet_string)
    return {"OneAsymmetricKey", &shapes::private_key};
  if (outer.size() != 3 || outer[0] != tags::sequence || outer[1] != tags::sequence || outer[2] != tags::bit_string) return {};
  est::Findings ignored;
  der::Reader inside(tlv.content, ignored);
  const auto signed_part = inside.any("signed part");
  const auto inner = signed_part ? tags_inside(*signed_part) : std::vector<der::Tag>();
  if (inner.size() == 4 && inner[0] == tags::integer && inner[3] == tags::context(0, true))
    return {"CertificationRequest", &shapes::request};
  if (inner.size() == 5 && (inner[0] == tags::context(0, true) || inner[0] == tags::integer)) return {"Certificate", &shapes::certificate};
  return {};
}

Kind kind_of_message(const der::Tlv& tlv) {
  const Kind kind = kind_of(tlv);
  return kind.name.empty() && is_csr_attributes(tlv) ? Kind{"CsrAttrs", &shapes::csr_attributes} : kind;
}

}  // namespace conformance::report
