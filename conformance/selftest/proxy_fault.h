// One deliberate non-conformance of the misbehaving proxy: a sentence, the scenarios it must make fail, and what it changes.
// All hooks are off by default; a fault sets one or two. The reference proxy knows nothing of them.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "client/session.h"
#include "est/http/message.h"
#include "est/net/server.h"
#include "proxy/config.h"
#include "proxy/upstream.h"

namespace conformance::selftest {

// What one proxy has met so far, for faults with a memory. Threads: any, under the mutex.
struct ProxyMemory {
  std::mutex mutex;
  est::http::Request asked;                      // by the last client
  std::optional<est::http::Response> said;       // by the upstream, last
  std::optional<est::http::Response> answered;   // to the client before
  std::optional<est::http::Response> generated;  // the first answer to /serverkeygen
  std::string label;                             // the first a client used
  bool failed = false;                           // it has told so, once
};

// What a hook may look at and use.
struct ProxyScene {
  const est::http::Request& request;  // as received
  const est::tls::Facts& facts;
  proxy::Upstream& upstream;
  ProxyMemory& memory;
};

using Between = std::function<client::Outcome<est::http::Response>(const est::http::Request&, const client::Send&, ProxyMemory&)>;

struct ProxyFault {
  std::string id;                       // "FAULT-PX-TRUST-03"; never reused
  std::string sentence;                 // "believes any upstream server"
  std::vector<std::string> kills = {};  // scenarios that must not pass under it
  std::vector<std::string> also = {};   // further ones that may fail ("EST-PX-*"), because ...
  std::string because = {};             // ... of this

  std::function<void(proxy::Config&)> configure = {};                                 // before it starts
  std::function<void(client::SessionOptions&)> adjust = {};                           // its connections upstream
  Between between = {};                                                               // it and the upstream, for each exchange
  std::function<void(est::http::Request&, est::tls::Facts&)> before = {};             // what it gets to see of a client
  std::function<std::optional<est::http::Response>(const ProxyScene&)> instead = {};  // answered without it
  std::function<void(const ProxyScene&, est::http::Response&)> after = {};            // what it answered
  bool one_at_a_time = false;                                                         // no request is looked at before the last is answered
  bool fatal = false;                                                                 // only the promised scenarios are run
};

// Every fault, grouped by what it attacks. The tables are in proxy_faults_*.cc.
[[nodiscard]] std::vector<ProxyFault> all_proxy_faults();

[[nodiscard]] std::vector<ProxyFault> proxy_request_faults();    // what it sends upstream, and as whom
[[nodiscard]] std::vector<ProxyFault> proxy_policy_faults();     // what it should not have handed on
[[nodiscard]] std::vector<ProxyFault> proxy_upstream_faults();   // whom it believes, and what it can read
[[nodiscard]] std::vector<ProxyFault> proxy_answer_faults();     // what it makes of answers
[[nodiscard]] std::vector<ProxyFault> proxy_operation_faults();  // the same, of /cacerts, /csrattrs, /serverkeygen and /fullcmc

}  // namespace conformance::selftest
