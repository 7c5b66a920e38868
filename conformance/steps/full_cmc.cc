#include "conformance/steps/full_cmc.h"

#include <algorithm>
#include <array>
#include <utility>

#include "conformance/steps/encoding.h"
#include "conformance/steps/hostile_requests.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/der.h"
#include "est/codec/signed_data.h"
#include "est/crypto/digest.h"
#include "est/pki/cmc_proof.h"
#include "est/pki/issue.h"
#include "est/pki/signed_message.h"

namespace conformance::steps {
namespace {

using est::Bytes;
using est::Result;
using est::codec::BodyPartId;
using est::codec::Control;
namespace codec = est::codec;
namespace cmc_oids = est::codec::cmc_oids;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

// Body parts of what is sent beside the request, so that a script can name them.
constexpr BodyPartId nonce_part = 11, transaction_part = 12, data_part = 13, identification_part = 14, proof_part = 15, random_part = 16,
                     witness_part = 17, unknown_part = 18, anchors_part = 19, other_part = 30;

bool has(const CmcPlan& plan, std::string_view control) {
  return std::find(plan.controls.begin(), plan.controls.end(), control) != plan.controls.end();
}

codec::Extension key_identifier_extension(const RequestPlan& request) {
  return {oids::subject_key_identifier, false, der::octet_string(est::pki::key_identifier(request.key.public_key_info()))};
}

// --- What is to be certified

std::optional<codec::Attribute> link_attribute(const CmcPlan& plan, const Bytes& random) {
  if (!has(plan, "pop-link") || plan.corrupt == "no-link-witness") return std::nullopt;
  const std::string secret = plan.corrupt == "wrong-link-witness" ? plan.secret + "?" : plan.secret;
  return codec::make_octet_string_attribute(cmc_oids::pop_link_witness, est::pki::pop_link_witness({}, secret, random));
}

struct Inner {
  Bytes tagged;  // the TaggedRequest
  Bytes der;
};

Result<Inner> pkcs10_request(const RequestPlan& request, const CmcPlan& plan, const Bytes& random,
                             const std::optional<std::string>& challenge_password) {
  RequestPlan wanted = request;
  wanted.corrupt.clear();
  wanted.encoding = std::string(default_encoding);
  wanted.extensions.push_back(key_identifier_extension(request));
  if (auto link = link_attribute(plan, random)) wanted.more.push_back(std::move(*link));
  auto made = make_request(wanted, challenge_password);
  if (!made) return made.error();
  if (plan.corrupt == "inner-signature") made->der.back() ^= 1U;
  return Inner{codec::encode_tagged_request(plan.body_part, made->der), made->der};
}

Result<Inner> crmf_request(const RequestPlan& request, const CmcPlan& plan, const Bytes& random) {
  codec::CrmfSpec spec{plan.body_part, request.subject, request.key.public_key_info(), {}, {}};
  if (!request.san.empty()) spec.extensions.push_back(codec::make_subject_alt_name(request.san, request.subject.empty()));
  spec.extensions.push_back(key_identifier_extension(request));
  if (auto link = link_attribute(plan, random)) spec.controls.push_back(std::move(*link));
  if (plan.corrupt == "no-subject") spec.subject.reset();
  const Bytes cert_request = codec::encode_cert_request(spec);
  if (plan.corrupt == "no-proof") return Inner{codec::encode_crmf_request(cert_request, {}), cert_request};
  if (plan.corrupt == "ra-verified")
    return Inner{codec::encode_crmf_request(cert_request, codec::encode_ra_verified_proof()), cert_request};
  auto made = est::pki::make_crmf_request(spec, request.key);
  if (!made) return made.error();
  if (plan.corrupt == "inner-signature") made->back() ^= 1U;
  return Inner{*made, cert_request};
}

Bytes other_request() {
  Bytes orm =
      der::sequence({der::integer(static_cast<std::int64_t>(other_part)), der::oid(codec::Oid("1.3.6.1.4.1.32473.7030.4")), der::null()});
  orm.front() = 0xa2;
  return orm;
}

// --- Controls

void add_identity_proof(const CmcPlan& plan, const Bytes& requests, std::vector<Control>& controls) {
  if (!has(plan, "identity-proof") && !has(plan, "identity-proof-v2") && !has(plan, "identity-proof-v2-by-module")) {
    if (has(plan, "pop-link"))
      controls.push_back(codec::make_control(identification_part, cmc_oids::identification, der::utf8_string(plan.user)));
    return;
  }
  const std::string secret = plan.corrupt == "wrong-identity-proof" ? plan.secret + "?" : plan.secret;
  controls.push_back(codec::make_control(identification_part, cmc_oids::identification, der::utf8_string(plan.user)));
  if (has(plan, "identity-proof")) {
    controls.push_back(
        codec::make_octets_control(proof_part, cmc_oids::identity_proof, est::pki::identity_witness({}, secret, plan.user, requests)));
    return;
  }
  const est::pki::ProofAlgorithms newer{est::crypto::Digest::sha256, est::crypto::Digest::sha256};
  const Bytes witness = est::pki::identity_witness(newer, secret, plan.user, requests);
  const codec::Oid& type = has(plan, "identity-proof-v2") ? cmc_oids::identity_proof_v2 : cmc_oids::pop_link_witness_v2;
  controls.push_back(codec::make_control(proof_part, type, codec::encode_witness_v2(est::pki::make_witness_v2(newer, witness))));
}

// A trust anchor nobody has, by SHA-256. Malformed: a number where the list of hashes should be.
Bytes trust_anchors(bool malformed) {
  codec::TrustAnchorHashes anchors;
  anchors.algorithm = {oids::sha256, {}};
  anchors.hashes = {est::crypto::random_bytes(32)};
  if (!malformed) return codec::encode_trusted_anchors(1, anchors);
  return der::sequence({der::integer(1), der::sequence({der::oid(oids::sha256)}), der::integer(7)});
}

std::vector<Control> controls_of(const CmcPlan& plan, const Bytes& requests, const Bytes& random, MadeCmc& made) {
  std::vector<Control> controls;
  if (has(plan, "sender-nonce")) {
    made.nonce = est::crypto::random_bytes(16);
    controls.push_back(codec::make_octets_control(nonce_part, cmc_oids::sender_nonce, made.nonce));
  }
  if (has(plan, "transaction-id")) {
    made.transaction = der::unsigned_integer(est::crypto::random_bytes(8));
    controls.push_back(codec::make_control(transaction_part, cmc_oids::transaction_id, made.transaction));
  }
  if (has(plan, "data-return")) {
    made.data = est::crypto::random_bytes(24);
    controls.push_back(codec::make_octets_control(data_part, cmc_oids::data_return, made.data));
  }
  add_identity_proof(plan, requests, controls);
  if (has(plan, "pop-link")) controls.push_back(codec::make_octets_control(random_part, cmc_oids::pop_link_random, random));
  if (has(plan, "ra-pop-witness"))
    controls.push_back(codec::make_control(witness_part, cmc_oids::ra_pop_witness, codec::encode_ra_pop_witness({0, {plan.body_part}})));
  if (has(plan, "trust-anchors"))
    controls.push_back(codec::make_control(anchors_part, cmc_oids::trusted_anchors, trust_anchors(plan.corrupt == "anchors-malformed")));
  if (plan.corrupt == "unknown-control")
    controls.push_back(codec::make_control(unknown_part, codec::Oid("1.3.6.1.4.1.32473.7030.5"), der::utf8_string("of no meaning")));
  if (plan.corrupt == "duplicate-body-part")
    controls.push_back(codec::make_octets_control(plan.body_part, cmc_oids::data_return, est::as_bytes("same number as the request")));
  if (plan.reversed) std::reverse(controls.begin(), controls.end());
  return controls;
}

Bytes pki_data(const CmcPlan& plan, const std::vector<Control>& controls, const Bytes& requests) {
  std::vector<Bytes> parts;
  for (const Control& control : controls) parts.push_back(codec::encode(control));
  // 2^32, one more than a bodyPartID may be (RFC 5272 3.2.2).
  if (plan.corrupt == "huge-body-part")
    parts.push_back(
        der::sequence({der::integer(std::int64_t{1} << 32U), der::oid(cmc_oids::data_return), der::set_of({der::octet_string({})})}));
  const Bytes others = !has(plan, "unreferenced")
                           ? der::sequence({})
                           : der::sequence({der::sequence({der::integer(static_cast<std::int64_t>(other_part)),
                                                           der::oid(codec::Oid("1.3.6.1.4.1.32473.7030.6")), der::null()})});
  if (plan.corrupt == "missing-sequence") return der::sequence({der::sequence_of(parts), requests});
  return der::sequence({der::sequence_of(parts), requests, der::sequence({}), others});
}

// --- Signature

Result<codec::SignedData> sign(const RequestPlan& request, const CmcPlan& plan, Bytes content) {
  const codec::Oid type = plan.corrupt == "content-type" ? oids::data : codec::cmc_content::pki_data();
  est::pki::MessageSpec spec{type, std::move(content), {}};
  est::pki::MessageSigner signer;
  signer.key = &request.key;
  signer.key_identifier = est::pki::key_identifier(request.key.public_key_info());
  if (plan.signer) {
    signer.key = &*plan.signer->key;
    signer.certificate = plan.signer->chain.front();
    spec.certificates = plan.signer->chain;
  }
  return est::pki::sign_message(spec, signer);
}

est::Status replace_digest(codec::SignedData& message, const est::crypto::PrivateKey& key, const codec::Oid& type) {
  codec::SignerInfo& signer = message.signers.front();
  const Bytes other = est::crypto::digest(est::crypto::Digest::sha256, est::as_bytes("something else"));
  signer.signed_attributes_der =
      codec::encode_signed_attributes({codec::make_content_type_attribute(type), codec::make_message_digest_attribute(other)});
  return est::pki::sign_again(signer, *message.content, key, key.natural_digest());
}

est::Status replace_type(codec::SignedData& message, const est::crypto::PrivateKey& key) {
  codec::SignerInfo& signer = message.signers.front();
  signer.signed_attributes_der = codec::encode_signed_attributes(
      {codec::make_content_type_attribute(oids::data), codec::make_message_digest_attribute(signer.message_digest().value_or(Bytes{}))});
  return est::pki::sign_again(signer, *message.content, key, key.natural_digest());
}

// SEQUENCEs of indefinite length inside each other, none of which ends.
Bytes indefinite(std::size_t levels) {
  Bytes octets;
  for (std::size_t i = 0; i < levels; ++i) est::append(octets, Bytes{0x30, 0x80});
  return octets;
}

Result<Bytes> finish(const RequestPlan& request, const CmcPlan& plan, codec::SignedData message) {
  const est::crypto::PrivateKey& key = plan.signer ? *plan.signer->key : request.key;
  if (plan.corrupt == "outer-signature") message.signers.front().signature.back() ^= 1U;
  if (plan.corrupt == "unknown-signer") message.signers.front().id.key_identifier = est::crypto::random_bytes(20);
  if (plan.corrupt == "unsigned") {
    message.signers.clear();
    message.digest_algorithms.clear();
  }
  if (plan.corrupt == "message-digest")
    if (const auto done = replace_digest(message, key, message.content_type); !done) return done.error();
  if (plan.corrupt == "content-type-attribute")
    if (const auto done = replace_type(message, key); !done) return done.error();
  Bytes whole = codec::encode_signed_data(message);
  if (plan.corrupt == "trailing") est::append(whole, Bytes{0x04, 0x02, 0x00, 0x00});
  if (plan.corrupt == "truncated") whole.resize(whole.size() - 10);
  if (plan.corrupt == "length-past-end") whole[2] = whole[3] = 0xff;  // a message is long enough for two octets of length
  if (plan.corrupt == "nested-deeply") whole = nested_elements(0x30, 10000, {});
  if (plan.corrupt == "nested-indefinite") whole = indefinite(10000);
  if (plan.corrupt == "not-cms") whole = der::sequence({der::utf8_string("no Full PKI Request")});
  return whole;
}

bool needs_secret(const CmcPlan& plan) {
  constexpr std::array words = {"identity-proof", "identity-proof-v2", "identity-proof-v2-by-module", "pop-link"};
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return has(plan, word); });
}

}  // namespace

const std::vector<CmcWord>& cmc_controls() {
  static const std::vector<CmcWord> words = {
      {"sender-nonce", "16 random octets (body part 11)"},
      {"transaction-id", "a random number (12)"},
      {"data-return", "24 random octets (13)"},
      {"identity-proof", "Identification and Identity Proof by the profile's password (14, 15)"},
      {"identity-proof-v2", "the same in version 2, with SHA-256, as id-cmc 34 (RFC 5272 6.2.1)"},
      {"identity-proof-v2-by-module", "the same as id-cmc 33 (RFC 6402 A.2)"},
      {"pop-link", "Identification and POP Link Random, with a witness in the request (14, 16)"},
      {"ra-pop-witness", "RA POP Witness for the request (17)"},
      {"trust-anchors", "Publish Trust Anchors with the hash of no certificate there is (19)"},
      {"unreferenced", "no control, but a member of otherMsgSequence that nothing refers to (30)"},
  };
  return words;
}

const std::vector<CmcWord>& cmc_corruptions() {
  static const std::vector<CmcWord> words = {
      {"outer-signature", "one bit of the message's signature is flipped"},
      {"message-digest", "the signed digest is not that of the content"},
      {"unsigned", "there is no SignerInfo"},
      {"unknown-signer", "the signer is named by a key identifier that is in no request"},
      {"inner-signature", "one bit of the signature of the certification request is flipped"},
      {"no-proof", "the CRMF request has no proof of possession"},
      {"ra-verified", "the CRMF request says raVerified"},
      {"no-subject", "the CRMF template has no subject"},
      {"unknown-control", "a control that nobody knows (body part 18)"},
      {"anchors-malformed", "with trust-anchors: a number stands in place of the hashes"},
      {"duplicate-body-part", "a control has the body part number of the request"},
      {"huge-body-part", "a control has the body part number 4294967296"},
      {"missing-sequence", "PKIData ends after its second sequence"},
      {"other-form", "a request of an unknown form stands beside the good one (30)"},
      {"wrong-identity-proof", "the identity proof is made with another secret"},
      {"no-link-witness", "the request has no POP link witness"},
      {"wrong-link-witness", "the POP link witness is made with another secret"},
      {"content-type", "the content is said to be id-data"},
      {"content-type-attribute", "the signed content-type attribute says id-data"},
      {"trailing", "four octets follow the message"},
      {"truncated", "the last ten octets are missing"},
      {"length-past-end", "the outermost length is 65535"},
      {"nested-deeply", "10000 SEQUENCEs inside each other instead of the message"},
      {"nested-indefinite", "the same with lengths that never end"},
      {"not-cms", "a SEQUENCE with a text instead of the message"},
  };
  return words;
}

Maybe<CmcPlan> plan_full_cmc(const Parameters& parameters, const target::Profile& profile, Identities& identities) {
  CmcPlan plan;
  plan.crmf = parameters.text("form", "pkcs10") == "crmf";
  plan.controls = parameters.texts("controls").value_or(std::vector<std::string>{});
  plan.reversed = parameters.text("order", "as-listed") == "reversed";
  plan.corrupt = parameters.text("cmc-corrupt");
  if (plan.corrupt == "none") plan.corrupt.clear();
  plan.body_part = static_cast<BodyPartId>(parameters.number("body-part", 1));
  const auto& known = cmc_controls();
  for (const std::string& control : plan.controls)
    if (std::none_of(known.begin(), known.end(), [&](const CmcWord& word) { return word.name == control; }))
      return fault("no CMC control is called '" + control + "'");
  if (profile.password) {
    plan.user = profile.password->user;
    plan.secret = profile.password->password;
  }
  if (needs_secret(plan) && plan.secret.empty()) return cannot("the profile has no password to use as shared secret; add access.password");
  const std::string signer = parameters.text("signed-by", "own-key");
  if (signer == "own-key") return plan;
  auto identity = identities.find(signer);
  if (!identity) return identity.outcome();
  if (!identity->key) return cannot("'" + signer + "' has no key to sign with");
  plan.signer = std::move(*identity);
  return plan;
}

Result<MadeCmc> make_full_cmc(const RequestPlan& request, const CmcPlan& plan, const std::optional<std::string>& challenge_password) {
  MadeCmc made;
  const Bytes random = est::crypto::random_bytes(64);
  auto inner = plan.crmf ? crmf_request(request, plan, random) : pkcs10_request(request, plan, random, challenge_password);
  if (!inner) return inner.error();
  std::vector<Bytes> tagged = {inner->tagged};
  if (plan.corrupt == "other-form") tagged.push_back(other_request());
  const Bytes requests = codec::encode_request_sequence(tagged);
  const std::vector<Control> controls = controls_of(plan, requests, random, made);
  auto message = sign(request, plan, pki_data(plan, controls, requests));
  if (!message) return message.error();
  auto whole = finish(request, plan, std::move(*message));
  if (!whole) return whole.error();
  made.request.der = std::move(*whole);
  made.request.sound = std::move(inner->der);
  made.request.spki = request.key.public_key_info();
  auto body = encode_body(request.encoding, made.request.der);
  if (!body) return est::Error{"no Full PKI Request could be made that shows the encoding " + request.encoding};
  made.request.body = std::move(*body);
  return made;
}

}  // namespace conformance::steps
