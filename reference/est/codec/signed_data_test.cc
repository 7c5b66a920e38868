#include "est/codec/signed_data.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "est/codec/asn1_test_data.h"
#include "est/codec/der.h"

namespace est::codec {
namespace {

using test::from_pem;
using test::summary;

// openssl cms -sign -binary -nodetach -econtent_type 1.3.6.1.5.5.7.12.2 -nosmimecap: "hello CMC", named by issuer and serial
constexpr std::string_view by_serial = R"(-----BEGIN CMS-----
MIIC7QYJKoZIhvcNAQcCoIIC3jCCAtoCAQMxDTALBglghkgBZQMEAgEwFwYIKwYB
BQUHDAKgCwQJaGVsbG8gQ01DoIIBmzCCAZcwggE9oAMCAQICFFc8jBuc+JQMi27s
l/p37LgaAWq7MAoGCCqGSM49BAMCMCAxDTALBgNVBAoMBEFjbWUxDzANBgNVBAMM
BnNpZ25lcjAgFw0yNjExMjYwMjIzMzBaGA8yMTI2MTEwMjAyMjMzMFowIDENMAsG
A1UECgwEQWNtZTEPMA0GA1UEAwwGc2lnbmVyMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEoEg1QC27h8gSCmbZDxTYBnrACGFNBrAAaQGUfvKnFxuwlcO7CHQPfRb4
iQEJUj7uR9z64ELNhFOTiaBDnz81FaNTMFEwHQYDVR0OBBYEFECTBjnFxoQI+d0D
hHep+pumnkh4MB8GA1UdIwQYMBaAFECTBjnFxoQI+d0DhHep+pumnkh4MA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgWz2/iJQdyjnwjzzk6r3TBUyy
XInewI/5nBFn23kJWcMCIQD8Bb5IQq/MuyyfxfZwPohXhpHdJSrHwGgSmUyPh55E
0DGCAQwwggEIAgEBMDgwIDENMAsGA1UECgwEQWNtZTEPMA0GA1UEAwwGc2lnbmVy
AhRXPIwbnPiUDItu7Jf6d+y4GgFquzALBglghkgBZQMEAgGgaDAXBgkqhkiG9w0B
CQMxCgYIKwYBBQUHDAIwHAYJKoZIhvcNAQkFMQ8XDTI2MTEyNjAyMjMzMVowLwYJ
KoZIhvcNAQkEMSIEIC0IORQwx3upxa5Eoomh4cXhq+m8dx7X51V5sUuKW2DXMAoG
CCqGSM49BAMCBEYwRAIgD209XyeSzzSrr4ELyZtq7YKvKT2hHp+IbMV/+1VZFh4C
IDdx2trK6bB5MBMRV0nQJCGFcksNmi70IqrtK+Y4k6ya
-----END CMS-----
)";

// openssl cms -sign -binary -nodetach -keyid -nosmimecap: "hello CMC" as id-data, named by key, rsaEncryption
constexpr std::string_view by_key = R"(-----BEGIN CMS-----
MIIDegYJKoZIhvcNAQcCoIIDazCCA2cCAQMxDTALBglghkgBZQMEAgEwGAYJKoZI
hvcNAQcBoAsECWhlbGxvIENNQ6CCAgwwggIIMIIBcaADAgECAhRPkgmHc/d+nxMe
3x89rcgnK8V/HDANBgkqhkiG9w0BAQsFADAVMRMwEQYDVQQDDApyc2Egc2lnbmVy
MCAXDTI2MTEyNjAyMjMzMVoYDzIxMjYxMTAyMDIyMzMxWjAVMRMwEQYDVQQDDApy
c2Egc2lnbmVyMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDSJJC5miAqC+7+
mS7a47f/sBYIGTljuMmKf+Yt4gAKwY7Jmvsn05qhaBQOnE2mAvbmBaN+F4kZmmep
5fUkEhGOxZUzvekGKAab3GaIakTaG7arLVaYm/kTcvx7l21dufpFdPnN+UaRJmAG
JGu4hZ5iie1G6q5elRyjrLRMKCcuUwIDAQABo1MwUTAdBgNVHQ4EFgQUuHlRgT+5
ifmvj1mbFXnqrpDLEAIwHwYDVR0jBBgwFoAUuHlRgT+5ifmvj1mbFXnqrpDLEAIw
DwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOBgQAH1cLLZWaNKk1NpB7D
sK22RdwuXofKwQPGMScdH/E4bqR346lg2GVaRGUagzsU4bdeOSSZRWnwpMX2glWr
rv0QfaSXsgwNcc1NNeWdv7Zju9VDh0ca0nfHqdp5hthNMsHpvDjBmQqV2JuuS+4L
EXwc1283nVSGAE4dVJg8kflr6zGCAScwggEjAgEDgBS4eVGBP7mJ+a+PWZsVeequ
kMsQAjALBglghkgBZQMEAgGgaTAYBgkqhkiG9w0BCQMxCwYJKoZIhvcNAQcBMBwG
CSqGSIb3DQEJBTEPFw0yNjExMjYwMjIzMzFaMC8GCSqGSIb3DQEJBDEiBCAtCDkU
MMd7qcWuRKKJoeHF4avpvHce1+dVebFLiltg1zANBgkqhkiG9w0BAQEFAASBgGCR
ol9p8UXr3tX25RX87glTRspJv2bLaLO8BVQr1IfrwNZjt0hxn9H5jWntvy15rukZ
uVRfgyFRWk51giQ5clmX7/Sodph+Bq12cmX9XR4UuI6LXPnB7uNMrFdM5Fut6YjW
XIcJvTKFbc0xYuMisuGtwyo5EoakqhyxTk/Y8gqX
-----END CMS-----
)";

TEST(SignedData, OfOpensslNamedByIssuerAndSerial) {
  const Bytes der = from_pem(by_serial);
  const Decoded<SignedData> message = decode_signed_data(der);
  ASSERT_TRUE(message.accepted()) << describe_first(message.findings);
  EXPECT_EQ(summary(message.findings), "");
  const SignedData& data = *message.value;
  EXPECT_EQ(data.version, 3);
  EXPECT_EQ(data.content_type, Oid("1.3.6.1.5.5.7.12.2"));
  EXPECT_EQ(est::to_string(data.content.value()), "hello CMC");
  EXPECT_EQ(est::to_string(BytesView(der).subspan(data.content_offset, 9)), "hello CMC");
  EXPECT_EQ(data.certificates.size(), 1U);
  ASSERT_EQ(data.signers.size(), 1U);
  const SignerInfo& signer = data.signers.front();
  EXPECT_EQ(signer.version, 1);
  EXPECT_FALSE(signer.id.by_key_identifier);
  EXPECT_EQ(signer.id.issuer.to_string(), "CN=signer,O=Acme");
  EXPECT_EQ(signer.digest_algorithm.algorithm, oids::sha256);
  EXPECT_EQ(signer.signed_attributes.size(), 3U);
  EXPECT_NE(signer.signed_attribute(oids::signing_time), nullptr);
  EXPECT_EQ(signer.message_digest().value_or(Bytes{}).size(), 32U);
  EXPECT_EQ(signer.signed_attributes_der.front(), 0x31);
  EXPECT_EQ(signer.signature_algorithm.algorithm, oids::ecdsa_with_sha256);
  EXPECT_EQ(encode_signed_data(data), der);
}

TEST(SignedData, OfOpensslNamedByKey) {
  const Bytes der = from_pem(by_key);
  const Decoded<SignedData> message = decode_signed_data(der);
  ASSERT_TRUE(message.accepted()) << describe_first(message.findings);
  EXPECT_EQ(message.value->version, 3);
  const SignerInfo& signer = message.value->signers.at(0);
  EXPECT_EQ(signer.version, 3);
  EXPECT_TRUE(signer.id.by_key_identifier);
  EXPECT_EQ(signer.id.key_identifier.size(), 20U);
  EXPECT_EQ(signer.signature_algorithm.algorithm, oids::rsa_encryption);
  EXPECT_EQ(encode_signed_data(*message.value), der);
}

TEST(SignedData, WithoutContentInfo) {
  const Decoded<SignedData> whole = decode_signed_data(from_pem(by_serial));
  const Bytes bare = encode_bare_signed_data(*whole.value);
  const Decoded<SignedData> message = decode_bare_signed_data(bare);
  ASSERT_TRUE(message.accepted()) << describe_first(message.findings);
  EXPECT_EQ(encode_bare_signed_data(*message.value), bare);
  EXPECT_TRUE(contains(decode_signed_data(bare).findings, "cms.content-info"));
}

void set_attributes(SignedData& data, const std::vector<Attribute>& attributes) {
  data.signers.front().signed_attributes_der = encode_signed_attributes(attributes);
}

TEST(SignedData, EachRuleHasItsFinding) {
  struct Change {
    std::string_view id;
    void (*apply)(SignedData&);
  };
  static const Attribute type = make_content_type_attribute(Oid("1.3.6.1.5.5.7.12.2"));
  static const Attribute digest = make_message_digest_attribute(Bytes(32, 7));
  const std::array changes = {
      Change{"", [](SignedData&) {}},
      Change{"cms.version", [](SignedData& d) { d.version = 1; }},
      Change{"cms.certificate-choice", [](SignedData& d) { d.certificates.push_back(der::context(2, {})); }},
      Change{"cms.crl-choice", [](SignedData& d) { d.crls.push_back(der::context(1, {})); }},
      Change{"cms.signer.version", [](SignedData& d) { d.signers.front().version = 3; }},
      Change{"cms.signer.digest-algorithm", [](SignedData& d) { d.digest_algorithms.clear(); }},
      Change{"cms.signer.no-signed-attributes", [](SignedData& d) { d.signers.front().signed_attributes_der.clear(); }},
      Change{"cms.signed-attributes.empty", [](SignedData& d) { set_attributes(d, {}); }},
      Change{"cms.signed-attributes.content-type", [](SignedData& d) { set_attributes(d, {digest}); }},
      Change{"cms.signed-attributes.content-type", [](SignedData& d) { d.content_type = oids::signed_data; }},
      Change{"cms.signed-attributes.message-digest", [](SignedData& d) { set_attributes(d, {type}); }},
      Change{"cms.signed-attributes.message-digest",
             [](SignedData& d) {
               set_attributes(d, {type, {oids::message_digest, {der::null()}}});
             }},
      Change{"cms.signed-attributes.duplicate",
             [](SignedData& d) {
               set_attributes(d, {type, digest, digest});
             }},
      Change{"cms.signed-attributes.single-value",
             [](SignedData& d) {
               set_attributes(d, {type, {oids::message_digest, {der::octet_string({}), der::octet_string(Bytes{1})}}});
             }},
      Change{"cms.signed-attributes.order",
             [](SignedData& d) {
               d.signers.front().signed_attributes_der = der::tlv(der::tags::set, der::concat({encode(digest), encode(type)}));
             }},
  };
  for (const Change& change : changes) {
    SignedData data = *decode_signed_data(from_pem(by_serial)).value;
    change.apply(data);
    const Findings findings = decode_signed_data(encode_signed_data(data)).findings;
    if (change.id.empty())
      EXPECT_EQ(summary(findings), "");
    else
      EXPECT_TRUE(contains(findings, change.id)) << change.id << ": " << summary(findings);
  }
}

// RFC 5652 5.2: without signers the type is id-data and there is no content.
TEST(SignedData, ContentNobodySignedIsTold) {
  SignedData data = *decode_signed_data(from_pem(by_serial)).value;
  data.signers.clear();
  const auto told = [&data] { return contains(decode_signed_data(encode_signed_data(data)).findings, "cms.content-without-signer"); };
  EXPECT_TRUE(told());
  data.content.reset();
  data.content_type = oids::data;
  EXPECT_FALSE(told());
}

TEST(SignedData, AbsentContentIsNoEmptyContent) {
  SignedData data = *decode_signed_data(from_pem(by_serial)).value;
  data.content.reset();
  EXPECT_FALSE(decode_signed_data(encode_signed_data(data)).value->content);
  data.content = Bytes{};
  EXPECT_TRUE(decode_signed_data(encode_signed_data(data)).value->content);
}

TEST(SignedData, SurvivesDamage) {
  test::survives_damage(from_pem(by_serial), [](const Bytes& der) { return decode_signed_data(der).findings; });
}

}  // namespace
}  // namespace est::codec
