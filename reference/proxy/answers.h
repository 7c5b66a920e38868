// What comes back from the upstream, as answers to clients. Pure functions; `retry_seconds` is the Retry-After where none came.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/result.h"
#include "est/codec/cmc_controls.h"
#include "est/http/message.h"
#include "proxy/ca_watch.h"
#include "proxy/upstream.h"
#include "server/enroller.h"

namespace proxy {

// 503 with Retry-After.
[[nodiscard]] server::Answer not_now(std::string_view sentence, std::string cause, std::int64_t retry_seconds);
[[nodiscard]] server::Answer failed(const UpstreamFailure& failure, std::int64_t retry_seconds);
// Status, Retry-After and sentence: what RFC 7030 4.2.3 lets a client act on.
[[nodiscard]] server::Answer given_on(const est::http::Response& said, std::int64_t retry_seconds);

// A Full PKI Response without success, for a client that sent a simple request: 202 for pending, 503 where it should come again, else 403
// for badIdentity and 400. What it holds against the whole message, which was ours, is none of the client's business: 502.
[[nodiscard]] server::Answer refused(const std::vector<est::codec::StatusInfo>& statuses, std::int64_t retry_seconds);
[[nodiscard]] bool all_success(const std::vector<est::codec::StatusInfo>& statuses);

// It leads to the CA's anchors. `known` may be null: then nothing does.
[[nodiscard]] est::Status believed(est::BytesView certificate, const CaCertificates* known);
// A whole answer to /serverkeygen of the right form, with a certificate that leads to the CA's anchors. The key in it is not looked at.
[[nodiscard]] est::Status check_generated_key(const est::http::Response& said, const CaCertificates* known);

}  // namespace proxy
