// estspec selftest: the kill matrix, proof that the suite sees.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>
#include <thread>

#include "conformance/cli_command.h"
#include "conformance/selftest/client_role.h"
#include "conformance/selftest/proxy_role.h"
#include "conformance/selftest/server_role.h"

namespace conformance::cli {

namespace {

struct SelftestOptions {
  DataOptions data;
  selftest::MatrixOptions matrix;
  std::string role;  // empty: all
  bool json = false;
};

std::vector<engine::Scenario> scenarios_for(const Data& data, const std::string& role) {
  std::vector<engine::Scenario> scenarios;
  std::copy_if(data.scenarios.begin(), data.scenarios.end(), std::back_inserter(scenarios),
               [&](const engine::Scenario& scenario) { return scenario.role == role; });
  return scenarios;
}

// The roles there is something to run for.
est::Result<std::vector<selftest::Role>> chosen_roles(const SelftestOptions& options, const Data& data) {
  std::vector<selftest::Role> roles;
  const auto wanted = [&](std::string_view role) { return options.role.empty() || options.role == role; };
  if (wanted("server")) roles.push_back(selftest::server_role(data.vocabulary));
  if (wanted("proxy")) roles.push_back(selftest::proxy_role(data.vocabulary));
  if (wanted("client")) {
    auto client = selftest::client_role(data.vocabulary);
    if (!client) return client.error();
    roles.push_back(*std::move(client));
  }
  std::erase_if(roles, [&](const selftest::Role& role) { return scenarios_for(data, role.name).empty(); });
  if (roles.empty()) return est::Error{"no scenario for such a role is selected; see `estspec list`"};
  std::erase_if(roles, [&](const selftest::Role& role) { return !selftest::any_fault_chosen(role, options.matrix); });
  if (roles.empty()) return est::Error{"--fault: no fault is called so; see conformance/selftest/*faults_*.cc"};
  return roles;
}

void tell(const std::map<std::string, selftest::Matrix>& matrices, bool json) {
  engine::Json all = engine::Json::object();
  for (const auto& [role, matrix] : matrices) {
    if (json) all[role] = selftest::to_json(matrix);
    if (!json) std::cout << (matrices.size() > 1 ? role + "s:\n" : "") << selftest::to_text(matrix);
  }
  if (json) print(all);
}

int run_selftest(SelftestOptions options) {
  const auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  const auto roles = chosen_roles(options, *data);
  if (!roles) return complain(roles.error().message);
  options.matrix.selected = !options.data.select.empty();
  options.matrix.finished = [](const selftest::FaultRow& row) {
    std::cerr << fmt::format("{}: {} killed{}\n", row.id, row.killed.size(),
                             row.survived.empty() && row.trouble.empty() ? "" : ", not as promised");
  };
  std::map<std::string, selftest::Matrix> matrices;
  for (const selftest::Role& role : *roles)
    matrices.emplace(role.name, selftest::run_matrix(role, scenarios_for(*data, role.name), options.matrix));
  const auto is_idle = [](const auto& one) { return one.second.trouble.empty() && one.second.faults.empty(); };
  if (std::all_of(matrices.begin(), matrices.end(), is_idle))
    return complain("none of the faults promises to make a selected scenario fail; select others, or leave out --quick");
  tell(matrices, options.json);
  if (std::any_of(matrices.begin(), matrices.end(), [](const auto& one) { return !one.second.trouble.empty(); }))
    return ExitCode::suite_fault;
  const bool green = std::all_of(matrices.begin(), matrices.end(), [](const auto& one) { return one.second.green(); });
  return green ? ExitCode::conformant : ExitCode::nonconformant;
}

}  // namespace

void add_selftest(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("selftest", "run every scenario against the reference and against every fault (the kill matrix)");
  auto options = std::make_shared<SelftestOptions>();
  // Two per core: much of a scenario's time is waiting.
  options->matrix.threads = std::clamp(2 * std::thread::hardware_concurrency(), 2U, 8U);
  add_data_options(*command, options->data, true);
  command->add_option("--role", options->role, "server, client or proxy: the matrix of this role alone")
      ->check(CLI::IsMember({"server", "client", "proxy"}))
      ->type_name("ROLE");
  command->add_option("--fault", options->matrix.only_faults, "only this fault, or those that begin so (FAULT-CMC-*), repeatable")
      ->type_name("ID");
  command->add_option("--threads", options->matrix.threads, "faults at a time")->check(CLI::Range(1, 64))->capture_default_str();
  command->add_flag("--quick", options->matrix.promised_only, "run only the scenarios a fault promises to kill");
  command->add_flag("--json", options->json, "print data instead of text");
  command->footer("Exit codes: 0 the matrix is green, 1 it is not, 4 usage, 5 the reference could not be started.");
  command->callback([=, &run] { run = [=] { return run_selftest(*options); }; });
}

}  // namespace conformance::cli
