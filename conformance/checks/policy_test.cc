#include "conformance/checks/samples_test.h"
#include "est/codec/base64.h"
#include "est/codec/csrattrs.h"

namespace conformance::checks {
namespace {

using namespace samples;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

Exchange asking(Exchange made, const std::string& subject) {
  made.artefacts["new-subject"] = codec::parse_name(subject)->der;
  return made;
}

TEST(Renamed, TheNewNamesAreThere) {
  const auto& pki = Pki::get();
  const auto old = enrolled(pki.device(with_names("CN=a", {"DNS:a.example"})), "first");
  const auto verdict = [&](const Exchange& made, Json rule = {{"old", "first"}}) {
    return judge("renamed", rule, {old, asking(made, "CN=b")}).worst;
  };
  EXPECT_EQ(verdict(enrolled(pki.device(with_names("CN=b", {})))), Verdict::pass);
  EXPECT_EQ(verdict(enrolled(pki.device(with_names("CN=b", {"DNS:a.example"})))), Verdict::warn) << "RFC 6402 2.8: absent is absent";
  EXPECT_EQ(verdict(enrolled(pki.device(with_names("CN=a", {"DNS:a.example"})))), Verdict::fail);
  EXPECT_EQ(verdict(enrolled(pki.device(with_names("CN=c", {})))), Verdict::fail);
  EXPECT_EQ(verdict(answered(400)), Verdict::fail);
  EXPECT_EQ(verdict(answered(202)), Verdict::inconclusive);
  EXPECT_EQ(verdict(failed("read", "timeout")), Verdict::fail);
  const Json lenient{{"old", "first"}, {"refusal-allowed", true}};
  EXPECT_EQ(verdict(answered(400), lenient), Verdict::pass);
  EXPECT_EQ(verdict(answered(500), lenient), Verdict::warn);
  EXPECT_EQ(verdict(enrolled(pki.device(with_names("CN=a", {"DNS:a.example"}))), lenient), Verdict::warn);
  EXPECT_EQ(verdict(enrolled(pki.device(with_names("CN=c", {}))), lenient), Verdict::fail);
}

TEST(SameOutcome, ComparesDecisions) {
  const auto& pki = Pki::get();
  const auto named = [](Exchange made, std::string name) {
    made.name = std::move(name);
    return made;
  };
  const auto first = enrolled(pki.device(), "first");
  EXPECT_EQ(judge("same-outcome", {{"as", "first"}}, {first, enrolled(pki.device())}).worst, Verdict::pass);
  EXPECT_EQ(judge("same-outcome", {{"as", "first"}}, {first, answered(403)}).worst, Verdict::fail);
  EXPECT_EQ(judge("same-outcome", {{"as", "first"}}, {named(answered(403), "first"), answered(401)}).worst, Verdict::pass);
  EXPECT_EQ(judge("same-outcome", {{"as", "first"}}, {first, failed("read", "timeout")}).worst, Verdict::inconclusive);
}

TEST(ExtensionsKept, NamesWhatIsLost) {
  const auto& pki = Pki::get();
  const auto old = enrolled(pki.device(with_names("CN=a", {"DNS:a.example"})), "first");
  EXPECT_EQ(judge("extensions-kept", {{"old", "first"}}, {old, enrolled(pki.device(with_names("CN=a", {"DNS:a.example"})))}).worst,
            Verdict::pass);
  const auto lost = judge("extensions-kept", {{"old", "first"}}, {old, enrolled(pki.device(with_names("CN=a", {})))});
  EXPECT_EQ(lost.worst, Verdict::fail);
  EXPECT_NE(lost.told().find("subjectAltName"), std::string::npos);
  EXPECT_EQ(judge("extensions-kept", {{"old", "first"}}, {old, answered(400)}).worst, Verdict::inconclusive);
}

Exchange list_of(std::vector<codec::AttrOrOid> elements, std::string name = "step-1") {
  auto made = exchange(est::ops::csrattrs_response({std::move(elements)}), std::move(name));
  made.method = "GET";
  return made;
}

Verdict structure(std::vector<codec::AttrOrOid> elements) { return judge("csrattrs-structure", {}, list_of(std::move(elements))).worst; }

TEST(CsrAttrsStructure, ListsSayThingsTheRightWay) {
  using codec::Attribute;
  const Attribute extensions = codec::make_extension_request({codec::make_key_usage(1)});
  const Attribute curve{oids::ec_public_key, {der::oid(oids::prime256v1)}, 0, 0};
  EXPECT_EQ(structure({oids::challenge_password, curve, oids::ecdsa_with_sha256, extensions}), Verdict::pass);
  EXPECT_EQ(structure({Attribute{oids::rsa_encryption, {der::integer(2048)}, 0, 0}, curve}), Verdict::pass);
  EXPECT_EQ(structure({Attribute{oids::ec_public_key, {}, 0, 0}}), Verdict::pass);
  EXPECT_EQ(structure({extensions, extensions}), Verdict::warn);
  EXPECT_EQ(structure({curve, curve}), Verdict::warn);
  EXPECT_EQ(judge("csrattrs-structure", {}, list_of({curve, curve}), true).worst, Verdict::fail) << "RFC 9908 by the letter";
  EXPECT_EQ(structure({Attribute{oids::rsa_encryption, {der::null()}, 0, 0}}), Verdict::warn);
  EXPECT_EQ(structure({Attribute{oids::ec_public_key, {der::integer(256)}, 0, 0}}), Verdict::fail);
  EXPECT_EQ(structure({Attribute{oids::rsa_encryption, {der::oid(oids::prime256v1)}, 0, 0}}), Verdict::fail);
  EXPECT_EQ(structure({Attribute{oids::extension_request, {der::oid(oids::mac_address)}, 0, 0}}), Verdict::warn);
  EXPECT_EQ(structure({Attribute{oids::extension_request, {der::integer(1)}, 0, 0}}), Verdict::fail);
  EXPECT_EQ(structure({Attribute{oids::ecdsa_with_sha256, {der::null()}, 0, 0}}), Verdict::warn);
  EXPECT_EQ(judge("csrattrs-structure", {}, answered(500)).worst, Verdict::inconclusive);
}

TEST(CsrAttrsStructure, TemplatesSayNoMoreThanTheyMust) {
  const auto verdict = [](const codec::RequestTemplate& wanted) { return structure({codec::make_request_template(wanted)}); };
  codec::RequestTemplate wanted;
  wanted.extensions = {{oids::subject_alt_name, false, std::nullopt}};
  EXPECT_EQ(verdict(wanted), Verdict::pass);
  wanted.extensions = {{oids::key_usage, false, codec::make_key_usage(1).value}};
  EXPECT_EQ(verdict(wanted), Verdict::fail) << "complete extensions belong into extensionRequest";
  wanted.extensions = {{oids::subject_alt_name, false, codec::encode_general_names({{codec::GeneralNameType::ip, {}}})}};
  EXPECT_EQ(verdict(wanted), Verdict::pass);
  wanted.has_subject = true;
  EXPECT_EQ(verdict(wanted), Verdict::fail);
  wanted.subject = {{{oids::common_name, std::nullopt}}};
  wanted.key_algorithm = codec::AlgorithmIdentifier{oids::ec_public_key, der::oid(oids::prime256v1)};
  EXPECT_EQ(verdict(wanted), Verdict::pass);
  wanted.key = Bytes{4, 1};
  EXPECT_EQ(verdict(wanted), Verdict::fail);
}

TEST(CsrAttrsNone, ThreeWaysToSayIt) {
  EXPECT_EQ(judge("csrattrs-none", {}, answered(204, "", {})).worst, Verdict::pass);
  EXPECT_EQ(judge("csrattrs-none", {}, answered(404)).worst, Verdict::pass);
  EXPECT_EQ(judge("csrattrs-none", {}, list_of({})).worst, Verdict::pass);
  EXPECT_EQ(judge("csrattrs-none", {}, list_of({oids::common_name})).worst, Verdict::fail);
  EXPECT_EQ(judge("csrattrs-none", {}, answered(501)).worst, Verdict::warn);
  EXPECT_EQ(judge("csrattrs-none", {}, answered(200, "")).worst, Verdict::fail);
}

TEST(CsrAttrsDiffer, ComparesLists) {
  const auto first = list_of({oids::common_name}, "first");
  EXPECT_EQ(judge("csrattrs-differ", {{"from", "first"}}, {first, list_of({oids::serial_number})}).worst, Verdict::pass);
  EXPECT_EQ(judge("csrattrs-differ", {{"from", "first"}}, {first, list_of({oids::common_name})}).worst, Verdict::fail);
  EXPECT_EQ(judge("csrattrs-differ", {{"from", "first"}}, {first, answered(500)}).worst, Verdict::inconclusive);
}

}  // namespace
}  // namespace conformance::checks
