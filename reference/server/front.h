// What every EST server does with a request, whoever issues: find the label, check method and media type, authenticate the client, answer
// and log. What an operation then comes to is for whoever derives from it: a server with its CA, or a registration authority.
//
// Statuses given here: 401 (with every challenge the label takes), 403, 404 (no such path or label), 405 (with Allow), 415, 501 (an
// operation that is not offered), 503 with Retry-After (too much to do), and what the parser refuses with: 400, 411, 413, 414, 417, 431,
// 501, 505. Every error has a text/plain sentence that says what to do. /cacerts and /csrattrs ask for no credentials (RFC 7030 4.1, 4.5).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "est/base/clock.h"
#include "est/base/log.h"
#include "est/net/server.h"
#include "est/ops/operation.h"
#include "server/authenticator.h"
#include "server/enroller.h"
#include "server/policy.h"

namespace est {
class Timers;
}

namespace server {

class Metrics;

class Front : public est::net::Application {
 public:
  // All references must outlive the front.
  struct Parts {
    const Policies& policies;
    const Authenticator& authenticator;
    const est::Log& log;
    const est::Clock& clock;
    bool content_transfer_encoding = false;  // see Config
    Metrics* metrics = nullptr;              // nothing: none are kept
  };
  explicit Front(const Parts& parts) : front_(parts) {}

  // Refuses before the body only when that spares something: the client asked first (Expect: 100-continue), or announced a big
  // body. Otherwise the body is read, so that the connection, and with it tls-unique, survives a 401 (RFC 7030 3.5).
  [[nodiscard]] std::optional<est::net::Reply> on_head(const est::http::Request& head, const est::net::Peer& peer) override;
  // Enroll operations whose policy takes a certificate, unless a password came where either will do.
  [[nodiscard]] bool wants_client_certificate(const est::http::Request& head, const est::net::Peer& peer) override;
  [[nodiscard]] est::net::Begun begin_request(const est::http::Request& request, const est::net::Peer& peer, bool keep_alive) override;
  // The same, whole.
  [[nodiscard]] est::net::Reply on_request(const est::http::Request& request, const est::net::Peer& peer, bool keep_alive) override;
  [[nodiscard]] est::net::Reply on_refusal(const est::http::Refusal& refusal, const est::net::Peer& peer) override;

  // The same as on_request, as a value, for tests and fuzzers; Date and Connection are left out.
  [[nodiscard]] Answer answer(const est::http::Request& request, const est::tls::Facts& facts) const;

 protected:
  // An answer, or the work that leads to one where it takes long. Work is done on another thread, when the request it is for is gone. What
  // comes later is begun by calling it, and hands over, once and on any thread, the little work that is left then.
  using Work = std::function<Answer()>;
  using Later = std::function<void(std::function<void(Work)>)>;
  using AnswerOrWork = std::variant<Answer, Work, Later>;
  // A request whose path, method and media type are right. The references live as long as the call.
  struct Asked {
    const est::ops::Route& route;
    const LabelPolicy& policy;
    const est::http::Request& request;
    const est::tls::Facts& facts;
  };
  [[nodiscard]] virtual bool offers(est::ops::Operation operation, const LabelPolicy& policy) const = 0;
  [[nodiscard]] virtual Answer cacerts(const est::ops::Route& route, const LabelPolicy& policy) const = 0;
  [[nodiscard]] virtual AnswerOrWork csrattrs(const est::ops::Route& route, const LabelPolicy& policy) const = 0;
  [[nodiscard]] virtual AnswerOrWork post(const Asked& asked, const Principal& principal) const = 0;

  [[nodiscard]] const Parts& front() const noexcept { return front_; }

 private:
  struct Routed {
    est::ops::Route route;
    const LabelPolicy* policy = nullptr;
    Answer refusal;  // status 0: none
  };
  // What the log and the framing of an answer need of a request.
  struct Caller {
    std::uint64_t connection = 0;
    std::string address, version, method, target, identity;
    int minor_version = 1;
  };

  [[nodiscard]] Routed route(const est::http::Request& head) const;
  [[nodiscard]] static Caller caller_of(const est::http::Request& request, const est::net::Peer& peer);
  [[nodiscard]] AnswerOrWork post_authenticated(const Routed& routed, const est::http::Request& request, const est::tls::Facts& facts,
                                                std::string& identity) const;
  [[nodiscard]] AnswerOrWork begin(const est::http::Request& request, const est::tls::Facts& facts, std::string& identity) const;
  [[nodiscard]] est::Timers* timers() const noexcept;
  [[nodiscard]] est::net::Reply reply(Answer answer, const Caller& caller, bool keep_alive) const;  // and a line in the log
  void note(const Answer& answer, const Caller& caller) const;

  Parts front_;
};

}  // namespace server
