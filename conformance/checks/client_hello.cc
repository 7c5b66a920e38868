// What a client offers in its first message.
#include <algorithm>
#include <array>
#include <span>

#include "conformance/checks/client_reading.h"
#include "conformance/checks/families.h"

namespace conformance::checks {
namespace {

using engine::ParameterType;
using est::codec::TlsOffer;

constexpr std::uint16_t least_version = 0x0303;
constexpr std::uint16_t trusted_ca_keys = 3, certificate_authorities = 47;  // RFC 6066 6, RFC 8446 4.2.4
constexpr std::uint16_t server_name = 0;

// IANA's registry: suites without encryption, without authentication, of export strength, and with single DES (INT-07).
constexpr std::array<std::uint16_t, 23> null_suites{0x0000, 0x0001, 0x0002, 0x003B, 0x002C, 0x002D, 0x002E, 0x00B0,
                                                    0x00B1, 0x00B4, 0x00B5, 0x00B8, 0x00B9, 0xC001, 0xC006, 0xC00B,
                                                    0xC010, 0xC015, 0xC039, 0xC03A, 0xC03B, 0xC0B4, 0xC0B5};
constexpr std::array<std::uint16_t, 25> anonymous_suites{0x0017, 0x0018, 0x0019, 0x001A, 0x001B, 0x0034, 0x003A, 0x0046, 0x006C,
                                                         0x006D, 0x0089, 0x009B, 0x00A6, 0x00A7, 0x00BF, 0x00C5, 0xC015, 0xC016,
                                                         0xC017, 0xC018, 0xC019, 0xC046, 0xC047, 0xC05A, 0xC05B};
constexpr std::array<std::uint16_t, 15> export_suites{0x0003, 0x0006, 0x0008, 0x000B, 0x000E, 0x0011, 0x0014, 0x0017,
                                                      0x0019, 0x0026, 0x0027, 0x0028, 0x0029, 0x002A, 0x002B};
// TLS_PSK_*: whoever answers can try passwords at leisure (RFC 7030 3.3.3). RC4: RFC 7465.
constexpr std::array<std::uint16_t, 24> plain_psk_suites{0x002C, 0x008A, 0x008B, 0x008C, 0x008D, 0x00A8, 0x00A9, 0x00AE,
                                                         0x00AF, 0x00B0, 0x00B1, 0xC064, 0xC065, 0xC06A, 0xC06B, 0xC08E,
                                                         0xC08F, 0xC094, 0xC095, 0xC0A4, 0xC0A5, 0xC0A8, 0xC0A9, 0xCCAB};
constexpr std::array<std::uint16_t, 18> rc4_suites{0x0003, 0x0004, 0x0005, 0x0017, 0x0018, 0x0020, 0x0024, 0x0028, 0x002B,
                                                   0x008A, 0x008E, 0x0092, 0xC002, 0xC007, 0xC00C, 0xC011, 0xC016, 0xC033};
constexpr std::array<std::uint16_t, 9> des_suites{0x0009, 0x000C, 0x000F, 0x0012, 0x0015, 0x001A, 0x001E, 0x0022, 0x0062};

bool offers(const TlsOffer& offer, std::span<const std::uint16_t> suites) {
  return std::any_of(offer.suites.begin(), offer.suites.end(),
                     [&](std::uint16_t suite) { return std::find(suites.begin(), suites.end(), suite) != suites.end(); });
}

bool offers_below_tls12(const TlsOffer& offer) {
  if (offer.versions.empty()) return offer.version < least_version;
  return std::any_of(offer.versions.begin(), offer.versions.end(), [](std::uint16_t one) { return one >> 8U == 3 && one < least_version; });
}

bool has_extension(const TlsOffer& offer, std::uint16_t type) {
  return std::any_of(offer.extensions.begin(), offer.extensions.end(), [&](const auto& one) { return one.type == type; });
}

// What a word of `never` finds; empty when it does not.
std::string found(const TlsOffer& offer, std::string_view word) {
  if (word == "old-versions" && offers_below_tls12(offer)) return "a TLS version below 1.2";
  if (word == "null" && offers(offer, null_suites)) return "a cipher suite without encryption";
  if (word == "anonymous" && offers(offer, anonymous_suites)) return "a cipher suite without authentication";
  if (word == "export" && offers(offer, export_suites)) return "a cipher suite of export strength";
  if (word == "des" && offers(offer, des_suites)) return "a cipher suite with single DES";
  if (word == "plain-psk" && offers(offer, plain_psk_suites)) return "a suite with nothing but a pre-shared key";
  if (word == "rc4" && offers(offer, rc4_suites)) return "a cipher suite with RC4";
  if (word == "server-name" && has_extension(offer, server_name)) return "a server_name";
  return {};
}

Results judge_offer(const CheckInput& input, const TlsOffer& offer) {
  Results results;
  for (const auto& word : list(input.parameters, "never")) {
    const std::string what = found(offer, word);
    if (!what.empty()) results.push_back(result(input, Verdict::fail, "The client offers " + what + ".", "no such offer", "TLS"));
  }
  for (const auto& word : list(input.parameters, "has")) {
    const bool secure = has_extension(offer, est::codec::tls_renegotiation_info) ||
                        std::find(offer.suites.begin(), offer.suites.end(), est::codec::tls_renegotiation_suite) != offer.suites.end();
    const bool indicated = has_extension(offer, trusted_ca_keys) || has_extension(offer, certificate_authorities);
    const bool there = word == "server-name" ? has_extension(offer, server_name) : word == "trusted-ca" ? indicated : secure;
    if (!there)
      results.push_back(result(input, Verdict::fail, "The ClientHello has no " + word + ".", word + " in the ClientHello", "TLS"));
  }
  return results;
}

Results offered(const CheckInput& input) {
  Results results;
  bool any = false;
  for (const Exchange* peer : peers_of(input)) {
    const auto offer = offer_in(*peer);
    if (!offer) continue;
    any = true;
    auto some = judge_offer(input, *offer);
    results.insert(results.end(), some.begin(), some.end());
  }
  if (!any) return {inconclusive(input, "No ClientHello could be read.", "a ClientHello")};
  return results;
}

// A server that forbids it answers with the alert no_renegotiation, which is how it shows.
Results no_renegotiation(const CheckInput& input) {
  for (const Exchange* peer : peers_of(input)) {
    for (const auto& event : peer->events) {
      if (event.what != "alert-sent" || event.detail.find("no_renegotiation") == std::string::npos) continue;
      return {
          result(input, Verdict::fail, "The client started a renegotiation.", "no renegotiation that the server did not ask for", "TLS")};
    }
  }
  return {};
}

// RFC 8996: below TLS 1.2 no client goes on, whoever proposed it.
Results spoken_version(const CheckInput& input) {
  const auto allowed = list(input.parameters, "any-of");
  for (const Exchange* peer : peers_of(input)) {
    if (!peer->tls || std::find(allowed.begin(), allowed.end(), peer->tls->version) != allowed.end()) continue;
    return {result(input, Verdict::fail, "The client spoke " + peer->tls->version + ".", any_of(allowed), "TLS")};
  }
  return {};
}

Results resumed_session(const CheckInput& input) {
  const Peers peers = peers_of(input);
  if (std::any_of(peers.begin(), peers.end(), [](const Exchange* one) { return one->tls && one->tls->resumed; })) return {};
  return {result(input, Verdict::fail, "No connection resumed the session of another.", "a session that is resumed", "TLS")};
}

}  // namespace

void add_client_hello_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"client-offers",
                   "what every ClientHello offers",
                   {parameter("never", ParameterType::list, "of old-versions, null, anonymous, export, des, rc4, plain-psk, server-name"),
                    parameter("has", ParameterType::list, "of server-name, secure-renegotiation, trusted-ca")},
                   offered,
                   ""});
  add(vocabulary, {"client-tls-version",
                   "the TLS versions spoken",
                   {required(parameter("any-of", ParameterType::list, "permitted ones: TLS 1.2, TLS 1.3"))},
                   spoken_version,
                   "any-of"});
  add(vocabulary, {"client-renegotiates-not", "the client started no renegotiation", {}, no_renegotiation, ""});
  add(vocabulary, {"client-resumed", "a session was resumed", {}, resumed_session, ""});
}

}  // namespace conformance::checks
