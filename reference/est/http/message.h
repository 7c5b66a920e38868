// HTTP messages as values (RFC 9110, RFC 9112). Nothing here does I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"

namespace est::http {

struct Field {
  std::string name;   // as spelled on the wire
  std::string value;  // without surrounding white space; obs-fold replaced by one space
};

class Fields {
 public:
  void add(std::string name, std::string value);
  void set(std::string_view name, std::string value);  // replaces all of that name
  void remove(std::string_view name);
  void extend_last(std::string_view more);  // appends to the last value; nothing happens when there is no field
  // Case-insensitive. `get` gives the first; `all` every one in order.
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] const std::vector<Field>& list() const noexcept { return fields_; }

 private:
  std::vector<Field> fields_;
};

struct Request {
  std::string method;
  std::string target;  // as sent
  int minor_version = 1;
  Fields fields;
  Bytes body;
};

struct Response {
  int status = 0;
  std::string reason;
  int minor_version = 1;
  Fields fields;
  Bytes body;
};

// The registered phrase, or "Unknown".
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

// The whole message. Content-Length is added unless the fields have it or Transfer-Encoding, or the status forbids a body (1xx, 204,
// 304: then the body is left out too); a request without body gets it only where the method calls for one (POST, PUT, PATCH).
// `head_only` leaves the body out (answer to HEAD). With Transfer-Encoding the caller has encoded the body (encode_chunked).
// CR, LF and NUL inside the start line or a field become a space, so no value can forge a second field; no field is otherwise touched.
// Who wants to send ill-formed octets writes them himself.
[[nodiscard]] Bytes encode(const Response& response, bool head_only = false);
[[nodiscard]] Bytes encode(const Request& request);

// RFC 9112 7.1: chunks of at most `chunk` octets (0: one chunk), the last chunk, no trailers.
[[nodiscard]] Bytes encode_chunked(BytesView body, std::size_t chunk = 0);

}  // namespace est::http
