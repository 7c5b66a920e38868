// The results folder: results.json, junit.xml, report.html, certificates.csv, manifest.json (manifest.h) and evidence/ID/{evidence.json,
// transcript.txt, capture.pcapng, tls.pcapng, NAME.body, NAME.request}. Everything is gathered in a hidden folder beside and put in place
// at the end, results.json last: whoever finds results.json finds a whole run. Results of an earlier run are replaced; a folder that holds
// anything else is refused.
#pragma once

#include <map>
#include <string>

#include "conformance/report/results.h"

namespace conformance::report {

// "evidence/EST-SE-014_ec-p256": ids have no '_', so no two scenarios share one.
[[nodiscard]] std::string evidence_folder(const std::string& id);

class ResultsFolder {
 public:
  // Creates the folder if need be. Errors are configuration errors: they name the path and the cure.
  [[nodiscard]] static est::Result<ResultsFolder> open(const std::string& path);

  // Stores one scenario's evidence and sets `evidence` and `reproduce` of its result. Nothing is stored for what was not run.
  [[nodiscard]] est::Status add(engine::ScenarioResult& result, const engine::Evidence& evidence, const engine::Json& target);
  // Writes the reports and puts everything in place. `scenarios` and `catalogue` give the texts for report.html.
  [[nodiscard]] est::Status finish(const Results& results, const std::vector<engine::Scenario>& scenarios,
                                   const engine::Catalogue& catalogue);
  // Removes what was gathered; the folder is as it was before, if it was not empty.
  void abandon();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  // Of what did not pass.
  [[nodiscard]] std::map<std::string, std::string, std::less<>> transcripts(const Results& results) const;
  explicit ResultsFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// From a finished folder. Errors name the file and the cure.
[[nodiscard]] est::Result<Results> read_results(const std::string& path);
[[nodiscard]] est::Result<engine::Evidence> read_evidence(const std::string& path, const engine::ScenarioResult& result);

}  // namespace conformance::report
