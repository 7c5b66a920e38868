#include "conformance/checks/samples_test.h"
#include "est/codec/generated_key.h"
#include "est/codec/oid.h"
#include "est/codec/pkcs8.h"
#include "est/pki/envelope.h"

namespace conformance::checks {
namespace {

using namespace samples;
namespace codec = est::codec;
namespace oids = est::codec::oids;

// What a step records of a delivered key; the tests need not overwrite anything.
Exchange delivered(const est::http::Response& response, std::string name = "step-1") {
  auto made = exchange(response, std::move(name));
  const auto& pki = Pki::get();
  made.artefacts["spki"] = pki.device_key.public_key_info();
  made.artefacts["csr-spki"] = pki.other_key.public_key_info();
  made.facts["generated-key"] = "usable";
  return made;
}

est::http::Response clear(const Bytes& key) { return est::ops::serverkeygen_response(key, false, Pki::get().device()); }
Exchange plain() { return delivered(clear(Pki::get().device_key.to_pkcs8())); }

constexpr std::string_view identifier = "device-secret";

Bytes request_naming(std::string_view name, const codec::Oid& wrap) {
  est::pki::RequestSpec spec;
  spec.subject = *codec::parse_name("CN=device-1,O=Acme");
  spec.attributes = {codec::make_octet_string_attribute(oids::decrypt_key_identifier, est::as_bytes(name)),
                     codec::make_smime_capabilities({{wrap, {}}})};
  return *est::pki::make_request(spec, Pki::get().other_key);
}

codec::EnvelopedData envelope() {
  const est::pki::Recipient recipient{est::to_bytes(identifier), {}, Bytes(32, 1)};
  return *est::pki::seal({oids::signed_data, Bytes(50, 1)}, recipient, {{oids::aes256_wrap, {}}});
}

Exchange enveloped(const codec::EnvelopedData& data, std::string name = "step-1") {
  const auto response = est::ops::serverkeygen_response(codec::encode_enveloped_data(data), true, Pki::get().device());
  auto made = delivered(response, std::move(name));
  made.artefacts["csr"] = request_naming(identifier, oids::aes256_wrap);
  made.artefacts["key-structure"] = Pki::get().device_key.to_pkcs8();
  made.facts["envelope"] = "opened";
  made.facts["envelope-content"] = "SignedData";
  made.facts["signature"] = "valid";
  made.facts["signed-content-type"] = oids::asymmetric_key_package.name();
  made.facts["key-package"] = "1";
  return made;
}

Exchange with_parts(const std::vector<codec::Part>& parts, const std::string& type = "multipart/mixed; boundary=b") {
  est::http::Response response = clear({});
  response.fields.set("Content-Type", type);
  response.fields.remove("Content-Length");
  response.body = codec::encode_multipart(parts, "b");
  return delivered(response);
}

codec::Part part(const std::string& type) { return {{{"Content-Type", type}}, est::to_bytes("MAA=")}; }

TEST(KeygenAnswer, TwoPartsOfTheRightTypes) {
  EXPECT_EQ(judge("keygen-answer", {}, plain()).worst, Verdict::pass);
  const auto key = part("application/pkcs8");
  const auto certificate = part("application/pkcs7-mime; smime-type=certs-only");
  EXPECT_EQ(judge("keygen-answer", {}, with_parts({certificate, key})).worst, Verdict::pass);
  EXPECT_EQ(judge("keygen-answer", {}, with_parts({key, certificate, part("text/plain")})).worst, Verdict::fail);
  EXPECT_TRUE(judge("keygen-answer", {}, with_parts({key, certificate, certificate})).cites("INT-28"));
  EXPECT_EQ(judge("keygen-answer", {}, with_parts({key})).worst, Verdict::fail);
  EXPECT_EQ(judge("keygen-answer", {}, with_parts({key, certificate}, "multipart/mixed")).worst, Verdict::fail);
  EXPECT_EQ(judge("keygen-answer", {}, with_parts({key, part("application/pkcs7-mime")})).worst, Verdict::warn);
  EXPECT_EQ(judge("keygen-answer", {}, with_parts({key, part("application/pkcs7-mime")}), true).worst, Verdict::fail);
  EXPECT_EQ(judge("keygen-answer", {}, answered(202)).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("keygen-answer", {}, answered(400)).worst, Verdict::fail);
  EXPECT_EQ(judge("keygen-answer", {}, failed("read", "timeout")).worst, Verdict::fail);
}

TEST(PrivateKeyInfo, OtherFormsFail) {
  const Bytes pkcs8 = Pki::get().device_key.to_pkcs8();
  EXPECT_EQ(judge("private-key-info", {}, plain()).worst, Verdict::pass);
  EXPECT_EQ(judge("private-key-info", {}, enveloped(envelope())).worst, Verdict::pass);
  const auto decoded = *codec::decode_private_key_info(pkcs8).value;
  EXPECT_EQ(judge("private-key-info", {}, delivered(clear(decoded.private_key))).worst, Verdict::fail);
  auto other = decoded;
  other.algorithm = {oids::rsa_encryption, est::codec::der::null()};
  EXPECT_EQ(judge("private-key-info", {}, delivered(clear(codec::encode(other)))).worst, Verdict::fail);
  auto foreign = decoded;
  foreign.version = 1;
  foreign.public_key = codec::decode_public_key_info(Pki::get().other_key.public_key_info()).value->key;
  EXPECT_EQ(judge("private-key-info", {}, delivered(clear(codec::encode(foreign)))).worst, Verdict::fail);
  auto useless = plain();
  useless.facts["generated-key"] = "the private key does not belong to the public key stored with it";
  EXPECT_EQ(judge("private-key-info", {}, useless).worst, Verdict::fail);
  EXPECT_EQ(judge("private-key-info", {}, answered(400)).worst, Verdict::inconclusive);
}

TEST(KeyMatchesCertificate, ComparesWhatTheStepDerived) {
  EXPECT_EQ(judge("key-matches-certificate", {}, plain()).worst, Verdict::pass);
  auto mixed_up = plain();
  mixed_up.artefacts["spki"] = Pki::get().other_key.public_key_info();
  EXPECT_EQ(judge("key-matches-certificate", {}, mixed_up).worst, Verdict::fail);
  EXPECT_EQ(judge("certificate-issued", {}, plain()).worst, Verdict::pass);
  EXPECT_EQ(judge("only-issued-certificate", {}, plain()).worst, Verdict::pass);
}

TEST(KeyIsNew, NeitherTheRequestsNorAnEarlierOne) {
  EXPECT_EQ(judge("key-is-new", {}, plain()).worst, Verdict::pass);
  auto same = plain();
  same.artefacts["csr-spki"] = same.artefacts["spki"];
  EXPECT_EQ(judge("key-is-new", {}, same).worst, Verdict::fail);
  auto first = plain();
  first.name = "first";
  EXPECT_EQ(judge("key-is-new", {{"from", "first"}}, {first, plain()}).worst, Verdict::fail);
  EXPECT_EQ(judge("key-type-as-requested", {}, plain()).worst, Verdict::pass);
}

TEST(KeyProtected, AsTheRequestAsked) {
  EXPECT_EQ(judge("key-protected", {{"by", "nothing"}}, plain()).worst, Verdict::pass);
  EXPECT_EQ(judge("key-protected", {{"by", "nothing"}}, enveloped(envelope())).worst, Verdict::fail);
  EXPECT_EQ(judge("key-protected", {{"by", "symmetric"}}, enveloped(envelope())).worst, Verdict::pass);
  EXPECT_EQ(judge("key-protected", {{"by", "key-transport"}}, enveloped(envelope())).worst, Verdict::fail);
  EXPECT_EQ(judge("key-protected", {{"by", "symmetric"}}, plain()).worst, Verdict::fail);
  EXPECT_EQ(judge("key-protected", {{"by", "symmetric"}, {"or-refused", true}}, answered(400)).worst, Verdict::pass);
  auto closed = enveloped(envelope());
  closed.facts["envelope"] = "no recipient of the envelope fits the key";
  EXPECT_EQ(judge("key-protected", {{"by", "symmetric"}}, closed).worst, Verdict::fail);
}

TEST(KeyProtected, RecipientAndAlgorithmAreThoseOfTheRequest) {
  auto other_name = enveloped(envelope());
  other_name.artefacts["csr"] = request_naming("another", oids::aes256_wrap);
  EXPECT_EQ(judge("key-protected", {{"by", "symmetric"}}, other_name).worst, Verdict::fail);
  auto other_wrap = enveloped(envelope());
  other_wrap.artefacts["csr"] = request_naming(identifier, oids::aes128_wrap);
  EXPECT_EQ(judge("key-protected", {{"by", "symmetric"}}, other_wrap).worst, Verdict::fail);
  auto wrong_version = envelope();
  wrong_version.recipients.front().version = 0;
  EXPECT_EQ(judge("key-protected", {{"by", "symmetric"}}, enveloped(wrong_version)).worst, Verdict::fail);
}

TEST(KeySigned, ByInt29) {
  EXPECT_EQ(judge("key-signed", {}, enveloped(envelope())).worst, Verdict::pass);
  for (const auto& [name, value, verdict] : {std::tuple{"signature", "invalid", Verdict::fail},
                                             {"signature", "no signer", Verdict::fail},
                                             {"signature", "no certificate of the signer", Verdict::pass},
                                             {"envelope-content", "no SignedData", Verdict::fail},
                                             {"envelope-content", "ContentInfo with SignedData", Verdict::pass},
                                             {"signed-data", "cms.version at octet 2", Verdict::fail},
                                             {"signed-content-type", "id-data", Verdict::warn},
                                             {"key-package", "none", Verdict::warn}}) {
    auto made = enveloped(envelope());
    made.facts[name] = value;
    EXPECT_EQ(judge("key-signed", {}, made).worst, verdict) << name << " " << value;
  }
  EXPECT_EQ(judge("key-signed", {}, plain()).worst, Verdict::fail);
}

TEST(EnvelopeIsNew, ComparesTwo) {
  EXPECT_EQ(judge("envelope-is-new", {{"from", "first"}}, {enveloped(envelope(), "first"), enveloped(envelope())}).worst, Verdict::pass);
  const auto data = envelope();
  EXPECT_EQ(judge("envelope-is-new", {{"from", "first"}}, {enveloped(data, "first"), enveloped(data)}).worst, Verdict::fail);
  EXPECT_EQ(judge("envelope-is-new", {{"from", "first"}}, {plain(), plain()}).worst, Verdict::inconclusive);
}

TEST(NoKey, ARefusalHasNone) {
  EXPECT_EQ(judge("no-key", {}, answered(400)).worst, Verdict::pass);
  EXPECT_EQ(judge("no-key", {}, failed("handshake", "alert")).worst, Verdict::pass);
  EXPECT_EQ(judge("no-key", {}, plain()).worst, Verdict::fail);
  EXPECT_EQ(judge("no-certificate", {}, plain()).worst, Verdict::fail);
}

}  // namespace
}  // namespace conformance::checks
