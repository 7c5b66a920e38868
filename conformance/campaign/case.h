// One case of a fuzzing campaign: a few HTTP requests, each with what is odd about it, and how they go over connections. A case holds no
// secret: credentials are named by a word and filled in when it is sent, so that it can be stored, shown and sent again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/engine/json.h"
#include "est/base/bytes.h"
#include "est/base/result.h"

namespace conformance::campaign {

// Only one of them is disturbed in a case; all others are as they should be.
enum class Layer { request, transfer, framing, authorization, order, session };
[[nodiscard]] std::string_view to_string(Layer layer) noexcept;
[[nodiscard]] std::optional<Layer> layer_by_name(std::string_view name);
inline constexpr std::size_t layers = 6;

struct Message {
  std::string method, target;  // what it is meant to be: by the method its answer is read
  std::string head;            // start line and fields as they go out; Authorization and Content-Length are added behind
  std::string end = "\r\n";    // of the head
  // Whose credentials: "right", "none", "wrong-password", "unknown-user" ..., see credentials.h.
  std::string authorization = "none";
  bool measured = true;  // Content-Length is added when there is a body
  est::Bytes request;    // DER of what is asked for; empty: nothing
  bool encoded = true;   // the body is `request` in base64, else `body`
  est::Bytes body = {};
  est::Bytes behind = {};            // octets that follow
  std::string connection = "fresh";  // "fresh"; "keep": the one of the message before; "resume": a new one with its TLS session
  bool certificate = false;          // a new connection shows the profile's client certificate
  // When it is sent: "await" its answer; "go-on" with the next message; "end": our side of the TCP connection, then await; "cut": the same
  // in the middle of a TLS record; "reset": close it.
  std::string finish = "await";
  std::size_t withheld = 0;    // octets at the end that are not sent
  std::size_t pieces = 1;      // it is sent in
  std::string no_certificate;  // why there must be none in its answer; empty: there may be
};

struct Case {
  std::uint64_t seed = 0, index = 0;
  Layer layer = Layer::request;
  std::vector<std::string> words;      // what was done, in order
  std::vector<std::uint64_t> parents;  // indices of the cases it was made from, the oldest first
  std::vector<Message> messages;
};

// The octets on the wire. `authorization`: value of the field; empty: there is none.
[[nodiscard]] est::Bytes octets_of(const Message& message, std::string_view authorization);

[[nodiscard]] engine::Json to_json(const Case& one);
[[nodiscard]] est::Result<Case> case_from_json(const engine::Json& json, const std::string& where);

}  // namespace conformance::campaign
