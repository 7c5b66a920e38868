#include <gmock/gmock.h>

#include "conformance/checks/drive_test.h"

namespace conformance::checks {
namespace {

using namespace samples;
using testing::HasSubstr;

const std::map<std::string, std::string> proxied{{"came", "through-proxy"}};

// A request at the proxy, and what it knows of the password in there.
Drive& asked(Drive& drive, const std::string& target = "localhost:8443", const std::string& password = "none",
             const std::string& method = "CONNECT") {
  est::http::Request request;
  request.method = method;
  request.target = target;
  request.fields.add("Host", target);
  if (password != "none") request.fields.add("Proxy-Authorization", "Basic ****");
  return drive.request(request, 200, "connect", {{"server", "proxy"}, {"password", password}});
}

TEST(ThroughProxy, NoOtherWay) {
  Drive good;
  EXPECT_EQ(asked(good).get(200, proxied).verdict("through-proxy"), Verdict::pass);
  EXPECT_EQ(Drive().get(200, proxied).verdict("through-proxy"), Verdict::fail) << "nothing was asked of the proxy";
  Drive past;
  EXPECT_THAT(asked(past).get(200, {{"came", "straight"}}).worst("through-proxy").observed, HasSubstr("past its proxy"));
}

TEST(ThroughProxy, ConnectHasHostAndPort) {
  const auto of = [](const std::string& target, const std::string& method = "CONNECT") {
    Drive drive;
    return asked(drive, target, "none", method).verdict("through-proxy");
  };
  EXPECT_EQ(of("localhost:1"), Verdict::pass);
  EXPECT_EQ(of("localhost"), Verdict::fail);
  EXPECT_EQ(of("localhost:"), Verdict::fail);
  EXPECT_EQ(of("https://localhost:1"), Verdict::fail);
  EXPECT_EQ(of("localhost:1", "GET"), Verdict::fail);
  Drive drive;
  asked(drive).last().request = est::to_bytes("CONNECT localhost:8443 HTTP/1.1\r\n\r\n");
  EXPECT_THAT(drive.worst("through-proxy").observed, HasSubstr("0 Host fields"));
}

TEST(PasswordsApart, EachGetsItsOwn) {
  auto request = est::ops::get_request(est::ops::Operation::cacerts, "", "localhost");
  request.fields.add("Authorization", "Basic ****");
  Drive good;
  asked(good, "localhost:1", "of-the-proxy").request(request, 200, "cacerts", proxied);
  EXPECT_EQ(good.verdict("passwords-apart", {{"both", true}}), Verdict::pass);
  Drive half;
  EXPECT_EQ(asked(half, "localhost:1", "of-the-proxy").get(200, proxied).verdict("passwords-apart", {{"both", true}}),
            Verdict::inconclusive);
  EXPECT_EQ(half.verdict("passwords-apart"), Verdict::pass);
}

TEST(PasswordsApart, NobodyGetsTheOthers) {
  Drive given;
  EXPECT_EQ(asked(given, "localhost:1", "of-the-server").verdict("passwords-apart"), Verdict::fail);
  EXPECT_EQ(Drive().get(200, {{"password", "of-the-proxy"}}).verdict("passwords-apart"), Verdict::fail);
  auto request = est::ops::get_request(est::ops::Operation::cacerts, "", "localhost");
  request.fields.add("Proxy-Authorization", "Basic ****");
  EXPECT_EQ(Drive().request(request, 200, "cacerts").verdict("passwords-apart"), Verdict::fail);
  Drive field;
  asked(field).last().request = est::to_bytes("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\nAuthorization: Basic ****\r\n\r\n");
  EXPECT_EQ(field.verdict("passwords-apart"), Verdict::fail);
}

TEST(RequestAsGiven, TheSameOctets) {
  const auto made = enrollment();
  const est::Bytes der = est::ops::read_enroll_body(made.body).value->der;
  const auto of = [&](const est::http::Request& sent) {
    Drive drive("simpleenroll");
    drive.artefact("given-request", der).request(sent, 200, "simpleenroll");
    return drive.verdict("request-as-given");
  };
  EXPECT_EQ(of(made), Verdict::pass);
  EXPECT_EQ(of(enrollment("bound")), Verdict::fail) << "made anew with the same key";
  EXPECT_EQ(of(est::http::Request{}), Verdict::inconclusive);
  EXPECT_EQ(Drive("simpleenroll").verdict("request-as-given"), Verdict::inconclusive);
}

est::http::Request with_digest(const std::string& parameters) {
  auto request = est::ops::get_request(est::ops::Operation::cacerts, "", "localhost");
  request.fields.add("Authorization", "Digest " + parameters);
  return request;
}

TEST(DigestQop, IsOneOfThoseOffered) {
  const auto of = [](const std::string& parameters) {
    return Drive().request(with_digest(parameters), 200, "cacerts").verdict("digest-qop", {{"offered", {"auth"}}});
  };
  EXPECT_EQ(of("username=\"u\", qop=auth"), Verdict::pass);
  EXPECT_EQ(of("username=\"u\", qop=auth-int"), Verdict::fail);
  EXPECT_EQ(of("username=\"u\", qop=\"auth-int, auth\""), Verdict::fail);
  EXPECT_EQ(of("username=\"u\""), Verdict::fail);
  EXPECT_EQ(Drive().get().verdict("digest-qop", {{"offered", {"auth"}}}), Verdict::pass);
}

TEST(DigestNextNonce, IsUsedByWhoDoesNotWaitToBeAsked) {
  const auto of = [](const std::string& nonce) {
    Drive drive;
    drive.request(with_digest("nonce=\"one\", qop=auth"), 200, "cacerts");
    drive.last().response = est::to_bytes("HTTP/1.1 200 OK\r\nAuthentication-Info: nextnonce=\"two\"\r\nContent-Length: 0\r\n\r\n");
    return drive.request(with_digest("nonce=\"" + nonce + "\", qop=auth"), 200, "cacerts").verdict("digest-next-nonce");
  };
  EXPECT_EQ(of("two"), Verdict::pass);
  EXPECT_EQ(of("one"), Verdict::fail);
  EXPECT_EQ(Drive().get().get().verdict("digest-next-nonce"), Verdict::pass);
}

}  // namespace
}  // namespace conformance::checks
