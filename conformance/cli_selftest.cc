// estspec selftest: the kill matrix, proof that the suite sees.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <thread>

#include "conformance/cli_command.h"
#include "conformance/selftest/matrix.h"

namespace conformance::cli {

namespace {

struct SelftestOptions {
  DataOptions data;
  selftest::MatrixOptions matrix;
  bool json = false;
};

int run_selftest(SelftestOptions options) {
  auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  std::erase_if(data->scenarios, [](const engine::Scenario& scenario) { return scenario.role != "server"; });
  if (data->scenarios.empty()) return complain("no scenario for a server is selected; see `estspec list`");
  if (!selftest::any_fault_chosen(options.matrix)) return complain("--fault: no fault is called so; see conformance/selftest/faults_*.cc");
  options.matrix.selected = !options.data.select.empty();
  options.matrix.finished = [](const selftest::FaultRow& row) {
    std::cerr << fmt::format("{}: {} killed{}\n", row.id, row.killed.size(),
                             row.survived.empty() && row.trouble.empty() ? "" : ", not as promised");
  };
  const auto matrix = selftest::run_matrix(data->scenarios, data->vocabulary, options.matrix);
  if (matrix.trouble.empty() && matrix.faults.empty())
    return complain("none of the faults promises to make a selected scenario fail; select others, or leave out --quick");
  if (options.json) {
    print(selftest::to_json(matrix));
  } else {
    std::cout << selftest::to_text(matrix);
  }
  if (!matrix.trouble.empty()) return ExitCode::suite_fault;
  return matrix.green() ? 0 : ExitCode::nonconformant;
}

}  // namespace

void add_selftest(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("selftest", "run every scenario against the reference and against every fault (the kill matrix)");
  auto options = std::make_shared<SelftestOptions>();
  // Two per core: much of a scenario's time is waiting.
  options->matrix.threads = std::clamp(2 * std::thread::hardware_concurrency(), 2U, 8U);
  add_data_options(*command, options->data, true);
  command->add_option("--fault", options->matrix.only_faults, "only this fault, or those that begin so (FAULT-CMC-*), repeatable")
      ->type_name("ID");
  command->add_option("--threads", options->matrix.threads, "faults at a time")->check(CLI::Range(1, 64))->capture_default_str();
  command->add_flag("--quick", options->matrix.promised_only, "run only the scenarios a fault promises to kill");
  command->add_flag("--json", options->json, "print data instead of text");
  command->footer("Exit codes: 0 the matrix is green, 1 it is not, 4 usage, 5 the reference could not be started.");
  command->callback([=, &run] { run = [=] { return run_selftest(*options); }; });
}

}  // namespace conformance::cli
