#include "conformance/selftest/misbehave.h"

#include "est/http/parser.h"

namespace conformance::selftest {

using est::http::Request;
using est::http::Response;
using est::net::AfterReply;
using est::net::Peer;
using est::net::Reply;

MisbehavingApplication::MisbehavingApplication(est::net::Application& inner, ca::Authority& authority, const Fault& fault,
                                               std::shared_ptr<std::atomic<bool>> died)
    : inner_(inner), authority_(authority), fault_(fault), died_(std::move(died)) {}

// What a dying process says on its connections: nothing. One that freezes leaves them open.
Reply MisbehavingApplication::die() const {
  *died_ = true;
  return {{}, fault_.death == Death::freeze ? AfterReply::keep : AfterReply::abort};
}

Reply MisbehavingApplication::altered(const Scene& scene, Reply reply) const {
  if (fault_.after) {
    Response response = est::http::parse_response(reply.wire, scene.request.method, true).message;
    fault_.after(scene, response);
    reply.wire = est::http::encode(response, scene.request.method == "HEAD");
  }
  if (fault_.wire) fault_.wire(scene, reply);
  return reply;
}

std::optional<Reply> MisbehavingApplication::on_head(const Request& head, const Peer& peer) {
  if (fault_.dies_of_head && fault_.dies_of_head(head)) return die();
  // Hooks that need the body decide later: the head alone must not refuse what they would let in.
  if (fault_.instead || fault_.before || fault_.dies_of) return std::nullopt;
  std::optional<Reply> reply = inner_.on_head(head, peer);
  if (reply) reply = altered({head, peer, authority_}, std::move(*reply));
  return reply;
}

bool MisbehavingApplication::wants_client_certificate(const Request& head, const Peer& peer) {
  return !fault_.never_asks_late && inner_.wants_client_certificate(head, peer);
}

Reply MisbehavingApplication::on_request(const Request& request, const Peer& peer, bool keep_alive) {
  const Scene scene{request, peer, authority_};
  if (fault_.dies_of && fault_.dies_of(scene)) return die();
  if (fault_.instead) {
    if (const std::optional<Response> response = fault_.instead(scene)) {
      Reply reply{est::http::encode(*response, request.method == "HEAD"), keep_alive ? AfterReply::keep : AfterReply::close};
      if (fault_.wire) fault_.wire(scene, reply);
      return reply;
    }
  }
  Request seen = request;
  est::tls::Facts facts = *peer.tls;
  if (fault_.before) fault_.before(seen, facts, authority_);
  const Peer as_seen{peer.connection, peer.address, &facts};
  // The inner handler may rely on having decided on the head first.
  if (std::optional<Reply> early = inner_.on_head(seen, as_seen)) return altered(scene, std::move(*early));
  return altered(scene, inner_.on_request(seen, as_seen, keep_alive));
}

Reply MisbehavingApplication::on_refusal(const est::http::Refusal& refusal, const Peer& peer) {
  if (fault_.dies_of_refusal && fault_.dies_of_refusal(refusal)) return die();
  if (fault_.refusal) {
    if (const std::optional<Response> response = fault_.refusal(refusal)) return {est::http::encode(*response), AfterReply::close};
  }
  Reply reply = inner_.on_refusal(refusal, peer);
  if (fault_.refusal_wire) fault_.refusal_wire(refusal, reply);
  return reply;
}

}  // namespace conformance::selftest
