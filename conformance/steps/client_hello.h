// ClientHellos written octet by octet, for what no TLS library would send: old suites, odd extensions, split records (RFC 8446 4.1.2,
// RFC 5246 7.4.1.2). Nothing here completes a handshake.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"

namespace conformance::steps {

struct HelloExtension {
  std::uint16_t type = 0;
  est::Bytes data;
};

// Defaults: a good offer of TLS 1.2 alone.
struct ClientHello {
  std::uint16_t record_version = 0x0301;
  std::uint16_t version = 0x0303;  // legacy_version
  est::Bytes session_id;
  std::vector<std::uint16_t> suites;
  est::Bytes compressions{0};
  std::vector<HelloExtension> extensions;  // sent in this order
  bool has_extensions = true;
};

// A ClientHello a script may name.
struct HelloKind {
  std::string name;
  std::string meaning;
};
[[nodiscard]] const std::vector<HelloKind>& hello_kinds();

// The octets of the handshake message (RFC 8446 4), without record header. `server_name` goes into SNI, unless empty. For "ssl-2" the
// whole of an SSL 2.0 hello instead, which has no records of the later kind. Precondition: a known kind.
[[nodiscard]] est::Bytes hello_message(std::string_view kind, const std::string& server_name);

// How a message is put into records.
[[nodiscard]] const std::vector<std::string>& record_forms();
// Octets for the wire. Precondition: a known form.
[[nodiscard]] est::Bytes hello_records(std::string_view kind, std::string_view form, est::BytesView message);

}  // namespace conformance::steps
