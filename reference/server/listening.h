// The TLS side of a listener, from its configuration.
#pragma once

#include <memory>

#include "est/base/result.h"
#include "est/tls/context.h"
#include "server/config.h"
#include "server/trust.h"

namespace server {

using ContextPointer = std::shared_ptr<const est::tls::ServerContext>;

// Reads certificates and keys anew. Every anchor of `trust` goes into the names that clients are told.
[[nodiscard]] est::Result<ContextPointer> make_server_context(const Config& config, const Trust& trust,
                                                              est::tls::ClientCertificate client_certificate);

}  // namespace server
