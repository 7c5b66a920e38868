// estspec bundle: a finished run as one signed file, and what such a file is worth.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>

#include "conformance/bundle/bundle.h"
#include "conformance/cli_command.h"
#include "conformance/cli_secret.h"
#include "conformance/cli_verify.h"
#include "conformance/engine/json.h"
#include "conformance/report/folder.h"
#include "conformance/report/manifest.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"
#include "est/crypto/key_file.h"

namespace conformance::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_bundle = (std::size_t{1} << 30U) + (std::size_t{64} << 20U);

struct BundleOptions {
  DataOptions data;
  std::string folder, out, key, certificate, passphrase;
};

struct CheckOptions {
  DataOptions data;
  std::string file, anchor;
  bool json = false;
};

est::Result<est::crypto::PrivateKey> signing_key(const BundleOptions& options) {
  const auto content = est::read_file(options.key, 1U << 20U);
  if (!content) return est::Error{"--key: " + content.error().message + "; name a readable file with a private key"};
  std::string passphrase;
  if (est::crypto::is_encrypted_key(est::as_bytes(*content))) {
    auto secret = options.passphrase.empty() ? ask_secret("passphrase of " + options.key, "--passphrase env:NAME or file:PATH")
                                             : resolve_secret(options.passphrase, "--passphrase");
    if (!secret) return secret.error();
    passphrase = *std::move(secret);
  }
  auto key = est::crypto::read_private_key(est::as_bytes(*content), passphrase);
  if (!key) return est::Error{"--key: " + options.key + ": " + key.error().message};
  return key;
}

est::Result<std::vector<est::Bytes>> certificates_of(const std::string& path, const std::string& flag) {
  const auto content = est::read_file(path, 1U << 20U);
  if (!content) return est::Error{flag + ": " + content.error().message + "; name a readable PEM file"};
  auto certificates = est::crypto::certificates_from_pem(*content);
  if (!certificates) return est::Error{flag + ": " + path + ": " + certificates.error().message + "; name a PEM file with certificates"};
  return certificates;
}

// What differs makes no bundle: nobody could accept it.
int refuse(const std::string& folder, const std::vector<Difference>& found) {
  for (const auto& one : found) std::cerr << "estspec: " << est::printable(one.where + ": " + one.sentence, 2000) << "\n";
  std::cerr << "estspec: " << folder << " is not as its run left it; no bundle was made\n";
  return ExitCode::nonconformant;
}

int write_bundle(const BundleOptions& options, const bundle::Files& content) {
  const auto key = signing_key(options);
  if (!key) return complain(key.error().message);
  const auto certificates = certificates_of(options.certificate, "--cert");
  if (!certificates) return complain(certificates.error().message);
  const auto made = bundle::make(content, *key, *certificates);
  if (!made) return complain(made.error().message + "; see `estspec bundle --help`");
  if (const auto status = est::write_file(options.out, *made); !status) return complain("--out: " + status.error().message);
  std::cout << fmt::format("{}: {} files of {}, {} octets, signed\nSHA-256 {}\n", options.out, content.size(), options.folder, made->size(),
                           report::digest_of(*made).sha256);
  return 0;
}

int make_bundle(const BundleOptions& options) {
  if (options.folder.empty() || options.out.empty() || options.key.empty() || options.certificate.empty())
    return complain("bundle needs DIR, --out FILE.tar, --key and --cert; see `estspec bundle --help`");
  const auto results = report::read_results(options.folder);
  if (!results) return complain(results.error().message);
  const auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  const auto found = differences(options.folder, *results, *data);
  if (!found.empty()) return refuse(options.folder, found);
  const auto content = report::read_folder(options.folder);
  if (!content) return complain(content.error().message);
  return write_bundle(options, *content);
}

// A folder of our own below the temporary one, gone with this object.
class TemporaryFolder {
 public:
  static est::Result<TemporaryFolder> make() {
    std::error_code error;
    std::string pattern = (fs::temp_directory_path(error) / "estspec-bundle-XXXXXX").string();
    if (error || ::mkdtemp(pattern.data()) == nullptr) return est::Error{"no temporary folder can be made; set TMPDIR to a writable one"};
    return TemporaryFolder(pattern);
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Paths were checked by bundle::open().
est::Status write_out(const bundle::Files& files, const std::string& folder) {
  for (const auto& [path, content] : files) {
    std::error_code error;
    const fs::path file = fs::path(folder) / path;
    fs::create_directories(file.parent_path(), error);
    if (error) return est::Error{"cannot write in " + folder + ": " + error.message() + "; set TMPDIR to a folder with room"};
    std::ofstream out(file, std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.close();
    if (out.fail()) return est::Error{"cannot write " + file.string() + "; set TMPDIR to a folder with room"};
  }
  return {};
}

struct Again {
  std::vector<Difference> found;
  std::size_t scenarios = 0;
};

est::Result<Again> judge_again(const bundle::Files& files, const Data& data) {
  const auto folder = TemporaryFolder::make();
  if (!folder) return folder.error();
  if (const auto status = write_out(files, folder->path()); !status) return status.error();
  const auto results = report::read_results(folder->path());
  if (!results) return results.error();
  return Again{differences(folder->path(), *results, data), results->scenarios.size()};
}

std::string told_signer(const bundle::Opened& opened, const CheckOptions& options) {
  const std::string when = opened.signer.signed_at == 0 ? "no time given" : est::iso8601(opened.signer.signed_at) + " by its own clock";
  const std::string trust = options.anchor.empty()
                                ? "NOT CHECKED: without --anchor the signature shows only that nothing was changed since somebody made it"
                                : "the certificate leads to " + options.anchor;
  return fmt::format("signed by   {}\nissued by   {}\ncertificate SHA-256 {}\nsigned at   {}\ntrust       {}\n",
                     est::printable(opened.signer.subject, 500), est::printable(opened.signer.issuer, 500), opened.signer_sha256, when,
                     trust);
}

std::string member_text(const engine::Json& json, const char* outer, const char* inner) {
  const auto found = json.find(outer);
  if (found == json.end() || !found->is_object() || !found->contains(inner) || !(*found)[inner].is_string()) return {};
  return est::printable((*found)[inner].get<std::string>(), 300);
}

void tell(const bundle::Opened& opened, const CheckOptions& options, std::size_t scenarios) {
  const engine::Json& told = opened.statement;
  if (options.json) {
    print({{"statement", told},
           {"signer",
            {{"subject", engine::to_utf8(opened.signer.subject)},
             {"issuer", engine::to_utf8(opened.signer.issuer)},
             {"sha256", opened.signer_sha256},
             {"signed_at", opened.signer.signed_at},
             {"trusted", !options.anchor.empty()}}},
           {"verdicts_derived_again", scenarios}});
    return;
  }
  std::cout << fmt::format("product     {} {}, {}\nsuite       estspec {}, {}, digest {}\n", member_text(told, "target", "name"),
                           member_text(told, "target", "version"), member_text(told, "target", "role"),
                           member_text(told, "suite", "version"), member_text(told, "suite", "scenario_set"),
                           member_text(told, "suite", "digest"))
            << (told.contains("set")
                    ? fmt::format("scored by   {}, digest {}\n", member_text(told, "set", "name"), member_text(told, "set", "digest"))
                    : std::string())
            << told_signer(opened, options)
            << fmt::format("accepted    {} files as signed; {} verdicts derived again, no difference\nresult      {}\n",
                           opened.folder.size(), scenarios, told.value("conclusion", std::string()));
}

int reject(const std::string& file, const std::string& why) {
  std::cerr << "estspec: " << file << " is rejected: " << est::printable(why, 2000) << "\n";
  return ExitCode::nonconformant;
}

int check_bundle(const CheckOptions& options) {
  const auto octets = est::read_file(options.file, largest_bundle);
  if (!octets) return complain(octets.error().message + "; name a file made by `estspec bundle`");
  std::vector<est::Bytes> anchors;
  if (!options.anchor.empty()) {
    auto read = certificates_of(options.anchor, "--anchor");
    if (!read) return complain(read.error().message);
    anchors = *std::move(read);
  }
  const auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  const auto opened = bundle::open(*octets);
  if (!opened) return reject(options.file, opened.error().message);
  if (const auto status = options.anchor.empty() ? est::Status() : bundle::verify_signer(opened->signer, anchors); !status)
    return reject(options.file,
                  "the signer '" + opened->signer.subject + "' does not lead to " + options.anchor + ": " + status.error().message);
  if (member_text(opened->statement, "suite", "digest") != data->digest)
    std::cerr << "estspec: note: the run used another set of scenarios than this program holds; differences may be due to that\n";
  const auto again = judge_again(opened->folder, *data);
  if (!again) return complain(again.error().message);
  if (!again->found.empty())
    return reject(options.file, fmt::format("{} differences, the first: {}: {}", again->found.size(), again->found.front().where,
                                            again->found.front().sentence));
  tell(*opened, options, again->scenarios);
  return 0;
}

void add_check(CLI::App& bundle, Command& run) {
  CLI::App* command = bundle.add_subcommand("check", "verify a bundle's signature, digests and verdicts, offline");
  auto options = std::make_shared<CheckOptions>();
  command->add_option("BUNDLE", options->file, "file made by `estspec bundle`")->required();
  command->add_option("--anchor", options->anchor, "certificates (PEM) that the signer's must lead to; without it anybody may have signed")
      ->type_name("FILE");
  add_data_options(*command, options->data, false);
  command->add_flag("--json", options->json, "print data instead of text");
  command->footer("Exit codes: 0 accepted, 1 rejected, 4 the file cannot be read.");
  command->callback([=, &run] { run = [=] { return check_bundle(*options); }; });
}

}  // namespace

void add_bundle(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("bundle", "make one signed file of a finished run, or check such a file");
  auto options = std::make_shared<BundleOptions>();
  command->add_option("DIR", options->folder, "results folder of a run");
  command->add_option("--out", options->out, "the tar file to write")->type_name("FILE");
  command->add_option("--key", options->key, "private key that signs, RSA or EC (PEM or DER)")->type_name("FILE");
  command->add_option("--cert", options->certificate, "its certificate (PEM), those of its issuers behind it")->type_name("FILE");
  command->add_option("--passphrase", options->passphrase, "of an encrypted key: env:NAME or file:PATH; without it, it is asked for");
  add_data_options(*command, options->data, false);
  add_check(*command, run);
  command->footer(
      "The bundle is a tar file with the results folder, statement.json, manifest.json (SHA-256 of every file) and manifest.p7s, a "
      "detached\n"
      "CMS signature over it. A folder whose files were changed, or whose evidence gives other verdicts, is refused.\n"
      "Exit codes: 0 written, 1 the folder is not as its run left it, 4 usage or a file that cannot be read or written.");
  command->callback([=, &run] {
    if (command->get_subcommands().empty()) run = [=] { return make_bundle(*options); };
  });
}

}  // namespace conformance::cli
