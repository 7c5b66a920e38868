// The TLS layer (RFC 7030 3.3, RFC 8996, RFC 8446).
#include <algorithm>

#include "conformance/checks/certificate_profile.h"
#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;

Results handshake_completed(const CheckInput& input) {
  const std::string expected = "a completed TLS handshake";
  if (!input.exchange.tls) return {unanswered(input, expected)};
  const auto& tls = *input.exchange.tls;
  const std::string observed = "The handshake completed with " + tls.version + ", " + tls.suite;
  if (input.exchange.failure) {
    auto silence = silence_of(input.exchange);
    return {result(input, silence.verdict, observed + ", and then: " + silence.observed, expected, silence.layer)};
  }
  return {result(input, Verdict::pass, observed + ".", expected, "TLS")};
}

std::vector<std::string> versions_wanted(const Json& parameters) {
  std::vector<std::string> names;
  for (const auto* key : {"is", "any-of"}) {
    for (const auto& word : list(parameters, key)) names.push_back(word.rfind("TLS ", 0) == 0 ? word : "TLS " + word);
  }
  return names;
}

Results tls_version(const CheckInput& input) {
  const auto wanted = versions_wanted(input.parameters);
  const std::string expected = "a connection with " + any_of(wanted);
  if (!input.exchange.tls) return {unanswered(input, expected)};
  const auto& version = input.exchange.tls->version;
  const bool fits = std::find(wanted.begin(), wanted.end(), version) != wanted.end();
  return {result(input, fits ? Verdict::pass : Verdict::fail, "The target negotiated " + version + ".", expected, "TLS")};
}

// Silence is no refusal: the offer may have been lost. A target that could not be reached refused nothing either.
Results handshake_refused(const CheckInput& input) {
  const std::string expected = "the handshake ends with an alert or a close";
  if (input.exchange.tls) {
    const auto& tls = *input.exchange.tls;
    return {result(input, Verdict::fail, "The target completed a handshake with " + tls.version + ", " + tls.suite + ".", expected, "TLS")};
  }
  const auto silence = silence_of(input.exchange);
  if (!input.exchange.failure || silence.verdict == Verdict::inconclusive) {
    return {result(input, Verdict::inconclusive, silence.observed, expected, silence.layer)};
  }
  const auto& failure = *input.exchange.failure;
  const bool decided = failure.stage != "connect" && failure.cause != "timeout";
  return {result(input, decided ? Verdict::pass : Verdict::inconclusive, silence.observed, expected, silence.layer)};
}

Results resumed(const CheckInput& input) {
  const std::string expected = "an abbreviated handshake that resumes the session of the connection before";
  if (!input.exchange.tls) return {unanswered(input, expected)};
  if (input.exchange.tls->resumed) return {result(input, Verdict::pass, "The session was resumed.", expected, "TLS")};
  return {result(input, Verdict::warn, "The target made a full handshake instead of resuming the session.", expected, "TLS")};
}

// INT-21: id-kp-cmcRA without id-kp-serverAuth.
std::optional<CheckResult> judge_server_purpose(const CheckInput& input, const est::codec::Certificate& certificate) {
  const std::string expected = "extended key usage absent, or with serverAuth";
  const auto* extension = certificate.extension(est::codec::oids::extended_key_usage);
  if (extension == nullptr) return std::nullopt;
  const auto purposes = est::codec::decode_extended_key_usage(extension->value);
  if (!purposes.value) return std::nullopt;
  const auto has = [&](const est::codec::Oid& oid) {
    return std::find(purposes.value->begin(), purposes.value->end(), oid) != purposes.value->end();
  };
  if (has(est::codec::oids::server_auth) || has(est::codec::oids::any_extended_key_usage)) return std::nullopt;
  const bool ra = has(est::codec::oids::cmc_ra);
  return result(input, ra ? Verdict::warn : Verdict::fail, "The server certificate's extended key usage does not permit serverAuth.",
                expected, "TLS", ra ? "INT-21" : "");
}

// INT-20: where it verifies without a name in its subjectAltName, the common name must have been it.
std::optional<CheckResult> judge_server_name(const CheckInput& input, const est::codec::Certificate& certificate) {
  using Type = est::codec::GeneralNameType;
  const auto names = alternatives_of(certificate);
  const bool named =
      std::any_of(names.begin(), names.end(), [](const auto& name) { return name.type == Type::dns || name.type == Type::ip; });
  if (named || !input.exchange.tls->verified) return std::nullopt;
  return result(input, Verdict::warn, "The server certificate names its host in the subject's common name alone.",
                "the host's name in the subjectAltName; in the common name alone, where some clients look, it is a warning", "TLS",
                "INT-20");
}

Results server_certificate(const CheckInput& input) {
  const std::string expected = "a server certificate that chains to the trust anchor, has the right name and the profile of RFC 5280";
  if (!input.exchange.tls) return {unanswered(input, expected)};
  const auto& tls = *input.exchange.tls;
  if (tls.resumed) return {inconclusive(input, "The session was resumed, so no certificate was shown.", expected)};
  if (tls.peer_chain.empty()) return {result(input, Verdict::fail, "The target showed no certificate.", expected, "TLS")};
  auto results = judge_profile(input, tls.peer_chain.front(), "server certificate");
  const auto decoded = est::codec::decode_certificate(tls.peer_chain.front());
  if (decoded.value) {
    if (auto purpose = judge_server_purpose(input, *decoded.value)) results.push_back(std::move(*purpose));
    if (auto name = judge_server_name(input, *decoded.value)) results.push_back(std::move(*name));
  }
  const std::string why =
      tls.verified ? "The server certificate verifies." : "The server certificate does not verify: " + tls.verify_error + ".";
  results.push_back(result(input, tls.verified ? Verdict::pass : Verdict::fail, why, expected, "TLS"));
  for (auto& made : results) made.layer = "TLS";
  return results;
}

}  // namespace

void add_tls_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"handshake-completed", "the TLS handshake completed and nothing failed after it", {}, handshake_completed, {}});
  add(vocabulary, {"tls-version",
                   "the negotiated version",
                   {parameter("is", ParameterType::text, "1.2 or 1.3"), parameter("any-of", ParameterType::list, "permitted versions")},
                   tls_version,
                   "is"});
  add(vocabulary, {"handshake-refused", "the target did not accept the handshake offered", {}, handshake_refused, {}});
  add(vocabulary, {"resumed", "the TLS session was resumed; a full handshake is a warning (RFC 7030 3.3)", {}, resumed, {}});
  add(vocabulary, {"server-certificate",
                   "the certificate shown in the handshake (RFC 7030 3.3.1, RFC 5280 4; INT-20, INT-21)",
                   {},
                   server_certificate,
                   {}});
}

}  // namespace conformance::checks
