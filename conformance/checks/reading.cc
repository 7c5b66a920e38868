#include "conformance/checks/reading.h"

#include <algorithm>
#include <cmath>

#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/cms.h"
#include "est/codec/generated_key.h"
#include "est/codec/pem.h"
#include "est/codec/pkcs10.h"
#include "est/crypto/key.h"

namespace conformance::checks {

namespace {

constexpr std::size_t quoted_text = 160;

bool mostly_text(est::BytesView body) {
  const auto odd = std::count_if(body.begin(), body.end(), [](est::Byte b) { return b < 0x20 && b != '\t' && b != '\r' && b != '\n'; });
  return odd == 0;
}

std::string describe_body(const est::http::Response& response) {
  const auto type = response.fields.get("Content-Type");
  const std::string kind = type ? est::printable(*type, 80) : std::string("no Content-Type");
  if (response.body.empty()) return " with an empty body";
  const bool readable = mostly_text(response.body) && (!type || est::ascii_lower(*type).find("pkcs7") == std::string::npos);
  const std::string size = std::to_string(response.body.size()) + " octets";
  if (!readable || response.status == 200) return " with " + size + " of body (" + kind + ")";
  return ", saying \"" + est::printable(est::trim(est::as_text(response.body)), quoted_text) + "\" (" + kind + ")";
}

// Why nothing can be concluded, or an empty text when the silence is the target's own.
std::string excuse(const engine::WireFailure& failure) {
  if (failure.cause == "local") return "the suite itself could not act";
  if (failure.stage == "resolve") return "the target's name could not be resolved";
  if (failure.cause == "unreachable") return "the network did not reach the target";
  if (failure.cause == "untrusted")
    return "the suite does not trust the target's certificate (check the trust anchor and name in the profile)";
  return {};
}

std::string layer_of(const engine::WireFailure& failure) {
  if (!failure.alert.empty() || failure.cause == "alert" || failure.cause == "untrusted" || failure.stage == "handshake") return "TLS";
  if (failure.stage == "connect" || failure.stage == "resolve" || failure.cause == "reset") return "TCP";
  return "HTTP";
}

std::string in_words(const engine::WireFailure& failure) {
  std::string text = failure.cause + " during " + failure.stage;
  if (!failure.alert.empty()) text += ", TLS alert " + failure.alert;
  if (!failure.message.empty()) text += ": " + est::printable(failure.message, 200);
  return text;
}

void certificates_from_der(est::BytesView der, std::vector<est::Bytes>& found) {
  const auto bag = est::codec::decode_certs_only(der);
  if (bag.value && !bag.value->certificates.empty()) {
    found.insert(found.end(), bag.value->certificates.begin(), bag.value->certificates.end());
    return;
  }
  const auto bare = est::codec::decode_certificate(der);
  if (bare.value) found.push_back(est::to_bytes(der));
}

}  // namespace

std::optional<est::http::ObservedResponse> answer_of(const Exchange& exchange) {
  if (exchange.response.empty()) return std::nullopt;
  const std::string_view method = exchange.method.empty() ? std::string_view("GET") : std::string_view(exchange.method);
  auto observed = est::http::parse_response(exchange.response, method, exchange.peer_close != "open");
  if (observed.message.status == 0) return std::nullopt;
  return observed;
}

std::string describe(const est::http::Response& response) {
  std::string text = "The target answered " + std::to_string(response.status);
  const auto phrase = response.reason.empty() ? est::http::reason_phrase(response.status) : std::string_view(response.reason);
  if (!phrase.empty() && phrase != "Unknown") text += " " + est::printable(phrase, 60);
  return text + describe_body(response) + ".";
}

std::string describe(const Exchange& exchange) {
  const auto answer = answer_of(exchange);
  return answer ? describe(answer->message) : silence_of(exchange).observed;
}

Silence silence_of(const Exchange& exchange) {
  if (exchange.failure) {
    const auto why = excuse(*exchange.failure);
    const std::string told = "There was no HTTP response: " + in_words(*exchange.failure);
    if (!why.empty()) return {Verdict::inconclusive, told + " - " + why + ".", layer_of(*exchange.failure)};
    return {Verdict::fail, told + ".", layer_of(*exchange.failure)};
  }
  if (!exchange.response.empty()) {
    return {Verdict::fail, "The target sent no HTTP response but \"" + est::printable(est::as_text(exchange.response), 80) + "\".", "HTTP"};
  }
  return {Verdict::fail, "The target ended the connection (" + exchange.peer_close + ") without an HTTP response.", "HTTP"};
}

est::Bytes certificate_body(const est::http::Response& response) {
  const auto type = response.fields.get("Content-Type");
  if (!type || est::ascii_lower(*type).find("multipart/") == std::string::npos) return response.body;
  const auto parts = est::codec::decode_generated_key_answer(*type, response.body);
  if (!parts.value || !parts.value->certificates) return response.body;
  return parts.value->parts[*parts.value->certificates].part.body;
}

std::optional<Bag> bag_of(const Exchange& exchange) {
  const auto answer = answer_of(exchange);
  if (!answer) return std::nullopt;
  Bag bag;
  auto decoded = est::codec::decode_base64(est::as_text(certificate_body(answer->message)), est::codec::Base64Mode::lenient);
  bag.base64 = std::move(decoded.findings);
  if (!decoded.value) return bag;
  bag.der = std::move(*decoded.value);
  auto cms = est::codec::decode_certs_only(bag.der);
  bag.cms = std::move(cms.findings);
  if (cms.value) bag.certificates = std::move(cms.value->certificates);
  return bag;
}

std::vector<est::Bytes> certificates_anyhow(est::BytesView body) {
  std::vector<est::Bytes> found;
  const auto plain = est::codec::decode_base64(est::as_text(body), est::codec::Base64Mode::lenient);
  if (plain.value && !est::has_errors(plain.findings)) certificates_from_der(*plain.value, found);
  if (found.empty()) certificates_from_der(body, found);
  if (found.empty() && est::as_text(body).find("-----BEGIN") != std::string_view::npos) {
    const auto blocks = est::codec::decode_pem(est::as_text(body));
    if (blocks.value) {
      for (const auto& block : *blocks.value) certificates_from_der(block.der, found);
    }
  }
  return found;
}

std::optional<est::codec::Certificate> issued_by(const Exchange& exchange) {
  const auto answer = answer_of(exchange);
  if (!answer || answer->message.status != 200) return std::nullopt;
  std::optional<est::codec::Certificate> first;
  for (const auto& der : certificates_anyhow(certificate_body(answer->message))) {
    auto decoded = est::codec::decode_certificate(der);
    if (!decoded.value) continue;
    if (holds_requested_key(*decoded.value, exchange)) return std::move(decoded.value);
    if (!first) first = std::move(decoded.value);
  }
  return first;
}

bool holds_requested_key(const est::codec::Certificate& certificate, const Exchange& exchange) {
  const auto* spki = artefact(exchange, "spki");
  if (spki != nullptr && est::equal(*spki, certificate.spki)) return true;
  const auto* csr = artefact(exchange, "csr");
  if (csr == nullptr || exchange.artefacts.contains("csr-before")) return false;
  const auto request = est::codec::decode_certification_request(*csr);
  if (!request.value || request.value->key.algorithm.algorithm != certificate.key_algorithm.algorithm) return false;
  const auto verified =
      est::crypto::verify(certificate.spki, request.value->signature_algorithm, request.value->info, request.value->signature);
  return verified.ok() && *verified;
}

bool signed_by_itself(const est::codec::Certificate& certificate) {
  if (!certificate.self_issued()) return false;
  // An algorithm this build cannot verify is no reason to deny that a root is one.
  const auto verified = est::crypto::verify(certificate.spki, certificate.signature_algorithm, certificate.tbs, certificate.signature);
  return !verified.ok() || *verified;
}

bool signed_with(const est::codec::Certificate& leaf, const est::codec::Certificate& candidate) {
  const auto verified = est::crypto::verify(candidate.spki, leaf.signature_algorithm, leaf.tbs, leaf.signature);
  return verified.ok() && *verified;
}

std::string shown(const est::codec::Certificate& certificate) {
  return certificate.subject.empty() ? "a certificate with an empty subject" : est::printable(certificate.subject.to_string());
}

std::string fact(const Exchange& exchange, const std::string& name) {
  const auto found = exchange.facts.find(name);
  return found == exchange.facts.end() ? std::string() : found->second;
}

const est::Bytes* artefact(const Exchange& exchange, std::string_view name) {
  const auto found = exchange.artefacts.find(std::string(name));
  return found == exchange.artefacts.end() || found->second.empty() ? nullptr : &found->second;
}

const Exchange* other(const CheckInput& input, std::string_view parameter) {
  const auto name = text(input.parameters, parameter);
  return name.empty() ? nullptr : input.evidence.find(name);
}

namespace {

// A password goes out upon a challenge only (RFC 7030 3.2.3), and who never asks for it cannot have refused it.
bool kept_password(const Exchange& exchange) {
  const auto shown = exchange.facts.find("credentials");
  if (shown == exchange.facts.end() || shown->second.find("password") == std::string::npos) return false;
  const auto answer = answer_of(exchange);
  return !exchange.facts.contains("authorization") && answer && answer->message.status >= 400 && answer->message.status < 500;
}

}  // namespace

CheckResult result(const CheckInput& input, Verdict verdict, std::string observed, std::string expected, std::string layer,
                   std::string interpretation) {
  if (verdict > Verdict::warn && kept_password(input.exchange))
    observed += " (The password was not sent, as no challenge asked for it; RFC 7030 3.2.3.)";
  // Towards its upstream a proxy is a client, and is judged by the checks of clients.
  constexpr std::string_view client = "The client ";
  if (observed.starts_with(client) && text(input.target, "role") == "proxy") observed.replace(0, client.size(), "Upstream, the proxy ");
  CheckResult made;
  made.exchange = input.exchange.name;
  made.verdict = verdict;
  made.observed = std::move(observed);
  made.expected = std::move(expected);
  made.interpretation = std::move(interpretation);
  made.layer = std::move(layer);
  return made;
}

CheckResult unanswered(const CheckInput& input, std::string expected) {
  auto silence = silence_of(input.exchange);
  return result(input, silence.verdict, std::move(silence.observed), std::move(expected), std::move(silence.layer));
}

CheckResult inconclusive(const CheckInput& input, std::string why, std::string expected) {
  return result(input, Verdict::inconclusive, std::move(why), std::move(expected), "suite");
}

std::string quote(const est::Findings& findings) {
  auto sorted = findings;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.severity > b.severity; });
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < sorted.size() && i < 3; ++i) {
    parts.push_back(sorted[i].id + " at octet " + std::to_string(sorted[i].offset) + " (" + est::printable(sorted[i].detail, 160) + ")");
  }
  if (sorted.size() > 3) parts.push_back(std::to_string(sorted.size() - 3) + " more");
  return est::join(parts, "; ");
}

std::string text(const Json& parameters, std::string_view name, std::string_view otherwise) {
  const auto words = list(parameters, name);
  return words.empty() ? std::string(otherwise) : words.front();
}

std::vector<std::string> list(const Json& parameters, std::string_view name) {
  if (!parameters.is_object()) return {};
  const auto found = parameters.find(std::string(name));
  if (found == parameters.end() || found->is_null()) return {};
  const auto word = [](const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); };
  if (!found->is_array()) return {word(*found)};
  std::vector<std::string> words;
  for (const auto& value : *found) words.push_back(word(value));
  return words;
}

bool flag(const Json& parameters, std::string_view name, bool otherwise) {
  const auto word = text(parameters, name);
  return word.empty() ? otherwise : word == "true";
}

std::optional<double> number(const Json& parameters, std::string_view name) {
  const auto digits = est::parse_decimal(text(parameters, name));
  if (digits) return static_cast<double>(*digits);
  if (!parameters.is_object()) return std::nullopt;
  const auto found = parameters.find(std::string(name));
  if (found == parameters.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

bool status_matches(int status, const std::vector<std::string>& patterns) {
  const std::string digits = std::to_string(status);
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    if (pattern == digits) return true;
    return pattern.size() == 3 && digits.size() == 3 && est::ascii_lower(pattern.substr(1)) == "xx" && pattern[0] == digits[0];
  });
}

std::string any_of(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace conformance::checks
