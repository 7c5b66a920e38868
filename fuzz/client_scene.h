// The other side of the client's target: a server that has no sockets and answers whatever the input says, and holds every request against
// what RFC 7030 permits a client to send to whom.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"
#include "client/issue_test.h"

namespace fuzz {

// The input: a line of letters, then answers with a line "~~" between them. The last one is repeated for ever. In an answer, {ca},
// {other-ca}, {cas}, {certificate}, {another} stand for base64 of what they say, {length} for the octets behind the head; one that begins
// with '!' is a connection that breaks. Letters:
//   a b w r  who answers the first, second ... connection: est.example under the root, or under another; another name under the root, with
//            id-kp-cmcRA (r); the last one answers all that follow
//   C credentials are at hand   R redirections are approved   F the root's fingerprint is known   I trust is implicit   N there is none
//   T TLS 1.2   1 octets come one by one   E re-enroll   M Full PKI Request   K server-side key generation
struct Script {
  std::string chains;
  std::string letters;
  std::vector<std::string> answers;

  [[nodiscard]] bool has(char letter) const { return letters.find(letter) != std::string::npos; }
};
[[nodiscard]] Script read_script(std::string_view input);

// Made once a process.
struct Authorities {
  client::TestAuthority root{"CN=Root"}, other{"CN=Other"}, device{"CN=device"}, stranger{"CN=stranger"};
  est::Bytes root_der, other_der;
  std::map<char, est::Bytes> servers;  // by letter
  Authorities();
};
[[nodiscard]] const Authorities& authorities();

inline constexpr const char* host = "est.example";
inline constexpr std::string_view password = "s3cret-password";

class ScriptedServer {
 public:
  explicit ScriptedServer(Script script) : script_(std::move(script)) {}

  // What `client` trusts decides who may be told what; it must be set before anything is asked.
  void watch(const client::Client& client) { client_ = &client; }
  [[nodiscard]] const Script& script() const { return script_; }
  [[nodiscard]] client::Connect connect();
  // Somebody asks for the credentials: may they go out now?
  void check_challenge() const;

  [[nodiscard]] int requests() const { return requests_; }
  // Of the latest answer.
  [[nodiscard]] const est::http::Response& answer() const { return answer_; }
  [[nodiscard]] bool entitled() const { return entitled_; }
  [[nodiscard]] const est::Bytes& requested_key() const { return requested_key_; }

 private:
  class Line;
  [[nodiscard]] client::Outcome<std::unique_ptr<client::Transport>> open(const client::Opening& opening);
  [[nodiscard]] std::string respond(const est::http::Request& request, const Line& line);
  void check_request(const est::http::Request& request, const Line& line);
  void check_enrollment(const est::http::Request& request, const Line& line);
  [[nodiscard]] std::string expanded(std::string text) const;

  Script script_;
  const client::Client* client_ = nullptr;
  int connections_ = 0, requests_ = 0;
  mutable int challenges_ = 0;
  int authorizations_ = 0;
  bool entitled_ = false;
  est::http::Response answer_;
  est::Bytes requested_key_;
};

}  // namespace fuzz
