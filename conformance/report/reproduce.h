// The decisive request of a scenario as a command that needs no suite: curl for requests, openssl s_client for everything below HTTP.
// Secrets and files come from environment variables named in the command: EST_TRUST_ANCHOR, EST_USER, EST_PASSWORD, EST_CLIENT_CERT,
// EST_CLIENT_KEY. What depends on one TLS session (a linking value) can be repeated only in form;
// a comment behind the command says so.
#pragma once

#include <string>

#include "conformance/engine/evidence.h"
#include "conformance/engine/verdict.h"

namespace conformance::report {

// The exchange a person would want to repeat: that of the first check which is not a pass, else the last step. Null if none was recorded.
[[nodiscard]] const engine::Exchange* decisive_exchange(const engine::ScenarioResult& result, const engine::Evidence& evidence);

// `target` is the public profile (access.url); `folder` is where the body is stored as NAME.body, or the raw request as NAME.request.
// Empty when nothing was sent or the address is unknown.
[[nodiscard]] std::string reproduce_command(const engine::Exchange& exchange, const engine::Json& target, const std::string& folder);

// What the command reads: the content of the request after its head.
[[nodiscard]] est::Bytes body_of(const engine::Exchange& exchange);

}  // namespace conformance::report
