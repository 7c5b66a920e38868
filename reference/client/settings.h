// What the flags mean: files read, names parsed, contradictions found, before anything is sent.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/flags.h"
#include "client/provision.h"
#include "client/secret.h"
#include "est/base/result.h"

namespace client {

// Where certificate and key go.
struct OutputPlan {
  std::string certificate, key;  // paths; empty: not written
  bool pkcs12 = false;           // all in `certificate`
  bool replace = false;
  std::string passphrase;  // a SecretSource; empty: none
  // Where a new key waits for its certificate, from before the first request on.
  [[nodiscard]] std::string pending() const { return (pkcs12 ? certificate : key) + ".pending"; }
};

struct Settings {
  ClientOptions client;
  std::optional<TrustStore> store;
  AnchorPlan anchors;  // `store` points to the one above when there is one; see anchor_plan()
  RequestPlan request;
  bool ask_attributes = true;
  std::optional<KeyProtection> protection;
  std::optional<SharedSecret> cmc_secret;
  bool crmf = false;
  OutputPlan output;
  std::optional<std::int64_t> days_left;  // reenroll only when the certificate has fewer
  std::vector<std::string> warnings;

  // With the pointer right, wherever this object has been moved to.
  [[nodiscard]] AnchorPlan anchor_plan();
};

[[nodiscard]] est::Result<Settings> settle(const Flags& flags);

}  // namespace client
