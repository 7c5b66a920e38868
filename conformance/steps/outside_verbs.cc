// Verbs that exchange nothing: waiting as the target asked, and having its operator do something.
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "conformance/steps/context.h"
#include "conformance/steps/operator.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/codec/pem.h"
#include "est/crypto/digest.h"
#include "est/http/parser.h"
#include "est/http/values.h"

namespace conformance::steps {
namespace {

constexpr est::Milliseconds restart_poll{100};

// The first run of digits in an answer's text: the number most servers give a pending request.
std::optional<std::string> number_in(std::string_view text) {
  const auto begin = text.find_first_of("0123456789");
  if (begin == std::string_view::npos) return std::nullopt;
  const auto end = text.find_first_not_of("0123456789", begin);
  return std::string(text.substr(begin, end == std::string_view::npos ? end : end - begin));
}

// A PEM file that lives as long as the command runs.
class TemporaryPem {
 public:
  explicit TemporaryPem(const est::Bytes& certificate) {
    if (certificate.empty()) return;
    path_ = (std::filesystem::temp_directory_path() / ("estspec-" + est::hex(est::crypto::random_bytes(8)) + ".pem")).string();
    if (!est::write_file(path_, est::codec::encode_pem("CERTIFICATE", certificate), 0600).ok()) path_.clear();
  }
  ~TemporaryPem() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }
  TemporaryPem(const TemporaryPem&) = delete;
  TemporaryPem& operator=(const TemporaryPem&) = delete;
  [[nodiscard]] std::optional<std::string> path() const { return path_.empty() ? std::nullopt : std::optional(path_); }

 private:
  std::string path_;
};

std::optional<std::string> serial_of(const est::Bytes& certificate) {
  const auto decoded = est::codec::decode_certificate(certificate);
  return decoded.value ? std::optional(decoded.value->serial_hex()) : std::nullopt;
}

Placeholders placeholders_for(const Enrollment* enrollment, const target::Profile& profile, const std::optional<std::string>& pem_path) {
  Placeholders values{{"serial", std::nullopt}, {"subject", std::nullopt}, {"label", profile.label},
                      {"id", std::nullopt},     {"key", std::nullopt},     {"certificate", pem_path}};
  if (enrollment == nullptr) return values;
  if (!enrollment->certificate.empty()) values["serial"] = serial_of(enrollment->certificate);
  values["subject"] = enrollment->subject.to_string();
  values["label"] = enrollment->label;
  values["id"] = number_in(enrollment->answer);
  values["key"] = est::hex(est::crypto::digest(est::crypto::Digest::sha256, enrollment->spki));
  return values;
}

std::string one_line(std::string_view output) {
  std::vector<std::string> lines;
  for (const auto line : est::split(est::trim(output), '\n')) lines.emplace_back(est::trim(line));
  return est::join(lines, " | ");
}

std::string sentence_for(const std::string& action, const Enrollment* enrollment) {
  if (action == "expire-crl") return "Please leave the target with a CRL that has run out.";
  if (action == "remove-crl") return "Please take the CRLs away from the target, and have it look for them again.";
  if (action == "renew-crl") return "Please give the target a current CRL again.";
  if (enrollment == nullptr) return "Please " + action + " the target.";
  if (action == "revoke")
    return "Please revoke the certificate with serial " + serial_of(enrollment->certificate).value_or("(none)") + " (" +
           enrollment->subject.to_string() + ").";
  return "Please " + action + " the request for " + enrollment->subject.to_string() + ".";
}

engine::StepOutcome call_action(Doing& doing, const target::OperatorAction& action, const Placeholders& values) {
  target::OperatorAction::Values known;
  for (const auto& [name, value] : values) {
    if (value) known.emplace(name, *value);
  }
  const est::Status done = action.call(known);
  if (!done) return cannot(done.error().message);
  doing.recorder.event("operator", "ran", doing.parameters.text("action"));
  return recorded();
}

engine::StepOutcome run_action(Doing& doing, const target::OperatorAction& action, const Placeholders& values) {
  if (action.call) return call_action(doing, action, values);
  auto command = filled_in(action.command, values);
  if (!command) return command.outcome();
  const auto result = run_command(*command, est::Milliseconds(doing.context.profile.limits.operator_seconds * 1000));
  if (!result.ok()) return fault(result.error().message);
  doing.recorder.fact("operator-exit", std::to_string(result->exit_code));
  doing.recorder.event("operator", "ran", "exit code " + std::to_string(result->exit_code));
  if (!result->output.empty()) doing.recorder.event("operator", "output", one_line(result->output));
  const std::string name = doing.parameters.text("action");
  if (result->timed_out) return cannot("the operator's command for '" + name + "' took longer than limits.operator");
  if (result->exit_code != 0)
    return cannot("the operator's command for '" + name + "' ended with exit code " + std::to_string(result->exit_code));
  return recorded();
}

// A target that was restarted is given the operator's time to listen again.
engine::StepOutcome await_target(Doing& doing) {
  const auto deadline = est::Deadline::after(est::Milliseconds(doing.context.profile.limits.operator_seconds * 1000));
  while (!deadline.passed()) {
    const auto opened = est::net::PlainConnection::open(doing.context.profile.url.endpoint, deadline.left());
    if (std::holds_alternative<est::net::PlainConnection>(opened)) return recorded();
    std::this_thread::sleep_for(std::min(restart_poll, deadline.left()));
  }
  return cannot("the target did not listen again after its restart within limits.operator");
}

}  // namespace

engine::StepOutcome perform_wait_retry(Doing& doing) {
  const std::string name = doing.parameters.text("of");
  const auto* earlier = doing.before.find(name);
  if (earlier == nullptr) return fault("there is no earlier result '" + name + "' to take Retry-After from");
  const auto observed = est::http::parse_response(earlier->response, earlier->method, earlier->peer_close != "open");
  const auto value = observed.message.fields.get("Retry-After");
  if (!value) return cannot("the answer of '" + name + "' has no Retry-After to wait for");
  const auto retry = est::http::parse_retry_after(*value);
  if (!retry) return cannot("the Retry-After of '" + name + "' cannot be read: " + est::printable(*value, 60));
  const std::uint64_t seconds = retry->wait_from(est::system_clock().now());
  const auto most = static_cast<std::uint64_t>(doing.context.profile.limits.longest_wait_seconds);
  if (seconds > most) {
    return cannot("the target asks for a wait of " + std::to_string(seconds) + " s, the profile allows " + std::to_string(most) +
                  " s; raise limits.longest-wait or lower the target's value");
  }
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  doing.recorder.fact("waited-ms", std::to_string(seconds * 1000));
  doing.recorder.fact("retry-of", name);
  doing.recorder.event("suite", "waited", std::to_string(seconds) + " s as Retry-After said");
  return recorded();
}

engine::StepOutcome perform_operator(Doing& doing) {
  const std::string name = doing.parameters.text("action");
  const auto& actions = doing.context.profile.operator_actions;
  const auto action = actions.find(name);
  if (action == actions.end()) return cannot("the profile does not say how the operator can " + name + "; add access.operator." + name);
  const auto of = doing.parameters.maybe_text("of");
  const auto* enrollment = of ? doing.context.memory.find(*of) : nullptr;
  if (of && enrollment == nullptr) return fault("'" + *of + "' is no enrollment of this scenario");
  if (name == "revoke" && (enrollment == nullptr || enrollment->certificate.empty())) {
    return cannot("there is no certificate to revoke: the target issued none in '" + of.value_or("") + "'");
  }
  const TemporaryPem pem(enrollment != nullptr ? enrollment->certificate : est::Bytes{});
  if (name == "restart") doing.context.wire.spend();
  auto outcome = action->second.prompt
                     ? ask_operator(sentence_for(name, enrollment), est::Milliseconds(doing.context.profile.limits.operator_seconds * 1000))
                     : run_action(doing, action->second, placeholders_for(enrollment, doing.context.profile, pem.path()));
  if (outcome.kind != engine::StepOutcome::Kind::recorded || name != "restart") return outcome;
  return await_target(doing);
}

}  // namespace conformance::steps
