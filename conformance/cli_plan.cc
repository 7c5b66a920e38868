// estspec plan: what a run with a profile will test, scenario by scenario, before anything is sent.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "conformance/cli_command.h"
#include "conformance/cli_page.h"
#include "conformance/target/client_profile.h"
#include "conformance/target/profile.h"
#include "conformance/target/questions.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

using engine::Json;
using engine::Scenario;

struct PlanOptions {
  DataOptions data;
  std::string profile, form = "text";
};

// What of a profile the choice of scenarios rests on.
struct Chosen {
  std::string role, product;
  std::set<std::string, std::less<>> claims;

  [[nodiscard]] bool operator()(std::string_view word) const { return claims.contains(word); }
};

template <class P>
est::Result<Chosen> chosen_by(const est::Result<P>& profile, const std::string& role) {
  if (!profile) return profile.error();
  return Chosen{role, profile->name + (profile->version.empty() ? "" : " " + profile->version), profile->claims};
}

est::Result<Chosen> read_chosen(const std::string& path) {
  const auto role = target::role_of_profile(path);
  if (!role) return role.error();
  return *role == "client" ? chosen_by(target::load_client_profile(path), *role) : chosen_by(target::load_profile(path), *role);
}

// One line of the plan.
struct Planned {
  const Scenario* scenario = nullptr;
  bool selected = false;
  std::string expression;  // with each claim's value; "always" without any
  std::string because;     // the claim that decides against it
  std::string not_scored;
};

std::vector<Planned> plan_of(const Data& data, const Chosen& chosen) {
  std::vector<Planned> plan;
  for (const auto& scenario : data.scenarios) {
    if (scenario.role != chosen.role) continue;
    const std::string because = scenario.needs.deciding_word(chosen);
    plan.push_back({&scenario, because.empty(), scenario.needs.with_values(chosen), because,
                    data.set ? data.set->not_scored(scenario.id) : std::string()});
  }
  return plan;
}

std::size_t count_selected(const std::vector<Planned>& plan) {
  return static_cast<std::size_t>(std::count_if(plan.begin(), plan.end(), [](const Planned& one) { return one.selected; }));
}

std::string summary(const std::vector<Planned>& plan, const Chosen& chosen, const Data& data) {
  const auto beside = std::count_if(plan.begin(), plan.end(), [](const Planned& one) { return one.selected && !one.not_scored.empty(); });
  std::string text = fmt::format("{} scenarios for the {} {}: {} selected, {} not applicable", plan.size(), chosen.role,
                                 est::printable(chosen.product, 200), count_selected(plan), plan.size() - count_selected(plan));
  if (data.set) text += fmt::format("; {} of the selected are not scored by {}", beside, data.set->name);
  return text;
}

Json json_of(const Planned& one) {
  Json json{{"id", one.scenario->id},
            {"title", one.scenario->title},
            {"level", to_string(one.scenario->level)},
            {"revision", one.scenario->revision},
            {"requirements", one.scenario->requirements},
            {"selected", one.selected},
            {"needs", one.scenario->needs.text()},
            {"value", one.expression},
            {"decided_by", one.because}};
  if (!one.not_scored.empty()) json["not_scored"] = one.not_scored;
  return json;
}

std::string choice_of(const Planned& one) { return one.selected ? one.not_scored.empty() ? "selected" : "not scored" : "not applicable"; }

void print_lines(const std::vector<Planned>& plan) {
  for (const auto& one : plan)
    std::cout << fmt::format("{:<24} {:<14} {:<6} {}\n", one.scenario->id, choice_of(one), to_string(one.scenario->level), one.expression);
}

std::string markdown_cell(std::string_view text) {
  std::string safe;
  for (const char c : est::printable(text, 1000)) safe += c == '|' ? "\\|" : std::string(1, c);
  return safe;
}

void print_markdown(const std::vector<Planned>& plan, const std::string& head) {
  std::cout << "# Test plan\n\n"
            << markdown_cell(head) << "\n\n| scenario | level | choice | ICS | title |\n| --- | --- | --- | --- | --- |\n";
  for (const auto& one : plan)
    std::cout << fmt::format("| {} | {} | {} | {} | {} |\n", one.scenario->id, to_string(one.scenario->level), choice_of(one),
                             markdown_cell(one.expression), markdown_cell(one.scenario->title));
}

void print_html(const std::vector<Planned>& plan, const std::string& head) {
  std::string body = "<p>" + html_text(head) + "</p>\n<div class=\"scroll\"><table>\n<thead><tr>";
  for (const char* column :
       {"Scenario", "Level", "Choice", "ICS expression with its value", "What a conformant product does", "Requirements"})
    body += fmt::format("<th scope=\"col\">{}</th>", column);
  body += "</tr></thead>\n<tbody>\n";
  for (const auto& one : plan)
    body += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        html_text(one.scenario->id), to_string(one.scenario->level), choice_of(one), html_text(one.expression),
                        html_text(one.scenario->title), html_text(est::join(one.scenario->requirements, ", ")));
  std::cout << html_page("Test plan", body + "</tbody>\n</table></div>\n");
}

int plan(const PlanOptions& options) {
  const auto chosen = read_chosen(options.profile);
  if (!chosen) return complain(chosen.error().message);
  const auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  const auto planned = plan_of(*data, *chosen);
  if (planned.empty()) return complain("no scenario for a " + chosen->role + " is selected; see `estspec list`");
  const std::string head = summary(planned, *chosen, *data);
  if (options.form == "json") {
    Json list = Json::array();
    for (const auto& one : planned) list.push_back(json_of(one));
    print({{"role", chosen->role}, {"product", chosen->product}, {"set", data->set ? data->set->name : ""}, {"scenarios", list}});
  }
  if (options.form == "markdown") print_markdown(planned, head);
  if (options.form == "html") print_html(planned, head);
  if (options.form != "text") return 0;
  print_lines(planned);
  std::cout << head << "\n";
  return 0;
}

}  // namespace

void add_plan(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("plan", "print the test plan of a profile: each scenario, selected or not, and why");
  auto options = std::make_shared<PlanOptions>();
  command->add_option("--profile,--target", options->profile, "target profile (YAML)")->required();
  command->add_option("--form", options->form, "text, markdown, html or json")
      ->check(CLI::IsMember({"text", "markdown", "html", "json"}))
      ->capture_default_str();
  command->add_flag_callback(
      "--json", [options] { options->form = "json"; }, "the same as --form json");
  add_data_options(*command, options->data, true);
  add_set_option(*command, options->data);
  command->footer("Nothing is sent to the target.\nExit codes: 0, 4 usage or a profile that cannot be read.");
  command->callback([=, &run] { run = [=] { return plan(*options); }; });
}

}  // namespace conformance::cli
