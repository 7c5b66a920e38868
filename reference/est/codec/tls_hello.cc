#include "est/codec/tls_hello.h"

#include <algorithm>

namespace est::codec {
namespace {

// Reads numbers and vectors; once something does not fit, everything after fails.
class Cursor {
 public:
  explicit Cursor(BytesView octets) : rest_(octets) {}

  std::uint64_t number(std::size_t width) {
    const BytesView octets = take(width);
    std::uint64_t value = 0;
    for (const Byte octet : octets) value = value << 8U | octet;
    return value;
  }
  std::uint16_t number16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint8_t number8() { return static_cast<std::uint8_t>(number(1)); }
  BytesView take(std::size_t count) {
    if (failed_ || count > rest_.size()) {
      failed_ = true;
      return {};
    }
    const BytesView taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  BytesView vector(std::size_t width) { return take(static_cast<std::size_t>(number(width))); }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  BytesView rest_;
  bool failed_ = false;
};

std::vector<std::uint16_t> numbers16(BytesView octets) {
  std::vector<std::uint16_t> values;
  for (Cursor cursor(octets); !cursor.at_end() && !cursor.failed();) {
    const std::uint16_t value = cursor.number16();
    if (!cursor.failed()) values.push_back(value);
  }
  return values;
}

// extensions may be missing as a whole in TLS 1.2. False when malformed.
bool read_hello_extensions(Cursor& outer, std::vector<TlsExtension>& extensions) {
  if (outer.failed()) return false;
  if (outer.at_end()) return true;
  Cursor list(outer.vector(2));
  while (!list.at_end() && !list.failed()) {
    TlsExtension one;
    one.type = list.number16();
    one.data = to_bytes(list.vector(2));
    if (!list.failed()) extensions.push_back(std::move(one));
  }
  return !list.failed() && !outer.failed();
}

const TlsExtension* find(const std::vector<TlsExtension>& extensions, std::uint16_t type) {
  const auto found = std::find_if(extensions.begin(), extensions.end(), [&](const TlsExtension& each) { return each.type == type; });
  return found == extensions.end() ? nullptr : &*found;
}

std::vector<std::uint16_t> list_in(const std::vector<TlsExtension>& extensions, std::uint16_t type, std::size_t width) {
  const TlsExtension* extension = find(extensions, type);
  return extension == nullptr ? std::vector<std::uint16_t>() : numbers16(Cursor(extension->data).vector(width));
}

constexpr std::uint16_t supported_groups = 10;
constexpr std::uint16_t signature_algorithms = 13;
constexpr std::uint16_t supported_versions = 43;

// SHA-256 of "HelloRetryRequest" (RFC 8446 4.1.3).
constexpr std::array<Byte, 32> retry_random{0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
                                            0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C};

void split_messages(BytesView stream, TlsFlight& flight) {
  for (Cursor cursor(stream); !cursor.at_end();) {
    TlsMessage message;
    message.type = cursor.number8();
    message.body = to_bytes(cursor.vector(3));
    if (cursor.failed()) return;
    flight.messages.push_back(std::move(message));
  }
}

}  // namespace

const TlsMessage* TlsFlight::find(std::uint8_t type) const {
  const auto found = std::find_if(messages.begin(), messages.end(), [&](const TlsMessage& each) { return each.type == type; });
  return found == messages.end() ? nullptr : &*found;
}

TlsFlight read_tls_flight(BytesView octets) {
  constexpr std::uint8_t change_cipher_spec = 20;
  constexpr std::uint8_t alert = 21;
  constexpr std::uint8_t handshake = 22;
  constexpr std::uint8_t application_data = 23;
  constexpr std::uint8_t fatal = 2;
  constexpr std::size_t most_in_record = 16384 + 2048;
  TlsFlight flight;
  Bytes stream;
  for (Cursor cursor(octets); !cursor.at_end() && !flight.went_on && !flight.fatal_alert;) {
    const std::uint8_t type = cursor.number8();
    const std::uint8_t major = cursor.number8();
    static_cast<void>(cursor.number8());
    const std::uint16_t length = cursor.number16();
    if (cursor.failed()) break;
    flight.malformed = type < change_cipher_spec || type > application_data || major != 3 || length > most_in_record;
    if (flight.malformed) break;
    const BytesView fragment = cursor.take(length);
    if (cursor.failed()) break;
    if (type == handshake) append(stream, fragment);
    if (type == alert && fragment.size() == 2 && fragment[0] == fatal) flight.fatal_alert = fragment[1];
    flight.went_on = type == change_cipher_spec || type == application_data;
  }
  split_messages(stream, flight);
  return flight;
}

std::optional<TlsOffer> decode_client_hello(BytesView body) {
  Cursor cursor(body);
  TlsOffer offer;
  offer.version = cursor.number16();
  static_cast<void>(cursor.take(32));
  static_cast<void>(cursor.vector(1));
  offer.suites = numbers16(cursor.vector(2));
  static_cast<void>(cursor.vector(1));
  if (!read_hello_extensions(cursor, offer.extensions)) return std::nullopt;
  offer.versions = list_in(offer.extensions, supported_versions, 1);
  offer.groups = list_in(offer.extensions, supported_groups, 2);
  offer.signatures = list_in(offer.extensions, signature_algorithms, 2);
  return offer;
}

std::optional<TlsChoice> decode_server_hello(BytesView body) {
  Cursor cursor(body);
  TlsChoice choice;
  choice.version = cursor.number16();
  choice.random = to_bytes(cursor.take(32));
  static_cast<void>(cursor.vector(1));
  choice.suite = cursor.number16();
  choice.compression = cursor.number8();
  if (!read_hello_extensions(cursor, choice.extensions)) return std::nullopt;
  if (const TlsExtension* version = find(choice.extensions, supported_versions); version != nullptr && version->data.size() == 2)
    choice.version = Cursor(version->data).number16();
  choice.is_retry = std::equal(choice.random.begin(), choice.random.end(), retry_random.begin(), retry_random.end());
  return choice;
}

std::optional<TlsKeyExchange> decode_ecdhe_key_exchange(BytesView body) {
  constexpr std::uint8_t named_curve = 3;
  Cursor cursor(body);
  if (cursor.number8() != named_curve) return std::nullopt;
  TlsKeyExchange exchange;
  exchange.group = cursor.number16();
  static_cast<void>(cursor.vector(1));
  exchange.signature = cursor.number16();
  static_cast<void>(cursor.vector(2));
  if (cursor.failed() || !cursor.at_end()) return std::nullopt;
  return exchange;
}

std::optional<TlsCertificateRequest> decode_certificate_request(BytesView body) {
  Cursor cursor(body);
  TlsCertificateRequest request;
  request.types = cursor.vector(1).size();
  request.signatures = cursor.vector(2).size() / 2;
  static_cast<void>(cursor.vector(2));
  if (cursor.failed() || !cursor.at_end()) return std::nullopt;
  return request;
}

}  // namespace est::codec
