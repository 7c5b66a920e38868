// Where cases meet the target: each is sent, judged, and followed by a look whether the target still serves.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conformance/campaign/case_maker.h"
#include "conformance/campaign/judge.h"
#include "conformance/campaign/process_watch.h"
#include "conformance/campaign/sender.h"

namespace conformance::campaign {

struct GroundOptions {
  Patience patience;
  est::Milliseconds recovery{5000};  // a target that does not answer may take to come back by itself
  std::string restart;               // a command that starts it anew; empty: there is none
  est::Milliseconds restart_within{60000};
  std::string process;  // see ProcessWatch
};

struct Attempt {
  Sent sent;
  std::optional<Problem> problem;
  bool odd = false;     // see is_odd()
  bool alive = true;    // as far as it was looked at
  bool looked = false;  // it was
};

// Threads: one at a time.
class Ground {
 public:
  // The profile must outlive it.
  Ground(const target::Profile& profile, GroundOptions options);

  // Sound requests: nothing else makes sense where they fail. Certificates of the requests become what names are compared with. An error
  // says what the target did.
  [[nodiscard]] est::Status control(const Material& material);
  // Somebody without credentials asks for a certificate.
  [[nodiscard]] Attempt ask_anonymously(const BaseRequest& base);

  // `look`: at the target's life afterwards, in any case; otherwise only when something was odd.
  [[nodiscard]] Attempt attempt(const Case& one, bool look);
  // Asks for the CA certificates over a new connection.
  [[nodiscard]] bool alive();
  // Waits for a target that is gone, then has it started anew. False: it is gone for good.
  [[nodiscard]] bool recover();

  [[nodiscard]] const ProcessWatch& watch() const noexcept { return watch_; }
  [[nodiscard]] Sender& sender() noexcept { return sender_; }
  // Took times of alive(), in order.
  [[nodiscard]] const std::vector<est::Milliseconds>& times() const noexcept { return times_; }
  // What was done to look at the target, one line each, since the last call.
  [[nodiscard]] std::vector<std::string> take_log();

 private:
  [[nodiscard]] std::optional<Problem> examine_silence(const Case& one);
  [[nodiscard]] std::optional<Problem> examine_witness(const Case& one, est::Milliseconds span);
  void look_at(Attempt& attempt);
  void call_witness();
  void note(const std::string& line);

  const target::Profile& profile_;
  GroundOptions options_;
  Sender sender_;
  Scope scope_;
  ProcessWatch watch_;
  Sound sound_;
  std::optional<est::net::ClientConnection> witness_;
  std::vector<est::Milliseconds> times_;
  std::vector<std::string> log_;
};

}  // namespace conformance::campaign
