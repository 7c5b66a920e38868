// Sends cases to the target and tells what came of each message.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conformance/campaign/case.h"
#include "conformance/campaign/credentials.h"
#include "conformance/steps/run_state.h"
#include "conformance/target/profile.h"
#include "est/base/clock.h"
#include "est/net/client.h"

namespace conformance::campaign {

// What our own strict parser makes of the octets of a message.
struct OwnView {
  std::size_t messages = 0;  // complete ones
  bool refused = false;      // what follows them
  bool unfinished = false;   // more octets were to come
  std::string finding;       // "sound", "refused 400", "unfinished"
};
[[nodiscard]] OwnView view_of(est::BytesView octets);

struct Reply {
  std::string end = "not-sent";  // "answered", "closed", "reset", "timeout", "alert NAME", "unreachable", "no-handshake", "not-awaited"
  std::string detail;            // one sentence where there is no answer
  std::vector<int> statuses;     // of the final answers that came for this message
  est::Bytes raw;                // all octets of them
  std::vector<est::Bytes> certificates;  // issued: neither a CA's nor, on a GET, any; a CA's when it is for the key asked for
  OwnView view;
  est::Milliseconds took{0};

  // "200 with certificate", "400", "closed" ...
  [[nodiscard]] std::string response_class() const;
};

struct Sent {
  std::vector<Reply> replies;  // one for each message
  bool spent = false;          // the certificates the target may be made to issue are spent; nothing (more) was sent
};

struct Patience {
  est::Milliseconds answer{5000};
  est::Milliseconds unfinished{1000};  // for an answer to what is no whole message
};

// Threads: one at a time.
class Sender {
 public:
  // The profile must outlive it.
  explicit Sender(const target::Profile& profile);

  [[nodiscard]] Sent send(const Case& one, const Patience& patience);
  [[nodiscard]] steps::RunState& run() noexcept { return run_; }
  [[nodiscard]] std::size_t issued() const noexcept { return issued_; }  // certificates seen so far

 private:
  [[nodiscard]] bool connect(const Message& message, Reply& reply);
  void transmit(const Message& message, std::uint64_t salt, const Patience& patience, Reply& reply, bool again);
  void await(const Message& message, const Patience& patience, Reply& reply);
  void close();

  const target::Profile& profile_;
  Credentials credentials_;
  steps::RunState run_;
  std::array<std::shared_ptr<const est::tls::ClientContext>, 2> contexts_;  // without and with certificate
  std::optional<est::net::ClientConnection> line_;
  est::crypto::SslSessionHandle session_;
  std::size_t issued_ = 0;
  std::vector<std::string> pending_;  // methods of messages sent whose answers were not awaited
};

}  // namespace conformance::campaign
