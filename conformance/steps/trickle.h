// Connections on which one octet after another is sent, slowly, for as long as the object lives.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "est/base/clock.h"
#include "est/net/client.h"

namespace conformance::steps {

// The connections of a scenario that it brought to some point and left there.
struct Held {
  std::vector<est::net::ClientConnection> tls;
  std::vector<est::net::PlainConnection> plain;
};

// A thread of its own sends. A connection that takes no more is left out; none is ever read.
class Trickle {
 public:
  Trickle(est::Byte octet, est::Milliseconds period);
  ~Trickle();  // ends the thread, then the connections
  Trickle(const Trickle&) = delete;
  Trickle& operator=(const Trickle&) = delete;

  // Threads: only that of the owner.
  void add(Held connections);

 private:
  void run();

  const est::Byte octet_;
  const est::Milliseconds period_;
  std::mutex mutex_;
  std::condition_variable ending_;
  Held connections_;    // guarded by mutex_
  bool ended_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace conformance::steps
