// estspec probe: a profile pre-filled by looking. estspec review: a profile's claims against what a look shows.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "conformance/cli_command.h"
#include "conformance/cli_look.h"
#include "conformance/cli_preflight.h"
#include "conformance/steps/server_driver.h"
#include "est/base/file.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

struct ProbeOptions {
  target::Flags flags;
  std::string profile, out;
  bool force = false, json = false;
};

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "''" : std::string(1, c);
  return result + "'";
}

std::string absolute(const std::string& path) {
  std::error_code ignored;
  const auto whole = std::filesystem::absolute(path, ignored);
  return quoted(ignored ? path : whole.string());
}

std::string claims_text(const Look& look) {
  std::string text =
      "# The abilities of the product (ICS). true and false are what was seen; lines that say ASK could not be seen, only you know.\n"
      "# What is claimed and cannot be exercised makes a run INCONCLUSIVE, what is not claimed is not tested.\nclaims:\n";
  for (const auto& [claim, meaning] : target::server_claims()) {
    const Observation* seen = look.find(claim);
    const bool known = seen != nullptr && seen->present.has_value();
    const std::string remark = seen == nullptr ? "ASK: " + meaning
                                               : (!known           ? "ASK: "
                                                  : *seen->present ? "seen: "
                                                                   : "not there: ") +
                                                     meaning + "; " + seen->seen;
    text += fmt::format("  {}: {}  # {}\n", claim, known && *seen->present ? "true" : "false", est::printable(remark, 400));
  }
  return text;
}

std::string access_text(const target::Flags& flags) {
  std::string text = "access:\n  url: " + quoted(flags.url) + "\n";
  text += flags.trust_anchor.empty()
              ? "  trust-anchor: CHANGE-ME.pem  # the CA of the target's own certificate; what was seen was not verified\n"
              : "  trust-anchor: " + absolute(flags.trust_anchor) + "\n";
  if (!flags.label.empty()) text += "  label: " + quoted(flags.label) + "\n";
  text += "  # ASK: credentials for a first enrollment. Secrets are references, never words.\n";
  text += flags.user.empty() ? "  # password: {user: device-1, password: {env: EST_PASSWORD}}\n"
                             : "  password: {user: " + quoted(flags.user) + ", password: {env: EST_PASSWORD}}\n";
  text += flags.client_certificate.empty() ? "  # identities: {client: {certificate: client.pem, key: client.key}}\n"
                                           : "  identities: {client: {certificate: " + absolute(flags.client_certificate) +
                                                 ", key: " + absolute(flags.client_key) + "}}\n";
  return text +
         "  # client-ca: {certificate: test-ca.pem, key: test-ca.key}  # ASK: a CA whose certificates the target accepts from clients\n"
         "  # labels: {pop-required: pop}                             # ASK: labels cannot be guessed; where policy variants live\n"
         "  # operator: {approve: 'COMMAND {id}', revoke: 'COMMAND {serial}'}  # ASK\n";
}

std::string profile_text(const target::Flags& flags, const Look& look) {
  std::string text =
      "# Written by `estspec probe`, from a look at the target. Check every line; conformance/target/README.md has the format.\n";
  for (const auto& note : look.notes) text += "# " + est::printable(note, 300) + "\n";
  text += "target:\n  name: CHANGE-ME  # ASK: the product's name\n  vendor: ''\n  version: ''\n\n";
  text += claims_text(look) + "\n" + access_text(flags) + "\n";
  return text +
         "csr:  # ASK: what the CA accepts\n"
         "  subject: CN=device-{n}\n"
         "  san: []\n"
         "  key-type: ec-p256\n"
         "  key-types: [ec-p256]\n\n"
         "limits:\n"
         "  jobs: 4\n"
         "  requests-per-second: 0  # 0: no limit\n"
         "  certificates: 0         # most certificates a run may obtain; 0: no limit\n";
}

est::Status write_new(const std::string& path, const std::string& text, bool force) {
  std::error_code ignored;
  if (!force && std::filesystem::exists(path, ignored)) return est::Error{path + " exists; name another file with --out, or add --force"};
  return est::write_file(path, text);
}

// A profile good enough to look with: without a trust anchor nothing is verified, and without a password nothing can be issued.
est::Result<target::Profile> looking_profile(target::Flags flags) {
  flags.user.clear();
  std::optional<target::Profile> base(std::in_place);
  if (flags.trust_anchor.empty()) base->trust_anchors.emplace_back();  // stands for the one to be named
  auto profile = target::apply_flags(std::move(base), flags);
  if (profile && flags.trust_anchor.empty()) profile->trust_anchors.clear();
  return profile;
}

// Looks, or says in one line why it cannot.
struct Looked {
  int code = 0;
  Look look;
};
Looked look_at(const target::Profile& profile, bool verified) {
  const auto vocabulary = make_vocabulary();
  const auto driver = steps::make_server_driver(profile, vocabulary);
  engine::RunOptions run;
  run.judge.target = profile.public_json();
  const std::string url = profile.url.scheme + "://" + profile.url.endpoint.to_string();
  run.liveness = driver->liveness();
  if (!verified) run.liveness->parameters["verify"] = false;
  const Preflight seen = look(*driver, vocabulary, run.judge, url, run.liveness);
  if (!seen.error.empty()) return {complain(seen.error), {}};
  if (seen.liveness) run.liveness = seen.liveness;
  return {0, look_around(*driver, run, verified)};
}

engine::Json json_of(const Look& look) {
  engine::Json list = engine::Json::array();
  for (const auto& one : look.observations) {
    list.push_back({{"claim", one.claim}, {"present", one.present ? engine::Json(*one.present) : engine::Json()}, {"seen", one.seen}});
  }
  return {{"observations", list}, {"notes", look.notes}};
}

int probe(const ProbeOptions& options) {
  const auto profile = looking_profile(options.flags);
  if (!profile) return complain(profile.error().message);
  const Looked looked = look_at(*profile, !options.flags.trust_anchor.empty());
  if (looked.code != 0) return looked.code;
  if (options.json) print(json_of(looked.look));
  const std::string text = profile_text(options.flags, looked.look);
  if (options.out.empty()) {
    if (!options.json) std::cout << text;
    return 0;
  }
  if (const auto status = write_new(options.out, text, options.force); !status) return complain(status.error().message);
  std::cerr << "estspec: wrote " << options.out << "; fill in the lines that say ASK or CHANGE-ME\n";
  return 0;
}

int review_profile(const ProbeOptions& options) {
  const auto profile = target::load_profile(options.profile);
  if (!profile) return complain(profile.error().message);
  const Looked looked = look_at(*profile, true);
  if (looked.code != 0) return looked.code;
  const auto findings = review(*profile, looked.look);
  if (options.json) {
    engine::Json list = engine::Json::array();
    for (const auto& finding : findings) list.push_back({{"claim", finding.claim}, {"claimed", finding.claimed}, {"seen", finding.seen}});
    print({{"review", list}, {"look", json_of(looked.look)}});
    return 0;
  }
  for (const auto& finding : findings) std::cout << report::sentence_of(finding) << "\n";
  std::cout << fmt::format("{} abilities looked at, {} at odds with the claims\n", looked.look.observations.size(), findings.size());
  return 0;
}

}  // namespace

void add_probe(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("probe", "look at a server and write a profile for it, to be completed by hand");
  auto options = std::make_shared<ProbeOptions>();
  command->add_option("URL", options->flags.url, "https://HOST:PORT of the target, without a path")->required();
  command->add_option("--trust-anchor", options->flags.trust_anchor,
                      "PEM file with the CA of the target's own certificate; else unverified");
  command->add_option("--user", options->flags.user, "user name to write into the profile; no password is used for looking");
  command->add_option("--client-cert", options->flags.client_certificate, "client certificate, where nobody is answered without one");
  command->add_option("--client-key", options->flags.client_key, "its key");
  command->add_option("--label", options->flags.label, "CA label to look at");
  command->add_option("--out", options->out, "write the profile to this file instead of standard output")->type_name("FILE");
  command->add_flag("--force", options->force, "overwrite it if it exists");
  command->add_flag("--json", options->json, "print what was seen as data");
  command->footer(
      "Only harmless requests are sent: none can be answered with a certificate.\nExit codes: 0 written, 4 usage, or nothing to look at.");
  command->callback([=, &run] { run = [=] { return probe(*options); }; });
}

void add_review(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("review", "compare the claims of a profile with what a look at the target shows");
  auto options = std::make_shared<ProbeOptions>();
  command->add_option("--profile", options->profile, "target profile (YAML)")->required();
  command->add_flag("--json", options->json, "print data instead of text");
  command->footer("Exit codes: 0 reviewed, whatever was found; 4 usage, or nothing to look at.");
  command->callback([=, &run] { run = [=] { return review_profile(*options); }; });
}

}  // namespace conformance::cli
