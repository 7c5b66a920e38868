#include "conformance/cli_run.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <map>

#include "conformance/target/deviations.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

std::atomic<int> interrupted{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler writes it");

void on_interrupt(int number) {
  interrupted = 1;
  std::signal(number, SIG_DFL);
}

// While one lives, the first SIGINT or SIGTERM ends the run after the scenario in progress; the second ends the program.
class Interrupts {
 public:
  Interrupts() {
    std::signal(SIGINT, on_interrupt);
    std::signal(SIGTERM, on_interrupt);
  }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  ~Interrupts() {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
  }
  [[nodiscard]] static bool came() { return interrupted != 0; }
};

// As one word of a command line.
std::string shell_word(const std::string& text) {
  const bool plain =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+=,") == std::string::npos;
  if (plain && !text.empty()) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

// Scenarios that ran side by side ended in any order.
void put_in_order(report::Results& results, const std::vector<engine::Scenario>& scenarios) {
  std::map<std::string, std::size_t, std::less<>> places;
  for (const auto& scenario : scenarios) places.emplace(scenario.id, places.size());
  std::sort(results.scenarios.begin(), results.scenarios.end(),
            [&](const auto& a, const auto& b) { return places.at(a.id) < places.at(b.id); });
}

}  // namespace

void add_run_flags(CLI::App& command, RunFlags& flags) {
  add_data_options(command, flags.data, true);
  add_set_option(command, flags.data);
  command.add_flag("--strict", flags.strict, "score contested points by the letter of the newest text");
  command
      .add_option("--baseline", flags.baseline,
                  "list of known deviations (YAML), instead of the profile's own `deviations`; see exit code 3")
      ->type_name("FILE");
  command.add_flag("--certify", flags.certify,
                   "a run for certification: every built-in scenario, a profile that answers every claim, no deviation excused");
  command
      .add_option("--out", flags.out,
                  "folder for report.html, results.json, junit.xml and evidence/; results of an earlier run in it are replaced")
      ->capture_default_str();
  command.add_flag("--json", flags.json, "print results.json on standard output, all else on standard error");
}

std::string not_certifiable(const RunFlags& flags, const std::vector<std::string>& unanswered) {
  if (!flags.certify) return {};
  if (flags.profile.empty()) return "--certify needs a --profile, whose claims say what the product is";
  if (!flags.data.select.empty() || !flags.data.folders.empty() || !flags.data.built_in)
    return "--certify runs the built-in scenarios, all of them; leave out --select, --scenarios and --no-built-in";
  if (unanswered.empty()) return {};
  return "--certify: " + flags.profile +
         " leaves claims unanswered; write `claims:` as a mapping with true or false for each of: " + est::join(unanswered, ", ");
}

est::Status apply_baseline(const RunFlags& flags, std::vector<engine::Deviation>& deviations) {
  if (flags.baseline.empty()) return {};
  auto listed = target::load_deviations(flags.baseline);
  if (!listed) return listed.error();
  deviations = *std::move(listed);
  return {};
}

void CommandLine::add(std::string_view name, const std::string& value) {
  if (!value.empty()) text_ += " " + std::string(name) + " " + shell_word(value);
}

void CommandLine::add(const RunFlags& flags) {
  for (const auto& folder : flags.data.folders) add("--scenarios", folder);
  if (!flags.data.built_in) text_ += " --no-built-in";
  add("--set", flags.data.set);
  add("--baseline", flags.baseline);
  if (flags.strict) text_ += " --strict";
}

std::optional<Run> Run::prepare(const RunFlags& flags, std::string_view role) {
  auto data = load_or_complain(flags.data);
  if (!data) return std::nullopt;
  std::erase_if(data->scenarios, [&](const engine::Scenario& scenario) { return scenario.role != role; });
  if (data->scenarios.empty()) {
    complain("no scenario for a " + std::string(role) + " is selected; see `estspec list`");
    return std::nullopt;
  }
  auto folder = report::ResultsFolder::open(flags.out);
  if (folder) return Run(flags, *std::move(data), *std::move(folder));
  complain(folder.error().message);
  return std::nullopt;
}

Run::Run(const RunFlags& flags, Data data, report::ResultsFolder folder)
    : flags_(flags),
      data_(std::move(data)),
      folder_(std::move(folder)),
      progress_(std::cerr, data_.scenarios.size(), is_terminal(STDERR_FILENO), colour_allowed(STDERR_FILENO)) {}

void Run::note(const std::string& sentence) {
  progress_.clear();
  std::cerr << "estspec: note: " << est::printable(sentence, 1000) << "\n";
}

int Run::give_up(const std::string& error, bool fault) {
  folder_.abandon();
  complain(error);
  return fault ? ExitCode::suite_fault : ExitCode::usage;
}

void Run::execute(engine::Driver& driver, const std::string& command) {
  results_.suite_version = ESTSPEC_VERSION;
  results_.scenario_set = data_.scenario_set;
  results_.digest = data_.digest;
  if (data_.set) results_.set = report::ScoredBy{data_.set->name, data_.set->digest};
  results_.target = options_.judge.target;
  results_.strict = flags_.strict;
  results_.certify = flags_.certify;
  results_.started = est::system_clock().now();
  results_.command = command;
  options_.started = [this](const engine::Scenario& scenario) { progress_.started(scenario); };
  options_.finished = [this](const engine::Scenario&, const engine::ScenarioResult& result, const engine::Evidence& evidence) {
    keep(result, evidence);
  };
  options_.captures = true;
  options_.noted = [this](const std::string& sentence) { note(sentence); };
  const Interrupts interrupts;
  options_.cancelled = Interrupts::came;
  const auto began = std::chrono::steady_clock::now();
  (void)engine::run(data_.scenarios, data_.vocabulary, driver, options_);
  results_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  put_in_order(results_, data_.scenarios);
  progress_.clear();
}

void Run::keep(engine::ScenarioResult result, const engine::Evidence& evidence) {
  if (data_.set) result.not_scored = data_.set->not_scored(result.id);
  if (const auto status = folder_.add(result, evidence, results_.target); !status && trouble_.empty()) trouble_ = status.error().message;
  progress_.finished(result);
  results_.scenarios.push_back(std::move(result));
}

void Run::excuse(const std::vector<engine::Deviation>& deviations) {
  if (flags_.certify && !deviations.empty()) note("known deviations are not excused under --certify");
  if (flags_.certify) return;
  report::apply_deviations(results_, deviations, est::iso8601(results_.started).substr(0, 10), flags_.data.select.empty());
}

int Run::finish(const std::vector<engine::Deviation>& deviations) {
  excuse(deviations);
  if (trouble_.empty()) {
    const auto status = folder_.finish(results_, data_.scenarios, data_.catalogue);
    if (!status) trouble_ = status.error().message;
  }
  if (!trouble_.empty()) return give_up(trouble_, false);
  tell();
  return report::exit_code(results_);
}

void Run::tell() const {
  const report::TextOptions text{.colour = colour_allowed(flags_.json ? STDERR_FILENO : STDOUT_FILENO), .folder = folder_.path()};
  std::ostream& out = flags_.json ? std::cerr : std::cout;
  out << report::text_summary(results_, data_.scenarios, data_.catalogue, text);
  out << "results: " << folder_.path() << "/report.html, results.json, junit.xml, certificates.csv, evidence/\n";
  if (flags_.json) print(report::to_json(results_));
}

}  // namespace conformance::cli
