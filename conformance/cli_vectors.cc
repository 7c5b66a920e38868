// estspec vectors: the published test vectors, and how well a parser does on them.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "conformance/cli_command.h"
#include "conformance/cli_embedded.h"
#include "conformance/engine/json.h"
#include "conformance/vectors/score.h"
#include "est/base/file.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

using engine::Json;
using vectors::Expected;
using vectors::Scored;
using vectors::Vector;

struct VectorsOptions {
  std::string folder, export_folder;
  std::vector<std::string> types, ids;
  vectors::ParserSpec parser;
  std::vector<int> rejects{1};
  int seconds = 10;
  bool self = false, list = false, json = false, executes = false;
};

std::vector<engine::Document> vector_documents(const VectorsOptions& options, std::vector<std::string>& problems) {
  if (!options.folder.empty()) return vectors::read_vector_folder(options.folder, problems);
  std::vector<engine::Document> documents;
  for (const auto& file : embedded_vectors()) documents.push_back({std::string(file.name), std::string(file.text)});
  return documents;
}

template <class Get>
bool is_among(const std::vector<std::string>& wanted, const Vector& vector, Get get) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), get(vector)) != wanted.end();
}

// Those asked for; what was asked for and is not there is a problem.
std::vector<Vector> selected(const VectorsOptions& options, const std::vector<Vector>& all, std::vector<std::string>& problems) {
  const auto type_of = [](const Vector& vector) { return vector.type; };
  const auto id_of = [](const Vector& vector) { return vector.id; };
  std::vector<Vector> some;
  std::copy_if(all.begin(), all.end(), std::back_inserter(some),
               [&](const Vector& vector) { return is_among(options.types, vector, type_of) && is_among(options.ids, vector, id_of); });
  const auto require = [&](const std::vector<std::string>& wanted, const char* what, auto get) {
    for (const std::string& word : wanted) {
      if (std::none_of(all.begin(), all.end(), [&](const Vector& vector) { return get(vector) == word; }))
        problems.push_back(std::string(what) + " '" + est::printable(word, 80) + "' is unknown; `estspec vectors --list` shows all");
    }
  };
  require(options.types, "the type", type_of);
  require(options.ids, "the vector", id_of);
  if (some.empty() && problems.empty()) problems.emplace_back("no vector is of that type and has that id; give one of --type and --id");
  return some;
}

bool several_types(const std::vector<Vector>& some) {
  return std::any_of(some.begin(), some.end(), [&](const Vector& vector) { return vector.type != some.front().type; });
}

Json vector_json(const Vector& vector) {
  return {{"id", vector.id},           {"type", vector.type},     {"result", to_string(vector.expected)},
          {"comment", vector.comment}, {"clause", vector.clause}, {"findings", vector.findings}};
}

int list_vectors(const VectorsOptions& options, const std::vector<Vector>& some) {
  Json all = Json::array();
  for (const Vector& vector : some) {
    if (options.json) all.push_back(vector_json(vector));
    if (!options.json)
      std::cout << fmt::format("{:<48} {:<10} {}\n", vector.id, to_string(vector.expected), est::printable(vector.comment, 300));
  }
  if (options.json) print(all);
  return ExitCode::conformant;
}

// Type -> how many of each result.
int count_vectors(const VectorsOptions& options, const std::vector<Vector>& some) {
  std::map<std::string, std::map<Expected, int>> counts;
  for (const Vector& vector : some) ++counts[vector.type][vector.expected];
  Json json = Json::array();
  for (auto& [type, of] : counts) {
    json.push_back(
        {{"type", type}, {"valid", of[Expected::valid]}, {"acceptable", of[Expected::acceptable]}, {"invalid", of[Expected::invalid]}});
    if (options.json) continue;
    std::cout << fmt::format("{:<16} {:>4} valid {:>4} acceptable {:>4} invalid\n", type, of[Expected::valid], of[Expected::acceptable],
                             of[Expected::invalid]);
  }
  if (options.json) print(json);
  return ExitCode::conformant;
}

// --- Writing them out

est::Status export_inputs(const std::string& folder, const std::vector<Vector>& some) {
  for (const Vector& vector : some) {
    const std::string place = folder + "/inputs/" + vector.type + "/" + std::string(to_string(vector.expected));
    std::error_code failure;
    std::filesystem::create_directories(place, failure);
    if (failure) return est::Error{place + ": " + failure.message()};
    if (auto written = est::write_file(place + "/" + vector.id, est::as_text(vector.input)); !written.ok()) return written;
  }
  return {};
}

int export_vectors(const VectorsOptions& options, const std::vector<engine::Document>& documents, const std::vector<Vector>& some) {
  namespace fs = std::filesystem;
  std::error_code failure;
  if (fs::exists(options.export_folder) && !fs::is_empty(options.export_folder, failure))
    return complain("--export " + options.export_folder + " is not empty; name a new folder");
  if (auto written = export_inputs(options.export_folder, some); !written.ok()) return complain(written.error().message);
  for (const auto& document : documents) {
    const std::string name = fs::path(document.name).filename().string();
    if (auto written = est::write_file(options.export_folder + "/" + name, document.text); !written.ok())
      return complain(written.error().message);
  }
  std::cerr << fmt::format("{} inputs and the files they come from are in {}\n", some.size(), options.export_folder);
  return ExitCode::conformant;
}

// --- Scoring

void print_score(const std::vector<Scored>& all) {
  for (const auto& [type, counts] : vectors::count(all)) {
    std::cout << fmt::format("{:<16} {:>4} right {:>4} wrong   acceptable: {} accepted, {} rejected\n", type, counts.right, counts.wrong,
                             counts.accepted, counts.rejected);
  }
  for (const Scored& one : all) {
    if (one.right()) continue;
    const std::string code =
        one.outcome == vectors::Outcome::unclear || one.outcome == vectors::Outcome::crashed ? fmt::format(" ({})", one.code) : "";
    std::cout << fmt::format("WRONG {}: {}, {}{}. {} [{}]\n", one.vector->id, to_string(one.vector->expected), to_string(one.outcome), code,
                             est::printable(one.vector->comment, 300), one.vector->clause);
  }
}

Json scored_json(const Scored& one) {
  Json json = vector_json(*one.vector);
  json["outcome"] = to_string(one.outcome);
  json["code"] = one.code;
  json["right"] = one.right();
  return json;
}

int tell_score(const VectorsOptions& options, const std::vector<Scored>& all) {
  const auto right = std::count_if(all.begin(), all.end(), [](const Scored& one) { return one.right(); });
  const auto wrong = static_cast<std::ptrdiff_t>(all.size()) - right;
  if (options.json) {
    Json results = Json::array();
    for (const Scored& one : all) results.push_back(scored_json(one));
    print(Json{{"totals", {{"vectors", all.size()}, {"right", right}, {"wrong", wrong}}}, {"results", std::move(results)}});
  } else {
    print_score(all);
    std::cout << fmt::format("{} vectors: {} right, {} wrong\n", all.size(), right, wrong);
  }
  return wrong == 0 ? ExitCode::conformant : ExitCode::nonconformant;
}

int score_own(const VectorsOptions& options, const std::vector<Vector>& some) {
  std::vector<Scored> all;
  for (const Vector& vector : some) all.push_back(vectors::score_ours(vector));
  return tell_score(options, all);
}

int score_parser(const VectorsOptions& options, const std::vector<Vector>& some) {
  vectors::ParserSpec parser = options.parser;
  parser.rejecting = {options.rejects.begin(), options.rejects.end()};
  parser.within = est::Milliseconds(options.seconds * 1000);
  if (const auto good = check_parser(parser); !good.ok()) return complain(good.error().message);
  if (several_types(some) && parser.command.find("{type}") == std::string::npos)
    return complain("one parser for all types? Name the type with --type, or tell the parser by {type} in the command");
  const vectors::InputFolder folder;
  std::vector<Scored> all;
  for (const Vector& vector : some) {
    const auto scored = vectors::run_parser(parser, vector, folder);
    if (!scored) return complain(scored.error().message);
    all.push_back(*scored);
  }
  return tell_score(options, all);
}

int vectors_command(const VectorsOptions& options) {
  std::vector<std::string> problems;
  const auto documents = vector_documents(options, problems);
  const auto all = problems.empty() ? vectors::read_vectors(documents, problems) : std::nullopt;
  if (!all) return complain(problems);
  const auto some = selected(options, *all, problems);
  if (!problems.empty()) return complain(problems);
  if (!options.export_folder.empty()) return export_vectors(options, documents, some);
  if (options.executes) return score_parser(options, some);
  if (options.self) return score_own(options, some);
  return options.list ? list_vectors(options, some) : count_vectors(options, some);
}

}  // namespace

void add_vectors(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("vectors", "the published test vectors; score a parser with them");
  auto options = std::make_shared<VectorsOptions>();
  auto* exec =
      command->add_option("--exec", options->parser.command,
                          "a parser to score: exit status 0 accepts, 1 rejects. {file} is the input, {type}, {id} and the vector's "
                          "context are words; without {file} the input is on standard input");
  command->add_option("--rejects", options->rejects, "the exit statuses that reject, separated by commas")
      ->delimiter(',')
      ->check(CLI::Range(0, 255))
      ->needs(exec);
  command->add_option("--within", options->seconds, "seconds for one input")->check(CLI::Range(1, 600))->needs(exec);
  auto* self = command->add_flag("--self", options->self, "score the readers of this program")->excludes(exec);
  auto* list = command->add_flag("--list", options->list, "one line for each vector")->excludes(exec)->excludes(self);
  command->add_option("--export", options->export_folder, "write the files and each input by itself to a new folder")
      ->type_name("DIR")
      ->excludes(exec)
      ->excludes(self)
      ->excludes(list);
  command->add_option("--type", options->types, "only vectors of this type; repeatable");
  command->add_option("--id", options->ids, "only this vector; repeatable");
  command->add_option("--vectors", options->folder, "another set than the one inside the program")->type_name("DIR");
  command->add_flag("--json", options->json, "print data instead of text");
  command->callback([=, &run] {
    options->executes = exec->count() > 0;
    run = [=] { return vectors_command(*options); };
  });
}

}  // namespace conformance::cli
