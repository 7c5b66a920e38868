// Faults that show when the target's operator does something: lets CRLs run out or takes them away, or has the target reload.
#include <algorithm>
#include <atomic>
#include <memory>

#include "conformance/selftest/faults_support.h"
#include "est/codec/tls_hello.h"

namespace conformance::selftest {

namespace codec = est::codec;
using est::net::Reply;

namespace {

// --- CRLs that have run out or are gone

bool speaks_of(const Response& response, std::string_view word) {
  return response.status >= 400 && est::as_text(response.body).find(word) != std::string_view::npos;
}

std::vector<Fault> outdated_lists() {
  const auto certify_if_told = [](std::string_view word) {
    return [word](const Scene& scene, Response& response) {
      if (is_enroll(scene.request) && speaks_of(response, word)) response = certify_whatever(scene);
    };
  };
  return {
      {.id = "FAULT-CRL-01",
       .sentence = "takes a client certificate for good when its CRL has run out",
       .kills = {"EST-SE-435"},
       .after = certify_if_told("cannot be checked for revocation")},
      {.id = "FAULT-CRL-02",
       .sentence = "forgets what was revoked",
       .kills = {"EST-SE-436"},
       .also = {"EST-SE-2*", "EST-SE-4*"},
       .because = "other certificates that were revoked are let in as well",
       .after = certify_if_told("revo")},
  };
}

// --- Reloads

// A peer whose operator has had it reload, and whose next client pays for it.
struct Reloaded {
  std::shared_ptr<std::atomic<bool>> lately = std::make_shared<std::atomic<bool>>(false);
  [[nodiscard]] std::function<void(const std::string&, bool)> note() const {
    return [flag = lately](const std::string& action, bool) { *flag = *flag || action == "reload"; };
  }
};

constexpr std::uint16_t session_ticket = 35;
constexpr std::uint16_t pre_shared_key = 41;

bool is_session(const codec::TlsExtension& extension) {
  return extension.type == pre_shared_key || (extension.type == session_ticket && !extension.data.empty());
}

bool offers_session(est::BytesView first) {
  const codec::TlsFlight flight = codec::read_tls_flight(first);
  const auto* hello = flight.find(codec::tls_message::client_hello);
  const auto offer = hello != nullptr ? codec::decode_client_hello(hello->body) : std::nullopt;
  if (!offer) return false;
  constexpr std::size_t session_id_length = 2 + 32;  // behind version and random
  const bool old_style = offer->versions.empty() && hello->body.size() > session_id_length && hello->body[session_id_length] > 0;
  return old_style || std::any_of(offer->extensions.begin(), offer->extensions.end(), is_session);
}

Fault forgets_requests() {
  const Reloaded reloaded;
  return {.id = "FAULT-RELOAD-01",
          .sentence = "forgets the request it was receiving when its operator has it reload",
          .kills = {"EST-SE-434"},
          .also = {"EST-SE-43*"},
          .because = "the first request after a reload is lost, whoever sent it",
          .wire =
              [flag = reloaded.lately](const Scene&, Reply& reply) {
                if (flag->exchange(false)) reply = {{}, est::net::AfterReply::abort};
              },
          .reloaded = reloaded.note()};
}

Fault refuses_old_sessions() {
  const Reloaded reloaded;
  return {.id = "FAULT-RELOAD-02",
          .sentence = "ends the handshake of a client with a session from before a reload",
          .kills = {"EST-SE-438/1.2", "EST-SE-438/1.3"},
          .front = [flag = reloaded.lately](est::BytesView first) -> std::optional<Bytes> {
            if (!offers_session(first) || !flag->exchange(false)) return std::nullopt;
            return Bytes{21, 3, 3, 0, 2, 2, 51};  // decrypt_error
          },
          .reloaded = reloaded.note()};
}

Fault pardons_without_list() {
  auto gone = std::make_shared<std::atomic<bool>>(false);
  return {.id = "FAULT-CRL-03",
          .sentence = "checks nobody for revocation when its CRL is gone",
          .kills = {"EST-SE-437"},
          .after =
              [gone](const Scene& scene, Response& response) {
                if (*gone && is_enroll(scene.request) && speaks_of(response, "revo")) response = certify_whatever(scene);
              },
          .reloaded = [gone](const std::string&, bool done) { *gone = !done; }};
}

}  // namespace

std::vector<Fault> operator_faults() {
  std::vector<Fault> all = outdated_lists();
  all.push_back(pardons_without_list());
  all.push_back(forgets_requests());
  all.push_back(refuses_old_sessions());
  return all;
}

}  // namespace conformance::selftest
