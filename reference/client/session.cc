#include "client/session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "est/base/text.h"
#include "est/http/answer.h"
#include "est/http/parser.h"

namespace client {
namespace {

using est::Bytes;
using est::BytesView;
using est::Deadline;
using est::http::Response;

constexpr int unauthorized = 401;
constexpr unsigned most_attempts = 6;  // of one request at one place: challenge, stale nonce, renegotiation, lost connection

const Bytes& binding_of(const est::tls::Facts& facts) {
  return facts.version == est::tls::Version::tls13 ? facts.tls_exporter : facts.tls_unique;
}

Problem untrusted_server(const Place& place, const std::string& reason) {
  return {ProblemKind::untrusted, "the server " + place.at.to_string() + " is not authorised (RFC 7030 3.6): " + reason};
}

// RFC 7617 2.
bool fit_for_basic(const est::http::Credentials& credentials) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  const std::string all = credentials.user + credentials.password;
  return credentials.user.find(':') == std::string::npos && std::none_of(all.begin(), all.end(), control);
}

est::Milliseconds within(est::Milliseconds span, const Ask& ask) { return ask.until ? std::min(span, ask.until->left()) : span; }

// What the handshake's judge saw; it may be asked on another connection's behalf never, so one record will do.
struct Judgement {
  ServerVerdict verdict;
};

est::tls::ServerJudge judge_for(const ServerCheck& check, const std::string& host, const std::shared_ptr<const Trust>& trust,
                                bool provisional, const std::shared_ptr<Judgement>& record) {
  return [=](const std::vector<Bytes>& chain) -> std::optional<est::tls::ServerRefusal> {
    record->verdict = check(chain, host, *trust);
    if (provisional || record->verdict.authorised()) return std::nullopt;
    return est::tls::ServerRefusal{record->verdict.reason, record->verdict.code};
  };
}

est::tls::ClientProfile tls_profile(const SessionOptions& options, const Trust& trust, const Place& place, bool provisional) {
  est::tls::ClientProfile profile;
  profile.expected_name = place.at.host;
  profile.least = options.least;
  profile.most = options.most;
  profile.suites = options.suites;
  profile.groups = options.groups;
  profile.alpn = {"http/1.1"};
  if (!provisional) profile.identity = options.identity;
  if (trust.indicate) profile.indicated_anchors = trust.explicit_anchors;
  return profile;
}

}  // namespace

// One request at one place, until it has its final answer.
struct Session::Attempt {
  std::string authorization;
  Bytes binding;  // the body was made for
  bool remade = false;
  bool answered = false;        // a challenge
  bool answered_stale = false;  // and the one after it, which said only that the nonce was old
};

Session::Session(est::net::Endpoint server, SessionOptions options, std::shared_ptr<const Trust> trust)
    : server_(std::move(server)), options_(std::move(options)), trust_(std::move(trust)) {}

void Session::close() {
  if (!line_) return;
  const bool unique_master_secret = !line_->transport->facts().tls_exporter.empty();
  if (!line_->provisional && unique_master_secret) {
    if (auto session = line_->transport->session()) {
      tls_session_ = std::move(session);
      tls_session_for_ = line_->place.at.to_string();
    }
  }
  line_.reset();
}

void Session::forget_sessions() {
  close();
  tls_session_.reset();
  tls_session_for_.clear();
}

void Session::set_trust(std::shared_ptr<const Trust> trust) {
  forget_sessions();
  trust_ = std::move(trust);
}

void Session::set_identity(std::optional<est::tls::Identity> identity) {
  forget_sessions();
  options_.identity = std::move(identity);
}

void Session::limit_to_tls12() {
  forget_sessions();
  options_.most = est::tls::Version::tls12;
}

Outcome<Answer> Session::ask(const Ask& ask) { return follow(ask, false); }

Outcome<Answer> Session::ask_provisionally(const Ask& ask) {
  close();
  Outcome<Answer> answer = follow(ask, true);
  close();
  return answer;
}

Outcome<Answer> Session::follow(const Ask& ask, bool provisional) {
  last_status_ = 0;
  Place place{server_, ask.target};
  for (unsigned hop = 0;; ++hop) {
    Outcome<Answer> answer = ask_at(place, ask, provisional);
    if (!answer || !is_redirect(answer->response.status)) return answer;
    if (hop == options_.most_redirects)
      return Problem{ProblemKind::answer, "the server redirects without end; given up after " + std::to_string(hop) + " redirections",
                     last_status_};
    Outcome<Place> next = redirected(place, ask.method, answer->response);
    if (!next) return next.problem();
    if (!same_origin(place, *next)) {
      const bool approved = !provisional && options_.approve && options_.approve(place.url(), next->url());
      if (!approved)
        return Problem{ProblemKind::refused,
                       "the server redirects to another origin, " + est::printable(next->url()) + ", which was not approved", last_status_};
    }
    place = *std::move(next);
  }
}

bool Session::usable(const Place& place, bool provisional) {
  return line_ && !line_->spent && line_->provisional == provisional && same_origin(line_->place, place) &&
         !line_->transport->readable_now();
}

std::optional<Problem> Session::connect(const Place& place, const Ask& ask, bool provisional) {
  if (usable(place, provisional)) return std::nullopt;
  close();
  const auto record = std::make_shared<Judgement>();
  est::tls::ClientProfile profile = tls_profile(options_, *trust_, place, provisional);
  profile.judge = judge_for(options_.check, place.at.host, trust_, provisional, record);
  if (options_.last_touch) options_.last_touch(profile);
  SSL_SESSION* resume = !provisional && tls_session_for_ == place.at.to_string() ? tls_session_.get() : nullptr;
  auto opened = options_.connect({place.at,
                                  std::move(profile),
                                  {within(options_.connect_within, ask), within(options_.handshake_within, ask)},
                                  resume,
                                  options_.proxy ? &*options_.proxy : nullptr});
  if (!opened) return opened.problem().kind == ProblemKind::untrusted ? untrusted_server(place, record->verdict.reason) : opened.problem();
  line_.emplace(Line{*std::move(opened), place, record->verdict, provisional});
  // The handshake has asked already; this is the gate all else rests on.
  if (provisional || line_->server.authorised()) return std::nullopt;
  const Problem problem = untrusted_server(place, line_->server.reason);
  close();
  return problem;
}

Outcome<Answer> Session::ask_at(const Place& place, const Ask& ask, bool provisional) {
  Attempt attempt;
  for (unsigned round = 0; round < most_attempts; ++round) {
    if (auto problem = connect(place, ask, provisional)) return *std::move(problem);
    const bool reused = line_->used;
    Outcome<Response> response = exchange(place, ask, attempt);
    // An idle connection may have ended while we were asking; only what is safe to repeat is repeated (RFC 9110 9.2.2).
    if (!response && reused && !ask.body && response.problem().kind == ProblemKind::transport && last_status_ == 0) continue;
    if (!response) return response.problem();
    const int status = response->status;
    // The server renegotiated when it had read the request, so what the request was linked to is no more (RFC 7030 3.5).
    const bool binding_lost = ask.body && line_ && attempt.binding != binding_of(line_->transport->facts());
    if (binding_lost && status >= 400 && status != unauthorized && !attempt.remade) {
      attempt.remade = true;
      continue;
    }
    const bool challenge = status == unauthorized && !provisional;
    if (challenge) {
      if (auto problem = authenticate(place, ask, *response, attempt)) return *std::move(problem);
      continue;
    }
    Answer answer{*std::move(response), {}, {}, place.url()};
    if (line_) {
      answer.facts = line_->transport->facts();
      answer.server = line_->server;
    }
    return answer;
  }
  close();
  return Problem{ProblemKind::refused, "the server answers the same request with ever new demands; given up", last_status_};
}

Outcome<Response> Session::exchange(const Place& place, const Ask& ask, Attempt& attempt) {
  est::http::Request request;
  request.method = ask.method;
  request.target = place.target;
  request.fields.add("Host", host_field(place.at));
  request.fields.add("User-Agent", options_.user_agent);
  if (!attempt.authorization.empty()) request.fields.add("Authorization", std::exchange(attempt.authorization, {}));
  if (ask.body) {
    attempt.binding = binding_of(line_->transport->facts());
    Outcome<Bytes> body = ask.body(line_->transport->facts());
    if (!body) return body.problem();
    request.fields.add("Content-Type", ask.media_type);
    if (options_.transfer_encoding) request.fields.add("Content-Transfer-Encoding", "base64");
    request.body = *std::move(body);
  }
  if (!options_.interceptor) return send(request, ask);
  const est::tls::Facts facts = line_->transport->facts();
  return options_.interceptor(request, facts, [this, &ask](const est::http::Request& one) { return send(one, ask); });
}

Outcome<Response> Session::send(const est::http::Request& request, const Ask& ask) {
  if (!line_) return Problem{ProblemKind::transport, "the connection is gone", last_status_};
  const Deadline deadline = Deadline::after(within(options_.answer_within, ask));
  if (const auto failure = line_->transport->write(est::http::encode(request), deadline)) {
    // A server that has answered already, and closed, may have said why.
    if (failure->stage != est::net::Stage::write) {
      close();
      return transport_problem(*failure);
    }
  }
  return receive(request.method, deadline);
}

Outcome<Response> Session::receive(std::string_view method, Deadline deadline) {
  est::http::ResponseParser parser{std::string(method)};
  std::array<est::Byte, 16384> buffer{};
  bool more = false;
  while (parser.state() == est::http::ResponseParser::State::need_more) {
    const auto outcome = line_->transport->read(buffer, deadline);
    if (outcome.failure) {
      const Problem problem = transport_problem(*outcome.failure, last_status_);
      close();
      return problem;
    }
    if (outcome.count == 0) {
      parser.end_of_input();
      break;
    }
    more = parser.feed(BytesView(buffer).first(outcome.count)) < outcome.count;
  }
  const est::http::ObservedResponse& observed = parser.observed();
  last_status_ = observed.message.status;
  if (parser.state() != est::http::ResponseParser::State::complete) {
    close();
    if (observed.raw_head.empty() && observed.findings.empty())
      return Problem{ProblemKind::transport, "read: the server closed the connection without an answer", last_status_};
    return Problem{ProblemKind::answer, "the HTTP answer cannot be read: " + describe_first(observed.findings), last_status_};
  }
  Response response = observed.message;
  line_->used = true;
  // Where the framing is in doubt, or more came than was asked for, so is whose the next answer would be.
  line_->spent = !parser.keep_alive() || more || est::has_errors(observed.findings);
  return response;
}

std::optional<Problem> Session::authenticate(const Place& place, const Ask& ask, const Response& response, Attempt& attempt) {
  const auto give_up = [&](const std::string& why) {
    close();
    return Problem{ProblemKind::refused, why, unauthorized};
  };
  const est::http::Offer offer = est::http::best_offer(response.fields.all("WWW-Authenticate"));
  if (!response.fields.has("WWW-Authenticate")) return give_up("the server answers 401 without saying how to authenticate");
  if (!offer.answerable()) return give_up("the server wants an HTTP authentication other than Basic and Digest");
  const bool again = attempt.answered && offer.stale() && !attempt.answered_stale;
  if (attempt.answered && !again)
    return give_up("the server refuses the user name or password for \"" + est::printable(offer.realm, 80) + "\"");
  if (!options_.credentials) return give_up("the server wants a user name and password (" + offer.scheme() + "); there are none");
  auto credentials = options_.credentials({place.url(), est::printable(offer.realm, 80), offer.scheme()});
  if (!credentials) return configuration_problem(credentials.error());
  if (!*credentials) return give_up("the server wants a user name and password (" + offer.scheme() + "); there are none");
  if (!offer.digest && !fit_for_basic(**credentials))
    return give_up(
        "the user name or password cannot be sent by Basic, which has no place for a colon in the name or for control characters");
  attempt.authorization = est::http::answer(offer, **credentials, ask.method, place.target);
  attempt.answered_stale = attempt.answered;
  attempt.answered = true;
  return std::nullopt;
}

}  // namespace client
