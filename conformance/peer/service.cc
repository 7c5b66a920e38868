#include "conformance/peer/service.h"

#include <algorithm>

#include "est/codec/base64.h"
#include "est/codec/cmc.h"
#include "est/codec/cms.h"
#include "est/codec/generated_key.h"
#include "est/codec/multipart.h"
#include "est/codec/pem.h"
#include "est/ops/message.h"
#include "est/pki/request.h"

namespace conformance::peer {
namespace {

using est::Bytes;
using est::http::Response;
using est::ops::Operation;

constexpr std::size_t line = 64;

Response message(std::string_view type, Bytes body) {
  Response response;
  response.status = 200;
  response.reason = "OK";
  response.fields.add("Content-Type", std::string(type));
  response.body = std::move(body);
  return response;
}

Response refused(std::string_view sentence) { return est::ops::text_response(400, sentence); }

std::string spaced(std::string text) {
  for (std::size_t at = 20; at < text.size(); at += 40) text.insert(at, at % 3 == 0 ? "\r\n\r\n" : " \t");
  return text;
}

std::string url_alphabet(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text.substr(0, text.find('='));
}

// Octets behind the structure, so that the length asks for padding, which is then left out.
std::string unpadded(est::BytesView der) {
  Bytes longer = est::to_bytes(der);
  while (longer.size() % 3 == 0) longer.push_back(0);
  const std::string text = est::codec::encode_base64(longer);
  return text.substr(0, text.find('='));
}

Bytes broken(est::BytesView der) {
  Bytes octets = est::to_bytes(der);
  // The outer length in its long form; the value is made larger than what follows.
  if (octets.size() > 4) octets[2] = 0x7f, octets[1] = 0x82;
  return octets;
}

}  // namespace

const Bytes& binding_of(const est::tls::Facts& facts) {
  return facts.version == est::tls::Version::tls13 ? facts.tls_exporter : facts.tls_unique;
}

Bytes encoded(est::BytesView der, std::string_view encoding) {
  const auto folded = [&](std::string_view newline) { return est::to_bytes(est::codec::encode_base64(der, line, newline)); };
  const std::string plain = est::codec::encode_base64(der);
  if (encoding == "folded") return folded("\r\n");
  if (encoding == "folded-lf") return folded("\n");
  if (encoding == "spaced") return est::to_bytes(spaced(plain));
  if (encoding == "final-newline") return est::to_bytes(plain + "\r\n");
  if (encoding == "pem") return est::to_bytes(est::codec::encode_pem("PKCS7", der));
  if (encoding == "raw") return est::to_bytes(der);
  if (encoding == "url-alphabet") return est::to_bytes(url_alphabet(plain));
  if (encoding == "unpadded") return est::to_bytes(unpadded(der));
  if (encoding == "truncated") return est::to_bytes(plain.substr(0, plain.size() / 2));
  if (encoding == "garbage") return est::to_bytes("<html>\x01\x02 this is no base64 %%%</html>");
  if (encoding == "broken-der") return est::to_bytes(est::codec::encode_base64(broken(der)));
  if (encoding == "empty") return {};
  return est::to_bytes(plain);
}

Response Service::cacerts(const Answer& wish) const {
  const auto certificates = pki_.ca_certificates(wish.contents);
  if (!certificates) return est::ops::text_response(500, certificates.error().message);
  return message(est::ops::certs_only_type, encoded(est::codec::encode_certs_only(*certificates), wish.encoding));
}

Response Service::csrattrs(const Answer& wish) const {
  if (wish.contents == "empty-list")
    return message(est::ops::csrattrs_type, encoded(est::codec::encode(est::codec::CsrAttrs{}), wish.encoding));
  if (script_.attributes.elements.empty() || wish.contents == "nothing") return est::ops::csrattrs_response({});
  return message(est::ops::csrattrs_type, encoded(est::codec::encode(script_.attributes), wish.encoding));
}

std::string Service::refusal_of(const est::codec::CertificationRequest& csr, const est::tls::Facts& facts) const {
  const auto possession = est::pki::verify_request(csr);
  if (!possession || !*possession) return "The signature of the certification request does not verify.";
  const auto linked = est::codec::challenge_password(csr);
  if (!linked.value) return script_.linking ? "The certification request is not linked to this connection." : "";
  const Bytes& binding = binding_of(facts);
  if (binding.empty() || *linked.value != est::ops::channel_binding_text(binding))
    return "The challengePassword is not the channel binding of this connection.";
  return {};
}

Response Service::enroll(const est::http::Request& request, const est::tls::Facts& facts, const Answer& wish) const {
  const auto csr = est::ops::read_enroll_body(request.body);
  if (!csr.value) return refused("The body is no certification request: " + est::describe_first(csr.findings));
  if (const std::string why = refusal_of(*csr.value, facts); !why.empty()) return refused(why);
  return issue(*csr.value, wish);
}

Response Service::issue(const est::codec::CertificationRequest& csr, const Answer& wish) const {
  IssueWish issued{csr.subject, csr.key.der, est::codec::requested_extensions(csr).value.value_or(std::vector<est::codec::Extension>{}),
                   knows(issue_deviations(), wish.contents) ? wish.contents : "good"};
  if (issued.subject.empty()) issued.subject = *est::codec::parse_name("CN=nameless device,O=estspec");
  const auto certificate = pki_.issue(issued);
  if (!certificate) return refused(certificate.error().message);
  if (wish.contents == "bare") return message(est::ops::certs_only_type, encoded(*certificate, wish.encoding));
  std::vector<Bytes> bag{*certificate};
  if (wish.contents == "with-issuer" || wish.contents == "with-chain") bag.push_back(pki_.issuing());
  if (wish.contents == "with-chain") bag.push_back(pki_.anchor());
  if (wish.contents == "with-stranger") bag.push_back(pki_.implicit_anchor());
  if (wish.contents == "none") bag.clear();
  if (wish.contents == "issuer-alone") bag = {pki_.issuing()};
  return message(est::ops::certs_only_type, encoded(est::codec::encode_certs_only(bag), wish.encoding));
}

namespace {

est::codec::Part part(std::string_view type, Bytes body, bool transfer_encoding) {
  est::codec::Part made{{{"Content-Type", std::string(type)}}, std::move(body)};
  if (transfer_encoding) made.headers.emplace_back("Content-Transfer-Encoding", "base64");
  return made;
}

Response multipart(const std::vector<est::codec::Part>& parts, bool with_preamble) {
  static constexpr std::string_view boundary = "estspec.boundary";
  Bytes body = est::codec::encode_multipart(parts, boundary);
  if (with_preamble) {
    const std::string preamble = "What stands here is to be ignored.\r\n";
    body.insert(body.begin(), preamble.begin(), preamble.end());
    est::append(body, "So is this.\r\n");
  }
  const std::string value = with_preamble ? "\"" + std::string(boundary) + "\"" : std::string(boundary);
  return message("multipart/mixed; boundary=" + value, std::move(body));
}

}  // namespace

Response Service::serverkeygen(const est::http::Request& request, const est::tls::Facts& facts, const Answer& wish) const {
  const auto csr = est::ops::read_enroll_body(request.body);
  if (!csr.value) return refused("The body is no certification request: " + est::describe_first(csr.findings));
  if (const std::string why = refusal_of(*csr.value, facts); !why.empty()) return refused(why);
  auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  auto other = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  if (!key || !other) return est::ops::text_response(500, "The key cannot be made.");
  est::codec::CertificationRequest wanted = *csr.value;
  wanted.key.der = key->public_key_info();
  Answer certificate = wish;
  if (wish.contents == "folded-parts") certificate.encoding = "folded";
  if (!knows(issue_deviations(), wish.contents)) certificate.contents = "good";
  Response issued = issue(wanted, certificate);
  if (issued.status != 200 || wish.contents == "certs-only") return issued;
  const bool marked = wish.contents == "transfer-encoding";
  const Bytes delivered = (wish.contents == "other-private-key" ? *other : *key).to_pkcs8();
  std::vector<est::codec::Part> parts{part(est::codec::pkcs8_type, encoded(delivered, certificate.encoding), marked),
                                      part(est::ops::certs_only_type, issued.body, marked)};
  if (wish.contents == "no-key") parts.erase(parts.begin());
  if (wish.contents == "no-certificate") parts.pop_back();
  if (wish.contents == "certificate-first") std::swap(parts.front(), parts.back());
  return multipart(parts, wish.contents == "preamble");
}

// A Simple PKI Response to the first PKCS #10 request inside (RFC 5272 4.1).
Response Service::fullcmc(const est::http::Request& request, const est::tls::Facts& facts, const Answer& wish) const {
  const auto outer = est::ops::read_signed_data_body(request.body);
  if (!outer.value || !outer.value->content) return refused("The body is no Full PKI Request.");
  const auto data = est::codec::decode_pki_data(*outer.value->content);
  if (!data.value || data.value->requests.empty() || !data.value->requests.front().pkcs10)
    return refused("The Full PKI Request holds no PKCS #10 request.");
  const auto& csr = *data.value->requests.front().pkcs10;
  if (const std::string why = refusal_of(csr, facts); !why.empty()) return refused(why);
  return issue(csr, wish);
}

Response Service::answer(Operation operation, const est::http::Request& request, const est::tls::Facts& facts, const Answer& wish) const {
  if (request.method != est::ops::method_of(operation)) {
    Response response = est::ops::text_response(405, "This operation has another method.");
    response.fields.add("Allow", std::string(est::ops::method_of(operation)));
    return response;
  }
  switch (operation) {
    case Operation::cacerts:
      return cacerts(wish);
    case Operation::csrattrs:
      return csrattrs(wish);
    case Operation::simpleenroll:
    case Operation::simplereenroll:
      return enroll(request, facts, wish);
    case Operation::serverkeygen:
      return serverkeygen(request, facts, wish);
    case Operation::fullcmc:
      return fullcmc(request, facts, wish);
  }
  return est::ops::text_response(404, "There is no such operation.");
}

}  // namespace conformance::peer
