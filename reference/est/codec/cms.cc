#include "est/codec/cms.h"

#include <optional>
#include <string>

#include "est/codec/cms_parts.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/codec/x509.h"

namespace est::codec {
namespace {

using der::Reader;
using der::Tlv;
namespace tags = der::tags;

// DigestAlgorithmIdentifiers and SignerInfos of a certs-only message are empty SETs.
bool read_no_signers(Reader& from) {
  const std::optional<Tlv> set = from.expect(tags::set, "signerInfos");
  if (!set) return false;
  if (!set->content.empty()) from.report("cms.signers", Severity::error, set->offset, "signerInfos is not empty");
  return true;
}

bool read_no_digests(Reader& from) {
  const std::size_t at = from.offset();
  Reader set = from.enter(tags::set, "digestAlgorithms");
  if (set.failed()) return false;
  if (!set.at_end()) from.report("cms.digest-algorithms", Severity::warning, at, "digestAlgorithms is not empty");
  while (!set.at_end())
    if (!read_algorithm(set, "digestAlgorithm")) return false;
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

// certificates [0] IMPLICIT CertificateSet OPTIONAL. False on failure.
bool read_certificates(Reader& from, CertsOnly& message, bool& others) {
  const std::size_t at = from.offset();
  if (const std::optional<Tlv> tagged = from.optional(tags::context(0, true), "certificates")) {
    std::optional<CmsBag> bag = read_cms_bag(from, *tagged, "certificate", "cms.certificate-choice");
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
  std::optional<CmsBag> bag = read_cms_bag(from, *tagged, "crl", "cms.crl-choice");
  if (!bag) return false;
  message.crls = std::move(bag->items);
  others = others || bag->others;
  return true;
}

// SignedData ::= SEQUENCE { version, digestAlgorithms, encapContentInfo, certificates [0], crls [1], signerInfos }
std::optional<CertsOnly> read_certs_only(Reader& from) {
  Reader fields = from.enter(tags::sequence, "SignedData");
  const std::size_t version_at = fields.offset();
  const std::optional<std::int64_t> version = fields.small_integer("version");
  const bool digests = read_no_digests(fields);
  const std::optional<Oid> content_type = read_encapsulated(fields);
  CertsOnly message;
  bool others = false;
  const bool bags = read_certificates(fields, message, others) && read_crls(fields, message, others);
  const bool signers = read_no_signers(fields);
  fields.finish("SignedData");
  if (!version || !digests || !content_type || !bags || !signers || fields.failed()) return std::nullopt;
  // Choices other than certificates are an error of their own, and each sets another version.
  const std::int64_t expected = *content_type == oids::data ? 1 : 3;
  if (!others && *version != expected)
    fields.report("cms.version", Severity::error, version_at,
                  "version is " + std::to_string(*version) + ", not " + std::to_string(expected));
  return message;
}

}  // namespace

Decoded<CertsOnly> decode_certs_only(BytesView der) {
  return der::decode_whole(der, "ContentInfo", [](Reader& from) { return read_content_info(from, oids::signed_data, read_certs_only); });
}

Bytes encode_certs_only(const std::vector<Bytes>& certificates, const std::vector<Bytes>& crls) {
  const Bytes empty_set = der::set_of({});
  const Bytes crl_bag = crls.empty() ? Bytes{} : tagged_set(1, crls);
  const Bytes signed_data =
      der::sequence({der::integer(1), empty_set, der::sequence({der::oid(oids::data)}), tagged_set(0, certificates), crl_bag, empty_set});
  return der::sequence({der::oid(oids::signed_data), der::context(0, signed_data)});
}

}  // namespace est::codec
