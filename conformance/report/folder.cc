#include "conformance/report/folder.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "conformance/engine/json.h"
#include "conformance/report/html.h"
#include "conformance/report/manifest.h"
#include "conformance/report/pcapng.h"
#include "conformance/report/reproduce.h"
#include "conformance/report/tls_pcapng.h"
#include "conformance/report/transcript.h"
#include "est/base/file.h"

namespace conformance::report {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view stage_name = ".estspec-unfinished";
constexpr std::size_t largest_file = 256U << 20U;
const std::set<std::string, std::less<>> our_names{
    "results.json", "junit.xml", "certificates.csv", "report.html", "evidence", std::string(manifest_name), std::string(stage_name)};

est::Error failed(const std::string& what, const std::string& path, const std::error_code& error) {
  return {"cannot " + what + " " + path + ": " + error.message() + "; choose another folder with --out"};
}

// Without syncing: a crash leaves the hidden folder, never a half result.
est::Status put(const fs::path& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (file.fail()) return est::Error{"cannot write " + path.string() + "; is the disk full?"};
  return {};
}

est::Status put(const fs::path& path, est::BytesView content) { return put(path, est::as_text(content)); }

bool is_ours(const fs::path& results) {
  const auto text = est::read_file(results.string(), largest_file);
  if (!text) return false;
  const auto json = engine::parse_json(*text);
  return json.ok() && json->is_object() && json->contains("suite") && (*json)["suite"].is_object() &&
         (*json)["suite"].value("name", engine::Json()) == "estspec";
}

// Empty, or why the folder must not be touched.
std::string foreign_content(const fs::path& folder) {
  std::error_code error;
  bool holds_results = false;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!our_names.contains(name)) return "it holds '" + name + "', which is not ours";
    holds_results = holds_results || name != stage_name;
  }
  if (error) return error.message();
  if (holds_results && !is_ours(folder / "results.json")) return "it holds files like ours, but no results.json of estspec";
  return {};
}

est::Status move_in(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(from, error))) return {};
  fs::rename(from, to, error);
  if (error) return failed("put in place", to.string(), error);
  return {};
}

// results.json goes first and comes last.
est::Status replace_by_stage(const fs::path& folder) {
  const std::vector<std::string> names{"results.json", "manifest.json", "junit.xml", "certificates.csv", "report.html", "evidence"};
  std::error_code error;
  for (const auto& old : names) {
    fs::remove_all(folder / old, error);
    if (error) return failed("replace", (folder / old).string(), error);
  }
  for (auto name = names.rbegin(); name != names.rend(); ++name)
    if (const auto status = move_in(folder / stage_name / *name, folder / *name); !status) return status;
  fs::remove_all(folder / stage_name, error);
  return {};
}

}  // namespace

std::string evidence_folder(const std::string& id) {
  std::string name = id;
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (!plain) c = '_';
  }
  if (name.empty() || name.front() == '.') name.insert(0, "_");
  return "evidence/" + name;
}

est::Result<ResultsFolder> ResultsFolder::open(const std::string& path) {
  std::error_code error;
  const fs::path folder(path);
  if (fs::exists(folder, error)) {
    if (!fs::is_directory(folder, error)) return est::Error{path + " is a file; name a folder with --out"};
    const std::string foreign = foreign_content(folder);
    if (!foreign.empty()) return est::Error{"--out " + path + ": " + foreign + "; name a new or empty folder, or one of earlier results"};
  }
  fs::create_directories(folder, error);
  if (error) return failed("create", path, error);
  fs::remove_all(folder / stage_name, error);
  fs::create_directories(folder / stage_name / "evidence", error);
  if (error) return failed("write in", path, error);
  return ResultsFolder(path);
}

est::Status ResultsFolder::add(engine::ScenarioResult& result, const engine::Evidence& evidence, const engine::Json& target) {
  if (!evidence.unclaimed.empty()) return {};
  const std::string relative = evidence_folder(result.id);
  const fs::path folder = fs::path(path_) / stage_name / relative;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return failed("create", folder.string(), error);
  if (const engine::Exchange* exchange = decisive_exchange(result, evidence)) {
    result.reproduce = reproduce_command(*exchange, target, relative);
    const est::Bytes body = body_of(*exchange);
    const bool raw = result.reproduce.find(".request'") != std::string::npos;
    const bool with_body = result.reproduce.find(".body'") != std::string::npos;
    if (const auto status = !with_body ? est::Status() : put(folder / (exchange->name + ".body"), body); !status) return status;
    if (const auto status = !raw ? est::Status() : put(folder / (exchange->name + ".request"), exchange->request); !status) return status;
  }
  result.evidence = relative + "/evidence.json";
  if (const auto status = put(folder / "evidence.json", engine::print_json(engine::to_json(evidence)) + "\n"); !status) return status;
  if (const auto status = put(folder / "capture.pcapng", pcapng(evidence)); !status) return status;
  if (const auto status = put(folder / "tls.pcapng", tls_pcapng(evidence)); !status) return status;
  return put(folder / "transcript.txt", transcript(result, evidence) + tls_remarks(evidence));
}

std::map<std::string, std::string, std::less<>> ResultsFolder::transcripts(const Results& results) const {
  std::map<std::string, std::string, std::less<>> texts;
  for (const auto& result : results.scenarios) {
    if (result.verdict == engine::Verdict::pass || result.verdict == engine::Verdict::not_applicable) continue;
    const auto text = est::read_file((fs::path(path_) / stage_name / evidence_folder(result.id) / "transcript.txt").string());
    if (text) texts.emplace(result.id, *text);
  }
  return texts;
}

est::Status ResultsFolder::finish(const Results& results, const std::vector<engine::Scenario>& scenarios,
                                  const engine::Catalogue& catalogue) {
  const fs::path folder(path_);
  const fs::path stage = folder / stage_name;
  if (const auto status = put(stage / "junit.xml", junit_xml(results)); !status) return status;
  if (const auto status = put(stage / "certificates.csv", certificates_csv(results)); !status) return status;
  const std::string html = html_report({results, scenarios, catalogue, transcripts(results)});
  if (const auto status = put(stage / "report.html", html); !status) return status;
  if (const auto status = est::write_file((stage / "results.json").string(), engine::print_json(to_json(results)) + "\n"); !status)
    return status;
  const auto content = read_folder(stage.string());
  if (!content) return content.error();
  if (const auto status = put(stage / manifest_name, to_text(manifest_of(*content))); !status) return status;
  return replace_by_stage(folder);
}

void ResultsFolder::abandon() {
  std::error_code ignored;
  fs::remove_all(fs::path(path_) / stage_name, ignored);
  fs::remove(path_, ignored);  // only if empty
}

est::Result<Results> read_results(const std::string& path) {
  const std::string file = (fs::path(path) / "results.json").string();
  const auto text = est::read_file(file, largest_file);
  if (!text) return est::Error{text.error().message + "; name the folder of a finished run"};
  const auto json = engine::parse_json(*text);
  if (!json) return est::Error{file + ": " + json.error().message};
  auto results = results_from_json(*json);
  if (!results) return est::Error{file + ": " + results.error().message};
  return results;
}

est::Result<engine::Evidence> read_evidence(const std::string& path, const engine::ScenarioResult& result) {
  // The path in results.json is not trusted: it could name any file.
  const std::string file = (fs::path(path) / evidence_folder(result.id) / "evidence.json").string();
  const auto text = est::read_file(file, largest_file);
  if (!text) return est::Error{text.error().message};
  const auto json = engine::parse_json(*text);
  if (!json) return est::Error{file + ": " + json.error().message};
  auto evidence = engine::evidence_from_json(*json);
  if (!evidence) return est::Error{file + ": " + evidence.error().message};
  return evidence;
}

}  // namespace conformance::report
