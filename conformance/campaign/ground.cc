#include "conformance/campaign/ground.h"

#include <algorithm>
#include <thread>

#include "conformance/steps/operator.h"
#include "conformance/steps/wire.h"
#include "est/base/text.h"
#include "est/http/parser.h"
#include "est/ops/message.h"

namespace conformance::campaign {

using est::Deadline;
using est::Milliseconds;
using est::ops::Operation;

namespace {

constexpr Milliseconds between_looks{100};
constexpr Milliseconds witness_connects{3000};
constexpr int longer = 3;  // times the patience, before a silence is called a hang

Case single(Message message) {
  Case one;
  one.words = {"sound"};
  one.messages.push_back(std::move(message));
  return one;
}

std::string told(const Reply& reply) {
  std::string text = reply.response_class();
  if (!reply.detail.empty()) text += " (" + reply.detail + ")";
  const auto answer = est::http::parse_response(reply.raw, "POST", true).message;
  const bool is_text = answer.status >= 400 && !answer.body.empty();
  return is_text ? text + ": " + est::printable(est::trim(est::as_text(answer.body)), 200) : text;
}

Milliseconds since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began);
}

}  // namespace

Ground::Ground(const target::Profile& profile, GroundOptions options)
    : profile_(profile), options_(std::move(options)), sender_(profile), scope_(scope_of(profile)), watch_(options_.process) {}

void Ground::note(const std::string& line) {
  constexpr std::size_t most_lines = 200;
  if (log_.size() < most_lines) log_.push_back(est::printable(line, 500));
}

std::vector<std::string> Ground::take_log() { return std::exchange(log_, {}); }

bool Ground::alive() {
  const Sent sent = sender_.send(single(sound_message(scope_, Operation::cacerts, nullptr)), options_.patience);
  const Reply& reply = sent.replies.front();
  const auto answer = est::http::parse_response(reply.raw, "GET", true).message;
  const bool good = answer.status == 200 && est::ops::read_certs_only_body(answer.body).value.has_value();
  note("cacerts: " + told(reply) + ", " + std::to_string(reply.took.count()) + " ms");
  if (good) times_.push_back(reply.took);
  if (good) watch_.sample();
  return good;
}

est::Status Ground::control(const Material& material) {
  if (const std::string problem = watch_.problem(); !problem.empty()) return est::Error{problem};
  if (!alive()) return est::Error{"the target does not answer /cacerts as it should: " + log_.back()};
  std::vector<const BaseRequest*> turns{&material.requests.front()};
  for (const BaseRequest& base : material.requests) turns.push_back(&base);
  for (const BaseRequest* base : turns) {
    const Case one = single(sound_message(scope_, Operation::simpleenroll, base));
    const Sent sent = sender_.send(one, options_.patience);
    const Reply& reply = sent.replies.front();
    if (sent.spent) return est::Error{"the certificates the target may be made to issue are too few; raise --max-certificates"};
    if (reply.certificates.empty())
      return est::Error{"a sound enrollment gets no certificate (" + told(reply) +
                        "); give credentials and `csr` with which one is issued"};
    if (const auto problem = judge(one, sent, {})) return est::Error{"a sound enrollment went wrong: the target " + problem->sentence};
    const auto names = names_in(reply.certificates.front());
    const auto [known, fresh] = sound_.emplace(base->der, names);
    // A CA that adds something new to each certificate cannot be judged by names.
    if (!fresh && known->second != names) return {};
  }
  call_witness();
  return {};
}

Attempt Ground::ask_anonymously(const BaseRequest& base) {
  Message message = sound_message(scope_, Operation::simpleenroll, &base);
  message.authorization = "none";
  message.certificate = false;
  message.no_certificate = "no credentials at all";
  return attempt(single(std::move(message)), false);
}

void Ground::call_witness() {
  auto opened = steps::Wire(profile_).dial_beside(Deadline::after(witness_connects));
  witness_.reset();
  if (auto* connection = std::get_if<est::net::ClientConnection>(&opened)) witness_.emplace(std::move(*connection));
}

Attempt Ground::attempt(const Case& one, bool look) {
  Attempt attempt;
  const auto began = std::chrono::steady_clock::now();
  attempt.sent = sender_.send(one, options_.patience);
  if (attempt.sent.spent) return attempt;
  const Milliseconds span = since(began);
  attempt.odd = is_odd(one, attempt.sent);
  attempt.problem = judge(one, attempt.sent, sound_);
  const bool silent = unanswered(one, attempt.sent).has_value();
  if (look || attempt.odd || watch_.ended()) look_at(attempt);
  if (!attempt.alive || attempt.problem) return attempt;
  if (silent) attempt.problem = examine_silence(one);
  if (!attempt.problem && attempt.odd && witness_ && witness_->readable_now()) attempt.problem = examine_witness(one, span);
  return attempt;
}

void Ground::look_at(Attempt& attempt) {
  attempt.looked = true;
  attempt.alive = alive();
  if (watch_.ended()) {
    note("the process has ended");
    attempt.problem = Problem{"death", "ended: its process is gone"};
    watch_.begin_anew();
  } else if (!attempt.alive) {
    attempt.problem = Problem{"death", "no longer answers a sound request"};
  }
}

std::optional<Problem> Ground::examine_silence(const Case& one) {
  Patience patience = options_.patience;
  patience.answer *= longer;
  const Sent again = sender_.send(one, patience);
  const bool silent = unanswered(one, again).has_value();
  note("sent again, " + std::to_string(patience.answer.count()) + " ms: " + (silent ? "no answer" : "answered"));
  if (!silent) return std::nullopt;
  return Problem{"hang", "does not answer a whole message within " + std::to_string(patience.answer.count()) + " ms"};
}

// Idle connections end for many reasons. Only when two new ones outlive the same time without the case, and end with it, it is to blame.
std::optional<Problem> Ground::examine_witness(const Case& one, Milliseconds span) {
  note("an idle connection ended");
  for (int round = 0; round < 2; ++round) {
    call_witness();
    if (!witness_) return std::nullopt;
    std::this_thread::sleep_for(span);
    if (witness_->readable_now()) break;
    static_cast<void>(sender_.send(one, options_.patience));
    std::this_thread::sleep_for(between_looks);
    if (!witness_->readable_now()) break;
    if (round == 1) {
      call_witness();
      return Problem{"restart", "loses its other connections when it gets this: it was started anew"};
    }
  }
  call_witness();
  return std::nullopt;
}

bool Ground::recover() {
  const auto wait = [&](Milliseconds most) {
    const Deadline deadline = Deadline::after(most);
    while (!alive()) {
      if (deadline.passed()) return false;
      std::this_thread::sleep_for(between_looks);
    }
    call_witness();
    return true;
  };
  if (options_.restart.empty()) return wait(options_.recovery);
  // What is half dead may answer now and again.
  const auto ended = steps::run_command(options_.restart, options_.restart_within);
  const bool good = ended && !ended->timed_out && ended->exit_code == 0;
  note(std::string("restart: ") + (good ? "done" : ended ? "failed, " + est::printable(ended->output, 200) : ended.error().message));
  watch_.begin_anew();
  return good && wait(options_.restart_within);
}

}  // namespace conformance::campaign
