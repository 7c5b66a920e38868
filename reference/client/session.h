// Talks to an EST server: one TLS connection at a time, checked before a word is said; one request, its redirections and challenges
// (RFC 7030 3.2.1, 3.2.3, 3.3, 3.6).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/outcome.h"
#include "client/redirect.h"
#include "client/server_check.h"
#include "client/transport.h"
#include "est/base/clock.h"
#include "est/http/auth.h"
#include "est/http/message.h"
#include "est/net/proxy.h"
#include "est/tls/context.h"
#include "est/tls/facts.h"

namespace client {

// A server, authorised already, asks who we are.
struct Challenged {
  std::string url;     // of the request
  std::string realm;   // printable
  std::string scheme;  // "Basic", "SHA-256 Digest"
};
// Credentials for it (the user name may be empty, RFC 7030 3.2.3), nothing when there are none, or an error.
using GiveCredentials = std::function<est::Result<std::optional<est::http::Credentials>>(const Challenged&)>;

// May the request go to another origin? Asked for every method (RFC 7030 3.2.1 demands it where it is not GET or HEAD).
using ApproveRedirect = std::function<bool(const std::string& from, const std::string& to)>;

// Sends a request over the connection that stands and reads what comes. A problem when the connection is gone: none is made anew.
using Send = std::function<Outcome<est::http::Response>(const est::http::Request&)>;
// Stands between the client and each exchange: sees the request before it leaves, and the answer or problem before it is judged; may
// change both, send again, or answer itself. For traces, fields a gateway wants, and tests. `facts`: of the connection.
using Interceptor =
    std::function<Outcome<est::http::Response>(const est::http::Request& request, const est::tls::Facts& facts, const Send& send)>;

struct SessionOptions {
  std::optional<est::tls::Identity> identity;  // for TLS client authentication; shown to authorised servers only
  est::tls::Version least = est::tls::Version::tls12;
  est::tls::Version most = est::tls::Version::tls13;
  std::string suites, groups;  // OpenSSL lists; empty: defaults
  std::optional<est::net::Proxy> proxy;
  GiveCredentials credentials;  // empty: none
  ApproveRedirect approve;      // empty: no
  est::Milliseconds connect_within{10000};
  est::Milliseconds handshake_within{10000};
  est::Milliseconds answer_within{60000};  // one request and its answer
  unsigned most_redirects = 5;
  bool transfer_encoding = false;  // say Content-Transfer-Encoding: base64 of a body, for servers that RFC 8951 has not reached
  std::string user_agent = "est-client/" ESTSPEC_VERSION;
  ServerCheck check = check_server;
  Connect connect = connect_tls;
  Interceptor interceptor = {};                                   // empty: none
  std::function<void(est::tls::ClientProfile&)> last_touch = {};  // called with the profile of each connection when all is set
};

// The body of a POST, made for the connection it goes over. Asked again when a new connection, a renegotiation or a later attempt has
// another channel binding.
using MakeBody = std::function<Outcome<est::Bytes>(const est::tls::Facts&)>;

struct Ask {
  std::string_view method = "GET";
  std::string target;
  std::string media_type = {};              // of the body
  MakeBody body = {};                       // empty: no body
  std::optional<est::Deadline> until = {};  // for everything together, beside the spans of SessionOptions
};

struct Answer {
  est::http::Response response;
  est::tls::Facts facts;  // of the connection it came over
  ServerVerdict server;
  std::string url;  // of the answer
};

// Threads: one at a time. Everything it is given is copied; callbacks are called on the calling thread.
class Session {
 public:
  Session(est::net::Endpoint server, SessionOptions options, std::shared_ptr<const Trust> trust);

  // The final answer of any status but a redirection or, where credentials were given, a challenge. On a server that is not authorised
  // nothing is asked and `untrusted` says why.
  [[nodiscard]] Outcome<Answer> ask(const Ask& ask);
  // RFC 7030 4.1.1: asks a server that may not be authorised, without client certificate, answering no challenge, following redirections
  // within the origin only. Nothing it says is to be believed before somebody has confirmed it. The connection is closed afterwards.
  [[nodiscard]] Outcome<Answer> ask_provisionally(const Ask& ask);

  // From the next connection on, which is made for the next request; no TLS session is resumed across.
  void set_trust(std::shared_ptr<const Trust> trust);
  void set_identity(std::optional<est::tls::Identity> identity);
  void limit_to_tls12();  // where the linking of RFC 7030 3.5 is wanted, which TLS 1.3 does not define
  [[nodiscard]] const SessionOptions& options() const noexcept { return options_; }
  void close();

  // Of the last answer, whatever became of it; 0: none came.
  [[nodiscard]] int last_status() const noexcept { return last_status_; }

 private:
  struct Line {
    std::unique_ptr<Transport> transport;
    Place place;
    ServerVerdict server;
    bool provisional = false;
    bool used = false;   // for a request before
    bool spent = false;  // for no further one
  };
  struct Attempt;

  [[nodiscard]] Outcome<Answer> follow(const Ask& ask, bool provisional);
  [[nodiscard]] Outcome<Answer> ask_at(const Place& place, const Ask& ask, bool provisional);
  [[nodiscard]] std::optional<Problem> connect(const Place& place, const Ask& ask, bool provisional);
  [[nodiscard]] bool usable(const Place& place, bool provisional);
  [[nodiscard]] Outcome<est::http::Response> exchange(const Place& place, const Ask& ask, Attempt& attempt);
  [[nodiscard]] Outcome<est::http::Response> send(const est::http::Request& request, const Ask& ask);
  [[nodiscard]] Outcome<est::http::Response> receive(std::string_view method, est::Deadline deadline);
  [[nodiscard]] std::optional<Problem> authenticate(const Place& place, const Ask& ask, const est::http::Response& response,
                                                    Attempt& attempt);
  void forget_sessions();

  est::net::Endpoint server_;
  SessionOptions options_;
  std::shared_ptr<const Trust> trust_;
  std::optional<Line> line_;
  // The latest TLS session of an authorised server, for the same endpoint (RFC 7030 3.3).
  est::crypto::SslSessionHandle tls_session_;
  std::string tls_session_for_;
  int last_status_ = 0;
};

}  // namespace client
