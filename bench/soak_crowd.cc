// The clients of `soak`: many at once, each enrolling for one key after the other until it has a certificate, whatever happens on the way.
//
// Writes one line an enrollment: SHA-256 of the public key, serial number, label, attempts, attempts that may have been granted unseen.
// On standard output the number of enrollments done, now and then; at the end one line with the outcomes of all attempts. Exit 1 when an
// enrollment was refused, or brought a certificate that is not its own, or was given up.
#include <CLI/CLI.hpp>
#include <atomic>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "client/client.h"
#include "est/crypto/digest.h"
#include "est/pki/request.h"
#include "server/trust.h"

namespace {

using client::Problem;
using client::ProblemKind;
using est::Bytes;
using est::ops::Operation;

struct Options {
  std::string url, anchors, user, password_file, out;
  unsigned clients = 64;
  unsigned enrollments = 1000;
  unsigned manual_every = 0;  // every so manieth waits for approval; 0: none
  unsigned give_up = 300;     // seconds for one enrollment
};

// What all clients share.
class Ledger {
 public:
  explicit Ledger(const std::string& path) : file_(path) {}

  void count(const std::string& outcome) {
    const std::lock_guard lock(mutex_);
    ++outcomes_[outcome];
  }
  void enrolled(const std::string& line) {
    const std::lock_guard lock(mutex_);
    file_ << line << '\n';
    if (++done_ % 50 == 0) std::cout << "done " << done_ << std::endl;
  }
  void fault(const std::string& what) {
    const std::lock_guard lock(mutex_);
    faulty_ = true;
    std::cerr << what << std::endl;
  }
  [[nodiscard]] bool close() {
    file_.close();
    std::cout << "outcomes";
    for (const auto& [outcome, number] : outcomes_) std::cout << ' ' << outcome << '=' << number;
    std::cout << std::endl;
    return !faulty_ && file_.good();
  }

 private:
  std::mutex mutex_;
  std::ofstream file_;
  std::map<std::string, std::uint64_t> outcomes_;
  std::uint64_t done_ = 0;
  bool faulty_ = false;
};

client::ClientOptions options_for(const Options& options, const std::string& label) {
  client::ClientOptions how;
  how.server = est::net::parse_url(options.url).value().endpoint;
  how.label = label;
  if (const auto added = server::add_anchors({options.anchors}, how.trust.explicit_anchors); !added)
    throw std::runtime_error(added.error().message);
  how.retry.limit = 0;
  how.session.answer_within = est::Milliseconds{60000};
  how.session.credentials = [known = est::http::Credentials{options.user, server::password_from_file(options.password_file).value()}](
                                const client::Challenged&) -> est::Result<std::optional<est::http::Credentials>> {
    return std::optional(known);
  };
  return how;
}

// The outcomes that a client may meet and has to live with; nothing: this one is not among them.
std::optional<std::string> temporary(const Problem& problem) {
  if (problem.kind == ProblemKind::later) return std::to_string(problem.status);
  if (problem.kind == ProblemKind::transport) return "connection";
  if (problem.status == 502 || problem.status == 503 || problem.status == 504) return std::to_string(problem.status);
  // Cut in the middle of an answer.
  return problem.kind == ProblemKind::answer ? std::optional<std::string>("connection") : std::nullopt;
}

class Applicant {
 public:
  Applicant(const Options& options, Ledger& ledger)
      : options_(options), ledger_(ledger), plain_(options_for(options, "")), manual_(options_for(options, "manual")) {}

  void enroll(unsigned number) {
    const bool manual = options_.manual_every != 0 && number % options_.manual_every == 0;
    const auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256).value();
    est::pki::RequestSpec spec;
    spec.subject = est::codec::parse_name("CN=soak-" + std::to_string(number)).value();
    const Bytes request = est::pki::make_request(spec, key).value();
    const auto issued = insist(manual ? manual_ : plain_, request, number);
    if (!issued) return;
    const auto certificate = est::codec::decode_certificate(issued->certificates.front());
    if (!certificate.value || certificate.value->spki != key.public_key_info())
      return ledger_.fault("enrollment " + std::to_string(number) + " got a certificate that is not its own");
    const Bytes name = est::crypto::digest(est::crypto::Digest::sha256, key.public_key_info());
    ledger_.enrolled(est::hex(name) + ' ' + certificate.value->serial_hex() + ' ' + (manual ? "manual" : "-") + ' ' +
                     std::to_string(attempts_) + ' ' + std::to_string(unsure_));
  }

 private:
  std::optional<client::Issued> insist(client::Client& est, const Bytes& request, unsigned number) {
    attempts_ = unsure_ = 0;
    const est::Deadline deadline = est::Deadline::after(std::chrono::seconds(options_.give_up));
    std::string last;
    while (!deadline.passed()) {
      ++attempts_;
      auto issued = est.enroll(Operation::simpleenroll, [&](const auto&) -> est::Result<Bytes> { return request; });
      ledger_.count(issued ? "issued" : temporary(issued.problem()).value_or("refused"));
      if (issued) return *std::move(issued);
      last = issued.problem().reason;
      const auto outcome = temporary(issued.problem());
      if (!outcome) {
        ledger_.fault("enrollment " + std::to_string(number) + ": " + last);
        return std::nullopt;
      }
      if (*outcome != "202" && *outcome != "503") ++unsure_;
      pause(issued.problem().wait.value_or(0));
    }
    ledger_.fault("enrollment " + std::to_string(number) + " was given up: " + last);
    return std::nullopt;
  }

  // Who is told to come later does, each at a moment of its own.
  void pause(std::uint64_t seconds) {
    const auto spread = std::chrono::milliseconds(100 + est::crypto::random_bytes(1).front());
    std::this_thread::sleep_for(std::chrono::seconds(seconds) + spread);
  }

  const Options& options_;
  Ledger& ledger_;
  client::Client plain_, manual_;
  unsigned attempts_ = 0, unsure_ = 0;
};

void add_options(CLI::App& app, Options& options) {
  app.add_option("--url", options.url)->required();
  app.add_option("--anchors", options.anchors)->required();
  app.add_option("--user", options.user)->required();
  app.add_option("--password-file", options.password_file)->required();
  app.add_option("--out", options.out)->required();
  app.add_option("--clients", options.clients)->check(CLI::Range(1, 1000));
  app.add_option("--enrollments", options.enrollments);
  app.add_option("--manual-every", options.manual_every);
  app.add_option("--give-up-seconds", options.give_up);
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("the clients of bench/soak", "soak-crowd");
  Options options;
  add_options(app, options);
  CLI11_PARSE(app, argc, argv);
  Ledger ledger(options.out);
  std::atomic<unsigned> next{0};
  std::vector<std::thread> crowd;
  for (unsigned i = 0; i < options.clients; ++i)
    crowd.emplace_back([&] {
      Applicant applicant(options, ledger);
      for (unsigned number = ++next; number <= options.enrollments; number = ++next) applicant.enroll(number);
    });
  for (std::thread& each : crowd) each.join();
  return ledger.close() ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << "soak-crowd: " << error.what() << "\n";
  return 4;
}
