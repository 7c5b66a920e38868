// The TLS connections of one scenario: at most one is current, others are opened for a moment to borrow their channel binding.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "conformance/steps/outcome.h"
#include "conformance/steps/recorder.h"
#include "conformance/steps/taps.h"
#include "conformance/target/profile.h"
#include "est/crypto/handle.h"
#include "est/net/client.h"
#include "est/tls/context.h"

namespace conformance::steps {

struct OpenOptions {
  enum class Mode { fresh, keep, resume };
  Mode mode = Mode::fresh;
  std::optional<est::tls::Identity> identity;
  est::tls::Version least = est::tls::Version::tls12;
  est::tls::Version most = est::tls::Version::tls13;
  std::string suites;
  bool verify = true;
  std::string groups;
  std::string server_name;
  std::vector<std::string> alpn;
  bool post_handshake = true;                  // authentication on TLS 1.3, offered when there is an identity
  std::optional<est::net::Endpoint> endpoint;  // instead of the profile's
  std::string expected_name;                   // that the certificate must have; empty: the endpoint's host
};

struct Line {
  est::net::ClientConnection connection;
  int number = 0;
  OpenOptions options;
  std::size_t alerts_told = 0;
  unsigned requests_in_handshake = 0;  // CertificateRequests
  est::Bytes first_binding = {};       // of the first handshake
  bool spent = false;                  // no further request may be sent on it
};

// tls-unique up to TLS 1.2, the exporter on TLS 1.3 (INT-01).
[[nodiscard]] const est::Bytes& binding_of(const est::tls::Facts& facts);

// One thread.
class Wire {
 public:
  explicit Wire(const target::Profile& profile) : profile_(profile) {}
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // Makes current() usable, or records the failure and leaves current() empty. `keep` reuses the connection there is, and records a
  // failure when the peer has closed it; when there is none it opens one. Not `recorded` only for faults of ours or of the profile.
  [[nodiscard]] engine::StepOutcome open(const OpenOptions& options, est::Deadline deadline, Recorder& recorder);
  [[nodiscard]] Line* current() noexcept { return current_ ? &*current_ : nullptr; }

  // Numbers count from 1 within the scenario, plain connections included.
  [[nodiscard]] int next_number() noexcept { return ++opened_; }

  // From here on TLS connections have taps.
  [[nodiscard]] Taps& taps() noexcept { return taps_; }

  // A connection of its own with the usual options, which the current one knows nothing of.
  [[nodiscard]] std::variant<est::net::ClientConnection, est::net::Failure> dial_beside(est::Deadline deadline) const;

  // New alerts of the current connection become events; whether the target asked for a certificate, and what early data it would take,
  // become facts.
  void tell_alerts(Recorder& recorder);
  // Closes the current connection; with `abrupt` by a TCP reset. Its session and binding are remembered.
  void close(bool abrupt = false);
  // Gives the current connection away, as it is. Precondition: current().
  [[nodiscard]] est::net::ClientConnection release();
  // Keeps a connection open until the scenario ends.
  void hold(est::net::PlainConnection connection) { held_.push_back(std::move(connection)); }
  // Forgets nothing, but the next `keep` will find the connection closed: the target was restarted or closed it.
  void spend() noexcept;

  // The binding of another connection made with the same options. `simultaneous`: open at the same time as the current one (and until the
  // next open()); otherwise one that is closed by now, an earlier one of this scenario if its TLS version fits.
  [[nodiscard]] Maybe<est::Bytes> foreign_binding(bool simultaneous, est::Deadline deadline, Recorder& recorder);

 private:
  Maybe<std::optional<est::net::ClientConnection>> dial(const OpenOptions& options, est::Deadline deadline, Recorder& recorder,
                                                        const std::string& name);

  const target::Profile& profile_;
  Taps taps_;
  std::optional<Line> current_;
  std::optional<est::net::ClientConnection> beside_;
  std::vector<est::net::PlainConnection> held_;
  int opened_ = 0;
  est::crypto::SslSessionHandle session_;
  std::optional<est::tls::Facts> closed_facts_;
};

}  // namespace conformance::steps
