#include "conformance/cli_data.h"

#include <algorithm>

#include "conformance/checks/checks.h"
#include "conformance/cli_embedded.h"
#include "conformance/steps/client_driver.h"
#include "conformance/steps/proxy_driver.h"
#include "conformance/steps/server_driver.h"
#include "est/crypto/digest.h"

namespace conformance::cli {

namespace {

std::string digest_of(const std::vector<engine::Document>& documents) {
  std::string all;
  for (const auto& document : documents) all += document.name + '\0' + document.text + '\0';
  return sha256_of(all);
}

std::string name_of(const DataOptions& options) {
  std::string name = options.built_in ? "built-in" : "";
  for (const auto& folder : options.folders) name += (name.empty() ? "" : " + ") + folder;
  return name;
}

// The set of that name, with the problems that keep it from being what it was.
std::optional<engine::ScenarioSet> set_called(const std::string& name, const Data& data, std::vector<std::string>& problems) {
  if (name.empty()) return std::nullopt;
  const auto found = std::find_if(data.sets.begin(), data.sets.end(), [&](const engine::ScenarioSet& set) { return set.name == name; });
  if (found == data.sets.end()) {
    problems.push_back("no scenario set is called '" + name + "'; see `estspec sets`");
    return std::nullopt;
  }
  auto changed = engine::lint(*found, data.scenarios, data.catalogue, sha256_of);
  problems.insert(problems.end(), changed.begin(), changed.end());
  return *found;
}

}  // namespace

std::string sha256_of(std::string_view text) { return est::hex(est::crypto::digest(est::crypto::Digest::sha256, est::as_bytes(text))); }

engine::Vocabulary make_vocabulary() {
  engine::Vocabulary vocabulary;
  steps::add_server_verbs(vocabulary);
  steps::add_client_verbs(vocabulary);
  steps::add_proxy_verbs(vocabulary);
  checks::add_checks(vocabulary);
  return vocabulary;
}

std::vector<engine::Document> gather(const DataOptions& options, std::vector<std::string>& problems) {
  std::vector<engine::Document> documents;
  if (options.built_in) {
    for (const auto& file : embedded_files()) documents.push_back({std::string(file.name), std::string(file.text)});
  }
  const std::size_t ours = documents.size();
  for (const auto& folder : options.folders) {
    auto found = engine::read_folder(folder);
    if (!found) {
      problems.push_back(found.error().message);
      continue;
    }
    if (found->empty()) problems.push_back(folder + ": it holds no *.yaml file; name a folder of scenarios");
    for (auto& document : *found) {
      const auto end = documents.begin() + static_cast<std::ptrdiff_t>(ours);
      const bool known = std::any_of(documents.begin(), end, [&](const engine::Document& one) { return one.text == document.text; });
      if (!known) documents.push_back(std::move(document));
    }
  }
  for (auto& document : documents) document.kind = engine::kind_of(document);
  return documents;
}

std::optional<Data> load_data(const DataOptions& options, std::vector<std::string>& problems) {
  const auto documents = gather(options, problems);
  Data data{.vocabulary = make_vocabulary(),
            .catalogue = engine::load_catalogue(documents, problems),
            .scenarios = {},
            .scenario_set = {},
            .sets = engine::load_sets(documents, problems),
            .set = {},
            .digest = {}};
  std::vector<engine::Document> scripts;
  std::copy_if(documents.begin(), documents.end(), std::back_inserter(scripts),
               [](const engine::Document& document) { return engine::kind_of(document) == engine::DocumentKind::scenarios; });
  auto loaded = engine::load_scenarios(scripts, data.vocabulary, data.catalogue.requirement_ids());
  problems.insert(problems.end(), loaded.problems.begin(), loaded.problems.end());
  if (!problems.empty()) return std::nullopt;
  data.scenarios = std::move(loaded.scenarios);
  data.set = set_called(options.set, data, problems);
  if (!problems.empty()) return std::nullopt;
  auto selected = engine::select(data.scenarios, options.select);
  if (!selected) {
    problems.push_back(selected.error().message);
    return std::nullopt;
  }
  data.scenarios = *std::move(selected);
  data.scenario_set = name_of(options);
  data.digest = digest_of(documents);
  return data;
}

}  // namespace conformance::cli
