#include "est/codec/cmc.h"

#include <gtest/gtest.h>

#include <array>

#include "est/codec/asn1_test_data.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/der.h"

namespace est::codec {
namespace {

using test::from_hex;
using test::summary;

// Made with pyasn1-modules (rfc6402): five controls, a PKCS #10 request as body part 7, a CRMF request as 8 with a signature of no meaning.
constexpr std::string_view foreign_pki_data =
    "30820237308194301502010106082b060105050707063106040400112233301402010206082b0601050507070531050203011170301a020500ffffff"
    "ff06082b0601050507070231070c05616c696365301902010306082b0601050507070b310a30080201003003020107302e02010406082b0601050507"
    "0722311f301d300b0609608648016503040201300a06082a864886f70d02090402aabb30820198a081e30201073081dd3081840201003022310d300b"
    "060355040a0c0441636d653111300f06035504030c086465766963652d313059301306072a8648ce3d020106082a8648ce3d03010703420004b942a2"
    "08f619c04fe3f8614a75339d96dd2db79868ec84c5a95220169abfda8046519d251f377301ae284a829760a8b797425074086674320eeb0579008d4d"
    "47a000300a06082a8648ce3d0403020348003045022100a2b8ad37345eaba65dae39aef5bc0b98b7302f5613ff7aabc0025eb523d39c9d02207259b8"
    "13a0dc191ac0ae5767f43abcf6bf35f8293cebb7b960e6f1b9b6e95b8ca181af308196020108308190a5243022310d300b060355040a0c0441636d65"
    "3111300f06035504030c086465766963652d31a659301306072a8648ce3d020106082a8648ce3d03010703420004b942a208f619c04fe3f8614a7533"
    "9d96dd2db79868ec84c5a95220169abfda8046519d251f377301ae284a829760a8b797425074086674320eeb0579008d4d47a90d300b0603551d0e04"
    "0404020102a114300a06082a8648ce3d040302030600300302010130003000";

// The same: statusInfoV2 failed (popFailed, "no") for 7 and the path 1.2, statusInfoV2 pending, trustedAnchors.
constexpr std::string_view foreign_pki_response =
    "308187308180302802010106082b0601050507071931193017020102300b02010730060201010201020c026e6f020109302f02010206082b06010505"
    "0707193120301e02010330030201003014040101180f32303330303130313030303030305a302302010306082b0601050507071a3114301202010530"
    "0706052b0e03021a300404020a0b30003000";

TEST(PkiData, OfAnotherToolIsRead) {
  const Bytes der = from_hex(foreign_pki_data);
  const Decoded<PkiData> data = decode_pki_data(der);
  ASSERT_TRUE(data.accepted()) << describe_first(data.findings);
  EXPECT_EQ(summary(data.findings), "");
  EXPECT_EQ(data.value->controls.size(), 5U);
  EXPECT_EQ(read_octets(*data.value->control(cmc_oids::sender_nonce)).value, from_hex("00112233"));
  EXPECT_EQ(read_integer(*data.value->control(cmc_oids::transaction_id)).value, from_hex("011170"));
  EXPECT_EQ(read_text(*data.value->control(cmc_oids::identification)).value, "alice");
  EXPECT_EQ(data.value->control(cmc_oids::identification)->id, 4294967295U);
  EXPECT_EQ(read_ra_pop_witness(*data.value->control(cmc_oids::ra_pop_witness)).value->requests, std::vector<BodyPartId>{7});
  const auto proof = read_witness_v2(data.value->control(cmc_oids::identity_proof_v2)->values.at(0));
  ASSERT_TRUE(proof.accepted());
  EXPECT_EQ(proof.value->key_algorithm.algorithm, oids::sha256);
  EXPECT_EQ(proof.value->witness, from_hex("aabb"));
  EXPECT_EQ(data.value->control(cmc_oids::data_return), nullptr);
  EXPECT_TRUE(data.value->contents.empty());
}

TEST(PkiData, RequestsOfAnotherToolAreRead) {
  const Decoded<PkiData> data = decode_pki_data(from_hex(foreign_pki_data));
  ASSERT_EQ(data.value->requests.size(), 2U);
  const TaggedRequest& first = data.value->requests[0];
  EXPECT_EQ(first.id, 7U);
  ASSERT_TRUE(first.pkcs10.has_value());
  EXPECT_EQ(summary(first.findings), "");
  const TaggedRequest& second = data.value->requests[1];
  ASSERT_TRUE(second.crmf.has_value());
  EXPECT_EQ(second.id, 8U);
  EXPECT_EQ(second.crmf->certificate.subject->to_string(), "CN=device-1,O=Acme");
  EXPECT_EQ(second.crmf->certificate.key->der, first.pkcs10->key.der);
  EXPECT_EQ(second.crmf->certificate.extensions.at(0).id, oids::subject_key_identifier);
  EXPECT_EQ(second.crmf->proof, PossessionProof::signature);
  EXPECT_EQ(second.crmf->signature, from_hex("3003020101"));
}

TEST(PkiData, BuildersMakeTheSameOctets) {
  const Bytes der = from_hex(foreign_pki_data);
  const PkiData data = *decode_pki_data(der).value;
  const CrmfRequest& crmf = *data.requests[1].crmf;
  CrmfSpec spec{8, crmf.certificate.subject, crmf.certificate.key->der, crmf.certificate.extensions, {}};
  EXPECT_EQ(encode_cert_request(spec), crmf.cert_request);
  const Bytes sequence =
      encode_request_sequence({encode_tagged_request(7, data.requests[0].pkcs10->der),
                               encode_crmf_request(crmf.cert_request, encode_signature_proof(crmf.signature_algorithm, crmf.signature))});
  EXPECT_EQ(sequence, data.request_sequence);
  EXPECT_EQ(encode_pki_data(data.controls, sequence), der);
}

TEST(PkiResponse, OfAnotherToolIsRead) {
  const Bytes der = from_hex(foreign_pki_response);
  const Decoded<PkiResponse> response = decode_pki_response(der);
  ASSERT_TRUE(response.accepted()) << describe_first(response.findings);
  ASSERT_EQ(response.value->controls.size(), 3U);
  const Decoded<StatusInfo> failed = read_status_info(response.value->controls[0]);
  ASSERT_TRUE(failed.accepted()) << describe_first(failed.findings);
  EXPECT_EQ(status_name(failed.value->status), "failed");
  EXPECT_EQ(failed.value->body_list, (std::vector<std::vector<BodyPartId>>{{7}, {1, 2}}));
  EXPECT_EQ(failed.value->text, "no");
  EXPECT_EQ(fail_info_name(*failed.value->fail_info), "popFailed");
  const Decoded<StatusInfo> pending = read_status_info(response.value->controls[1]);
  ASSERT_TRUE(pending.accepted());
  EXPECT_TRUE(pending.value->pending_info);
  EXPECT_FALSE(pending.value->extended_fail_info);
  const Decoded<TrustAnchorHashes> anchors = read_trusted_anchors(response.value->controls[2]);
  ASSERT_TRUE(anchors.accepted());
  EXPECT_EQ(anchors.value->algorithm.algorithm, oids::sha1);
  EXPECT_EQ(anchors.value->hashes, std::vector<Bytes>{from_hex("0a0b")});
  EXPECT_EQ(encode_pki_response(response.value->controls), der);
}

TEST(StatusInfo, RoundTrip) {
  const StatusSpec spec{CmcStatus::failed, {0, 3}, "why", CmcFailInfo::bad_request};
  const auto read = read_status_info(make_control(1, cmc_oids::status_info_v2, encode_status_info(spec)));
  ASSERT_TRUE(read.accepted()) << describe_first(read.findings);
  EXPECT_EQ(read.value->body_list, (std::vector<std::vector<BodyPartId>>{{0}, {3}}));
  EXPECT_EQ(fail_info_name(*read.value->fail_info), to_string(CmcFailInfo::bad_request));
  Control two = make_control(1, cmc_oids::status_info_v2, der::null());
  two.values.push_back(der::null());
  EXPECT_TRUE(contains(read_status_info(two).findings, "cmc.control.single-value"));
}

// Found by fuzzing: no value, and no word why.
TEST(StatusInfo, OtherInfoOfAnotherTypeIsTold) {
  const Bytes status = der::sequence({der::integer(0), der::sequence({der::integer(1)}), der::oid(oids::common_name)});
  const auto read = read_status_info(make_control(1, cmc_oids::status_info_v2, status));
  EXPECT_FALSE(read.value.has_value());
  EXPECT_TRUE(contains(read.findings, "der.tag.unexpected")) << describe_first(read.findings);
}

Bytes data_with(const std::vector<Control>& controls, const std::vector<Bytes>& requests) {
  return encode_pki_data(controls, encode_request_sequence(requests));
}

TEST(PkiData, EachRuleHasItsFinding) {
  const auto nonce = [](BodyPartId id) { return make_octets_control(id, cmc_oids::sender_nonce, Bytes{1}); };
  struct Case {
    std::string_view id;
    Bytes der;
  };
  const Bytes negative =
      der::sequence({der::sequence({der::sequence({der::integer(-1), der::oid(oids::data), der::set_of({der::null()})})}),
                     der::sequence({}), der::sequence({}), der::sequence({})});
  const std::array cases = {
      Case{"cmc.body-part.duplicate", data_with({nonce(1), nonce(1)}, {})},
      Case{"cmc.body-part.duplicate", data_with({nonce(1)}, {encode_tagged_request(1, test::from_pem(test::ec_request))})},
      Case{"cmc.body-part.zero", data_with({nonce(0)}, {})},
      Case{"cmc.body-part.range", negative},
      Case{"cmc.control.no-values", data_with({{1, cmc_oids::sender_nonce, {}, 0}}, {})},
      Case{"der.tag.unexpected", data_with({}, {der::null()})},
      Case{"der.missing", der::sequence({der::sequence({}), der::sequence({})})},
      Case{"der.trailing", der::sequence({der::sequence({}), der::sequence({}), der::sequence({}), der::sequence({}), der::null()})},
  };
  for (const Case& each : cases)
    EXPECT_TRUE(contains(decode_pki_data(each.der).findings, each.id)) << each.id << ": " << summary(decode_pki_data(each.der).findings);
  EXPECT_TRUE(decode_pki_data(data_with({}, {})).accepted());
}

TEST(PkiData, ARequestsOwnFaultsStandWithIt) {
  const auto findings_of = [](const Bytes& request) {
    const Decoded<PkiData> data = decode_pki_data(data_with({}, {request}));
    return data.value ? data.value->requests.at(0).findings : data.findings;
  };
  const Bytes reg_info = der::sequence({encode_cert_request({}), der::sequence({der::null()})});
  Bytes with_reg_info = reg_info;
  with_reg_info.front() = 0xa1;
  EXPECT_TRUE(contains(findings_of(with_reg_info), "cmc.crmf.reg-info"));
  const Bytes empty = encode_crmf_request(encode_cert_request({}), encode_ra_verified_proof());
  EXPECT_TRUE(contains(findings_of(empty), "cmc.crmf.no-subject"));
  EXPECT_TRUE(contains(findings_of(empty), "cmc.crmf.no-public-key"));
  EXPECT_EQ(decode_pki_data(data_with({}, {empty})).value->requests.at(0).crmf->proof, PossessionProof::ra_verified);
}

TEST(PkiData, UnknownRequestFormIsKept) {
  Bytes orm = der::sequence({der::integer(5), der::oid(oids::data), der::null()});
  orm.front() = 0xa2;
  const Decoded<PkiData> data = decode_pki_data(data_with({}, {orm}));
  ASSERT_TRUE(data.accepted()) << describe_first(data.findings);
  EXPECT_EQ(data.value->requests.at(0).other_type, oids::data);
  EXPECT_EQ(data.value->requests.at(0).id, 5U);
}

TEST(Cmc, SurvivesDamage) {
  test::survives_damage(from_hex(foreign_pki_data), [](const Bytes& der) { return decode_pki_data(der).findings; });
  test::survives_damage(from_hex(foreign_pki_response), [](const Bytes& der) { return decode_pki_response(der).findings; });
}

}  // namespace
}  // namespace est::codec
