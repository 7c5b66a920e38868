#include "est/net/tunnel_talk.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>

#include "est/base/text.h"
#include "est/http/answer.h"
#include "est/http/parser.h"

namespace est::net {
namespace {

constexpr http::ParserLimits proxy_limits{8U << 10U, 32U << 10U, 100, 64U << 10U};

using Line = std::unique_ptr<ProxyLine>;
using Opened = std::variant<Line, Failure>;

// --- HTTP CONNECT

// An answer to CONNECT. Octet by octet: what follows a success belongs to the peer behind the proxy.
std::variant<http::ObservedResponse, Failure> read_answer(ProxyLine& line) {
  http::ResponseParser parser("CONNECT", proxy_limits);
  while (parser.state() == http::ResponseParser::State::need_more) {
    auto octet = line.receive(1);
    if (auto* failure = std::get_if<Failure>(&octet)) {
      parser.end_of_input();
      if (parser.state() == http::ResponseParser::State::complete) break;
      return std::move(*failure);
    }
    static_cast<void>(parser.feed(std::get<Bytes>(octet)));
  }
  if (parser.state() != http::ResponseParser::State::complete) return line.failure(Cause::protocol, "sent no HTTP answer");
  return parser.observed();
}

std::variant<http::ObservedResponse, Failure> ask_for_tunnel(ProxyLine& line, const Endpoint& to, const std::string& authorization) {
  http::Request request;
  request.method = "CONNECT";
  request.target = to.to_string();
  request.fields.add("Host", to.to_string());
  if (!authorization.empty()) request.fields.add("Proxy-Authorization", authorization);
  if (auto failure = line.send(http::encode(request))) return std::move(*failure);
  return read_answer(line);
}

std::string refusal_text(const http::ObservedResponse& answer) {
  return "refused the tunnel with status " + std::to_string(answer.message.status) + " " + printable(answer.message.reason, 80);
}

constexpr int authentication_required = 407;

// The second try, on a connection of its own: proxies often close after a 407.
Opened connect_authenticated(const Proxy& proxy, const Endpoint& to, const http::Offer& offer, const ProxyDial& dial) {
  auto opened = dial();
  if (std::holds_alternative<Failure>(opened)) return opened;
  ProxyLine& line = *std::get<Line>(opened);
  auto answered = ask_for_tunnel(line, to, http::answer(offer, *proxy.credentials, "CONNECT", to.to_string()));
  if (auto* failure = std::get_if<Failure>(&answered)) return std::move(*failure);
  const auto& answer = std::get<http::ObservedResponse>(answered);
  if (answer.message.status / 100 == 2) return opened;
  if (answer.message.status == authentication_required)
    return line.failure(Cause::refused, "refused the user name or password (status 407)");
  return line.failure(Cause::refused, refusal_text(answer));
}

Opened connect_http(const Proxy& proxy, const Endpoint& to, const ProxyDial& dial) {
  auto opened = dial();
  if (std::holds_alternative<Failure>(opened)) return opened;
  ProxyLine& line = *std::get<Line>(opened);
  auto answered = ask_for_tunnel(line, to, {});
  if (auto* failure = std::get_if<Failure>(&answered)) return std::move(*failure);
  const auto& answer = std::get<http::ObservedResponse>(answered);
  if (answer.message.status / 100 == 2) return opened;
  if (answer.message.status != authentication_required) return line.failure(Cause::refused, refusal_text(answer));
  if (!proxy.credentials) return line.failure(Cause::refused, "wants a user name and password (status 407)");
  const http::Offer offer = http::best_offer(answer.message.fields.all("Proxy-Authenticate"));
  if (!offer.answerable()) return line.failure(Cause::refused, "wants an authentication other than Basic and Digest (status 407)");
  return connect_authenticated(proxy, to, offer, dial);
}

// --- SOCKS5

constexpr Byte socks_version = 5;
constexpr Byte no_authentication = 0, user_and_password = 2, none_acceptable = 0xff;
constexpr std::size_t longest_text = 255;

void append_text(Bytes& to, std::string_view text) {
  to.push_back(static_cast<Byte>(text.size()));
  append(to, text);
}

// RFC 1928 5: address type and address.
Bytes socks_address(const std::string& host) {
  std::array<Byte, sizeof(in6_addr)> octets{};
  Bytes out;
  if (inet_pton(AF_INET, host.c_str(), octets.data()) == 1) {
    out.push_back(1);
    append(out, BytesView(octets).first(sizeof(in_addr)));
  } else if (inet_pton(AF_INET6, host.c_str(), octets.data()) == 1) {
    out.push_back(4);
    append(out, BytesView(octets));
  } else {
    out.push_back(3);
    append_text(out, host);
  }
  return out;
}

std::string socks_reply(Byte code) {
  constexpr std::array<std::string_view, 9> texts{"succeeded",           "general failure",       "connection not allowed by ruleset",
                                                  "network unreachable", "host unreachable",      "connection refused",
                                                  "TTL expired",         "command not supported", "address type not supported"};
  return code < texts.size() ? std::string(texts.at(code)) : "reply " + std::to_string(code);
}

std::optional<Failure> authenticate(ProxyLine& line, const Proxy& proxy) {
  const http::Credentials& credentials = *proxy.credentials;
  if (credentials.user.empty() || credentials.user.size() > longest_text || credentials.password.empty() ||
      credentials.password.size() > longest_text)
    return line.failure(Cause::local, "takes a user name and a password of 1 to 255 octets each (RFC 1929)");
  Bytes message{1};
  append_text(message, credentials.user);
  append_text(message, credentials.password);
  if (auto failure = line.send(message)) return failure;
  auto answer = line.receive_all(2);
  if (auto* failure = std::get_if<Failure>(&answer)) return std::move(*failure);
  if (std::get<Bytes>(answer)[1] != 0) return line.failure(Cause::refused, "refused the user name or password");
  return std::nullopt;
}

std::optional<Failure> greet(ProxyLine& line, const Proxy& proxy) {
  Bytes methods{socks_version, 1, no_authentication};
  if (proxy.credentials) methods = {socks_version, 2, no_authentication, user_and_password};
  if (auto failure = line.send(methods)) return failure;
  auto answered = line.receive_all(2);
  if (auto* failure = std::get_if<Failure>(&answered)) return std::move(*failure);
  const Bytes& answer = std::get<Bytes>(answered);
  if (answer[0] != socks_version) return line.failure(Cause::protocol, "does not speak SOCKS5");
  if (answer[1] == no_authentication) return std::nullopt;
  if (answer[1] == user_and_password && proxy.credentials) return authenticate(line, proxy);
  return line.failure(Cause::refused, answer[1] == none_acceptable && !proxy.credentials ? "wants a user name and password"
                                                                                         : "accepts no authentication that we have");
}

// The reply's bound address is of no use, but must be read to its end.
std::optional<Failure> read_reply(ProxyLine& line) {
  auto head = line.receive_all(5);
  if (auto* failure = std::get_if<Failure>(&head)) return std::move(*failure);
  const Bytes& reply = std::get<Bytes>(head);
  if (reply[0] != socks_version) return line.failure(Cause::protocol, "does not speak SOCKS5");
  if (reply[1] != 0) return line.failure(Cause::refused, "refused the connection: " + socks_reply(reply[1]));
  constexpr std::size_t port = 2;
  std::size_t left = 0;
  if (reply[3] == 1) left = sizeof(in_addr) - 1 + port;
  if (reply[3] == 3) left = reply[4] + port;
  if (reply[3] == 4) left = sizeof(in6_addr) - 1 + port;
  if (left == 0) return line.failure(Cause::protocol, "sent an address of unknown type");
  auto rest = line.receive_all(left);
  if (auto* failure = std::get_if<Failure>(&rest)) return std::move(*failure);
  return std::nullopt;
}

Opened connect_socks(const Proxy& proxy, const Endpoint& to, const ProxyDial& dial) {
  auto opened = dial();
  if (std::holds_alternative<Failure>(opened)) return opened;
  ProxyLine& line = *std::get<Line>(opened);
  if (to.host.size() > longest_text) return line.failure(Cause::local, "takes host names of at most 255 octets");
  if (auto failure = greet(line, proxy)) return std::move(*failure);
  Bytes request{socks_version, 1, 0};
  append(request, socks_address(to.host));
  request.push_back(static_cast<Byte>(to.port >> 8U));
  request.push_back(static_cast<Byte>(to.port & 0xffU));
  if (auto failure = line.send(request)) return std::move(*failure);
  if (auto failure = read_reply(line)) return std::move(*failure);
  return opened;
}

}  // namespace

Failure ProxyLine::failure(Cause cause, const std::string& what) const {
  return {Stage::proxy, cause, "the proxy " + proxy_.at.to_string() + " " + what, {}};
}

std::variant<Bytes, Failure> ProxyLine::receive_all(std::size_t count) {
  Bytes all;
  while (all.size() < count) {
    auto part = receive(count - all.size());
    if (std::holds_alternative<Failure>(part)) return part;
    append(all, std::get<Bytes>(part));
  }
  return all;
}

std::variant<std::unique_ptr<ProxyLine>, Failure> open_tunnel(const Proxy& proxy, const Endpoint& to, const ProxyDial& dial) {
  return proxy.kind == Proxy::Kind::socks5 ? connect_socks(proxy, to, dial) : connect_http(proxy, to, dial);
}

}  // namespace est::net
