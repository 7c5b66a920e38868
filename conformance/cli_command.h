// The subcommands of estspec. Each adds itself to the application; when chosen it sets `run`, which returns the exit code:
// 0 conformant; 1 at least one FAIL (or: a difference, a matrix that is not green); 2 no FAIL but INCONCLUSIVE;
// 3 a known deviation is stale; 4 usage, configuration or nothing selected; 5 fault of the suite.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "conformance/cli_data.h"
#include "conformance/engine/evidence.h"

namespace conformance::cli {

enum ExitCode : int { conformant = 0, nonconformant = 1, inconclusive = 2, stale = 3, usage = 4, suite_fault = 5 };

using Command = std::function<int()>;

void add_server(CLI::App& app, Command& run);
void add_client(CLI::App& app, Command& run);
void add_proxy(CLI::App& app, Command& run);
void add_list(CLI::App& app, Command& run);
void add_ics(CLI::App& app, Command& run);
void add_plan(CLI::App& app, Command& run);
void add_sets(CLI::App& app, Command& run);
void add_explain(CLI::App& app, Command& run);
void add_interpretations(CLI::App& app, Command& run);
void add_lint(CLI::App& app, Command& run);
void add_verbs(CLI::App& app, Command& run);
void add_requirements(CLI::App& app, Command& run);
void add_verify(CLI::App& app, Command& run);
void add_report(CLI::App& app, Command& run);
void add_diff(CLI::App& app, Command& run);
void add_bundle(CLI::App& app, Command& run);
void add_decode(CLI::App& app, Command& run);
void add_selftest(CLI::App& app, Command& run);
void add_serve(CLI::App& app, Command& run);
void add_probe(CLI::App& app, Command& run);
void add_review(CLI::App& app, Command& run);
void add_vectors(CLI::App& app, Command& run);
void add_fuzz(CLI::App& app, Command& run);
void add_load(CLI::App& app, Command& run);

// --scenarios, --no-built-in and, if `selecting`, --select.
void add_data_options(CLI::App& command, DataOptions& options, bool selecting);

// --set
void add_set_option(CLI::App& command, DataOptions& options);

// "estspec: ..." on standard error, one line each; returns ExitCode::usage.
int complain(const std::vector<std::string>& problems);
int complain(const std::string& problem);

// Loads, or complains and returns nothing.
[[nodiscard]] std::optional<Data> load_or_complain(const DataOptions& options);

void print(const engine::Json& json);  // on standard output, for --json

}  // namespace conformance::cli
