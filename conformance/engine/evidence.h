// What happened on the wire while a scenario ran: the only thing checks may look at, and what is stored on disk.
// A verdict is always derived from evidence that went through to_json() and back, so `estspec verify` cannot differ.
// Shapes and the file format are described in conformance/engine/evidence.md. Secrets are redacted before anything gets in here.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/engine/captured.h"
#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"

namespace conformance::engine {

using Json = nlohmann::json;

// One thing that happened, in order. Layers: "tcp", "tls", "http", "operator", "suite".
struct Event {
  std::int64_t at_us = 0;  // since the scenario began
  std::string layer;
  std::string what;    // "connected", "handshake-complete", "alert-received", "request-sent", "response-received", "closed" ...
  std::string detail;  // printable
};

// Why an exchange did not end in an HTTP response. Words are those of est::net::Stage and est::net::Cause.
struct WireFailure {
  std::string stage;
  std::string cause;
  std::string message;
  std::string alert;  // TLS alert name, empty if none
};

struct TlsRecord {
  std::string version;  // "TLS 1.3"
  std::string suite;
  bool resumed = false;
  bool secure_renegotiation = false;
  std::string alpn;
  bool verified = false;
  std::string verify_error;
  std::vector<est::Bytes> peer_chain;  // DER, leaf first
  est::Bytes tls_unique;
  est::Bytes tls_exporter;
};

// `peer`: what our scripted server saw of a client during the exchange before, whose name is the part of its name before the '/'.
enum class Phase { control, step, liveness, peer };
[[nodiscard]] std::string_view to_string(Phase phase) noexcept;

// One verb's doing: at most one HTTP request with its response on one connection. In phase `peer` the target is the one that sends the
// request, and the suite the one that answers.
struct Exchange {
  std::string name;  // result name: "control", "step-1", the script's `as:`, "liveness", or that of a drive with "/1", "/2" ... behind
  Phase phase = Phase::step;
  std::string verb;
  Json parameters = Json::object();  // as scripted
  int connection = 0;                // numbered from 1 within the scenario; 0 when none was opened
  bool new_connection = true;
  std::vector<Event> events;
  std::optional<WireFailure> failure;
  std::optional<TlsRecord> tls;
  std::string method;  // of the request sent; empty for raw octets
  std::string target;
  est::Bytes request;      // raw octets sent, secrets overwritten with '*' of the same length
  est::Bytes response;     // raw octets received, interim responses included; empty when none
  std::string peer_close;  // "open", "close_notify", "fin", "reset"
  std::int64_t duration_us = 0;
  bool incomplete = false;  // the verb could not finish (see Evidence::cannot); set by the runner, no check may judge it
  // What the verb made or knows, for checks: "csr" (DER), "spki", "sent-certificate", "expected-name" ...
  std::map<std::string, est::Bytes> artefacts;
  std::map<std::string, std::string> facts;  // "subject", "key", "credential", "waited-ms", "retry-of" ...
};

// How an idle connection fared beside something that was done on others.
struct WitnessRecord {
  std::string beside;    // "steps", or "control": the same time without the mutation
  bool outlived = true;  // still open at the end
};

struct Evidence {
  std::string scenario;
  est::UnixTime started = 0;
  std::int64_t duration_us = 0;
  std::vector<Exchange> exchanges;
  // Of scenarios tagged `hostile`: one, and two more where the first raised a suspicion. See engine/witness.h.
  std::vector<WitnessRecord> witnesses;
  // Set when a verb could not act: the scenario is then INCONCLUSIVE (cannot) or ERROR (fault), with this sentence.
  std::string cannot;
  std::string fault;
  // Set when the scenario was not run because the target does not claim this word of `needs`: NOT APPLICABLE.
  std::string unclaimed;
  // For tls.pcapng; not in JSON.
  std::vector<CapturedConnection> captured = {};

  [[nodiscard]] const Exchange* find(std::string_view name) const;
  [[nodiscard]] const Exchange* last(Phase phase) const;
};

[[nodiscard]] Json to_json(const Evidence& evidence);  // text that is not UTF-8 is repaired, so the result can always be dumped
[[nodiscard]] est::Result<Evidence> evidence_from_json(const Json& json);  // never throws on hostile input

}  // namespace conformance::engine
