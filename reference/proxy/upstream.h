// The EST server behind a registration authority: a bounded pool of connections to it, and what its answers mean for who asked us.
// Nothing of a client's request but its content goes there, and nothing of an answer but status, media type, Retry-After and content comes
// back: no credentials, cookies or names pass in either direction.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
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

namespace proxy {

// No answer that could be given on. 502: the upstream is not to be believed, or refuses us; 503: we have no connection free; 504: it cannot
// be reached or is too slow (RFC 9110 15.6).
struct UpstreamFailure {
  int status = 502;
  std::string sentence;  // for the client: says nothing of the upstream's address or of our credentials
  std::string cause;     // for the log
};
[[nodiscard]] UpstreamFailure no_good_answer(std::string cause);  // 502

// Threads: any number may ask at once; each waits for a free connection, then for its answer, both bounded.
class Upstream {
 public:
  // Reads anchors, certificate, key and password. Errors name the file. `adjust`, if any, has the last word on how connections are made;
  // for tests.
  using Adjust = std::function<void(client::SessionOptions&)>;
  [[nodiscard]] static est::Result<std::unique_ptr<Upstream>> make(const UpstreamConfig& config, const Adjust& adjust = {});

  // `label`: theirs. `der`: of the request, for a POST. Answers of 200, 202, 204, 503 and 4xx come back as they are, except 401: that is
  // between the upstream and us.
  [[nodiscard]] std::variant<est::http::Response, UpstreamFailure> ask(est::ops::Operation operation, const std::string& label,
                                                                       est::BytesView der = {});

 private:
  explicit Upstream(const UpstreamConfig& config);
  using SessionPointer = std::unique_ptr<client::Session>;
  [[nodiscard]] SessionPointer take(est::Deadline deadline);
  void give_back(SessionPointer session);

  UpstreamConfig config_;
  client::SessionOptions options_;
  std::shared_ptr<const client::Trust> trust_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::vector<SessionPointer> idle_;
  unsigned lent_ = 0;
};

}  // namespace proxy
