#include "est/codec/cmc_controls.h"

#include <algorithm>
#include <array>
#include <utility>

#include "est/codec/der.h"

namespace est::codec {

namespace cmc_oids {
namespace {
Oid id_cmc(int number) { return Oid("1.3.6.1.5.5.7.7." + std::to_string(number)); }
}  // namespace
const Oid status_info = id_cmc(1), identification = id_cmc(2), identity_proof = id_cmc(3), data_return = id_cmc(4),
          transaction_id = id_cmc(5), sender_nonce = id_cmc(6), recipient_nonce = id_cmc(7), add_extensions = id_cmc(8);
const Oid encrypted_pop = id_cmc(9), decrypted_pop = id_cmc(10), ra_pop_witness = id_cmc(11), get_cert = id_cmc(15), get_crl = id_cmc(16),
          revoke_request = id_cmc(17), reg_info = id_cmc(18), response_info = id_cmc(19), query_pending = id_cmc(21);
const Oid pop_link_random = id_cmc(22), pop_link_witness = id_cmc(23), confirm_cert_acceptance = id_cmc(24), status_info_v2 = id_cmc(25),
          trusted_anchors = id_cmc(26), auth_data = id_cmc(27), batch_requests = id_cmc(28);
const Oid batch_responses = id_cmc(29), publish_cert = id_cmc(30), mod_cert_template = id_cmc(31), control_processed = id_cmc(32);
const Oid identity_proof_v2 = id_cmc(34), pop_link_witness_v2 = id_cmc(33);
const Oid ra_identity_witness = id_cmc(35), response_body = id_cmc(37);
const Oid hmac_sha1("1.3.6.1.5.5.8.1.2"), hmac_sha256("1.2.840.113549.2.9");
}  // namespace cmc_oids

namespace {

using der::Reader;
using der::Tlv;
namespace tags = der::tags;

struct NamedControl {
  const Oid* oid;
  std::string_view name;
};

constexpr std::array control_names = {
    NamedControl{&cmc_oids::status_info, "statusInfo"},
    NamedControl{&cmc_oids::identification, "identification"},
    NamedControl{&cmc_oids::identity_proof, "identityProof"},
    NamedControl{&cmc_oids::data_return, "dataReturn"},
    NamedControl{&cmc_oids::transaction_id, "transactionId"},
    NamedControl{&cmc_oids::sender_nonce, "senderNonce"},
    NamedControl{&cmc_oids::recipient_nonce, "recipientNonce"},
    NamedControl{&cmc_oids::ra_pop_witness, "lraPOPWitness"},
    NamedControl{&cmc_oids::query_pending, "queryPending"},
    NamedControl{&cmc_oids::pop_link_random, "popLinkRandom"},
    NamedControl{&cmc_oids::pop_link_witness, "popLinkWitness"},
    NamedControl{&cmc_oids::status_info_v2, "statusInfoV2"},
    NamedControl{&cmc_oids::trusted_anchors, "trustedAnchors"},
    NamedControl{&cmc_oids::control_processed, "controlProcessed"},
    NamedControl{&cmc_oids::identity_proof_v2, "identityProofV2"},
    NamedControl{&cmc_oids::pop_link_witness_v2, "popLinkWitnessV2"},
    NamedControl{&cmc_oids::ra_identity_witness, "raIdentityWitness"},
    NamedControl{&cmc_oids::response_body, "responseBody"},
};

constexpr std::array<std::string_view, 14> fail_infos = {"badAlg",         "badMessageCheck", "badRequest",  "badTime",     "badCertId",
                                                         "unsupportedExt", "mustArchiveKeys", "badIdentity", "popRequired", "popFailed",
                                                         "noKeyReuse",     "internalCAError", "tryLater",    "authDataFail"};
constexpr std::array<std::string_view, 8> statuses = {"success",   "reserved (1)",    "failed",      "pending",
                                                      "noSupport", "confirmRequired", "popRequired", "partial"};

// What `read` makes of a control's one value.
template <class T, class Read>
Decoded<T> single(const Control& control, Read read) {
  Decoded<T> decoded;
  if (control.values.size() != 1) {
    der::report(decoded.findings, "cmc.control.single-value", Severity::error, 0, control_name(control.type) + " must have one value");
    return decoded;
  }
  return der::decode_whole(control.values.front(), control_name(control.type), read);
}

std::optional<BodyPartId> read_body_part(Reader& from) {
  const std::size_t at = from.offset();
  const std::optional<std::int64_t> number = from.small_integer("bodyPartID");
  if (!number) return std::nullopt;
  if (*number >= 0 && *number <= 4294967295) return static_cast<BodyPartId>(*number);
  from.report("cmc.body-part.range", Severity::error, at, "bodyPartID is not 0 to 4294967295");
  return std::nullopt;
}

std::optional<std::vector<BodyPartId>> read_body_parts(Reader& from) {
  Reader list = from.enter(tags::sequence, "bodyIds");
  std::vector<BodyPartId> ids;
  while (!list.at_end()) {
    const std::optional<BodyPartId> id = read_body_part(list);
    if (!id) return std::nullopt;
    ids.push_back(*id);
  }
  if (list.failed()) return std::nullopt;
  return ids;
}

// BodyPartReference ::= CHOICE { bodyPartID, bodyPartPath SEQUENCE OF BodyPartID }
std::optional<std::vector<BodyPartId>> read_reference(Reader& from) {
  if (from.peek() == tags::sequence) return read_body_parts(from);
  const std::optional<BodyPartId> id = read_body_part(from);
  if (!id) return std::nullopt;
  return std::vector<BodyPartId>{*id};
}

std::optional<std::vector<std::vector<BodyPartId>>> read_references(Reader& from) {
  Reader list = from.enter(tags::sequence, "bodyList");
  std::vector<std::vector<BodyPartId>> all;
  while (!list.at_end()) {
    auto reference = read_reference(list);
    if (!reference) return std::nullopt;
    all.push_back(std::move(*reference));
  }
  if (list.failed()) return std::nullopt;
  return all;
}

// otherInfo: failInfo INTEGER, pendInfo SEQUENCE { OCTET STRING, GeneralizedTime }, extendedFailInfo SEQUENCE { OID, ANY }, which the text
// leaves untagged and the module tags [1].
bool read_other_info(Reader& fields, StatusInfo& info) {
  const std::optional<der::Tag> next = fields.peek();
  if (!next) return !fields.failed();
  if (*next == tags::integer) {
    info.fail_info = fields.small_integer("failInfo");
    return info.fail_info.has_value();
  }
  const std::optional<Tlv> other = fields.any("otherInfo");
  if (!other) return false;
  if (!other->tag.constructed) {
    fields.report("der.tag.unexpected", Severity::error, other->offset, "otherInfo is " + der::to_string(other->tag));
    return false;
  }
  const std::optional<der::Tag> first = fields.inside(*other).peek();
  info.extended_fail_info = other->tag == tags::context(1, true) || first == tags::oid;
  info.pending_info = !info.extended_fail_info;
  return true;
}

std::optional<StatusInfo> read_status(Reader& from) {
  Reader fields = from.enter(tags::sequence, "CMCStatusInfo");
  StatusInfo info;
  const std::optional<std::int64_t> status = fields.small_integer("cMCStatus");
  auto references = read_references(fields);
  if (!status || !references) return std::nullopt;
  info.status = *status;
  info.body_list = std::move(*references);
  if (const std::optional<Tlv> text = fields.optional(tags::utf8_string, "statusString"))
    info.text = der::string_value(*text, fields.findings());
  if (!read_other_info(fields, info)) return std::nullopt;
  fields.finish("CMCStatusInfo");
  if (fields.failed()) return std::nullopt;
  return info;
}

std::optional<WitnessV2> read_witness(Reader& from) {
  Reader fields = from.enter(tags::sequence, "witness");
  std::optional<AlgorithmIdentifier> key = read_algorithm(fields, "keyGenAlgorithm");
  std::optional<AlgorithmIdentifier> mac = read_algorithm(fields, "macAlgorithm");
  const std::optional<BytesView> witness = fields.octet_string("witness");
  fields.finish("witness");
  if (!key || !mac || !witness || fields.failed()) return std::nullopt;
  return WitnessV2{std::move(*key), std::move(*mac), to_bytes(*witness)};
}

std::optional<Bytes> read_octet_string(Reader& from) {
  const std::optional<BytesView> octets = from.octet_string("OCTET STRING");
  if (!octets) return std::nullopt;
  return to_bytes(*octets);
}

Bytes body_parts(const std::vector<BodyPartId>& ids) {
  std::vector<Bytes> parts;
  for (const BodyPartId id : ids) parts.push_back(encode_body_part_id(id));
  return der::sequence_of(parts);
}

}  // namespace

std::string control_name(const Oid& type) {
  const auto* found = std::find_if(control_names.begin(), control_names.end(), [&](const NamedControl& row) { return *row.oid == type; });
  return found == control_names.end() ? type.dotted() : std::string(found->name);
}

std::string fail_info_name(std::int64_t value) {
  if (value >= 0 && value < static_cast<std::int64_t>(fail_infos.size()))
    return std::string(fail_infos.at(static_cast<std::size_t>(value)));
  return std::to_string(value);
}

std::string to_string(CmcFailInfo info) { return fail_info_name(static_cast<std::int64_t>(info)); }

std::string status_name(std::int64_t value) {
  if (value >= 0 && value < static_cast<std::int64_t>(statuses.size())) return std::string(statuses.at(static_cast<std::size_t>(value)));
  return std::to_string(value);
}

Decoded<StatusInfo> read_status_info(const Control& control) { return single<StatusInfo>(control, read_status); }

Decoded<WitnessV2> read_witness_v2(BytesView value) { return der::decode_whole(value, "witness", read_witness); }

Decoded<RaPopWitness> read_ra_pop_witness(const Control& control) {
  return single<RaPopWitness>(control, [](Reader& from) -> std::optional<RaPopWitness> {
    Reader fields = from.enter(tags::sequence, "LraPopWitness");
    const std::optional<BodyPartId> data = read_body_part(fields);
    std::optional<std::vector<BodyPartId>> ids = read_body_parts(fields);
    fields.finish("LraPopWitness");
    if (!data || !ids || fields.failed()) return std::nullopt;
    return RaPopWitness{*data, std::move(*ids)};
  });
}

Decoded<TrustAnchorHashes> read_trusted_anchors(const Control& control) {
  return single<TrustAnchorHashes>(control, [](Reader& from) -> std::optional<TrustAnchorHashes> {
    Reader fields = from.enter(tags::sequence, "PublishTrustAnchors");
    std::optional<Bytes> number = fields.integer("seqNumber");
    std::optional<AlgorithmIdentifier> algorithm = read_algorithm(fields, "hashAlgorithm");
    Reader list = fields.enter(tags::sequence, "anchorHashes");
    TrustAnchorHashes anchors;
    while (!list.at_end())
      if (const std::optional<BytesView> hash = list.octet_string("anchorHash")) anchors.hashes.push_back(to_bytes(*hash));
    fields.finish("PublishTrustAnchors");
    if (!number || !algorithm || list.failed() || fields.failed()) return std::nullopt;
    anchors.sequence_number = std::move(*number);
    anchors.algorithm = std::move(*algorithm);
    return anchors;
  });
}

Decoded<std::vector<BodyPartId>> read_control_processed(const Control& control) {
  return single<std::vector<BodyPartId>>(control, [](Reader& from) -> std::optional<std::vector<BodyPartId>> {
    Reader fields = from.enter(tags::sequence, "ControlsProcessed");
    const auto references = read_references(fields);
    fields.finish("ControlsProcessed");
    if (!references || fields.failed()) return std::nullopt;
    std::vector<BodyPartId> ids;
    for (const auto& reference : *references)
      if (reference.size() == 1) ids.push_back(reference.front());
    return ids;
  });
}

Decoded<Bytes> read_octets(const Control& control) { return single<Bytes>(control, read_octet_string); }

Decoded<Bytes> read_octets_value(BytesView value) { return der::decode_whole(value, "OCTET STRING", read_octet_string); }

Decoded<Bytes> read_integer(const Control& control) {
  return single<Bytes>(control, [](Reader& from) { return from.integer("INTEGER"); });
}

Decoded<std::string> read_text(const Control& control) {
  return single<std::string>(control, [](Reader& from) -> std::optional<std::string> {
    const std::optional<Tlv> text = from.expect(tags::utf8_string, "UTF8String");
    if (!text) return std::nullopt;
    return der::string_value(*text, from.findings());
  });
}

Control make_control(BodyPartId id, const Oid& type, Bytes value) { return {id, type, {std::move(value)}, 0}; }

Control make_octets_control(BodyPartId id, const Oid& type, BytesView octets) { return make_control(id, type, der::octet_string(octets)); }

Bytes encode_witness_v2(const WitnessV2& witness) {
  return der::sequence({encode(witness.key_algorithm), encode(witness.mac_algorithm), der::octet_string(witness.witness)});
}

Bytes encode_ra_pop_witness(const RaPopWitness& witness) {
  return der::sequence({encode_body_part_id(witness.pki_data), body_parts(witness.requests)});
}

Bytes encode_trusted_anchors(std::int64_t sequence_number, const TrustAnchorHashes& anchors) {
  std::vector<Bytes> hashes;
  for (const Bytes& hash : anchors.hashes) hashes.push_back(der::octet_string(hash));
  return der::sequence({der::integer(sequence_number), encode(anchors.algorithm), der::sequence_of(hashes)});
}

Bytes encode_status_info(const StatusSpec& status) {
  const Bytes text = status.text.empty() ? Bytes{} : der::utf8_string(status.text);
  const Bytes info = status.fail_info ? der::integer(static_cast<std::int64_t>(*status.fail_info)) : Bytes{};
  return der::sequence({der::integer(static_cast<std::int64_t>(status.status)), body_parts(status.body_parts), text, info});
}

}  // namespace est::codec
