// The words scripts are made of: verbs act and record, checks judge. Both are declared with documented parameters, so that
// `estspec verbs` can print them and the linter can refuse anything else. The engine knows nothing of EST.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/engine/evidence.h"
#include "conformance/engine/scenario.h"
#include "conformance/engine/verdict.h"

namespace conformance::engine {

// `result` is the name of an earlier result of the scenario or of something else the verb documents (`choices` lists those words); the
// linter refuses names that are neither.
enum class ParameterType { text, number, boolean, choice, list, map, result };
[[nodiscard]] std::string_view to_string(ParameterType type) noexcept;

struct Parameter {
  std::string name;
  ParameterType type = ParameterType::text;
  std::vector<std::string> choices;  // for `choice`
  std::string meaning;
  bool required = false;
};

struct VerbInfo {
  std::string name;
  std::string meaning;
  std::vector<Parameter> parameters;
  // The check (with parameters) that says this verb's exchange succeeded; used to judge controls. Empty: may not be a control.
  std::string success_check;
  Json success_parameters = Json::object();
  // The one parameter that a bare value stands for: `- pause: 500`. Empty: none.
  std::string shorthand = {};
};

// Pure: no clock, no files, no network. `target` is the non-secret part of the profile, as stored with the results.
struct CheckInput {
  const Evidence& evidence;
  const Exchange& exchange;
  const Json& parameters;
  const Json& target;
  bool strict = false;
};

// A check may return several results (one per thing looked at); an empty list means "nothing to complain about", i.e. pass.
using CheckFunction = std::function<std::vector<CheckResult>(const CheckInput&)>;

struct CheckInfo {
  std::string name;
  std::string meaning;
  std::vector<Parameter> parameters;
  CheckFunction run;
  // The one parameter that a bare value stands for: `- status: 200` is `- status: {is: 200}`. Empty: none.
  std::string shorthand;
};

class Vocabulary {
 public:
  // A name added twice replaces the first.
  void add(VerbInfo verb);
  void add(CheckInfo check);
  // What `needs` may name: claims of the ICS, with their meaning.
  void add_claim(std::string name, std::string meaning);

  [[nodiscard]] const VerbInfo* verb(std::string_view name) const;
  [[nodiscard]] const CheckInfo* check(std::string_view name) const;
  [[nodiscard]] bool has_claim(std::string_view name) const;
  [[nodiscard]] const std::vector<VerbInfo>& verbs() const noexcept { return verbs_; }
  [[nodiscard]] const std::vector<CheckInfo>& checks() const noexcept { return checks_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& claims() const noexcept { return claims_; }

 private:
  std::vector<VerbInfo> verbs_;
  std::vector<CheckInfo> checks_;
  std::vector<std::pair<std::string, std::string>> claims_;
};

// What a verb's doing came to, apart from the evidence it recorded.
struct StepOutcome {
  enum class Kind {
    recorded,  // the exchange tells the rest, be it a response, a refusal or silence
    cannot,    // the profile lacks something, or the target made the step impossible: INCONCLUSIVE with `sentence`
    fault,     // our own failure: ERROR with `sentence`
  };
  Kind kind = Kind::recorded;
  std::string sentence;
  // What a scripted server saw meanwhile; recorded behind the exchange, in this order, in phase `peer`.
  std::vector<Exchange> further = {};
};

// Runs the steps of one scenario: owns its connections, keys and names. One thread.
class Session {
 public:
  virtual ~Session() = default;
  // Fills `exchange` (name, phase, verb and parameters are already set) and may look at what was recorded before.
  [[nodiscard]] virtual StepOutcome perform(const Step& step, const Evidence& before, Exchange& exchange) = 0;
  // Before the first step: the TLS connections are to be captured, where the driver can. They are asked for once, after the last step, and
  // those that are still open may be closed then.
  virtual void capture() {}
  [[nodiscard]] virtual std::vector<CapturedConnection> captured(std::chrono::steady_clock::time_point /*scenario_began*/) { return {}; }
};

// A connection that says nothing, beside those of a scenario. A target whose process ends takes it down, whoever kills it.
class Witness {
 public:
  virtual ~Witness() = default;
  // Whether the target has ended it by now. Never blocks.
  [[nodiscard]] virtual bool ended() = 0;
};

// Makes sessions. Threads: begin() may be called from several at once.
class Driver {
 public:
  virtual ~Driver() = default;
  // For scenarios with the tag `hostile`; null when there is none to be had.
  [[nodiscard]] virtual std::unique_ptr<Witness> witness() { return nullptr; }
  [[nodiscard]] virtual std::unique_ptr<Session> begin(const Scenario& scenario) = 0;
  // The step used as liveness probe after a scenario with a control, and the one used to see that the target can be reached at all.
  [[nodiscard]] virtual Step liveness() const = 0;
};

}  // namespace conformance::engine
