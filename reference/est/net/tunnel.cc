#include "est/net/tunnel.h"

#include <poll.h>

#include <cerrno>

#include "est/base/text.h"
#include "est/net/tunnel_talk.h"

namespace est::net {
namespace {

// Octets both ways until the deadline.
class SocketLine final : public ProxyLine {
 public:
  SocketLine(Socket socket, const Proxy& proxy, const Deadline& deadline)
      : ProxyLine(proxy), socket_(std::move(socket)), deadline_(deadline) {}

  [[nodiscard]] std::optional<Failure> send(BytesView data) override {
    while (!data.empty()) {
      const ssize_t sent = ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL);
      if (sent > 0) data = data.subspan(static_cast<std::size_t>(sent));
      if (sent > 0 || (sent < 0 && errno == EINTR)) continue;
      if (sent < 0 && errno != EAGAIN) return failure(cause_of(errno), "takes no data: " + error_text(errno));
      if (!wait_for(socket_.get(), POLLOUT, deadline_)) return failure(Cause::timeout, "did not take the data in time");
    }
    return std::nullopt;
  }

  [[nodiscard]] std::variant<Bytes, Failure> receive(std::size_t most) override {
    Bytes data(most);
    for (;;) {
      const ssize_t got = ::recv(socket_.get(), data.data(), data.size(), 0);
      if (got > 0) {
        data.resize(static_cast<std::size_t>(got));
        return data;
      }
      if (got == 0) return failure(Cause::closed, "closed the connection");
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return failure(cause_of(errno), "broke the connection: " + error_text(errno));
      if (!wait_for(socket_.get(), POLLIN, deadline_)) return failure(Cause::timeout, "did not answer in time");
    }
  }

  [[nodiscard]] Socket release() { return std::move(socket_); }

 private:
  Socket socket_;
  const Deadline& deadline_;
};

std::variant<std::unique_ptr<SocketLine>, Failure> dial_socket(const Proxy& proxy, const Deadline& deadline) {
  auto connected = connect_tcp(proxy.at, deadline);
  if (auto* failure = std::get_if<Failure>(&connected)) {
    failure->message = "the proxy cannot be reached: " + failure->message;
    return std::move(*failure);
  }
  return std::make_unique<SocketLine>(std::get<Socket>(std::move(connected)), proxy, deadline);
}

}  // namespace

Result<Proxy> parse_proxy(std::string_view url) {
  const Result<Url> parsed = parse_url(url);
  if (!parsed) return Error{"proxy: " + parsed.error().message};
  Proxy proxy;
  proxy.at = parsed->endpoint;
  if (parsed->scheme == "socks5" || parsed->scheme == "socks5h")
    proxy.kind = Proxy::Kind::socks5;
  else if (parsed->scheme != "http")
    return Error{"proxy: the scheme " + parsed->scheme + " is not supported; use http://host:port or socks5://host:port"};
  if (!parsed->path.empty() && parsed->path != "/") return Error{"proxy: a path has no meaning here; use http://host:port"};
  return proxy;
}

std::variant<Socket, Failure> connect_through(const Proxy& proxy, const Endpoint& to, const Deadline& deadline) {
  SocketLine* latest = nullptr;
  const ProxyDial dial = [&]() -> std::variant<std::unique_ptr<ProxyLine>, Failure> {
    auto dialled = dial_socket(proxy, deadline);
    if (auto* failure = std::get_if<Failure>(&dialled)) return std::move(*failure);
    auto& line = std::get<std::unique_ptr<SocketLine>>(dialled);
    latest = line.get();
    return std::move(line);
  };
  auto opened = open_tunnel(proxy, to, dial);
  if (auto* failure = std::get_if<Failure>(&opened)) return std::move(*failure);
  return latest->release();
}

}  // namespace est::net
