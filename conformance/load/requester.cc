#include "conformance/load/requester.h"

#include <algorithm>
#include <thread>

#include "est/base/text.h"
#include "est/crypto/digest.h"
#include "est/http/values.h"
#include "est/ops/message.h"

namespace conformance::load {

using est::Deadline;
using est::Milliseconds;
using est::net::Cause;
using est::net::ClientConnection;
using est::net::Failure;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t cnonce_octets = 8;
constexpr unsigned most_exchanges = 100;  // for one request: challenges and 202s

Outcome outcome_of(const Failure& failure) {
  if (failure.cause == Cause::timeout) return Outcome::timeout;
  if (failure.stage == est::net::Stage::handshake) return Outcome::no_handshake;
  const bool opening = failure.stage == est::net::Stage::connect || failure.stage == est::net::Stage::resolve;
  return opening ? Outcome::no_connection : Outcome::broken;
}

Outcome outcome_of(int status) {
  if (status == 202) return Outcome::pending;
  if (status == 503 || status == 429) return Outcome::busy;
  return status >= 500 || status < 400 ? Outcome::fault : Outcome::refused;
}

bool is_success(est::ops::Operation operation, int status) {
  return status == 200 || (status == 204 && operation == est::ops::Operation::csrattrs);
}

}  // namespace

// One request under way.
struct Requester::Turn {
  est::ops::Operation operation;
  const Applicant* applicant;
  Deadline deadline;
  Sample sample;
  est::http::Response answer{};
  bool keep_alive = false;

  void fail(Outcome outcome, const std::string& detail) {
    sample.outcome = outcome;
    sample.detail = detail;
  }
  void fail(const Failure& failure) { fail(outcome_of(failure), failure.message); }
};

est::Result<std::shared_ptr<const est::tls::ClientContext>> context_of(const Plan& plan) {
  est::tls::ClientProfile profile;
  profile.anchors = plan.anchors;
  profile.expected_name = plan.target.host;
  profile.identity = plan.identity;
  profile.least = plan.least;
  profile.most = plan.most;
  return est::tls::ClientContext::make(profile);
}

Sample Requester::perform(est::ops::Operation operation, std::uint64_t number, Look look) {
  Turn turn{operation, material_.applicant(number), Deadline::after(plan_.patience), {}};
  turn.sample.operation = operation;
  turn.sample.began = Clock::now();
  while (connect(turn) && exchange(turn) && ask_again(turn)) continue;
  turn.sample.ended = Clock::now();
  if (turn.answer.status != 0) judge(turn, look);
  if (!turn.keep_alive) drop_connection();
  return std::move(turn.sample);
}

void Requester::tidy() {
  if (plan_.reuse != Reuse::keep_alive) drop_connection();
}

void Requester::drop_connection() {
  if (!line_) return;
  if (plan_.reuse == Reuse::resumed) {
    if (auto session = line_->session()) session_ = std::move(session);
  }
  line_->close();
  line_.reset();
}

bool Requester::connect(Turn& turn) {
  if (line_ && !line_->readable_now()) return true;
  line_.reset();
  const est::net::ClientDeadlines deadlines{turn.deadline.left(), turn.deadline.left()};
  SSL_SESSION* resume = plan_.reuse == Reuse::resumed ? session_.get() : nullptr;
  auto opened = ClientConnection::open(plan_.target, context_, deadlines, resume);
  if (const auto* failure = std::get_if<Failure>(&opened)) {
    turn.fail(*failure);
    return false;
  }
  line_.emplace(std::get<ClientConnection>(std::move(opened)));
  turn.sample.connect = line_->opening_times().connect;
  turn.sample.handshake = line_->opening_times().handshake;
  turn.sample.resumed = line_->facts().resumed;
  return true;
}

// RFC 7030 3.5; RFC 9266 on TLS 1.3, INT-01.
std::string Requester::binding() const {
  if (!plan_.link) return {};
  const est::tls::Facts& facts = line_->facts();
  const bool old = facts.version != est::tls::Version::tls13;
  return est::ops::channel_binding_text(old ? facts.tls_unique : facts.tls_exporter);
}

std::string Requester::authorization(const est::http::Request& request) {
  if (!plan_.credentials) return {};
  if (plan_.scheme == Scheme::basic) return est::http::basic_authorization(*plan_.credentials);
  if (!challenge_) return {};
  const std::string cnonce = est::hex(est::crypto::random_bytes(cnonce_octets));
  return est::http::digest_authorization(*challenge_, *plan_.credentials, request.method, request.target, ++nonce_count_, cnonce);
}

// False: the turn is over.
bool Requester::exchange(Turn& turn) {
  auto request = material_.request(turn.operation, turn.applicant, turn.applicant == nullptr ? std::string() : binding());
  if (!request) {
    turn.fail(Outcome::broken, request.error().message);
    return false;
  }
  if (std::string value = authorization(*request); !value.empty()) request->fields.add("Authorization", std::move(value));
  ++turn.sample.exchanges;
  return send(turn, *request) && receive(turn, request->method);
}

bool Requester::send(Turn& turn, const est::http::Request& request) {
  const auto failure = line_->write(est::http::encode(request), turn.deadline);
  if (!failure) return true;
  turn.fail(*failure);
  return false;
}

bool Requester::receive(Turn& turn, const std::string& method) {
  const auto asked = Clock::now();
  est::http::ResponseParser parser(method);
  turn.sample.first_byte.reset();
  while (parser.state() == est::http::ResponseParser::State::need_more) {
    const est::net::ReadOutcome got = line_->read(buffer_, turn.deadline);
    if (got.failure) turn.fail(*got.failure);
    if (got.failure) return false;
    if (!turn.sample.first_byte) turn.sample.first_byte = Clock::now() - asked;
    if (got.count == 0) parser.end_of_input();
    if (got.count == 0) break;
    static_cast<void>(parser.feed(est::BytesView(buffer_).first(got.count)));
  }
  if (parser.state() != est::http::ResponseParser::State::complete) {
    turn.fail(Outcome::broken, "the answer is no whole HTTP response");
    return false;
  }
  turn.answer = parser.observed().message;
  turn.keep_alive = parser.keep_alive();
  return true;
}

// A challenge that can be answered, and a 202 when those are followed.
bool Requester::ask_again(Turn& turn) {
  if (turn.sample.exchanges >= most_exchanges || turn.deadline.passed()) return false;
  const int status = turn.answer.status;
  const bool later = status == 202 && plan_.follow_pending;
  if (!later && !(status == 401 && take_challenge(turn))) return false;
  if (later) {
    const auto when = est::http::parse_retry_after(turn.answer.fields.get("Retry-After").value_or(""));
    const Milliseconds wait = std::chrono::seconds(when ? when->wait_from(est::system_clock().now()) : 1);
    if (wait >= turn.deadline.left()) return false;
    std::this_thread::sleep_for(wait);
  }
  if (!turn.keep_alive) drop_connection();
  turn.answer = {};
  return true;
}

bool Requester::take_challenge(const Turn& turn) {
  if (!plan_.credentials || plan_.scheme != Scheme::digest) return false;
  const auto offer = est::http::best_offer(turn.answer.fields.all("WWW-Authenticate"));
  // One refusal of a fresh nonce is one too many: the password is wrong.
  const bool stale = !challenge_ || offer.stale() || nonce_count_ > 1;
  if (!offer.digest || !stale) return false;
  challenge_ = offer.digest;
  nonce_count_ = 0;
  return true;
}

void Requester::judge(Turn& turn, Look look) const {
  const int status = turn.answer.status;
  if (!is_success(turn.operation, status)) {
    const std::string text = est::printable(est::trim(est::as_text(turn.answer.body)), 160);
    return turn.fail(outcome_of(status), "HTTP status " + std::to_string(status) + (text.empty() ? "" : ": " + text));
  }
  const est::BytesView key = turn.applicant == nullptr ? est::BytesView() : est::BytesView(turn.applicant->public_key_info);
  const std::string wrong = what_is_wrong(plan_, turn.operation, key, turn.answer, look);
  turn.sample.examined = look == Look::whole;
  turn.fail(wrong.empty() ? Outcome::good : Outcome::wrong, wrong);
}

}  // namespace conformance::load
