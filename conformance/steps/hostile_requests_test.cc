#include "conformance/steps/hostile_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>

#include <chrono>
#include <set>

#include "est/pki/request.h"

namespace conformance::steps {
namespace {

using est::crypto::KeyType;

SoundRequest sound_request() {
  auto key = est::crypto::PrivateKey::generate(KeyType::ec_p256).value();
  est::pki::RequestSpec spec;
  spec.subject = est::codec::parse_name("CN=device,O=Acme").value();
  spec.extensions = {est::codec::make_subject_alt_name({est::codec::parse_general_name("DNS:device.example").value()})};
  const auto der = est::pki::make_request(spec, key).value();
  return {std::move(*est::codec::decode_certification_request(der).value), std::move(key), KeyType::ec_p256, est::crypto::Digest::sha256};
}

bool signature_holds(const est::codec::CertificationRequest& request) {
  const auto result = est::pki::verify_request(request);
  return result.ok() && *result;
}

// Defects inside the part that is signed, in a request that our reader can still make out: their signature must hold.
const std::set<std::string>& signed_again() {
  static const std::set<std::string> names{
      "version-negative", "attribute-nested", "attribute-boolean", "attribute-integer-huge",  "rdns-10000",
      "rdn-wide",         "name-megabyte",    "name-bmp",          "name-invalid-utf8",       "name-line-break",
      "attributes-10000", "password-integer", "extension-twice",   "extension-request-twice", "names-10000",
      "names-x400"};
  return names;
}

TEST(HostileRequests, NamesAreUniqueAndEachIsHostile) {
  const auto sound = sound_request();
  std::set<std::string> names;
  for (const auto& entry : hostile_requests()) {
    EXPECT_TRUE(names.insert(entry.what.name).second) << entry.what.name;
    const auto der = entry.make(sound);
    ASSERT_TRUE(der.ok()) << entry.what.name << ": " << der.error().message;
    EXPECT_NE(*der, sound.request.der) << entry.what.name;
    EXPECT_LT(der->size(), std::size_t{2} << 20U) << entry.what.name;
  }
  for (const auto& name : signed_again()) EXPECT_TRUE(names.contains(name)) << name;
}

TEST(HostileRequests, OurReaderAndVerifierWithstandThemInTime) {
  const auto sound = sound_request();
  for (const auto& entry : hostile_requests()) {
    const auto der = entry.make(sound).value();
    const auto begun = std::chrono::steady_clock::now();
    const auto decoded = est::codec::decode_certification_request(der);
    const bool holds = decoded.value && signature_holds(*decoded.value);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5)) << entry.what.name;
    if (signed_again().contains(entry.what.name)) {
      EXPECT_TRUE(holds) << entry.what.name << ": " << est::describe_first(decoded.findings);
    }
  }
}

// With e = 1 everybody can sign; a verifier that computes what it is told finds the signature right.
TEST(HostileRequests, OurVerifierDoesNotTakeTheExponentOne) {
  const auto entries = hostile_keys();
  const auto one = std::find_if(entries.begin(), entries.end(), [](const auto& entry) { return entry.what.name == "rsa-exponent-one"; });
  ASSERT_NE(one, entries.end());
  const auto decoded = est::codec::decode_certification_request(one->make(sound_request()).value());
  ASSERT_TRUE(decoded.accepted()) << est::describe_first(decoded.findings);
  EXPECT_FALSE(signature_holds(*decoded.value));
}

// The signature of the holder over a key in another form: our verifier takes the one RFC 5480 allows, and no other.
TEST(HostileRequests, OtherFormsOfTheKeyAreSoundlySigned) {
  const auto sound = sound_request();
  const auto entries = hostile_keys();
  for (const auto& [name, legal] :
       {std::pair{"ec-compressed-signed", true}, std::pair{"ec-hybrid-signed", false}, std::pair{"ec-explicit-signed", false}}) {
    const auto entry = std::find_if(entries.begin(), entries.end(), [&](const auto& one) { return one.what.name == name; });
    ASSERT_NE(entry, entries.end());
    const auto der = entry->make(sound).value();
    const auto decoded = est::codec::decode_certification_request(der);
    const auto held = decoded.accepted() ? est::pki::verify_request(*decoded.value) : est::Result<bool>(false);
    EXPECT_EQ(held.ok() && *held, legal) << name;
    // OpenSSL reads all three, so nothing but the form can be the reason of a refusal.
    const auto* octets = der.data();
    X509_REQ* request = d2i_X509_REQ(nullptr, &octets, static_cast<long>(der.size()));
    ASSERT_NE(request, nullptr) << name;
    EXPECT_EQ(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)), 1) << name;
    X509_REQ_free(request);
  }
}

TEST(HostileRequests, NestingCountsItsLevels) {
  const auto nested = nested_elements(0x30, 300, {0x05, 0x00});
  est::Findings findings;
  est::BytesView rest = nested;
  int levels = 0;
  while (true) {
    est::codec::der::Reader reader(rest, findings);
    const auto element = reader.any("element");
    ASSERT_TRUE(element) << est::describe_first(findings);
    if (element->tag != est::codec::der::tags::sequence) break;
    ++levels;
    rest = element->content;
  }
  EXPECT_EQ(levels, 300);
  EXPECT_TRUE(findings.empty());
}

}  // namespace
}  // namespace conformance::steps
