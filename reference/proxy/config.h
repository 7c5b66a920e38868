// What a registration authority is told: the server it is to its clients, the client it is to the EST server behind it, and the CA
// certificates it gives out.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/net/address.h"
#include "server/config.h"

namespace proxy {

struct UpstreamConfig {
  est::net::Endpoint at;
  std::vector<std::string> anchors;           // PEM; explicit ones (RFC 7030 3.6.1)
  std::vector<std::string> implicit_anchors;  // PEM
  std::string certificate, key;               // of this registration authority (RFC 7030 3.7); empty: none
  std::string user, password_file;            // for Basic or Digest; empty: none
  est::Milliseconds connect{5000};
  est::Milliseconds handshake{5000};
  est::Milliseconds answer{30000};                         // one request and its answer
  unsigned connections = 16;                               // at most so many at a time
  unsigned waiting = 64;                                   // requests that may wait for one of them
  bool content_transfer_encoding = false;                  // said of our bodies, for servers that RFC 8951 has not reached
  bool full_cmc = false;                                   // enrollments go there as Full PKI Requests made here (RFC 5272 6.8)
  std::map<std::string, std::string, std::less<>> labels;  // ours to theirs; what is not here is the same on both sides
  [[nodiscard]] std::string label_of(const std::string& label) const;
};

struct CaConfig {
  std::string file;                     // PEM; empty: the upstream's /cacerts
  std::int64_t refresh_seconds = 3600;  // how often that is asked for anew
};

struct Config {
  server::Config front;  // no CA: ca_directory is empty
  UpstreamConfig upstream;
  CaConfig cacerts;
  std::int64_t retry_seconds = 10;  // Retry-After of answers that say "not now"
};

// As server::load_config.
[[nodiscard]] est::Result<Config> load_config(const std::string& path);
[[nodiscard]] est::Result<Config> parse_config(std::string_view text, const std::string& path);

}  // namespace proxy
