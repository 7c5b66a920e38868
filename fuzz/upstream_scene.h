// The other side of est-proxy's target: an EST server without sockets that answers whatever the input says, and holds every request against
// what RFC 7030 3.7 has a registration authority send to whom.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "client/issue_test.h"
#include "est/http/message.h"
#include "fuzz/client_scene.h"

namespace fuzz {

// The input is a Script of client_scene.h with letters of its own:
//   a b w r  who answers each connection, as there     C the upstream wants a password     F requests go on as Full PKI Requests
//   W the CA certificates are the upstream's: its first answer is that to /cacerts
//   E re-enroll   K server-side key generation   M the client's own Full PKI Request   A /csrattrs   G /cacerts   nothing: enroll
// In an answer {ca} {other-ca} {certificate} {another} {length} are what they are there; {stray} is a certificate for the right key by a CA
// of the right name; {done} {waits} {refused} are Full PKI Responses.
struct UpstreamWorld {
  client::TestAuthority root{"CN=Root"}, other{"CN=Root"}, ra{"CN=ra"}, device{"CN=device"}, stranger{"CN=stranger"};
  est::Bytes root_der, other_der, ra_der, device_der;
  est::Bytes request;                  // by the device
  std::map<char, est::Bytes> servers;  // by letter
  UpstreamWorld();
};
// Made once a process; certificates are good from 2001 to 2096, because a registration authority judges them by the system's clock.
[[nodiscard]] const UpstreamWorld& upstream_world();
[[nodiscard]] est::Bytes issued_to(const client::TestAuthority& subject, const client::TestAuthority& issuer);

class ScriptedUpstream {
 public:
  // `sent`: what the client has sent to the registration authority; empty: nothing that goes on. Borrowed.
  ScriptedUpstream(const Script& script, est::BytesView sent) : script_(script), sent_(sent) {}
  [[nodiscard]] client::Connect connect();
  // The latest; status 0: there was none.
  [[nodiscard]] const est::http::Response& answer() const { return answer_; }

 private:
  class Line;
  [[nodiscard]] client::Outcome<std::unique_ptr<client::Transport>> open(const client::Opening& opening);
  [[nodiscard]] std::string respond(const est::http::Request& request);
  void check_request(const est::http::Request& request);
  void check_post(const est::http::Request& request);
  [[nodiscard]] std::string expanded(std::string text) const;
  [[nodiscard]] std::string full_response(char kind) const;

  const Script& script_;
  est::BytesView sent_;
  std::size_t connections_ = 0, requests_ = 0;
  bool posted_ = false;
  est::Bytes question_;  // the latest POST
  est::http::Response answer_;
};

}  // namespace fuzz
