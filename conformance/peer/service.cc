#include "conformance/peer/service.h"

#include <algorithm>

#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/cms.h"
#include "est/codec/der.h"
#include "est/codec/enveloped_data.h"
#include "est/codec/generated_key.h"
#include "est/codec/multipart.h"
#include "est/codec/oid.h"
#include "est/codec/pem.h"
#include "est/codec/pkcs8.h"
#include "est/crypto/digest.h"
#include "est/ops/message.h"
#include "est/pki/envelope.h"
#include "est/pki/request.h"
#include "est/pki/signed_message.h"

namespace conformance::peer {
namespace {

using est::Bytes;
using est::http::Response;
using est::ops::Operation;

constexpr std::size_t line = 64;

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

// Definite lengths all the way, so that nothing but the depth is wrong.
Bytes nested() {
  constexpr std::size_t depth = 20000;
  Bytes octets;
  for (std::size_t left = depth; left > 0; --left) {
    const std::size_t length = (left - 1) * 5;
    const auto octet = [&](unsigned shift) { return static_cast<est::Byte>((length >> shift) & 0xffU); };
    for (const est::Byte each : {est::Byte{0x30}, est::Byte{0x83}, octet(16), octet(8), octet(0)}) octets.push_back(each);
  }
  return octets;
}

Bytes broken(est::BytesView der) {
  Bytes octets = est::to_bytes(der);
  // The outer length in its long form; the value is made larger than what follows.
  if (octets.size() > 4) octets[2] = 0x7f, octets[1] = 0x82;
  return octets;
}

}  // namespace

Response message_of(std::string_view type, Bytes body) {
  Response response;
  response.status = 200;
  response.reason = "OK";
  response.fields.add("Content-Type", std::string(type));
  response.body = std::move(body);
  return response;
}

Response refused_with(std::string_view sentence) { return est::ops::text_response(400, sentence); }

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
  if (encoding == "megabytes") return Bytes(std::size_t{20} << 20U, est::Byte{'A'});
  if (encoding == "deep-nesting") return est::to_bytes(est::codec::encode_base64(nested()));
  if (encoding == "huge-length")
    return est::to_bytes(est::codec::encode_base64(Bytes{0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x01}));
  return est::to_bytes(plain);
}

Response Service::cacerts(const Answer& wish) const {
  const auto certificates = pki_.ca_certificates(wish.contents);
  if (!certificates) return est::ops::text_response(500, certificates.error().message);
  return message_of(est::ops::certs_only_type, encoded(est::codec::encode_certs_only(*certificates), wish.encoding));
}

Response Service::csrattrs(const Answer& wish) const {
  if (wish.contents == "empty-list")
    return message_of(est::ops::csrattrs_type, encoded(est::codec::encode(est::codec::CsrAttrs{}), wish.encoding));
  if (script_.attributes.elements.empty() || wish.contents == "nothing") return est::ops::csrattrs_response({});
  return message_of(est::ops::csrattrs_type, encoded(est::codec::encode(script_.attributes), wish.encoding));
}

// RFC 7030 3.7: a registration authority has verified the link to its own client's session.
bool Service::vouched_for(const est::tls::Facts& facts) const {
  const Bytes* shown = facts.peer_certificate();
  if (shown == nullptr || !pki_.issued(*shown)) return false;
  const auto certificate = est::codec::decode_certificate(*shown);
  const auto* extension = certificate.value ? certificate.value->extension(est::codec::oids::extended_key_usage) : nullptr;
  if (extension == nullptr) return false;
  const auto purposes = est::codec::decode_extended_key_usage(extension->value);
  return purposes.value && std::find(purposes.value->begin(), purposes.value->end(), est::codec::oids::cmc_ra) != purposes.value->end();
}

std::string Service::refusal_of(const est::codec::CertificationRequest& csr, const est::tls::Facts& facts) const {
  const auto possession = est::pki::verify_request(csr);
  if (!possession || !*possession) return "The signature of the certification request does not verify.";
  if (vouched_for(facts)) return {};
  const auto linked = est::codec::challenge_password(csr);
  if (!linked.value) return script_.linking ? "The certification request is not linked to this connection." : "";
  const Bytes& binding = binding_of(facts);
  if (binding.empty() || *linked.value != est::ops::channel_binding_text(binding))
    return "The challengePassword is not the channel binding of this connection.";
  return {};
}

Response Service::enroll(const est::http::Request& request, const est::tls::Facts& facts, const Answer& wish) const {
  const auto csr = est::ops::read_enroll_body(request.body);
  if (!csr.value) return refused_with("The body is no certification request: " + est::describe_first(csr.findings));
  if (const std::string why = refusal_of(*csr.value, facts); !why.empty()) return refused_with(why);
  return issue(*csr.value, wish);
}

Response Service::issue(const est::codec::CertificationRequest& csr, const Answer& wish) const {
  IssueWish issued{csr.subject, csr.key.der, est::codec::requested_extensions(csr).value.value_or(std::vector<est::codec::Extension>{}),
                   knows(issue_deviations(), wish.contents) ? wish.contents : "good"};
  if (issued.subject.empty()) issued.subject = *est::codec::parse_name("CN=nameless device,O=estspec");
  const auto certificate = pki_.issue(issued);
  if (!certificate) return refused_with(certificate.error().message);
  if (wish.contents == "bare") return message_of(est::ops::certs_only_type, encoded(*certificate, wish.encoding));
  std::vector<Bytes> bag{*certificate};
  if (wish.contents == "with-issuer" || wish.contents == "with-chain") bag.push_back(pki_.issuing());
  if (wish.contents == "with-chain") bag.push_back(pki_.anchor());
  if (wish.contents == "with-stranger") bag.push_back(pki_.implicit_anchor());
  if (wish.contents == "none") bag.clear();
  if (wish.contents == "issuer-alone") bag = {pki_.issuing()};
  return message_of(est::ops::certs_only_type, encoded(est::codec::encode_certs_only(bag), wish.encoding));
}

namespace {

est::codec::Part part(std::string_view type, Bytes body, bool transfer_encoding) {
  est::codec::Part made{{{"Content-Type", std::string(type)}}, std::move(body)};
  if (transfer_encoding) made.headers.emplace_back("Content-Transfer-Encoding", "base64");
  return made;
}

bool says_encoding(const AnswerFields& fields) {
  const auto is_encoding = [](const auto& field) { return est::iequals(field.first, "Content-Transfer-Encoding"); };
  return std::any_of(fields.begin(), fields.end(), is_encoding);
}

// RFC 2046 5.1.1: 1 to 70 characters, some of which need quotes; blanks may stand behind a delimiter.
Response multipart(const std::vector<est::codec::Part>& parts, std::string_view contents) {
  const bool longest = contents == "long-boundary";
  const std::string boundary = longest ? std::string(35, '=') + "estspec'()+_,-./:?=" + std::string(16, '_') : "estspec.boundary";
  Bytes body = est::codec::encode_multipart(parts, boundary);
  if (longest) {
    std::string text(est::as_text(body));
    for (std::size_t at = text.find(boundary); at != std::string::npos; at = text.find(boundary, at + boundary.size()))
      if (text.compare(at + boundary.size(), 2, "\r\n") == 0) text.insert(at + boundary.size(), " \t");
    body = est::to_bytes(text);
  }
  if (contents == "preamble") {
    const std::string preamble = "What stands here is to be ignored.\r\n";
    body.insert(body.begin(), preamble.begin(), preamble.end());
    est::append(body, "So is this.\r\n");
  }
  const std::string value = longest || contents == "preamble" ? "\"" + boundary + "\"" : boundary;
  return message_of("multipart/mixed; boundary=" + value, std::move(body));
}

// The recipient whose key the request names, or, as the words want, another.
est::Result<est::pki::Recipient> recipient_for(const est::codec::CertificationRequest& csr, const Pki& pki) {
  const auto secret = est::codec::decrypt_key_identifier(csr).value;
  const auto holder = est::codec::asymmetric_decrypt_key_identifier(csr).value;
  for (const std::string_view how : {"symmetric", "key-transport", "key-agreement"}) {
    const Protection& known = *pki.protection(how);
    const auto& named = known.key ? holder : secret;
    if (named && est::as_text(*named) == known.identifier)
      return est::pki::Recipient{*named, known.key ? known.key->public_key_info() : Bytes(), known.secret};
  }
  return est::Error{"The request names no key that the new one could be encrypted with."};
}

// A RecipientInfo of kind `other` (RFC 5652 6.2.5), which encode_enveloped_data() leaves out: put where the only recipient was.
Bytes with_unknown_recipient(est::codec::EnvelopedData sealed) {
  namespace der = est::codec::der;
  const Bytes other = der::context(4, der::concat({der::oid(est::codec::Oid("1.3.6.1.4.1.32473.7030.5")), der::null()}));
  const Bytes content = der::sequence(
      {der::oid(sealed.content_type), est::codec::encode(sealed.content_encryption), der::context(0, sealed.encrypted_content, false)});
  const Bytes data = der::sequence({der::integer(3), der::set_of({other}), content});
  return der::sequence({der::oid(est::codec::oids::enveloped_data), der::context(0, data)});
}

}  // namespace

// RFC 7030 4.4.2, RFC 5958 4: the key in a package, signed by the issuing CA, enveloped for the key the request names.
est::Result<Bytes> Service::enveloped(const est::codec::CertificationRequest& csr, est::BytesView key, const std::string& contents) const {
  auto recipient = recipient_for(csr, pki_);
  if (!recipient) return recipient.error();
  const auto capabilities = est::codec::smime_capabilities(csr).value;
  if (!capabilities) return est::Error{"The request has no SMIMECapabilities."};
  if (contents == "enveloped-for-another") {
    const auto stranger = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
    if (!stranger) return stranger.error();
    if (recipient->secret.empty() && est::crypto::key_facts(recipient->public_key_info)->algorithm == "EC")
      recipient->public_key_info = stranger->public_key_info();
    if (!recipient->secret.empty()) recipient->secret = est::crypto::random_bytes(recipient->secret.size());
    recipient->identifier = est::to_bytes("somebody else");
  }
  const auto signer = pki_.responder("issuing");
  if (!signer) return signer.error();
  const Bytes package = est::codec::encode_asymmetric_key_package({est::to_bytes(key)});
  const auto message = est::pki::sign_message({est::codec::oids::asymmetric_key_package, package, signer->chain},
                                              {&*signer->key, signer->chain.front(), {}, {}, {}});
  if (!message) return message.error();
  const est::pki::Envelope envelope{est::codec::oids::signed_data, est::codec::encode_bare_signed_data(*message)};
  const auto sealed = est::pki::seal(envelope, *recipient, *capabilities);
  if (!sealed) return sealed.error();
  return contents == "enveloped-unknown-kind" ? with_unknown_recipient(*sealed) : est::codec::encode_enveloped_data(*sealed);
}

Response Service::serverkeygen(const est::http::Request& request, const est::tls::Facts& facts, const Answer& wish) const {
  const auto csr = est::ops::read_enroll_body(request.body);
  if (!csr.value) return refused_with("The body is no certification request: " + est::describe_first(csr.findings));
  if (const std::string why = refusal_of(*csr.value, facts); !why.empty()) return refused_with(why);
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
  const bool marked = wish.contents == "transfer-encoding" || says_encoding(script_.fields);
  est::Result<Bytes> delivered = (wish.contents == "other-private-key" ? *other : *key).to_pkcs8();
  const bool in_envelope = wish.contents.starts_with("enveloped");
  if (in_envelope) delivered = enveloped(*csr.value, *delivered, wish.contents);
  if (!delivered) return refused_with(delivered.error().message);
  const std::string_view type = in_envelope ? est::codec::generated_key_type : est::codec::pkcs8_type;
  std::vector<est::codec::Part> parts{part(type, encoded(*delivered, certificate.encoding), marked),
                                      part(est::ops::certs_only_type, issued.body, marked)};
  if (wish.contents == "no-key") parts.erase(parts.begin());
  if (wish.contents == "no-certificate") parts.pop_back();
  if (wish.contents == "certificate-first") std::swap(parts.front(), parts.back());
  return multipart(parts, wish.contents);
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
