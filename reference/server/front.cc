#include "server/front.h"

#include <future>
#include <memory>
#include <utility>
#include <variant>

#include "est/base/text.h"
#include "est/codec/media_type.h"
#include "est/http/values.h"
#include "est/ops/message.h"
#include "server/metrics.h"

namespace server {
namespace {

using est::http::Request;
using est::http::Response;
using est::net::AfterReply;
using est::net::Peer;
using est::net::Reply;
using est::ops::Operation;
using est::ops::RouteError;
using est::tls::Facts;

// A body up to this size is cheaper to read than a new handshake.
constexpr std::uint64_t small_body = 64U << 10U;
// Told to those who are turned away because there is too much to do.
constexpr int overload_retry_seconds = 5;

const Facts& facts_of(const Peer& peer) {
  static const Facts nothing;
  return peer.tls == nullptr ? nothing : *peer.tls;
}

bool worth_refusing_early(const Request& head) {
  if (head.fields.has("Expect")) return true;
  const std::optional<std::string> length = head.fields.get("Content-Length");
  return length && est::parse_decimal(*length).value_or(small_body + 1) > small_body;
}

Answer not_found(RouteError error) {
  const std::string here = " EST lives at " + std::string(est::ops::well_known) + "/[label/]operation (RFC 7030 3.2.2).";
  switch (error) {
    case RouteError::not_est:
      return refuse(404, "There is nothing at this path." + here);
    case RouteError::unknown_operation:
      return refuse(404, "There is no such operation." + here +
                             " The operations are cacerts, csrattrs, simpleenroll, simplereenroll, serverkeygen and fullcmc.");
    case RouteError::bad_label:
      break;
  }
  return refuse(404, "The path has no well-formed CA label." + here);
}

// HEAD comes with GET (RFC 9110 9.1).
bool method_fits(const Request& head, Operation operation) {
  const std::string_view wanted = est::ops::method_of(operation);
  return head.method == wanted || (wanted == "GET" && head.method == "HEAD");
}

Answer wrong_method(Operation operation) {
  const std::string allow = est::ops::method_of(operation) == "GET" ? "GET, HEAD" : "POST";
  Answer answer = refuse(405, "The operation " + std::string(est::ops::to_string(operation)) + " takes " + allow + " only.");
  answer.response.fields.set("Allow", allow);
  return answer;
}

// RFC 9110 8.3.1: names are case-insensitive; parameters do not matter here.
bool media_type_fits(const Request& head, std::string_view wanted) {
  const std::optional<std::string> given = head.fields.get("Content-Type");
  if (!given) return false;
  const auto type = est::codec::decode_media_type(*given);
  return type.value && type.value->is(wanted.substr(0, wanted.find(';')));
}

// RFC 9110 8.4: no content coding is supported in requests.
bool packed(const Request& head) {
  const std::optional<std::string> coding = head.fields.get("Content-Encoding");
  return coding && !est::iequals(est::trim(*coding), "identity");
}

Answer denied(const Denial& denial) {
  Answer answer = refuse(denial.status, denial.sentence);
  for (const std::string& challenge : denial.challenges) answer.response.fields.add("WWW-Authenticate", challenge);
  return answer;
}

// Work goes on where and when it can; the time between does not count.
std::function<Answer()> timed(std::function<Answer()> work, est::Timers* timers, std::chrono::nanoseconds before) {
  return [work = std::move(work), timers, before] {
    est::Stopwatch rest(timers, est::TimedPhase::issue, before);
    Answer answer = work();
    rest.stop();
    return answer;
  };
}

// Until the work is handed over: here the wait for the disk is part of what is done.
template <class Later>
Later timed_later(Later later, est::Timers* timers, std::chrono::nanoseconds before) {
  return [later = std::move(later), timers, before](const std::function<void(std::function<Answer()>)>& hand_over) {
    est::Stopwatch issuing(timers, est::TimedPhase::issue, before);
    later([issuing, hand_over](std::function<Answer()> rest) mutable {
      issuing.stop();
      hand_over(std::move(rest));
    });
  };
}

// Of work that comes later, by a caller with time to wait.
template <class Made, class Later>
Made awaited(const Later& later) {
  // Shared, because set_value() may still be at work when the waiting is over.
  const auto rest = std::make_shared<std::promise<std::function<Made()>>>();
  auto come = rest->get_future();
  later([rest](std::function<Made()> work) { rest->set_value(std::move(work)); });
  return come.get()();
}

bool has_request_body(Operation operation) { return est::ops::method_of(operation) == "POST"; }

}  // namespace

est::Timers* Front::timers() const noexcept { return front_.metrics == nullptr ? nullptr : &front_.metrics->timers; }

Front::Routed Front::route(const Request& head) const {
  Routed routed;
  const auto parsed = est::ops::parse_route(head.target);
  if (const auto* error = std::get_if<RouteError>(&parsed)) {
    routed.refusal = not_found(*error);
    return routed;
  }
  routed.route = std::get<est::ops::Route>(parsed);
  const Operation operation = routed.route.operation;
  const auto policy = front_.policies.find(routed.route.label);
  if (policy == front_.policies.end()) {
    routed.refusal = refuse(404, "There is no CA with this label here; ask the operator for the labels, or leave the label out.");
    return routed;
  }
  routed.policy = &policy->second;
  if (!offers(operation, *routed.policy))
    routed.refusal = refuse(501, "This server does not offer " + std::string(est::ops::to_string(operation)) + "; use simpleenroll.");
  else if (!method_fits(head, operation))
    routed.refusal = wrong_method(operation);
  else if (has_request_body(operation) && !media_type_fits(head, est::ops::request_media_type(operation)))
    routed.refusal = refuse(415, "The Content-Type of this operation is " + std::string(est::ops::request_media_type(operation)) +
                                     "; send the request with it (RFC 7030 3.2.4).");
  else if (has_request_body(operation) && packed(head))
    routed.refusal = refuse(415, "A Content-Encoding is not supported; send the body as it is.");
  return routed;
}

Front::Caller Front::caller_of(const Request& request, const Peer& peer) {
  return {peer.connection,      peer.address, std::string(est::tls::to_string(facts_of(peer).version)), request.method, request.target, {},
          request.minor_version};
}

Front::AnswerOrWork Front::post_authenticated(const Routed& routed, const Request& request, const Facts& facts,
                                              std::string& identity) const {
  est::Stopwatch authenticating(timers(), est::TimedPhase::authenticate);
  const auto decision = front_.authenticator.authenticate(request, facts, *routed.policy);
  authenticating.stop();
  if (const auto* denial = std::get_if<Denial>(&decision)) return denied(*denial);
  const auto& principal = std::get<Principal>(decision);
  identity = principal.identity();
  est::Stopwatch issuing(timers(), est::TimedPhase::issue);
  AnswerOrWork begun = post({routed.route, *routed.policy, request, facts}, principal);
  if (timers() == nullptr) return begun;
  if (std::holds_alternative<Work>(begun)) return timed(std::get<Work>(std::move(begun)), timers(), issuing.elapsed());
  if (std::holds_alternative<Later>(begun)) return timed_later(std::get<Later>(std::move(begun)), timers(), issuing.elapsed());
  issuing.stop();
  return begun;
}

Front::AnswerOrWork Front::begin(const Request& request, const Facts& facts, std::string& identity) const {
  Routed routed = route(request);
  if (routed.refusal.response.status != 0) return std::move(routed.refusal);
  switch (routed.route.operation) {
    case Operation::cacerts:
      return cacerts(routed.route, *routed.policy);
    case Operation::csrattrs:
      return csrattrs(routed.route, *routed.policy);
    default:
      return post_authenticated(routed, request, facts, identity);
  }
}

Answer Front::answer(const Request& request, const Facts& facts) const {
  std::string identity;
  AnswerOrWork begun = begin(request, facts, identity);
  if (auto* made = std::get_if<Answer>(&begun)) return std::move(*made);
  const auto* later = std::get_if<Later>(&begun);
  return later != nullptr ? awaited<Answer>(*later) : std::get<Work>(begun)();
}

Reply Front::reply(Answer answer, const Caller& caller, bool keep_alive) const {
  note(answer, caller);
  if (front_.metrics != nullptr) front_.metrics->count(caller.target, answer.response.status);
  Response& response = answer.response;
  response.fields.set("Date", est::http::http_date(front_.clock.now()));
  // RFC 2046 5.1: never of a multipart body as a whole.
  const bool multipart = response.fields.get("Content-Type").value_or("").starts_with("multipart/");
  if (front_.content_transfer_encoding && response.status == 200 && !response.body.empty() && !multipart)
    response.fields.set("Content-Transfer-Encoding", "base64");
  if (!keep_alive) response.fields.set("Connection", "close");
  if (keep_alive && caller.minor_version == 0) response.fields.set("Connection", "keep-alive");
  return {est::http::encode(response, caller.method == "HEAD"), keep_alive ? AfterReply::keep : AfterReply::close};
}

void Front::note(const Answer& answer, const Caller& caller) const {
  const int status = answer.response.status;
  const bool ours = status == 500 || (status >= 502 && status <= 504);
  const est::LogLevel level = ours ? est::LogLevel::error : est::LogLevel::info;
  front_.log.write(level, "request",
                   {{"connection", std::to_string(caller.connection)},
                    {"peer", caller.address},
                    {"tls", caller.version},
                    {"method", est::printable(caller.method, 20)},
                    {"target", est::printable(caller.target, 200)},
                    {"status", std::to_string(status)},
                    {"identity", caller.identity},
                    {"serial", answer.serial},
                    {"cause", answer.cause}});
}

std::optional<Reply> Front::on_head(const Request& head, const Peer& peer) {
  if (!worth_refusing_early(head)) return std::nullopt;
  Routed routed = route(head);
  Answer refusal = std::move(routed.refusal);
  if (refusal.response.status == 0 && has_request_body(routed.route.operation))
    if (const auto denial = front_.authenticator.refuse_early(head, facts_of(peer), *routed.policy)) refusal = denied(*denial);
  if (refusal.response.status == 0) return std::nullopt;
  return reply(std::move(refusal), caller_of(head, peer), false);
}

bool Front::wants_client_certificate(const Request& head, const Peer& /*peer*/) {
  const Routed routed = route(head);
  if (routed.refusal.response.status != 0 || !has_request_body(routed.route.operation)) return false;
  switch (routed.policy->authentication) {
    case Authentication::certificate:
    case Authentication::certificate_and_password:
      return true;
    case Authentication::certificate_or_password:
      return !head.fields.has("Authorization");
    case Authentication::none:
    case Authentication::basic:
    case Authentication::digest:
    case Authentication::password:
      break;
  }
  return routed.route.operation == Operation::simplereenroll;  // which renews the certificate shown (RFC 7030 3.3.2)
}

est::net::Begun Front::begin_request(const Request& request, const Peer& peer, bool keep_alive) {
  Caller caller = caller_of(request, peer);
  AnswerOrWork begun = begin(request, facts_of(peer), caller.identity);
  if (auto* made = std::get_if<Answer>(&begun)) return reply(std::move(*made), caller, keep_alive);
  const auto errand_of = [this, caller = std::move(caller), keep_alive](Work work) -> est::net::Errand {
    return [this, work = std::move(work), caller, keep_alive] { return reply(work(), caller, keep_alive); };
  };
  if (auto* work = std::get_if<Work>(&begun)) return errand_of(std::move(*work));
  return est::net::Deferred([later = std::get<Later>(std::move(begun)), errand_of](const est::net::HandOver& hand_over) {
    later([errand_of, hand_over](Work rest) { hand_over(errand_of(std::move(rest))); });
  });
}

Reply Front::on_request(const Request& request, const Peer& peer, bool keep_alive) {
  auto begun = begin_request(request, peer, keep_alive);
  if (auto* made = std::get_if<Reply>(&begun)) return std::move(*made);
  const auto* deferred = std::get_if<est::net::Deferred>(&begun);
  return deferred != nullptr ? awaited<Reply>(*deferred) : std::get<est::net::Errand>(begun)();
}

Reply Front::on_refusal(const est::http::Refusal& refusal, const Peer& peer) {
  Answer answer = refuse(refusal.status, refusal.reason);
  if (refusal.status == 503) answer.response.fields.set("Retry-After", std::to_string(overload_retry_seconds));
  return reply(std::move(answer), caller_of({}, peer), false);
}

}  // namespace server
