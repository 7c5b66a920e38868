#include "conformance/selftest/faults_hello.h"

#include <algorithm>
#include <array>
#include <set>

#include "conformance/selftest/faults_support.h"
#include "est/base/text.h"
#include "est/codec/tls_hello.h"

namespace conformance::selftest {

using est::Byte;
using est::Bytes;
using est::BytesView;
using est::codec::TlsOffer;

namespace {

constexpr const char* everybody = "the same answer meets every client that offers such things";

constexpr std::uint16_t server_name = 0;
constexpr std::uint16_t signature_algorithms = 13;
constexpr std::uint16_t alpn = 16;
constexpr std::uint16_t key_share = 51;
constexpr std::uint16_t renegotiation_info = 0xff01;

void put(Bytes& out, std::size_t width, std::size_t value) {
  for (std::size_t i = width; i > 0; --i) out.push_back(static_cast<Byte>(value >> (8 * (i - 1))));
}

Bytes sized(std::size_t width, BytesView content) {
  Bytes out;
  put(out, width, content.size());
  est::append(out, content);
  return out;
}

Bytes record(Byte type, BytesView fragment) {
  Bytes out{type, 3, 3};
  est::append(out, sized(2, fragment));
  return out;
}

Bytes alert(Byte description) { return record(21, Bytes{2, description}); }

struct Answer {
  std::uint16_t version = 0x0303;
  std::uint16_t suite = 0xc02b;
  std::vector<std::uint16_t> extensions = {};  // each empty
};

// A ServerHello and a ServerHelloDone.
Bytes server_hello(const Answer& answer) {
  Bytes body;
  put(body, 2, answer.version);
  est::append(body, Bytes(32, Byte{0x42}));
  body.push_back(0);
  put(body, 2, answer.suite);
  body.push_back(0);
  Bytes list;
  for (const std::uint16_t type : answer.extensions) {
    put(list, 2, type);
    est::append(list, type == renegotiation_info ? Bytes{0, 1, 0} : Bytes{0, 0});
  }
  if (!list.empty()) est::append(body, sized(2, list));
  Bytes messages{2};
  est::append(messages, sized(3, body));
  est::append(messages, Bytes{14, 0, 0, 0});
  return record(22, messages);
}

std::optional<TlsOffer> offer_in(BytesView first) {
  const auto flight = est::codec::read_tls_flight(first);
  const auto* hello = flight.find(est::codec::tls_message::client_hello);
  return hello == nullptr ? std::nullopt : est::codec::decode_client_hello(hello->body);
}

const Bytes* extension(const TlsOffer& offer, std::uint16_t type) {
  const auto found = std::find_if(offer.extensions.begin(), offer.extensions.end(), [&](const auto& each) { return each.type == type; });
  return found == offer.extensions.end() ? nullptr : &found->data;
}

// Answers offers for which `test` holds.
std::function<std::optional<Bytes>(BytesView)> when(std::function<bool(const TlsOffer&)> test,
                                                    std::function<Bytes(const TlsOffer&)> answer) {
  return [test = std::move(test), answer = std::move(answer)](BytesView first) -> std::optional<Bytes> {
    const auto offer = offer_in(first);
    return offer && test(*offer) ? std::optional(answer(*offer)) : std::nullopt;
  };
}

std::function<Bytes(const TlsOffer&)> say(const Bytes& octets) {
  return [octets](const TlsOffer& /*offer*/) { return octets; };
}

bool is_good(std::uint16_t suite) {
  static const std::set<std::uint16_t> good{0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                                            0xcca9, 0xcca8, 0xc009, 0xc013, 0x009c, 0x002f};
  return good.contains(suite);
}

bool is_weak(const TlsOffer& offer) {
  return !offer.suites.empty() && std::none_of(offer.suites.begin(), offer.suites.end(), is_good) && offer.version >= 0x0303;
}

Bytes first_offered(const TlsOffer& offer) {
  return server_hello({.version = std::min<std::uint16_t>(offer.version, 0x0303), .suite = offer.suites.front()});
}

bool has_unknown(const TlsOffer& offer) {
  constexpr std::size_t many = 100;
  return extension(offer, 0xcafe) != nullptr || extension(offer, 0x2a2a) != nullptr || offer.suites.size() > many ||
         offer.groups.size() > many ||
         std::any_of(offer.extensions.begin(), offer.extensions.end(), [](const auto& each) { return each.data.size() > 4096; });
}

bool is_of_future(const TlsOffer& offer) {
  return offer.version > 0x0303 || std::find(offer.versions.begin(), offer.versions.end(), 0x0305) != offer.versions.end();
}

bool has_foreign_name(const TlsOffer& offer) {
  const Bytes* name = extension(offer, server_name);
  if (name == nullptr) return false;
  return !est::ascii_lower(est::as_text(*name)).ends_with("localhost");
}

bool is_ssl(BytesView first) {
  const bool ssl2 = (first[0] & 0x80U) != 0;
  const auto offer = offer_in(first);
  return ssl2 || (offer && offer->version == 0x0300);
}

// A whole ClientHello that cannot be read, or has one of the defects a server must see.
bool is_broken(BytesView first) {
  const auto flight = est::codec::read_tls_flight(first);
  const auto* hello = flight.find(est::codec::tls_message::client_hello);
  if (hello == nullptr) return false;
  const auto offer = est::codec::decode_client_hello(hello->body);
  if (!offer || offer->suites.empty()) return true;
  if (extension(*offer, signature_algorithms) != nullptr && offer->signatures.empty()) return true;
  const Bytes* info = extension(*offer, renegotiation_info);
  const Byte session_length = hello->body[34];
  const std::size_t compressions = 35U + session_length + 2U + 2U * offer->suites.size();
  const bool no_null = hello->body[compressions] == 1 && hello->body[compressions + 1] == 1;
  return session_length > 32 || no_null || (info != nullptr && *info != Bytes{0});
}

bool is_in_pieces(BytesView first) {
  constexpr std::size_t head = 5;
  return first.size() > head && first[0] == 22 && offer_in(first) && first.size() != head + (std::size_t{first[3]} << 8U | first[4]);
}

std::function<std::optional<Bytes>(BytesView)> octets_when(bool (*test)(BytesView), const Bytes& answer) {
  return [test, answer](BytesView first) { return test(first) ? std::optional(answer) : std::nullopt; };
}

constexpr Byte handshake_failure = 40;
constexpr Byte protocol_version = 70;

std::vector<Fault> choice_faults() {
  return {
      {.id = "FAULT-TLS-44",
       .sentence = "takes the first cipher suite offered, however weak",
       .kills = {"EST-SE-333/null", "EST-SE-333/anonymous", "EST-SE-333/export", "EST-SE-333/des", "EST-SE-334/rc4", "EST-SE-334/3des"},
       .front = when(is_weak, first_offered)},
      {.id = "FAULT-TLS-45",
       .sentence = "still speaks SSL",
       .kills = {"EST-SE-335/ssl-2", "EST-SE-335/ssl-3"},
       .front = octets_when(is_ssl, server_hello({.version = 0x0300, .suite = 0x0035}))},
      {.id = "FAULT-TLS-46",
       .sentence = "chooses what nobody offered",
       .kills = {"EST-SE-321/empty-first", "EST-SE-321/too-large", "EST-SE-321/first-half", "EST-SE-330/tls-1.2",
                 "EST-SE-330/signalling-suite", "EST-SE-330/compression", "EST-SE-331/tls-1.3", "EST-SE-331/both", "EST-SE-339/static-rsa",
                 "EST-SE-339/rsa-signatures", "EST-SE-339/ecdsa-signatures", "EST-SE-339/old-signatures", "EST-SE-339/weak-groups",
                 "EST-SE-339/trusted-ca-keys", "EST-SE-339/literal-name", "EST-SE-339/no-name", "EST-SE-339/no-renegotiation-info",
                 "EST-SE-339/duplicate-extension"},
       .also = anything,
       .because = everybody,
       .front = [](BytesView) { return std::optional(server_hello({.version = 0x0303, .suite = 0xc0ff, .extensions = {alpn}})); }},
      {.id = "FAULT-TLS-47",
       .sentence = "knows neither RFC 5746 nor the mark against downgrades",
       .kills = {"EST-SE-309", "EST-SE-330/tls-1.2", "EST-SE-330/signalling-suite", "EST-SE-330/compression"},
       .also = anything,
       .because = everybody,
       .front = when([](const TlsOffer& offer) { return offer.versions.empty() && !offer.suites.empty() && is_good(offer.suites.front()); },
                     first_offered)},
      {.id = "FAULT-TLS-48",
       .sentence = "refuses a client that has no key share for it",
       .kills = {"EST-SE-332"},
       .front = when(
           [](const TlsOffer& offer) {
             const Bytes* shares = extension(offer, key_share);
             return shares != nullptr && *shares == Bytes{0, 0};
           },
           say(alert(handshake_failure)))},
  };
}

std::vector<Fault> reading_faults() {
  return {
      {.id = "FAULT-TLS-49",
       .sentence = "refuses a ClientHello that holds what it does not know, or more than it expects",
       .kills = {"EST-SE-336/grease", "EST-SE-336/unknown-extension", "EST-SE-336/many-groups", "EST-SE-336/many-suites",
                 "EST-SE-336/large"},
       .front = when(has_unknown, say(alert(handshake_failure)))},
      {.id = "FAULT-TLS-50",
       .sentence = "refuses versions of the future instead of choosing an older one",
       .kills = {"EST-SE-336/future-version", "EST-SE-336/future-legacy-version"},
       .front = when(is_of_future, say(alert(protocol_version)))},
      {.id = "FAULT-TLS-51",
       .sentence = "closes when a ClientHello comes in more than one record",
       .kills = {"EST-SE-337/two", "EST-SE-337/single-octets"},
       .front = octets_when(is_in_pieces, {})},
      {.id = "FAULT-TLS-52",
       .sentence = "goes on with a broken ClientHello",
       .kills = {"EST-SE-338/no-null-compression", "EST-SE-338/filled-renegotiation-info", "EST-SE-338/extension-too-long",
                 "EST-SE-338/no-suites", "EST-SE-338/long-session-id"},
       .front = octets_when(is_broken, server_hello({.version = 0x0303, .suite = 0xc02b, .extensions = {renegotiation_info}}))},
      {.id = "FAULT-TLS-53",
       .sentence = "closes without a word when it does not know the server name",
       .kills = {"EST-SE-320/unknown.estspec.invalid", "EST-SE-320/unknown.estspec.invalid.", "EST-SE-320/a--b.xn--estspec-.invalid",
                 "EST-SE-320/x", "EST-SE-320/localhost."},
       .front = when(has_foreign_name, say({}))},
  };
}

}  // namespace

std::vector<Fault> hello_faults() {
  std::vector<Fault> all = choice_faults();
  for (Fault& fault : reading_faults()) all.push_back(std::move(fault));
  return all;
}

}  // namespace conformance::selftest
