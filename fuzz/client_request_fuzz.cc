// What est-client asks for. The input is what /csrattrs answered, or the certificate to be renewed. A request that is made satisfies the
// server's own checks, or a note says what was left out; a reason not to make one is one line.
#include <algorithm>

#include "client/request.h"
#include "est/base/text.h"
#include "fuzz/target.h"
#include "server/request_checks.h"

namespace {

namespace codec = est::codec;

const est::crypto::PrivateKey& device_key() {
  static const est::crypto::PrivateKey key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256).value();
  return key;
}

// Wishes a list can find at hand: a subject, and the text that links the request to its connection. No other names: the user's stay in the
// request beside those of a list, which is more than the server's check takes.
const client::RequestWishes& wishes_at_hand() {
  static const client::RequestWishes wishes = [] {
    client::RequestWishes made;
    made.subject = codec::parse_name("O=Example,CN=device").value();
    made.linking = "bGlua2luZw==";
    return made;
  }();
  return wishes;
}

// The request and its notes, or nothing.
std::optional<std::pair<codec::CertificationRequest, bool>> request_made(const client::RequestInput& input) {
  const auto request = client::build_request(input);
  if (!request) {
    const std::string& reason = request.error().message;
    fuzz::require(
        !reason.empty() && std::none_of(reason.begin(), reason.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }),
        "a reason is one line");
    return std::nullopt;
  }
  const auto decoded = codec::decode_certification_request(request->der);
  fuzz::require(decoded.accepted(), "a request that is made is well-formed");
  fuzz::require(!server::signature_problem(*decoded.value) && !server::extensions_problem(*decoded.value), "and signed");
  return std::pair(*decoded.value, !request->notes.empty());
}

// A template cannot ask for the linking without saying a value, which is not the connection's.
bool gives_linking(const std::vector<codec::AttrOrOid>& elements) {
  return std::any_of(elements.begin(), elements.end(), [](const codec::AttrOrOid& element) {
    const auto* attribute = std::get_if<codec::Attribute>(&element);
    return attribute != nullptr && !attribute->values.empty() &&
           (attribute->type == codec::oids::challenge_password || attribute->type == codec::oids::est_identity_linking);
  });
}

// Two values for one extension cannot both be met.
bool contradicts_itself(const codec::CsrAttrs& asked) {
  std::vector<codec::Oid> seen;
  for (const codec::AttrOrOid& element : asked.elements) {
    const auto* attribute = std::get_if<codec::Attribute>(&element);
    if (attribute == nullptr || attribute->type != codec::oids::extension_request) continue;
    for (const est::Bytes& value : attribute->values)
      for (const codec::Extension& each : codec::decode_extensions(value).value.value_or(std::vector<codec::Extension>{})) {
        if (std::find(seen.begin(), seen.end(), each.id) != seen.end()) return true;
        seen.push_back(each.id);
      }
  }
  return false;
}

void require_list_is_met(const codec::CsrAttrs& asked) {
  const auto request = request_made({wishes_at_hand(), device_key(), &asked, nullptr});
  if (!request || request->second) return;
  if (!asked.mentions(codec::oids::certification_request_info_template))
    return fuzz::require(
        gives_linking(asked.elements) || contradicts_itself(asked) || server::missing_attributes(asked, request->first).empty(),
        "without a note nothing of the list is lacking");
  const auto wanted = codec::request_template(asked);
  fuzz::require(wanted.accepted(), "a template that cannot be read is not met");
  // RFC 5480 2.1.1: a curve is named; where none is, any will do.
  const auto& key = wanted.value->key_algorithm;
  if (key && key->algorithm == codec::oids::ec_public_key && key->parameters.empty()) return;
  if (gives_linking({wanted.value->attributes.begin(), wanted.value->attributes.end()})) return;
  fuzz::require(server::missing_from_template(*wanted.value, request->first).empty(), "without a note nothing of the template is lacking");
}

void require_renewal(const codec::Certificate& current) {
  const client::RequestWishes none;
  const auto request = request_made({none, device_key(), nullptr, &current});
  if (!request) return;
  fuzz::require(request->first.subject.der == current.subject.der, "a renewal has the subject of its certificate");
  fuzz::require(!server::renewal_problem(request->first, current), "and satisfies the server");
}

}  // namespace

FUZZ_TARGET(client_request) {
  if (const auto certificate = codec::decode_certificate(input); certificate.accepted()) return require_renewal(*certificate.value);
  if (const auto asked = codec::decode_csrattrs(input); asked.accepted()) require_list_is_met(*asked.value);
}
