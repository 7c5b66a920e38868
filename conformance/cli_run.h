// A run of the suite, whichever role it tests: `estspec server` and `estspec client` add how the target is reached.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/cli_command.h"
#include "conformance/cli_progress.h"
#include "conformance/engine/deviation.h"
#include "conformance/engine/runner.h"
#include "conformance/report/folder.h"
#include "conformance/report/results.h"

namespace conformance::cli {

struct RunFlags {
  std::string profile, baseline, out = "estspec-results";
  DataOptions data;
  bool strict = false, certify = false, json = false;
  int jobs = 0;  // 0: as the profile says
};

// All of them but --profile and --jobs, whose meaning differs a little.
void add_run_flags(CLI::App& command, RunFlags& flags);

// Certification is of a declared product, as a whole. Empty, or why this run cannot be one.
[[nodiscard]] std::string not_certifiable(const RunFlags& flags, const std::vector<std::string>& unanswered);

// --baseline instead of the profile's own list.
[[nodiscard]] est::Status apply_baseline(const RunFlags& flags, std::vector<engine::Deviation>& deviations);

// How to run this again, without --select and without secrets.
class CommandLine {
 public:
  explicit CommandLine(std::string_view begin) : text_(begin) {}
  void add(std::string_view name, const std::string& value);  // nothing when empty
  void add(const RunFlags& flags);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

// One run, from what was read to what is written.
class Run {
 public:
  // Data of `role`, and an empty results folder; or complains and returns nothing.
  [[nodiscard]] static std::optional<Run> prepare(const RunFlags& flags, std::string_view role);

  [[nodiscard]] const Data& data() const noexcept { return data_; }
  [[nodiscard]] engine::RunOptions& options() noexcept { return options_; }
  [[nodiscard]] report::Results& results() noexcept { return results_; }
  [[nodiscard]] bool has_selection() const noexcept { return !flags_.data.select.empty(); }
  void note(const std::string& sentence);

  // Nothing can be tested: tells why and leaves nothing behind. Returns the exit code.
  [[nodiscard]] int give_up(const std::string& error, bool fault);
  // options() and results().target must be set.
  void execute(engine::Driver& driver, const std::string& command);
  // Writes and tells. Returns the exit code.
  [[nodiscard]] int finish(const std::vector<engine::Deviation>& deviations);

 private:
  Run(const RunFlags& flags, Data data, report::ResultsFolder folder);
  void keep(engine::ScenarioResult result, const engine::Evidence& evidence);
  void excuse(const std::vector<engine::Deviation>& deviations);
  void tell() const;

  RunFlags flags_;
  Data data_;
  report::ResultsFolder folder_;
  Progress progress_;
  engine::RunOptions options_;
  report::Results results_;
  std::string trouble_;
};

}  // namespace conformance::cli
