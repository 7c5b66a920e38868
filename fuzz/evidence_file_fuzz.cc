// evidence.json: what is read, written and read again, is the same; hostile input gives an error, never an exception.
#include "conformance/engine/evidence.h"
#include "conformance/engine/json.h"
#include "fuzz/target.h"

FUZZ_TARGET(evidence_file) {
  namespace engine = conformance::engine;
  const auto json = engine::parse_json(est::as_text(input));
  if (!json) return;
  const auto evidence = engine::evidence_from_json(*json);
  if (!evidence) return fuzz::require(!evidence.error().message.empty(), "a refusal says why");
  const engine::Json written = engine::to_json(*evidence);
  const auto again = engine::parse_json(engine::print_json(written));
  fuzz::require(again.ok() && *again == written, "what we print parses to the same");
  const auto back = engine::evidence_from_json(*again);
  fuzz::require(back.ok() && engine::to_json(*back) == written, "evidence survives");
}
