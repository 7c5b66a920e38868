// estspec fuzz: a fuzzing campaign against a live server, and its findings sent again.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "conformance/campaign/campaign.h"
#include "conformance/cli_command.h"
#include "conformance/cli_embedded.h"
#include "conformance/cli_fuzz.h"
#include "conformance/cli_secret.h"
#include "conformance/engine/json.h"
#include "est/base/file.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

using campaign::Campaign;
using campaign::Finding;
using campaign::Summary;
using engine::Json;

volatile std::sig_atomic_t fuzz_interrupted = 0;

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.") || host.ends_with(".localhost");
}

// Who fuzzes somebody else's server says its name twice.
std::string not_permitted(const FuzzOptions& options, const target::Profile& profile) {
  const std::string& host = profile.url.endpoint.host;
  if (is_loopback(host) || options.permitted == host) return {};
  return est::printable(host) + " is not this machine; a campaign may break a server, so repeat the name with --permitted " +
         est::printable(host) + " if its owner agrees";
}

est::Result<target::Profile> fuzz_profile(const FuzzOptions& options) {
  target::Flags flags = options.flags;
  auto password = resolve_secret(flags.password, "--password");
  if (!password) return password.error();
  flags.password = *std::move(password);
  std::optional<target::Profile> from_file;
  if (!options.profile.empty()) {
    auto profile = target::load_profile(options.profile);
    if (!profile) return profile.error();
    from_file = *std::move(profile);
  }
  auto profile = target::apply_flags(std::move(from_file), flags);
  if (!profile) return profile;
  if (profile->role != "server") return est::Error{options.profile + ": the profile is for the role " + profile->role};
  if (options.max_certificates > 0) profile->limits.max_certificates = options.max_certificates;
  if (const std::string why = not_permitted(options, *profile); !why.empty()) return est::Error{why};
  return profile;
}

est::Result<campaign::Material> material_of(const FuzzOptions& options, const target::Profile& profile) {
  auto material = options.material.empty() ? campaign::make_material(profile) : campaign::load_material(options.material);
  if (!material) return material;
  material->grafts = vector_inputs("pkcs10");
  material->full = vector_inputs("cmc_request");
  return material;
}

campaign::GroundOptions ground_of(const FuzzOptions& options) {
  campaign::GroundOptions ground;
  ground.patience.answer = est::Milliseconds(options.patience);
  ground.patience.unfinished = std::min(ground.patience.answer, ground.patience.unfinished);
  ground.restart = options.restart;
  ground.process = options.process;
  return ground;
}

est::Result<std::vector<campaign::Layer>> layers_of(const FuzzOptions& options) {
  std::vector<campaign::Layer> chosen;
  for (const std::string& name : options.layers) {
    const auto layer = campaign::layer_by_name(name);
    if (!layer)
      return est::Error{"--layer: '" + est::printable(name, 40) + "' is none of request, transfer, framing, authorization, order, session"};
    chosen.push_back(*layer);
  }
  return chosen;
}

est::Status prepare_folder(const std::string& out, const campaign::Material& material) {
  if (auto ready = prepare_fuzz_folder(out); !ready) return ready;
  std::error_code trouble;
  std::filesystem::create_directories(out + "/material", trouble);
  if (trouble) return est::Error{"--out " + out + ": " + trouble.message()};
  return save(material, out + "/material");
}

// --- Telling

void tell_finding(const Finding& finding, std::uint64_t more) {
  std::cout << fmt::format("{} {}: the target {}\n  {}; case {} of seed {}: {}\n  {}{}\n", finding.confirmed ? "FINDING" : "UNCONFIRMED",
                           finding.problem.kind, est::printable(finding.problem.sentence, 400), to_string(finding.one.layer),
                           finding.one.index, finding.one.seed, est::printable(est::join(finding.one.words, ", "), 300), finding.folder,
                           more > 0 ? fmt::format("; {} more case(s) like it", more) : "");
}

void tell(const FuzzOptions& options, const Summary& summary) {
  if (options.json) return print(to_json(summary));
  for (const Finding& finding : summary.findings) {
    const auto more = summary.repeated.find(finding.folder);
    tell_finding(finding, more == summary.repeated.end() ? 0 : more->second);
  }
  const double seconds = static_cast<double>(summary.took.count()) / 1000;
  std::cout << fmt::format("{} cases in {:.1f} s, {} kinds of (finding, response), {} certificates issued, {} finding(s){}\n",
                           summary.cases, seconds, summary.pairs.size(), summary.certificates, summary.findings.size(),
                           summary.ended.empty() ? "" : "; ended early: " + summary.ended);
}

int exit_code(const Summary& summary) {
  if (summary.confirmed()) return ExitCode::nonconformant;
  return summary.findings.empty() && summary.ended.empty() ? ExitCode::conformant : ExitCode::inconclusive;
}

// --- The three things to do

int run_campaign(const FuzzOptions& options, const target::Profile& profile) {
  const auto layers = layers_of(options);
  if (!layers) return complain(layers.error().message);
  const auto material = material_of(options, profile);
  if (!material) return complain(material.error().message);
  if (auto ready = prepare_folder(options.out, *material); !ready) return complain(ready.error().message);
  campaign::Options wanted;
  wanted.seed = options.seed;
  wanted.first = options.first;
  wanted.cases = options.cases;
  wanted.time = std::chrono::seconds(options.seconds);
  wanted.look_every = options.look_every;
  wanted.allowed = *layers;
  wanted.guided = !options.unguided;
  wanted.needed = options.needed;
  wanted.tries = std::max(options.tries, options.needed);
  wanted.enough = options.enough;
  wanted.out = options.out;
  wanted.ground = ground_of(options);
  wanted.stopped = fuzz_is_interrupted;
  std::signal(SIGINT, [](int) { fuzz_interrupted = 1; });
  const auto summary = Campaign(profile, *material, std::move(wanted)).run();
  if (!summary) return complain(summary.error().message);
  if (auto written = est::write_file(options.out + "/campaign.json", engine::print_json(to_json(*summary))); !written)
    return complain(written.error().message);
  tell(options, *summary);
  return exit_code(*summary);
}

int run_replay(const FuzzOptions& options, const target::Profile& profile) {
  const auto stored = campaign::read_finding(options.replay);
  if (!stored) return complain(stored.error().message);
  campaign::Ground ground(profile, ground_of(options));
  const auto material = material_of(options, profile);
  if (!material) return complain(material.error().message);
  if (auto good = ground.control(*material); !good) return complain(good.error().message);
  const unsigned tries = std::max(options.tries, options.needed);
  const auto replayed = campaign::replay(ground, *stored, tries);
  if (options.json)
    print(Json{{"kind", stored->problem.kind}, {"times", replayed.times}, {"tries", replayed.tries}, {"last", replayed.last}});
  if (!options.json)
    std::cout << fmt::format("{}: {} of {} times; last: {}\n", stored->problem.kind, replayed.times, replayed.tries, replayed.last);
  if (replayed.times >= options.needed) return ExitCode::nonconformant;
  return replayed.times == 0 ? ExitCode::conformant : ExitCode::inconclusive;
}

int run_minimise(const FuzzOptions& options, const target::Profile& profile) {
  auto stored = campaign::read_finding(options.minimise);
  if (!stored) return complain(stored.error().message);
  campaign::Ground ground(profile, ground_of(options));
  const auto material = material_of(options, profile);
  if (!material) return complain(material.error().message);
  if (auto good = ground.control(*material); !good) return complain(good.error().message);
  Finding smallest;
  const auto still = [&](const campaign::Case& one) {
    const auto attempt = ground.attempt(one, true);
    const bool shows = attempt.problem && attempt.problem->kind == stored->problem.kind;
    if (shows) smallest.problem = *attempt.problem;
    if (shows) smallest.observed = attempt.sent;
    return (attempt.alive || ground.recover()) && shows;
  };
  if (!still(stored->one)) return complain(options.minimise + ": does not show again; nothing to minimise");
  smallest.one = campaign::minimise(stored->one, still, options.calls);
  smallest.times = smallest.tries = 1;
  const std::string folder = options.minimise + "/minimised";
  if (auto written = write_finding(smallest, folder, steps::Redactor(profile)); !written) return complain(written.error().message);
  std::cout << folder << "\n";
  return ExitCode::nonconformant;
}

int run_fuzz(const FuzzOptions& options) {
  if (!options.exec.empty() && !options.flags.url.empty())
    return complain("--url is for a server, --exec for a client; give one of the two");
  if (!options.exec.empty()) {
    std::signal(SIGINT, [](int) { fuzz_interrupted = 1; });
    return run_client_fuzz(options);
  }
  const auto profile = fuzz_profile(options);
  if (!profile) return complain(profile.error().message);
  if (!options.replay.empty()) return run_replay(options, *profile);
  if (!options.minimise.empty()) return run_minimise(options, *profile);
  return run_campaign(options, *profile);
}

void add_target_options(CLI::App& command, FuzzOptions& options) {
  command.add_option("--url", options.flags.url, "https://HOST:PORT of the server");
  command.add_option("--exec", options.exec, "a client instead: command line that makes it act, as in `estspec client`")
      ->type_name("COMMAND");
  command.add_option("--profile", options.profile, "target profile (YAML): address, credentials, claims, csr, limits");
  command.add_option("--trust-anchor", options.flags.trust_anchor, "PEM file its certificate chains to");
  command.add_option("--user", options.flags.user, "for HTTP authentication");
  command.add_option("--password", options.flags.password, "env:NAME, file:PATH or the word itself");
  command.add_option("--client-cert", options.flags.client_certificate, "PEM");
  command.add_option("--client-key", options.flags.client_key, "PEM");
  command.add_option("--label", options.flags.label, "CA label");
  command.add_option("--permitted", options.permitted, "the host, once more, when it is not this machine")->type_name("HOST");
  command.add_option("--pid", options.process, "number of its process on this machine, or a file that ends in it")->type_name("N|FILE");
  command.add_option("--restart", options.restart, "command that starts it anew when it is gone; ends when it serves")
      ->type_name("COMMAND");
}

void add_campaign_options(CLI::App& command, FuzzOptions& options) {
  command.add_option("--seed", options.seed, "another seed, other cases")->capture_default_str();
  command.add_option("--first", options.first, "index of the first case")->capture_default_str();
  command.add_option("--cases", options.cases, "how many")->capture_default_str();
  command.add_option("--seconds", options.seconds, "and how long at most; 0: no limit")->capture_default_str();
  command.add_option("--layer", options.layers, "request, transfer, framing, authorization, order or session; repeatable; all by default");
  command.add_flag("--unguided", options.unguided, "cases depend on seed and index alone");
  command.add_option("--look-every", options.look_every, "cases between two looks at the target's life")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command.add_option("--patience", options.patience, "milliseconds for an answer; three times that before a silence is a hang")
      ->check(CLI::Range(50, 600000))
      ->capture_default_str();
  command.add_option("--needed", options.needed, "a finding is confirmed when it shows so often again")->capture_default_str();
  command.add_option("--tries", options.tries, "in so many tries")->check(CLI::Range(1, 100))->capture_default_str();
  command.add_option("--enough", options.enough, "findings, then it ends; 0: the budget decides")->capture_default_str();
  command.add_option("--max-certificates", options.max_certificates, "the target may be made to issue; 0: as the profile says");
  command.add_option("--material", options.material, "requests and keys of an earlier campaign, to have the same cases")->type_name("DIR");
  command.add_option("--out", options.out, "a new folder")->capture_default_str();
}

}  // namespace

est::Status prepare_fuzz_folder(const std::string& out) {
  std::error_code trouble;
  if (std::filesystem::exists(out, trouble) && !std::filesystem::is_empty(out, trouble))
    return est::Error{"--out " + out + " is not empty; name a new folder"};
  std::filesystem::create_directories(out, trouble);
  return trouble ? est::Status(est::Error{"--out " + out + ": " + trouble.message()}) : est::Status();
}

std::vector<est::Bytes> vector_inputs(const std::string& type) {
  std::vector<est::Bytes> inputs;
  for (const auto& file : embedded_vectors()) {
    if (file.name != type + ".json") continue;
    const auto json = engine::parse_json(file.text);
    if (!json) continue;
    for (const Json& vector : json->value("vectors", Json::array()))
      if (auto octets = engine::from_base64(vector.value("input", ""))) inputs.push_back(*std::move(octets));
  }
  return inputs;
}

bool fuzz_is_interrupted() { return fuzz_interrupted != 0; }

void add_fuzz(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("fuzz", "attack a live EST server with mutated requests, or a client with mutated answers");
  auto options = std::make_shared<FuzzOptions>();
  add_target_options(*command, *options);
  add_campaign_options(*command, *options);
  auto* replay = command->add_option("--replay", options->replay, "send a finding again, so often as --tries says")->type_name("FOLDER");
  command->add_option("--minimise", options->minimise, "make a finding's case smaller, into FOLDER/minimised")
      ->type_name("FOLDER")
      ->excludes(replay);
  command->add_option("--calls", options->calls, "of the target, at most, while minimising")->capture_default_str();
  command->add_flag("--json", options->json, "print data instead of text");
  command->footer(
      "Made for servers one may break. Credentials, labels and what certificates are asked for come from the profile as in `estspec "
      "server`.\n"
      "Exit codes: 0 nothing found, 1 a confirmed finding, 2 an unconfirmed one or a campaign that could not be finished, 4 usage or\n"
      "configuration, 5 fault of the suite. With --replay: 1 it shows, 0 it does not, 2 now and then.");
  command->callback([=, &run] { run = [=] { return run_fuzz(*options); }; });
}

}  // namespace conformance::cli
