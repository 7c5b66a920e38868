// What a load is made of: whom it goes to, what each request is, how they follow each other. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/crypto/key.h"
#include "est/http/auth.h"
#include "est/http/message.h"
#include "est/net/address.h"
#include "est/ops/operation.h"
#include "est/tls/context.h"

namespace conformance::load {

// `fresh`: each request has a connection of its own and a full handshake. `resumed`: the same with the session of the one before.
enum class Reuse { fresh, resumed, keep_alive };
[[nodiscard]] std::string_view to_string(Reuse reuse) noexcept;  // "new", "resumed", "keep-alive"
[[nodiscard]] std::optional<Reuse> reuse_by_name(std::string_view name);

// Basic goes with every request; Digest answers a challenge and then uses its nonce on.
enum class Scheme { basic, digest };

struct Share {
  est::ops::Operation operation = est::ops::Operation::cacerts;
  unsigned weight = 1;
};
// "cacerts" or "cacerts=1,simpleenroll=9". Also known: enroll, reenroll.
[[nodiscard]] est::Result<std::vector<Share>> parse_mix(std::string_view text);

struct Plan {
  // --- whom
  est::net::Endpoint target;
  std::string label;
  std::vector<est::Bytes> anchors;  // of the target's TLS certificate, and of what it issues
  std::vector<est::Bytes> issuers;  // further certificates on the way from an issued one to an anchor
  // --- as whom
  std::optional<est::http::Credentials> credentials;
  Scheme scheme = Scheme::basic;
  std::optional<est::tls::Identity> identity;
  // --- what
  std::vector<Share> mix = {Share{est::ops::Operation::simpleenroll, 1}};
  Reuse reuse = Reuse::fresh;
  est::tls::Version least = est::tls::Version::tls12, most = est::tls::Version::tls13;
  est::crypto::KeyType key = est::crypto::KeyType::ec_p256;
  std::string subject = "CN=load-{n}";   // {n}: number of the key
  std::vector<est::http::Field> fields;  // of every POST, beside those it has anyway
  bool link = false;                     // RFC 7030 3.5: each request is signed with the connection's binding in it
  bool follow_pending = false;           // a 202 is asked again after its Retry-After, within `patience`
  // --- how
  unsigned connections = 8;  // at a time
  double rate = 0;           // requests per second, by the clock; 0: each connection asks as soon as it has its answer
  std::chrono::seconds time{10};
  std::chrono::seconds warm_up{0};    // before `time`, and not counted
  est::Milliseconds patience{10000};  // for one request from connecting to its answer; who could not begin within it is dropped
  std::size_t pool = 256;             // keys made before the clock starts; used again when there are more requests
  unsigned examine_every = 20;        // of how many answers one is examined to the end
};

}  // namespace conformance::load
