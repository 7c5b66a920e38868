// Whole enrollments with an est-server in this process, as est-server init sets it up: by kind of authentication and of connection. The
// client makes no key and no request while the clock runs; the server's CPU time is what all threads but the client's have used.
#include <array>

#include "bench/material.h"
#include "bench/measure.h"
#include "bench/peer.h"
#include "est/http/answer.h"
#include "est/http/parser.h"
#include "est/net/client.h"
#include "est/ops/message.h"

namespace bench {

namespace {

using est::Bytes;
using est::net::ClientConnection;
using est::ops::Operation;

enum class Reuse { fresh, resumed, keep_alive };
enum class Login { none, basic, digest, certificate };

struct Enrollment {
  std::string name;
  Login login = Login::none;
  Reuse reuse = Reuse::fresh;
  est::tls::Version version = est::tls::Version::tls13;
};

// A client with nothing in it that need not be: no checks of what is issued beyond its status.
class Applicant {
 public:
  explicit Applicant(Enrollment kind) : kind_(std::move(kind)) {
    est::tls::ClientProfile profile;
    profile.anchors = peer().anchors;
    profile.expected_name = "127.0.0.1";
    profile.least = profile.most = kind_.version;
    if (kind_.login == Login::certificate) profile.identity = peer().identity;
    context_ = must(est::tls::ClientContext::make(profile));
    request_ = est::ops::enroll_request(Operation::simpleenroll, label(), peer().address.to_string(), csr());
    if (kind_.login == Login::basic) request_.fields.set("Authorization", est::http::basic_authorization(peer().user));
  }

  void enroll() {
    connect();
    int status = exchange();
    if (status == 401 && kind_.login == Login::digest) status = exchange();
    demand(status == 200, kind_.name + ": status " + std::to_string(status));
    if (kind_.reuse == Reuse::keep_alive) return;
    if (kind_.reuse == Reuse::resumed) session_ = line_->session();
    line_->close();
    line_.reset();
  }

 private:
  [[nodiscard]] std::string label() const {
    switch (kind_.login) {
      case Login::none:
        return "open";
      case Login::basic:
        return "basic";
      case Login::digest:
        return "digest";
      case Login::certificate:
        break;
    }
    return "cert";
  }
  void connect() {
    if (line_) return;
    auto opened = ClientConnection::open(peer().address, *context_, {}, session_.get());
    if (const auto* failure = std::get_if<est::net::Failure>(&opened)) demand(false, failure->message);
    line_.emplace(std::get<ClientConnection>(std::move(opened)));
  }
  int exchange() {
    const est::Deadline deadline = est::Deadline::after(est::Milliseconds(10000));
    if (challenge_) {
      request_.fields.set("Authorization", est::http::digest_authorization(*challenge_, peer().user, request_.method, request_.target,
                                                                           ++count_, "0123456789abcdef"));
    }
    demand(!line_->write(est::http::encode(request_), deadline), kind_.name + ": the request is not taken");
    est::http::ResponseParser parser(request_.method);
    while (parser.state() == est::http::ResponseParser::State::need_more) {
      const auto got = line_->read(buffer_, deadline);
      demand(got.count > 0, kind_.name + ": no answer");
      static_cast<void>(parser.feed(est::BytesView(buffer_).first(got.count)));
    }
    const auto& answer = parser.observed().message;
    if (answer.status == 401) challenge_ = est::http::best_offer(answer.fields.all("WWW-Authenticate")).digest;
    if (answer.status == 401) count_ = 0;
    return answer.status;
  }

  Enrollment kind_;
  std::shared_ptr<const est::tls::ClientContext> context_;
  est::http::Request request_;
  std::optional<ClientConnection> line_;
  est::crypto::SslSessionHandle session_;
  std::optional<est::http::DigestChallenge> challenge_;
  std::uint32_t count_ = 0;
  Bytes buffer_ = Bytes(16384);
};

void enrolling(benchmark::State& state, const Enrollment& kind) {
  Applicant applicant(kind);
  applicant.enroll();
  const auto own_before = thread_cpu(), all_before = process_cpu();
  const Loop loop(state);
  for (auto _ : state) applicant.enroll();
  const auto own = thread_cpu() - own_before;
  Sides{own, process_cpu() - all_before - own}.report(state);
}

}  // namespace

void add_enrollments() {
  using LoginName = std::pair<Login, const char*>;
  using ReuseName = std::pair<Reuse, const char*>;
  constexpr std::array logins{LoginName{Login::none, "none"}, LoginName{Login::basic, "basic"}, LoginName{Login::digest, "digest"},
                              LoginName{Login::certificate, "certificate"}};
  constexpr std::array reuses{ReuseName{Reuse::fresh, "new"}, ReuseName{Reuse::resumed, "resumed"},
                              ReuseName{Reuse::keep_alive, "keep-alive"}};
  for (const auto& [login, login_name] : logins) {
    for (const auto& [reuse, reuse_name] : reuses) {
      const std::string name = std::string("enroll/") + login_name + "/" + reuse_name;
      benchmark::RegisterBenchmark(name.c_str(), enrolling, Enrollment{name, login, reuse})->UseRealTime();
    }
  }
  benchmark::RegisterBenchmark("enroll/basic-tls12/new", enrolling,
                               Enrollment{"enroll/basic-tls12/new", Login::basic, Reuse::fresh, est::tls::Version::tls12})
      ->UseRealTime();
}

}  // namespace bench
