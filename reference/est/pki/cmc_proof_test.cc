#include "est/pki/cmc_proof.h"

#include <gtest/gtest.h>

#include "est/codec/der.h"

namespace est::pki {
namespace {

using crypto::Digest;

// hmac.new(sha1(b'sixteen-chars-ok' + b'alice'), b'\x30\x00', 'sha1') of Python's library, and so on
TEST(IdentityWitness, ComputedByAnotherTool) {
  const Bytes empty_sequence = codec::der::sequence({});
  EXPECT_EQ(hex(identity_witness({}, "sixteen-chars-ok", "alice", empty_sequence)), "a06103d277545d3b2c7d973e780516b3fc66086b");
  EXPECT_EQ(hex(identity_witness({}, "sixteen-chars-ok", "", empty_sequence)), "59f37720e8dd048cfe2e76fd7cc14edd05f6c8f0");
  EXPECT_EQ(hex(identity_witness({Digest::sha256, Digest::sha256}, "sixteen-chars-ok", "alice", empty_sequence)),
            "9e3cfa0deb3f1221bd0ca6879d2ac816c9566111b9e330490f941d099146cbaa");
  EXPECT_EQ(pop_link_witness({}, "sixteen-chars-ok", empty_sequence), identity_witness({}, "sixteen-chars-ok", "", empty_sequence));
}

TEST(ProofAlgorithms, ThereAndBack) {
  const ProofAlgorithms wanted{Digest::sha512, Digest::sha256};
  const auto found = proof_algorithms(make_witness_v2(wanted, Bytes{1}));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->key, Digest::sha512);
  EXPECT_EQ(found->mac, Digest::sha256);
  EXPECT_FALSE(proof_algorithms({{codec::oids::data, {}}, {codec::cmc_oids::hmac_sha1, {}}, {}}).has_value());
}

TEST(CrmfRequest, SignatureIsVerified) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
  const codec::CrmfSpec spec{5, *codec::parse_name("CN=device"), key->public_key_info(), {}, {}};
  const auto made = make_crmf_request(spec, *key);
  ASSERT_TRUE(made.ok());
  auto data = codec::decode_pki_data(codec::encode_pki_data({}, codec::encode_request_sequence({*made})));
  ASSERT_TRUE(data.accepted()) << describe_first(data.findings);
  codec::CrmfRequest request = *data.value->requests.at(0).crmf;
  EXPECT_TRUE(*verify_crmf_request(request));
  request.signature.back() ^= 1U;
  EXPECT_FALSE(*verify_crmf_request(request));
  request.proof = codec::PossessionProof::none;
  EXPECT_FALSE(verify_crmf_request(request).ok());
}

}  // namespace
}  // namespace est::pki
