#include "conformance/target/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "conformance/target/names.h"
#include "est/base/file.h"
#include "est/codec/base64.h"
#include "est/codec/pem.h"
#include "est/pki/issue.h"

namespace conformance::target {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A folder with a CA certificate (ca.pem), its key (ca.key), a password file and whatever profile a test writes.
class ProfileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "profile-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
    ASSERT_TRUE(key.ok());
    est::pki::CertificateSpec spec{.serial = est::pki::random_serial(), .public_key_info = key->public_key_info()};
    spec.subject = *est::codec::parse_name("CN=ca");
    spec.validity = {est::system_clock().now() - 60, est::system_clock().now() + 3600};
    auto der = est::pki::issue_self_signed(spec, *key);
    ASSERT_TRUE(der.ok()) << der.error().message;
    write("ca.pem", est::codec::encode_pem("CERTIFICATE", *der));
    write("ca.key", key->to_pem());
    write("password.txt", "correct horse\n");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& content) { ASSERT_TRUE(est::write_file(folder_ + "/" + name, content).ok()); }
  est::Result<Profile> load(const std::string& text) {
    write("p.yaml", text);
    return load_profile(folder_ + "/p.yaml");
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
};

constexpr std::string_view minimal = "target: {name: x}\naccess: {url: 'https://h:1', trust-anchor: ca.pem}\n";

constexpr std::string_view complete = R"(target: {name: Acme Enroller, vendor: Acme, version: "4.2"}
claims: [simpleenroll, http-basic]
access:
  url: https://[::1]:8443
  trust-anchor: ca.pem
  label: one
  password: {user: device, password: {file: password.txt}}
  identities: {client: {certificate: ca.pem, key: ca.key}}
  client-ca: {certificate: ca.pem, key: ca.key}
  labels: {manual-approval: manual}
  operator: {approve: "est-ca approve {subject}", restart: prompt}
csr: {subject: "CN=d-{n},O=Acme", san: ["DNS:d-{n}.example"], key-types: [rsa-2048, ec-p256]}
limits: {requests-per-second: 2.5, certificates: 10, longest-wait: 5, operator: 6}
)";

TEST_F(ProfileTest, ReadsEverything) {
  const auto profile = load(std::string(complete));
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_EQ(profile->name, "Acme Enroller");
  EXPECT_EQ(profile->url.endpoint.host, "::1");
  EXPECT_EQ(profile->url.endpoint.port, 8443);
  EXPECT_THAT(profile->claims, ElementsAre("http-basic", "key-ec-p256", "key-rsa-2048", "simpleenroll"));
  EXPECT_EQ(profile->trust_anchors.size(), 1U);
  EXPECT_EQ(profile->password->password, "correct horse");
  EXPECT_TRUE(profile->identities.at("client").key.has_value());
  EXPECT_TRUE(profile->client_ca.has_value());
  EXPECT_EQ(profile->labels.at("manual-approval"), "manual");
  EXPECT_EQ(profile->operator_actions.at("approve").command, "est-ca approve {subject}");
  EXPECT_TRUE(profile->operator_actions.at("restart").prompt);
  EXPECT_EQ(profile->csr.key_type, est::crypto::KeyType::rsa_2048);
  EXPECT_EQ(profile->limits.requests_per_second, 2.5);
  EXPECT_EQ(profile->limits.operator_seconds, 6);
}

TEST_F(ProfileTest, MinimalHasSensibleDefaults) {
  const auto profile = load(std::string(minimal));
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_TRUE(profile->claims.empty());
  EXPECT_THAT(profile->csr.subject, HasSubstr("{n}"));
}

TEST_F(ProfileTest, ClaimsMayBeAMapping) {
  const auto profile = load(std::string(minimal) + "claims: {simpleenroll: true, labels: false}\n");
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_THAT(profile->claims, ElementsAre("simpleenroll"));
}

TEST_F(ProfileTest, PublicFormHoldsNoSecret) {
  const auto profile = load(std::string(complete));
  ASSERT_TRUE(profile.ok());
  const std::string json = profile->public_json().dump();
  EXPECT_THAT(profile->secrets(), ElementsAre("correct horse", est::codec::encode_base64(est::as_bytes("device:correct horse"))));
  for (const auto& secret : profile->secrets()) EXPECT_EQ(json.find(secret), std::string::npos);
  EXPECT_EQ(json.find("est-ca"), std::string::npos) << "operator commands stay out";
  EXPECT_EQ(profile->public_json()["claims"], engine::Json({"http-basic", "key-ec-p256", "key-rsa-2048", "simpleenroll"}));
}

TEST_F(ProfileTest, RequestHeadersAreKeptAndShown) {
  const auto profile = load(
      "target: {name: x}\naccess:\n  url: https://h:1\n  trust-anchor: ca.pem\n  headers: {Content-Transfer-Encoding: base64, X-Tenant: a "
      "b}\n");
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_THAT(profile->request_headers, ElementsAre(std::pair<std::string, std::string>{"Content-Transfer-Encoding", "base64"},
                                                    std::pair<std::string, std::string>{"X-Tenant", "a b"}));
  EXPECT_NE(profile->public_json().dump().find("X-Tenant"), std::string::npos);
}

TEST_F(ProfileTest, PasswordFromTheEnvironment) {
  ASSERT_EQ(setenv("ESTSPEC_PROFILE_TEST", "tr0ub4dor", 1), 0);
  const auto profile = load(
      "target: {name: x}\naccess:\n  url: https://h:1\n  trust-anchor: ca.pem\n  password: {user: u, password: {env: "
      "ESTSPEC_PROFILE_TEST}}\n");
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_EQ(profile->password->password, "tr0ub4dor");
}

struct Wrong {
  const char* name;
  const char* text;
  const char* line;     // ":3: "
  const char* message;  // part of it
};

class WrongProfile : public ProfileTest, public ::testing::WithParamInterface<Wrong> {};

TEST_P(WrongProfile, IsOneLineWithFileLineAndCure) {
  const auto profile = load(GetParam().text);
  ASSERT_FALSE(profile.ok());
  const std::string& message = profile.error().message;
  EXPECT_THAT(message, HasSubstr("p.yaml" + std::string(GetParam().line)));
  EXPECT_THAT(message, HasSubstr(GetParam().message));
  EXPECT_THAT(message, HasSubstr("; "));
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

#define ACCESS "target: {name: x}\naccess: {url: 'https://h:1', trust-anchor: ca.pem}\n"
#define OPEN_ACCESS "target: {name: x}\naccess:\n  url: https://h:1\n  trust-anchor: ca.pem\n"
INSTANTIATE_TEST_SUITE_P(
    All, WrongProfile,
    ::testing::Values(
        Wrong{"NotYaml", "target: {name: x", ":", "not YAML"}, Wrong{"Empty", "", ":1: ", "must be a mapping"},
        Wrong{"List", "- a\n", ":1: ", "must be a mapping"}, Wrong{"NoTarget", "access: {}\n", ":1: ", "'target' is missing"},
        Wrong{"NoName", "target: {}\naccess: {}\n", ":1: ", "'target.name' is missing"},
        Wrong{"NoAccess", "target: {name: x}\n", ":1: ", "'access' is missing"},
        Wrong{"MisspeltAccess", "target: {name: x}\nacess: {}\n", ":2: ", "acess"},
        Wrong{"UnknownTop", ACCESS "limit: {}\n", ":3: ", "did you mean limits?"},
        Wrong{"UnknownNested", "target: {name: x}\naccess:\n  url: https://h:1\n  trust_anchor: ca.pem\n",
              ":4: ", "did you mean trust-anchor?"},
        Wrong{"HeaderName", OPEN_ACCESS "  headers: {\"a b\": c}\n", ":5: ", "is no HTTP field"},
        Wrong{"HeaderOfOurs", OPEN_ACCESS "  headers: {host: other}\n", ":5: ", "set by the suite itself"},
        Wrong{"Duplicate", ACCESS "csr: {}\ncsr: {}\n", ":4: ", "given twice"},
        Wrong{"Claim", ACCESS "claims: [simplenroll]\n", ":3: ", "did you mean simpleenroll or simplereenroll?"},
        Wrong{"ClaimFar", ACCESS "claims: [zzzzzzzzzzzzzzzzzzzzzzz]\n", ":3: ", "known: csrattrs"},
        Wrong{"ClaimMap", ACCESS "claims: {labels: yes please}\n", ":3: ", "write true or false"},
        Wrong{"ClaimNested", ACCESS "claims: [[a]]\n", ":3: ", "unknown claim"},
        Wrong{"Http", "target: {name: x}\naccess: {url: 'http://h:1', trust-anchor: ca.pem}\n", ":2: ", "not https"},
        Wrong{"Path", "target: {name: x}\naccess: {url: 'https://h:1/.well-known/est', trust-anchor: ca.pem}\n", ":2: ", "has a path"},
        Wrong{"Url", "target: {name: x}\naccess: {url: 'https://h:99999', trust-anchor: ca.pem}\n", ":2: ", "write https://HOST:PORT"},
        Wrong{"NoAnchorFile", "target: {name: x}\naccess: {url: 'https://h:1', trust-anchor: nowhere.pem}\n", ":2: ", "nowhere.pem"},
        Wrong{"AnchorNoPem", "target: {name: x}\naccess: {url: 'https://h:1', trust-anchor: password.txt}\n", ":2: ", "password.txt"},
        Wrong{"PlainSecret", OPEN_ACCESS "  password: {user: u, password: hunter2}\n", ":5: ", "must not stand in a profile"},
        Wrong{"TwoSecrets", OPEN_ACCESS "  password: {user: u, password: {env: A, file: B}}\n", ":5: ", "exactly one source"},
        Wrong{"UnsetSecret", OPEN_ACCESS "  password: {user: u, password: {env: ESTSPEC_SURELY_UNSET}}\n", ":5: ", "is not set"},
        Wrong{"NoUser", OPEN_ACCESS "  password: {password: {file: password.txt}}\n", ":5: ", "user' is missing"},
        Wrong{"Label", OPEN_ACCESS "  label: cacerts\n", ":5: ", "no CA label"},
        Wrong{"Feature", OPEN_ACCESS "  labels: {manual: x}\n", ":5: ", "did you mean manual-approval"},
        Wrong{"Operator", OPEN_ACCESS "  operator: {reboot: x}\n", ":5: ", "unknown key 'access.operator.reboot'"},
        Wrong{"IdentityName", OPEN_ACCESS "  identities: {current: {certificate: ca.pem, key: ca.key}}\n",
              ":5: ", "cannot name an identity"},
        Wrong{"IdentityKey", OPEN_ACCESS "  identities: {client: {certificate: ca.pem, key: ca.pem}}\n", ":5: ", "ca.pem"},
        Wrong{"IdentityNoKey", OPEN_ACCESS "  identities: {client: {certificate: ca.pem}}\n", ":5: ", "client.key' is missing"},
        Wrong{"Subject", ACCESS "csr: {subject: device-{n}}\n", ":3: ", ""},
        Wrong{"SubjectNoNumber", ACCESS "csr: {subject: CN=x}\n", ":3: ", "has no {n}"},
        Wrong{"San", ACCESS "csr: {san: ['HOST:x']}\n", ":3: ", "HOST:x"},
        Wrong{"KeyType", ACCESS "csr: {key-type: dsa}\n", ":3: ", "no key type"},
        Wrong{"Rate", ACCESS "limits: {requests-per-second: -1}\n", ":3: ", "write a number from 0"},
        Wrong{"RateNan", ACCESS "limits: {requests-per-second: nan}\n", ":3: ", "write a number"},
        Wrong{"Wait", ACCESS "limits: {longest-wait: 0}\n", ":3: ", "write a whole number from 1"},
        Wrong{"WaitFraction", ACCESS "limits: {longest-wait: 1.5}\n", ":3: ", "write a whole number"}),
    [](const auto& test) { return test.param.name; });

TEST_F(ProfileTest, AMissingFileIsNamed) {
  const auto profile = load_profile(path("nowhere.yaml"));
  ASSERT_FALSE(profile.ok());
  EXPECT_THAT(profile.error().message, HasSubstr("nowhere.yaml"));
}

TEST_F(ProfileTest, HostileYamlEndsInAnError) {
  for (const std::string& text :
       {std::string(100000, '['), std::string("a: &a [*a]\n"), std::string("\xff\xfe\x00", 3), std::string(2U << 20U, ' '),
        std::string("? {a: b}\n: c\n"), std::string("target: &t {name: *t}\naccess: *t\n")}) {
    EXPECT_FALSE(load(text).ok());
  }
}

TEST_F(ProfileTest, ControlCharactersAreRefused) {
  const std::string start = ACCESS;
  ASSERT_TRUE(load(start).ok());
  const auto profile = load(start + '\0' + "\nno-such-key: 1\n");
  ASSERT_FALSE(profile.ok());
  EXPECT_EQ(profile.error().message,
            path("p.yaml") + ":3: a control character, which YAML does not allow; in double quotes write it as \\xNN");
}

TEST_F(ProfileTest, FlagsAloneMakeAProfile) {
  const auto profile = apply_flags(std::nullopt, {.url = "https://h:8443", .trust_anchor = path("ca.pem"), .user = "u", .password = "p"});
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_THAT(profile->claims, ElementsAre("http-basic", "simpleenroll", "simplereenroll", "tls-client-certificate"));
  EXPECT_EQ(profile->name, "h:8443");
}

TEST_F(ProfileTest, ReadsTheKeysThatProtectGeneratedOnes) {
  write("secret.key", "000102030405060708090a0b0c0d0e0f\n");
  const std::string keys =
      "  serverkeygen: {symmetric: {identifier: s, secret: {file: secret.key}}, key-agreement: {identifier: e, key: ca.key}, "
      "restricted: {identifier: r}}\n";
  const auto profile = load("target: {name: x}\naccess:\n  url: 'https://h:1'\n  trust-anchor: ca.pem\n" + keys);
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_EQ(profile->protection_keys.at("symmetric").secret.size(), 16U);
  EXPECT_TRUE(profile->protection_keys.at("key-agreement").key.has_value());
  EXPECT_EQ(profile->protection_keys.at("restricted").identifier, "r");
  EXPECT_THAT(profile->secrets(), testing::Contains("000102030405060708090a0b0c0d0e0f"));
  EXPECT_THAT(profile->public_json().dump(), testing::Not(HasSubstr("0001020304")));
}

TEST_F(ProfileTest, OddPasswordsAreWhatTheirNameSays) {
  write("colon.txt", "one:two:three\n");
  write("umlaut.txt", "Schl\u00FCssel\n");
  const std::string access = "target: {name: x}\naccess:\n  url: https://h:1\n  trust-anchor: ca.pem\n  odd-passwords: ";
  const auto profile =
      load(access + "{colon: {user: a, password: {file: colon.txt}}, non-ascii: {user: b, password: {file: umlaut.txt}}}\n");
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_EQ(profile->odd_passwords.at("colon").password, "one:two:three");
  EXPECT_EQ(profile->odd_passwords.at("non-ascii").user, "b");
  EXPECT_THAT(profile->secrets(), ::testing::IsSupersetOf({std::string("one:two:three"), std::string("Schl\u00FCssel")}));
  EXPECT_EQ(profile->public_json().dump().find("two"), std::string::npos);

  for (const std::string name : {"colon", "non-ascii"}) {
    const auto plain = load(access + "{" + name + ": {user: a, password: {file: password.txt}}}\n");
    ASSERT_FALSE(plain.ok());
    EXPECT_THAT(plain.error().message, HasSubstr("p.yaml:5"));
    EXPECT_THAT(plain.error().message, HasSubstr("access.odd-passwords." + name));
  }
}

TEST_F(ProfileTest, WrongProtectionKeysAreNamed) {
  write("short.key", "0001\n");
  for (const std::string keys : {"symmetric: {identifier: s}", "symmetric: {identifier: s, secret: {file: short.key}}",
                                 "key-transport: {identifier: k, key: ca.pem}", "key-transport: {key: ca.key}", "other: {identifier: o}"}) {
    const auto profile = load("target: {name: x}\naccess:\n  url: 'https://h:1'\n  trust-anchor: ca.pem\n  serverkeygen: {" + keys + "}\n");
    EXPECT_FALSE(profile.ok()) << keys;
    if (!profile.ok()) {
      EXPECT_THAT(profile.error().message, HasSubstr("p.yaml:5"));
    }
  }
}

TEST_F(ProfileTest, FlagsOverrideTheProfile) {
  auto base = load(std::string(complete));
  ASSERT_TRUE(base.ok());
  const auto profile = apply_flags(*base, {.url = "https://other:1", .password = "new", .label = "two"});
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_EQ(profile->url.endpoint.host, "other");
  EXPECT_EQ(profile->password->user, "device");
  EXPECT_EQ(profile->password->password, "new");
  EXPECT_EQ(profile->label, "two");
  EXPECT_EQ(profile->claims, base->claims);
}

TEST_F(ProfileTest, WrongFlagsAreNamed) {
  const std::string anchor = path("ca.pem");
  const std::vector<std::pair<Flags, std::string>> cases{
      {{}, "--url"},
      {{.url = "https://h:1"}, "--trust-anchor"},
      {{.url = "ftp://h", .trust_anchor = anchor}, "--url"},
      {{.url = "https://h/x", .trust_anchor = anchor}, "--url"},
      {{.url = "https://h", .trust_anchor = path("no.pem")}, "--trust-anchor"},
      {{.url = "https://h", .trust_anchor = anchor, .user = "u"}, "--password"},
      {{.url = "https://h", .trust_anchor = anchor, .client_certificate = anchor}, "--client-key"},
      {{.url = "https://h", .trust_anchor = anchor, .client_certificate = anchor, .client_key = anchor}, "--client-cert"},
      {{.url = "https://h", .trust_anchor = anchor, .label = "a/b"}, "--label"},
  };
  for (const auto& [flags, part] : cases) {
    const auto profile = apply_flags(std::nullopt, flags);
    ASSERT_FALSE(profile.ok()) << part;
    EXPECT_THAT(profile.error().message, HasSubstr(part));
  }
}

TEST(NearNames, FindsWhatWasMeant) {
  EXPECT_THAT(near_names("basic", {"http-basic", "http-digest"}), ElementsAre("http-basic"));
  EXPECT_TRUE(near_names(std::string(1000, 'a'), {"a"}).empty());
  EXPECT_TRUE(near_names("", {"http-basic"}).empty());
}

TEST(SecretDigests, AreSaltedAndTellNothing) {
  Profile profile;
  profile.password = Password{"u", "correct horse"};
  const engine::Json one = profile.secret_digests();
  EXPECT_EQ(one["digests"]["password"].get<std::string>().size(), 64U);
  EXPECT_NE(one["digests"], profile.secret_digests()["digests"]);
  EXPECT_EQ(one.dump().find("horse"), std::string::npos);
}

}  // namespace
}  // namespace conformance::target
