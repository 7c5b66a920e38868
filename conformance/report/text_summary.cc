#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "conformance/report/results.h"
#include "conformance/report/script.h"
#include "est/base/text.h"

namespace conformance::report {

namespace {

using engine::Catalogue;
using engine::Scenario;
using engine::ScenarioResult;
using engine::Verdict;

constexpr std::size_t indent = 15;

std::string_view colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "\x1b[32m";
    case Verdict::warn:
      return "\x1b[33m";
    case Verdict::inconclusive:
      return "\x1b[35m";
    case Verdict::fail:
    case Verdict::error:
      return "\x1b[31m";
    case Verdict::not_applicable:
      return "\x1b[2m";
  }
  return "";
}

std::string coloured(Verdict verdict, const std::string& text, bool colour) {
  return colour ? std::string(colour_of(verdict)) + text + "\x1b[0m" : text;
}

// What came over the wire may hold escape sequences; nothing of it may reach a terminal.
std::string safe(const std::string& text) { return est::printable(text, 4000); }

class Writer {
 public:
  explicit Writer(const TextOptions& options) : options_(options) {}

  // "  label        text", broken at blanks and indented. Nothing for an empty text.
  void part(const std::string& label, const std::string& text) {
    if (text.empty()) return;
    std::string line = fmt::format("  {:<{}}", label, indent - 2);
    std::size_t used = line.size();
    const std::string printable = safe(text);
    for (const auto word : est::split(printable, ' ')) {
      if (used > indent && used + 1 + word.size() > options_.width) {
        text_ += line + "\n";
        line = std::string(indent, ' ');
        used = indent;
      }
      const std::string_view blank = used > indent ? " " : "";
      line += std::string(blank) + std::string(word);
      used += blank.size() + word.size();
    }
    text_ += line + "\n";
  }

  // Kept on one line, for copying.
  void command(const std::string& label, const std::string& text) {
    if (!text.empty()) text_ += fmt::format("  {:<{}}{}\n", label, indent - 2, safe(text));
  }

  void line(const std::string& text) { text_ += text + "\n"; }
  std::string take() { return std::move(text_); }

 private:
  const TextOptions& options_;
  std::string text_;
};

const Scenario* scenario_of(const std::vector<Scenario>& scenarios, const std::string& id) {
  const auto found = std::find_if(scenarios.begin(), scenarios.end(), [&](const Scenario& scenario) { return scenario.id == id; });
  return found == scenarios.end() ? nullptr : &*found;
}

// The seven parts of a finding, in the order people need them.
class Finding {
 public:
  Finding(const Results& results, const ScenarioResult& result, const Scenario* scenario, const Catalogue& catalogue,
          const TextOptions& options)
      : results_(results), result_(result), scenario_(scenario), catalogue_(catalogue), options_(options), writer_(options) {}

  std::string write() {
    const std::string verdict(to_string(result_.verdict));
    writer_.line(coloured(result_.verdict, verdict, options_.colour) + " " + safe(result_.id) + "  " + safe(result_.title));
    if (result_.deviation) {
      writer_.part("known",
                   fmt::format("until {} ({}): {}", result_.deviation->expires, result_.deviation->owner, result_.deviation->reason));
    }
    writer_.part("not scored", result_.not_scored);
    writer_.part("what", result_.cause);
    if (result_.verdict == Verdict::inconclusive) writer_.part("to conclude", result_.cure);
    write_requirements();
    write_sent();
    write_checks();
    write_events();
    if (!result_.control.empty()) writer_.part("control", result_.control);
    if (scenario_ != nullptr) writer_.part("why", scenario_->why);
    write_pointers();
    return writer_.take();
  }

 private:
  void write_requirements() {
    for (const auto& id : result_.requirements) {
      const auto* requirement = catalogue_.requirement(id);
      const std::string text = requirement == nullptr ? id
                                                      : fmt::format("{} (RFC {} section {}, {}): {}", id, requirement->rfc,
                                                                    requirement->section, requirement->level, requirement->text);
      writer_.part("requirement", text);
    }
    std::vector<std::string> cited;
    for (const auto& check : result_.checks) {
      const bool fresh = std::find(cited.begin(), cited.end(), check.interpretation) == cited.end();
      if (check.verdict == Verdict::pass || check.interpretation.empty() || !fresh) continue;
      cited.push_back(check.interpretation);
      const auto* interpretation = catalogue_.interpretation(check.interpretation);
      writer_.part("reading", check.interpretation + (interpretation == nullptr ? "" : ", contested: " + interpretation->question));
    }
  }

  void write_sent() {
    if (scenario_ == nullptr) return;
    std::vector<std::string> steps;
    for (const auto& step : scenario_->steps) steps.push_back(to_script(step));
    std::string sent = est::join(steps, "; ");
    if (!scenario_->mutation.empty()) sent += "; changed: " + scenario_->mutation;
    writer_.part("sent", sent);
  }

  void write_checks() {
    for (const auto& check : result_.checks) {
      if (check.verdict == Verdict::pass) continue;
      writer_.part("expected", check.expected.empty() ? check.check : check.expected);
      // A finding of its own beside what decided the verdict.
      const std::string also = check.verdict == Verdict::warn && result_.verdict != Verdict::warn ? "WARN, " : "";
      writer_.part("observed", also + (check.layer.empty() ? "" : check.layer + ": ") +
                                   (check.exchange.empty() ? "" : check.exchange + ", ") + check.observed);
    }
  }

  void write_events() {
    const std::size_t shown = std::min(result_.events.size(), options_.most_events);
    if (shown < result_.events.size()) writer_.part("events", fmt::format("the last {} of {}:", shown, result_.events.size()));
    for (std::size_t i = result_.events.size() - shown; i < result_.events.size(); ++i) {
      writer_.part(i == 0 ? "events" : "", result_.events[i]);
    }
  }

  void write_pointers() {
    if (!results_.command.empty()) writer_.command("run again", results_.command + " --select " + result_.id + " --out estspec-again");
    writer_.command("by hand", result_.reproduce);
    if (!result_.evidence.empty()) writer_.command("evidence", (options_.folder.empty() ? "" : options_.folder + "/") + result_.evidence);
  }

  const Results& results_;
  const ScenarioResult& result_;
  const Scenario* scenario_;
  const Catalogue& catalogue_;
  const TextOptions& options_;
  Writer writer_;
};

// Which claims were not made, and what that left out.
std::string not_applicable(const Results& results, const TextOptions& options) {
  std::map<std::string, std::vector<std::string>> by_cause;
  for (const auto& result : results.scenarios) {
    if (result.verdict == Verdict::not_applicable) by_cause[result.cause].push_back(result.id);
  }
  if (by_cause.empty()) return {};
  Writer writer(options);
  writer.line(coloured(Verdict::not_applicable, "NOT APPLICABLE", options.colour));
  for (const auto& [cause, ids] : by_cause) writer.part(fmt::format("{}", ids.size()), cause + ": " + est::join(ids, ", "));
  return writer.take() + "\n";
}

std::string_view words_for(int code) {
  switch (code) {
    case 0:
      return "CONFORMANT as far as tested";
    case 1:
      return "NOT CONFORMANT";
    case 3:
      return "STALE: the list of known deviations does not describe this target";
    case 2:
      return "INCONCLUSIVE: something claimed could not be exercised";
    case 4:
      return "NOTHING TESTED";
    default:
      return "ERROR in the suite: the result does not count";
  }
}

std::string target_line(const Results& results) {
  const auto text = [](const engine::Json& json, const char* key) {
    const auto found = json.is_object() ? json.find(key) : json.end();
    return json.is_object() && found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto access = results.target.is_object() ? results.target.find("access") : results.target.end();
  const bool has_access = results.target.is_object() && access != results.target.end();
  std::string line = text(results.target, "vendor");
  for (const std::string& more : {text(results.target, "name"), text(results.target, "version"), has_access ? text(*access, "url") : ""}) {
    if (!more.empty()) line += (line.empty() ? "" : " ") + more;
  }
  return line;
}

std::string stale(const Results& results, const TextOptions& options) {
  if (results.stale.empty()) return {};
  Writer writer(options);
  writer.line(coloured(Verdict::warn, "STALE known deviations", options.colour));
  for (const auto& one : results.stale) writer.part(one.scenario, one.problem);
  return writer.take() + "\n";
}

std::string review(const Results& results, const TextOptions& options) {
  if (results.review.empty()) return {};
  Writer writer(options);
  writer.line("CLAIMS at odds with a look at the target");
  for (const auto& one : results.review) writer.part(one.claimed ? "not seen" : "not claimed", sentence_of(one));
  return writer.take() + "\n";
}

// Warnings that a worse verdict covers in the counts.
std::string warned_besides(const Results& results) {
  std::vector<std::string> ids;
  for (const auto& result : results.scenarios) {
    const bool warned =
        std::any_of(result.checks.begin(), result.checks.end(), [](const auto& check) { return check.verdict == Verdict::warn; });
    if (warned && result.verdict > Verdict::warn) ids.push_back(safe(result.id));
  }
  return ids.empty() ? "" : fmt::format("warned besides: {}\n", est::join(ids, ", "));
}

std::string scored(const Results& results) {
  if (!results.set) return {};
  std::vector<std::string> counts;
  std::size_t sum = 0;
  for (const auto& [verdict, count] : results.scored()) {
    sum += count;
    if (count > 0) counts.push_back(fmt::format("{} {}", count, to_string(verdict)));
  }
  return fmt::format("scored by {} ({}): {} scenarios: {}; {} more are not scored\n", safe(results.set->name), safe(results.set->digest),
                     sum, est::join(counts, ", "), results.scenarios.size() - sum);
}

std::string footer(const Results& results, const TextOptions& options) {
  std::vector<std::string> counts;
  const auto known = std::count_if(results.scenarios.begin(), results.scenarios.end(),
                                   [](const ScenarioResult& result) { return result.deviation.has_value(); });
  for (const auto& [verdict, count] : results.totals()) {
    if (count > 0) counts.push_back(coloured(verdict, fmt::format("{} {}", count, to_string(verdict)), options.colour));
  }
  if (known > 0) counts.push_back(fmt::format("{} of these known", known));
  const int code = exit_code(results);
  const Verdict shown = code == 0 ? Verdict::pass : code == 2 ? Verdict::inconclusive : Verdict::fail;
  std::string text = fmt::format("{} scenarios in {:.1f} s: {}\n", results.scenarios.size(), results.seconds, est::join(counts, ", "));
  text += scored(results) + warned_besides(results);
  const std::string target = target_line(results);
  if (!target.empty()) text += "target: " + safe(target) + "\n";
  if (!results.certificates.empty()) {
    text += fmt::format("certificates obtained: {}, listed in {}certificates.csv for revocation\n", results.certificates.size(),
                        options.folder.empty() ? "" : options.folder + "/");
  }
  if (results.certify) text += "made for certification: every scenario, every claim answered, no deviation excused\n";
  text += fmt::format("result: {} (exit code {})\n", coloured(shown, conclusion(results), options.colour), code);
  return text;
}

}  // namespace

// What is excused is not conformant for that.
std::string conclusion(const Results& results) {
  const int code = exit_code(results);
  const bool known = std::any_of(results.scenarios.begin(), results.scenarios.end(),
                                 [](const ScenarioResult& result) { return result.deviation && result.not_scored.empty(); });
  return code == 0 && known ? "NOT CONFORMANT, nothing found but known deviations" : std::string(words_for(code));
}

std::string text_finding(const Results& results, const ScenarioResult& finding, const std::vector<Scenario>& scenarios,
                         const Catalogue& catalogue, const TextOptions& options) {
  return Finding(results, finding, scenario_of(scenarios, finding.id), catalogue, options).write();
}

std::string text_summary(const Results& results, const std::vector<Scenario>& scenarios, const Catalogue& catalogue,
                         const TextOptions& options) {
  std::string text = not_applicable(results, options);
  // The worst comes last, next to the prompt.
  for (const Verdict verdict : {Verdict::warn, Verdict::inconclusive, Verdict::fail, Verdict::error}) {
    for (const auto& result : results.scenarios) {
      if (result.verdict == verdict) text += text_finding(results, result, scenarios, catalogue, options) + "\n";
    }
  }
  return text + review(results, options) + stale(results, options) + footer(results, options);
}

}  // namespace conformance::report
