// results.json: what is read, written and read again, is the same, with the same exit code; the other writers cope with all of it.
#include "conformance/engine/json.h"
#include "conformance/report/results.h"
#include "fuzz/target.h"

FUZZ_TARGET(results_file) {
  namespace engine = conformance::engine;
  namespace report = conformance::report;
  const auto json = engine::parse_json(est::as_text(input));
  if (!json) return;
  const auto results = report::results_from_json(*json);
  if (!results) return fuzz::require(!results.error().message.empty(), "a refusal says why");
  const engine::Json written = report::to_json(*results);
  const auto again = engine::parse_json(engine::print_json(written));
  fuzz::require(again.ok() && *again == written, "what we print parses to the same");
  const auto back = report::results_from_json(*again);
  fuzz::require(back.ok() && report::to_json(*back) == written, "results survive");
  fuzz::require(report::exit_code(*back) == report::exit_code(*results), "with their exit code");
  (void)report::junit_xml(*results);
  (void)report::certificates_csv(*results);
  (void)report::text_summary(*results, {}, {}, {});
}
