// One client of a load: makes its requests one after another, over connections as the plan says. One thread at a time.
#pragma once

#include <optional>
#include <string>

#include "conformance/load/answer.h"
#include "conformance/load/material.h"
#include "conformance/load/plan.h"
#include "conformance/load/sample.h"
#include "est/http/answer.h"
#include "est/http/parser.h"
#include "est/net/client.h"

namespace conformance::load {

// The TLS context that all requesters of a plan share.
[[nodiscard]] est::Result<std::shared_ptr<const est::tls::ClientContext>> context_of(const Plan& plan);

class Requester {
 public:
  // All must outlive it.
  Requester(const Plan& plan, const Material& material, const est::tls::ClientContext& context)
      : plan_(plan), material_(material), context_(context) {}

  // Makes the request and says what became of it, within the plan's patience from now on. `scheduled`, `overslept` are the caller's.
  [[nodiscard]] Sample perform(est::ops::Operation operation, std::uint64_t number, Look look);
  // Ends what `perform` left open; so that it is no part of a request's time.
  void tidy();

 private:
  struct Turn;
  [[nodiscard]] bool connect(Turn& turn);
  [[nodiscard]] bool exchange(Turn& turn);
  [[nodiscard]] bool send(Turn& turn, const est::http::Request& request);
  [[nodiscard]] bool receive(Turn& turn, const std::string& method);
  [[nodiscard]] bool ask_again(Turn& turn);
  [[nodiscard]] bool take_challenge(const Turn& turn);
  [[nodiscard]] std::string authorization(const est::http::Request& request);
  [[nodiscard]] std::string binding() const;
  void judge(Turn& turn, Look look) const;
  void drop_connection();

  const Plan& plan_;
  const Material& material_;
  const est::tls::ClientContext& context_;
  std::optional<est::net::ClientConnection> line_;
  est::crypto::SslSessionHandle session_;
  std::optional<est::http::DigestChallenge> challenge_;
  std::uint32_t nonce_count_ = 0;
  est::Bytes buffer_ = est::Bytes(16384);
};

}  // namespace conformance::load
