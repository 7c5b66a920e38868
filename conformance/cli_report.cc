// estspec report: a finished run once more, in another form.
#include <filesystem>
#include <iostream>

#include "conformance/cli_command.h"
#include "conformance/report/exchange_forms.h"
#include "conformance/report/folder.h"
#include "conformance/report/html.h"
#include "conformance/report/markdown.h"
#include "conformance/report/transcript.h"

namespace conformance::cli {

namespace {

struct ReportOptions {
  DataOptions data;
  std::string folder, form = "text";
};

bool is_finding(const engine::ScenarioResult& result) {
  return result.verdict != engine::Verdict::pass && result.verdict != engine::Verdict::not_applicable;
}

std::string as_html(const std::string& folder, const report::Results& results, const Data& data) {
  report::HtmlInput input{results, data.scenarios, data.catalogue};
  for (const auto& result : results.scenarios) {
    if (!is_finding(result)) continue;
    if (const auto evidence = report::read_evidence(folder, result))
      input.transcripts.emplace(result.id, report::transcript(result, *evidence));
  }
  return report::html_report(input);
}

int render(const ReportOptions& options) {
  const auto results = report::read_results(options.folder);
  if (!results) return complain(results.error().message);
  if (options.form == "junit") std::cout << report::junit_xml(*results);
  if (options.form == "markdown") std::cout << report::markdown_summary(*results);
  if (options.form == "tap") std::cout << report::tap(*results);
  if (options.form == "junit" || options.form == "markdown" || options.form == "tap") return 0;
  const auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  if (results->digest != data->digest)
    std::cerr
        << "estspec: note: the results come from another set of scenarios; texts of requirements and scenarios are the present ones\n";
  if (options.form == "sarif") std::cout << report::sarif(*results, data->scenarios);
  if (options.form == "html") std::cout << as_html(options.folder, *results, *data);
  if (options.form == "text") std::cout << report::text_summary(*results, data->scenarios, data->catalogue, {.folder = options.folder});
  return 0;
}

}  // namespace

void add_report(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("report", "print the report of a finished run, on standard output");
  auto options = std::make_shared<ReportOptions>();
  command->add_option("DIR", options->folder, "results folder of a run")->required();
  command->add_option("--form", options->form, "text, html (one offline file), markdown (for pull requests), junit, tap or sarif")
      ->check(CLI::IsMember({"text", "html", "markdown", "junit", "tap", "sarif"}))
      ->capture_default_str();
  add_data_options(*command, options->data, false);
  command->footer("Exit codes: 0, 4 the folder cannot be read.");
  command->callback([=, &run] { run = [=] { return render(*options); }; });
}

}  // namespace conformance::cli
