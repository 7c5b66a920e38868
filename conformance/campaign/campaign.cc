#include "conformance/campaign/campaign.h"

#include <fmt/format.h>

#include <algorithm>

#include "est/base/file.h"

namespace conformance::campaign {

using engine::Json;
using est::Milliseconds;

namespace {

constexpr std::size_t most_interesting = 400;
constexpr std::size_t most_suspects = 60;
constexpr Milliseconds slow{250};
constexpr int much_slower = 10;

bool ends_target(const Problem& problem) { return problem.kind == "death"; }

// However often it shows from here on, it will not have been often enough.
bool is_hopeless(const Finding& trial, const Options& options) {
  return trial.tries - trial.times > std::max(options.tries, options.needed) - options.needed;
}

std::vector<Layer> all_layers() {
  std::vector<Layer> all;
  for (std::size_t i = 0; i < layers; ++i) all.push_back(static_cast<Layer>(i));
  return all;
}

Milliseconds median(std::vector<Milliseconds> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace

bool Summary::confirmed() const {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.confirmed; });
}

Json to_json(const Summary& summary) {
  Json findings = Json::array();
  for (const Finding& finding : summary.findings) {
    findings.push_back(to_json(finding));
    const auto more = summary.repeated.find(finding.folder);
    findings.back()["more-cases"] = more == summary.repeated.end() ? 0 : more->second;
  }
  return {{"cases", summary.cases}, {"findings", std::move(findings)},      {"pairs", summary.pairs},
          {"ended", summary.ended}, {"milliseconds", summary.took.count()}, {"certificates", summary.certificates}};
}

Campaign::Campaign(const target::Profile& profile, const Material& material, Options options)
    : material_(material),
      options_(std::move(options)),
      ground_(profile, options_.ground),
      maker_(scope_of(profile), material, options_.seed, options_.allowed.empty() ? all_layers() : options_.allowed),
      redactor_(profile) {}

est::Result<Summary> Campaign::run() {
  if (auto good = ground_.control(material_); !good) return good.error();
  began_ = std::chrono::steady_clock::now();
  begin();
  while (goes_on()) {
    const std::uint64_t index = options_.first + summary_.cases++;
    const Case* parent = nullptr;
    if (options_.guided && !interesting_.empty()) parent = &interesting_[index * 2654435761U % interesting_.size()];
    const Case one = maker_.make(index, parent);
    const Attempt attempt = ground_.attempt(one, summary_.cases % options_.look_every == 0);
    if (attempt.sent.spent) summary_.ended = "the certificates the target may be made to issue are spent";
    if (attempt.sent.spent) break;
    learn(one, attempt);
    if (attempt.problem && !investigate(one, attempt)) break;
    if (options_.progress) options_.progress(summary_.cases, summary_.findings.size());
    if (!stored_) return stored_.error();
  }
  end();
  if (!stored_) return stored_.error();
  return std::move(summary_);
}

bool Campaign::goes_on() const {
  if (options_.enough > 0 && summary_.findings.size() >= options_.enough) return false;
  if (summary_.cases >= options_.cases || (options_.stopped && options_.stopped())) return false;
  return options_.time.count() == 0 || std::chrono::steady_clock::now() - began_ < options_.time;
}

void Campaign::begin() {
  const Attempt attempt = ground_.ask_anonymously(material_.requests.front());
  if (!attempt.problem) return;
  Finding finding;
  finding.problem = *attempt.problem;
  finding.observed = attempt.sent;
  finding.one.words = {"no credentials"};
  finding.times = finding.tries = 1;
  finding.confirmed = true;
  keep(std::move(finding));
}

// --- What is new

std::string Campaign::signature_of(const Case& one, const Attempt& attempt) const {
  return std::string(to_string(one.layer)) + ": " + own_finding(one, attempt.sent);
}

void Campaign::learn(const Case& one, const Attempt& attempt) {
  since_look_.push_back(one);
  if (attempt.looked && attempt.alive) since_look_ = {one};
  if (since_look_.size() > most_suspects) since_look_.erase(since_look_.begin());
  const std::string pair = signature_of(one, attempt) + " -> " + attempt.sent.replies.back().response_class();
  const bool fresh = ++summary_.pairs[pair] == 1;
  if (fresh && one.layer == Layer::request && interesting_.size() < most_interesting) interesting_.push_back(one);
}

// --- What is wrong

bool Campaign::investigate(const Case& one, const Attempt& attempt) {
  const std::string signature = attempt.problem->kind + ", " + signature_of(one, attempt);
  const bool gone = ends_target(*attempt.problem);
  deaths_ += gone ? 1 : 0;
  if (const auto known = seen_.find(signature); known != seen_.end()) {
    ++summary_.repeated[known->second];
    if (gone && !ground_.recover()) summary_.ended = "the target is gone";
    if (deaths_ >= options_.most_deaths) summary_.ended = "the target died too often";
    return summary_.ended.empty();
  }
  Finding finding;
  finding.problem = *attempt.problem;
  finding.one = one;
  finding.observed = attempt.sent;
  finding.log = ground_.take_log();
  finding.tries = 0;
  if (gone) {
    const bool back = investigate_death(std::move(finding));
    seen_[signature] = summary_.findings.back().folder;
    return back;
  }
  confirm(finding);
  keep(std::move(finding));
  seen_[signature] = summary_.findings.back().folder;
  return true;
}

// It may have been any case since the target was last seen alive: the last one first.
bool Campaign::investigate_death(Finding finding) {
  std::vector<Case> suspects(since_look_.rbegin(), since_look_.rend());
  if (suspects.empty()) suspects.push_back(finding.one);
  bool back = ground_.recover();
  for (std::size_t i = 0; back && i < suspects.size() && !finding.confirmed; ++i) {
    Finding trial = finding;
    trial.one = suspects[i];
    trial.times = trial.tries = 0;
    while (back && trial.tries < options_.tries && trial.times < options_.needed) {
      ++trial.tries;
      const Attempt again = ground_.attempt(trial.one, true);
      if (!again.problem || !ends_target(*again.problem)) {
        if (is_hopeless(trial, options_)) break;
        continue;
      }
      ++trial.times;
      trial.observed = again.sent;
      back = ground_.recover();
    }
    trial.confirmed = trial.times >= options_.needed;
    if (trial.confirmed) finding = std::move(trial);
  }
  if (!finding.confirmed) finding.suspects = std::move(suspects);
  // Without a way to bring it back, that it is gone is all there will ever be to see.
  if (!back) finding.confirmed = true;
  if (!back) summary_.ended = "the target is gone";
  for (auto& line : ground_.take_log()) finding.log.push_back(std::move(line));
  keep(std::move(finding));
  since_look_.clear();
  return back;
}

void Campaign::confirm(Finding& finding) {
  while (finding.tries < options_.tries && finding.times < options_.needed) {
    ++finding.tries;
    const Attempt again = ground_.attempt(finding.one, true);
    if (again.problem && again.problem->kind == finding.problem.kind) ++finding.times;
    if (!again.alive && !ground_.recover()) break;
  }
  // A certificate that was issued once where it must not be is there, whatever happens the next time.
  const bool issued = std::any_of(finding.observed.replies.begin(), finding.observed.replies.end(),
                                  [](const Reply& reply) { return !reply.certificates.empty(); });
  finding.confirmed = finding.times >= options_.needed || issued;
  for (auto& line : ground_.take_log()) finding.log.push_back(std::move(line));
}

void Campaign::keep(Finding finding) {
  finding.folder = fmt::format("findings/{:03}-{}", summary_.findings.size() + 1, finding.problem.kind);
  if (auto written = write_finding(finding, options_.out + "/" + finding.folder, redactor_); !written) stored_ = written;
  summary_.findings.push_back(std::move(finding));
}

// --- What shows at the end only

void Campaign::add_slowness() {
  const auto& times = ground_.times();
  const std::size_t third = times.size() / 3;
  if (third < 4) return;
  using Times = std::vector<Milliseconds>;
  const auto before = median(Times(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(third)));
  const auto after = median(Times(times.end() - static_cast<std::ptrdiff_t>(third), times.end()));
  if (after < slow || after < before * much_slower) return;
  Finding finding;
  finding.problem = {"slowness", fmt::format("takes {} ms for a sound request where it took {} ms", after.count(), before.count())};
  finding.confirmed = true;
  keep(std::move(finding));
}

void Campaign::end() {
  for (const Problem& problem : ground_.watch().growth()) {
    Finding finding;
    finding.problem = problem;
    finding.confirmed = true;
    keep(std::move(finding));
  }
  add_slowness();
  if (summary_.ended.empty() || summary_.ended.starts_with("the certificates")) {
    Finding finding;
    finding.log = ground_.take_log();
    if (!ground_.alive() && !ground_.recover()) {
      finding.problem = {"death", "no longer serves at the end"};
      finding.confirmed = true;
      keep(std::move(finding));
    }
  }
  summary_.certificates = ground_.sender().issued();
  summary_.took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began_);
}

Replayed replay(Ground& ground, const Stored& stored, unsigned tries) {
  Replayed replayed;
  while (replayed.tries < tries) {
    ++replayed.tries;
    const Attempt attempt = ground.attempt(stored.one, true);
    replayed.last = attempt.sent.replies.back().response_class();
    if (attempt.problem && attempt.problem->kind == stored.problem.kind) ++replayed.times;
    if (!attempt.alive && !ground.recover()) break;
  }
  return replayed;
}

}  // namespace conformance::campaign
