// One deliberate non-conformance of the misbehaving client: a sentence, the scenarios it must make fail, and what it changes.
// All hooks are off by default; a fault sets one. The reference client knows nothing of them: what is changed are its options, or what
// stands between it and the network, the files and the exit code.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/flags.h"
#include "client/settings.h"
#include "conformance/steps/client_start.h"

namespace conformance::selftest {

// One exchange of HTTP, as the client saw it.
struct Met {
  est::http::Request request;
  std::optional<est::http::Response> answer;  // nothing: it was cut off, or none came
};

// One drive: what the client is told, and what it has met so far.
struct ClientAct {
  const steps::Instructions& told;
  // Acts as the reference does, apart from what the fault changes otherwise; its exit code. May be called again.
  std::function<int()> once;
  std::vector<Met> met;
};

struct ClientFault {
  std::string id;                       // "FAULT-CL-TRUST-03"; never reused
  std::string sentence;                 // "compares host names with regard to case"
  std::vector<std::string> kills = {};  // scenarios that must not pass under it
  std::vector<std::string> also = {};   // further ones that may fail ("EST-CL-*"), because ...
  std::string because = {};             // ... of this

  std::function<void(client::Flags&)> told = {};          // how it understands what it is told
  std::function<void(client::Settings&)> configure = {};  // options, trust, ServerCheck, Interceptor
  std::function<int(ClientAct&)> act = {};                // how often it acts, and what it calls a success
  // How it renews what it maintains: by `renew` (its exit code), as often as it sees fit; the exit code in the end.
  std::function<int(const std::function<int()>& renew)> renews = {};
  // Another client altogether, in a few lines of its own; returns the exit code.
  std::function<int(const steps::Instructions&)> instead = {};
  bool fatal = false;  // only the promised scenarios are run
};

// Every fault, grouped by what it attacks. The tables are in client_faults_*.cc.
[[nodiscard]] std::vector<ClientFault> all_client_faults();

[[nodiscard]] std::vector<ClientFault> client_trust_faults();    // whom it believes
[[nodiscard]] std::vector<ClientFault> client_tls_faults();      // handshake and linking
[[nodiscard]] std::vector<ClientFault> client_http_faults();     // redirections, authentication, framing
[[nodiscard]] std::vector<ClientFault> client_request_faults();  // what it sends, and when
[[nodiscard]] std::vector<ClientFault> client_answer_faults();   // what it makes of answers
[[nodiscard]] std::vector<ClientFault> client_more_faults();     // scenarios from EST-CL-300 on
[[nodiscard]] std::vector<ClientFault> client_later_faults();    // those of them from EST-CL-380 on
[[nodiscard]] std::vector<ClientFault> client_proxy_faults();    // proxies, requests made elsewhere, fingerprints, odd Digest challenges

}  // namespace conformance::selftest
