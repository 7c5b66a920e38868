#include "conformance/campaign/tricks.h"

#include <algorithm>

#include "est/codec/base64.h"
#include "est/http/message.h"

namespace conformance::campaign {

using est::Bytes;
using mutator::Random;

namespace {

std::uint32_t position(const Bytes& octets, Random& random) { return random.below(static_cast<std::uint32_t>(octets.size() + 1)); }

void insert(Bytes& octets, Random& random, std::string_view what) {
  const auto at = octets.begin() + position(octets, random);
  octets.insert(at, what.begin(), what.end());
}

// The text folded at `width` with `line_end`.
Bytes folded(const Bytes& text, std::size_t width, std::string_view line_end) {
  Bytes result;
  for (std::size_t at = 0; at < text.size(); at += width) {
    est::append(result, est::BytesView(text).subspan(at, std::min(width, text.size() - at)));
    est::append(result, line_end);
  }
  return result;
}

template <std::size_t n>
std::string_view any_word(const std::array<std::string_view, n>& words, Random& random) {
  return words[random.below(n)];
}

// --- Base64

void insert_blank(Message& message, Random& random) {
  static constexpr std::array<std::string_view, 6> blanks{" ", "\t", "\r", "\n", "\v", "\xc2\xa0"};
  insert(message.body, random, any_word(blanks, random));
}

void insert_foreign(Message& message, Random& random) {
  static constexpr std::array<std::string_view, 8> foreign{"!", "-", "_", "=", "==", "\xff", ".", std::string_view("\0", 1)};
  insert(message.body, random, any_word(foreign, random));
}

void fold_oddly(Message& message, Random& random) {
  static constexpr std::array<std::string_view, 4> ends{"\r", "\n", "\r\n", "\n\n"};
  message.body = folded(message.body, 1 + random.below(100), any_word(ends, random));
}

void change_padding(Message& message, Random& random) {
  while (!message.body.empty() && (message.body.back() == '=' || message.body.back() == '\n' || message.body.back() == '\r'))
    message.body.pop_back();
  est::append(message.body, std::string(random.below(5), '='));
}

void cut_short(Message& message, Random& random) { message.body.resize(position(message.body, random)); }

void add_blanks(Message& message, Random& random) {
  Bytes many(std::size_t{1} << (8 + random.below(9)), ' ');
  est::append(many, message.body);
  message.body = std::move(many);
}

void send_binary(Message& message, Random& /*random*/) { message.body = message.request; }
void encode_twice(Message& message, Random& /*random*/) { message.body = est::to_bytes(est::codec::encode_base64(message.body)); }
void add_armour(Message& message, Random& /*random*/) {
  Bytes armoured = est::to_bytes(std::string_view("-----BEGIN CERTIFICATE REQUEST-----\n"));
  est::append(armoured, message.body);
  est::append(armoured, "-----END CERTIFICATE REQUEST-----\n");
  message.body = std::move(armoured);
}

void widen(Message& message, Random& /*random*/) {
  Bytes wide{0xff, 0xfe};
  for (const est::Byte octet : message.body) wide.insert(wide.end(), {octet, 0});
  message.body = std::move(wide);
}

void use_url_alphabet(Message& message, Random& /*random*/) {
  std::replace(message.body.begin(), message.body.end(), est::Byte{'+'}, est::Byte{'-'});
  std::replace(message.body.begin(), message.body.end(), est::Byte{'/'}, est::Byte{'_'});
}

void say_encoding(Message& message, Random& random) {
  static constexpr std::array<std::string_view, 6> encodings{"base64", "binary", "8bit", "quoted-printable", "BASE64 ; x=y", ""};
  message.head.append("Content-Transfer-Encoding: ").append(any_word(encodings, random)).append("\r\n");
}

void change_text(Message& message, Random& random) {
  for (std::uint32_t changes = 1 + random.below(4); changes > 0 && !message.body.empty(); --changes)
    message.body[random.below(static_cast<std::uint32_t>(message.body.size()))] = static_cast<est::Byte>(random.below(256));
}

void repeat_text(Message& message, Random& /*random*/) {
  const Bytes once = message.body;
  est::append(message.body, once);
}

// --- Sessions

void send_in_pieces(Message& message, Random& random) { message.pieces = 2 + random.below(40); }
void go_on(Message& message, Random& /*random*/) { message.finish = "go-on"; }
void end_side(Message& message, Random& /*random*/) { message.finish = "end"; }
void reset_behind(Message& message, Random& /*random*/) { message.finish = "reset"; }

std::size_t some_of(const Message& message, Random& random) {
  return 1 + random.below(static_cast<std::uint32_t>(message.head.size() + message.request.size()));
}

void end_early(Message& message, Random& random) {
  message.withheld = some_of(message, random);
  message.finish = "end";
}
void cut_record(Message& message, Random& random) {
  message.withheld = some_of(message, random);
  message.finish = "cut";
}
void reset_early(Message& message, Random& random) {
  message.withheld = some_of(message, random);
  message.finish = "reset";
}
void send_as_it_is(Message& /*message*/, Random& /*random*/) {}

}  // namespace

void spell_out(Message& message) {
  if (!message.encoded) return;
  message.encoded = false;
  message.body = message.request.empty() ? Bytes{} : est::to_bytes(est::codec::encode_base64(message.request, 64, "\r\n"));
}

const std::vector<Trick>& transfer_tricks() {
  static const std::vector<Trick> tricks{{"a blank inside", insert_blank},
                                         {"an octet outside the alphabet", insert_foreign},
                                         {"other lines", fold_oddly},
                                         {"other padding", change_padding},
                                         {"cut short", cut_short},
                                         {"many blanks before", add_blanks},
                                         {"no base64 at all", send_binary},
                                         {"base64 of base64", encode_twice},
                                         {"PEM armour", add_armour},
                                         {"UTF-16", widen},
                                         {"the URL alphabet", use_url_alphabet},
                                         {"Content-Transfer-Encoding", say_encoding},
                                         {"other octets", change_text},
                                         {"twice", repeat_text}};
  return tricks;
}

const std::vector<Trick>& session_tricks() {
  static const std::vector<Trick> tricks{{"sound", send_as_it_is},
                                         {"in pieces", send_in_pieces},
                                         {"without waiting for the answer", go_on},
                                         {"our side ended behind it", end_side},
                                         {"reset behind it", reset_behind},
                                         {"our side ended in the middle", end_early},
                                         {"a TLS record cut", cut_record},
                                         {"reset in the middle", reset_early}};
  return tricks;
}

}  // namespace conformance::campaign
