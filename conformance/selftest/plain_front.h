// A front that passes octets through to a server behind it. It is what a fault needs that lies below TLS: serving plain HTTP on the TLS
// port, a process that dies, is started anew, or freezes, or what no
// TLS library lets a server answer to a ClientHello.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "conformance/selftest/fault.h"
#include "est/base/result.h"
#include "est/net/address.h"

namespace conformance::selftest {

struct FrontOptions {
  bool plain_http = false;             // whoever speaks no TLS is answered here
  bool dies_of_plain_octets = false;   // what begins no sound TLS record ends the process
  std::size_t dies_of_end_within = 0;  // an end of the client's side within so many octets behind its first ends the process
  std::size_t dies_of_octets = 0;      // so many from one client end the process; 0: no number does
  bool leaves_open = false;            // the connections of clients that are served or gone
  bool one_at_a_time = false;          // a connection is served when the one before it has been closed
  std::size_t places = 0;              // so many are served at a time, and one that says nothing for a moment is dropped; 0: any number
  Death death = Death::for_good;
  std::shared_ptr<std::atomic<bool>> died = {};  // set by whoever sees the peer die; never null
  // What to answer to the first octets of a connection (a whole ClientHello, or what came within a moment) before closing; nothing: pass
  // them on. Called from several threads.
  std::function<std::optional<est::Bytes>(est::BytesView first)> answer = {};
};

class PlainFront {
 public:
  // Listens on a free loopback port. Connections and threads end with the object.
  [[nodiscard]] static est::Result<std::unique_ptr<PlainFront>> start(const est::net::Endpoint& behind, const FrontOptions& options);
  ~PlainFront();
  [[nodiscard]] est::net::Endpoint listening() const;

 private:
  struct Impl;
  explicit PlainFront(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace conformance::selftest
