#include "est/net/address.h"

#include "est/base/text.h"

namespace est::net {
namespace {

constexpr std::uint64_t highest_port = 65535;

Result<std::uint16_t> parse_port(std::string_view text) {
  const std::optional<std::uint64_t> port = parse_decimal(text);
  if (!port || *port > highest_port) return Error{"\"" + printable(text, 20) + "\" is no port number (0 to 65535)"};
  return static_cast<std::uint16_t>(*port);
}

// The characters of RFC 3986 3.2.2, those of an address in brackets included.
bool is_host(std::string_view text) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
      "-._~%!$&'()*+,;=:";
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

struct Authority {
  std::string_view host;
  std::optional<std::string_view> port;
};

// host [ ":" port ], where an IPv6 literal stands in brackets (RFC 3986 3.2.2).
Result<Authority> split_authority(std::string_view text) {
  const auto wrong = [&](std::string_view why) { return Error{"\"" + printable(text) + "\" " + std::string(why)}; };
  Authority parts;
  std::string_view rest;
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return wrong("has no closing bracket");
    parts.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return wrong("has something other than a port after the bracket");
  } else {
    const std::size_t colon = text.find(':');
    parts.host = text.substr(0, colon);
    if (colon != std::string_view::npos) rest = text.substr(colon);
    if (rest.find(':', 1) != std::string_view::npos) return wrong("needs brackets around its IPv6 address");
  }
  if (!rest.empty()) parts.port = rest.substr(1);
  if (!is_host(parts.host)) return wrong("is no host name");
  return parts;
}

std::optional<std::uint16_t> default_port(std::string_view scheme) {
  if (scheme == "https") return std::uint16_t{443};
  if (scheme == "http") return std::uint16_t{80};
  return std::nullopt;
}

// scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
bool is_scheme(std::string_view text) {
  const auto alpha = [](char c) { return c >= 'a' && c <= 'z'; };
  if (text.empty() || !alpha(text.front())) return false;
  for (const char c : text) {
    if (!alpha(c) && !(c >= '0' && c <= '9') && c != '+' && c != '-' && c != '.') return false;
  }
  return true;
}

}  // namespace

std::string Endpoint::to_string() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const Result<Authority> parts = split_authority(text);
  if (!parts) return parts.error();
  if (!parts->port) return Error{"\"" + printable(text) + "\" names no port; write host:port"};
  const Result<std::uint16_t> port = parse_port(*parts->port);
  if (!port) return port.error();
  return Endpoint{std::string(parts->host), *port};
}

Result<Url> parse_url(std::string_view text) {
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) return Error{"\"" + printable(text) + "\" is no URL; write https://host:port"};
  Url url;
  url.scheme = ascii_lower(text.substr(0, mark));
  if (!is_scheme(url.scheme)) return Error{"\"" + printable(text) + "\" begins with no URL scheme"};
  const std::string_view rest = text.substr(mark + 3);
  const std::size_t end = rest.find_first_of("/?#");
  const std::string_view authority = rest.substr(0, end);
  if (authority.find('@') != std::string_view::npos) return Error{"a URL must not carry a user name or password"};
  const Result<Authority> parts = split_authority(authority);
  if (!parts) return parts.error();
  if (parts->host.empty()) return Error{"\"" + printable(text) + "\" names no host"};
  url.endpoint.host = std::string(parts->host);
  if (end != std::string_view::npos) url.path = std::string(rest.substr(end, rest.find('#') - end));
  if (!parts->port || parts->port->empty()) {
    const std::optional<std::uint16_t> port = default_port(url.scheme);
    if (!port) return Error{"\"" + printable(text) + "\" names no port"};
    url.endpoint.port = *port;
    return url;
  }
  const Result<std::uint16_t> port = parse_port(*parts->port);
  if (!port) return port.error();
  url.endpoint.port = *port;
  return url;
}

}  // namespace est::net
