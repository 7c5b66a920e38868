#include <gmock/gmock.h>

#include "conformance/checks/drive_test.h"

namespace conformance::checks {
namespace {

using namespace samples;
using testing::HasSubstr;

TEST(ClientSucceeded, NeedsTheWireAndTheExitStatus) {
  EXPECT_EQ(Drive().get().verdict("client-succeeded"), Verdict::pass);
  EXPECT_EQ(Drive().get().exits("1").verdict("client-succeeded"), Verdict::fail);
  EXPECT_EQ(Drive().get(500).verdict("client-succeeded"), Verdict::fail);
  EXPECT_EQ(Drive().verdict("client-succeeded"), Verdict::fail);
  EXPECT_EQ(Drive().get().fact("ended", "timed-out").verdict("client-succeeded"), Verdict::fail);
  EXPECT_EQ(Drive().get(200, {{"let-in", "false"}}).verdict("client-succeeded"), Verdict::fail);
  EXPECT_EQ(Drive().fact("connections", "0").worst("client-succeeded").layer, "TCP");
  EXPECT_EQ(
      Drive("csrattrs").request(est::ops::get_request(est::ops::Operation::csrattrs, "", "h"), 404, "csrattrs").verdict("client-succeeded"),
      Verdict::pass);
}

TEST(ClientGaveUp, InTimeAndWithoutACrash) {
  EXPECT_EQ(Drive().get().exits("1").verdict("client-gave-up"), Verdict::pass);
  EXPECT_EQ(Drive().get().verdict("client-gave-up"), Verdict::fail);
  EXPECT_EQ(Drive().get().fact("ended", "timed-out").verdict("client-gave-up"), Verdict::fail);
  EXPECT_EQ(Drive().get().fact("ended", "signalled").fact("signal", "11").verdict("client-gave-up"), Verdict::fail);
  EXPECT_EQ(Drive().exits("1").fact("connections", "0").verdict("client-gave-up"), Verdict::inconclusive);
  EXPECT_EQ(Drive().exits("1").fact("connections", "0").verdict("client-gave-up", {{"unconnected", true}}), Verdict::pass);
}

TEST(ClientSurvived, WhateverItReported) {
  EXPECT_EQ(Drive().exits("9").verdict("client-survived"), Verdict::pass);
  EXPECT_EQ(Drive().fact("ended", "signalled").verdict("client-survived"), Verdict::fail);
}

TEST(ServerRefused, NothingIsSent) {
  EXPECT_EQ(Drive().refused_handshake().verdict("server-refused"), Verdict::pass);
  EXPECT_EQ(Drive().get().verdict("server-refused"), Verdict::fail);
  EXPECT_EQ(Drive().get().verdict("server-refused", {{"server", "other"}}), Verdict::pass);
  EXPECT_EQ(Drive().get(200, {{"server", "other"}}).verdict("server-refused", {{"server", "other"}}), Verdict::fail);
  EXPECT_EQ(Drive().fact("connections", "0").verdict("server-refused"), Verdict::inconclusive);
}

TEST(NoCredentials, AnyAuthorizationField) {
  auto request = est::ops::get_request(est::ops::Operation::cacerts, "", "localhost");
  EXPECT_EQ(Drive().request(request, 200, "cacerts").verdict("no-credentials"), Verdict::pass);
  request.fields.add("authorization", "Basic ****");
  EXPECT_EQ(Drive().request(request, 200, "cacerts").verdict("no-credentials"), Verdict::fail);
}

TEST(TlsOnly, PlainTextIsSeen) {
  EXPECT_EQ(Drive().refused_handshake().verdict("tls-only"), Verdict::pass);
  EXPECT_EQ(Drive().refused_handshake("not_tls").verdict("tls-only"), Verdict::fail);
}

TEST(Connections, AreCounted) {
  EXPECT_EQ(Drive().fact("connections", "3").verdict("connections", {{"most", 3}}), Verdict::pass);
  EXPECT_EQ(Drive().fact("connections", "4").verdict("connections", {{"most", 3}}), Verdict::fail);
}

TEST(Sent, IsCountedByOperation) {
  EXPECT_EQ(Drive().get().verdict("sent"), Verdict::pass);
  EXPECT_EQ(Drive().verdict("sent"), Verdict::fail);
  EXPECT_EQ(Drive().get().get().verdict("sent", {{"most", 1}}), Verdict::fail);
  EXPECT_EQ(Drive().get().verdict("sent", {{"operation", "simpleenroll"}, {"least", 0}, {"most", 0}}), Verdict::pass);
}

TEST(InOrder, OneBeforeTheOther) {
  const Json order{{"first", "cacerts"}, {"then", "simpleenroll"}};
  EXPECT_EQ(Drive().get().request(enrollment(), 200, "simpleenroll").verdict("in-order", order), Verdict::pass);
  EXPECT_EQ(Drive().request(enrollment(), 200, "simpleenroll").get().verdict("in-order", order), Verdict::fail);
  EXPECT_EQ(Drive().request(enrollment(), 200, "simpleenroll").verdict("in-order", order), Verdict::fail);
}

TEST(RequestWellFormed, TellsWhatIsWrong) {
  const auto of = [](const est::http::Request& request) {
    return Drive("simpleenroll").request(request, 200, "simpleenroll").worst("request-well-formed");
  };
  EXPECT_EQ(of(enrollment()).verdict, Verdict::pass);
  auto request = enrollment();
  request.fields.set("Content-Type", "application/octet-stream");
  EXPECT_THAT(of(request).observed, HasSubstr("Content-Type is application/octet-stream"));
  request = enrollment();
  request.fields.remove("Content-Type");
  EXPECT_THAT(of(request).observed, HasSubstr("no Content-Type"));
  request = enrollment();
  request.body = est::to_bytes("no base64 %");
  EXPECT_THAT(of(request).observed, HasSubstr("no base64"));
  request.body = est::to_bytes("MAA=");
  EXPECT_THAT(of(request).observed, HasSubstr("no PKCS #10 request"));
  request = enrollment();
  request.method = "PUT";
  EXPECT_THAT(of(request).observed, HasSubstr("its method is PUT"));
  request = enrollment();
  request.target = "/.well-known/est/label/simpleenrol";
  EXPECT_THAT(of(request).observed, HasSubstr("its target is"));
  EXPECT_EQ(Drive("simpleenroll").verdict("request-well-formed"), Verdict::inconclusive);
}

TEST(RequestWellFormed, TheLabelIsTheOneTheClientWasTold) {
  const auto of = [](const std::string& told, const std::string& sent) {
    const auto request = est::ops::get_request(est::ops::Operation::cacerts, sent, "localhost");
    return Drive().parameter("label", told).request(request, 200, "cacerts").worst("request-well-formed");
  };
  EXPECT_EQ(of("one", "one").verdict, Verdict::pass);
  EXPECT_THAT(of("one", "").observed, HasSubstr("the label \"one\" was wanted"));
  EXPECT_EQ(of("", "one").verdict, Verdict::fail);
  EXPECT_EQ(of("", "redirected").verdict, Verdict::pass) << "where the scripted server sent it";
}

TEST(RequestWellFormed, ASignatureThatDoesNotVerify) {
  auto csr = enrollment();
  auto der = *est::ops::read_enroll_body(csr.body).value;
  auto octets = der.der;
  octets[octets.size() - 1] ^= 1U;
  csr = est::ops::enroll_request(est::ops::Operation::simpleenroll, "", "localhost", octets);
  EXPECT_EQ(Drive("simpleenroll").request(csr, 200, "simpleenroll").verdict("request-well-formed"), Verdict::fail);
}

TEST(HttpWellFormed, WhatNoServerReads) {
  EXPECT_EQ(Drive().get().verdict("http-well-formed"), Verdict::pass);
  Drive drive;
  drive.get();
  drive.last().request = est::to_bytes("GET /x HTTP/1.1\r\nHost : a\r\n\r\n");
  EXPECT_EQ(drive.verdict("http-well-formed"), Verdict::fail);
}

TEST(Waited, OnlyALowerBound) {
  const auto after = [](const std::string& asked) {
    return Drive("simpleenroll")
        .request(enrollment(), 202, "simpleenroll", {{"answered-us", "1000000"}})
        .request(enrollment(), 200, "simpleenroll", {{"asked-us", asked}})
        .verdict("waited", {{"seconds", 2}});
  };
  EXPECT_EQ(after("3000000"), Verdict::pass);
  EXPECT_EQ(after("90000000"), Verdict::pass);
  EXPECT_EQ(after("2000000"), Verdict::fail);
  EXPECT_EQ(Drive("simpleenroll").request(enrollment(), 202, "simpleenroll").verdict("waited", {{"seconds", 2}}), Verdict::inconclusive);
}

TEST(RenewedInTime, CountsTheRenewalThatIsServed) {
  const engine::Json fifteen{{"seconds", 15}};
  const auto renewed = [&](const std::string& asked, int status) {
    return Drive("maintain")
        .request(enrollment(), 200, "simpleenroll", {{"answered-us", "1000000"}})
        .request(enrollment(), 503, "simplereenroll", {{"asked-us", "2000000"}})
        .request(enrollment(), status, "simplereenroll", {{"asked-us", asked}})
        .verdict("renewed-in-time", fifteen);
  };
  EXPECT_EQ(renewed("4000000", 200), Verdict::pass);
  EXPECT_EQ(renewed("16500000", 200), Verdict::fail);
  EXPECT_EQ(renewed("4000000", 503), Verdict::fail);
  EXPECT_EQ(Drive("maintain").request(enrollment(), 401, "simpleenroll").verdict("renewed-in-time", fifteen), Verdict::inconclusive);
}

TEST(SameRequest, KeyAndSubject) {
  EXPECT_EQ(Drive("simpleenroll")
                .request(enrollment(), 202, "simpleenroll")
                .request(enrollment("x"), 200, "simpleenroll")
                .verdict("same-request"),
            Verdict::pass);
  EXPECT_EQ(Drive("simpleenroll")
                .request(enrollment(), 202, "simpleenroll")
                .request(enrollment({}, "CN=other"), 200, "simpleenroll")
                .verdict("same-request"),
            Verdict::fail);
}

est::http::Request with_authorization(const std::string& value) {
  auto request = est::ops::get_request(est::ops::Operation::cacerts, "", "localhost");
  request.fields.add("Authorization", value);
  return request;
}

TEST(Authorization, ByScheme) {
  EXPECT_EQ(Drive().request(with_authorization("Basic ****"), 200, "cacerts").verdict("authorization", {{"scheme", "basic"}}),
            Verdict::pass);
  EXPECT_EQ(Drive().request(with_authorization("Basic ****"), 200, "cacerts").verdict("authorization", {{"scheme", "digest"}}),
            Verdict::fail);
}

TEST(DigestForm, QuotesAsRfc7616Says) {
  const auto of = [](const std::string& value) { return Drive().request(with_authorization(value), 200, "cacerts").worst("digest-form"); };
  const std::string good =
      R"(Digest username="a, b", realm="r", nonce="n", uri="/u", response="0a", cnonce="c", nc=00000001, qop=auth, algorithm=SHA-256)";
  EXPECT_EQ(of(good).verdict, Verdict::pass);
  const auto changed = [&](const std::string& what, const std::string& with) {
    std::string text = good;
    return text.replace(text.find(what), what.size(), with);
  };
  EXPECT_THAT(of(changed("qop=auth", "qop=\"auth\"")).observed, HasSubstr("qop is in quotes"));
  EXPECT_THAT(of(changed("cnonce=\"c\"", "cnonce=c")).observed, HasSubstr("cnonce is not in quotes"));
  EXPECT_THAT(of(changed("nc=00000001", "nc=1")).observed, HasSubstr("nc has 1 digits"));
  EXPECT_THAT(of(changed("cnonce=\"c\", ", "")).observed, HasSubstr("cnonce is missing"));
}

TEST(ClientLinked, AgainstTheConnectionsBinding) {
  const std::string right = est::ops::channel_binding_text(est::as_bytes("unique"));
  const auto of = [](const std::optional<std::string>& value, const std::string& how) {
    return Drive("simpleenroll").request(enrollment(value), 200, "simpleenroll").verdict("client-linked", {{"how", how}});
  };
  EXPECT_EQ(of(right, "linked"), Verdict::pass);
  EXPECT_EQ(of({}, "linked"), Verdict::fail);
  EXPECT_EQ(of("c3RhbGU=", "linked"), Verdict::fail);
  EXPECT_EQ(of({}, "either"), Verdict::pass);
  EXPECT_EQ(of("c3RhbGU=", "either"), Verdict::fail);
  EXPECT_EQ(of(right, "unlinked"), Verdict::fail);
}

TEST(CsrHas, AttributesKeyAndSubject) {
  const auto drive = Drive("simpleenroll").request(enrollment("x", "CN=device,O=Acme"), 200, "simpleenroll");
  EXPECT_EQ(drive.verdict("csr-has", {{"attributes", {"challengePassword"}}, {"key", "EC P-256"}, {"subject", "O=Acme"}}), Verdict::pass);
  EXPECT_EQ(drive.verdict("csr-has", {{"attributes", {"1.2.3.4"}}}), Verdict::fail);
  EXPECT_EQ(drive.verdict("csr-has", {{"key", "EC P-384"}}), Verdict::fail);
  EXPECT_EQ(drive.verdict("csr-has", {{"subject", "O=Other"}}), Verdict::fail);
}

TEST(ClientClosedProperly, OnlyCloseNotifyIsProper) {
  Drive drive;
  drive.get();
  drive.last().peer_close = "close_notify";
  EXPECT_EQ(drive.verdict("client-closed-properly"), Verdict::pass);
  drive.last().peer_close = "fin";
  EXPECT_EQ(drive.verdict("client-closed-properly"), Verdict::fail);
}

// A ClientHello with one suite and the extensions given.
Bytes hello(std::uint16_t suite, const Bytes& extensions) {
  Bytes body{3, 3};
  body.resize(34, 7);
  body.push_back(0);
  for (const std::size_t octet :
       {std::size_t{0}, std::size_t{2}, std::size_t{suite} >> 8U, std::size_t{suite} & 0xffU, std::size_t{1}, std::size_t{0}})
    body.push_back(static_cast<est::Byte>(octet));
  body.push_back(0);
  body.push_back(static_cast<est::Byte>(extensions.size()));
  est::append(body, extensions);
  Bytes record{22, 3, 1, 0, static_cast<est::Byte>(body.size() + 4), 1, 0, 0, static_cast<est::Byte>(body.size())};
  est::append(record, body);
  return record;
}

TEST(ClientOffers, SuitesVersionsAndExtensions) {
  const auto of = [](const Bytes& octets, Json parameters) {
    Drive drive;
    drive.get();
    drive.last().artefacts["client-hello"] = octets;
    return drive.verdict("client-offers", std::move(parameters));
  };
  const Json bad{{"never", {"null", "anonymous", "export", "des"}}};
  EXPECT_EQ(of(hello(0xC02B, {}), bad), Verdict::pass);
  EXPECT_EQ(of(hello(0x0002, {}), bad), Verdict::fail);
  EXPECT_EQ(of(hello(0x0034, {}), bad), Verdict::fail);
  EXPECT_EQ(of(hello(0x0003, {}), bad), Verdict::fail);
  EXPECT_EQ(of(hello(0x0009, {}), bad), Verdict::fail);
  EXPECT_EQ(of(hello(0xC02B, {}), {{"has", {"server-name"}}}), Verdict::fail);
  EXPECT_EQ(of(hello(0xC02B, {0, 0, 0, 0}), {{"has", {"server-name"}}}), Verdict::pass);
  EXPECT_EQ(of(hello(0xC02B, {0, 0, 0, 0}), {{"never", {"server-name"}}}), Verdict::fail);
  EXPECT_EQ(of(hello(0x00ff, {}), {{"has", {"secure-renegotiation"}}}), Verdict::pass);
  EXPECT_EQ(of(hello(0xC02B, {}), {{"has", {"secure-renegotiation"}}}), Verdict::fail);
  EXPECT_EQ(of(hello(0xC02B, {0, 43, 0, 3, 2, 3, 2}), {{"never", {"old-versions"}}}), Verdict::fail);
  EXPECT_EQ(Drive().get().verdict("client-offers", bad), Verdict::inconclusive);
}

TEST(ClientTlsVersion, AndResumption) {
  EXPECT_EQ(Drive().get().verdict("client-tls-version", {{"any-of", {"TLS 1.2"}}}), Verdict::pass);
  EXPECT_EQ(Drive().get().verdict("client-tls-version", {{"any-of", {"TLS 1.3"}}}), Verdict::fail);
  EXPECT_EQ(Drive().get().verdict("client-resumed"), Verdict::fail);
}

TEST(ShowedCertificate, AndItsNames) {
  const auto& device = Pki::get().device();
  Drive drive("simplereenroll");
  drive.request(enrollment(), 200, "simplereenroll");
  EXPECT_EQ(drive.verdict("showed-certificate"), Verdict::fail);
  EXPECT_EQ(drive.verdict("names-of-certificate"), Verdict::inconclusive);
  drive.last().tls->peer_chain = {device};
  EXPECT_EQ(drive.verdict("showed-certificate"), Verdict::pass);
  EXPECT_EQ(drive.verdict("names-of-certificate"), Verdict::fail);
}

}  // namespace
}  // namespace conformance::checks
