#include "est/codec/tls_hello.h"

#include <gtest/gtest.h>

namespace est::codec {
namespace {

Bytes number(std::size_t width, std::size_t value) {
  Bytes out;
  for (std::size_t i = width; i > 0; --i) out.push_back(static_cast<Byte>(value >> (8 * (i - 1))));
  return out;
}

Bytes sized(std::size_t width, const Bytes& content) {
  Bytes out = number(width, content.size());
  append(out, content);
  return out;
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  return out;
}

Bytes record(Byte type, const Bytes& fragment) { return joined({{type, 3, 3}, sized(2, fragment)}); }
Bytes message(Byte type, const Bytes& body) { return joined({{type}, sized(3, body)}); }

Bytes server_hello(const Bytes& extensions, const Bytes& random = Bytes(32, Byte{7})) {
  return joined({{3, 3}, random, {0}, {0xc0, 0x2b}, {0}, extensions});
}

TEST(TlsFlight, PutsMessagesTogetherAcrossRecords) {
  const Bytes whole = message(2, Bytes(20, Byte{1}));
  const Bytes first(whole.begin(), whole.begin() + 7);
  const Bytes rest(whole.begin() + 7, whole.end());
  const auto flight = read_tls_flight(joined({record(22, first), record(22, joined({rest, message(14, {})}))}));
  ASSERT_EQ(flight.messages.size(), 2U);
  EXPECT_EQ(flight.messages[0].body.size(), 20U);
  EXPECT_NE(flight.find(tls_message::server_hello_done), nullptr);
  EXPECT_FALSE(flight.malformed || flight.went_on || flight.fatal_alert);
}

TEST(TlsFlight, EndsWithAlertEncryptionOrNonsense) {
  EXPECT_EQ(read_tls_flight(record(21, {2, 40})).fatal_alert, 40);
  EXPECT_FALSE(read_tls_flight(record(21, {1, 112})).fatal_alert);
  EXPECT_TRUE(read_tls_flight(record(20, {1})).went_on);
  EXPECT_TRUE(read_tls_flight(to_bytes("HTTP/1.1 400 Bad Request")).malformed);
  EXPECT_TRUE(read_tls_flight({}).messages.empty());
  EXPECT_TRUE(read_tls_flight(Bytes{22, 3, 3, 0, 9, 1}).messages.empty()) << "half a record";
}

TEST(TlsHello, ClientsOfferAndServersChoose) {
  const Bytes groups = joined({{0, 10}, sized(2, sized(2, {0, 29, 0, 23}))});
  const Bytes versions = joined({{0, 43}, sized(2, sized(1, {3, 4, 3, 3}))});
  const Bytes schemes = joined({{0, 13}, sized(2, sized(2, {4, 3}))});
  const auto offer = decode_client_hello(
      joined({{3, 3}, Bytes(32, Byte{9}), {0}, sized(2, {0x13, 1, 0xc0, 0x2b}), {1, 0}, sized(2, joined({groups, versions, schemes}))}));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->suites, (std::vector<std::uint16_t>{0x1301, 0xc02b}));
  EXPECT_EQ(offer->groups, (std::vector<std::uint16_t>{29, 23}));
  EXPECT_EQ(offer->versions, (std::vector<std::uint16_t>{0x0304, 0x0303}));
  EXPECT_EQ(offer->signatures, (std::vector<std::uint16_t>{0x0403}));
  const auto choice = decode_server_hello(server_hello(sized(2, joined({{0, 43}, sized(2, {3, 4})}))));
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->version, 0x0304);
  EXPECT_EQ(choice->suite, 0xc02b);
  EXPECT_FALSE(choice->is_retry);
  EXPECT_EQ(decode_server_hello(server_hello({}))->version, 0x0303) << "no extensions at all";
}

TEST(TlsHello, LengthsThatLieAreNoMessages) {
  EXPECT_FALSE(decode_server_hello(server_hello({0, 9, 0})));
  EXPECT_FALSE(decode_server_hello(Bytes(10, Byte{0})));
  EXPECT_FALSE(decode_client_hello({}));
  EXPECT_FALSE(decode_ecdhe_key_exchange(Bytes{3, 0, 23, 9}));
  EXPECT_FALSE(decode_certificate_request(Bytes{5, 1}));
}

TEST(TlsHello, KeyExchangeAndCertificateRequest) {
  const auto exchange = decode_ecdhe_key_exchange(joined({{3, 0, 23}, sized(1, Bytes(65, Byte{4})), {4, 3}, sized(2, Bytes(70, Byte{1}))}));
  ASSERT_TRUE(exchange);
  EXPECT_EQ(exchange->group, 23);
  EXPECT_EQ(exchange->signature, 0x0403);
  const auto request = decode_certificate_request(joined({sized(1, {1, 64}), sized(2, {4, 3, 8, 4}), sized(2, {})}));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->types, 2U);
  EXPECT_EQ(request->signatures, 2U);
}

}  // namespace
}  // namespace est::codec
