// The EST server behind a registration authority: a bounded pool of connections to it, and what its answers mean for who asked us.
// Nothing of a client's request but its content goes there, and nothing of an answer but status, media type, Retry-After and content comes
// back: no credentials, cookies or names pass in either direction.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/session.h"
#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/http/message.h"
#include "est/ops/operation.h"
#include "proxy/config.h"

namespace est {
class Timers;
}

namespace proxy {

// No answer that could be given on. 502: the upstream is not to be believed, or refuses us; 503: we have no connection free; 504: it cannot
// be reached or is too slow (RFC 9110 15.6).
struct UpstreamFailure {
  int status = 502;
  std::string sentence;  // for the client: says nothing of the upstream's address or of our credentials
  std::string cause;     // for the log
};
[[nodiscard]] UpstreamFailure no_good_answer(std::string cause);  // 502
[[nodiscard]] UpstreamFailure too_busy();                         // 503

struct Question {
  est::ops::Operation operation = est::ops::Operation::cacerts;
  std::string label;    // theirs
  est::Bytes der = {};  // of the request, for a POST
  // A connection must be free by then. Asking, challenges included, takes no longer than the configured spans together.
  est::Deadline connected_by = soon();

  [[nodiscard]] static est::Deadline soon() { return est::Deadline::after(est::Milliseconds{5000}); }
};

// Threads: any number may ask at once; each waits for a free connection, then for its answer, both bounded.
class Upstream {
 public:
  // Reads anchors, certificate, key and password. Errors name the file. `adjust`, if any, has the last word on how connections are made;
  // for tests.
  using Adjust = std::function<void(client::SessionOptions&)>;
  [[nodiscard]] static est::Result<std::unique_ptr<Upstream>> make(const UpstreamConfig& config, const Adjust& adjust = {});

  // Held by a request from the moment it is accepted for asking until it is answered; null: there are as many as may be. What anybody may
  // ask without credentials gets half of the room. The upstream must outlive it.
  [[nodiscard]] std::shared_ptr<void> room_for(est::ops::Operation operation);
  // Answers of 200, 202, 204, 501, 503 and 4xx come back as they are, and any refusal that is a Full PKI Response; except 401: that is
  // between the upstream and us. A POST is sent once; again only when it was answered 401, so that nothing was done.
  [[nodiscard]] std::variant<est::http::Response, UpstreamFailure> ask(const Question& question);

  [[nodiscard]] std::variant<est::http::Response, UpstreamFailure> ask(est::ops::Operation operation, const std::string& label,
                                                                       est::BytesView der = {}) {
    return ask(Question{operation, label, est::to_bytes(der)});
  }

  // From now on ask() is timed. Call it before anybody asks; null: not.
  void measure(est::Timers* timers) { timers_ = timers; }
  // Reads the files again; connections made with the old ones are used for no further request.
  [[nodiscard]] est::Status reload();
  // This registration authority's; nothing when it has a password only.
  [[nodiscard]] std::optional<est::tls::Identity> identity() const;

 private:
  struct Known {
    client::SessionOptions options;
    std::shared_ptr<const client::Trust> trust;
  };
  struct Line {
    std::shared_ptr<const Known> known;
    std::unique_ptr<client::Session> session;
  };
  explicit Upstream(const UpstreamConfig& config) : config_(config) {}
  [[nodiscard]] est::Result<Known> read() const;
  [[nodiscard]] Line take(est::Deadline deadline);
  void give_back(Line line);

  const UpstreamConfig config_;
  Adjust adjust_;
  est::Timers* timers_ = nullptr;
  mutable std::mutex mutex_;
  std::condition_variable free_;
  std::shared_ptr<const Known> known_;
  std::vector<Line> idle_;
  unsigned lent_ = 0;
  std::atomic<unsigned> rooms_{0};
};

}  // namespace proxy
