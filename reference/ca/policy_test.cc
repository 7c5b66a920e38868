#include "ca/policy.h"

#include <gtest/gtest.h>

#include "ca/testing.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"

namespace ca {
namespace {

using est::Bytes;
using est::codec::Extension;
using est::crypto::Digest;
using est::crypto::KeyType;
using est::pki::RequestSpec;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;
namespace usage = est::codec::key_usage;

using Decision = std::variant<Grant, Refused>;

std::string refusal(const Decision& decision) {
  const auto* refused = std::get_if<Refused>(&decision);
  return refused == nullptr ? "" : refused->reason;
}

const Extension* find(const Grant& grant, const codec::Oid& id) {
  for (const Extension& one : grant.extensions)
    if (one.id == id) return &one;
  return nullptr;
}

Decision decide_on(const RequestSpec& spec, const Profile& profile = {}, KeyType type = KeyType::ec_p256) {
  return decide(signed_request(spec, make_key(type)), profile, {});
}

Extension names(std::string_view text) { return codec::make_subject_alt_name({*codec::parse_general_name(text)}); }

TEST(Policy, PlainRequestGetsTheProfile) {
  const auto decision = decide_on(request_for("CN=device-1,O=Acme"));
  ASSERT_EQ(refusal(decision), "");
  const Grant& grant = std::get<Grant>(decision);
  EXPECT_EQ(grant.subject.to_string(), "CN=device-1,O=Acme");
  EXPECT_EQ(codec::decode_basic_constraints(find(grant, oids::basic_constraints)->value).value->ca, false);
  EXPECT_EQ(codec::decode_key_usage(find(grant, oids::key_usage)->value).value, usage::digital_signature);
  EXPECT_EQ(codec::decode_extended_key_usage(find(grant, oids::extended_key_usage)->value).value,
            (std::vector<codec::Oid>{oids::client_auth}));
  EXPECT_EQ(find(grant, oids::subject_alt_name), nullptr);
}

TEST(Policy, KeyTypes) {
  struct Case {
    KeyType type;
    std::vector<KeyType> accepted;
    bool good;
  };
  const std::vector<Case> cases = {
      {KeyType::ec_p256, {}, true},
      {KeyType::ec_p384, {}, true},
      {KeyType::ec_p521, {}, true},
      {KeyType::rsa_2048, {}, true},
      {KeyType::ed25519, {}, true},
      {KeyType::rsa_1024, {}, false},
      {KeyType::rsa_1024, {KeyType::rsa_1024}, true},
      {KeyType::ec_p256, {KeyType::ec_p384, KeyType::rsa_2048}, false},
      {KeyType::ec_p384, {KeyType::ec_p384, KeyType::rsa_2048}, true},
      {KeyType::rsa_2048, {KeyType::rsa_3072}, false},
      {KeyType::ed25519, {KeyType::ec_p256}, false},
  };
  for (const Case& one : cases) {
    Profile profile;
    profile.key_types = one.accepted;
    EXPECT_EQ(refusal(decide_on(request_for("CN=d"), profile, one.type)).empty(), one.good) << to_string(one.type);
  }
}

TEST(Policy, WeakDigestsAreRefused) {
  for (const Digest digest : {Digest::md5, Digest::sha1}) {
    RequestSpec spec = request_for("CN=d");
    spec.digest = digest;
    EXPECT_NE(refusal(decide_on(spec, {}, KeyType::rsa_2048)).find(to_string(digest)), std::string::npos);
  }
}

TEST(Policy, HostileKeysAreRefused) {
  auto request = signed_request(request_for("CN=d"), make_key());
  request.key.der.back() ^= 1U;
  EXPECT_FALSE(refusal(decide(request, {}, {})).empty());
  request.key.der = {0x30, 0};
  EXPECT_FALSE(refusal(decide(request, {}, {})).empty());
}

TEST(Policy, Subjects) {
  std::string many = "CN=a", wide = "CN=a";
  for (int i = 0; i < 16; ++i) many += ",OU=x";
  for (int i = 0; i < 4; ++i) wide += "+OU=x" + std::to_string(i);
  struct Case {
    std::string why, subject;
    bool good;
  };
  const std::vector<Case> cases = {
      {"plain", "CN=device-1,O=Acme,C=DE", true},
      {"64 characters", "CN=" + std::string(64, 'a'), true},
      {"64 characters of two octets",
       "CN=" +
           [] {
             std::string text;
             for (int i = 0; i < 64; ++i) text += "\xc3\xa9";
             return text;
           }(),
       true},
      {"65 characters", "CN=" + std::string(65, 'a'), false},
      {"17 RDNs", many, false},
      {"5 attributes", wide, false},
      {"NUL", "CN=a\\00.example", false},
      {"line feed", "CN=a\\0A", false},
      {"long country", "CN=a,C=DEU", false},
      {"empty", "", false},
  };
  for (const Case& one : cases) {
    const auto name = one.subject.empty() ? est::Result<codec::Name>(codec::Name{}) : codec::parse_name(one.subject);
    if (!name.ok()) {  // then no request can carry it either
      EXPECT_FALSE(one.good) << one.why << ": " << name.error().message;
      continue;
    }
    RequestSpec spec;
    spec.subject = *name;
    EXPECT_EQ(refusal(decide_on(spec)).empty(), one.good) << one.why << ": " << refusal(decide_on(spec));
  }
}

TEST(Policy, AlternativeNames) {
  struct Case {
    std::string name;
    bool good;
  };
  const std::vector<Case> cases = {
      {"DNS:device.example", true},
      {"DNS:*.example", true},
      {"DNS:under_score.example", true},
      {"DNS:a..example", false},
      {"DNS:.example", false},
      {"DNS:a b", false},
      {"DNS:a.*.example", false},
      {"IP:192.0.2.1", true},
      {"IP:2001:db8::1", true},
      {"email:a@device.example", true},
      {"email:a", false},
      {"URI:urn:uuid:1", true},
      {"DNS:" + std::string(64, 'a'), false},
  };
  for (const Case& one : cases) {
    const auto parsed = codec::parse_general_name(one.name);
    if (!parsed.ok()) {
      EXPECT_FALSE(one.good) << one.name;
      continue;
    }
    RequestSpec spec = request_for("CN=d");
    spec.extensions = {codec::make_subject_alt_name({*parsed})};
    const auto decision = decide_on(spec);
    EXPECT_EQ(refusal(decision).empty(), one.good) << one.name << ": " << refusal(decision);
    if (one.good && refusal(decision).empty()) {
      EXPECT_EQ(find(std::get<Grant>(decision), oids::subject_alt_name)->value, spec.extensions[0].value);
    }
  }
}

TEST(Policy, HostileAlternativeNames) {
  const Bytes other = der::context(0, der::concat({der::oid(codec::Oid("1.2.3")), der::context(0, der::null())}));
  const Bytes x400 = der::context(3, {});
  const Bytes short_ip = der::context(7, Bytes{1, 2, 3}, false);
  const Bytes dns_nul = der::context(2, est::to_bytes(std::string_view("a\0b", 3)), false);
  const Bytes ten_thousand = codec::encode_general_names(std::vector(10000, *codec::parse_general_name("DNS:a")));
  const Bytes hundred = codec::encode_general_names(std::vector(100, *codec::parse_general_name("DNS:a")));
  const std::vector<Bytes> values = {der::sequence({other}),   der::sequence({x400}), der::sequence({short_ip}),
                                     der::sequence({dns_nul}), ten_thousand,          hundred,
                                     der::sequence({}),        der::null(),           {}};
  for (std::size_t i = 0; i < values.size(); ++i) {
    RequestSpec spec = request_for("CN=d");
    spec.extensions = {{oids::subject_alt_name, false, values[i]}};
    EXPECT_FALSE(refusal(decide_on(spec)).empty()) << i;
  }
}

TEST(Policy, EmptySubjectNeedsAnAlternativeNameWhichIsThenCritical) {
  RequestSpec spec;
  spec.extensions = {names("DNS:device.example")};
  const auto decision = decide_on(spec);
  ASSERT_EQ(refusal(decision), "");
  EXPECT_TRUE(find(std::get<Grant>(decision), oids::subject_alt_name)->critical);
  Profile without;
  without.copy_subject_alt_name = false;
  EXPECT_FALSE(refusal(decide_on(spec, without)).empty());
  spec.subject = *codec::parse_name("CN=d");
  const auto named = decide_on(spec);
  EXPECT_FALSE(find(std::get<Grant>(named), oids::subject_alt_name)->critical);
}

TEST(Policy, NobodyBecomesAnAuthorityByAsking) {
  const std::vector<Extension> asked = {codec::make_basic_constraints(true),
                                        codec::make_key_usage(usage::digital_signature | usage::key_cert_sign),
                                        codec::make_key_usage(usage::crl_sign),
                                        codec::make_extended_key_usage({oids::client_auth, oids::cmc_ra}),
                                        codec::make_extended_key_usage({oids::cmc_ca}),
                                        {oids::basic_constraints, true, {0x30}},
                                        {oids::key_usage, true, der::null()},
                                        {oids::extended_key_usage, true, der::null()}};
  for (const bool copy : {false, true}) {
    Profile profile;
    profile.copy_extended_key_usage = copy;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      RequestSpec spec = request_for("CN=d");
      spec.extensions = {asked[i]};
      EXPECT_FALSE(refusal(decide_on(spec, profile)).empty()) << i;
    }
  }
}

TEST(Policy, AlwaysOnlyTheExtensionsOfTheProfile) {
  RequestSpec spec = request_for("CN=d");
  spec.extensions = {codec::make_basic_constraints(false),
                     {oids::name_constraints, true, der::sequence({})},
                     {oids::certificate_policies, false, der::sequence({})},
                     {codec::Oid("1.2.3"), true, der::null()}};
  const auto decision = decide_on(spec);
  ASSERT_EQ(refusal(decision), "");
  EXPECT_EQ(std::get<Grant>(decision).extensions.size(), 3U);
}

TEST(Policy, ProfileWithAuthorityBitsDoesNotGiveThem) {
  Profile profile;
  profile.key_usage = usage::digital_signature | usage::key_cert_sign | usage::key_encipherment | usage::key_agreement;
  const auto bits = [&](KeyType type) {
    const auto decision = decide_on(request_for("CN=d"), profile, type);
    return codec::decode_key_usage(find(std::get<Grant>(decision), oids::key_usage)->value).value;
  };
  EXPECT_EQ(bits(KeyType::rsa_2048), usage::digital_signature | usage::key_encipherment);
  EXPECT_EQ(bits(KeyType::ec_p256), usage::digital_signature | usage::key_agreement);
  EXPECT_EQ(bits(KeyType::ed25519), usage::digital_signature);
}

TEST(Policy, OldStringTypesAreRefused) {
  for (const std::uint32_t type : {20U, 28U, 30U}) {
    const auto value = der::tlv({der::Class::universal, false, type}, Bytes{0, 0, 0, 0x41});
    const auto octets = der::sequence_of({der::set_of({der::sequence({der::oid(oids::common_name), value})})});
    RequestSpec spec = request_for("CN=d");
    spec.subject = *codec::decode_name(octets).value;
    EXPECT_NE(refusal(decide_on(spec)).find("PrintableString"), std::string::npos) << type;
  }
}

TEST(Policy, RequestedUsagesAreReducedButNotReplaced) {
  const auto usage_of = [](unsigned asked, const Profile& profile, KeyType type) -> std::optional<unsigned> {
    RequestSpec spec = request_for("CN=d");
    spec.extensions = {codec::make_key_usage(asked)};
    const auto decision = decide_on(spec, profile, type);
    if (!std::holds_alternative<Grant>(decision)) return std::nullopt;
    return codec::decode_key_usage(find(std::get<Grant>(decision), oids::key_usage)->value).value;
  };
  EXPECT_EQ(usage_of(usage::key_agreement, {}, KeyType::ec_p256), usage::key_agreement);
  EXPECT_EQ(usage_of(usage::key_encipherment | usage::digital_signature, {}, KeyType::ec_p256), usage::digital_signature);
  EXPECT_EQ(usage_of(usage::key_encipherment, {}, KeyType::ec_p256), std::nullopt);
  Profile imposing;
  imposing.copy_key_usage = false;
  EXPECT_EQ(usage_of(usage::digital_signature | usage::key_agreement, imposing, KeyType::ec_p256), usage::digital_signature);
  EXPECT_EQ(usage_of(usage::key_agreement, imposing, KeyType::ec_p256), std::nullopt);
}

TEST(Policy, PurposesAreCopiedOnlyWhenAllowed) {
  RequestSpec spec = request_for("CN=d");
  spec.extensions = {codec::make_extended_key_usage({oids::server_auth, oids::ocsp_signing, oids::client_auth})};
  const auto purposes = [&](const Profile& profile) {
    const auto decision = decide_on(spec, profile);
    return *codec::decode_extended_key_usage(find(std::get<Grant>(decision), oids::extended_key_usage)->value).value;
  };
  Profile profile;
  EXPECT_EQ(purposes(profile), (std::vector<codec::Oid>{oids::client_auth}));
  profile.copy_extended_key_usage = true;
  EXPECT_EQ(purposes(profile), (std::vector<codec::Oid>{oids::client_auth, oids::server_auth}));
}

TEST(Policy, GivenSubjectReplacesTheRequested) {
  const auto request = signed_request(request_for("CN=wanted"), make_key());
  const auto decision = decide(request, {}, {.subject = *codec::parse_name("CN=given")});
  EXPECT_EQ(std::get<Grant>(decision).subject.to_string(), "CN=given");
}

}  // namespace
}  // namespace ca
