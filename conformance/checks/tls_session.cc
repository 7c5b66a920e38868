// What a TLS connection does beside its first handshake: client certificates asked for late, renegotiation, resumption, names, ALPN.
#include <algorithm>
#include <array>

#include "conformance/checks/certificate_profile.h"
#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/base/text.h"
#include "est/crypto/key.h"

namespace conformance::checks {

namespace {

// --- Client certificates

Results certificate_request(const CheckInput& input) {
  const std::string wanted = text(input.parameters, "when", "late");
  const std::string expected = wanted == "never" ? "no client certificate is asked for" : "a client certificate is asked for " + wanted;
  const std::string when = fact(input.exchange, "certificate-request");
  if (!input.exchange.tls || when.empty()) return {unanswered(input, expected)};
  const std::string observed =
      when == "never" ? "The target asked for no client certificate." : "The target asked for a client certificate " + when + ".";
  const bool fits = wanted == "not late" ? when != "late" : when == wanted;
  return {result(input, fits ? Verdict::pass : Verdict::fail, observed, expected, "TLS")};
}

// --- Renegotiation (RFC 5746)

Results renegotiation(const CheckInput& input) {
  const std::string expected = "the renegotiation is refused, or done with RFC 5746";
  if (fact(input.exchange, "renegotiated") == "yes") {
    const bool secure = input.exchange.tls && input.exchange.tls->secure_renegotiation;
    return {result(input, secure ? Verdict::pass : Verdict::fail,
                   secure ? "The target renegotiated securely." : "The target renegotiated without RFC 5746.", expected, "TLS")};
  }
  const auto& failure = input.exchange.failure;
  if (!failure) return {inconclusive(input, "There was no renegotiation.", expected)};
  if (failure->cause == "timeout") {
    return {result(input, Verdict::fail, "The target left the renegotiation without an answer.", expected, "TLS")};
  }
  return {result(input, Verdict::pass, "The target refused: " + failure->message + ".", expected, "TLS")};
}

Results secure_renegotiation(const CheckInput& input) {
  const std::string expected = "the ServerHello answers with renegotiation_info";
  if (!input.exchange.tls) return {unanswered(input, expected)};
  const auto& tls = *input.exchange.tls;
  if (tls.version == "TLS 1.3") return {inconclusive(input, "TLS 1.3 knows no renegotiation.", expected)};
  return {result(input, tls.secure_renegotiation ? Verdict::pass : Verdict::fail,
                 tls.secure_renegotiation ? "The target indicates secure renegotiation." : "The target sent no renegotiation_info.",
                 expected, "TLS")};
}

// --- Sessions

Results not_resumed(const CheckInput& input) {
  const std::string expected = "a full handshake, or a refusal";
  if (fact(input.exchange, "session-offered") != "yes") {
    return {inconclusive(input, "There was no session to resume.", expected)};
  }
  if (!input.exchange.tls) {
    const auto silence = silence_of(input.exchange);
    const bool refused = input.exchange.failure && input.exchange.failure->cause == "alert";
    return {result(input, refused ? Verdict::pass : silence.verdict, silence.observed, expected, silence.layer)};
  }
  const bool resumed = input.exchange.tls->resumed;
  return {result(input, resumed ? Verdict::fail : Verdict::pass,
                 resumed ? "The target resumed the session." : "The target made a full handshake.", expected, "TLS")};
}

Results no_early_data(const CheckInput& input) {
  const std::string expected = "sessions that permit no early data";
  const std::string octets = fact(input.exchange, "early-data");
  if (!input.exchange.tls || octets.empty()) return {unanswered(input, expected)};
  const bool none = octets == "0";
  return {result(input, none ? Verdict::pass : Verdict::warn,
                 none ? "The target permits no early data." : "The target's session ticket permits " + octets + " octets of early data.",
                 expected, "TLS")};
}

// --- Names and protocols

Results alpn(const CheckInput& input) {
  const auto offered = list(input.exchange.parameters, "alpn");
  const std::string expected = "one of the protocols offered (" + any_of(offered) +
                               "), none at all, or the alert no_application_protocol where http/1.1 is not offered";
  const auto& failure = input.exchange.failure;
  if (!input.exchange.tls) {
    const bool known = std::find(offered.begin(), offered.end(), "http/1.1") != offered.end();
    if (!known && failure && failure->alert == "no_application_protocol") {
      return {result(input, Verdict::pass, "The target answered with the alert no_application_protocol.", expected, "TLS")};
    }
    return {unanswered(input, expected)};
  }
  const auto& chosen = input.exchange.tls->alpn;
  if (chosen.empty()) return {result(input, Verdict::pass, "The target chose no protocol by ALPN.", expected, "TLS")};
  const bool among = std::find(offered.begin(), offered.end(), chosen) != offered.end();
  return {result(input, among ? Verdict::pass : Verdict::fail, "The target chose " + est::printable(chosen, 60) + ".", expected, "TLS")};
}

// RFC 6066 3: go on with another certificate, or say so.
Results unknown_name(const CheckInput& input) {
  const std::string expected = "the handshake goes on, or ends with the alert unrecognized_name";
  if (input.exchange.tls) return {result(input, Verdict::pass, "The target went on with the handshake.", expected, "TLS")};
  const auto silence = silence_of(input.exchange);
  if (!input.exchange.failure || silence.verdict == Verdict::inconclusive) {
    return {result(input, Verdict::inconclusive, silence.observed, expected, silence.layer)};
  }
  const bool said = input.exchange.failure->alert == "unrecognized_name";
  return {result(input, said ? Verdict::pass : Verdict::fail, silence.observed, expected, silence.layer)};
}

// --- Certificates shown in the handshake

bool weak_signature(const est::codec::Certificate& certificate) {
  const auto digest = est::crypto::digest_of(certificate.signature_algorithm);
  return digest && (*digest == est::crypto::Digest::md5 || *digest == est::crypto::Digest::sha1);
}

std::string weak_key(const est::codec::Certificate& certificate) {
  constexpr int least_rsa = 2048;
  constexpr int least_curve = 256;
  const auto facts = est::crypto::key_facts(certificate.spki);
  if (!facts) return "a key of an unknown kind";
  if (facts->algorithm == "RSA" && facts->bits < least_rsa) return "an RSA key of " + std::to_string(facts->bits) + " bits";
  if (facts->algorithm == "EC" && facts->bits < least_curve) return "an EC key of " + std::to_string(facts->bits) + " bits";
  return {};
}

// The root's own signature proves nothing, so its strength does not matter.
Results certificate_strength(const CheckInput& input) {
  const std::string expected = "signatures with SHA-2 or better, RSA keys of 2048 bits or more, curves of 256 bits or more";
  if (!input.exchange.tls) return {unanswered(input, expected)};
  if (input.exchange.tls->peer_chain.empty()) return {inconclusive(input, "The target showed no certificate.", expected)};
  Results results;
  for (const auto& der : input.exchange.tls->peer_chain) {
    const auto decoded = est::codec::decode_certificate(der);
    if (!decoded.value) continue;
    const std::string who = "The certificate of " + est::printable(decoded.value->subject.to_string(), 100);
    if (!decoded.value->self_issued() && weak_signature(*decoded.value))
      results.push_back(result(input, Verdict::fail, who + " is signed with SHA-1 or MD5.", expected, "TLS"));
    if (const auto key = weak_key(*decoded.value); !key.empty())
      results.push_back(result(input, Verdict::fail, who + " holds " + key + ".", expected, "TLS"));
  }
  if (results.empty()) results.push_back(result(input, Verdict::pass, "Signatures and keys are strong enough.", expected, "TLS"));
  return results;
}

// RFC 5246 7.4.2: each certificate certifies the one before; RFC 8446 4.4.2 only recommends it.
Results certificate_order(const CheckInput& input) {
  const std::string expected = "the server's certificate first, then each certificate certifies the one before";
  if (!input.exchange.tls) return {unanswered(input, expected)};
  const auto& chain = input.exchange.tls->peer_chain;
  if (chain.empty()) return {inconclusive(input, "The target showed no certificate.", expected)};
  for (std::size_t i = 1; i < chain.size(); ++i) {
    const auto below = est::codec::decode_certificate(chain[i - 1]);
    const auto above = est::codec::decode_certificate(chain[i]);
    if (below.value && above.value && est::codec::same_name(below.value->issuer, above.value->subject)) continue;
    const auto verdict = input.exchange.tls->version == "TLS 1.3" ? Verdict::warn : Verdict::fail;
    return {
        result(input, verdict,
               "Certificate " + std::to_string(i + 1) + " of the chain shown is not the issuer of certificate " + std::to_string(i) + ".",
               expected, "TLS")};
  }
  return {result(input, Verdict::pass, "The chain of " + std::to_string(chain.size()) + " is in order.", expected, "TLS")};
}

bool looks_like_host_name(std::string_view text) {
  return text.find('.') != std::string_view::npos &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.*") == std::string_view::npos;
}

// RFC 6125 4.1, INT-20.
Results certificate_names(const CheckInput& input) {
  const std::string expected = "names in the subjectAltName, no wildcard among them, and no host name in the subject alone";
  if (!input.exchange.tls) return {unanswered(input, expected)};
  const auto& chain = input.exchange.tls->peer_chain;
  const auto leaf = chain.empty() ? std::nullopt : est::codec::decode_certificate(chain.front()).value;
  if (!leaf) return {inconclusive(input, "The target showed no certificate that can be read.", expected)};
  std::vector<std::string> dns;
  bool named = false;
  for (const auto& name : alternatives_of(*leaf)) {
    const std::string text = est::codec::to_string(name);
    named = named || text.starts_with("DNS:") || text.starts_with("IP:");
    if (text.starts_with("DNS:")) dns.push_back(est::ascii_lower(text.substr(4)));
  }
  Results results;
  const auto complain = [&](const std::string& what) { results.push_back(result(input, Verdict::warn, what, expected, "TLS", "INT-20")); };
  if (!named) complain("The server certificate has neither a DNS name nor an IP address in its subjectAltName.");
  for (const auto& name : dns) {
    if (name.find('*') != std::string::npos) complain("The server certificate has the wildcard " + est::printable(name, 100) + ".");
  }
  const std::string common = leaf->subject.first(est::codec::oids::common_name).value_or("");
  if (looks_like_host_name(common) && std::find(dns.begin(), dns.end(), est::ascii_lower(common)) == dns.end())
    complain("The server certificate names the host " + est::printable(common, 100) + " in its subject alone.");
  if (results.empty()) results.push_back(result(input, Verdict::pass, "The names are where they belong.", expected, "TLS"));
  return results;
}

}  // namespace

void add_tls_session_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"certificate-request",
                   "when the target has asked for a client certificate on this connection so far",
                   {choice("when", {"never", "late", "not late", "in the handshake"}, "default late: after the handshake")},
                   certificate_request,
                   "when"});
  add(vocabulary, {"renegotiation", "the client's renegotiation was refused or done securely (RFC 5746)", {}, renegotiation, {}});
  add(vocabulary, {"secure-renegotiation", "the target indicates secure renegotiation (RFC 5746 3.6)", {}, secure_renegotiation, {}});
  add(vocabulary, {"not-resumed", "the session offered was not resumed", {}, not_resumed, {}});
  add(vocabulary, {"no-early-data", "the session permits no early data (RFC 8446 2.3)", {}, no_early_data, {}});
  add(vocabulary, {"alpn", "what was chosen by ALPN had been offered (RFC 7301 3.2)", {}, alpn, {}});
  add(vocabulary, {"unknown-name", "a server name nobody knows is passed over or named in the alert (RFC 6066 3)", {}, unknown_name, {}});
  add(vocabulary, {"certificate-strength", "signatures and keys of the certificates shown are not outdated", {}, certificate_strength, {}});
  add(vocabulary,
      {"certificate-names", "the server certificate's names are in its subjectAltName (RFC 6125 4.1)", {}, certificate_names, {}});
  add(vocabulary, {"certificate-order", "the certificates shown are in order (RFC 5246 7.4.2)", {}, certificate_order, {}});
}

}  // namespace conformance::checks
