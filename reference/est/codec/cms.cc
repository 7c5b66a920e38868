#include "est/codec/cms.h"

#include <algorithm>
#include <optional>
#include <string>

#include "est/codec/der.h"
#include "est/codec/oid.h"

namespace est::codec {
namespace {

using der::Reader;
using der::Tlv;
namespace tags = der::tags;

// DigestAlgorithmIdentifiers and SignerInfos of a certs-only message are empty SETs.
bool read_empty_set(Reader& from, std::string_view what, std::string_view id, Severity severity) {
  const std::optional<Tlv> set = from.expect(tags::set, what);
  if (!set) return false;
  if (!set->content.empty()) from.report(id, severity, set->offset, std::string(what) + " is not empty");
  return true;
}

// EncapsulatedContentInfo ::= SEQUENCE { eContentType OBJECT IDENTIFIER, eContent [0] EXPLICIT OCTET STRING OPTIONAL }
// RFC 5652 5.2: without signers the type is id-data and the content is left out.
std::optional<Oid> read_encapsulated(Reader& from) {
  Reader fields = from.enter(tags::sequence, "encapContentInfo");
  const std::size_t type_at = fields.offset();
  std::optional<Oid> type = fields.oid("eContentType");
  if (const std::optional<Tlv> content = fields.optional(tags::context(0, true), "eContent"))
    fields.report("cms.encap-content", Severity::error, content->offset, "eContent is present");
  fields.finish("encapContentInfo");
  if (!type || fields.failed()) return std::nullopt;
  if (*type != oids::data)
    fields.report("cms.encap-content-type", Severity::error, type_at, "eContentType is " + type->name() + ", not id-data");
  return type;
}

// CertificateSet and RevocationInfoChoices: SET OF CHOICE, where a plain SEQUENCE is the X.509 form.
struct Bag {
  std::vector<Bytes> items;
  bool sorted = true;
  bool others = false;
};

std::optional<Bag> read_bag(Reader& from, const Tlv& tagged, std::string_view what, std::string_view choice_id) {
  Reader list = from.inside(tagged);
  Bag bag;
  BytesView previous;
  while (!list.at_end()) {
    const std::optional<Tlv> item = list.any(what);
    if (!item) return std::nullopt;
    bag.sorted = bag.sorted && !std::lexicographical_compare(item->whole.begin(), item->whole.end(), previous.begin(), previous.end());
    previous = item->whole;
    if (item->tag == tags::sequence) {
      bag.items.push_back(to_bytes(item->whole));
      continue;
    }
    bag.others = true;
    list.report(choice_id, Severity::error, item->offset, std::string(what) + ": " + der::to_string(item->tag) + " instead of a SEQUENCE");
  }
  if (list.failed()) return std::nullopt;
  return bag;
}

// certificates [0] IMPLICIT CertificateSet OPTIONAL. False on failure.
bool read_certificates(Reader& from, CertsOnly& message, bool& others) {
  const std::size_t at = from.offset();
  if (const std::optional<Tlv> tagged = from.optional(tags::context(0, true), "certificates")) {
    std::optional<Bag> bag = read_bag(from, *tagged, "certificate", "cms.certificate-choice");
    if (!bag) return false;
    if (!bag->sorted)
      from.report("cms.certificates.order", Severity::warning, tagged->offset, "certificates are not in the order of a SET OF");
    message.certificates = std::move(bag->items);
    others = bag->others;
  }
  if (message.certificates.empty() && !from.failed()) from.report("cms.no-certificates", Severity::error, at, "there is no certificate");
  return !from.failed();
}

// crls [1] IMPLICIT RevocationInfoChoices OPTIONAL. False on failure.
bool read_crls(Reader& from, CertsOnly& message, bool& others) {
  const std::optional<Tlv> tagged = from.optional(tags::context(1, true), "crls");
  if (!tagged) return !from.failed();
  from.report("cms.crls", Severity::note, tagged->offset, "the message carries CRLs, which RFC 5272 4.1 permits");
  std::optional<Bag> bag = read_bag(from, *tagged, "crl", "cms.crl-choice");
  if (!bag) return false;
  message.crls = std::move(bag->items);
  others = others || bag->others;
  return true;
}

// SignedData ::= SEQUENCE { version, digestAlgorithms, encapContentInfo, certificates [0], crls [1], signerInfos }
std::optional<CertsOnly> read_signed_data(Reader& from) {
  Reader fields = from.enter(tags::sequence, "SignedData");
  const std::size_t version_at = fields.offset();
  const std::optional<std::int64_t> version = fields.small_integer("version");
  const bool digests = read_empty_set(fields, "digestAlgorithms", "cms.digest-algorithms", Severity::warning);
  const std::optional<Oid> content_type = read_encapsulated(fields);
  CertsOnly message;
  bool others = false;
  const bool bags = read_certificates(fields, message, others) && read_crls(fields, message, others);
  const bool signers = read_empty_set(fields, "signerInfos", "cms.signers", Severity::error);
  fields.finish("SignedData");
  if (!version || !digests || !content_type || !bags || !signers || fields.failed()) return std::nullopt;
  // Choices other than certificates are an error of their own, and each sets another version.
  const std::int64_t expected = *content_type == oids::data ? 1 : 3;
  if (!others && *version != expected)
    fields.report("cms.version", Severity::error, version_at,
                  "version is " + std::to_string(*version) + ", not " + std::to_string(expected));
  return message;
}

// ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY DEFINED BY contentType }
std::optional<CertsOnly> read_content_info(Reader& from) {
  Reader fields = from.enter(tags::sequence, "ContentInfo");
  const std::size_t type_at = fields.offset();
  const std::optional<der::Tag> first = fields.peek();
  if (first && *first != tags::oid) {
    fields.report("cms.content-info", Severity::error, type_at, "no ContentInfo, which starts with an OBJECT IDENTIFIER");
    return std::nullopt;
  }
  const std::optional<Oid> type = fields.oid("contentType");
  if (!type) return std::nullopt;
  if (*type != oids::signed_data) {
    fields.report("cms.content-type", Severity::error, type_at, "contentType is " + type->name() + ", not id-signedData");
    return std::nullopt;
  }
  Reader content = fields.enter(tags::context(0, true), "content");
  std::optional<CertsOnly> message = read_signed_data(content);
  content.finish("content");
  fields.finish("ContentInfo");
  return message;
}

Bytes tagged_set(std::uint32_t number, std::vector<Bytes> items) {
  std::sort(items.begin(), items.end());
  Bytes all;
  for (const Bytes& item : items) append(all, item);
  return der::context(number, all);
}

}  // namespace

Decoded<CertsOnly> decode_certs_only(BytesView der) { return der::decode_whole(der, "ContentInfo", read_content_info); }

Bytes encode_certs_only(const std::vector<Bytes>& certificates, const std::vector<Bytes>& crls) {
  const Bytes empty_set = der::set_of({});
  const Bytes crl_bag = crls.empty() ? Bytes{} : tagged_set(1, crls);
  const Bytes signed_data =
      der::sequence({der::integer(1), empty_set, der::sequence({der::oid(oids::data)}), tagged_set(0, certificates), crl_bag, empty_set});
  return der::sequence({der::oid(oids::signed_data), der::context(0, signed_data)});
}

}  // namespace est::codec
