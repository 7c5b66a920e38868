#include "conformance/engine/judge.h"

#include <algorithm>
#include <exception>

#include "conformance/engine/witness.h"

namespace conformance::engine {

namespace {

constexpr std::size_t most_events = 80;
constexpr std::string_view control_cure =
    "make the plain exchange work first: look at the credentials, the CSR policy and the claims in the target profile";
constexpr std::string_view cannot_cure = "supply what is named here, or withdraw the claim, and run the scenario again";

CheckResult single(const std::string& check, const std::string& exchange, Verdict verdict, std::string observed) {
  return {.check = check, .exchange = exchange, .verdict = verdict, .observed = std::move(observed)};
}

// What a check is allowed to say is pass, warn, inconclusive or fail; anything else is a mistake of ours.
void complete(CheckResult& result, const std::string& text, const Exchange& exchange) {
  if (result.check.empty()) result.check = text;
  if (result.exchange.empty()) result.exchange = exchange.name;
  if (result.verdict == Verdict::not_applicable) result.verdict = Verdict::inconclusive;
}

std::vector<CheckResult> run_check(const CheckInfo& check, const std::string& text, const CheckInput& input) {
  try {
    auto results = check.run(input);
    if (results.empty()) results.push_back(single(text, input.exchange.name, Verdict::pass, ""));
    for (auto& result : results) complete(result, text, input.exchange);
    return results;
  } catch (const std::exception& exception) {
    return {single(text, input.exchange.name, Verdict::error, "the check '" + check.name + "' failed itself: " + exception.what())};
  }
}

std::string line_of(const Exchange& exchange, const Event& event) {
  return exchange.name + ": " + event.layer + " " + event.what + (event.detail.empty() ? "" : " (" + event.detail + ")");
}

std::string line_of(const Exchange& exchange, const WireFailure& failure) {
  return exchange.name + ": failed at " + failure.stage + ", " + failure.cause + (failure.alert.empty() ? "" : " " + failure.alert) + ": " +
         failure.message;
}

std::vector<std::string> events_of(const Evidence& evidence) {
  std::vector<std::string> lines;
  for (const auto& exchange : evidence.exchanges) {
    for (const auto& event : exchange.events) lines.push_back(line_of(exchange, event));
    if (exchange.failure) lines.push_back(line_of(exchange, *exchange.failure));
    if (exchange.events.empty() && !exchange.failure) lines.push_back(exchange.name + ": nothing was recorded");
  }
  if (lines.size() > most_events) {
    lines.erase(lines.begin() + most_events / 2, lines.end() - most_events / 2);
    lines.insert(lines.begin() + most_events / 2, "... (the middle is in the evidence file)");
  }
  return lines;
}

class Judge {
 public:
  Judge(const Scenario& scenario, const Evidence& evidence, const Vocabulary& vocabulary, const JudgeOptions& options)
      : scenario_(scenario), evidence_(evidence), vocabulary_(vocabulary), options_(options) {
    result_.id = scenario.id;
    result_.title = scenario.title;
    result_.role = scenario.role;
    result_.section = scenario.section;
    result_.level = scenario.level;
    result_.requirements = scenario.requirements;
    result_.seconds = static_cast<double>(evidence.duration_us) / 1e6;
  }

  ScenarioResult decide() {
    if (!evidence_.unclaimed.empty()) {
      result_.verdict = Verdict::not_applicable;
      result_.cause = "needs '" + evidence_.unclaimed + "', and the target profile says otherwise";
      return std::move(result_);
    }
    judge_faults();
    if (!evidence_.cannot.empty()) get_worse(Verdict::inconclusive, evidence_.cannot, cannot_cure);
    if (judge_control()) {
      judge_expectations();
      judge_liveness();
      judge_witnesses();
    }
    if (result_.verdict != Verdict::pass) result_.events = events_of(evidence_);
    return std::move(result_);
  }

 private:
  // The cause told is that of the first thing that made the verdict what it is.
  void get_worse(Verdict verdict, const std::string& cause, std::string_view cure = {}) {
    if (worse(verdict, result_.verdict) == result_.verdict) return;
    result_.verdict = verdict;
    result_.cause = cause;
    result_.cure = cure;
  }

  void judge_faults() {
    if (!evidence_.fault.empty()) get_worse(Verdict::error, evidence_.fault);
    for (const auto& exchange : evidence_.exchanges) {
      if (exchange.failure && exchange.failure->cause == "local") {
        get_worse(Verdict::error, exchange.name + " failed on our side: " + exchange.failure->message);
      }
    }
  }

  // Whether the rest may be judged.
  bool judge_control() {
    if (!scenario_.control) return true;
    const Exchange* control = evidence_.last(Phase::control);
    if (control == nullptr || control->incomplete) {
      result_.control = "not run" + (evidence_.cannot.empty() ? "" : ": " + evidence_.cannot);
      get_worse(Verdict::inconclusive, "the control was not run", cannot_cure);
      return false;
    }
    const auto problem = not_successful(*control, evidence_, vocabulary_, options_);
    if (!problem) {
      result_.control = "passed";
      return true;
    }
    result_.control = "failed: " + problem->observed;
    result_.checks.push_back(*problem);
    result_.checks.back().verdict = problem->verdict == Verdict::error ? Verdict::error : Verdict::inconclusive;
    get_worse(result_.checks.back().verdict, "the control, the same exchange without the mutation, did not succeed: " + problem->observed,
              control_cure);
    return false;
  }

  void judge_expectations() {
    for (const auto& expectation : scenario_.expect) {
      for (auto& result : judge_expectation(expectation)) {
        if (result.verdict == Verdict::fail && scenario_.level != Level::must) result.verdict = Verdict::warn;
        get_worse(result.verdict, result.observed, result.verdict == Verdict::inconclusive ? cannot_cure : "");
        result_.checks.push_back(std::move(result));
      }
    }
  }

  std::vector<CheckResult> judge_expectation(const Expectation& expectation) const {
    const CheckInfo* check = vocabulary_.check(expectation.check);
    if (check == nullptr)
      return {single(expectation.text, expectation.of, Verdict::error, "this version has no check '" + expectation.check + "'")};
    const Exchange* exchange = evidence_.find(expectation.of);
    if (exchange == nullptr || exchange->incomplete) {
      const std::string what = "'" + expectation.of + "' was " + (exchange == nullptr ? "not reached" : "not completed");
      return {single(expectation.text, expectation.of, Verdict::inconclusive,
                     evidence_.cannot.empty() ? what : what + ": " + evidence_.cannot)};
    }
    return run_check(*check, expectation.text, {evidence_, *exchange, expectation.parameters, options_.target, options_.strict});
  }

  void judge_liveness() {
    if (!scenario_.control) return;
    const Exchange* last = evidence_.last(Phase::liveness);
    if (last == nullptr || last->incomplete) {
      return get_worse(Verdict::inconclusive, "whether the target is still alive was not probed", "run the scenario again");
    }
    const auto died = not_successful(*last, evidence_, vocabulary_, options_);
    const Exchange* first = evidence_.find("liveness");
    if (died) {
      result_.checks.push_back(*died);
      result_.checks.back().expected = "the target goes on serving after " + scenario_.mutation;
      const std::string cause = "the target no longer answers after " + scenario_.mutation + ": " + died->observed;
      get_worse(died->verdict == Verdict::warn ? Verdict::fail : died->verdict, cause);
    } else if (first != nullptr && first != last) {
      result_.checks.push_back(single("liveness", last->name, Verdict::warn, "the target answered again only at the second probe"));
      get_worse(Verdict::warn,
                "after " + scenario_.mutation + " the target answered again only at the second probe, as if it had restarted");
    }
  }

  void judge_witnesses() {
    if (!tell_of_death(evidence_.witnesses)) return;
    const std::string what = "the target's other connections ended each time it got " + scenario_.mutation + ", and not without it";
    const Exchange* step = evidence_.last(Phase::step);
    result_.checks.push_back(single("witness", step == nullptr ? "" : step->name, Verdict::fail, what));
    result_.checks.back().expected = "the target goes on serving others after " + scenario_.mutation;
    get_worse(Verdict::fail, what + ", as if its process had died of it and been started anew");
  }

  const Scenario& scenario_;
  const Evidence& evidence_;
  const Vocabulary& vocabulary_;
  const JudgeOptions& options_;
  ScenarioResult result_;
};

}  // namespace

std::optional<CheckResult> not_successful(const Exchange& exchange, const Evidence& evidence, const Vocabulary& vocabulary,
                                          const JudgeOptions& options) {
  const VerbInfo* verb = vocabulary.verb(exchange.verb);
  const CheckInfo* check = verb == nullptr ? nullptr : vocabulary.check(verb->success_check);
  if (check == nullptr) {
    return single("success", exchange.name, Verdict::error, "this version cannot tell whether '" + exchange.verb + "' succeeded");
  }
  const std::string text = check->name + (verb->success_parameters.empty() ? "" : ": " + verb->success_parameters.dump());
  const auto results = run_check(*check, text, {evidence, exchange, verb->success_parameters, options.target, options.strict});
  const auto bad = std::find_if(results.begin(), results.end(), [](const CheckResult& result) { return result.verdict > Verdict::warn; });
  if (bad == results.end()) return std::nullopt;
  return *bad;
}

ScenarioResult judge(const Scenario& scenario, const Evidence& evidence, const Vocabulary& vocabulary, const JudgeOptions& options) {
  return Judge(scenario, evidence, vocabulary, options).decide();
}

}  // namespace conformance::engine
