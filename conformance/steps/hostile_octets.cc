#include "conformance/steps/hostile_octets.h"

#include <algorithm>
#include <functional>

namespace conformance::steps {
namespace {

using est::Bytes;

constexpr std::size_t oversize = std::size_t{1} << 20U;
constexpr std::size_t very_many = 10000;

std::string times(std::size_t count, std::string_view text) {
  std::string all;
  all.reserve(count * text.size());
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

// --- HTTP

std::string request_line(std::string_view target) { return "GET " + std::string(target) + " HTTP/1.1\r\n"; }

std::string cacerts_with(const OctetFrame& frame, std::string_view fields) {
  return request_line(frame.est_prefix + "/cacerts") + "Host: " + frame.host + "\r\n" + std::string(fields) + "\r\n";
}

std::string get(const OctetFrame& frame, std::string_view target) { return request_line(target) + "Host: " + frame.host + "\r\n\r\n"; }

// Without credentials, so that no certificate can come of it.
std::string post(const OctetFrame& frame, std::string_view framing, std::string_view body) {
  return "POST " + frame.est_prefix + "/simpleenroll HTTP/1.1\r\nHost: " + frame.host + "\r\nContent-Type: application/pkcs10\r\n" +
         std::string(framing) + "\r\n\r\n" + std::string(body);
}

std::string post_chunks(const OctetFrame& frame, std::string_view chunks) { return post(frame, "Transfer-Encoding: chunked", chunks); }

std::string post_of_length(const OctetFrame& frame, std::string_view length) {
  return post(frame, "Content-Length: " + std::string(length), "MAA=");
}

std::string garbage(std::size_t count) {
  std::string octets(count, '\0');
  unsigned state = 1;
  for (char& octet : octets) {
    state = state * 1103515245U + 12345U;
    octet = static_cast<char>(state >> 16U);
  }
  octets.front() = '\x80';  // neither a TLS record nor a letter
  return octets;
}

// --- TLS records, as far as they need no keys

std::string record(char type, std::uint16_t length, std::string_view content) {
  std::string octets{type, '\x03', '\x01', static_cast<char>(length >> 8U), static_cast<char>(length & 0xffU)};
  return octets + std::string(content);
}

struct Entry {
  HostileOctets what;
  std::function<std::string(const OctetFrame&)> make;
};

std::vector<Entry> inside_tls() {
  using Frame = const OctetFrame&;
  using namespace std::string_literals;
  return {
      {{"header-megabyte", "a header field of one megabyte"},
       [](Frame f) { return cacerts_with(f, "X-Long: " + std::string(oversize, 'a') + "\r\n"); }},
      {{"headers-10000", "10000 header fields"}, [](Frame f) { return cacerts_with(f, times(very_many, "X-Many: a\r\n")); }},
      {{"header-without-end", "a header field that never ends, a megabyte long so far"},
       [](Frame f) { return request_line(f.est_prefix + "/cacerts") + "X-Long: " + std::string(oversize, 'a'); }},
      {{"header-nul", "a NUL in a header field"}, [](Frame f) { return cacerts_with(f, "X-Nul: a\0b\r\n"s); }},
      {{"target-9000", "a request target of 9000 octets"}, [](Frame f) { return get(f, f.est_prefix + "/" + std::string(9000, 'a')); }},
      {{"target-megabyte", "a request target of one megabyte"}, [](Frame f) { return get(f, "/" + std::string(oversize, 'a')); }},
      {{"target-nul", "a NUL in the request target"}, [](Frame f) { return get(f, f.est_prefix + "/cacerts\0.txt"s); }},
      {{"target-dots", "a request target of 2000 times /.."}, [](Frame f) { return get(f, times(2000, "/..") + "/etc/passwd"); }},
      {{"method-megabyte", "a method of one megabyte"}, [](Frame f) { return std::string(oversize, 'A') + get(f, "/").substr(3); }},
      {{"length-negative", "Content-Length -1"}, [](Frame f) { return post_of_length(f, "-1"); }},
      {{"length-2-64", "Content-Length 2^64 + 4"}, [](Frame f) { return post_of_length(f, "18446744073709551620"); }},
      {{"length-digits", "a Content-Length of 10000 digits"}, [](Frame f) { return post_of_length(f, std::string(very_many, '9')); }},
      {{"chunk-2-64", "a chunk of 2^64 + 4 octets"}, [](Frame f) { return post_chunks(f, "10000000000000004\r\nMAA=\r\n0\r\n\r\n"); }},
      {{"chunk-negative", "a chunk of -4 octets"}, [](Frame f) { return post_chunks(f, "-4\r\nMAA=\r\n0\r\n\r\n"); }},
      {{"chunk-extension-megabyte", "a chunk extension of one megabyte"},
       [](Frame f) { return post_chunks(f, "4;x=" + std::string(oversize, 'a') + "\r\nMAA=\r\n0\r\n\r\n"); }},
      {{"chunks-10000", "10000 chunks of one octet"}, [](Frame f) { return post_chunks(f, times(very_many, "1\r\nA\r\n") + "0\r\n\r\n"); }},
      {{"trailers-10000", "10000 trailer fields"},
       [](Frame f) { return post_chunks(f, "4\r\nMAA=\r\n0\r\n" + times(very_many, "X-Trailer: a\r\n") + "\r\n"); }},
      {{"line-breaks-10000", "10000 empty lines before the request"},
       [](Frame f) { return times(very_many, "\r\n") + cacerts_with(f, ""); }},
      {{"garbage", "64 KiB of octets that mean nothing"}, [](Frame) { return garbage(65536) + "\r\n\r\n"; }},
      {{"body-cut", "a body of 4 octets where 1000 are announced"}, [](Frame f) { return post_of_length(f, "1000"); }},
      {{"chunk-cut", "a chunk of 4 octets where 4096 are announced"}, [](Frame f) { return post_chunks(f, "1000\r\nMAA="); }},
      {{"head-cut", "half a request head"},
       [](Frame f) {
         const std::string whole = cacerts_with(f, "");
         return whole.substr(0, whole.size() / 2);
       }},
      {{"requests-200", "200 requests one after another without waiting"}, [](Frame f) { return times(200, cacerts_with(f, "")); }},
  };
}

std::vector<Entry> without_tls() {
  using Frame = const OctetFrame&;
  return {
      {{"plain-garbage", "64 KiB of octets that mean nothing, without TLS"}, [](Frame) { return garbage(65536); }},
      {{"plain-zeros", "64 KiB of zeros, without TLS"}, [](Frame) { return std::string(65536, '\0'); }},
      {{"record-huge", "a TLS record that says it has 65535 octets"}, [](Frame) { return record(0x16, 0xffff, std::string(4096, 'a')); }},
      {{"records-empty", "10000 empty TLS handshake records"}, [](Frame) { return times(very_many, record(0x16, 0, "")); }},
      {{"records-alert", "10000 warning alerts before any handshake"},
       [](Frame) {
         using namespace std::string_view_literals;
         return times(very_many, record(0x15, 2, "\x01\x00"sv));
       }},
      {{"hello-cut", "half a ClientHello"},
       [](Frame) {
         using namespace std::string_view_literals;
         return record(0x16, 200, "\x01\x00\x00\xc4\x03\x03"sv);
       }},
  };
}

const std::vector<Entry>& octets_table() {
  static const std::vector<Entry> entries = [] {
    std::vector<Entry> all = inside_tls();
    for (auto& entry : without_tls()) all.push_back(std::move(entry));
    return all;
  }();
  return entries;
}

}  // namespace

const std::vector<HostileOctets>& hostile_octets() {
  static const std::vector<HostileOctets> list = [] {
    std::vector<HostileOctets> all;
    for (const auto& entry : octets_table()) all.push_back(entry.what);
    return all;
  }();
  return list;
}

est::Bytes make_hostile_octets(std::string_view name, const OctetFrame& frame) {
  const auto found =
      std::find_if(octets_table().begin(), octets_table().end(), [&](const Entry& entry) { return entry.what.name == name; });
  return found == octets_table().end() ? Bytes{} : est::to_bytes(found->make(frame));
}

}  // namespace conformance::steps
