#include "conformance/engine/witness.h"

#include <algorithm>
#include <thread>

namespace conformance::engine {

namespace {

constexpr est::Milliseconds last_words{150};      // for a process that takes a moment to end
constexpr est::Milliseconds longer_without{500};  // so that a connection that is closed after about so long is closed there, too

bool is_hostile(const Scenario& scenario) {
  return std::find(scenario.tags.begin(), scenario.tags.end(), "hostile") != scenario.tags.end();
}

// The target said nothing to the last step and did not wait either.
bool closed_without_answer(const Evidence& evidence) {
  const Exchange* step = evidence.last(Phase::step);
  if (step == nullptr || step->incomplete || !step->response.empty()) return false;
  if (!step->failure) return true;
  const auto& failure = *step->failure;
  return failure.cause != "timeout" && failure.cause != "local" && failure.stage != "connect" && failure.stage != "resolve";
}

bool perform(Session& session, const Step& step, Phase phase, const std::string& name, Evidence& apart) {
  Exchange exchange{.name = name, .phase = phase, .verb = step.verb, .parameters = step.parameters};
  const StepOutcome outcome = session.perform(step, apart, exchange);
  apart.exchanges.push_back(std::move(exchange));
  return outcome.kind == StepOutcome::Kind::recorded;
}

}  // namespace

bool wants_witness(const Scenario& scenario) { return scenario.control.has_value() && is_hostile(scenario); }

void WitnessStand::call() {
  witness_ = driver_.witness();
  called_ = std::chrono::steady_clock::now();
}

// The control, then the steps or so many further controls, so that there are as many connections either way.
bool WitnessStand::repeat(bool with_steps) {
  Evidence apart{.scenario = scenario_.id};
  const auto session = driver_.begin(scenario_);
  if (!perform(*session, *scenario_.control, Phase::control, "control", apart)) return false;
  return std::all_of(scenario_.steps.begin(), scenario_.steps.end(), [&](const Step& step) {
    return perform(*session, with_steps ? step : *scenario_.control, Phase::step, step.name, apart);
  });
}

// At least for `span` from its being called.
void WitnessStand::examine(Evidence& evidence, const std::string& beside, est::Milliseconds span) {
  const auto end = called_ + span;
  while (!witness_->ended() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(est::Milliseconds(20));
  evidence.witnesses.push_back({beside, !witness_->ended()});
}

void WitnessStand::hear(Evidence& evidence, bool alive) {
  if (!witness_) return;
  const auto span = std::chrono::duration_cast<est::Milliseconds>(std::chrono::steady_clock::now() - called_);
  const bool suspicious = alive && closed_without_answer(evidence);
  examine(evidence, "steps", suspicious ? span + last_words : est::Milliseconds::zero());
  if (evidence.witnesses.back().outlived || !suspicious) return;
  call();
  if (!witness_ || !repeat(false)) return;
  examine(evidence, "control", span + longer_without);
  if (!evidence.witnesses.back().outlived) return;
  call();
  if (witness_ && repeat(true)) examine(evidence, "steps", span + last_words);
}

bool tell_of_death(const std::vector<WitnessRecord>& witnesses) {
  return witnesses.size() == 3 && !witnesses[0].outlived && witnesses[1].outlived && !witnesses[2].outlived;
}

}  // namespace conformance::engine
