// The beginning of a TLS handshake as octets, before anything is encrypted (RFC 8446 4, 5.1; RFC 5246 6.2, 7.4): records to messages, and
// of the messages what the two sides offer and choose. Reading is bounded by the input; what is malformed ends it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "est/base/bytes.h"

namespace est::codec {

struct TlsMessage {
  std::uint8_t type = 0;  // RFC 8446 4
  Bytes body;
};

struct TlsFlight {
  std::vector<TlsMessage> messages;         // complete ones, in order
  std::optional<std::uint8_t> fatal_alert;  // its description (RFC 8446 6)
  bool went_on = false;                     // a ChangeCipherSpec or an encrypted record came: the rest cannot be read
  bool malformed = false;                   // no TLS records, or a length that cannot be
  [[nodiscard]] const TlsMessage* find(std::uint8_t type) const;
};
namespace tls_message {
inline constexpr std::uint8_t client_hello = 1;
inline constexpr std::uint8_t server_hello = 2;
inline constexpr std::uint8_t server_key_exchange = 12;
inline constexpr std::uint8_t certificate_request = 13;
inline constexpr std::uint8_t server_hello_done = 14;
}  // namespace tls_message

// What a peer has sent so far; an incomplete record or message at the end is left out.
[[nodiscard]] TlsFlight read_tls_flight(BytesView octets);

// RFC 5746: an extension (3.4), or in a ClientHello a suite that stands for it (3.3).
inline constexpr std::uint16_t tls_renegotiation_info = 0xff01;
inline constexpr std::uint16_t tls_renegotiation_suite = 0x00ff;

struct TlsExtension {
  std::uint16_t type = 0;
  Bytes data;
};

struct TlsOffer {  // ClientHello
  std::uint16_t version = 0;
  std::vector<std::uint16_t> versions;  // supported_versions; empty when absent
  std::vector<std::uint16_t> suites;
  std::vector<std::uint16_t> groups;
  std::vector<std::uint16_t> signatures;
  std::vector<TlsExtension> extensions;
};
[[nodiscard]] std::optional<TlsOffer> decode_client_hello(BytesView body);

struct TlsChoice {            // ServerHello
  std::uint16_t version = 0;  // supported_versions where it is there, else legacy_version
  Bytes random;               // 32 octets
  std::uint16_t suite = 0;
  std::uint8_t compression = 0;
  bool is_retry = false;  // HelloRetryRequest (RFC 8446 4.1.3)
  std::vector<TlsExtension> extensions;
};
[[nodiscard]] std::optional<TlsChoice> decode_server_hello(BytesView body);

// ServerKeyExchange of an ECDHE suite with a named curve, signed (RFC 8422 5.4); nothing for any other.
struct TlsKeyExchange {
  std::uint16_t group = 0;
  std::uint16_t signature = 0;
};
[[nodiscard]] std::optional<TlsKeyExchange> decode_ecdhe_key_exchange(BytesView body);

struct TlsCertificateRequest {  // RFC 5246 7.4.4
  std::size_t types = 0;        // how many
  std::size_t signatures = 0;
};
[[nodiscard]] std::optional<TlsCertificateRequest> decode_certificate_request(BytesView body);

}  // namespace est::codec
