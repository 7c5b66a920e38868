#include "est/net/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace est::net {
namespace {

using AddressList = std::unique_ptr<addrinfo, crypto::Deleter<freeaddrinfo>>;
using Addresses = std::vector<SocketAddress>;

struct LookUpFailure {
  bool ours = false;  // out of memory or descriptors, not the name's fault
  std::string reason;
};
using LookUp = std::variant<Addresses, LookUpFailure>;

LookUp look_up_now(const Endpoint& endpoint, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port);
  const int status = getaddrinfo(endpoint.host.empty() ? nullptr : endpoint.host.c_str(), port.c_str(), &hints, &found);
  const int error = errno;
  const AddressList list(found);
  if (status == EAI_SYSTEM) return LookUpFailure{true, error_text(error)};
  if (status != 0) return LookUpFailure{status == EAI_MEMORY, gai_strerror(status)};
  Addresses addresses;
  for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) {
    SocketAddress address;
    address.length = std::min<socklen_t>(at->ai_addrlen, sizeof(address.storage));
    std::memcpy(&address.storage, at->ai_addr, address.length);
    addresses.push_back(address);
  }
  return addresses;
}

bool is_literal(const std::string& host) { return std::holds_alternative<Addresses>(look_up_now({host, 0}, AI_NUMERICHOST)); }

// getaddrinfo() knows no deadline. A thread that outlives its caller keeps the shared state alive and ends by itself.
std::optional<LookUp> look_up_within(const Endpoint& endpoint, const Deadline& deadline) {
  if (is_literal(endpoint.host)) return look_up_now(endpoint, AI_NUMERICHOST);
  struct Shared {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<LookUp> result;
  };
  const auto shared = std::make_shared<Shared>();
  const auto work = [shared, endpoint] {
    LookUp result = look_up_now(endpoint, 0);
    const std::lock_guard lock(shared->mutex);
    shared->result = std::move(result);
    shared->done.notify_all();
  };
  try {
    std::thread(work).detach();
  } catch (const std::system_error& error) {
    return LookUpFailure{true, error.what()};
  }
  std::unique_lock lock(shared->mutex);
  shared->done.wait_until(lock, deadline.at(), [&] { return shared->result.has_value(); });
  return shared->result;
}

bool is_ours(int error) {
  constexpr std::array<int, 7> ours{EMFILE, ENFILE, ENOMEM, ENOBUFS, EACCES, EPERM, EADDRNOTAVAIL};
  return std::find(ours.begin(), ours.end(), error) != ours.end();
}

Failure connect_failure(const Endpoint& to, int error) {
  const Cause cause = is_ours(error) ? Cause::local : cause_of(error);
  return {Stage::connect, cause, "connecting to " + to.to_string() + " failed: " + error_text(error), {}};
}

std::variant<Socket, Failure> connect_one(const SocketAddress& address, const Endpoint& to, const Deadline& deadline) {
  Socket socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return connect_failure(to, errno);
  const int on = 1;
  static_cast<void>(setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
  if (::connect(socket.get(), address.get(), address.length) == 0) return socket;
  if (errno != EINPROGRESS && errno != EINTR) return connect_failure(to, errno);
  if (!wait_for(socket.get(), POLLOUT, deadline))
    return Failure{Stage::connect, Cause::timeout, to.to_string() + " did not answer the TCP connection in time", {}};
  int error = 0;
  socklen_t length = sizeof(error);
  if (getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) return connect_failure(to, error);
  return socket;
}

// Of several addresses' failures the telling one: that a peer refused or was silent says more than that a family has no route.
bool says_more(const Failure& next, const Failure& before) {
  const auto vague = [](const Failure& failure) { return failure.cause == Cause::unreachable || failure.cause == Cause::local; };
  return vague(before) && (!vague(next) || before.stage == Stage::resolve);
}

// --- the BIO

Wire& wire_of(BIO* bio) { return *static_cast<Wire*>(BIO_get_data(bio)); }

// A ticket needs no packet of its own, and no waking of the client, where the request it came before is here already. A client that waits
// for an acknowledgement before it sends more (RFC 1122 4.2.3.4) gets it at once.
int flags_of(const Wire& wire) {
  const bool ticket =
      wire.replies != nullptr && SSL_get_state(wire.replies) == TLS_ST_SW_SESSION_TICKET && SSL_has_pending(wire.replies) == 1;
  return ticket ? MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE : MSG_NOSIGNAL | MSG_DONTWAIT;
}

int wire_write(BIO* bio, const char* data, int length) {
  BIO_clear_retry_flags(bio);
  Wire& wire = wire_of(bio);
  if (wire.write_error != 0) return length;
  ssize_t sent = 0;
  do sent = ::send(wire.descriptor, data, static_cast<std::size_t>(length), flags_of(wire));
  while (sent < 0 && errno == EINTR);
  if (sent >= 0) {
    if (wire.tap != nullptr) wire.tap->octets(true, as_bytes(std::string_view(data, static_cast<std::size_t>(sent))));
    return static_cast<int>(sent);
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    BIO_set_retry_write(bio);
    return -1;
  }
  wire.write_error = errno;
  return length;
}

void keep_beginning(Wire& wire, BytesView data) {
  if (wire.received < wire.first.size()) {
    const std::size_t room = wire.first.size() - wire.received;
    std::copy_n(data.begin(), std::min(room, data.size()), wire.first.begin() + static_cast<std::ptrdiff_t>(wire.received));
  }
  wire.received += data.size();
  if (wire.tap != nullptr) wire.tap->octets(false, data);
}

int wire_read(BIO* bio, char* into, int length) {
  BIO_clear_retry_flags(bio);
  Wire& wire = wire_of(bio);
  ssize_t got = 0;
  do got = ::recv(wire.descriptor, into, static_cast<std::size_t>(length), std::exchange(wire.may_wait, false) ? 0 : MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  if (got > 0) {
    keep_beginning(wire, as_bytes(std::string_view(into, static_cast<std::size_t>(got))));
    return static_cast<int>(got);
  }
  if (got == 0) {
    wire.end_of_input = true;
    if (wire.tap != nullptr) wire.tap->end(false);
    return 0;
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    BIO_set_retry_read(bio);
    return -1;
  }
  wire.read_error = errno;
  return -1;
}

// BIO_CTRL_EOF is not answered on purpose: OpenSSL would send the peer a decode_error alert for its FIN. Wire::end_of_input tells.
long wire_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* wire_method() {
  using Method = std::unique_ptr<BIO_METHOD, crypto::Deleter<BIO_meth_free>>;
  static const Method method = [] {
    Method made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "estspec wire"));
    if (made) {
      BIO_meth_set_write(made.get(), wire_write);
      BIO_meth_set_read(made.get(), wire_read);
      BIO_meth_set_ctrl(made.get(), wire_control);
    }
    return made;
  }();
  return method.get();
}

}  // namespace

void Socket::close() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void Socket::reset() noexcept {
  if (descriptor_ < 0) return;
  const linger at_once{1, 0};
  static_cast<void>(setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)));
  close();
}

sockaddr* SocketAddress::get() noexcept { return static_cast<sockaddr*>(static_cast<void*>(&storage)); }
const sockaddr* SocketAddress::get() const noexcept { return static_cast<const sockaddr*>(static_cast<const void*>(&storage)); }

void SocketAddress::set_port(std::uint16_t port) noexcept {
  void* at = &storage;
  if (family() == AF_INET6) static_cast<sockaddr_in6*>(at)->sin6_port = htons(port);
  if (family() == AF_INET) static_cast<sockaddr_in*>(at)->sin_port = htons(port);
}

Endpoint SocketAddress::endpoint() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* at = &storage;
  if (family() == AF_INET) {
    const auto* v4 = static_cast<const sockaddr_in*>(at);
    inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
    return {text.data(), ntohs(v4->sin_port)};
  }
  if (family() != AF_INET6) return {};
  const auto* v6 = static_cast<const sockaddr_in6*>(at);
  if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
    inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text.data(), text.size());
  else
    inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
  return {text.data(), ntohs(v6->sin6_port)};
}

Result<std::vector<SocketAddress>> look_up(const Endpoint& endpoint, bool passive) {
  LookUp result = look_up_now(endpoint, passive ? AI_PASSIVE : 0);
  if (const auto* failure = std::get_if<LookUpFailure>(&result))
    return Error{"cannot resolve \"" + endpoint.host + "\": " + failure->reason};
  return std::get<Addresses>(std::move(result));
}

std::variant<Socket, Failure> connect_tcp(const Endpoint& to, const Deadline& deadline) {
  std::optional<LookUp> names = look_up_within(to, deadline);
  if (!names) return Failure{Stage::resolve, Cause::timeout, "the name \"" + to.host + "\" was not resolved in time", {}};
  if (const auto* failure = std::get_if<LookUpFailure>(&*names))
    return Failure{Stage::resolve,
                   failure->ours ? Cause::local : Cause::unreachable,
                   "the name \"" + to.host + "\" does not resolve: " + failure->reason,
                   {}};
  const Addresses addresses = std::get<Addresses>(std::move(*names));
  Failure failure{Stage::resolve, Cause::unreachable, "the name \"" + to.host + "\" has no address", {}};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    // One silent address must not use up the time of the others.
    const auto share = deadline.left() / static_cast<int>(addresses.size() - i);
    auto tried = connect_one(addresses[i], to, Deadline::earlier(Deadline::after(share), deadline));
    if (std::holds_alternative<Socket>(tried)) return tried;
    if (says_more(std::get<Failure>(tried), failure)) failure = std::get<Failure>(std::move(tried));
  }
  return failure;
}

bool wait_for(int descriptor, short events, const Deadline& deadline) {
  pollfd entry{descriptor, events, 0};
  for (;;) {
    // One more millisecond than is left: the count is cut to whole ones, and waking early would only turn in a circle.
    const auto left = deadline.left().count();
    const int ready = ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left == 0 ? 0 : left + 1, 60000)));
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
    if (deadline.passed()) return false;
  }
}

bool let_receives_wait(int descriptor) noexcept {
  const timeval longest{longest_receive.count() / 1000, longest_receive.count() % 1000 * 1000};
  int non_blocking = 0;
  return setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof(longest)) == 0 &&
         ::ioctl(descriptor, FIONBIO, &non_blocking) == 0;
}

Cause cause_of(int error) noexcept {
  switch (error) {
    case ECONNREFUSED:
      return Cause::refused;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
      return Cause::reset;
    case ETIMEDOUT:
      return Cause::timeout;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EAFNOSUPPORT:
      return Cause::unreachable;
    default:
      return Cause::local;
  }
}

std::string error_text(int error) { return std::error_code(error, std::generic_category()).message(); }

BytesView Wire::beginning() const noexcept { return BytesView(first).first(std::min(received, first.size())); }

bool Wire::not_tls() const noexcept {
  constexpr Byte least_type = 20;
  constexpr Byte most_type = 24;
  constexpr Byte major_version = 3;
  if (received >= 1 && (first[0] < least_type || first[0] > most_type)) return true;
  return received >= 2 && first[1] != major_version;
}

void Wire::read_past_tls() noexcept {
  std::array<Byte, 48> more{};
  const ssize_t got = ::recv(descriptor, more.data(), more.size(), MSG_DONTWAIT);
  if (got > 0) keep_beginning(*this, BytesView(more).first(static_cast<std::size_t>(got)));
}

Status attach(SSL& ssl, Wire& wire) {
  crypto::BioHandle bio(BIO_new(wire_method()));
  if (!bio) return crypto::openssl_error("cannot make a TLS transport");
  BIO_set_data(bio.get(), &wire);
  BIO_set_init(bio.get(), 1);
  BIO* both = bio.release();
  SSL_set_bio(&ssl, both, both);  // takes the one reference for reading and writing
  return {};
}

}  // namespace est::net
