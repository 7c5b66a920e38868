// Changes of an HTTP message's frame.
#include <algorithm>
#include <array>

#include "conformance/campaign/tricks.h"
#include "est/http/message.h"

namespace conformance::campaign {

using mutator::Random;

namespace {

template <std::size_t n>
std::string_view one_of(const std::array<std::string_view, n>& words, Random& random) {
  return words[random.below(n)];
}

void add_field(Message& message, std::string_view name, std::string_view value) {
  message.head.append(name).append(": ").append(value).append("\r\n");
}

// --- Lengths

void length_instead(Message& message, std::string_view value) {
  message.measured = false;
  add_field(message, "Content-Length", value);
}

void add_second_length(Message& message, Random& random) {
  add_field(message, "Content-Length", std::to_string(message.body.size() + std::size_t{7} * random.below(3)));
}

void claim_more(Message& message, Random& random) {
  length_instead(message, std::to_string(message.body.size() + 1 + random.below(1000)));
  message.finish = "end";
}

void claim_less(Message& message, Random& random) {
  length_instead(message, std::to_string(random.below(static_cast<std::uint32_t>(message.body.size() + 1))));
}

void misspell_length(Message& message, Random& random) {
  static constexpr std::array<std::string_view, 9> odd{"-1",    "0x10", "18446744073709551616", "9223372036854775807", "", "+5", "5, 5",
                                                       " 5 5 ", "5\t;"};
  length_instead(message, one_of(odd, random));
}

void leave_out_length(Message& message, Random& /*random*/) { message.measured = false; }

// --- Chunks

void chunk(Message& message, Random& random, std::string_view field = "Transfer-Encoding: chunked\r\n") {
  message.measured = false;
  message.head += field;
  message.body = est::http::encode_chunked(message.body, random.below(3) == 0 ? 0 : 1 + random.below(300));
}

void send_chunked(Message& message, Random& random) { chunk(message, random); }

void chunk_and_measure(Message& message, Random& random) {
  const std::size_t before = message.body.size();
  chunk(message, random);
  add_field(message, "Content-Length", std::to_string(random.below(2) == 0 ? before : message.body.size()));
}

void chunk_by_another_name(Message& message, Random& random) {
  static constexpr std::array<std::string_view, 7> names{
      "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, identity\r\n",
      "Transfer-Encoding: xchunked\r\n",      "Transfer-Encoding : chunked\r\n",
      "Transfer-Encoding:\tchunked\r\n",      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding:\r\n chunked\r\n"};
  chunk(message, random, one_of(names, random));
}

void disturb_chunks(Message& message, Random& random) {
  chunk(message, random);
  static constexpr std::array<std::string_view, 8> odd{"-", ";x=y", "\r", "ffffffffffffffff", " ", "0\r\n", "\n", "\"\r\n\""};
  const std::string_view what = one_of(odd, random);
  const auto at = static_cast<std::ptrdiff_t>(random.below(static_cast<std::uint32_t>(message.body.size())));
  message.body.insert(message.body.begin() + at, what.begin(), what.end());
  message.finish = "end";
}

// --- Start line

// The pieces of the start line are changed in place; `part`: 0 method, 1 target, 2 version.
void replace_part(Message& message, std::size_t part, const std::string& by) {
  std::size_t begin = 0;
  for (; part > 0; --part) begin = message.head.find(' ', begin) + 1;
  const std::size_t end = message.head.find_first_of(" \r", begin);
  if (end != std::string::npos) message.head.replace(begin, end - begin, by);
}

void change_method(Message& message, Random& random) {
  static constexpr std::array<std::string_view, 9> methods{"post", "PUT", "DELETE", "OPTIONS", "TRACE", "GET", "POST", "PATCH", "P\tST"};
  replace_part(message, 0, std::string(one_of(methods, random)));
}

void change_version(Message& message, Random& random) {
  static constexpr std::array<std::string_view, 7> versions{"HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.2", "http/1.1", "HTTP/1.1x", ""};
  replace_part(message, 2, std::string(one_of(versions, random)));
}

void change_target(Message& message, Random& random) {
  const std::string usual = message.target;
  const std::string encoded = usual.substr(0, usual.size() - 1) + "%" + (usual.back() == 's' ? "73" : "6c");
  const std::array<std::string, 10> targets{usual + "/",
                                            usual + "?a=b",
                                            usual + "#x",
                                            "/." + usual,
                                            "/x/.." + usual,
                                            encoded,
                                            "//" + usual,
                                            "https://other" + usual,
                                            usual + std::string(9000, 'a'),
                                            usual + std::string("\0x", 2)};
  replace_part(message, 1, targets[random.below(targets.size())]);
}

// --- Fields

void change_host(Message& message, Random& random) {
  const std::size_t begin = message.head.find("Host: ");
  const std::size_t end = message.head.find("\r\n", begin);
  static constexpr std::array<std::string_view, 5> hosts{"", "Host: a\r\nHost: b\r\n", "Host: \r\n", "Host: ex ample\r\n",
                                                         "Host: other.example\r\n"};
  if (begin != std::string::npos) message.head.replace(begin, end + 2 - begin, one_of(hosts, random));
}

void change_media_type(Message& message, Random& random) {
  static constexpr std::array<std::string_view, 6> types{
      "text/plain", "application/pkcs10; a=\"b", "application/PKCS10", "multipart/mixed; boundary=x", "", "application/pkcs7-mime"};
  const std::size_t begin = message.head.find("Content-Type: ");
  const std::size_t end = message.head.find("\r\n", begin);
  if (begin != std::string::npos) message.head.replace(begin + 14, end - begin - 14, one_of(types, random));
}

void add_odd_field(Message& message, Random& random) {
  static constexpr std::array<std::string_view, 9> fields{"X: a\r\n b\r\n",  "no colon\r\n",         "X : a\r\n",
                                                          ": a\r\n",         "X: a\rb\r\n",          "X: \x01\r\n",
                                                          "X: \xff\xfe\r\n", "Expect: the best\r\n", "Expect: 100-continue\r\n"};
  message.head += one_of(fields, random);
}

void add_nul(Message& message, Random& /*random*/) { message.head += std::string("X: a\0b\r\n", 8); }

void add_long_field(Message& message, Random& random) {
  add_field(message, "X", std::string(std::size_t{1} << (12 + random.below(8)), 'x'));
}

void add_many_fields(Message& message, Random& random) {
  for (std::uint32_t count = std::uint32_t{1} << (5 + random.below(9)); count > 0; --count) message.head += "X: y\r\n";
}

void end_lines_with_lf(Message& message, Random& /*random*/) {
  std::erase(message.head, '\r');
  message.end = "\n";
}

void change_head(Message& message, Random& random) {
  for (std::uint32_t changes = 1 + random.below(6); changes > 0; --changes)
    message.head[random.below(static_cast<std::uint32_t>(message.head.size()))] = static_cast<char>(random.below(256));
}

void leave_head_open(Message& message, Random& /*random*/) {
  message.end.clear();
  message.finish = "end";
}

void add_second_request(Message& message, Random& /*random*/) {
  est::append(message.behind, "GET /.well-known/est/cacerts HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

void add_octets_behind(Message& message, Random& random) {
  for (std::uint32_t count = 1 + random.below(64); count > 0; --count) message.behind.push_back(static_cast<est::Byte>(random.below(256)));
  message.finish = "end";
}

}  // namespace

const std::vector<Trick>& framing_tricks() {
  static const std::vector<Trick> tricks{{"two lengths", add_second_length},
                                         {"a length too large", claim_more},
                                         {"a length too small", claim_less},
                                         {"a length that is none", misspell_length},
                                         {"no length", leave_out_length},
                                         {"chunks", send_chunked},
                                         {"chunks and a length", chunk_and_measure},
                                         {"chunks by another name", chunk_by_another_name},
                                         {"broken chunks", disturb_chunks},
                                         {"another method", change_method},
                                         {"another version", change_version},
                                         {"another target", change_target},
                                         {"another Host", change_host},
                                         {"another media type", change_media_type},
                                         {"an odd field", add_odd_field},
                                         {"a NUL in a field", add_nul},
                                         {"a long field", add_long_field},
                                         {"many fields", add_many_fields},
                                         {"lines that end in LF", end_lines_with_lf},
                                         {"other octets in the head", change_head},
                                         {"a head without end", leave_head_open},
                                         {"another request behind", add_second_request},
                                         {"octets behind", add_octets_behind}};
  return tricks;
}

}  // namespace conformance::campaign
