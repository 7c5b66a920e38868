// Writes into one exchange: events with their time since the scenario began, facts, artefacts, octets. All text and all wire octets pass
// the redactor here, so nothing secret can get into evidence by another way. What the suite itself sent is kept whole up to `most_kept`
// octets; of more, both ends are kept, and a fact "shortened NAME" tells the length and the SHA-256 of the whole.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "conformance/engine/evidence.h"
#include "conformance/steps/redact.h"
#include "est/net/client.h"
#include "est/tls/facts.h"

namespace conformance::steps {

inline constexpr std::size_t most_kept = std::size_t{256} << 10U;

class Recorder {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // Both references must outlive this object. The exchange's duration counts from here until finish().
  Recorder(engine::Exchange& exchange, const Redactor& redactor, Time scenario_began);

  void event(std::string_view layer, std::string_view what, std::string_view detail = {});
  void fact(const std::string& name, std::string_view value);
  // DER and the like; not searched for secrets.
  void artefact(const std::string& name, est::BytesView public_octets);
  void wire_artefact(const std::string& name, est::BytesView octets);
  void request(std::string_view method, std::string_view target, est::BytesView octets);
  // Private keys in it are overwritten (key_mask.h) when `may_hold_key`, and where its octets look like it.
  void response(est::BytesView octets, bool may_hold_key = false);
  void tls(const est::tls::Facts& facts);
  void failure(const est::net::Failure& failure);
  void clear_failure() { exchange_.failure.reset(); }
  void connection(int number, bool fresh);
  void peer_close(est::net::PeerClose close);
  void finish();

 private:
  [[nodiscard]] est::Bytes redacted(est::BytesView octets) const;
  [[nodiscard]] est::Bytes shortened(const std::string& name, est::Bytes octets);

  engine::Exchange& exchange_;
  const Redactor& redactor_;
  Time scenario_began_;
  Time began_;
};

[[nodiscard]] engine::WireFailure to_record(const est::net::Failure& failure);
[[nodiscard]] engine::TlsRecord to_record(const est::tls::Facts& facts);

}  // namespace conformance::steps
