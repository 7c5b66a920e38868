#include "server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "est/base/file.h"
#include "server/example_config.h"
#include "server/scene_test.h"
#include "server/trust.h"

namespace server {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Config, TheExampleIsValid) {
  const auto config = parse_config(example_config(), "/etc/est/est-server.yaml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->ca_directory, "/etc/est/ca");
  EXPECT_EQ(config->listen.size(), 1U);
  EXPECT_EQ(config->users.front().value, "/etc/est/estuser.password");
  EXPECT_EQ(config->labels.at("").authentication, Authentication::certificate_or_password);
  ASSERT_EQ(config->named_certificates.size(), 1U);
  EXPECT_EQ(config->named_certificates.front().certificate, "/etc/est/server-named.pem");
  EXPECT_TRUE(config->listen_late.empty());
  EXPECT_TRUE(config->labels.at("pop").pop_required);
  EXPECT_TRUE(config->labels.at("manual-date").retry.as_date);
  EXPECT_TRUE(config->labels.at("attrs").enforce_attributes);
  EXPECT_EQ(config->labels.at("other").profile.key_types.size(), 1U);
}

struct Wrong {
  std::string text;  // appended to, or with a leading "!" instead of, a sound beginning of three lines
  std::string where;
  std::string problem;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.problem; }

constexpr std::string_view sound = "ca: ca\nserver-certificate: s.pem\nserver-key: s.key\n";

class WrongConfig : public testing::TestWithParam<Wrong> {};

TEST_P(WrongConfig, IsOneLineWithPlaceProblemAndCure) {
  const Wrong& wrong = GetParam();
  const std::string text = wrong.text.starts_with("!") ? wrong.text.substr(1) : std::string(sound) + wrong.text;
  const auto config = parse_config(text, "x.yaml");
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error().message,
              AllOf(StartsWith("x.yaml:" + wrong.where), HasSubstr(wrong.problem), HasSubstr("; "), Not(HasSubstr("\n"))));
}

TEST(Config, MetricsAreForThisMachineUnlessToldOtherwise) {
  const std::string start = std::string(sound) + "labels: {\"\": {}}\n";
  EXPECT_FALSE(parse_config(start, "x.yaml")->metrics);
  EXPECT_EQ(parse_config(start + "metrics: {port: 0}\n", "x.yaml")->metrics->to_string(), "127.0.0.1:0");
  EXPECT_EQ(parse_config(start + "metrics: {port: 9464, host: \"::\"}\n", "x.yaml")->metrics->to_string(), "[::]:9464");
}

TEST(Config, AComplaintIsOneLine) {
  const auto config = parse_config(std::string_view("\xff\0\n", 3), "x.yaml");
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error().message, AllOf(StartsWith("x.yaml:"), Not(HasSubstr("\n"))));
}

// The library ends the document at the NUL, or does not, by what stands around it.
TEST(Config, ControlCharactersAreRefused) {
  const std::string start = std::string(sound) + "labels: {\"\": {}}\n";
  ASSERT_TRUE(parse_config(start, "x.yaml"));
  const auto config = parse_config(start + '\0' + "\nno-such-key: 1\n", "x.yaml");
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().message, "x.yaml:5: a control character, which YAML does not allow; in double quotes write it as \\xNN");
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongConfig,
    testing::Values(Wrong{"", "", "labels is missing"}, Wrong{"labels: {}\n", "4: ", "no labels"},
                    Wrong{"labels: [a]\n", "4: ", "not a mapping"},
                    Wrong{"labels: {\"\": {}}\ncolour: red\n", "5: ", "unknown key \"colour\""},
                    Wrong{"labels: {\"\": {}}\nca: again\n", "5: ", "ca is there twice"},
                    Wrong{"labels: {\"\": {}}\nlisten: 8443\n", "5: ", "listen is not a list"},
                    Wrong{"labels: {\"\": {}}\nlisten: [nowhere]\n", "5: ", "host:port"},
                    Wrong{"labels: {\"\": {}}\nlisten: []\n", "5: ", "listen is empty"},
                    Wrong{"labels: {\"\": {}}\nthreads: many\n", "5: ", "threads is not a whole number from 1 to 256"},
                    Wrong{"labels: {\"\": {}}\nthreads: 0\n", "5: ", "from 1 to 256"},
                    Wrong{"labels: {\"\": {}}\ncheck-crl: yes\n", "5: ", "neither true nor false"},
                    Wrong{"labels: {\"\": {}}\nlimits: {body-octets: 1}\n", "5: ", "limits.body-octets"},
                    Wrong{"labels: {\"\": {}}\nmetrics: 9464\n", "5: ", "metrics is not a mapping"},
                    Wrong{"labels: {\"\": {}}\nmetrics: {}\n", "5: ", "metrics.port is missing"},
                    Wrong{"labels: {\"\": {}}\nmetrics: {port: 65536}\n", "5: ", "metrics.port is not a whole number from 0 to 65535"},
                    Wrong{"labels: {\"\": {}}\nmetrics: {port: 0, path: x}\n", "5: ", "unknown key \"metrics.path\""},
                    Wrong{"labels: {\"\": {}}\nlimits: {bodies: 1}\n", "5: ", "unknown key \"limits.bodies\""},
                    Wrong{"labels: {\"\": {}}\ntls: {minimum: \"1.1\"}\n", "5: ", "\"1.1\" is not a value of minimum"},
                    Wrong{"labels: {\"\": {}}\ntls: {minimum: \"1.3\", maximum: \"1.2\"}\n", "5: ", "minimum is above"},
                    Wrong{"labels: {\"\": {}}\nlisten-late: [nowhere]\n", "5: ", "host:port"},
                    Wrong{"labels: {\"\": {}}\nnamed-certificates: [{certificate: a.pem}]\n", "5: ", "key is missing"},
                    Wrong{"tls: {client-certificate: none}\nlabels: {\"\": {authentication: certificate}}\n", "5: ", "asks for none"},
                    Wrong{"labels: {\"\": {}}\ndigest-algorithms: [SHA-1]\n", "5: ", "unknown digest algorithm"},
                    Wrong{"labels: {\"\": {}}\nrealm: 'a\"b'\n", "5: ", "realm"},
                    Wrong{"labels: {\"\": {}}\nusers: [{name: a}]\n", "5: ", "exactly one of password-file and password-env"},
                    Wrong{"labels: {\"\": {}}\nusers: [{name: a, password: secret}]\n", "5: ", "password"},
                    Wrong{"labels:\n  a/b: {}\n", "5: ", "is no CA label"}, Wrong{"labels:\n  cacerts: {}\n", "5: ", "is no CA label"},
                    Wrong{"labels:\n  a: {authentication: \"ker\nberos\"}\n", "5: ", "ker beros"},
                    Wrong{"labels:\n  a: {authentication: \"ker\\nberos\"}\n", "5: ", "\\x0aberos"},
                    Wrong{"labels:\n  a: {authentication: kerberos}\n", "5: ", "certificate-and-password"},
                    Wrong{"labels:\n  a: {pop: maybe}\n", "5: ", "optional, required"},
                    Wrong{"labels:\n  a: {pop: required, accept-exporter: false}\n", "5: ", "TLS 1.3"},
                    Wrong{"labels:\n  a:\n    approval: slow\n", "6: ", "automatic, manual"},
                    Wrong{"labels:\n  a: {retry-after: {seconds: 0}}\n", "5: ", "retry-after.seconds"},
                    Wrong{"labels:\n  a: {retry-after: {form: epoch}}\n", "5: ", "seconds, date"},
                    Wrong{"labels:\n  a: {csrattrs: {attributes: [noSuchThing]}}\n", "5: ", "no object identifier"},
                    Wrong{"labels:\n  a: {csrattrs: {attributes: [{values: [1]}]}}\n", "5: ", "type is missing"},
                    Wrong{"labels:\n  a: {csrattrs: {attributes: [{type: extensionRequest, extensions: [keyUsage]}]}}\n",
                          "5: ", "needs a value"},
                    Wrong{"labels:\n  a: {csrattrs: {attributes: [{type: 1.2.3, values: [{hex: 0x}]}]}}\n", "5: ", "hexadecimal"},
                    Wrong{"labels:\n  a: {csrattrs: {attributes: [{type: 1.2.3, values: [{hex: '0505'}]}]}}\n", "5: ", "DER"},
                    Wrong{"labels:\n  a: {csrattrs: {template: {key: dsa}}}\n", "5: ", "unknown key type"},
                    Wrong{"labels:\n  a: {profile: {key-types: [rsa]}}\n", "5: ", "unknown key type"},
                    Wrong{"labels:\n  a: {profile: {key-usage: [keyCertSign]}}\n", "5: ", "unknown key usage"},
                    Wrong{"!", "", "no YAML document"}, Wrong{"!- a\n", "1: ", "not a mapping"}, Wrong{"!ca: [\n", "2: ", "no YAML"},
                    Wrong{"!ca: a\n---\nca: b\n", "", "several YAML documents"}, Wrong{"!, ca: a", "", "several YAML documents"}));

TEST(Config, MissingFileNamesItAndTheCure) {
  const auto config = load_config("/nonexistent/est-server.yaml");
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error().message, AllOf(HasSubstr("/nonexistent/est-server.yaml"), HasSubstr("init")));
}

TEST(Config, LinkingWithoutExporterIsFineUpToTls12) {
  EXPECT_TRUE(
      parse_config(std::string(sound) + "tls: {maximum: \"1.2\"}\nlabels: {a: {pop: required, accept-exporter: false}}\n", "x").ok());
}

TEST(Config, AttributesBecomeValidDer) {
  const auto config = parse_config(std::string(sound) + R"(labels:
  a:
    pop: required
    csrattrs:
      attributes:
        - macAddress
        - {type: rsaEncryption, values: [3072]}
        - {type: 1.2.3.4, values: [{utf8: text}, {printable: text}, {ia5: text}, {hex: "0500"}, secp384r1]}
        - {type: extensionRequest, extensions: [{id: subjectAltName, names: ["DNS:a.example"]}, {id: keyUsage, critical: true, usages: [digitalSignature]}]}
      template: {subject: [commonName], key: rsa-2048, attributes: [smimeCapabilities], extensions: [{id: extKeyUsage, purposes: [clientAuth]}]}
)",
                                   "x");
  ASSERT_TRUE(config.ok()) << config.error().message;
  const auto sent = est::codec::decode_csrattrs(est::codec::encode(advertised_attributes(config->labels.at("a"))));
  ASSERT_TRUE(sent.accepted()) << est::describe_first(sent.findings);
  EXPECT_EQ(sent.value->elements.size(), 7U) << "five configured, challengePassword and estIdentityLinking";
  const auto wanted = est::codec::request_template(*sent.value);
  ASSERT_TRUE(wanted.accepted()) << est::describe_first(wanted.findings);
  EXPECT_EQ(wanted.value->attributes.size(), 2U) << "smimeCapabilities and challengePassword";
}

// --- Users and trust.

class TrustFiles : public testing::Test {
 protected:
  TrustFiles() : folder("trust") {
    std::filesystem::create_directories(folder.path());
    scene.config.users.clear();
  }
  [[nodiscard]] std::string problem() const {
    const auto trust = load_trust(scene.config, *scene.authority);
    return trust ? std::string() : trust.error().message;
  }
  Folder folder;
  Scene scene;
};

TEST_F(TrustFiles, UsersFileMustBePrivate) {
  scene.config.users_file = folder.path("users.yaml");
  ASSERT_TRUE(est::write_file(scene.config.users_file, "alice: secret\n\"\": pin\n", 0644).ok());
  EXPECT_THAT(problem(), HasSubstr("chmod 600"));
  ::chmod(scene.config.users_file.c_str(), 0600);
  const auto trust = load_trust(scene.config, *scene.authority);
  ASSERT_TRUE(trust.ok()) << trust.error().message;
  EXPECT_EQ(trust->passwords.at("alice"), "secret");
  EXPECT_EQ(trust->passwords.at(""), "pin");
}

TEST_F(TrustFiles, ProblemsNameTheFileButNoSecret) {
  scene.config.users_file = folder.path("users.yaml");
  ASSERT_TRUE(est::write_file(scene.config.users_file, "alice: [secret]\n", 0600).ok());
  EXPECT_THAT(problem(), AllOf(HasSubstr("users.yaml:1"), Not(HasSubstr("secret"))));
  scene.config.users_file.clear();
  scene.config.users = {{"a", UserSource::Kind::environment, "ESTSPEC_NO_SUCH_VARIABLE"}};
  EXPECT_THAT(problem(), HasSubstr("ESTSPEC_NO_SUCH_VARIABLE"));
  scene.config.users = {{"a", UserSource::Kind::file, folder.path("none")}};
  EXPECT_THAT(problem(), HasSubstr(folder.path("none")));
  scene.config.users = {{"a", UserSource::Kind::literal, "x"}, {"a", UserSource::Kind::literal, "y"}};
  EXPECT_THAT(problem(), HasSubstr("twice"));
}

TEST_F(TrustFiles, AnchorsAndListsMustBeReadable) {
  scene.config.implicit_anchors = {scene.config.server_key};
  EXPECT_THAT(problem(), HasSubstr(scene.config.server_key));
  scene.config.implicit_anchors.clear();
  scene.config.own_crl = folder.path("none.crl");
  EXPECT_THAT(problem(), AllOf(HasSubstr("none.crl"), HasSubstr("est-server crl")));
  ASSERT_TRUE(est::write_file(folder.path("none.crl"), "garbage").ok());
  EXPECT_THAT(problem(), HasSubstr("none.crl"));
}

}  // namespace
}  // namespace server
