// estspec load: how much a server takes, and what it is like for its clients meanwhile.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "conformance/cli_command.h"
#include "conformance/cli_progress.h"
#include "conformance/cli_secret.h"
#include "conformance/engine/json.h"
#include "conformance/load/chart.h"
#include "conformance/load/ramp.h"
#include "conformance/load/result.h"
#include "conformance/load/run.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"

namespace conformance::cli {

namespace {

using load::Plan;
using load::Ramp;
using load::Watch;

constexpr std::size_t most_result_octets = std::size_t{256} << 20U;

struct LoadOptions {
  std::string url, permitted, label;
  std::string trust_anchor, issuers, user, password, scheme = "basic", client_certificate, client_key;
  std::string mix = "enroll", reuse = "new", tls, key = "ec-p256", subject = "CN=load-{n}";
  bool link = false, follow_pending = false, json = false;
  unsigned connections = 8, examine_every = 20;
  double rate = 0, ramp = 0, ramp_factor = 1.5;
  std::int64_t seconds = 10, warm_up = 0, patience = 10000, ramp_p99 = 1000;
  std::size_t pool = 256;
  int process = 0;
  std::vector<std::string> headers;
  std::string out, html;
  std::vector<std::string> parts;  // of merge
};

volatile std::sig_atomic_t load_interrupted = 0;

bool names_this_machine(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.") || host.ends_with(".localhost");
}

// Who loads somebody else's server says its name twice.
est::Status check_permission(const LoadOptions& options, const std::string& host) {
  if (names_this_machine(host) || options.permitted == host) return {};
  return est::Error{est::printable(host) + " is not this machine; a load may bring a server down, so repeat the name with --permitted " +
                    est::printable(host) + " if its owner agrees"};
}

est::Result<std::vector<est::Bytes>> certificates_in(const std::string& path, const char* option) {
  const auto text = est::read_file(path);
  if (!text) return est::Error{std::string(option) + ": " + text.error().message};
  auto certificates = est::crypto::certificates_from_pem(*text);
  if (!certificates) return est::Error{std::string(option) + " " + path + ": " + certificates.error().message};
  return certificates;
}

est::Status read_credentials(const LoadOptions& options, Plan& plan) {
  if (!options.user.empty()) {
    auto password = resolve_secret(options.password, "--password");
    if (!password) return password.error();
    plan.credentials = est::http::Credentials{options.user, *std::move(password)};
  }
  if (options.client_certificate.empty() != options.client_key.empty()) return est::Error{"--client-cert and --client-key belong together"};
  if (options.client_certificate.empty()) return {};
  auto identity = est::tls::load_identity(options.client_certificate, options.client_key);
  if (!identity) return identity.error();
  plan.identity = *std::move(identity);
  return {};
}

est::Status read_trust(const LoadOptions& options, Plan& plan) {
  auto anchors = certificates_in(options.trust_anchor, "--trust-anchor");
  if (!anchors) return anchors.error();
  plan.anchors = *std::move(anchors);
  if (options.issuers.empty()) return {};
  auto issuers = certificates_in(options.issuers, "--issuers");
  if (!issuers) return issuers.error();
  plan.issuers = *std::move(issuers);
  return {};
}

est::Status read_kind(const LoadOptions& options, Plan& plan) {
  auto mix = load::parse_mix(options.mix);
  if (!mix) return est::Error{"--operation " + mix.error().message};
  plan.mix = *std::move(mix);
  const auto reuse = load::reuse_by_name(options.reuse);
  if (!reuse) return est::Error{"--connection: '" + est::printable(options.reuse, 40) + "' is none of new, resumed, keep-alive"};
  plan.reuse = *reuse;
  const auto key = est::crypto::key_type_by_name(options.key);
  if (!key) return est::Error{"--key: '" + est::printable(options.key, 40) + "' is no kind of key; say ec-p256, ec-p384, rsa-2048 ..."};
  plan.key = *key;
  if (options.tls.empty()) return {};
  const auto version = est::tls::version_by_name(options.tls);
  if (version != est::tls::Version::tls12 && version != est::tls::Version::tls13) return est::Error{"--tls is 1.2 or 1.3"};
  plan.least = plan.most = *version;
  return {};
}

// A field's name is a token (RFC 9110 5.1); what a value may not have would be a second field.
est::Status read_fields(const LoadOptions& options, Plan& plan) {
  constexpr std::string_view separators = "()<>@,;:\\\"/[]?={} \t";
  for (const std::string& header : options.headers) {
    const std::size_t colon = header.find(':');
    const std::string name = header.substr(0, colon);
    const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
    if (colon == std::string::npos || name.empty() || name.find_first_of(separators) != std::string::npos ||
        !std::all_of(header.begin(), header.end(), printable))
      return est::Error{"--header: '" + est::printable(header, 40) + "' is no field; say \"Name: value\""};
    plan.fields.push_back({name, std::string(est::trim(header.substr(colon + 1)))});
  }
  return {};
}

est::Result<Plan> plan_of(const LoadOptions& options) {
  Plan plan;
  if (options.url.empty()) return est::Error{"--url is missing; say https://HOST:PORT"};
  const auto url = est::net::parse_url(options.url);
  if (!url) return est::Error{"--url: " + url.error().message};
  if (url->scheme != "https") return est::Error{"--url: EST needs https"};
  if (options.trust_anchor.empty())
    return est::Error{"--trust-anchor is missing; name the PEM file that the server's certificate chains to"};
  plan.target = url->endpoint;
  if (auto permitted = check_permission(options, plan.target.host); !permitted) return permitted.error();
  if (auto read = read_trust(options, plan); !read) return read.error();
  if (auto read = read_credentials(options, plan); !read) return read.error();
  if (auto read = read_kind(options, plan); !read) return read.error();
  if (auto read = read_fields(options, plan); !read) return read.error();
  plan.label = options.label;
  plan.scheme = options.scheme == "digest" ? load::Scheme::digest : load::Scheme::basic;
  plan.subject = options.subject;
  plan.link = options.link;
  plan.follow_pending = options.follow_pending;
  plan.connections = options.connections;
  plan.rate = options.ramp > 0 ? options.ramp : options.rate;
  plan.time = std::chrono::seconds(options.seconds);
  plan.warm_up = std::chrono::seconds(options.warm_up);
  plan.patience = est::Milliseconds(options.patience);
  plan.pool = options.pool;
  plan.examine_every = options.examine_every;
  return plan;
}

// --- While it goes

void tell_progress(std::chrono::seconds now, const load::Tally& tally) {
  const bool live = is_terminal(2);
  constexpr std::int64_t seconds_between_lines = 10;
  if (!live && now.count() % seconds_between_lines != 0) return;
  const std::uint64_t failed = tally.requests() - tally.good();
  std::cerr << fmt::format("{}{} s: {} good ({:.0f}/s), {} failed, p50 {}, p99 {}{}", live ? "\r\x1b[2K" : "", now.count(), tally.good(),
                           static_cast<double>(tally.good()) / static_cast<double>(now.count()), failed,
                           load::duration_text(tally.whole.quantile(0.5)), load::duration_text(tally.whole.quantile(0.99)),
                           live ? "" : "\n")
            << std::flush;
}

void end_progress() {
  if (is_terminal(2)) std::cerr << "\r\x1b[2K" << std::flush;
}

Watch watch_of(const LoadOptions& options) {
  Watch watch;
  watch.process = options.process;
  watch.stopped = [] { return load_interrupted != 0; };
  watch.tick = tell_progress;
  std::signal(SIGINT, [](int) { load_interrupted = 1; });
  return watch;
}

// --- Afterwards

// A result or a ramp, as asked for.
template <class Outcome>
int deliver(const LoadOptions& options, const Outcome& outcome, int code) {
  end_progress();
  const engine::Json json = load::to_json(outcome);
  if (options.json) print(json);
  if (!options.json) std::cout << load::to_text(outcome);
  if (!options.out.empty())
    if (auto written = est::write_file(options.out, engine::print_json(json)); !written)
      return complain("--out: " + written.error().message);
  if (!options.html.empty())
    if (auto written = est::write_file(options.html, load::chart_page(outcome)); !written)
      return complain("--html: " + written.error().message);
  return code;
}

int exit_code_of(const load::Tally& tally) {
  if (tally.of(load::Outcome::wrong) != 0) return ExitCode::nonconformant;
  return tally.good() == 0 ? ExitCode::inconclusive : ExitCode::conformant;
}

int exit_code_of(const Ramp& ramp) {
  for (const load::Result& step : ramp.steps)
    if (step.tally.of(load::Outcome::wrong) != 0) return ExitCode::nonconformant;
  return ramp.knee() == nullptr ? ExitCode::inconclusive : ExitCode::conformant;
}

int run_ramp(const LoadOptions& options, const Plan& plan) {
  load::RampOptions ramp;
  ramp.factor = options.ramp_factor;
  ramp.most_p99 = est::Milliseconds(options.ramp_p99);
  const auto told = [](const load::Result& step) {
    end_progress();
    std::cerr << fmt::format("{:.1f} offered, {:.1f} good per second, p99 {}\n", step.rate, step.good_per_second(),
                             load::duration_text(step.tally.whole.quantile(0.99)));
  };
  const auto climbed = load::climb(plan, ramp, watch_of(options), told);
  if (!climbed) return complain(climbed.error().message);
  return deliver(options, *climbed, exit_code_of(*climbed));
}

int run_load(const LoadOptions& options) {
  if (options.ramp > 0 && options.rate > 0) return complain("--ramp and --rate: choose one; --ramp begins with its own rate");
  const auto plan = plan_of(options);
  if (!plan) return complain(plan.error().message);
  if (options.ramp > 0) return run_ramp(options, *plan);
  const auto result = load::run(*plan, watch_of(options));
  if (!result) return complain(result.error().message);
  return deliver(options, *result, exit_code_of(result->tally));
}

int run_merge(const LoadOptions& options) {
  std::vector<load::Result> results;
  for (const std::string& path : options.parts) {
    const auto text = est::read_file(path, most_result_octets);
    if (!text) return complain(text.error().message);
    const auto json = engine::parse_json(*text);
    if (!json) return complain(path + ": " + json.error().message);
    auto result = load::result_from_json(*json);
    if (!result) return complain(path + ": " + result.error().message);
    results.push_back(*std::move(result));
  }
  const auto merged = load::merge(results);
  if (!merged) return complain("load merge: " + merged.error().message);
  return deliver(options, *merged, exit_code_of(merged->tally));
}

void add_target(CLI::App& command, LoadOptions& options) {
  command.add_option("--url", options.url, "https://HOST:PORT of the server");
  command.add_option("--permitted", options.permitted, "the host, once more, when it is not this machine")->type_name("HOST");
  command.add_option("--label", options.label, "CA label");
  command.add_option("--trust-anchor", options.trust_anchor, "PEM file its certificate, and what it issues, chain to");
  command.add_option("--issuers", options.issuers, "PEM file of CA certificates between those")->type_name("PEM");
  command.add_option("--user", options.user, "for HTTP authentication");
  command.add_option("--password", options.password, "env:NAME, file:PATH or the word itself");
  command.add_option("--scheme", options.scheme, "basic, or digest")->check(CLI::IsMember({"basic", "digest"}))->capture_default_str();
  command.add_option("--client-cert", options.client_certificate, "PEM");
  command.add_option("--client-key", options.client_key, "PEM");
  command.add_option("--pid", options.process, "number of the server's process, to count its CPU time")->check(CLI::PositiveNumber);
}

void add_requests(CLI::App& command, LoadOptions& options) {
  command.add_option("--operation", options.mix, "cacerts, csrattrs, enroll, reenroll, serverkeygen, or a mix: cacerts=1,enroll=9")
      ->capture_default_str();
  command.add_option("--connection", options.reuse, "new (one a request), resumed, keep-alive")->capture_default_str();
  command.add_option("--tls", options.tls, "1.2 or 1.3; default: what both can");
  command.add_option("--key", options.key, "kind of the keys to be certified")->capture_default_str();
  command.add_option("--subject", options.subject, "of the requests; {n} is the number of the key")->capture_default_str();
  command.add_option("--pool", options.pool, "keys made before the clock starts; used again after that many requests")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command.add_option("--header", options.headers, "\"Name: value\" that goes with every POST, for targets that want it; repeatable");
  command.add_flag("--pop", options.link, "link each request to its connection (RFC 7030 3.5); it is then signed while the clock runs");
  command.add_flag("--follow-202", options.follow_pending, "come back after Retry-After, within --patience; else a 202 is an outcome");
  command.add_option("--examine", options.examine_every, "every so manieth answer is examined to the end")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
}

void add_speed(CLI::App& command, LoadOptions& options) {
  command.add_option("--connections", options.connections, "at a time")->check(CLI::Range(1, 10000))->capture_default_str();
  command.add_option("--rate", options.rate, "requests per second, by the clock (open loop); default: as fast as answers come")
      ->check(CLI::Range(0.01, 1e6));
  command.add_option("--ramp", options.ramp, "first rate of a staircase that ends at the knee; each step lasts --seconds")
      ->check(CLI::Range(0.01, 1e6));
  command.add_option("--ramp-factor", options.ramp_factor, "from step to step")->check(CLI::Range(1.01, 10.0))->capture_default_str();
  command.add_option("--ramp-p99", options.ramp_p99, "milliseconds; a step with a longer p99 is beyond the knee")
      ->check(CLI::Range(1, 600000))
      ->capture_default_str();
  command.add_option("--seconds", options.seconds, "how long")->check(CLI::Range(1, 86400))->capture_default_str();
  command.add_option("--warm-up", options.warm_up, "seconds before that, not counted")->check(CLI::Range(0, 3600))->capture_default_str();
  command.add_option("--patience", options.patience, "milliseconds for one request; one that could not begin within them is dropped")
      ->check(CLI::Range(1, 600000))
      ->capture_default_str();
}

void add_output(CLI::App& command, LoadOptions& options) {
  command.add_option("--out", options.out, "the result, to be merged")->type_name("JSON");
  command.add_option("--html", options.html, "a page with latency and throughput over time")->type_name("FILE");
  command.add_flag("--json", options.json, "print data instead of text");
}

void add_merge(CLI::App& parent, Command& run) {
  CLI::App* command = parent.add_subcommand("merge", "make one result of those of several machines that drove one target at the same time");
  auto options = std::make_shared<LoadOptions>();
  command->add_option("files", options->parts, "what --out wrote")->required()->type_name("JSON");
  add_output(*command, *options);
  command->callback([=, &run] { run = [=] { return run_merge(*options); }; });
}

}  // namespace

void add_load(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("load", "measure how many requests an EST server answers, and how fast");
  auto options = std::make_shared<LoadOptions>();
  add_target(*command, *options);
  add_requests(*command, *options);
  add_speed(*command, *options);
  add_output(*command, *options);
  command->footer(
      "Exit codes: 0 measured, 1 a wrong answer (the throughput is then zero), 2 no good answer, 4 usage, configuration or a target that\n"
      "did not answer before the clock started, 5 fault of the suite.");
  // A subcommand's callback comes before its parent's.
  command->callback([=, &run] {
    if (command->get_subcommands().empty()) run = [=] { return run_load(*options); };
  });
  add_merge(*command, run);
}

}  // namespace conformance::cli
