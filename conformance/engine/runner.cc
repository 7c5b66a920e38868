#include "conformance/engine/runner.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>

#include "conformance/engine/parallel.h"
#include "conformance/engine/witness.h"

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
Evidence as_stored(Evidence& evidence) {
  auto stored = evidence_from_json(to_json(evidence));
  if (stored) stored->captured = std::move(evidence.captured);
  if (stored) return *std::move(stored);
  Evidence broken{.scenario = evidence.scenario, .started = evidence.started};
  broken.fault = "the evidence cannot be stored: " + stored.error().message;
  return broken;
}

est::UnixTime now(const RunOptions& options) { return (options.clock == nullptr ? est::system_clock() : *options.clock).now(); }

// Gathers the evidence of one scenario.
class Recorder {
 public:
  Recorder(const Scenario& scenario, const Vocabulary& vocabulary, Driver& driver, const RunOptions& options)
      : scenario_(scenario), vocabulary_(vocabulary), driver_(driver), options_(options) {
    evidence_.scenario = scenario.id;
    evidence_.started = now(options);
  }

  Evidence record() {
    WitnessStand witness(scenario_, driver_);
    guarded(evidence_, "the scenario", [&] {
      const auto session = begin_session();
      take_steps(*session, witness);
      keep_captured(*session, "");
    });
    // A new session, after the old one has closed its connections: a target that serves one peer at a time must not look dead.
    const bool steps_were_tried = evidence_.last(Phase::step) != nullptr;
    if (scenario_.control && steps_were_tried && evidence_.fault.empty() && options_.liveness_works) {
      const bool alive = probe_liveness();
      guarded(evidence_, "the witness", [&] { witness.hear(evidence_, alive); });
    }
    return finish();
  }

  [[nodiscard]] bool borrowed() const { return borrowed_; }

  Evidence record_probe() {
    perform_liveness("liveness");
    return finish();
  }

 private:
  std::unique_ptr<Session> begin_session() {
    auto session = driver_.begin(scenario_);
    if (options_.captures) session->capture();
    return session;
  }

  void take_steps(Session& session, WitnessStand& witness) {
    if (scenario_.control && !control_succeeds(session)) return;
    if (options_.witnesses && wants_witness(scenario_)) witness.call();
    for (const auto& step : scenario_.steps) {
      if (!perform(session, step, Phase::step, step.name)) break;
    }
  }

  void keep_captured(Session& session, const std::string& of) {
    if (!options_.captures) return;
    for (CapturedConnection& one : session.captured(start_)) {
      one.name.insert(0, of);
      evidence_.captured.push_back(std::move(one));
    }
  }

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
    append(std::move(outcome.further), name);
    if (outcome.kind == StepOutcome::Kind::cannot) evidence_.cannot = outcome.sentence;
    if (outcome.kind == StepOutcome::Kind::fault && evidence_.fault.empty()) evidence_.fault = outcome.sentence;
    return outcome.kind == StepOutcome::Kind::recorded;
  }

  void append(std::vector<Exchange> further, const std::string& name) {
    int number = 0;
    for (Exchange& one : further) {
      one.name = name + "/" + std::to_string(++number);
      one.phase = Phase::peer;
      evidence_.exchanges.push_back(std::move(one));
    }
  }

  [[nodiscard]] bool sharing() const {
    return options_.shared != nullptr && options_.may_share_control && options_.may_share_control(scenario_);
  }

  bool borrow_control() {
    auto shared = options_.shared->find(*scenario_.control);
    if (!shared) return false;
    evidence_.exchanges.push_back(*std::move(shared));
    borrowed_ = true;
    return true;
  }

  bool control_succeeds(Session& session) {
    if (sharing() && borrow_control()) return true;
    if (!perform(session, *scenario_.control, Phase::control, "control")) return false;
    const Exchange* control = evidence_.last(Phase::control);
    const bool good = control != nullptr && !not_successful(*control, evidence_, vocabulary_, options_.judge);
    if (good && sharing()) options_.shared->keep(scenario_.id, *scenario_.control, *control, now(options_));
    return good;
  }

  bool perform_liveness(const std::string& name) {
    const std::string cannot = evidence_.cannot;
    guarded(evidence_, "the liveness probe", [&] {
      const auto session = begin_session();
      (void)perform(*session, options_.liveness ? *options_.liveness : driver_.liveness(), Phase::liveness, name);
      keep_captured(*session, name + ", ");
    });
    if (!cannot.empty()) evidence_.cannot = cannot;  // the first reason is the one that counts
    const Exchange* probe = evidence_.find(name);
    return probe != nullptr && !probe->incomplete && !not_successful(*probe, evidence_, vocabulary_, options_.judge);
  }

  // Whether the target answered, be it the second time.
  bool probe_liveness() {
    if (perform_liveness("liveness")) return true;
    if (!evidence_.fault.empty()) return false;
    if (options_.shared != nullptr) options_.shared->forget();
    std::this_thread::sleep_for(options_.liveness_pause);
    return perform_liveness("liveness-2");
  }

  const Scenario& scenario_;
  const Vocabulary& vocabulary_;
  Driver& driver_;
  const RunOptions& options_;
  Evidence evidence_;
  bool borrowed_ = false;  // the control is another scenario's
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

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

namespace {

// The target took up the steps and answered no more afterwards: a control made now would only find it dead.
bool fell_silent(const Evidence& evidence) {
  const Exchange* step = evidence.last(Phase::step);
  const bool reached = step != nullptr && (!step->failure || step->failure->stage == "read" || step->failure->stage == "write");
  return reached && evidence.find("liveness-2") != nullptr;
}

}  // namespace

bool serves_several(Driver& driver, const Vocabulary& vocabulary, const RunOptions& options) {
  Scenario scenario;
  scenario.id = "probe";
  Evidence first{.scenario = scenario.id};
  Exchange exchange{.name = "liveness", .phase = Phase::liveness};
  const Step step = options.liveness ? *options.liveness : driver.liveness();
  exchange.verb = step.verb;
  exchange.parameters = step.parameters;
  std::unique_ptr<Session> open;
  guarded(first, "the probe", [&] {
    open = driver.begin(scenario);
    (void)open->perform(step, first, exchange);
  });
  return first.fault.empty() && probe_succeeded(probe(driver, vocabulary, options), vocabulary, options.judge);
}

RunOne run_unless(const Scenario& scenario, const std::string& given_up, const Vocabulary& vocabulary, Driver& driver,
                  const RunOptions& options) {
  Evidence evidence{.scenario = scenario.id, .started = now(options)};
  evidence.unclaimed = scenario.needs.deciding_word([&](std::string_view word) { return options.claims.contains(word); });
  if (evidence.unclaimed.empty()) evidence.cannot = given_up;
  if (!evidence.unclaimed.empty() || !given_up.empty()) return {judge(scenario, evidence, vocabulary, options.judge), evidence};
  Recorder recorder(scenario, vocabulary, driver, options);
  evidence = recorder.record();
  auto result = judge(scenario, evidence, vocabulary, options.judge);
  if (!recorder.borrowed() || result.verdict == Verdict::pass || fell_silent(evidence)) return {std::move(result), std::move(evidence)};
  RunOptions own = options;
  own.shared = nullptr;
  return run_unless(scenario, given_up, vocabulary, driver, own);
}

RunOne run_one(const Scenario& scenario, const Vocabulary& vocabulary, Driver& driver, const RunOptions& options) {
  return run_unless(scenario, "", vocabulary, driver, options);
}

std::vector<ScenarioResult> run(const std::vector<Scenario>& scenarios, const Vocabulary& vocabulary, Driver& driver,
                                const RunOptions& options) {
  return Run(scenarios, vocabulary, driver, options).results();
}

}  // namespace conformance::engine
