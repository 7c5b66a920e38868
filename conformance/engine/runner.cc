#include "conformance/engine/runner.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>

namespace conformance::engine {

namespace {

std::int64_t microseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
}

// Whatever a driver throws is our fault and becomes evidence of it.
template <class Act>
void guarded(Evidence& evidence, const std::string& where, Act act) {
  try {
    act();
  } catch (const std::exception& exception) {
    evidence.fault = where + " failed on our side: " + exception.what();
  } catch (...) {
    evidence.fault = where + " failed on our side for an unknown reason";
  }
}

// What is judged is what is stored: through JSON and back.
Evidence as_stored(const Evidence& evidence) {
  auto stored = evidence_from_json(to_json(evidence));
  if (stored) return *std::move(stored);
  Evidence broken{.scenario = evidence.scenario, .started = evidence.started};
  broken.fault = "the evidence cannot be stored: " + stored.error().message;
  return broken;
}

// Gathers the evidence of one scenario.
class Recorder {
 public:
  Recorder(const Scenario& scenario, const Vocabulary& vocabulary, Driver& driver, const RunOptions& options)
      : scenario_(scenario), vocabulary_(vocabulary), driver_(driver), options_(options) {
    evidence_.scenario = scenario.id;
    evidence_.started = (options.clock == nullptr ? est::system_clock() : *options.clock).now();
  }

  Evidence record() {
    guarded(evidence_, "the scenario", [&] {
      const auto session = driver_.begin(scenario_);
      if (scenario_.control && !control_succeeds(*session)) return;
      for (const auto& step : scenario_.steps) {
        if (!perform(*session, step, Phase::step, step.name)) break;
      }
    });
    // A new session, after the old one has closed its connections: a target that serves one peer at a time must not look dead.
    const bool steps_were_tried = evidence_.last(Phase::step) != nullptr;
    if (scenario_.control && steps_were_tried && evidence_.fault.empty() && options_.liveness_works) probe_liveness();
    return finish();
  }

  Evidence record_probe() {
    perform_liveness("liveness");
    return finish();
  }

 private:
  Evidence finish() {
    evidence_.duration_us = microseconds_since(start_);
    return as_stored(evidence_);
  }

  bool perform(Session& session, const Step& step, Phase phase, const std::string& name) {
    Exchange exchange{.name = name, .phase = phase, .verb = step.verb, .parameters = step.parameters};
    const auto begun = std::chrono::steady_clock::now();
    StepOutcome outcome{StepOutcome::Kind::fault, ""};
    guarded(evidence_, name + " (" + step.verb + ")", [&] { outcome = session.perform(step, evidence_, exchange); });
    if (exchange.duration_us == 0) exchange.duration_us = microseconds_since(begun);
    exchange.incomplete = outcome.kind != StepOutcome::Kind::recorded;
    evidence_.exchanges.push_back(std::move(exchange));
    if (outcome.kind == StepOutcome::Kind::cannot) evidence_.cannot = outcome.sentence;
    if (outcome.kind == StepOutcome::Kind::fault && evidence_.fault.empty()) evidence_.fault = outcome.sentence;
    return outcome.kind == StepOutcome::Kind::recorded;
  }

  bool control_succeeds(Session& session) {
    if (!perform(session, *scenario_.control, Phase::control, "control")) return false;
    const Evidence stored = as_stored(evidence_);
    const Exchange* control = stored.last(Phase::control);
    return control != nullptr && !not_successful(*control, stored, vocabulary_, options_.judge);
  }

  bool perform_liveness(const std::string& name) {
    const std::string cannot = evidence_.cannot;
    guarded(evidence_, "the liveness probe", [&] {
      const auto session = driver_.begin(scenario_);
      (void)perform(*session, options_.liveness ? *options_.liveness : driver_.liveness(), Phase::liveness, name);
    });
    if (!cannot.empty()) evidence_.cannot = cannot;  // the first reason is the one that counts
    const Evidence stored = as_stored(evidence_);
    const Exchange* probe = stored.find(name);
    return probe != nullptr && !probe->incomplete && !not_successful(*probe, stored, vocabulary_, options_.judge);
  }

  void probe_liveness() {
    if (perform_liveness("liveness") || !evidence_.fault.empty()) return;
    std::this_thread::sleep_for(options_.liveness_pause);
    perform_liveness("liveness-2");
  }

  const Scenario& scenario_;
  const Vocabulary& vocabulary_;
  Driver& driver_;
  const RunOptions& options_;
  Evidence evidence_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Runs the scenario if the claims allow it and nothing else forbids it (`given_up`, a sentence).
RunOne run_unless(const Scenario& scenario, const std::string& given_up, const Vocabulary& vocabulary, Driver& driver,
                  const RunOptions& options) {
  Evidence evidence{.scenario = scenario.id, .started = (options.clock == nullptr ? est::system_clock() : *options.clock).now()};
  evidence.unclaimed = scenario.needs.deciding_word([&](std::string_view word) { return options.claims.contains(word); });
  if (evidence.unclaimed.empty()) evidence.cannot = given_up;
  if (evidence.unclaimed.empty() && given_up.empty()) evidence = Recorder(scenario, vocabulary, driver, options).record();
  return {judge(scenario, evidence, vocabulary, options.judge), evidence};
}

bool answers(Driver& driver, const Vocabulary& vocabulary, const RunOptions& options) {
  return probe_succeeded(probe(driver, vocabulary, options), vocabulary, options.judge);
}

bool recovers(Driver& driver, const Vocabulary& vocabulary, const RunOptions& options) {
  const auto deadline = est::Deadline::after(options.recovery);
  while (!answers(driver, vocabulary, options)) {
    if (deadline.passed() || (options.cancelled && options.cancelled())) return false;
    std::this_thread::sleep_for(std::min<est::Milliseconds>(est::Milliseconds(500), deadline.left()));
  }
  return true;
}

// A sign that the target may be gone: worth one probe before the next scenario blames it for the same thing again.
bool looks_dead(const RunOne& one) {
  if (one.result.verdict == Verdict::pass || one.evidence.exchanges.empty()) return false;
  const auto& last = one.evidence.exchanges.back();
  const bool unreachable = last.failure && (last.failure->stage == "connect" || last.failure->stage == "resolve");
  const bool silent_probe = last.phase == Phase::liveness && one.evidence.find("liveness-2") != nullptr;
  return unreachable || silent_probe;
}

}  // namespace

Evidence probe(Driver& driver, const Vocabulary& vocabulary, const RunOptions& options) {
  Scenario scenario;
  scenario.id = "probe";
  return Recorder(scenario, vocabulary, driver, options).record_probe();
}

bool probe_succeeded(const Evidence& evidence, const Vocabulary& vocabulary, const JudgeOptions& options) {
  const Exchange* exchange = evidence.last(Phase::liveness);
  return exchange != nullptr && !exchange->incomplete && !not_successful(*exchange, evidence, vocabulary, options);
}

RunOne run_one(const Scenario& scenario, const Vocabulary& vocabulary, Driver& driver, const RunOptions& options) {
  return run_unless(scenario, "", vocabulary, driver, options);
}

std::vector<ScenarioResult> run(const std::vector<Scenario>& scenarios, const Vocabulary& vocabulary, Driver& driver,
                                const RunOptions& options) {
  std::vector<ScenarioResult> results;
  std::string given_up;  // why the rest cannot be run
  for (const auto& scenario : scenarios) {
    if (given_up.empty() && options.cancelled && options.cancelled()) given_up = "the run was interrupted before this scenario";
    if (options.started) options.started(scenario);
    RunOne one = run_unless(scenario, given_up, vocabulary, driver, options);
    if (options.finished) options.finished(scenario, one.result, one.evidence);
    if (given_up.empty() && options.liveness_works && looks_dead(one) && !recovers(driver, vocabulary, options)) {
      given_up = "the target stopped answering during " + scenario.id + " and did not come back";
    }
    results.push_back(std::move(one.result));
  }
  return results;
}

}  // namespace conformance::engine
