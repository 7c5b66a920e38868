#include "conformance/selftest/plain_front.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "est/codec/tls_hello.h"

namespace conformance::selftest {

namespace {

constexpr int tick_ms = 50;
constexpr unsigned char tls_handshake_record = 0x16;
constexpr int longest_record = 16384;
constexpr std::string_view plain_answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 8\r\nConnection: close\r\n\r\nwelcome\n";

class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

Socket listen_on_loopback() {
  Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in any = loopback(0);
  if (!socket.ok() || ::bind(socket.get(), generic(any), sizeof any) != 0 || ::listen(socket.get(), 64) != 0) return Socket();
  return socket;
}

Socket connect_to(std::uint16_t port) {
  Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (!socket.ok() || ::connect(socket.get(), generic(address), sizeof address) != 0) return Socket();
  return socket;
}

bool send_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t count = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// Moves what is there from one side to the other: how many octets; 0 when that side has ended.
std::size_t move_some(int from, int to) {
  std::array<char, 16384> block{};
  const ssize_t count = ::recv(from, block.data(), block.size(), 0);
  return count > 0 && send_all(to, {block.data(), static_cast<std::size_t>(count)}) ? static_cast<std::size_t>(count) : 0;
}

bool readable(int fd, const std::atomic<bool>& stopping) {
  pollfd waiting{fd, POLLIN, 0};
  while (!stopping) {
    if (::poll(&waiting, 1, tick_ms) > 0) return true;
  }
  return false;
}

// A ClientHello and all of its records, or whatever came before the client paused or ended.
std::string first_octets(const Socket& client, const std::atomic<bool>& stopping) {
  constexpr int pause_ms = 150;
  constexpr std::size_t most = std::size_t{64} << 10U;
  std::string octets;
  std::array<char, 16384> block{};
  if (!readable(client.get(), stopping)) return octets;
  pollfd waiting{client.get(), POLLIN, 0};
  do {
    const ssize_t count = ::recv(client.get(), block.data(), block.size(), 0);
    if (count <= 0) return octets;
    octets.append(block.data(), static_cast<std::size_t>(count));
    const auto flight = est::codec::read_tls_flight(est::as_bytes(octets));
    if (flight.malformed || flight.find(est::codec::tls_message::client_hello) != nullptr) return octets;
  } while (octets.size() < most && ::poll(&waiting, 1, pause_ms) > 0);
  return octets;
}

// Waits for the peer to go away.
void hold(const Socket& client, const std::atomic<bool>& stopping) {
  std::array<char, 4096> block{};
  while (readable(client.get(), stopping) && ::recv(client.get(), block.data(), block.size(), 0) > 0) {
  }
}

}  // namespace

struct PlainFront::Impl {
  Socket listener;
  std::uint16_t behind = 0;
  std::atomic<bool> stopping{false};
  std::thread acceptor;
  std::vector<std::thread> serving;  // touched by the acceptor only, then by the destructor

  FrontOptions options;
  std::atomic<unsigned> lives{0};  // of a process that is reborn
  std::atomic<std::size_t> busy{0};

  std::mutex mutex;
  std::set<int> relayed;  // sockets of clients; guarded by mutex

  // Whether the process that took the connection is gone. Whoever asks first ends the connections it had; there is a new one at once.
  bool outlived(unsigned life) {
    if (options.death == Death::reborn && options.died->exchange(false)) {
      ++lives;
      const std::lock_guard lock(mutex);
      for (const int client : relayed) ::shutdown(client, SHUT_RDWR);
    }
    return lives != life;
  }

  void pass_on(const Socket& client, const Socket& server, unsigned life) {
    {
      const std::lock_guard lock(mutex);
      relayed.insert(client.get());
    }
    relay(client, server, life);
    const std::lock_guard lock(mutex);
    relayed.erase(client.get());
  }

  void relay(const Socket& client, const Socket& server, unsigned life) {
    constexpr auto longest_silence = std::chrono::milliseconds(400);
    std::array<pollfd, 2> sides{{{client.get(), POLLIN, 0}, {server.get(), POLLIN, 0}}};
    std::size_t first = 0;
    std::size_t further = 0;
    auto heard = std::chrono::steady_clock::now();
    while (!stopping && !outlived(life)) {
      if (options.places > 0 && std::chrono::steady_clock::now() - heard > longest_silence) return;
      if (::poll(sides.data(), sides.size(), tick_ms) <= 0) continue;
      if (sides[0].revents != 0) {
        heard = std::chrono::steady_clock::now();
        const std::size_t count = move_some(client.get(), server.get());
        (first == 0 ? first : further) += count;
        if (count == 0 && first > 0 && further < options.dies_of_end_within) *options.died = true;
        if (options.dies_of_octets > 0 && first + further > options.dies_of_octets) *options.died = true;
        if (count == 0 || (*options.died && options.dies_of_octets > 0)) return;
      }
      if (sides[1].revents != 0 && move_some(server.get(), client.get()) == 0) return;
    }
  }

  void wait_for_place() {
    while (options.places > 0 && busy >= options.places && !stopping) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  // A connection on which the first octet decides.
  void serve(const Socket& client) {
    (void)outlived(lives);  // a death nobody has noticed yet is not this connection's
    const unsigned life = lives;
    if (!readable(client.get(), stopping)) return;
    std::array<unsigned char, 5> head{};
    if (::recv(client.get(), head.data(), head.size(), MSG_PEEK) < 1) return;
    const bool plain = head[0] != tls_handshake_record;
    const int length = head[3] * 256 + head[4];
    if (options.dies_of_plain_octets && (plain || length == 0 || length > longest_record)) {
      *options.died = true;
      return;
    }
    if (plain && options.plain_http) {
      (void)send_all(client.get(), plain_answer);
      return;
    }
    std::string begun;  // taken from the client already
    if (options.answer) {
      begun = first_octets(client, stopping);
      const auto answer = begun.empty() ? std::optional(est::Bytes{}) : options.answer(est::as_bytes(begun));
      if (answer) {
        (void)send_all(client.get(), est::as_text(*answer));
        return;
      }
    }
    const Socket server = connect_to(behind);
    if (server.ok() && send_all(server.get(), begun)) pass_on(client, server, life);
    while (options.leaves_open && !stopping) std::this_thread::sleep_for(std::chrono::milliseconds(tick_ms));
  }

  // What a dead process does with a new connection. False when it is not dead (any more).
  bool bury(const std::shared_ptr<Socket>& client) {
    if (!*options.died || options.death == Death::reborn) return false;
    if (options.death == Death::restart) *options.died = false;
    if (options.death == Death::for_good) listener = Socket();
    if (options.death == Death::freeze) serving.emplace_back([this, client] { hold(*client, stopping); });
    return true;
  }

  void accept_all() {
    while (listener.ok() && readable(listener.get(), stopping)) {
      auto client = std::make_shared<Socket>(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client->ok() || bury(client)) continue;
      if (options.one_at_a_time) {
        serve(*client);
      } else {
        wait_for_place();
        ++busy;
        serving.emplace_back([this, client] {
          serve(*client);
          --busy;
        });
      }
    }
  }

  ~Impl() {
    stopping = true;
    if (acceptor.joinable()) acceptor.join();
    for (std::thread& thread : serving) thread.join();
  }
};

PlainFront::PlainFront(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PlainFront::~PlainFront() = default;

est::Result<std::unique_ptr<PlainFront>> PlainFront::start(const est::net::Endpoint& behind, const FrontOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->listener = listen_on_loopback();
  impl->behind = behind.port;
  impl->options = options;
  if (!impl->listener.ok()) return est::Error{"cannot listen on a loopback port"};
  impl->acceptor = std::thread([raw = impl.get()] { raw->accept_all(); });
  return std::unique_ptr<PlainFront>(new PlainFront(std::move(impl)));
}

est::net::Endpoint PlainFront::listening() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(impl_->listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return {"127.0.0.1", ntohs(address.sin_port)};
}

}  // namespace conformance::selftest
