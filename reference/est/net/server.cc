#include "est/net/server.h"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <mutex>
#include <system_error>
#include <thread>

#include "est/net/listen.h"
#include "est/net/loop.h"
#include "est/net/shared.h"
#include "est/net/socket.h"

namespace est::net {
namespace {

// Descriptors the process keeps for itself: files, databases, loops, logs.
constexpr rlim_t spare_descriptors = 64;

ServerLimits within_descriptors(ServerLimits limits, const Log& log) {
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0 || descriptors.rlim_cur == RLIM_INFINITY) return limits;
  const rlim_t usable = descriptors.rlim_cur > 2 * spare_descriptors ? descriptors.rlim_cur - spare_descriptors : descriptors.rlim_cur / 2;
  if (limits.connections <= usable) return limits;
  log.write(LogLevel::warning, "server.fewer-connections",
            {{"wanted", std::to_string(limits.connections)}, {"possible", std::to_string(usable)}, {"cure", "raise ulimit -n"}});
  limits.connections = usable;
  return limits;
}

// Signals belong to the program's own thread.
class SignalsHeldBack {
 public:
  SignalsHeldBack() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;
  ~SignalsHeldBack() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

struct Server::Impl {
  Impl(const ServerLimits& limits, std::shared_ptr<const tls::ServerContext> context, Application& application, const Log& log,
       Timers* timers)
      : shared(limits, std::move(context), application, log, timers) {}
  ~Impl() { end(); }

  // New connections are refused from here on, also those the kernel would still queue.
  void stop_listening() {
    const std::lock_guard lock(mutex);
    for (const Socket& listener : listeners) ::shutdown(listener.get(), SHUT_RDWR);
  }

  void end() {
    const std::lock_guard lock(mutex);
    for (const auto& loop : loops) loop->wake();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
    shared.workers.stop();  // before the loops they report to
    loops.clear();
    listeners.clear();
  }

  Shared shared;
  std::vector<Endpoint> endpoints;
  std::vector<Socket> listeners;
  std::vector<std::unique_ptr<Loop>> loops;  // after the listeners they borrow
  std::mutex mutex;                          // guards the end
  std::vector<std::thread> threads;
  unsigned worker_count = 0;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  impl_->shared.stopping = true;
  impl_->end();
}

Result<std::unique_ptr<Server>> Server::bind(const Options& options, std::shared_ptr<const tls::ServerContext> context,
                                             Application& application, const Log& log) {
  if (options.listen.empty()) return Error{"no address to listen on is given"};
  auto impl = std::make_unique<Impl>(within_descriptors(options.limits, log), std::move(context), application, log, options.timers);
  for (const Endpoint& endpoint : options.listen) {
    Result<std::vector<Socket>> listeners = listen_on(endpoint);
    if (!listeners) return listeners.error();
    std::move(listeners->begin(), listeners->end(), std::back_inserter(impl->listeners));
  }
  for (const Socket& listener : impl->listeners) {
    SocketAddress address;
    if (getsockname(listener.get(), address.get(), &address.length) == 0) impl->endpoints.push_back(address.endpoint());
  }
  const unsigned count = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < count; ++i) {
    Result<std::unique_ptr<Loop>> loop = Loop::make(impl->shared, impl->listeners);
    if (!loop) return loop.error();
    impl->loops.push_back(std::move(*loop));
  }
  impl->worker_count = options.workers;
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Status Server::start() {
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->threads.empty()) return Error{"the server runs already"};
  if (impl_->loops.empty()) return Error{"the server is over"};
  const SignalsHeldBack held_back;
  try {
    impl_->shared.workers.start(impl_->worker_count);
    for (const auto& loop : impl_->loops) impl_->threads.emplace_back([&loop = *loop] { loop.run(); });
  } catch (const std::system_error& error) {
    return Error{std::string("cannot start the server's threads: ") + error.what()};
  }
  return {};
}

std::vector<Endpoint> Server::listening() const { return impl_->endpoints; }

void Server::replace_context(std::shared_ptr<const tls::ServerContext> context) { impl_->shared.replace_context(std::move(context)); }

void Server::drain() {
  impl_->shared.draining = true;
  impl_->stop_listening();
  impl_->end();
}

Server::Counters& Server::Counters::operator+=(const Counters& more) {
  accepted += more.accepted;
  open += more.open;
  handshake_failures += more.handshake_failures;
  requests += more.requests;
  timeouts += more.timeouts;
  refused += more.refused;
  return *this;
}

Server::Counters Server::counters() const {
  const Shared& shared = impl_->shared;
  return {shared.accepted, shared.open, shared.handshake_failures, shared.requests, shared.timeouts, shared.refused};
}

}  // namespace est::net
