// What a scripted server saw of a client, as evidence.
#pragma once

#include <vector>

#include "conformance/engine/evidence.h"
#include "conformance/peer/scripted_proxy.h"
#include "conformance/peer/scripted_server.h"
#include "conformance/steps/client_start.h"
#include "conformance/steps/redact.h"

namespace conformance::steps {

inline constexpr std::size_t most_peer_exchanges = 60;

// What the scenario's proxy saw, if there was one.
struct ProxyView {
  bool in_use = false;
  std::vector<peer::SeenAtProxy> seen;
  est::http::Credentials credentials;  // for the proxy
};

// One exchange a request, and one for each connection without any; at most `most_peer_exchanges`. Facts: "server" (first, other),
// "operation", "turn", "let-in", "asked-us" and "answered-us" (since the scenario began). Artefact "client-hello" at the first of each
// connection. `verb` is "request" or "connection". With a proxy: "came" (through-proxy, straight) of connections, "password" (of-the-proxy)
// of requests that hold the proxy's password; and an exchange with "server" proxy and "operation" connect for each request there, whose
// "password" is that of Proxy-Authorization: none, of-the-proxy, of-the-server, of-the-other.
[[nodiscard]] std::vector<engine::Exchange> peer_exchanges(const std::vector<peer::SeenConnection>& seen, const ProxyView& proxy,
                                                           const Redactor& redactor, peer::Moment scenario_began);

// Facts "ended" (exited, signalled, timed-out, cannot), "exit-status" or "signal", "left-behind"; the output, redacted, as artefacts.
void note_end(const ClientEnd& end, const Redactor& redactor, engine::Exchange& exchange);

}  // namespace conformance::steps
