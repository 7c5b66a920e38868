// The witness: an idle connection beside those of a hostile scenario. Where an RFC lets the target close a connection instead of answering,
// a process that died of the message and was started anew at once looks like one that closed. Its other connections tell them apart.
//
// Idle connections end for many reasons, so one that ended proves nothing. Only where the target also closed without an answer and lives,
// the same time is spent beside a new witness without the mutation, and once more with it. The target is blamed when the witness outlived
// the time without and neither of the others: short idle times, and room for few connections, end all three or none.
#pragma once

#include <chrono>

#include "conformance/engine/evidence.h"
#include "conformance/engine/scenario.h"
#include "conformance/engine/vocabulary.h"
#include "est/base/clock.h"

namespace conformance::engine {

// Tagged `hostile`, and with a control to compare with.
[[nodiscard]] bool wants_witness(const Scenario& scenario);

// The witness of one scenario. Throws what the driver throws.
class WitnessStand {
 public:
  WitnessStand(const Scenario& scenario, Driver& driver) : scenario_(scenario), driver_(driver) {}
  // Before the steps.
  void call();
  // After the steps and the liveness probe: adds to evidence.witnesses, and asks further where that is worth it. `alive`: the probe's word.
  void hear(Evidence& evidence, bool alive);

 private:
  void examine(Evidence& evidence, const std::string& beside, est::Milliseconds span);
  [[nodiscard]] bool repeat(bool with_steps);

  const Scenario& scenario_;
  Driver& driver_;
  std::unique_ptr<Witness> witness_;
  std::chrono::steady_clock::time_point called_;
};

// Whether what the witnesses say comes to a process that ended.
[[nodiscard]] bool tell_of_death(const std::vector<WitnessRecord>& witnesses);

}  // namespace conformance::engine
