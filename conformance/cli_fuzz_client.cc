// estspec fuzz --exec: a client under test gets disturbed answers.
#include <fmt/format.h>

#include <iostream>

#include "conformance/campaign/client_campaign.h"
#include "conformance/cli_command.h"
#include "conformance/cli_fuzz.h"
#include "conformance/engine/json.h"
#include "est/base/file.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

using campaign::ClientFinding;
using campaign::ClientSummary;

campaign::ClientOptions client_options(const FuzzOptions& options) {
  constexpr std::int64_t a_second = 1000;
  campaign::ClientOptions wanted;
  wanted.seed = options.seed;
  wanted.first = options.first;
  wanted.cases = options.cases;
  wanted.time = est::Milliseconds(options.seconds * a_second);
  wanted.seconds = static_cast<int>(std::max<std::int64_t>(1, (options.patience + a_second - 1) / a_second));
  wanted.needed = options.needed;
  wanted.tries = std::max(options.tries, options.needed);
  wanted.enough = options.enough;
  wanted.out = options.out;
  wanted.grafts = vector_inputs("certs_only");
  wanted.stopped = fuzz_is_interrupted;
  return wanted;
}

// The seed and index of a stored finding; nothing else is done then.
est::Status take_replay(const std::string& folder, campaign::ClientOptions& wanted) {
  const std::string path = folder + "/case.json";
  const auto text = est::read_file(path);
  if (!text) return text.error();
  const auto json = engine::parse_json(*text);
  if (!json || !json->is_object()) return est::Error{path + ": no case of a campaign"};
  engine::JsonReader reader(*json, path);
  wanted.seed = static_cast<std::uint64_t>(reader.integer("seed"));
  wanted.first = static_cast<std::uint64_t>(reader.integer("index"));
  wanted.cases = 1;
  wanted.out.clear();
  if (!reader.problem().empty()) return est::Error{reader.problem()};
  return {};
}

void tell_client(const FuzzOptions& options, const ClientSummary& summary) {
  if (options.json) return print(to_json(summary));
  for (const ClientFinding& finding : summary.findings)
    std::cout << fmt::format("{} {}: the client {}\n  {}; case {}: {}\n  {}\n", finding.confirmed ? "FINDING" : "UNCONFIRMED", finding.kind,
                             finding.sentence, finding.one.operation, finding.one.index, est::join(finding.one.words, ", "),
                             finding.folder);
  std::cout << fmt::format("{} cases in {:.1f} s ({}), {} kinds of outcome, {} finding(s), {} more case(s) like them\n", summary.cases,
                           static_cast<double>(summary.took.count()) / 1000, est::join(summary.operations, ", "), summary.outcomes.size(),
                           summary.findings.size(), summary.repeated);
}

}  // namespace

int run_client_fuzz(const FuzzOptions& options) {
  if (!options.minimise.empty()) return complain("--minimise is for servers; a client's case is its seed and index");
  campaign::ClientOptions wanted = client_options(options);
  if (!options.replay.empty()) {
    if (auto taken = take_replay(options.replay, wanted); !taken) return complain(taken.error().message);
  } else if (auto ready = prepare_fuzz_folder(options.out); !ready) {
    return complain(ready.error().message);
  }
  auto pki = peer::Pki::make(est::system_clock().now());
  if (!pki) return complain(pki.error().message);
  const auto summary =
      campaign::run_client_campaign(target::client_profile_for(options.exec), std::make_shared<const peer::Pki>(*std::move(pki)), wanted);
  if (!summary) return complain(summary.error().message);
  if (!wanted.out.empty()) {
    if (auto written = est::write_file(wanted.out + "/campaign.json", engine::print_json(to_json(*summary))); !written)
      return complain(written.error().message);
  }
  tell_client(options, *summary);
  if (summary->confirmed()) return ExitCode::nonconformant;
  return summary->findings.empty() ? ExitCode::conformant : ExitCode::inconclusive;
}

}  // namespace conformance::cli
