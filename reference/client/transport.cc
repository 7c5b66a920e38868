#include "client/transport.h"

#include <algorithm>
#include <array>
#include <utility>

namespace client {
namespace {

using est::net::ClientConnection;
using est::net::Failure;

class TlsTransport final : public Transport {
 public:
  explicit TlsTransport(ClientConnection connection) : connection_(std::move(connection)) {}
  TlsTransport(const TlsTransport&) = delete;
  TlsTransport& operator=(const TlsTransport&) = delete;
  ~TlsTransport() override { connection_.close(); }

  [[nodiscard]] const est::tls::Facts& facts() const noexcept override { return connection_.facts(); }
  [[nodiscard]] std::optional<Failure> write(est::BytesView data, est::Deadline deadline) override {
    return connection_.write(data, deadline);
  }
  [[nodiscard]] est::net::ReadOutcome read(std::span<est::Byte> into, est::Deadline deadline) override {
    return connection_.read(into, deadline);
  }
  [[nodiscard]] bool readable_now() override { return connection_.readable_now(); }
  [[nodiscard]] est::crypto::SslSessionHandle session() const override { return connection_.session(); }

 private:
  ClientConnection connection_;
};

// The ways a TLS peer says that it does not want our certificate, or wants one (RFC 8446 6.2).
bool is_about_our_certificate(const est::tls::Alert& alert) {
  constexpr std::array<int, 9> descriptions{41, 42, 43, 44, 45, 46, 48, 49, 116};
  return alert.from_peer && std::find(descriptions.begin(), descriptions.end(), alert.description) != descriptions.end();
}

}  // namespace

Problem transport_problem(const Failure& failure, int status) {
  if (failure.alert && is_about_our_certificate(*failure.alert))
    return {ProblemKind::refused, "the server refuses the TLS client certificate, or wants one: alert " + failure.alert->name(), status};
  return {ProblemKind::transport, std::string(to_string(failure.stage)) + ": " + failure.message, status};
}

Outcome<std::unique_ptr<Transport>> connect_tls(const Opening& opening) {
  const auto context = est::tls::ClientContext::make(opening.profile);
  if (!context) return configuration_problem(context.error());
  auto opened = ClientConnection::open(opening.to, **context, opening.within, opening.resume, opening.through);
  if (const auto* failure = std::get_if<Failure>(&opened)) {
    if (failure->cause == est::net::Cause::untrusted) return Problem{ProblemKind::untrusted, failure->message};
    return transport_problem(*failure);
  }
  if (opening.times != nullptr) *opening.times = std::get<ClientConnection>(opened).opening_times();
  return std::unique_ptr<Transport>(std::make_unique<TlsTransport>(std::get<ClientConnection>(std::move(opened))));
}

}  // namespace client
