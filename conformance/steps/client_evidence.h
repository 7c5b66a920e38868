// What a scripted server saw of a client, as evidence.
#pragma once

#include <vector>

#include "conformance/engine/evidence.h"
#include "conformance/peer/scripted_server.h"
#include "conformance/steps/client_start.h"
#include "conformance/steps/redact.h"

namespace conformance::steps {

inline constexpr std::size_t most_peer_exchanges = 60;

// One exchange a request, and one for each connection without any; at most `most_peer_exchanges`. Facts: "server" (first, other),
// "operation", "turn", "let-in", "asked-us" and "answered-us" (since the scenario began). Artefact "client-hello" at the first of each
// connection. `verb` is "request" or "connection".
[[nodiscard]] std::vector<engine::Exchange> peer_exchanges(const std::vector<peer::SeenConnection>& seen, const Redactor& redactor,
                                                           peer::Moment scenario_began);

// Facts "ended" (exited, signalled, timed-out, cannot), "exit-status" or "signal", "left-behind"; the output, redacted, as artefacts.
void note_end(const ClientEnd& end, const Redactor& redactor, engine::Exchange& exchange);

}  // namespace conformance::steps
