#include "server/handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "est/codec/base64.h"
#include "est/codec/csrattrs.h"
#include "est/crypto/digest.h"
#include "est/http/auth.h"
#include "est/http/parser.h"
#include "est/http/values.h"
#include "server/scene_test.h"

namespace server {
namespace {

using est::Bytes;
using est::http::Request;
using est::http::Response;
using est::ops::Operation;
using est::tls::Facts;
using testing::HasSubstr;
namespace oids = est::codec::oids;

class HandlerTest : public testing::Test {
 protected:
  // The id of the pending request with this subject; 0 when none waits.
  [[nodiscard]] std::int64_t waiting(const std::string& subject) const {
    const auto records = scene.authority->pending();
    for (const ca::PendingRecord& each : *records)
      if (each.subject == subject && each.state == "waiting") return each.id;
    return 0;
  }
  Scene scene;
};

Request enroll_request(const std::string& label = {}, Operation operation = Operation::simpleenroll) {
  return est::ops::enroll_request(operation, label, "localhost", make_csr());
}

TEST_F(HandlerTest, RoutesAndRefusesByHead) {
  struct Row {
    std::string method, target;
    int status;
  };
  const std::string est = "/.well-known/est";
  for (const Row& row : {Row{"GET", est + "/cacerts", 200},
                         {"HEAD", est + "/cacerts", 200},
                         {"GET", est + "/manual/cacerts", 200},
                         {"GET", est + "/cacerts?x=1", 200},
                         {"GET", est + "/basic/csrattrs", 204},
                         {"GET", est + "/csrattrs", 200},
                         {"GET", est + "/pop/csrattrs", 200},
                         {"GET", "/", 404},
                         {"GET", est, 404},
                         {"GET", est + "/nothing", 404},
                         {"GET", est + "/unknown-label/cacerts", 404},
                         {"GET", est + "/CACERTS", 404},
                         {"POST", est + "/cacerts", 405},
                         {"PUT", est + "/csrattrs", 405},
                         {"GET", est + "/simpleenroll", 405},
                         {"HEAD", est + "/simpleenroll", 405},
                         {"DELETE", est + "/simplereenroll", 405},
                         {"POST", est + "/serverkeygen", 415},
                         {"GET", est + "/serverkeygen", 405},
                         {"POST", est + "/open/serverkeygen", 501},
                         {"POST", est + "/fullcmc", 415},
                         {"GET", est + "/fullcmc", 405},
                         {"POST", est + "/simpleenroll", 415}}) {
    const Response response = scene.send({row.method, row.target, 1, {}, {}}, Scene::facts());
    EXPECT_EQ(response.status, row.status) << row.method << " " << row.target << " " << body(response);
    if (response.status >= 400) {
      EXPECT_EQ(response.fields.get("Content-Type").value_or("").substr(0, 10), "text/plain") << row.target;
      EXPECT_GT(response.body.size(), 20U);
    }
    EXPECT_EQ(response.fields.has("Allow"), response.status == 405);
  }
  EXPECT_EQ(scene.send({"POST", est + "/cacerts", 1, {}, {}}, Scene::facts()).fields.get("Allow"), "GET, HEAD");
  EXPECT_EQ(scene.send({"GET", est + "/simpleenroll", 1, {}, {}}, Scene::facts()).fields.get("Allow"), "POST");
}

TEST_F(HandlerTest, TakesTheMediaTypeInAnyCaseAndWithParameters) {
  for (const auto& [type, status] :
       {std::pair{"Application/PKCS10; charset=x", 200}, {"application/pkcs10", 200}, {"text/plain", 415}, {"", 415}}) {
    Request request = enroll_request("open");
    request.fields.set("Content-Type", type);
    EXPECT_EQ(scene.send(request, Scene::facts()).status, status) << type;
  }
}

TEST_F(HandlerTest, SupportsNoContentCoding) {
  for (const auto& [coding, status] : {std::pair{"gzip", 415}, {"identity", 200}}) {
    Request request = enroll_request("open");
    request.fields.set("Content-Encoding", coding);
    EXPECT_EQ(scene.send(request, Scene::facts()).status, status) << coding;
  }
}

TEST_F(HandlerTest, CacertsCarriesTheRoot) {
  const auto certificates = est::ops::read_certs_only_body(scene.get("/.well-known/est/cacerts").body);
  ASSERT_TRUE(certificates.accepted());
  EXPECT_EQ(certificates.value->size(), 1U);
}

// --- Authentication: label x credentials -> status.

enum class Shown { nothing, basic, wrong_password, unknown_user };

struct AuthRow {
  std::string label;
  std::string certificate;
  Shown shown;
  int status;
};

void PrintTo(const AuthRow& row, std::ostream* out) { *out << row.label << " " << row.certificate << " " << row.status; }

class Authenticating : public HandlerTest, public testing::WithParamInterface<AuthRow> {};

TEST_P(Authenticating, DecidesByPolicy) {
  const AuthRow& row = GetParam();
  Request request = enroll_request(row.label);
  if (row.shown == Shown::basic) request = with_password(request, "estuser", sample_password());
  if (row.shown == Shown::wrong_password) request = with_password(request, "estuser", "wrong");
  if (row.shown == Shown::unknown_user) request = with_password(request, "nobody", sample_password());
  const Response response = scene.send(request, Scene::facts(row.certificate));
  EXPECT_EQ(response.status, row.status) << body(response);
  EXPECT_EQ(response.fields.has("WWW-Authenticate"), response.status == 401);
}

INSTANTIATE_TEST_SUITE_P(Policies, Authenticating,
                         testing::Values(AuthRow{"open", "", Shown::nothing, 200}, AuthRow{"open", "expired", Shown::wrong_password, 200},
                                         AuthRow{"basic", "", Shown::nothing, 401}, AuthRow{"basic", "client", Shown::nothing, 401},
                                         AuthRow{"basic", "", Shown::basic, 200}, AuthRow{"basic", "", Shown::wrong_password, 401},
                                         AuthRow{"basic", "", Shown::unknown_user, 401}, AuthRow{"digest", "", Shown::basic, 401},
                                         AuthRow{"password", "", Shown::basic, 200}, AuthRow{"cert", "", Shown::basic, 403},
                                         AuthRow{"cert", "client", Shown::nothing, 200}, AuthRow{"cert", "device", Shown::nothing, 200},
                                         AuthRow{"cert", "expired", Shown::nothing, 403},
                                         AuthRow{"cert", "not-yet-valid", Shown::nothing, 403},
                                         AuthRow{"cert", "revoked", Shown::nothing, 403},
                                         AuthRow{"cert", "wrong-purpose", Shown::nothing, 403},
                                         AuthRow{"cert", "server", Shown::nothing, 403}, AuthRow{"", "", Shown::nothing, 401},
                                         AuthRow{"", "revoked", Shown::nothing, 401}, AuthRow{"", "revoked", Shown::basic, 200},
                                         AuthRow{"", "client", Shown::nothing, 200}, AuthRow{"", "client", Shown::wrong_password, 401},
                                         AuthRow{"both", "", Shown::basic, 403}, AuthRow{"both", "client", Shown::nothing, 401},
                                         AuthRow{"both", "client", Shown::wrong_password, 401},
                                         AuthRow{"both", "revoked", Shown::basic, 403}, AuthRow{"both", "client", Shown::basic, 200}));

TEST_F(HandlerTest, SaysWhyACertificateIsRefused) {
  for (const auto& [who, why] : {std::pair{"expired", "has expired"},
                                 {"not-yet-valid", "not yet valid"},
                                 {"revoked", "revoked"},
                                 {"wrong-purpose", "id-kp-clientAuth"}})
    EXPECT_THAT(body(scene.enroll("cert", make_csr(), Scene::facts(who), false)), HasSubstr(why)) << who;
}

TEST_F(HandlerTest, RefusesCertificatesOfUnknownIssuers) {
  Facts facts = Scene::facts("device");
  facts.peer_chain.front().back() ^= 1U;  // the signature of a manufacturer that is not ours
  EXPECT_EQ(scene.enroll("cert", make_csr(), facts, false).status, 403);
  facts.peer_chain.front() = est::to_bytes("garbage");
  EXPECT_EQ(scene.enroll("cert", make_csr(), facts, false).status, 403);
}

TEST_F(HandlerTest, RevocationWorksFromTheNextRequestAndCrlCheckingCanBeOff) {
  scene.authenticator = std::make_unique<Authenticator>(
      Authenticator::Options{"estspec", {est::http::DigestAlgorithm::sha256}, [](est::BytesView) { return est::Result<bool>(true); }},
      *scene.trust, scene.clock);
  scene.handler =
      std::make_unique<Handler>(Handler::Parts{scene.config.labels, *scene.authenticator, *scene.authority, scene.log, scene.clock});
  EXPECT_EQ(scene.enroll("cert", make_csr(), Scene::facts("client"), false).status, 403);
  Trust trust = *scene.trust->current();
  trust.check_crl = false;
  scene.trust->replace(trust);
  EXPECT_EQ(scene.enroll("cert", make_csr(), Scene::facts("client"), false).status, 200);
  EXPECT_EQ(scene.enroll("cert", make_csr(), Scene::facts("revoked"), false).status, 200);
}

TEST_F(HandlerTest, MissingCrlRefuses) {
  Trust trust = *scene.trust->current();
  trust.crls.clear();
  scene.trust->replace(trust);
  EXPECT_THAT(body(scene.enroll("cert", make_csr(), Scene::facts("client"), false)), HasSubstr("cannot be checked for revocation"));
  EXPECT_EQ(scene.enroll("cert", make_csr(), Scene::facts("device"), false).status, 200) << "implicit anchors need no CRL";
}

TEST_F(HandlerTest, GivesDevicesTheIdentityTheirManufacturerGaveThem) {
  const auto asking = [&](const std::string& who, const std::string& subject) {
    return scene.enroll("devices", make_csr({.subject = subject}), Scene::facts(who), false);
  };
  EXPECT_EQ(asking("device", "CN=device 1,serialNumber=0001,O=Maker").status, 200);
  EXPECT_EQ(asking("device", "CN=any,O=Maker,serialNumber=0001").status, 200);
  for (const char* other :
       {"CN=device 1", "CN=device 1,serialNumber=0002,O=Maker", "CN=device 1,serialNumber=0001,serialNumber=0001,O=Maker",
        "CN=device 1,serialNumber=0001,O=Other Maker", "CN=device 1,serialNumber=0001"})
    EXPECT_THAT(body(asking("device", other)), HasSubstr("serialNumber=0001 and O=Maker")) << other;
  EXPECT_EQ(asking("other-device", "CN=device 1,serialNumber=0001,O=Maker").status, 403) << "that of another manufacturer's";
  EXPECT_EQ(asking("other-device", "CN=device 1,serialNumber=0001,O=Other Maker").status, 200);
  EXPECT_EQ(asking("client", "CN=anything").status, 200) << "our own certificates are no manufacturer's";
}

TEST_F(HandlerTest, SendsTheOldContentTransferEncodingOnlyWhenToldTo) {
  const est::tls::Facts facts = Scene::facts();
  const est::net::Peer peer{1, "peer", &facts};
  const auto field_of = [&](Handler& handler, const std::string& target) {
    return est::as_text(handler.on_request({"GET", target, 1, {}, {}}, peer, true).wire).find("Content-Transfer-Encoding: base64\r\n");
  };
  Handler old({scene.config.labels, *scene.authenticator, *scene.authority, scene.log, scene.clock, true});
  EXPECT_NE(field_of(old, "/.well-known/est/cacerts"), std::string_view::npos);
  EXPECT_EQ(field_of(old, "/nothing"), std::string_view::npos) << "a refusal is plain text";
  EXPECT_EQ(field_of(*scene.handler, "/.well-known/est/cacerts"), std::string_view::npos);
}

TEST_F(HandlerTest, OffersEveryChallengeTheLabelTakes) {
  const auto schemes = [&](const std::string& label) {
    const auto challenges = est::http::decode_challenges(scene.send(enroll_request(label), Scene::facts()).fields.all("WWW-Authenticate"));
    EXPECT_TRUE(challenges.accepted());
    std::string names;
    for (const auto& each : *challenges.value) names += each.scheme + " ";
    return names;
  };
  EXPECT_EQ(schemes("basic"), "Basic ");
  EXPECT_EQ(schemes("digest"), "Digest Digest ");
  EXPECT_EQ(schemes("password"), "Digest Digest Basic ");
  EXPECT_EQ(schemes(""), "Digest Digest Basic ");
}

TEST_F(HandlerTest, DigestOnceStaleAfterwards) {
  const auto challenge_of = [](const Response& response) {
    return est::http::parse_digest_challenge(est::http::decode_challenges(response.fields.all("WWW-Authenticate")).value->front()).value();
  };
  Request request = enroll_request("digest");
  const auto challenge = challenge_of(scene.send(request, Scene::facts()));
  const auto authorize = [&](const std::string& password, std::uint32_t count) {
    request.fields.set("Authorization",
                       est::http::digest_authorization(challenge, {"estuser", password}, "POST", request.target, count, "c"));
  };
  authorize("wrong", 1);
  EXPECT_EQ(scene.send(request, Scene::facts()).status, 401);
  authorize(sample_password(), 2);
  EXPECT_EQ(scene.handler->on_head(request, {1, "peer", nullptr}), std::nullopt) << "looking must not spend the nonce count";
  EXPECT_EQ(scene.send(request, Scene::facts()).status, 200);
  scene.clock.set(scene.clock.now() + 3600);
  authorize(sample_password(), 3);
  const Response late = scene.send(request, Scene::facts());
  EXPECT_EQ(late.status, 401);
  EXPECT_TRUE(challenge_of(late).stale);
}

TEST_F(HandlerTest, MalformedAuthorizationIs401) {
  for (const char* value : {"Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Digest", "Digest username=\"x", "Bearer x", ""}) {
    Request request = enroll_request("password");
    request.fields.set("Authorization", value);
    EXPECT_EQ(scene.send(request, Scene::facts()).status, 401) << value;
  }
}

// --- Early refusals and framing.

TEST_F(HandlerTest, RefusesOnTheHeadOnlyWhenItSparesSomething) {
  const Facts facts = Scene::facts();
  const est::net::Peer peer{1, "peer", &facts};
  Request request = enroll_request("basic");
  request.fields.set("Content-Length", "500");
  EXPECT_EQ(scene.handler->on_head(request, peer), std::nullopt);
  request.fields.set("Expect", "100-continue");
  const auto reply = scene.handler->on_head(request, peer);
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->after, est::net::AfterReply::close);
  EXPECT_EQ(est::http::parse_response(reply->wire, "POST", true).message.status, 401);
  request.fields.remove("Expect");
  request.fields.set("Content-Length", "200000");
  EXPECT_TRUE(scene.handler->on_head(request, peer).has_value());
  EXPECT_EQ(scene.handler->on_head(with_password(request, "estuser", sample_password()), peer), std::nullopt);
}

TEST_F(HandlerTest, RepliesAreCompleteMessages) {
  const Facts facts = Scene::facts();
  const est::net::Peer peer{1, "peer", &facts};
  const auto kept = scene.handler->on_request({"HEAD", "/.well-known/est/cacerts", 1, {}, {}}, peer, true);
  const auto seen = est::http::parse_response(kept.wire, "HEAD", false);
  EXPECT_TRUE(seen.complete);
  EXPECT_TRUE(seen.message.body.empty());
  EXPECT_TRUE(est::http::parse_http_date(seen.message.fields.get("Date").value_or("")));
  const auto closed = scene.handler->on_request({"GET", "/", 1, {}, {}}, peer, false);
  EXPECT_EQ(closed.after, est::net::AfterReply::close);
  EXPECT_EQ(est::http::parse_response(closed.wire, "GET", true).message.fields.get("Connection"), "close");
  const auto refused = scene.handler->on_refusal({413, "The body is too large; send less."}, peer);
  EXPECT_EQ(est::http::parse_response(refused.wire, "POST", true).message.status, 413);
  const auto old = scene.handler->on_request({"GET", "/.well-known/est/cacerts", 0, {}, {}}, peer, true);
  EXPECT_EQ(est::http::parse_response(old.wire, "GET", true).message.fields.get("Connection"), "keep-alive");
}

TEST_F(HandlerTest, LogsWithoutSecrets) {
  const Facts facts = Scene::facts();
  static_cast<void>(scene.handler->on_request(with_password(enroll_request(), "estuser", sample_password()), {7, "peer", &facts}, true));
  ASSERT_EQ(scene.log_lines.size(), 1U);
  EXPECT_THAT(scene.log_lines.front(), HasSubstr("user:estuser"));
  EXPECT_THAT(scene.log_lines.front(), testing::Not(HasSubstr(sample_password())));
}

// --- The request itself.

TEST_F(HandlerTest, IssuesWhatWasAskedFor) {
  const auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p384).value();
  const auto certificate =
      certificate_in(scene.enroll("", make_csr({.subject = "CN=x,O=Acme", .names = {"DNS:x.example"}}, key), Scene::facts()));
  EXPECT_EQ(certificate.subject.to_string(), "CN=x,O=Acme");
  EXPECT_EQ(certificate.spki, key.public_key_info());
  EXPECT_NE(certificate.extension(oids::subject_alt_name), nullptr);
}

TEST_F(HandlerTest, ReadsEveryBase64OfRfc8951) {
  const Bytes csr = make_csr();
  for (const std::string& text : {est::codec::encode_base64(csr), est::codec::encode_base64(csr, 64, "\n"),
                                  est::codec::encode_base64(csr, 76, "\r\n"), " \t" + est::codec::encode_base64(csr, 7, "\n") + "\n\n"}) {
    Request request = enroll_request("open");
    request.body = est::to_bytes(text);
    EXPECT_EQ(scene.send(request, Scene::facts()).status, 200) << text;
  }
}

TEST_F(HandlerTest, RefusesBrokenRequestsWithASentence) {
  const Bytes good = make_csr();
  Bytes flipped = good;
  flipped.back() ^= 1U;
  Bytes trailing = good;
  trailing.push_back(0);
  const auto armoured = "-----BEGIN CERTIFICATE REQUEST-----\n" + est::codec::encode_base64(good) + "\n-----END CERTIFICATE REQUEST-----\n";
  const auto encoded = [](const Bytes& der) { return est::codec::encode_base64(der); };
  for (const auto& [text, part] : {std::pair<std::string, std::string>{"", "no body"},
                                   {"%%%", "base64"},
                                   {armoured, "BEGIN and END"},
                                   {est::to_string(good), "base64"},
                                   {encoded(flipped), "signature"},
                                   {encoded(trailing), "trailing"},
                                   {encoded(Bytes(good.begin(), good.begin() + 40)), "der."},
                                   {encoded(est::to_bytes("hello")), "der."}}) {
    Request request = enroll_request("open");
    request.body = est::to_bytes(text);
    const Response response = scene.send(request, Scene::facts());
    EXPECT_EQ(response.status, 400) << part;
    EXPECT_THAT(body(response), HasSubstr(part));
  }
}

TEST_F(HandlerTest, RefusesChangeSubjectName) {
  const auto attribute = est::codec::make_change_subject_name({est::codec::parse_name("CN=new").value(), {}});
  const Response response = scene.enroll("", make_csr({.attributes = {attribute}}), Scene::facts());
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(body(response), HasSubstr("ChangeSubjectName"));
}

struct RenameRow {
  std::string label, who;
  std::optional<std::string> subject;
  std::vector<std::string> names;
  int status;
  Operation operation = Operation::simplereenroll;
  std::string asked = "CN=est client,O=estspec";
};

TEST_F(HandlerTest, ChangesNamesWhereThePolicyAllows) {
  using R = RenameRow;
  for (const R& row : {R{"rename", "client", "CN=new", {}, 200}, R{"rename", "client", {}, {"DNS:new.example"}, 200},
                       R{"", "client", "CN=new", {}, 400}, R{"rename", "client", "CN=new", {}, 400, Operation::simplereenroll, "CN=new"},
                       R{"rename", "ra", "CN=new", {}, 200, Operation::simplereenroll, "CN=other"},
                       R{"rename", "", "CN=new", {}, 400, Operation::simpleenroll}, R{"rename", "client", {}, {"DNS:a..b"}, 400},
                       R{"rename", "device", "CN=new", {}, 200, Operation::simpleenroll, "CN=device 1,serialNumber=0001,O=Maker"}}) {
    est::codec::ChangeSubjectName change;
    if (row.subject) change.subject = est::codec::parse_name(*row.subject).value();
    for (const std::string& name : row.names) change.subject_alt_name.push_back(est::codec::parse_general_name(name).value());
    const Bytes csr = make_csr({.subject = row.asked, .attributes = {est::codec::make_change_subject_name(change)}});
    const Response response = scene.enroll(row.label, csr, Scene::facts(row.who), row.who.empty(), row.operation);
    EXPECT_EQ(response.status, row.status) << row.who << " " << row.asked << ": " << body(response);
    if (response.status != 200) continue;
    const auto certificate = certificate_in(response);
    EXPECT_EQ(certificate.subject.to_string(), row.subject.value_or(""));
    EXPECT_EQ(certificate.extension(oids::subject_alt_name) != nullptr, !row.names.empty());
  }
}

TEST_F(HandlerTest, RefusesMalformedChangeSubjectName) {
  const est::codec::Attribute empty{oids::change_subject_name, {Bytes{0x30, 0x00}}, 0};
  const Bytes csr = make_csr({.subject = "CN=est client,O=estspec", .attributes = {empty}});
  const Response response = scene.enroll("rename", csr, Scene::facts("client"), false, Operation::simplereenroll);
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(body(response), HasSubstr("RFC 6402"));
}

// --- RFC 7894.

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

TEST_F(HandlerTest, OneTimePasswordsAreGoodOnce) {
  const auto csr = [](const std::string& value) {
    return make_csr({.attributes = {est::codec::make_text_attribute(oids::otp_challenge, value)}});
  };
  const std::string good = first_line(file_text(sample_folder().path("estuser.one-time-passwords")));
  EXPECT_EQ(scene.enroll("otp", make_csr(), Scene::facts()).status, 400) << "demanded";
  EXPECT_EQ(scene.enroll("otp", csr("wrong"), Scene::facts()).status, 403);
  EXPECT_EQ(scene.enroll("otp", csr(good + good), Scene::facts()).status, 403);
  EXPECT_EQ(scene.enroll("otp", csr(good), Scene::facts()).status, 200);
  EXPECT_EQ(scene.enroll("otp", csr(good), Scene::facts()).status, 403) << "used";
  EXPECT_EQ(scene.enroll("", csr("wrong"), Scene::facts()).status, 403) << "verified wherever it is sent";
}

TEST_F(HandlerTest, RevocationChallengesAreKeptWithTheCertificate) {
  const Bytes csr = make_csr({.attributes = {est::codec::make_text_attribute(oids::revocation_challenge, "let me go")}});
  const auto certificate = certificate_in(scene.enroll("", csr, Scene::facts()));
  const auto kept = scene.authority->challenge(certificate.serial);
  ASSERT_TRUE(kept.ok() && kept->has_value());
  EXPECT_EQ(**kept, est::crypto::digest(est::crypto::Digest::sha256, est::as_bytes("let me go")));
  const Bytes empty = make_csr({.attributes = {est::codec::make_text_attribute(oids::revocation_challenge, "")}});
  EXPECT_EQ(scene.enroll("", empty, Scene::facts()).status, 400);
}

TEST_F(HandlerTest, IdentityLinkingIsVerifiedLikeChallengePassword) {
  const Facts facts = Scene::facts();
  const std::string right = est::ops::channel_binding_text(facts.tls_unique);
  const auto status = [&](const std::string& label, const std::string& linking, std::optional<std::string> password) {
    Csr csr{.challenge_password = std::move(password)};
    csr.attributes = {est::codec::make_text_attribute(oids::est_identity_linking, linking)};
    return scene.enroll(label, make_csr(csr), facts).status;
  };
  EXPECT_EQ(status("pop", right, {}), 200);
  EXPECT_EQ(status("pop", "d3Jvbmc=", {}), 400);
  EXPECT_EQ(status("", "d3Jvbmc=", {}), 400);
  EXPECT_EQ(status("pop", right, right), 200);
  EXPECT_EQ(status("pop", "d3Jvbmc=", right), 400) << "each by itself";
  EXPECT_EQ(status("pop", right, "d3Jvbmc="), 400);
}

// --- Linking of identity and proof of possession.

struct LinkRow {
  std::string name, label, who, given;  // `given`: "unique", "exporter", "other", "none"
  est::tls::Version version;
  int status;
};

void PrintTo(const LinkRow& row, std::ostream* out) { *out << row.name; }

class Linking : public HandlerTest, public testing::WithParamInterface<LinkRow> {};

TEST_P(Linking, IsVerifiedWheneverPresent) {
  const LinkRow& row = GetParam();
  Facts facts = Scene::facts(row.who);
  facts.version = row.version;
  if (row.version == est::tls::Version::tls13) facts.tls_unique.clear();
  Csr csr;
  if (row.given == "unique") csr.challenge_password = est::codec::encode_base64(est::as_bytes("unique-of-this-connection"));
  if (row.given == "exporter") csr.challenge_password = est::codec::encode_base64(est::as_bytes("exporter-of-this-connection"));
  if (row.given == "other") csr.challenge_password = est::codec::encode_base64(est::as_bytes("unique-of-another"));
  if (row.label == "strict13") {
    scene.config.labels["strict13"] = scene.config.labels["pop"];
    scene.config.labels["strict13"].accept_exporter = false;
  }
  const Response response = scene.enroll(row.label, make_csr(csr), facts, row.who.empty());
  EXPECT_EQ(response.status, row.status) << body(response);
  if (response.status == 400) {
    EXPECT_THAT(body(response), HasSubstr("3.5"));
  }
}

constexpr auto tls12 = est::tls::Version::tls12;
constexpr auto tls13 = est::tls::Version::tls13;
INSTANTIATE_TEST_SUITE_P(
    Values, Linking,
    testing::Values(LinkRow{"right", "", "", "unique", tls12, 200}, LinkRow{"absent", "", "", "none", tls12, 200},
                    LinkRow{"wrong", "", "", "other", tls12, 400}, LinkRow{"exporter on 1.2", "", "", "exporter", tls12, 400},
                    LinkRow{"required", "pop", "", "unique", tls12, 200}, LinkRow{"required, absent", "pop", "", "none", tls12, 400},
                    LinkRow{"required, wrong", "pop", "", "other", tls12, 400}, LinkRow{"1.3 exporter", "pop", "", "exporter", tls13, 200},
                    LinkRow{"1.3 unique", "", "", "unique", tls13, 400}, LinkRow{"1.3 refused", "strict13", "", "exporter", tls13, 400},
                    LinkRow{"RA forwards", "pop", "ra", "other", tls12, 200}, LinkRow{"RA without", "pop", "ra", "none", tls12, 200},
                    LinkRow{"no RA", "pop", "client", "other", tls12, 400}, LinkRow{"device", "pop", "device", "other", tls12, 400}));

TEST_F(HandlerTest, ListsChallengePasswordWhereLinkingIsRequired) {
  const auto body_of = est::codec::decode_base64(body(scene.get("/.well-known/est/pop/csrattrs")), est::codec::Base64Mode::lenient);
  const auto attributes = est::codec::decode_csrattrs(*body_of.value);
  ASSERT_TRUE(attributes.accepted());
  EXPECT_TRUE(attributes.value->mentions(oids::challenge_password));
}

// --- Re-enrollment.

struct RenewRow {
  std::string who;
  Csr csr;
  int status;
};

TEST_F(HandlerTest, ReenrollsForTheHolderAndTheRa) {
  const std::string own = "CN=est client,O=estspec";
  for (const RenewRow& row : {RenewRow{"client", {.subject = own}, 200},
                              {"client", {.subject = "CN=somebody else,O=estspec"}, 400},
                              {"client", {.subject = own, .names = {"DNS:extra.example"}}, 400},
                              {"client", {.subject = "CN=est client"}, 400},
                              {"ra", {.subject = "CN=anybody"}, 200},
                              {"device", {.subject = "CN=device 1,serialNumber=0001,O=Maker"}, 403},
                              {"", {.subject = own}, 403}}) {
    const Response response = scene.enroll("", make_csr(row.csr), Scene::facts(row.who), row.who.empty(), Operation::simplereenroll);
    EXPECT_EQ(response.status, row.status) << row.who << " " << row.csr.subject << ": " << body(response);
  }
}

TEST_F(HandlerTest, RenewalComparesTheSubjectAltName) {
  const std::vector<std::string> names = {"DNS:a.example", "IP:192.0.2.1"};
  const auto first = certificate_in(scene.enroll("", make_csr({.subject = "CN=a", .names = names}), Scene::facts()));
  Facts facts = Scene::facts();
  facts.peer_chain = {first.der};
  const auto renew = [&](std::vector<std::string> asked) {
    return scene.enroll("", make_csr({.subject = "CN=a", .names = std::move(asked)}), facts, false, Operation::simplereenroll).status;
  };
  EXPECT_EQ(renew({"DNS:a.example", "IP:192.0.2.1"}), 200);
  EXPECT_EQ(renew({"IP:192.0.2.1", "DNS:a.example"}), 200);
  EXPECT_EQ(renew({"DNS:a.example"}), 400);
  EXPECT_EQ(renew({}), 400);
}

// --- Approval.

TEST_F(HandlerTest, ManualRequestsWaitAndAreRecognised) {
  const auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256).value();
  const Facts facts = Scene::facts();
  const Response first = scene.enroll("manual", make_csr({.subject = "CN=waits"}, key), facts);
  EXPECT_EQ(first.status, 202);
  EXPECT_EQ(first.fields.get("Retry-After"), "1");
  // Signed anew for another connection: still the same request (INT-10).
  const std::string binding = est::ops::channel_binding_text(facts.tls_unique);
  const auto again = make_csr({.subject = "CN=waits", .challenge_password = binding}, key);
  EXPECT_EQ(body(scene.enroll("manual", again, facts)), body(first));
  EXPECT_TRUE(scene.authority->approve(waiting("CN=waits")).ok());
  const auto certificate = certificate_in(scene.enroll("manual", again, facts));
  EXPECT_EQ(certificate_in(scene.enroll("manual", again, facts)).der, certificate.der);
}

TEST_F(HandlerTest, RetryAfterAsDateAndRejection) {
  const Bytes csr = make_csr({.subject = "CN=waits for a date"});
  const Response response = scene.enroll("manual-date", csr, Scene::facts());
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(est::http::parse_http_date(response.fields.get("Retry-After").value_or("")), scene.clock.now() + 2);
  EXPECT_TRUE(scene.authority->reject(waiting("CN=waits for a date")).ok());
  EXPECT_EQ(scene.enroll("manual-date", csr, Scene::facts()).status, 403);
}

// --- Profiles and attributes.

TEST_F(HandlerTest, EnforcesAttributesAndNamesWhatIsMissing) {
  EXPECT_EQ(scene.enroll("attrs", make_csr({.names = {"DNS:x.example"}}), Scene::facts()).status, 200);
  const Response response = scene.enroll("attrs", make_csr({.key_type = est::crypto::KeyType::ec_p384}), Scene::facts());
  EXPECT_EQ(response.status, 400);
  for (const char* part : {"/csrattrs", "subjectAltName", "a key of type", "a signature by"}) EXPECT_THAT(body(response), HasSubstr(part));
}

TEST_F(HandlerTest, RefusesKeyTypesOutsideTheProfileAndSaysThemInCsrattrs) {
  EXPECT_EQ(scene.enroll("other", make_csr(), Scene::facts()).status, 400);
  EXPECT_EQ(scene.enroll("other", make_csr({.key_type = est::crypto::KeyType::ec_p384}), Scene::facts()).status, 200);
  const auto der = est::codec::decode_base64(body(scene.get("/.well-known/est/other/csrattrs")), est::codec::Base64Mode::lenient);
  const auto attributes = est::codec::decode_csrattrs(*der.value);
  ASSERT_TRUE(attributes.accepted());
  EXPECT_NE(attributes.value->attribute(oids::ec_public_key), nullptr);
}

// The request, and who made it, are gone when the work is done.
TEST_F(HandlerTest, WaitsForTheDatabaseElsewhereWhenTold) {
  Handler::Parts parts{scene.config.labels, *scene.authenticator, *scene.authority, scene.log, scene.clock};
  parts.wait_elsewhere = true;
  Handler handler(parts);
  const auto begin = [&](Operation operation, std::string_view label) {
    const est::tls::Facts facts = Scene::facts("client");
    return handler.begin_request(est::ops::enroll_request(operation, label, "localhost", make_csr()), {7, "127.0.0.1:1", &facts}, true);
  };
  EXPECT_TRUE(std::holds_alternative<est::net::Reply>(begin(Operation::simplereenroll, ""))) << "another name than the certificate's";
  auto by_hand = begin(Operation::simpleenroll, "manual");
  ASSERT_TRUE(std::holds_alternative<est::net::Errand>(by_hand)) << "an operator has to approve: that takes a transaction of its own";
  EXPECT_EQ(est::http::parse_response(std::get<est::net::Errand>(by_hand)().wire, "POST", false).message.status, 202);
  auto begun = begin(Operation::simpleenroll, "");
  ASSERT_TRUE(std::holds_alternative<est::net::Deferred>(begun));
  const auto finish = std::make_shared<std::promise<est::net::Errand>>();
  std::get<est::net::Deferred>(begun)([finish](est::net::Errand errand) { finish->set_value(std::move(errand)); });
  const auto answer = est::http::parse_response(finish->get_future().get()().wire, "POST", false);
  EXPECT_EQ(certificate_in(answer.message).subject.to_string(), "CN=device");
}

// An RSA key takes most of a second: whoever asks the same loop for something meanwhile must not wait for it.
TEST_F(HandlerTest, KeysAndFullRequestsAreMadeElsewhere) {
  Handler::Parts parts{scene.config.labels, *scene.authenticator, *scene.authority, scene.log, scene.clock};
  parts.generator = &scene.generator;
  parts.trust = scene.trust.get();
  parts.cmc_signer = &scene.cmc_signer;
  parts.wait_elsewhere = true;
  Handler handler(parts);
  const auto begin = [&](Operation operation, const Bytes& content) {
    const est::tls::Facts facts = Scene::facts("client");
    Request request = est::ops::enroll_request(operation, "", "localhost", content);
    request.fields.set("Content-Type", std::string(est::ops::request_media_type(operation)));
    return handler.begin_request(request, {7, "127.0.0.1:1", &facts}, true);
  };
  const auto answered = [](const est::net::Begun& begun) {
    const auto* errand = std::get_if<est::net::Errand>(&begun);
    return errand == nullptr ? Response{} : est::http::parse_response((*errand)().wire, "POST", false).message;
  };
  auto key = begin(Operation::serverkeygen, make_csr({.key_type = est::crypto::KeyType::rsa_2048}));
  auto full = begin(Operation::fullcmc, est::to_bytes("no message"));
  EXPECT_EQ(scene.get("/.well-known/est/cacerts").status, 200) << "before the work for the others has begun";
  const Response delivered = answered(key);
  EXPECT_EQ(delivered.status, 200);
  EXPECT_THAT(delivered.fields.get("Content-Type").value_or(""), HasSubstr("multipart/mixed"));
  const Response refused = answered(full);
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.fields.get("Content-Type").value_or(""), HasSubstr("smime-type=CMC-response"));
}

// What is refused by the CA, or fails there, is answered as if the caller had waited.
TEST_F(HandlerTest, WhatComesLaterIsAnsweredAsWhatComesAtOnce) {
  Handler::Parts parts{scene.config.labels, *scene.authenticator, *scene.authority, scene.log, scene.clock};
  const Handler patient(parts);
  parts.wait_elsewhere = true;
  const Handler busy(parts);
  const est::tls::Facts facts = Scene::facts("client");
  for (const auto& csr : {make_csr(), make_csr({.key_type = est::crypto::KeyType::rsa_1024}), make_csr({.subject = ""})}) {
    const auto request = est::ops::enroll_request(Operation::simpleenroll, "", "localhost", csr);
    const Answer at_once = patient.answer(request, facts);
    const Answer later = busy.answer(request, facts);
    EXPECT_EQ(later.response.status, at_once.response.status);
    EXPECT_EQ(later.cause, at_once.cause);
    EXPECT_EQ(later.serial.empty(), at_once.serial.empty());
  }
}

TEST_F(HandlerTest, SendsTheTemplateOfRfc9908) {
  const auto der = est::codec::decode_base64(body(scene.get("/.well-known/est/template/csrattrs")), est::codec::Base64Mode::lenient);
  const auto attributes = est::codec::decode_csrattrs(*der.value);
  ASSERT_TRUE(attributes.accepted());
  const auto wanted = est::codec::request_template(*attributes.value);
  ASSERT_TRUE(wanted.accepted()) << est::describe_first(wanted.findings);
  EXPECT_EQ(wanted.value->subject.size(), 2U);
  EXPECT_EQ(wanted.value->extensions.size(), 2U);
}

}  // namespace
}  // namespace server
