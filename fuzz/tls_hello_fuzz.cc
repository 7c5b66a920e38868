// The beginning of a TLS handshake, before anything is encrypted: however it is cut into records, the messages are the same; every reader
// is bounded by its message.
#include "est/codec/tls_hello.h"
#include "fuzz/target.h"

namespace {

namespace codec = est::codec;

// The same handshake octets, one record an octet.
est::Bytes in_small_records(const std::vector<codec::TlsMessage>& messages) {
  est::Bytes out;
  for (const codec::TlsMessage& message : messages) {
    const std::size_t size = message.body.size();
    est::Bytes octets{message.type, static_cast<est::Byte>(size >> 16U), static_cast<est::Byte>(size >> 8U), static_cast<est::Byte>(size)};
    est::append(octets, message.body);
    for (const est::Byte octet : octets) est::append(out, est::Bytes{22, 3, 3, 0, 1, octet});
  }
  return out;
}

}  // namespace

FUZZ_TARGET(tls_hello) {
  const codec::TlsFlight flight = codec::read_tls_flight(input);
  for (const codec::TlsMessage& message : flight.messages) {
    (void)codec::decode_client_hello(message.body);
    (void)codec::decode_server_hello(message.body);
    (void)codec::decode_ecdhe_key_exchange(message.body);
    (void)codec::decode_certificate_request(message.body);
  }
  if (input.size() > 4096) return;
  const codec::TlsFlight again = codec::read_tls_flight(in_small_records(flight.messages));
  fuzz::require(!again.malformed && again.messages.size() == flight.messages.size(), "small records give as many messages");
  for (std::size_t i = 0; i < again.messages.size(); ++i)
    fuzz::require(again.messages[i].type == flight.messages[i].type && again.messages[i].body == flight.messages[i].body, "and the same");
}
