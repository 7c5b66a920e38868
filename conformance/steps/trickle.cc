#include "conformance/steps/trickle.h"

#include <utility>

namespace conformance::steps {
namespace {

constexpr est::Milliseconds longest_write{20};  // a peer that takes nothing must not stop the octets of the others

template <class Connection>
void send_on(std::vector<Connection>& connections, est::Byte octet) {
  std::erase_if(connections, [&](Connection& connection) {
    const auto failure = connection.write(est::BytesView(&octet, 1), est::Deadline::after(longest_write));
    return failure && failure->cause != est::net::Cause::timeout;
  });
}

}  // namespace

Trickle::Trickle(est::Byte octet, est::Milliseconds period) : octet_(octet), period_(period), thread_([this] { run(); }) {}

Trickle::~Trickle() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ending_.notify_all();
  thread_.join();
}

void Trickle::add(Held connections) {
  const std::lock_guard lock(mutex_);
  for (auto& connection : connections.tls) connections_.tls.push_back(std::move(connection));
  for (auto& connection : connections.plain) connections_.plain.push_back(std::move(connection));
}

void Trickle::run() {
  std::unique_lock lock(mutex_);
  while (!ending_.wait_for(lock, period_, [this] { return ended_; })) {
    send_on(connections_.tls, octet_);
    send_on(connections_.plain, octet_);
  }
}

}  // namespace conformance::steps
