// What a target chose from a ClientHello of the script's own, seen in the octets of its first flight (RFC 8446 4.1.3, RFC 5246 7.4).
#include <algorithm>
#include <array>

#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/codec/tls_hello.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;
using est::codec::TlsChoice;
using est::codec::TlsFlight;
using est::codec::TlsOffer;
namespace message = est::codec::tls_message;

constexpr std::uint16_t tls12 = 0x0303;
constexpr std::uint16_t cookie = 44;

struct Seen {
  TlsFlight flight;
  std::optional<TlsChoice> choice;
  bool unreadable = false;  // a ServerHello that is malformed
};

std::optional<Seen> seen_in(const Exchange& exchange) {
  if (artefact(exchange, "client-hello") == nullptr) return std::nullopt;
  const auto* octets = artefact(exchange, "server-flight");  // absent when nothing came
  Seen seen{est::codec::read_tls_flight(octets == nullptr ? est::BytesView() : est::BytesView(*octets)), std::nullopt, false};
  if (const auto* hello = seen.flight.find(message::server_hello)) {
    seen.choice = est::codec::decode_server_hello(hello->body);
    seen.unreadable = !seen.choice;
  }
  return seen;
}

std::optional<TlsOffer> offer_of(const Exchange& exchange) {
  const auto* octets = artefact(exchange, "client-hello");
  constexpr std::size_t head = 4;
  if (octets == nullptr || octets->size() < head) return std::nullopt;
  return est::codec::decode_client_hello(est::BytesView(*octets).subspan(head));
}

std::string hex16(std::uint16_t value) {
  return "0x" + est::hex(est::Bytes{static_cast<est::Byte>(value >> 8U), static_cast<est::Byte>(value)});
}

bool holds(const std::vector<std::uint16_t>& list, std::uint16_t value) { return std::find(list.begin(), list.end(), value) != list.end(); }

bool offered(const TlsOffer& offer, std::uint16_t extension) {
  if (extension == est::codec::tls_renegotiation_info && holds(offer.suites, est::codec::tls_renegotiation_suite)) return true;
  return std::any_of(offer.extensions.begin(), offer.extensions.end(), [&](const auto& each) { return each.type == extension; });
}

using Complaints = std::vector<std::string>;

void judge_version(const TlsOffer& offer, const TlsChoice& choice, Complaints& complaints) {
  // A server that knows no TLS 1.3 ignores supported_versions and goes by legacy_version (RFC 8446 4.2.1).
  const bool listed = holds(offer.versions, choice.version);
  const bool by_legacy = choice.version <= std::min(offer.version, tls12);
  if (!listed && !by_legacy) complaints.push_back("version " + hex16(choice.version));
}

void judge_key_exchange(const TlsOffer& offer, const TlsFlight& flight, Complaints& complaints) {
  const auto* octets = flight.find(message::server_key_exchange);
  const auto exchange = octets == nullptr ? std::nullopt : est::codec::decode_ecdhe_key_exchange(octets->body);
  if (!exchange) return;
  if (!offer.groups.empty() && !holds(offer.groups, exchange->group)) complaints.push_back("group " + hex16(exchange->group));
  if (!offer.signatures.empty() && !holds(offer.signatures, exchange->signature))
    complaints.push_back("signature algorithm " + hex16(exchange->signature));
}

Complaints outside_of(const TlsOffer& offer, const TlsChoice& choice, const TlsFlight& flight) {
  Complaints complaints;
  judge_version(offer, choice, complaints);
  if (!holds(offer.suites, choice.suite)) complaints.push_back("cipher suite " + hex16(choice.suite));
  if (choice.compression != 0) complaints.push_back("compression " + std::to_string(choice.compression));
  for (const auto& extension : choice.extensions) {
    const bool free = choice.is_retry && extension.type == cookie;
    if (!free && !offered(offer, extension.type)) complaints.push_back("extension " + hex16(extension.type));
  }
  if (choice.version <= tls12) judge_key_exchange(offer, flight, complaints);
  return complaints;
}

// RFC 5246 7.4.4: both lists have at least one entry.
std::optional<std::string> wrong_certificate_request(const TlsChoice& choice, const TlsFlight& flight) {
  const auto* octets = flight.find(message::certificate_request);
  if (octets == nullptr || choice.version != tls12) return std::nullopt;
  const auto request = est::codec::decode_certificate_request(octets->body);
  if (!request) return "The target's CertificateRequest cannot be read.";
  if (request->types == 0 || request->signatures == 0)
    return "The target's CertificateRequest lists no certificate types or signature algorithms.";
  return std::nullopt;
}

std::string summary(const TlsChoice& choice) {
  return "The target chose version " + hex16(choice.version) + " and cipher suite " + hex16(choice.suite) +
         (choice.is_retry ? ", by a HelloRetryRequest." : ".");
}

// Parameter `with`.
std::optional<std::string> lacking(const CheckInput& input, const TlsChoice& choice) {
  const std::string wanted = text(input.parameters, "with");
  if (wanted == "retry" && !choice.is_retry) return " It is no HelloRetryRequest.";
  if (wanted != "renegotiation-info" || choice.version > tls12) return std::nullopt;
  const auto found = std::find_if(choice.extensions.begin(), choice.extensions.end(),
                                  [](const auto& each) { return each.type == est::codec::tls_renegotiation_info; });
  if (found == choice.extensions.end()) return " It sent no renegotiation_info.";
  return found->data == est::Bytes{0} ? std::nullopt : std::optional<std::string>(" Its renegotiation_info is not empty.");
}

bool decided(const Exchange& exchange) {
  return exchange.failure && exchange.failure->stage == "handshake" && exchange.failure->cause != "timeout" &&
         exchange.failure->cause != "local";
}

CheckResult without_hello(const CheckInput& input, const std::string& expected) {
  const auto silence = silence_of(input.exchange);
  if (flag(input.parameters, "or-refusal") && decided(input.exchange))
    return result(input, Verdict::pass, silence.observed, expected, "TLS");
  return result(input, silence.verdict, silence.observed, expected, silence.layer);
}

Results server_hello(const CheckInput& input) {
  const std::string expected = flag(input.parameters, "or-refusal") ? "a ServerHello that keeps to what was offered, or a refusal"
                                                                    : "a ServerHello that keeps to what was offered";
  const auto seen = seen_in(input.exchange);
  const auto offer = offer_of(input.exchange);
  if (!seen || !offer) return {unanswered(input, expected)};
  if (seen->unreadable) return {result(input, Verdict::fail, "The target's ServerHello cannot be read.", expected, "TLS")};
  if (!seen->choice) return {without_hello(input, expected)};
  const auto& choice = *seen->choice;
  if (const auto outside = outside_of(*offer, choice, seen->flight); !outside.empty()) {
    return {result(input, Verdict::fail, summary(choice) + " Nobody offered " + any_of(outside) + ".", expected, "TLS")};
  }
  if (const auto wrong = wrong_certificate_request(choice, seen->flight)) return {result(input, Verdict::fail, *wrong, expected, "TLS")};
  const auto lack = lacking(input, choice);
  return {result(input, lack ? Verdict::fail : Verdict::pass, summary(choice) + lack.value_or(""), expected, "TLS")};
}

// Silence is no refusal, but may be nothing worse than patience.
Results hello_refused(const CheckInput& input) {
  const std::string expected = "an alert or a close";
  const auto seen = seen_in(input.exchange);
  if (seen && (seen->choice || seen->unreadable)) {
    const std::string what = seen->choice ? summary(*seen->choice) : "The target sent a ServerHello.";
    return {result(input, Verdict::fail, what, expected, "TLS")};
  }
  const auto silence = silence_of(input.exchange);
  return {result(input, decided(input.exchange) ? Verdict::pass : Verdict::inconclusive, silence.observed, expected, silence.layer)};
}

// RFC 8446 4.1.3.
Results downgrade_sentinel(const CheckInput& input) {
  const std::string expected = "a ServerHello of TLS 1.2 whose random ends in \"DOWNGRD\" and 01";
  const auto seen = seen_in(input.exchange);
  if (!seen || !seen->choice) return {unanswered(input, expected)};
  if (seen->choice->version != tls12) return {inconclusive(input, summary(*seen->choice), expected)};
  constexpr std::array<est::Byte, 8> sentinel{0x44, 0x4F, 0x57, 0x4E, 0x47, 0x52, 0x44, 0x01};
  const auto& random = seen->choice->random;
  const bool there = random.size() == 32 && std::equal(sentinel.begin(), sentinel.end(), random.end() - 8);
  return {result(input, there ? Verdict::pass : Verdict::fail,
                 there ? "The random has the mark." : "The random does not tell that the target could do TLS 1.3.", expected, "TLS")};
}

}  // namespace

void add_tls_hello_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary,
      {"server-hello",
       "the ClientHello was answered with a ServerHello that chooses only what was offered",
       {parameter("or-refusal", ParameterType::boolean, "an alert or close will do as well, silence not"),
        choice("with", {"renegotiation-info", "retry"}, "what must be in it: an empty renegotiation_info (TLS 1.2); a HelloRetryRequest")},
       server_hello,
       {}});
  add(vocabulary, {"hello-refused", "the ClientHello was refused", {}, hello_refused, {}});
  add(vocabulary,
      {"downgrade-sentinel", "a server of TLS 1.3 that speaks TLS 1.2 says so in its random (RFC 8446 4.1.3)", {}, downgrade_sentinel, {}});
}

}  // namespace conformance::checks
