// Faults of a server that slow, insistent or vanishing clients break.
#include <map>
#include <memory>
#include <mutex>

#include "conformance/selftest/faults_support.h"
#include "est/base/clock.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/codec/signed_data.h"
#include "est/crypto/key.h"
#include "est/ops/message.h"

namespace conformance::selftest {

namespace codec = est::codec;
using est::http::Request;
using est::net::Reply;

namespace {

void wait_long(server::Config& config) { config.limits.handshake = config.limits.head = config.limits.body = est::Milliseconds(60000); }

// Breaks down over the thirty-first request of a connection and those after it.
std::function<std::optional<Response>(const Scene&)> tires_after(std::size_t most) {
  struct Requests {
    std::mutex mutex;
    std::map<std::uint64_t, std::size_t> of_connection;
  };
  return [most, requests = std::make_shared<Requests>()](const Scene& scene) -> std::optional<Response> {
    const std::lock_guard lock(requests->mutex);
    if (++requests->of_connection[scene.peer.connection] <= most) return std::nullopt;
    return est::ops::text_response(500, "Too much for me.");
  };
}

std::vector<Fault> slow_clients() {
  return {
      {.id = "FAULT-HOSTILE-42",
       .sentence = "has eight places, and keeps them for clients that say a little every now and then",
       .kills = {"EST-SE-722/hello", "EST-SE-722/head", "EST-SE-722/body"},
       .configure = wait_long,
       .places = 8,
       .fatal = true},
      {.id = "FAULT-HOSTILE-43",
       .sentence = "gives up on a head that does not come at once",
       .kills = {"EST-SE-723", "EST-SE-724"},
       .configure = [](server::Config& config) { config.limits.head = est::Milliseconds(40); },
       .fatal = true},
      {.id = "FAULT-HOSTILE-44",
       .sentence = "gives up on a ClientHello that does not come at once",
       .kills = {"EST-SE-725"},
       .configure = [](server::Config& config) { config.limits.handshake = est::Milliseconds(100); },
       .fatal = true},
  };
}

// Octets of a client behind its ClientHello.
constexpr std::size_t half_a_reply = 32;
constexpr std::size_t handshake_alone = 160;  // no request is as short as what is left of a handshake

std::vector<Fault> other_clients() {
  return {
      {.id = "FAULT-HOSTILE-45",
       .sentence = "breaks down over the thirty-first request of a connection",
       .kills = {"EST-SE-726/true", "EST-SE-726/false"},
       .also = {"EST-SE-67*", "EST-SE-69*"},
       .because = "there are as many requests on the connections of these",
       .instead = tires_after(30)},
      {.id = "FAULT-HOSTILE-46",
       .sentence = "waits for more from a client that has ended its side, and neither answers nor closes",
       .kills = {"EST-SE-727/half", "EST-SE-727/half-tls", "EST-SE-727/half-tcp", "EST-SE-727/cut-record"},
       .wire =
           [](const Scene& scene, Reply& reply) {
             if (scene.request.fields.has("X-Estspec")) reply.wire.clear();
           },
       .leaves_open = true,
       .fatal = true},
      {.id = "FAULT-HOSTILE-53",
       .sentence = "dies of a client that vanishes in the handshake",
       .kills = {"EST-SE-740/half-hello", "EST-SE-740/hello", "EST-SE-740/flight", "EST-SE-740/half-reply"},
       .dies_of_end_within = half_a_reply,
       .death = Death::restart,
       .fatal = true},
      {.id = "FAULT-HOSTILE-47",
       .sentence = "dies of a client that ends its side without having asked anything, and is there again at once",
       .kills = {"EST-SE-728/half", "EST-SE-728/half-tcp", "EST-SE-728/cut-record"},
       .dies_of_end_within = handshake_alone,
       .death = Death::reborn,
       .fatal = true},
  };
}

// --- Requests that are under way at the same moment: the head has been seen, the answer not yet been given.

struct UnderWay {
  std::mutex mutex;
  std::size_t posts = 0;
  Response first;  // the answer given while others were waited for
  bool kept = false;
};

// Counts heads; the process lives on.
std::function<bool(const Request&)> count_heads(std::shared_ptr<UnderWay> under_way) {
  return [under_way = std::move(under_way)](const Request& head) {
    const std::lock_guard lock(under_way->mutex);
    if (head.method == "POST") ++under_way->posts;
    return false;
  };
}

// How many there are with this one, which is then over.
std::size_t take_off(UnderWay& under_way) { return under_way.posts == 0 ? 0 : under_way.posts--; }

Fault mixes_answers_up() {
  auto under_way = std::make_shared<UnderWay>();
  return {.id = "FAULT-PARALLEL-01",
          .sentence = "gives the last of several clients the answer meant for another",
          .kills = {"EST-SE-430", "EST-SE-431", "EST-SE-432", "EST-SE-433"},
          .after =
              [under_way](const Scene& scene, Response& response) {
                if (scene.request.method != "POST") return;
                const std::lock_guard lock(under_way->mutex);
                const bool crowded = take_off(*under_way) > 1;
                if (!crowded && under_way->kept) response = under_way->first;
                under_way->kept = crowded && response.status == 200;
                if (under_way->kept) under_way->first = response;
              },
          .dies_of_head = count_heads(under_way)};
}

Fault breaks_down_over_two() {
  auto under_way = std::make_shared<UnderWay>();
  return {.id = "FAULT-PARALLEL-02",
          .sentence = "breaks down over an enrollment while another is under way",
          .kills = {"EST-SE-430", "EST-SE-431", "EST-SE-432", "EST-SE-433"},
          .after =
              [under_way](const Scene& scene, Response& response) {
                if (scene.request.method != "POST") return;
                const std::lock_guard lock(under_way->mutex);
                if (take_off(*under_way) > 1 && response.status == 200) response = est::ops::text_response(500, "database is locked");
              },
          .dies_of_head = count_heads(under_way)};
}

// --- Keys and deaths

bool has_compressed_point(const Scene& scene) {
  const auto request = request_in(scene.request);
  const bool ec = request && request->key.algorithm.algorithm == codec::oids::ec_public_key && !request->key.key.empty();
  return ec && is_enroll(scene.request) && (request->key.key.front() == 2 || request->key.key.front() == 3);
}

// SpecifiedECDomain is a SEQUENCE, the name of a curve is not.
bool has_curve_written_out(const codec::CertificationRequest& request) {
  const auto& algorithm = request.key.algorithm;
  return algorithm.algorithm == codec::oids::ec_public_key && !algorithm.parameters.empty() && algorithm.parameters.front() == 0x30;
}

// By hand, because neither the authority nor the library certifies such a key.
Bytes certificate_by_hand(const codec::CertificationRequest& request) {
  namespace der = codec::der;
  const auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  const auto issuer = codec::parse_name("CN=careless CA");
  if (!key || !issuer) return {};
  const est::UnixTime now = est::system_clock().now();
  const Bytes algorithm = codec::encode(key->signature_algorithm(est::crypto::Digest::sha256));
  const Bytes validity = der::sequence({der::time(now - 300), der::time(now + 86400)});
  const Bytes extensions = der::context(3, codec::encode_extensions({codec::make_basic_constraints(false)}));
  const Bytes tbs = der::sequence({der::context(0, der::integer(2)), der::integer(7), algorithm, issuer->der, validity, request.subject.der,
                                   request.key.der, extensions});
  const auto signature = key->sign(est::crypto::Digest::sha256, tbs);
  return signature ? der::sequence({tbs, algorithm, der::bit_string(*signature)}) : Bytes{};
}

void certify_written_out(const Scene& scene, Response& response) {
  const auto request = request_in(scene.request);
  if (!is_enroll(scene.request) || response.status < 400 || response.status == 401 || !request || !has_curve_written_out(*request)) return;
  response = est::ops::enroll_response(certificate_by_hand(*request));
}

bool is_to_another_operation(const Scene& scene) {
  return is(scene.request, Operation::simplereenroll) || is(scene.request, Operation::serverkeygen) ||
         is(scene.request, Operation::fullcmc);
}

bool is_unreadable_there(const Scene& scene) {
  if (!is_to_another_operation(scene) || scene.request.body.empty()) return false;
  const Bytes body = decoded_body(scene.request.body);
  if (is(scene.request, Operation::fullcmc)) return !codec::decode_signed_data(body).value;
  return !request_in(scene.request).has_value();
}

std::vector<Fault> further_ones() {
  return {
      {.id = "FAULT-HOSTILE-50",
       .sentence = "loses the thread that cannot make out a request to other operations than /simpleenroll",
       .kills = {"EST-SE-735/length-past-end", "EST-SE-735/nested-deeply", "EST-SE-735/nested-indefinite", "EST-SE-736/length-past-end",
                 "EST-SE-736/nested-deeply", "EST-SE-736/nested-indefinite", "EST-SE-737/length-past-end", "EST-SE-737/nested-deeply",
                 "EST-SE-737/nested-indefinite"},
       .also = {"EST-SE-2*", "EST-SE-3*", "EST-SE-5*"},
       .because = "what is sent there can be made out no better",
       .wire =
           [](const Scene& scene, Reply& reply) {
             if (!is_unreadable_there(scene)) return;
             reply.wire.clear();
             reply.after = est::net::AfterReply::abort;
           }},
      {.id = "FAULT-HOSTILE-52",
       .sentence = "certifies keys whose curve is written out",
       .kills = {"EST-SE-733/ec-explicit-signed"},
       .also = {"EST-SE-652/*"},
       .because = "the curves of some of these are written out, too",
       .after = certify_written_out},
      {.id = "FAULT-HOSTILE-51",
       .sentence = "dies of a client certificate larger than its buffer, and is started anew",
       .kills = {"EST-SE-738/chain-of-100", "EST-SE-738/huge-certificate"},
       .dies_of_octets = 30000,
       .death = Death::restart,
       .fatal = true},
      {.id = "FAULT-HOSTILE-48",
       .sentence = "certifies some other key where the point is compressed",
       .kills = {"EST-SE-734"},
       .after =
           [](const Scene& scene, Response& response) {
             if (response.status == 200 && has_compressed_point(scene))
               response = certify_whatever(scene, {.public_key_info = foreign_public_key()});
           }},
      {.id = "FAULT-HOSTILE-49",
       .sentence = "dies of HTTP it refuses, and is there again at once",
       .kills = {"EST-SE-670/header-megabyte", "EST-SE-670/headers-10000", "EST-SE-670/target-9000", "EST-SE-670/target-megabyte",
                 "EST-SE-670/method-megabyte", "EST-SE-671/header-nul", "EST-SE-671/target-nul", "EST-SE-671/garbage",
                 "EST-SE-672/length-negative"},
       .also = {"EST-SE-*"},
       .because = "these octets kill it as well",
       .dies_of_refusal = [](const auto&) { return true; },
       .death = Death::reborn},
  };
}

}  // namespace

std::vector<Fault> hostile_time_faults() {
  std::vector<Fault> all = slow_clients();
  for (const auto& family : {other_clients(), further_ones()}) all.insert(all.end(), family.begin(), family.end());
  all.push_back(mixes_answers_up());
  all.push_back(breaks_down_over_two());
  return all;
}

}  // namespace conformance::selftest
