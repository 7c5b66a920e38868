#include "conformance/report/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "conformance/report/html_page.h"
#include "conformance/report/script.h"
#include "est/base/html.h"
#include "est/base/text.h"

namespace conformance::report {
namespace {

using engine::Level;
using engine::Requirement;
using engine::Scenario;
using engine::ScenarioResult;
using engine::Verdict;

constexpr std::size_t longest_text = 4000;
constexpr std::size_t longest_transcript = 60000;

// What comes from a target or a profile is text, and stays it.
std::string shown(std::string_view text) { return est::html_escaped(est::printable(text, longest_text)); }

// "EST-SE-014/ec-p256" as the name of a place in the page.
std::string anchor(std::string_view id) { return shown(id); }

std::string word_of(Verdict verdict) {
  const std::string name(to_string(verdict));
  return fmt::format("<span class=\"verdict {}\">{}</span>", name, name);
}

std::string member(const engine::Json& json, const char* key) {
  if (!json.is_object()) return {};
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string row(std::string_view name, std::string_view value) {
  return value.empty() ? std::string() : fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", name, value);
}

std::string entry(std::string_view term, std::string_view text) {
  return text.empty() ? std::string() : fmt::format("<dt>{}</dt><dd>{}</dd>\n", term, text);
}

bool blocks(const ScenarioResult& result) {
  return (result.verdict == Verdict::fail || result.verdict == Verdict::error || result.verdict == Verdict::inconclusive) &&
         !result.deviation && result.not_scored.empty();
}

class Page {
 public:
  explicit Page(const HtmlInput& input) : input_(input), results_(input.results) {
    for (const auto& scenario : input.scenarios) scenarios_.emplace(scenario.id, &scenario);
  }

  std::string write() {
    const std::string title = "Conformance report: " + shown(product());
    text_ = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n"
        "<a class=\"skip\" href=\"#findings\">To the findings</a>\n<main>\n<h1>{}</h1>\n<nav aria-label=\"Parts of this report\"><a "
        "href=\"#findings\">Findings</a> <a "
        "href=\"#all\">Scenarios</a> <a href=\"#traceability\">Traceability</a></nav>\n",
        title, html_style, title);
    statement();
    totals();
    matters();
    findings();
    scenarios();
    traceability();
    text_ += fmt::format("</main>\n<script>{}</script>\n</body>\n</html>\n", html_script);
    return std::move(text_);
  }

 private:
  [[nodiscard]] std::string product() const {
    std::string name = member(results_.target, "vendor");
    for (const char* key : {"name", "version"})
      if (const auto more = member(results_.target, key); !more.empty()) name += (name.empty() ? "" : " ") + more;
    return name;
  }

  [[nodiscard]] std::string address() const {
    const auto access = results_.target.is_object() ? results_.target.find("access") : results_.target.end();
    return results_.target.is_object() && access != results_.target.end() ? member(*access, "url") : std::string();
  }

  void statement() {
    const int code = exit_code(results_);
    const char* tone = code == 0 ? "PASS" : code == 2 || code == 3 ? "INCONCLUSIVE" : "FAIL";
    text_ += fmt::format("<p class=\"result {}\" role=\"status\">{}</p>\n", tone, shown(conclusion(results_)));
    text_ += "<h2>Statement</h2>\n<div class=\"scroll\"><table><caption>What was tested, by what, and when</caption><tbody>\n";
    text_ += row("Product", shown(product()));
    text_ += row("Role", shown(member(results_.target, "role").empty() ? "server" : member(results_.target, "role")));
    text_ += row("Address", shown(address()));
    text_ += row("Suite", "estspec " + shown(results_.suite_version));
    text_ +=
        row("Scenarios", fmt::format("{} <span class=\"soft\">SHA-256 {}</span>", shown(results_.scenario_set), shown(results_.digest)));
    if (results_.set)
      text_ += row("Scored by",
                   fmt::format("{} <span class=\"soft\">SHA-256 {}</span>", shown(results_.set->name), shown(results_.set->digest)));
    text_ += row("Begun", fmt::format("{}, took {:.1f} s", est::iso8601(results_.started), results_.seconds));
    text_ += row("Kind", results_.certify ? "for certification: every scenario, every claim answered, no deviation excused"
                                          : "not for certification (see --certify)");
    text_ += row("Reading", results_.strict ? "contested points by the letter (--strict)" : "");
    text_ += row("Repeat", "<code>" + shown(results_.command) + "</code>");
    text_ += row("Claims", shown(est::join(claims(), ", ")));
    text_ += row("Certificates", results_.certificates.empty()
                                     ? std::string()
                                     : fmt::format("{} were issued to the suite; certificates.csv lists them for revocation",
                                                   results_.certificates.size()));
    text_ += "</tbody></table></div>\n";
  }

  [[nodiscard]] std::vector<std::string> claims() const {
    std::vector<std::string> names;
    if (results_.target.is_object() && results_.target.contains("claims") && results_.target["claims"].is_array())
      for (const auto& one : results_.target["claims"])
        if (one.is_string()) names.push_back(one.get<std::string>());
    return names;
  }

  void totals() {
    std::map<Level, std::map<Verdict, std::size_t>> counts;
    for (const auto& result : results_.scenarios) ++counts[result.level][result.verdict];
    text_ +=
        "<h2>Counts</h2>\n<div class=\"scroll\"><table><caption>Scenarios by level of the requirement and verdict</caption><thead><tr><th "
        "scope=\"col\">Level</th>";
    const auto all = results_.totals();
    for (const auto& [verdict, count] : all) text_ += fmt::format("<th scope=\"col\" class=\"number\">{}</th>", word_of(verdict));
    text_ += "</tr></thead><tbody>\n";
    for (auto& [level, by_verdict] : counts) {
      text_ += fmt::format("<tr><th scope=\"row\">{}</th>", to_string(level));
      for (const auto& [verdict, count] : all) text_ += fmt::format("<td class=\"number\">{}</td>", by_verdict[verdict]);
      text_ += "</tr>\n";
    }
    text_ += "<tr><th scope=\"row\">all</th>";
    for (const auto& [verdict, count] : all) text_ += fmt::format("<td class=\"number\">{}</td>", count);
    text_ += "</tr></tbody></table></div>\n";
  }

  void matters() {
    text_ += "<h2>What blocks, and what is acceptable</h2>\n<ul>\n";
    const auto count = [&](auto fits) { return std::count_if(results_.scenarios.begin(), results_.scenarios.end(), fits); };
    const auto has = [](Verdict verdict) {
      return [verdict](const ScenarioResult& one) { return one.verdict == verdict && !one.deviation && one.not_scored.empty(); };
    };
    const auto line = [&](auto number, std::string_view text) {
      if (number > 0) text_ += fmt::format("<li><strong>{}</strong> {}</li>\n", number, text);
    };
    line(count(has(Verdict::fail)), "broke a MUST. The product does not conform until these are mended.");
    line(count(has(Verdict::inconclusive)),
         "could not be concluded, although the ability is claimed. Each says what would make it conclusive; until then nothing is shown.");
    line(count(has(Verdict::error)), "are errors of the suite; they say nothing about the product.");
    line(count([](const ScenarioResult& one) { return !one.not_scored.empty(); }),
         "are not scored: later than the set, or taken out of it by an erratum. They are shown and count for nothing.");
    line(count([](const ScenarioResult& one) { return one.deviation && one.not_scored.empty(); }),
         "are known deviations with a reason, an owner and a last day. They are not conformant for that.");
    line(count(has(Verdict::warn)), "broke a SHOULD or a contested reading. The product conforms; each is worth a look.");
    line(count(has(Verdict::not_applicable)), "do not apply, because the product does not claim the ability. They are listed below.");
    line(count(has(Verdict::pass)), "passed.");
    for (const auto& one : results_.stale)
      text_ += "<li>Stale known deviation, " + shown(one.scenario) + ": " + shown(one.problem) + "</li>\n";
    for (const auto& one : results_.review) text_ += "<li>At odds with a look at the target: " + shown(sentence_of(one)) + "</li>\n";
    text_ += "</ul>\n";
  }

  void findings() {
    text_ += "<h2 id=\"findings\">Findings</h2>\n";
    tools();
    bool any = false;
    for (const Verdict verdict : {Verdict::error, Verdict::fail, Verdict::inconclusive, Verdict::warn}) {
      for (const auto& result : results_.scenarios) {
        if (result.verdict != verdict) continue;
        any = true;
        finding(result);
      }
    }
    if (!any) text_ += "<p>None.</p>\n";
  }

  void finding(const ScenarioResult& result) {
    text_ += fmt::format("<details class=\"finding\" id=\"{}\" data-verdict=\"{}\"{}><summary>{} <h3>{} {}</h3></summary>\n<dl>\n",
                         anchor(result.id), to_string(result.verdict), blocks(result) ? " open" : "", word_of(result.verdict),
                         shown(result.id), shown(result.title));
    if (result.deviation)
      text_ += entry("Known", fmt::format("until {} ({}): {}", shown(result.deviation->expires), shown(result.deviation->owner),
                                          shown(result.deviation->reason)));
    text_ += entry("Not scored", shown(result.not_scored));
    text_ += entry("What it did", shown(result.cause));
    text_ += entry("To conclude", result.verdict == Verdict::inconclusive ? shown(result.cure) : "");
    const auto found = scenarios_.find(result.id);
    const Scenario* scenario = found == scenarios_.end() ? nullptr : found->second;
    if (scenario != nullptr) text_ += entry("Sent", sent(*scenario));
    for (const auto& check : result.checks) {
      if (check.verdict == Verdict::pass) continue;
      text_ += entry("Expected", shown(check.expected.empty() ? check.check : check.expected));
      text_ += entry("Observed", shown((check.layer.empty() ? "" : check.layer + ": ") + check.observed));
    }
    text_ += entry("Control", shown(result.control));
    requirements(result);
    readings(result);
    if (scenario != nullptr) text_ += entry("Why it matters", shown(scenario->why));
    if (!results_.command.empty())
      text_ += entry("Run again", "<code>" + shown(results_.command + " --select " + result.id + " --out estspec-again") + "</code>");
    if (!result.reproduce.empty()) text_ += entry("By hand", by_hand(result.reproduce));
    text_ += entry("Evidence", evidence_link(result));
    text_ += "</dl>\n";
    if (const auto transcript = input_.transcripts.find(result.id); transcript != input_.transcripts.end())
      text_ += "<details><summary>What happened</summary><pre>" +
               est::html_escaped(std::string_view(transcript->second).substr(0, longest_transcript)) + "</pre></details>\n";
    text_ += "</details>\n";
  }

  // A scenario that looks at a whole message stands for many: the list is there, and not in the way.
  void requirements(const ScenarioResult& result) {
    std::string all;
    for (const auto& id : result.requirements) all += "<li>" + requirement(id) + "</li>\n";
    if (all.empty()) return;
    all = "<ul>\n" + all + "</ul>";
    const std::size_t count = result.requirements.size();
    text_ += entry(
        count == 1 ? "Requirement" : "Requirements",
        count <= 3 ? all
                   : fmt::format("<details><summary>one of the {} sentences of the RFCs that this scenario looks at</summary>{}</details>",
                                 count, all));
  }

  static std::string by_hand(const std::string& command) {
    std::string text = "<code>" + shown(command) + "</code>";
    if (command.find("EST_") == std::string::npos) return text;
    return text +
           "<br><span class=\"soft\">Run it in the results folder, with the variables it names set: EST_TRUST_ANCHOR (PEM file), EST_USER, "
           "EST_PASSWORD, EST_CLIENT_CERT, "
           "EST_CLIENT_KEY.</span>";
  }

  [[nodiscard]] std::string requirement(const std::string& id) const {
    const Requirement* one = input_.catalogue.requirement(id);
    if (one == nullptr) return shown(id);
    return fmt::format("{} (RFC {} section {}, {}): {}", shown(id), shown(one->rfc), shown(one->section), shown(one->level),
                       shown(one->text));
  }

  void readings(const ScenarioResult& result) {
    std::vector<std::string> cited;
    for (const auto& check : result.checks) {
      const bool fresh = std::find(cited.begin(), cited.end(), check.interpretation) == cited.end();
      if (check.verdict == Verdict::pass || check.interpretation.empty() || !fresh) continue;
      cited.push_back(check.interpretation);
      const auto* reading = input_.catalogue.interpretation(check.interpretation);
      text_ += entry("Reading", shown(check.interpretation +
                                      (reading == nullptr ? "" : ", contested: " + reading->question + ": " + reading->verdict)));
    }
  }

  static std::string sent(const Scenario& scenario) {
    std::vector<std::string> steps;
    for (const auto& step : scenario.steps) steps.push_back(to_script(step));
    return shown(est::join(steps, "; ") + (scenario.mutation.empty() ? "" : "; changed: " + scenario.mutation));
  }

  static std::string evidence_link(const ScenarioResult& result) {
    if (result.evidence.empty()) return {};
    const std::string folder = result.evidence.substr(0, result.evidence.rfind('/'));
    return fmt::format(
        "<a href=\"{0}\">{0}</a>, <a href=\"{1}/transcript.txt\">transcript</a>, <a href=\"{1}/capture.pcapng\">capture</a>, "
        "<a href=\"{1}/tls.pcapng\">TLS records</a>",
        shown(result.evidence), shown(folder));
  }

  // One search for findings, scenarios and requirements; without scripts all is shown.
  void tools() {
    text_ +=
        "<div class=\"tools\" hidden><label>Find <input id=\"find\" type=\"search\"></label><label>Verdict <select "
        "id=\"which\"><option value=\"\">all</option>";
    for (const auto& [verdict, count] : results_.totals())
      if (count > 0) text_ += fmt::format("<option>{}</option>", to_string(verdict));
    text_ += "</select></label><span id=\"told\" role=\"status\"></span></div>\n";
  }

  void scenarios() {
    text_ +=
        "<h2 id=\"all\">Scenarios</h2>\n<div class=\"scroll\"><table id=\"scenarios\"><caption>Test plan and results: every "
        "scenario, the claims of the ICS that select it with their values, and its verdict</caption><thead><tr>"
        "<th scope=\"col\">Scenario</th><th scope=\"col\">Verdict</th><th scope=\"col\">Level</th><th scope=\"col\">What a conformant "
        "product does</th><th scope=\"col\">Section</th>"
        "<th scope=\"col\" class=\"number\">Seconds</th></tr></thead><tbody>\n";
    const std::vector<std::string> claimed = claims();
    for (const auto& result : results_.scenarios) {
      const std::string cause = result.verdict == Verdict::pass ? "" : "<br><span class=\"soft\">" + shown(result.cause) + "</span>";
      text_ += fmt::format(
          "<tr data-verdict=\"{}\"><td>{}</td><td>{}</td><td>{}</td><td>{}{}{}</td><td>{}</td><td class=\"number\">{:.2f}</td></tr>\n",
          to_string(result.verdict), scenario_link(result), word_of(result.verdict), to_string(result.level), shown(result.title), cause,
          chosen_by(result, claimed), shown(result.section), result.seconds);
    }
    text_ += "</tbody></table></div>\n";
  }

  // The line of the test plan: what the choice rests on.
  [[nodiscard]] std::string chosen_by(const ScenarioResult& result, const std::vector<std::string>& claimed) const {
    const auto found = scenarios_.find(result.id);
    if (found == scenarios_.end()) return {};
    const auto holds = [&](std::string_view word) { return std::find(claimed.begin(), claimed.end(), word) != claimed.end(); };
    return fmt::format("<br><span class=\"soft\">ICS: {}; revision {}{}</span>", shown(found->second->needs.with_values(holds)),
                       found->second->revision, result.not_scored.empty() ? "" : "; not scored: " + shown(result.not_scored));
  }

  static std::string scenario_link(const ScenarioResult& result) {
    const bool has_finding = result.verdict != Verdict::pass && result.verdict != Verdict::not_applicable;
    if (has_finding) return fmt::format("<a href=\"#{0}\">{0}</a>", anchor(result.id));
    if (result.evidence.empty()) return shown(result.id);
    return fmt::format("<a href=\"{}/transcript.txt\">{}</a>", shown(result.evidence.substr(0, result.evidence.rfind('/'))),
                       shown(result.id));
  }

  // Requirement, the scenarios that test it, what came of them; or why there is none.
  void traceability() {
    std::map<std::string, std::vector<const ScenarioResult*>, std::less<>> citing;
    for (const auto& result : results_.scenarios)
      for (const auto& id : result.requirements) citing[id].push_back(&result);
    const std::string role = member(results_.target, "role").empty() ? "server" : member(results_.target, "role");
    text_ +=
        "<h2 id=\"traceability\">Traceability</h2>\n<div class=\"scroll\"><table id=\"requirements\"><caption>Every requirement on this "
        "role: what tests it, with what result, or "
        "why nothing does</caption><thead><tr>"
        "<th scope=\"col\">Requirement</th><th scope=\"col\">Level</th><th scope=\"col\">In our words</th><th scope=\"col\">Tested "
        "by</th></tr></thead><tbody>\n";
    for (const Requirement& one : input_.catalogue.requirements) {
      if (one.role != role) continue;
      const auto found = citing.find(one.id);
      std::string by = one.untested.empty() ? "<span class=\"soft\">not in this run</span>"
                                            : "<span class=\"soft\">not tested: " + shown(one.untested) + "</span>";
      if (found != citing.end()) by = tested_by(found->second);
      text_ += fmt::format("<tr><th scope=\"row\">{}<br><span class=\"soft\">RFC {} {}</span></th><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                           shown(one.id), shown(one.rfc), shown(one.section), shown(one.level), shown(one.text), by);
    }
    text_ += "</tbody></table></div>\n";
  }

  static std::string tested_by(const std::vector<const ScenarioResult*>& results) {
    std::map<Verdict, std::vector<std::string>> by_verdict;
    for (const ScenarioResult* one : results) by_verdict[one->verdict].push_back(scenario_link(*one));
    std::string text;
    for (const auto& [verdict, links] : by_verdict) {
      if (!text.empty()) text += "<br>";
      text += word_of(verdict) + " ";
      text += links.size() <= 6 ? est::join(links, ", ")
                                : fmt::format("{}, {}, {} and {} more", links[0], links[1], links[2], links.size() - 3);
    }
    return text;
  }

  const HtmlInput& input_;
  const Results& results_;
  std::map<std::string, const Scenario*, std::less<>> scenarios_;
  std::string text_;
};

}  // namespace

std::string html_report(const HtmlInput& input) { return Page(input).write(); }

}  // namespace conformance::report
