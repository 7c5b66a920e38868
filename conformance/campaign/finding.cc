#include "conformance/campaign/finding.h"

#include <filesystem>

#include "est/base/file.h"
#include "est/base/text.h"

namespace conformance::campaign {

using engine::Json;

namespace {

est::Status write_messages(const Finding& finding, const std::string& folder, const steps::Redactor& redactor) {
  for (std::size_t i = 0; i < finding.one.messages.size(); ++i) {
    const Message& message = finding.one.messages[i];
    const std::string number = std::to_string(i + 1);
    const std::string word = message.authorization == "none" ? "" : "{" + message.authorization + "}";
    if (auto written = est::write_file(folder + "/message-" + number, est::as_text(octets_of(message, word))); !written) return written;
    if (i >= finding.observed.replies.size() || finding.observed.replies[i].raw.empty()) continue;
    est::Bytes raw = finding.observed.replies[i].raw;
    redactor.overwrite(raw);
    const bool may_hold_key = message.target.ends_with("/serverkeygen");
    if (may_hold_key) raw.resize(std::min(raw.size(), est::as_text(raw).find("\r\n\r\n")));
    if (auto written = est::write_file(folder + "/reply-" + number, est::as_text(raw)); !written) return written;
  }
  return {};
}

Json to_json(const Reply& reply) {
  return {{"end", reply.end},
          {"detail", est::printable(reply.detail)},
          {"statuses", reply.statuses},
          {"certificates", reply.certificates.size()},
          {"milliseconds", reply.took.count()},
          {"own-view", reply.view.finding}};
}

}  // namespace

Json to_json(const Finding& finding) {
  Json replies = Json::array();
  for (const Reply& reply : finding.observed.replies) replies.push_back(to_json(reply));
  return {{"kind", finding.problem.kind},
          {"sentence", "the target " + finding.problem.sentence},
          {"layer", to_string(finding.one.layer)},
          {"seed", finding.one.seed},
          {"index", finding.one.index},
          {"words", finding.one.words},
          {"confirmed", finding.confirmed},
          {"showed", {{"times", finding.times}, {"tries", finding.tries}}},
          {"replies", std::move(replies)},
          {"folder", finding.folder}};
}

est::Status write_finding(const Finding& finding, const std::string& folder, const steps::Redactor& redactor) {
  std::error_code trouble;
  if (!std::filesystem::create_directories(folder, trouble)) return est::Error{folder + " cannot be made, or is there already"};
  if (auto written = write_messages(finding, folder, redactor); !written) return written;
  for (std::size_t i = 0; i < finding.suspects.size(); ++i) {
    const std::string path = folder + "/suspect-" + std::to_string(i + 1) + ".json";
    if (auto written = est::write_file(path, engine::print_json(to_json(finding.suspects[i]))); !written) return written;
  }
  if (auto written = est::write_file(folder + "/probes.txt", est::join(finding.log, "\n") + "\n"); !written) return written;
  if (auto written = est::write_file(folder + "/case.json", engine::print_json(to_json(finding.one))); !written) return written;
  return est::write_file(folder + "/observed.json", redactor.cleaned(engine::print_json(to_json(finding))));
}

est::Result<Stored> read_finding(const std::string& folder) {
  const std::string path = folder + "/case.json";
  const auto text = est::read_file(path);
  if (!text) return est::Error{text.error().message + "; name the folder of a finding, as in estspec-fuzz/findings/001-hang"};
  const auto json = engine::parse_json(*text);
  if (!json) return est::Error{path + ": " + json.error().message};
  auto one = case_from_json(*json, path);
  if (!one) return one.error();
  Stored stored{{}, *std::move(one)};
  const auto observed = est::read_file(folder + "/observed.json");
  if (!observed) return observed.error();
  const auto told = engine::parse_json(*observed);
  if (!told || !told->is_object()) return est::Error{folder + "/observed.json: no JSON object"};
  engine::JsonReader reader(*told, folder + "/observed.json");
  stored.problem = {reader.text("kind"), reader.text("sentence")};
  if (!reader.problem().empty()) return est::Error{reader.problem()};
  return stored;
}

}  // namespace conformance::campaign
