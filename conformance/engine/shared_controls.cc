#include "conformance/engine/shared_controls.h"

#include "conformance/engine/json.h"

namespace conformance::engine {

namespace {

std::string key_of(const Step& control) { return control.verb + " " + print_json(control.parameters, -1); }

}  // namespace

std::optional<Exchange> SharedControls::find(const Step& control) const {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(key_of(control));
  if (found == kept_.end() || std::chrono::steady_clock::now() - found->second.since > longest_) return std::nullopt;
  return found->second.exchange;
}

void SharedControls::keep(const std::string& scenario, const Step& control, const Exchange& exchange, est::UnixTime made_at) {
  Kept kept{exchange, std::chrono::steady_clock::now()};
  kept.exchange.facts["shared-from"] = scenario;
  kept.exchange.facts["shared-made-at"] = est::iso8601(made_at);
  kept.exchange.connection = 0;
  kept.exchange.events.insert(kept.exchange.events.begin(),
                              {0, "suite", "control-shared", "made for " + scenario + " at " + est::iso8601(made_at)});
  const std::lock_guard lock(mutex_);
  kept_.insert_or_assign(key_of(control), std::move(kept));
}

void SharedControls::forget() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
}

}  // namespace conformance::engine
