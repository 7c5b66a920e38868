#include <algorithm>

#include "conformance/vectors/readers.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/generated_key.h"
#include "est/codec/media_type.h"
#include "est/codec/pem.h"
#include "est/http/auth.h"
#include "est/http/values.h"

namespace conformance::vectors::readers {
namespace {

using est::http::AuthItem;

template <class T>
Reading accepted_as(const est::Decoded<T>& decoded) {
  return {.accepted = decoded.accepted(), .findings = decoded.findings, .decoded = {}};
}

std::string known(const Vector& vector, const std::string& key) {
  const auto found = vector.context.find(key);
  return found == vector.context.end() ? std::string() : found->second;
}

std::string said(const AuthItem& item, std::string_view name) { return item.parameter(name).value_or(""); }

// RFC 7616 3.4: nc is eight hexadecimal digits.
std::optional<std::uint32_t> nonce_count(const std::string& text) {
  if (text.size() != 8 || text.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return std::nullopt;
  return static_cast<std::uint32_t>(std::stoul(text, nullptr, 16));
}

bool same_names(const AuthItem& item, const est::http::DigestChallenge& challenge, const Vector& vector) {
  return said(item, "username") == known(vector, "user") && said(item, "realm") == challenge.realm &&
         said(item, "nonce") == challenge.nonce && said(item, "uri") == known(vector, "target");
}

bool answers(const AuthItem& item, const est::http::DigestChallenge& challenge, const Vector& vector) {
  const auto algorithm = est::http::digest_algorithm_by_name(item.parameter("algorithm").value_or("MD5"));
  if (!est::iequals(item.scheme, "Digest") || algorithm != challenge.algorithm || !same_names(item, challenge, vector)) return false;
  if (said(item, "qop") != (challenge.qop_auth ? "auth" : "")) return false;
  const auto count = challenge.qop_auth ? nonce_count(said(item, "nc")) : std::optional<std::uint32_t>(0);
  if (!count || (challenge.qop_auth && !item.parameter("cnonce"))) return false;
  const est::http::Credentials credentials{known(vector, "user"), known(vector, "password")};
  return said(item, "response") ==
         est::http::digest_response(challenge, credentials, known(vector, "method"), known(vector, "target"), *count, said(item, "cnonce"));
}

}  // namespace

Reading base64(const Vector& vector) {
  auto decoded = est::codec::decode_base64(est::as_text(vector.input), est::codec::Base64Mode::lenient);
  Reading reading = accepted_as(decoded);
  if (reading.accepted) reading.decoded = std::move(decoded.value);
  return reading;
}

Reading pem(const Vector& vector) { return accepted_as(est::codec::decode_pem(est::as_text(vector.input))); }

Reading media_type(const Vector& vector) { return accepted_as(est::codec::decode_media_type(est::as_text(vector.input))); }

Reading multipart(const Vector& vector) {
  return accepted_as(est::codec::decode_generated_key_answer(known(vector, "content-type"), vector.input));
}

Reading retry_after(const Vector& vector) {
  return verdict(est::http::parse_retry_after(est::as_text(vector.input)).has_value(), "retry-after");
}

Reading challenges(const Vector& vector) { return accepted_as(est::http::decode_challenges({est::to_string(vector.input)})); }

Reading credentials(const Vector& vector) {
  const auto decoded = est::http::decode_credentials(est::as_text(vector.input));
  return verdict(decoded.accepted() && est::http::parse_basic(*decoded.value).has_value(), "credentials");
}

Reading digest(const Vector& vector) {
  const auto items = est::http::decode_challenges({known(vector, "challenge")});
  const auto decoded = est::http::decode_credentials(est::as_text(vector.input));
  const auto challenge = items.value->empty() ? std::nullopt : est::http::parse_digest_challenge(items.value->front());
  return verdict(challenge && decoded.accepted() && answers(*decoded.value, *challenge, vector), "digest");
}

}  // namespace conformance::vectors::readers
