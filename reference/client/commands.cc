#include "client/commands.h"

#include <cstdio>
#include <ostream>
#include <utility>

#include "client/output.h"
#include "client/settings.h"
#include "client/timings.h"
#include "est/base/text.h"

namespace client {
namespace {

using est::Bytes;
using est::Status;
using est::ops::Operation;

// One run: what it may use, and what it has to tell.
struct Run {
  Settings settings;
  Client client;
  Report report;
};

// The anchors a person or fingerprint confirms come first; nothing else may be asked before (RFC 7030 4.1.1).
std::optional<Problem> ensure_anchors(Run& run) {
  if (!run.client.trust().empty()) return std::nullopt;
  const Outcome<CaAnswer> answer = fetch_anchors(run.client, run.settings.anchor_plan());
  if (!answer) return answer.problem();
  run.report.add_notes(answer->set.notes);
  return std::nullopt;
}

std::optional<Problem> run_cacerts(Run& run) {
  const Outcome<CaAnswer> answer = fetch_anchors(run.client, run.settings.anchor_plan());
  if (!answer) return answer.problem();
  run.report.add_anchors(*answer);
  std::vector<Bytes> all;
  for (const CaCertificate& each : answer->set.certificates) all.push_back(each.certificate.der);
  const OutputPlan& output = run.settings.output;
  if (!output.certificate.empty()) {
    if (Status written = write_certificates(output, all, run.report); !written) return configuration_problem(written.error());
  } else if (!run.settings.store) {
    run.report.print_only(pem_text(all));
  }
  return std::nullopt;
}

std::optional<Problem> run_csrattrs(Run& run) {
  if (auto problem = ensure_anchors(run)) return problem;
  const Outcome<Attributes> attributes = run.client.csr_attributes();
  if (!attributes) return attributes.problem();
  run.report.add_attributes(*attributes);
  return std::nullopt;
}

EnrollmentPlan enrollment_of(Run& run, Operation operation) {
  EnrollmentPlan plan;
  plan.operation = operation;
  plan.request = run.settings.request;
  plan.ask_attributes = run.settings.ask_attributes;
  plan.cmc_secret = run.settings.cmc_secret;
  plan.crmf = run.settings.crmf;
  const bool made_here = !plan.request.key && !plan.request.own_request;
  if (made_here)
    plan.keep_key = [&run](const est::crypto::PrivateKey& key) { return write_pending_key(run.settings.output, key, run.report); };
  return plan;
}

std::optional<Problem> keep_enrolled(Run& run, const Enrolled& enrolled) {
  run.report.add_notes(enrolled.notes);
  run.report.add_certificate(enrolled.issued.certificates.front(), enrolled.issued.linked);
  const est::crypto::PrivateKey* key = enrolled.key ? &*enrolled.key : nullptr;
  if (Status written = write_credential(run.settings.output, enrolled.chain, key, run.report); !written)
    return configuration_problem(written.error());
  return std::nullopt;
}

std::optional<Problem> run_enrollment(Run& run, Operation operation) {
  if (auto problem = ensure_anchors(run)) return problem;
  const Outcome<Enrolled> enrolled = enroll_as_asked(run.client, enrollment_of(run, operation));
  if (!enrolled) return enrolled.problem();
  return keep_enrolled(run, *enrolled);
}

std::optional<Problem> run_provision(Run& run) {
  const Outcome<Provisioned> done = provision(run.client, run.settings.anchor_plan(), enrollment_of(run, Operation::simpleenroll));
  if (!done) return done.problem();
  run.report.add_anchors(done->anchors);
  return keep_enrolled(run, done->enrolled);
}

std::optional<Problem> run_server_keygen(Run& run) {
  if (auto problem = ensure_anchors(run)) return problem;
  const Outcome<Attributes> attributes = attributes_for(run.client, run.settings.ask_attributes);
  if (!attributes) return attributes.problem();
  const bool demanded = attributes->asked && asks_for_linking(*attributes->asked);
  // The request's own key only shows which kind is wanted; the server's takes its place.
  auto maker = RequestMaker::prepare(run.settings.request, attributes->asked, demanded);
  if (!maker) return configuration_problem(maker.error());
  run.report.add_notes(maker->notes());
  const KeyProtection* protection = run.settings.protection ? &*run.settings.protection : nullptr;
  const Outcome<GeneratedKey> generated = run.client.server_keygen(maker->function(), protection);
  if (!generated) return generated.problem();
  const Chain chain = chain_of(generated->certificates, run.client.trust(), est::system_clock().now());
  run.report.add_notes(chain.doubts);
  run.report.add_certificate(generated->certificates.front(), false);
  if (Status written = write_credential(run.settings.output, chain.certificates, &generated->key, run.report); !written)
    return configuration_problem(written.error());
  return std::nullopt;
}

// --days-left: a timer may call us every day.
bool not_yet_due(Run& run) {
  const auto& renewed = run.settings.request.renewed;
  if (!run.settings.days_left || !renewed) return false;
  constexpr std::int64_t day = 86400;
  const std::int64_t left = (renewed->validity.not_after - est::system_clock().now()) / day;
  if (left < *run.settings.days_left) return false;
  run.report.add_notes({"nothing done: the certificate is valid for another " + std::to_string(left) + " days"});
  return true;
}

std::optional<Problem> run_operation(Run& run, const std::string& operation) {
  if (operation == "cacerts") return run_cacerts(run);
  if (operation == "csrattrs") return run_csrattrs(run);
  if (operation == "enroll") return run_enrollment(run, Operation::simpleenroll);
  if (operation == "reenroll" && not_yet_due(run)) return std::nullopt;
  if (operation == "reenroll") return run_enrollment(run, Operation::simplereenroll);
  if (operation == "fullcmc") return run_enrollment(run, Operation::fullcmc);
  if (operation == "serverkeygen") return run_server_keygen(run);
  return run_provision(run);
}

}  // namespace

int perform(const Flags& flags, std::ostream& out, std::ostream& err) {
  est::Result<Settings> settings = settle(flags);
  if (settings) return perform(flags, *std::move(settings), out, err);
  return Report(flags.operation, flags.url).finish(configuration_problem(settings.error()), 0, flags.json, out, err);
}

int perform(const Flags& flags, Settings settings, std::ostream& out, std::ostream& err) {
  Report report(flags.operation, flags.url);
  report.add_notes(settings.warnings);
  settings.client.tell = [&err](const std::string& sentence) { err << "est-client: " << sentence << std::endl; };
  if (flags.timings) tell_timings(settings.client.session, err);
  ClientOptions options = settings.client;
  Run run{std::move(settings), Client(std::move(options)), std::move(report)};
  const std::optional<Problem> problem = run_operation(run, flags.operation);
  const int status = run.client.last_status();
  run.client.close();
  return run.report.finish(problem, status, flags.json, out, err);
}

const char* exit_code_help() noexcept {
  return "Exit codes: 0 done; 1 the server refused; 2 it wants to be asked again later, beyond --retry-limit; 3 the server, or its CA\n"
         "certificate, is not trusted; 4 usage, configuration, files; 5 connection, proxy or TLS failed; 6 the answer is no valid EST\n"
         "answer; 7 a fault of this program.\n";
}

}  // namespace client
