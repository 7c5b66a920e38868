// Faults of a server that dies or hangs of HTTP, TLS and time, lets input into header lines, or forgets to ask who is there.
#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "conformance/selftest/faults_support.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/http/auth.h"
#include "est/ops/message.h"

namespace conformance::selftest {

namespace codec = est::codec;
using est::http::Request;
using est::net::Reply;

namespace {

std::vector<std::string> operator+(std::vector<std::string> left, const std::vector<std::string>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

const std::vector<std::string> hostile_http = {"EST-SE-66*", "EST-SE-67*", "EST-SE-68*", "EST-SE-69*"};
constexpr const char* same_death = "these octets kill it as well";

bool has_flawed_base64(const Scene& scene) {
  const auto decoded = codec::decode_base64(est::as_text(scene.request.body), codec::Base64Mode::lenient);
  return is_enroll(scene.request) && !scene.request.body.empty() && est::has_errors(decoded.findings);
}

bool is_at_the_edge(const Scene& scene) {
  const auto body = est::as_text(scene.request.body);
  const auto decoded = codec::decode_base64(body, codec::Base64Mode::lenient);
  const bool only_returns = body.find('\r') != std::string_view::npos && body.find('\n') == std::string_view::npos;
  return is_enroll(scene.request) && (only_returns || est::contains(decoded.findings, "base64.trailing-bits"));
}

// Writes a field into the head of the answer, octet by octet.
void write_field(Reply& reply, const std::string& field) {
  const std::string_view wire = est::as_text(reply.wire);
  const auto end = wire.find("\r\n");
  if (end == std::string_view::npos) return;
  reply.wire = est::to_bytes(std::string(wire.substr(0, end)) + "\r\n" + field + std::string(wire.substr(end)));
}

std::string percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 2 >= text.size()) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
    i += 2;
  }
  return plain;
}

void tell_path(const Scene& scene, Reply& reply) {
  if (scene.request.target.find("%0") != std::string::npos) write_field(reply, "X-Path: " + percent_decoded(scene.request.target));
}

// The user name as it stands in the base64, line breaks and all.
void tell_user(const Scene& scene, Reply& reply) {
  const auto value = scene.request.fields.get("Authorization");
  if (!value || !value->starts_with("Basic ")) return;
  const auto plain = codec::decode_base64(std::string_view(*value).substr(6), codec::Base64Mode::lenient);
  if (plain.value) write_field(reply, "X-User: " + est::to_string(*plain.value));
}

// Counts the requests on each connection.
Test many_on_a_connection(std::size_t most) {
  struct Counts {
    std::mutex mutex;
    std::map<std::uint64_t, std::size_t> by_connection;
  };
  return [most, counts = std::make_shared<Counts>()](const Scene& scene) {
    const std::lock_guard lock(counts->mutex);
    return ++counts->by_connection[scene.peer.connection] > most;
  };
}

AfterHook certify_on_labels(std::function<bool(const Scene&)> whom) {
  return [whom = std::move(whom)](const Scene& scene, Response& response) {
    const bool denied = response.status == 401 || response.status == 403;
    if (denied && is_enroll(scene.request) && !label_of(scene.request).empty() && whom(scene)) response = certify_whatever(scene);
  };
}

bool shows_nothing(const Scene& scene) {
  return !scene.request.fields.has("Authorization") && scene.peer.tls->peer_certificate() == nullptr;
}

// The first round of a challenged client has nothing to show yet, so only a credential that was shown counts.
bool shows_a_password(const Scene& scene) { return scene.request.fields.has("Authorization"); }
bool shows_a_certificate(const Scene& scene) { return scene.peer.tls->peer_certificate() != nullptr; }

Fault takes_a_key_once() {
  struct Memory {
    std::mutex mutex;
    std::set<Bytes> keys;
  };
  return {.id = "FAULT-HOSTILE-40",
          .sentence = "breaks down over a key it has seen before",
          .kills = {"EST-SE-720"},
          .also = {"EST-SE-*"},
          .because = "whatever sends the same key twice meets the same breakdown",
          .after = [memory = std::make_shared<Memory>()](const Scene& scene, Response& response) {
            const auto request = request_in(scene.request);
            if (!is_enroll(scene.request) || response.status != 200 || !request) return;
            const std::lock_guard lock(memory->mutex);
            if (!memory->keys.insert(request->key.der).second) response = est::ops::text_response(500, "UNIQUE constraint failed.");
          }};
}

Fault has_room_for_few() {
  struct Memory {
    std::mutex mutex;
    std::set<Bytes> keys;
  };
  return {.id = "FAULT-HOSTILE-41",
          .sentence = "has room for three requests that wait for approval",
          .kills = {"EST-SE-721"},
          .also = {"EST-SE-28*", "EST-SE-48*", "EST-SE-49*", "EST-SE-5*", "EST-SE-6*", "EST-SE-7*"},
          .because = "further requests that wait for approval find no room either",
          .after = [memory = std::make_shared<Memory>()](const Scene& scene, Response& response) {
            const auto request = request_in(scene.request);
            if (response.status != 202 || !request) return;
            const std::lock_guard lock(memory->mutex);
            memory->keys.insert(request->key.der);
            if (memory->keys.size() > 3) response = est::ops::text_response(500, "The queue is full.");
          }};
}

std::vector<Fault> bodies() {
  return {
      {.id = "FAULT-HOSTILE-20",
       .sentence = "grants requests whose base64 has foreign octets in it",
       .kills = each("EST-SE-660", {"utf-16", "nul-inside", "byte-order-mark", "after-padding", "padding-only"}),
       .also = {"EST-SE-13*", "EST-SE-14*", "EST-SE-66*"},
       .because = "the bodies of these scenarios are no base64 either",
       .after =
           [](const Scene& scene, Response& response) {
             if (response.status >= 400 && response.status != 401 && has_flawed_base64(scene))
               response = est::ops::text_response(200, "Granted.");
           }},
      {.id = "FAULT-HOSTILE-21",
       .sentence = "never comes to an end with megabytes of base64",
       .kills = each("EST-SE-661", {"blank-10-megabytes", "base64-8-megabytes"}),
       .configure = take_large_bodies,
       .wire =
           [](const Scene& scene, Reply& reply) {
             if (scene.request.body.size() > (std::size_t{4} << 20U)) reply.wire.clear();
           },
       .fatal = true},
      {.id = "FAULT-HOSTILE-22",
       .sentence = "loses the thread that decodes base64 at the edge of the rules",
       .kills = each("EST-SE-662", {"unused-bits", "carriage-returns"}),
       .wire = drop_if(is_at_the_edge)},
  };
}

std::vector<Fault> http_deaths() {
  return {
      {.id = "FAULT-HOSTILE-30",
       .sentence = "dies of HTTP it refuses, and is started anew",
       .kills = each("EST-SE-670", {"header-megabyte", "headers-10000", "target-9000", "target-megabyte", "method-megabyte"}) +
                each("EST-SE-671", {"header-nul", "target-nul", "garbage"}) +
                each("EST-SE-672", {"length-negative", "length-2-64", "length-digits", "chunk-2-64", "chunk-negative",
                                    "chunk-extension-megabyte", "trailers-10000"}) +
                each("EST-SE-673", {"header-without-end"}),
       .also = {"EST-SE-*"},
       .because = same_death,
       .dies_of_refusal = [](const auto&) { return true; },
       .death = Death::restart},
      {.id = "FAULT-HOSTILE-31",
       .sentence = "dies of many chunks, a long target, or many requests on one connection, and is started anew",
       .kills = {"EST-SE-672/chunks-10000", "EST-SE-674", "EST-SE-670/target-dots"},
       .also = hostile_http,
       .because = same_death,
       .dies_of =
           [many = many_on_a_connection(20)](const Scene& scene) {
             return many(scene) || scene.request.target.size() > 5000 ||
                    (scene.request.fields.has("Transfer-Encoding") && scene.request.body.size() > 5000);
           },
       .death = Death::restart},
      {.id = "FAULT-HOSTILE-32",
       .sentence = "dies of a body that does not follow its head, and is started anew",
       .kills = each("EST-SE-673", {"body-cut", "chunk-cut"}),
       .also = hostile_http,
       .because = same_death,
       .dies_of_head = [](const Request& head) { return head.method == "POST" && !head.fields.has("User-Agent"); },
       .death = Death::restart},
      {.id = "FAULT-HOSTILE-33",
       .sentence = "dies of what begins no TLS record, and is started anew",
       .kills = each("EST-SE-680", {"plain-garbage", "plain-zeros", "record-huge", "records-empty", "records-alert"}),
       .also = {"EST-SE-009"},
       .because = same_death,
       .dies_of_plain_octets = true,
       .death = Death::restart},
      {.id = "FAULT-HOSTILE-34",
       .sentence = "serves one connection at a time",
       .kills = each("EST-SE-690", {"silent", "hello", "idle", "head", "body"}) + std::vector<std::string>{"EST-SE-691"},
       // Longer than the scenario lasts, or the peer would free itself of the connection it serves.
       .configure =
           [](server::Config& config) { config.limits.handshake = config.limits.head = config.limits.body = est::Milliseconds(60000); },
       .one_at_a_time = true,
       .fatal = true},
  };
}

std::vector<Fault> access() {
  return {
      {.id = "FAULT-HOSTILE-35",
       .sentence = "tells the path, decoded, in a header field",
       .kills = {"EST-SE-700", "EST-SE-702"},
       .wire = tell_path},
      {.id = "FAULT-HOSTILE-36", .sentence = "tells the user name in a header field", .kills = {"EST-SE-701"}, .wire = tell_user},
      {.id = "FAULT-HOSTILE-37",
       .sentence = "asks nobody for credentials on its labels",
       .kills = each("EST-SE-710", {"certificate-and-password", "pop-required", "manual-approval", "csrattrs-enforced"}),
       .also = {"EST-SE-*"},
       .because = "the first request of a challenged client has no credentials yet, and is granted",
       .after = certify_on_labels(shows_nothing)},
      {.id = "FAULT-HOSTILE-38",
       .sentence = "takes any password on its labels",
       .kills = each("EST-SE-711", {"pop-required", "manual-approval", "csrattrs-enforced"}),
       .also = {"EST-SE-16*", "EST-SE-17*", "EST-SE-4*", "EST-SE-5*"},
       .because = "the passwords of these scenarios are wrong too",
       .after = certify_on_labels(shows_a_password)},
      {.id = "FAULT-HOSTILE-39",
       .sentence = "takes any certificate on its labels",
       .kills = each("EST-SE-712", {"pop-required", "manual-approval", "csrattrs-enforced"}),
       .also = {"EST-SE-17*", "EST-SE-2*", "EST-SE-4*", "EST-SE-5*"},
       .because = "the certificates of these scenarios are no good either",
       .after = certify_on_labels(shows_a_certificate)},
      takes_a_key_once(),
      has_room_for_few(),
  };
}

}  // namespace

std::vector<Fault> hostile_http_faults() {
  std::vector<Fault> all;
  for (const auto& family : {bodies(), http_deaths(), access()}) all.insert(all.end(), family.begin(), family.end());
  return all;
}

}  // namespace conformance::selftest
