// One deliberate non-conformance of the misbehaving peer: a sentence, the scenarios it must make fail, and what it changes.
// All hooks are off by default; a fault sets one or two. The reference server knows nothing of them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ca/authority.h"
#include "est/http/message.h"
#include "est/net/server.h"
#include "est/tls/facts.h"
#include "server/config.h"

namespace conformance::selftest {

// What a hook may look at and use.
struct Scene {
  const est::http::Request& request;  // as received
  const est::net::Peer& peer;
  ca::Authority& authority;
};

// How the peer's process ends when it dies of what it was sent.
enum class Death {
  for_good,  // nobody listens any more
  restart,   // a supervisor starts it anew: the next connection finds nobody, later ones do
  freeze,    // connections are taken, and never answered again
  reborn,    // a supervisor starts it anew at once: the connections it had end, and the next one is served
};

struct Fault {
  std::string id;                       // "FAULT-ENROLL-03"; never reused
  std::string sentence;                 // "issues a certificate although the request's signature does not verify"
  std::vector<std::string> kills = {};  // scenarios that must not pass under it
  std::vector<std::string> also = {};   // further ones that may fail ("EST-SE-*"), because ...
  std::string because = {};             // ... of this

  std::function<void(server::Config&)> configure;                                     // before the peer starts
  std::function<void(est::http::Request&, est::tls::Facts&, ca::Authority&)> before;  // what the handler gets to see
  std::function<std::optional<est::http::Response>(const Scene&)> instead;            // answered without the handler
  std::function<void(const Scene&, est::http::Response&)> after;                      // what the handler answered
  std::function<void(const Scene&, est::net::Reply&)> wire;                           // the octets, and whether to close
  std::string called = {};                                                            // the host of the peer's URL; empty: its address
  bool plain_http = false;                                                            // answers plain HTTP on the TLS port
  // Sees what a client sends first, a whole ClientHello if it sends one; octets to answer with before closing, nothing: pass it on.
  std::function<std::optional<est::Bytes>(est::BytesView)> front = {};
  // After its operator had it reload by `action` of the profile ("reload", "renew-crl" ...).
  std::function<void(const std::string& action, bool done)> reloaded = {};
  bool never_asks_late = false;  // for client certificates
  // Octets the HTTP parser refused (the handler would answer 400 and close).
  std::function<std::optional<est::http::Response>(const est::http::Refusal&)> refusal;
  std::function<void(const est::http::Refusal&, est::net::Reply&)> refusal_wire;  // the octets of the answer to them
  // Whether the process dies of this request, of octets its HTTP parser refused, of a head whose
  // body has not come yet, or of octets that begin no sound TLS record.
  std::function<bool(const Scene&)> dies_of;
  std::function<bool(const est::http::Refusal&)> dies_of_refusal;
  std::function<bool(const est::http::Request&)> dies_of_head;
  bool dies_of_plain_octets = false;
  std::size_t dies_of_end_within = 0;  // of a client that ends its side within so many octets behind its ClientHello
  std::size_t dies_of_octets = 0;      // of so many from one client; 0: of no number
  bool leaves_open = false;            // closes no connection, whatever its server does
  bool one_at_a_time = false;          // serves the next connection when the last one is closed
  std::size_t places = 0;              // serves so many connections at a time, and drops those that say nothing; 0: any number
  Death death = Death::for_good;
  // Nothing can be learnt from the peer once the fault has shown: only the promised scenarios run.
  bool fatal = false;
};

// Every fault, grouped by what it attacks. The tables are in faults_*.cc.
[[nodiscard]] std::vector<Fault> all_faults();

[[nodiscard]] std::vector<Fault> tls_and_http_faults();
[[nodiscard]] std::vector<Fault> tls_faults();
[[nodiscard]] std::vector<Fault> cacerts_faults();
[[nodiscard]] std::vector<Fault> csrattrs_faults();
[[nodiscard]] std::vector<Fault> enroll_faults();
[[nodiscard]] std::vector<Fault> authentication_faults();
[[nodiscard]] std::vector<Fault> retry_faults();
[[nodiscard]] std::vector<Fault> robustness_faults();
[[nodiscard]] std::vector<Fault> http_rule_faults();
[[nodiscard]] std::vector<Fault> hostile_faults();
[[nodiscard]] std::vector<Fault> policy_faults();
[[nodiscard]] std::vector<Fault> attribute_faults();
[[nodiscard]] std::vector<Fault> serverkeygen_faults();
[[nodiscard]] std::vector<Fault> core_faults();
[[nodiscard]] std::vector<Fault> hostile_http_faults();
[[nodiscard]] std::vector<Fault> fullcmc_faults();
[[nodiscard]] std::vector<Fault> hostile_time_faults();
[[nodiscard]] std::vector<Fault> operator_faults();

}  // namespace conformance::selftest
