#include <fmt/format.h>

#include <map>
#include <pugixml.hpp>
#include <sstream>

#include "conformance/engine/json.h"
#include "conformance/report/results.h"

namespace conformance::report {

namespace {

using engine::ScenarioResult;
using engine::Verdict;

// XML 1.0 has no way to write most controls, nor U+FFFE and U+FFFF.
std::string xml_text(std::string_view text) {
  std::string clean = engine::to_utf8(text);
  for (char& c : clean) {
    const auto octet = static_cast<unsigned char>(c);
    if ((octet < 0x20 && c != '\n' && c != '\t') || octet == 0x7F) c = '?';
  }
  for (const std::string_view forbidden : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    for (auto at = clean.find(forbidden); at != std::string::npos; at = clean.find(forbidden, at)) clean.replace(at, forbidden.size(), "?");
  }
  return clean;
}

std::string details(const ScenarioResult& result) {
  std::string text = result.cause + "\n";
  if (!result.cure.empty()) text += "cure: " + result.cure + "\n";
  if (!result.control.empty()) text += "control: " + result.control + "\n";
  for (const auto& check : result.checks) {
    if (check.verdict == Verdict::pass) continue;
    text += fmt::format("{} {} on {}: {}\n", to_string(check.verdict), check.check, check.exchange, check.observed);
    if (!check.expected.empty()) text += "  expected: " + check.expected + "\n";
    if (!check.interpretation.empty()) text += "  reading: " + check.interpretation + "\n";
  }
  for (const auto& requirement : result.requirements) text += "requirement: " + requirement + "\n";
  if (!result.evidence.empty()) text += "evidence: " + result.evidence + "\n";
  return xml_text(text);
}

void set(pugi::xml_node node, const char* name, const std::string& value) { node.append_attribute(name).set_value(value.c_str()); }

// Covered verdicts are shown as skipped: neither a pass nor a reason to stop a build.
bool is_known(const ScenarioResult& result) { return (result.deviation || !result.not_scored.empty()) && result.verdict > Verdict::warn; }

void add_not_scored(pugi::xml_node test, const ScenarioResult& result) {
  auto node = test.append_child("skipped");
  set(node, "type", "not scored");
  set(node, "message", xml_text(fmt::format("{}, not scored: {}", to_string(result.verdict), result.not_scored)));
  node.text().set(details(result).c_str());
}

void add_known(pugi::xml_node test, const ScenarioResult& result) {
  if (!result.not_scored.empty()) return add_not_scored(test, result);
  auto node = test.append_child("skipped");
  set(node, "type", "known deviation");
  set(node, "message",
      xml_text(fmt::format("{} known until {} ({}): {}", to_string(result.verdict), result.deviation->expires, result.deviation->owner,
                           result.deviation->reason)));
  node.text().set(details(result).c_str());
}

void add_outcome(pugi::xml_node test, const char* element, const std::string& type, const ScenarioResult& result) {
  auto node = test.append_child(element);
  set(node, "type", type);
  set(node, "message", xml_text(result.cause));
  if (result.verdict != Verdict::not_applicable) node.text().set(details(result).c_str());
}

void add_test(pugi::xml_node suite, const ScenarioResult& result) {
  auto test = suite.append_child("testcase");
  set(test, "name", xml_text(result.id + " " + result.title));
  set(test, "classname", xml_text("estspec." + result.role + "." + result.id.substr(0, result.id.find('/'))));
  set(test, "time", fmt::format("{:.3f}", result.seconds));
  if (is_known(result)) return add_known(test, result);
  switch (result.verdict) {
    case Verdict::pass:
      return;
    case Verdict::fail:
      return add_outcome(test, "failure", std::string(to_string(result.level)), result);
    case Verdict::error:
      return add_outcome(test, "error", "error", result);
    case Verdict::inconclusive:
      return add_outcome(test, "error", "inconclusive", result);
    case Verdict::not_applicable:
      return add_outcome(test, "skipped", "not applicable", result);
    case Verdict::warn:
      test.append_child("system-out").text().set(("WARN " + details(result)).c_str());
      return;
  }
}

struct Count {
  std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
  double seconds = 0;

  void add(const ScenarioResult& result) {
    ++tests;
    seconds += result.seconds;
    skipped += result.verdict == Verdict::not_applicable || is_known(result) ? 1U : 0U;
    if (is_known(result)) return;
    failures += result.verdict == Verdict::fail ? 1 : 0;
    errors += result.verdict == Verdict::error || result.verdict == Verdict::inconclusive ? 1 : 0;
  }
};

void set_counts(pugi::xml_node node, const Count& count) {
  set(node, "tests", std::to_string(count.tests));
  set(node, "failures", std::to_string(count.failures));
  set(node, "errors", std::to_string(count.errors));
  set(node, "time", fmt::format("{:.3f}", count.seconds));
}

void add_property(pugi::xml_node properties, const char* name, const std::string& value) {
  auto property = properties.append_child("property");
  set(property, "name", name);
  set(property, "value", xml_text(value));
}

void add_suite(pugi::xml_node root, const Results& results, const std::string& section, const std::vector<const ScenarioResult*>& tests) {
  Count count;
  for (const auto* test : tests) count.add(*test);
  auto suite = root.append_child("testsuite");
  set(suite, "name", xml_text(section));
  set_counts(suite, count);
  set(suite, "skipped", std::to_string(count.skipped));
  set(suite, "timestamp", est::iso8601(results.started));
  auto properties = suite.append_child("properties");
  add_property(properties, "estspec.version", results.suite_version);
  add_property(properties, "estspec.scenarios", results.scenario_set + " " + results.digest);
  add_property(properties, "estspec.target", engine::print_json(results.target, -1));
  for (const auto* test : tests) add_test(suite, *test);
}

}  // namespace

std::string junit_xml(const Results& results) {
  std::map<std::string, std::vector<const ScenarioResult*>> sections;
  Count count;
  for (const auto& scenario : results.scenarios) {
    sections[scenario.section].push_back(&scenario);
    count.add(scenario);
  }
  pugi::xml_document document;
  auto declaration = document.append_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  auto root = document.append_child("testsuites");
  set(root, "name", "estspec");
  set_counts(root, count);
  for (const auto& [section, tests] : sections) add_suite(root, results, section, tests);
  std::ostringstream out;
  document.save(out, " ");
  return out.str();
}

}  // namespace conformance::report
