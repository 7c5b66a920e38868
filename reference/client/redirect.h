// Where a redirection leads (RFC 7030 3.2.1, RFC 9110 15.4, RFC 3986 5).
#pragma once

#include <string>
#include <string_view>

#include "client/outcome.h"
#include "est/http/message.h"
#include "est/net/address.h"

namespace client {

// Where a request goes; always https.
struct Place {
  est::net::Endpoint at;
  std::string target;  // origin-form: path and query
  [[nodiscard]] std::string url() const;
};
[[nodiscard]] std::string host_field(const est::net::Endpoint& at);  // without the port if it is 443
// RFC 6454: scheme, host (without regard to case) and port.
[[nodiscard]] bool same_origin(const Place& left, const Place& right) noexcept;

// 301, 302, 303, 307, 308.
[[nodiscard]] bool is_redirect(int status) noexcept;
// Problems: no or an unusable Location, one that leaves https, 303 in answer to a POST (the answer to come would not be the operation's),
// credentials inside the URL. A POST stays a POST.
[[nodiscard]] Outcome<Place> redirected(const Place& from, std::string_view method, const est::http::Response& response);

}  // namespace client
