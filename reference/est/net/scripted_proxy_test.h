// For tests: a proxy on loopback that does what a script says.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "est/net/client.h"
#include "est/net/server_fixture_test.h"
#include "est/net/socket.h"

namespace est::net {

// One accepted connection of the scripted proxy.
class ProxyClient {
 public:
  explicit ProxyClient(int descriptor) : socket_(descriptor) {}
  void send(BytesView data) const { static_cast<void>(::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL)); }
  [[nodiscard]] Bytes receive(std::size_t most) const {
    Bytes data(most);
    const ssize_t got = ::recv(socket_.get(), data.data(), most, 0);
    data.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return data;
  }
  [[nodiscard]] std::string receive_head() const {
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
      const Bytes octet = receive(1);
      if (octet.empty()) break;
      head += est::to_string(octet);
    }
    return head;
  }
  // Passes octets both ways until either side ends.
  void relay(const Endpoint& to) const {
    auto opened = PlainConnection::open(to, patience);
    if (!std::holds_alternative<PlainConnection>(opened)) return;
    PlainConnection& peer = std::get<PlainConnection>(opened);
    std::thread back([&] {
      std::array<Byte, 4096> buffer{};
      for (;;) {
        const ReadOutcome outcome = peer.read(buffer, Deadline::after(patience));
        if (outcome.count == 0) break;
        send(BytesView(buffer).first(outcome.count));
      }
      ::shutdown(socket_.get(), SHUT_RDWR);
    });
    for (;;) {
      const Bytes data = receive(4096);
      if (data.empty() || peer.write(data, Deadline::after(patience))) break;
    }
    peer.end_output();
    back.join();
  }

 private:
  Socket socket_;
};

class ScriptedProxy {
 public:
  using Script = std::function<void(const ProxyClient&, int number)>;
  explicit ScriptedProxy(Script script) : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SocketAddress bound;
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 || ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), bound.get(), &bound.length) != 0)
      throw std::runtime_error("no listener");
    at = bound.endpoint();
    thread_ = std::thread([this] { serve(); });
  }
  ScriptedProxy(const ScriptedProxy&) = delete;
  ScriptedProxy& operator=(const ScriptedProxy&) = delete;
  ~ScriptedProxy() {
    stopping_ = true;
    thread_.join();
  }
  Endpoint at;

 private:
  void serve() {
    for (int number = 1; !stopping_;) {
      pollfd waiting{listener_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 20) != 1) continue;
      const ProxyClient client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      script_(client, number++);
    }
  }
  Script script_;
  Socket listener_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace est::net
