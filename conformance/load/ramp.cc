#include "conformance/load/ramp.h"

#include <fmt/format.h>

namespace conformance::load {

using engine::Json;

const Result* Ramp::knee() const {
  const std::size_t held = steps.size() - (last_held || steps.empty() ? 0 : 1);
  return held == 0 ? nullptr : &steps[held - 1];
}

std::string beyond(const Result& step, const RampOptions& options) {
  if (step.tally.of(Outcome::wrong) != 0) return "an answer was wrong";
  const auto offered = static_cast<double>(step.tally.requests());
  const auto good = static_cast<double>(step.tally.good());
  if (good < options.least_part * offered) return fmt::format("only {:.0f} of {:.0f} requests were answered well", good, offered);
  if (step.good_per_second() < options.least_part * step.rate)
    return fmt::format("{:.1f} good answers per second came for {:.1f} offered", step.good_per_second(), step.rate);
  const auto p99 = step.tally.whole.quantile(0.99);
  if (p99 > options.most_p99) return fmt::format("p99 was {}, more than {}", duration_text(p99), duration_text(options.most_p99));
  return {};
}

est::Result<Ramp> climb(Plan plan, const RampOptions& options, const Watch& watch, const std::function<void(const Result&)>& told) {
  Ramp ramp;
  while (ramp.steps.size() < options.most_steps && !watch.stopped()) {
    auto step = run(plan, watch);
    if (!step && ramp.steps.empty()) return step.error();
    if (!step) {
      ramp.why_ended = step.error().message;
      return ramp;
    }
    if (watch.stopped()) break;  // a part of a step says nothing of the rate
    told(*step);
    ramp.steps.push_back(*std::move(step));
    ramp.why_ended = beyond(ramp.steps.back(), options);
    ramp.last_held = ramp.why_ended.empty();
    if (!ramp.last_held) return ramp;
    plan.rate *= options.factor;
  }
  ramp.why_ended = watch.stopped() ? "it was interrupted" : "the steps were used up; the knee is higher";
  return ramp;
}

Json to_json(const Ramp& ramp) {
  Json json{{"kind", "estspec-load-ramp"}, {"version", 1}, {"why-ended", ramp.why_ended}, {"knee", nullptr}, {"steps", Json::array()}};
  if (const Result* knee = ramp.knee()) json["knee"] = {{"rate", knee->rate}, {"good-per-second", knee->good_per_second()}};
  for (const Result& step : ramp.steps) json["steps"].push_back(to_json(step));
  return json;
}

std::string to_text(const Ramp& ramp) {
  std::string text = "  offered/s     good/s        p50        p99      p99.9\n";
  for (const Result& step : ramp.steps)
    text += fmt::format("{:>11.1f}{:>11.1f}{:>11}{:>11}{:>11}\n", step.rate, step.good_per_second(),
                        duration_text(step.tally.whole.quantile(0.5)), duration_text(step.tally.whole.quantile(0.99)),
                        duration_text(step.tally.whole.quantile(0.999)));
  const Result* knee = ramp.knee();
  text += knee == nullptr ? "no rate was kept up with: " : fmt::format("knee at {:.1f} requests per second: beyond it ", knee->rate);
  text += ramp.why_ended + "\n";
  for (const Result& step : ramp.steps)
    for (const std::string& warning : step.warnings()) text += fmt::format("warning at {:.1f} per second: {}\n", step.rate, warning);
  return text;
}

}  // namespace conformance::load
