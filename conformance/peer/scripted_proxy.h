// A proxy between a client under test and a scripted server: HTTP CONNECT (RFC 9110 9.3.6). It leads to that server and nowhere else, and
// writes down who asked for what, with which password.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/peer/scripted_server.h"
#include "conformance/peer/words.h"
#include "est/http/auth.h"

namespace conformance::peer {

// What it does, each kind under its name.
[[nodiscard]] const Words& proxy_kinds();

struct SeenAtProxy {
  int connection = 0;   // from 1, in the order of arrival
  Moment began, ended;  // the first octet of the request came; the answer was about to go
  est::Bytes request;   // its head, as received
  est::Bytes answer;
  std::string method, target;
  std::string password = "none";  // in Proxy-Authorization, by Basic: "none", "own", "server" (that for the EST server), "other"
  std::string leaves_from;        // what the server takes for the client's address; empty: no tunnel was made
};

struct ProxySecrets {
  est::http::Credentials own, server;
};

class ScriptedProxy {
 public:
  // On loopback. `kind` is a word of proxy_kinds(); `server` the port tunnels lead to.
  [[nodiscard]] static est::Result<std::unique_ptr<ScriptedProxy>> start(std::string_view kind, std::uint16_t server, ProxySecrets secrets);
  ~ScriptedProxy();
  ScriptedProxy(const ScriptedProxy&) = delete;
  ScriptedProxy& operator=(const ScriptedProxy&) = delete;

  [[nodiscard]] std::string url() const;  // "http://127.0.0.1:PORT"
  // Ends all connections and waits for their threads. What was seen stays.
  void stop();
  [[nodiscard]] std::vector<SeenAtProxy> seen() const;

 private:
  struct Impl;
  explicit ScriptedProxy(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace conformance::peer
