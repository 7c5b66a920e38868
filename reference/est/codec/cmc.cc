#include "est/codec/cmc.h"

#include <algorithm>
#include <set>
#include <utility>

#include "est/codec/der.h"

namespace est::codec {
namespace {

using der::Reader;
using der::Tlv;
namespace tags = der::tags;

constexpr std::int64_t largest_body_part = 4294967295;

const Control* first_of(const std::vector<Control>& controls, const Oid& type) {
  const auto found = std::find_if(controls.begin(), controls.end(), [&](const Control& c) { return c.type == type; });
  return found == controls.end() ? nullptr : &*found;
}

// Reads body part identifiers and watches that none stands twice (RFC 5272 3.2.2).
class BodyParts {
 public:
  std::optional<BodyPartId> read(Reader& from) {
    const std::size_t at = from.offset();
    const std::optional<std::int64_t> number = from.small_integer("bodyPartID");
    if (!number) return std::nullopt;
    if (*number < 0 || *number > largest_body_part) {
      from.report("cmc.body-part.range", Severity::error, at, "bodyPartID " + std::to_string(*number) + " is not 0 to 4294967295");
      return BodyPartId{0};
    }
    const auto id = static_cast<BodyPartId>(*number);
    if (id == 0) from.report("cmc.body-part.zero", Severity::error, at, "bodyPartID 0 stands for the message itself");
    if (id != 0 && !seen_.insert(id).second)
      from.report("cmc.body-part.duplicate", Severity::error, at, "bodyPartID " + std::to_string(id) + " is there twice");
    return id;
  }

 private:
  std::set<BodyPartId> seen_;
};

std::optional<Control> read_control(Reader& from, BodyParts& parts) {
  Control control;
  control.offset = from.offset();
  Reader fields = from.enter(tags::sequence, "TaggedAttribute");
  const std::optional<BodyPartId> id = parts.read(fields);
  std::optional<Oid> type = fields.oid("attrType");
  Reader values = fields.enter(tags::set, "attrValues");
  while (!values.at_end())
    if (const std::optional<Tlv> value = values.any("AttributeValue")) control.values.push_back(to_bytes(value->whole));
  fields.finish("TaggedAttribute");
  if (!id || !type || fields.failed() || values.failed()) return std::nullopt;
  control.id = *id;
  control.type = std::move(*type);
  if (control.values.empty()) fields.report("cmc.control.no-values", Severity::error, control.offset, "attrValues is empty");
  return control;
}

// TaggedContentInfo ::= SEQUENCE { bodyPartID, contentInfo ContentInfo }
std::optional<TaggedContent> read_content(Reader& from, BodyParts& parts) {
  Reader fields = from.enter(tags::sequence, "TaggedContentInfo");
  const std::optional<BodyPartId> id = parts.read(fields);
  const std::optional<Tlv> content = fields.expect(tags::sequence, "contentInfo");
  fields.finish("TaggedContentInfo");
  if (!id || !content || fields.failed()) return std::nullopt;
  return TaggedContent{*id, to_bytes(content->whole)};
}

// OtherMsg ::= SEQUENCE { bodyPartID, otherMsgType OBJECT IDENTIFIER, otherMsgValue ANY }
std::optional<OtherMessage> read_other(Reader& from, BodyParts& parts) {
  Reader fields = from.enter(tags::sequence, "OtherMsg");
  const std::optional<BodyPartId> id = parts.read(fields);
  std::optional<Oid> type = fields.oid("otherMsgType");
  const std::optional<Tlv> value = fields.any("otherMsgValue");
  fields.finish("OtherMsg");
  if (!id || !type || !value || fields.failed()) return std::nullopt;
  return OtherMessage{*id, std::move(*type), to_bytes(value->whole)};
}

// SEQUENCE OF what `read` reads. False on failure.
template <class T, class Read>
bool read_list(Reader& from, std::string_view what, std::vector<T>& items, Read read) {
  Reader list = from.enter(tags::sequence, what);
  while (!list.at_end()) {
    std::optional<T> item = read(list);
    if (!item) return false;
    items.push_back(std::move(*item));
  }
  return !list.failed();
}

// --- CRMF

// Name is a CHOICE, so its tag is EXPLICIT although the module's tags are IMPLICIT (X.680 31.2.7).
bool read_subject(Reader& fields, CertTemplate& certificate) {
  const std::optional<Tlv> tagged = fields.optional(tags::context(5, true), "subject");
  if (!tagged) return !fields.failed();
  Reader inside = fields.inside(*tagged);
  certificate.subject = read_name(inside, "subject");
  inside.finish("subject");
  return certificate.subject.has_value();
}

// [number] IMPLICIT of a SEQUENCE, put back under its own tag so that its reader can be used. `base` places its findings.
template <class Read>
bool read_implicit(Reader& fields, std::uint32_t number, std::string_view what, Read read) {
  const std::optional<Tlv> tagged = fields.optional(tags::context(number, true), what);
  if (!tagged) return !fields.failed();
  Bytes whole = to_bytes(tagged->whole);
  whole.front() = 0x30;
  Reader again(whole, fields.findings(), {}, tagged->offset);
  return read(again);
}

// CertTemplate ::= SEQUENCE { [0] to [9], all OPTIONAL }
bool read_template(Reader& from, CertTemplate& certificate) {
  Reader fields = from.enter(tags::sequence, "certTemplate");
  // version, serialNumber; signingAlg, issuer, validity: suggestions that no CA has to follow.
  for (const std::uint32_t number : {0U, 1U}) (void)fields.optional(tags::context(number, false), "certTemplate");
  for (const std::uint32_t number : {2U, 3U, 4U}) (void)fields.optional(tags::context(number, true), "certTemplate");
  if (!read_subject(fields, certificate)) return false;
  const bool key = read_implicit(fields, 6, "publicKey", [&](Reader& in) {
    certificate.key = read_public_key_info(in, "publicKey");
    return certificate.key.has_value();
  });
  for (const std::uint32_t number : {7U, 8U}) {
    const std::optional<Tlv> unique = fields.optional(tags::context(number, false), "uniqueIdentifier");
    if (unique && !fields.bit_string_in(*unique, "uniqueIdentifier")) return false;
  }
  const bool extensions = read_implicit(fields, 9, "extensions", [&](Reader& in) {
    auto read = read_extensions(in, "extensions");
    if (read) certificate.extensions = std::move(*read);
    return read.has_value();
  });
  fields.finish("certTemplate");
  return key && extensions && !fields.failed();
}

// Controls ::= SEQUENCE OF AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
bool read_crmf_controls(Reader& from, std::vector<Attribute>& controls) {
  const std::optional<Tlv> whole = from.optional(tags::sequence, "controls");
  if (!whole) return !from.failed();
  Reader list = from.inside(*whole);
  while (!list.at_end()) {
    Attribute control;
    control.offset = list.offset();
    Reader fields = list.enter(tags::sequence, "AttributeTypeAndValue");
    std::optional<Oid> type = fields.oid("type");
    control.values_offset = fields.offset();
    const std::optional<Tlv> value = fields.any("value");
    fields.finish("AttributeTypeAndValue");
    if (!type || !value || fields.failed()) return false;
    control.type = std::move(*type);
    control.values = {to_bytes(value->whole)};
    controls.push_back(std::move(control));
  }
  return !list.failed();
}

// CertRequest ::= SEQUENCE { certReqId INTEGER, certTemplate CertTemplate, controls Controls OPTIONAL }
bool read_cert_request(Reader& from, CrmfRequest& request, BodyParts& parts) {
  const std::optional<Tlv> whole = from.expect(tags::sequence, "certReq");
  if (!whole) return false;
  request.cert_request = to_bytes(whole->whole);
  Reader fields = from.inside(*whole);
  const std::optional<BodyPartId> id = parts.read(fields);
  if (!id || !read_template(fields, request.certificate) || !read_crmf_controls(fields, request.controls)) return false;
  fields.finish("certReq");
  request.id = *id;
  if (!request.certificate.subject)
    from.report("cmc.crmf.no-subject", Severity::error, whole->offset, "the template has no subject, not even an empty one");
  if (!request.certificate.key) from.report("cmc.crmf.no-public-key", Severity::error, whole->offset, "the template has no publicKey");
  return !fields.failed();
}

// POPOSigningKey ::= SEQUENCE { poposkInput [0] OPTIONAL, algorithmIdentifier, signature BIT STRING }, as [1] IMPLICIT
bool read_signature_proof(Reader& from, const Tlv& tagged, CrmfRequest& request) {
  Reader fields = from.inside(tagged);
  if (const std::optional<Tlv> input = fields.optional(tags::context(0, true), "poposkInput"))
    fields.report("cmc.crmf.poposk-input", Severity::error, input->offset, "POPOSigningKeyInput must not be used");
  std::optional<AlgorithmIdentifier> algorithm = read_algorithm(fields, "algorithmIdentifier");
  const std::size_t at = fields.offset();
  const std::optional<Reader::BitString> signature = fields.bit_string("signature");
  fields.finish("POPOSigningKey");
  if (!algorithm || !signature || fields.failed()) return false;
  if (signature->unused != 0) fields.report("cmc.crmf.signature", Severity::error, at, "signature is not whole octets");
  request.proof = PossessionProof::signature;
  request.signature_algorithm = std::move(*algorithm);
  request.signature = to_bytes(signature->bits);
  return true;
}

// ProofOfPossession ::= CHOICE { raVerified [0] NULL, signature [1], keyEncipherment [2], keyAgreement [3] }
bool read_proof(Reader& fields, CrmfRequest& request) {
  const std::optional<der::Tag> next = fields.peek();
  if (!next || next->cls != der::Class::context) return !fields.failed();
  const std::optional<Tlv> proof = fields.any("popo");
  if (!proof) return false;
  if (proof->tag == tags::context(1, true)) return read_signature_proof(fields, *proof, request);
  request.proof = proof->tag == tags::context(0, false) ? PossessionProof::ra_verified : PossessionProof::other;
  return true;
}

std::optional<CrmfRequest> read_crmf(Reader& fields, BodyParts& parts) {
  CrmfRequest request;
  if (!read_cert_request(fields, request, parts) || !read_proof(fields, request)) return std::nullopt;
  if (const std::optional<Tlv> info = fields.optional(tags::sequence, "regInfo"))
    fields.report("cmc.crmf.reg-info", Severity::error, info->offset, "regInfo must not be used");
  fields.finish("CertReqMsg");
  if (fields.failed()) return std::nullopt;
  return request;
}

// --- Requests

// TaggedCertificationRequest ::= SEQUENCE { bodyPartID, certificationRequest CertificationRequest }
bool read_pkcs10(Reader& fields, TaggedRequest& request, BodyParts& parts) {
  const std::optional<BodyPartId> id = parts.read(fields);
  const std::optional<Tlv> whole = fields.expect(tags::sequence, "certificationRequest");
  fields.finish("TaggedCertificationRequest");
  if (!id || !whole || fields.failed()) return false;
  request.id = *id;
  Decoded<CertificationRequest> decoded = decode_certification_request(whole->whole);
  request.pkcs10 = std::move(decoded.value);
  request.findings = std::move(decoded.findings);
  for (Finding& finding : request.findings) finding.offset += whole->offset;
  return true;
}

bool read_other_request(Reader& fields, TaggedRequest& request, BodyParts& parts) {
  const std::optional<BodyPartId> id = parts.read(fields);
  std::optional<Oid> type = fields.oid("requestMessageType");
  const bool value = fields.any("requestMessageValue").has_value();
  fields.finish("orm");
  if (!id || !type || !value || fields.failed()) return false;
  request.id = *id;
  request.other_type = std::move(*type);
  return true;
}

// What is wrong with the request alone goes to its own list; what breaks the message to the message's.
bool read_crmf_request(const Tlv& tagged, Reader& list, TaggedRequest& request, BodyParts& parts) {
  Reader fields = list.inside(tagged);
  const std::size_t before = list.findings().size();
  request.crmf = read_crmf(fields, parts);
  if (!request.crmf) return false;
  request.id = request.crmf->id;
  Findings& all = list.findings();
  const auto own = [](const Finding& finding) { return !finding.id.starts_with("cmc.crmf.") && !finding.id.starts_with("x509."); };
  const auto split = std::stable_partition(all.begin() + static_cast<std::ptrdiff_t>(before), all.end(), own);
  request.findings.assign(split, all.end());
  all.erase(split, all.end());
  return true;
}

std::optional<TaggedRequest> read_request(Reader& list, BodyParts& parts) {
  const std::optional<Tlv> tagged = list.any("TaggedRequest");
  if (!tagged) return std::nullopt;
  TaggedRequest request;
  Reader fields = list.inside(*tagged);
  if (tagged->tag == tags::context(0, true) && read_pkcs10(fields, request, parts)) return request;
  if (tagged->tag == tags::context(1, true) && read_crmf_request(*tagged, list, request, parts)) return request;
  if (tagged->tag == tags::context(2, true) && read_other_request(fields, request, parts)) return request;
  if (tagged->tag.cls != der::Class::context || !tagged->tag.constructed || tagged->tag.number > 2)
    list.report("der.tag.unexpected", Severity::error, tagged->offset,
                "TaggedRequest is [0], [1] or [2], not " + der::to_string(tagged->tag));
  return std::nullopt;
}

// PKIData ::= SEQUENCE { controlSequence, reqSequence, cmsSequence, otherMsgSequence }
std::optional<PkiData> read_pki_data(Reader& from) {
  Reader fields = from.enter(tags::sequence, "PKIData");
  PkiData data;
  BodyParts parts;
  if (!read_list(fields, "controlSequence", data.controls, [&](Reader& r) { return read_control(r, parts); })) return std::nullopt;
  Findings ignored;
  if (const std::optional<Tlv> requests = fields.scout(ignored).any("reqSequence")) data.request_sequence = to_bytes(requests->whole);
  const bool whole = read_list(fields, "reqSequence", data.requests, [&](Reader& r) { return read_request(r, parts); }) &&
                     read_list(fields, "cmsSequence", data.contents, [&](Reader& r) { return read_content(r, parts); }) &&
                     read_list(fields, "otherMsgSequence", data.others, [&](Reader& r) { return read_other(r, parts); });
  fields.finish("PKIData");
  if (!whole || fields.failed()) return std::nullopt;
  return data;
}

// PKIResponse ::= SEQUENCE { controlSequence, cmsSequence, otherMsgSequence }
std::optional<PkiResponse> read_pki_response(Reader& from) {
  Reader fields = from.enter(tags::sequence, "PKIResponse");
  PkiResponse response;
  BodyParts parts;
  const bool whole = read_list(fields, "controlSequence", response.controls, [&](Reader& r) { return read_control(r, parts); }) &&
                     read_list(fields, "cmsSequence", response.contents, [&](Reader& r) { return read_content(r, parts); }) &&
                     read_list(fields, "otherMsgSequence", response.others, [&](Reader& r) { return read_other(r, parts); });
  fields.finish("PKIResponse");
  if (!whole || fields.failed()) return std::nullopt;
  return response;
}

template <class T>
Decoded<T> placed(Decoded<T> decoded, std::size_t base) {
  for (Finding& finding : decoded.findings) finding.offset += base;
  return decoded;
}

// The content of a SEQUENCE under [number] IMPLICIT.
Bytes implicit(std::uint32_t number, BytesView sequence) {
  Bytes tagged = to_bytes(sequence);
  if (!tagged.empty()) tagged.front() = static_cast<Byte>(0xa0U | number);
  return tagged;
}

Bytes control_sequence(const std::vector<Control>& controls) {
  std::vector<Bytes> parts;
  for (const Control& control : controls) parts.push_back(encode(control));
  return der::sequence_of(parts);
}

}  // namespace

const Attribute* CrmfRequest::control(const Oid& type) const {
  const auto found = std::find_if(controls.begin(), controls.end(), [&](const Attribute& c) { return c.type == type; });
  return found == controls.end() ? nullptr : &*found;
}

const Control* PkiData::control(const Oid& type) const { return first_of(controls, type); }
const Control* PkiResponse::control(const Oid& type) const { return first_of(controls, type); }

Decoded<PkiData> decode_pki_data(BytesView der, std::size_t base) {
  Decoded<PkiData> decoded = placed(der::decode_whole(der, "PKIData", read_pki_data), base);
  if (decoded.value)
    for (TaggedRequest& request : decoded.value->requests)
      for (Finding& finding : request.findings) finding.offset += base;
  return decoded;
}

Decoded<PkiResponse> decode_pki_response(BytesView der, std::size_t base) {
  return placed(der::decode_whole(der, "PKIResponse", read_pki_response), base);
}

Bytes encode_body_part_id(BodyPartId id) { return der::integer(static_cast<std::int64_t>(id)); }

Bytes encode(const Control& control) {
  return der::sequence({encode_body_part_id(control.id), der::oid(control.type), der::set_of(control.values)});
}

Bytes encode_tagged_request(BodyPartId id, BytesView pkcs10) { return implicit(0, der::sequence({encode_body_part_id(id), pkcs10})); }

Bytes encode_cert_request(const CrmfSpec& spec) {
  const Bytes subject = spec.subject ? der::context(5, spec.subject->der.empty() ? der::sequence({}) : spec.subject->der) : Bytes{};
  const Bytes extensions = spec.extensions.empty() ? Bytes{} : implicit(9, encode_extensions(spec.extensions));
  const Bytes certificate = der::sequence({subject, implicit(6, spec.public_key_info), extensions});
  std::vector<Bytes> controls;
  for (const Attribute& control : spec.controls) controls.push_back(der::sequence({der::oid(control.type), control.values.front()}));
  return der::sequence({encode_body_part_id(spec.id), certificate, controls.empty() ? Bytes{} : der::sequence_of(controls)});
}

Bytes encode_crmf_request(BytesView cert_request, BytesView proof) { return implicit(1, der::sequence({cert_request, proof})); }

Bytes encode_signature_proof(const AlgorithmIdentifier& algorithm, BytesView signature) {
  return implicit(1, der::sequence({encode(algorithm), der::bit_string(signature)}));
}

Bytes encode_ra_verified_proof() { return der::context(0, {}, false); }

Bytes encode_request_sequence(const std::vector<Bytes>& requests) { return der::sequence_of(requests); }

Bytes encode_pki_data(const std::vector<Control>& controls, BytesView request_sequence) {
  return der::sequence({control_sequence(controls), request_sequence, der::sequence({}), der::sequence({})});
}

Bytes encode_pki_response(const std::vector<Control>& controls) {
  return der::sequence({control_sequence(controls), der::sequence({}), der::sequence({})});
}

namespace cmc_content {
const Oid& pki_data() {
  static const Oid oid("1.3.6.1.5.5.7.12.2");
  return oid;
}
const Oid& pki_response() {
  static const Oid oid("1.3.6.1.5.5.7.12.3");
  return oid;
}
}  // namespace cmc_content

}  // namespace est::codec
