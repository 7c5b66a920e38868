// Faults of a server that understands less than HTTP and RFC 8951 ask of it, or dies of what it does not understand.
#include <algorithm>
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
namespace http = est::http;
using est::net::AfterReply;
using est::net::Reply;

namespace {

bool finds(const Scene& scene, std::string_view id) {
  return is_enroll(scene.request) && est::contains(codec::decode_certification_request(decoded_body(scene.request.body)).findings, id);
}

bool is_ber(const Scene& scene) { return finds(scene, "der.length.indefinite") || finds(scene, "der.length.non-minimal"); }

bool is_binary(const Scene& scene) {
  const est::BytesView body = scene.request.body;
  return is_enroll(scene.request) && !body.empty() && body[0] == 0x30 &&
         est::contains(codec::decode_base64(est::as_text(body), codec::Base64Mode::lenient).findings, "base64.alphabet");
}

bool lacks_padding(const Scene& scene) {
  return is_enroll(scene.request) &&
         est::contains(codec::decode_base64(est::as_text(scene.request.body), codec::Base64Mode::lenient).findings, "base64.padding");
}

bool has_no_attributes(const Scene& scene) {
  const auto request = request_in(scene.request);
  return is_enroll(scene.request) && request && request->attributes.empty();
}

bool is_from_registration_authority(const Scene& scene) {
  const Bytes* leaf = scene.peer.tls->peer_certificate();
  if (leaf == nullptr || !is_enroll(scene.request)) return false;
  const auto certificate = codec::decode_certificate(*leaf);
  const auto* extension = certificate.value ? certificate.value->extension(codec::oids::extended_key_usage) : nullptr;
  if (extension == nullptr) return false;
  const auto purposes = codec::decode_extended_key_usage(extension->value);
  return purposes.value && std::find(purposes.value->begin(), purposes.value->end(), codec::oids::cmc_ra) != purposes.value->end();
}

bool has_unknown_attributes(const Scene& scene) {
  const auto request = request_in(scene.request);
  return is_enroll(scene.request) && request &&
         std::any_of(request->attributes.begin(), request->attributes.end(), [](const codec::Attribute& attribute) {
           return attribute.type != codec::oids::extension_request && attribute.type != codec::oids::challenge_password;
         });
}

bool is_from_third_party(const Scene& scene) {
  const Bytes* leaf = scene.peer.tls->peer_certificate();
  const auto certificate = leaf != nullptr ? codec::decode_certificate(*leaf).value : std::nullopt;
  return is_enroll(scene.request) && certificate && certificate->issuer.to_string().find("manufacturer") != std::string::npos;
}

// Takes each Digest nonce once only and answers its second use like a wrong password.
std::function<std::optional<Response>(const Scene&)> nonce_once() {
  return answer_if(
      [](const Scene& scene) {
        const auto value = scene.request.fields.get("Authorization");
        const auto item = value ? http::decode_credentials(*value).value : std::nullopt;
        return item && est::iequals(item->scheme, "Digest") && item->parameter("nc").value_or("00000001") != "00000001";
      },
      403, "This nonce has been used.");
}

AfterHook certify_if(Test odd) {
  return [odd = std::move(odd)](const Scene& scene, Response& response) {
    if (response.status >= 400 && odd(scene)) response = certify_whatever(scene);
  };
}

// On the manual label a request that differs in a single octet from the first is a new one.
Fault forgets_the_request() {
  struct Memory {
    std::mutex mutex;
    std::set<Bytes> bodies;
  };
  return {.id = "FAULT-RETRY-09",
          .sentence = "takes a request signed anew for a new session for another one",
          .after = [memory = std::make_shared<Memory>()](const Scene& scene, Response& response) {
            if (!is_enroll(scene.request) || !label_of(scene.request).starts_with("manual")) return;
            if (response.status != 200 && response.status != 202) return;
            const std::lock_guard lock(memory->mutex);
            const bool known = !memory->bodies.insert(decoded_body(scene.request.body)).second;
            if (response.status == 200 && !known) response = est::ops::pending_response({.is_date = false, .seconds = 1}, "Wait.");
          }};
}

Fault issues_on_asking_twice() {
  struct Memory {
    std::mutex mutex;
    std::set<Bytes> keys;
  };
  return {.id = "FAULT-RETRY-10",
          .sentence = "issues without approval when a client asks twice",
          .after = [memory = std::make_shared<Memory>()](const Scene& scene, Response& response) {
            const auto request = request_in(scene.request);
            if (!is_enroll(scene.request) || response.status != 202 || !request) return;
            const std::lock_guard lock(memory->mutex);
            if (!memory->keys.insert(request->key.der).second) response = certify_whatever(scene);
          }};
}

// A re-enrollment that loses what the old certificate said.
AfterHook reissue_with(std::function<Careless(const codec::CertificationRequest&)> how) {
  return [how = std::move(how)](const Scene& scene, Response& response) {
    const auto request = request_in(scene.request);
    if (is(scene.request, Operation::simplereenroll) && response.status == 200 && request)
      response = certify_whatever(scene, how(*request));
  };
}

std::vector<Fault> http_robustness() {
  return {
      {.id = "FAULT-ROBUST-01",
       .sentence = "does not decode percent-encoding in the path",
       .instead = answer_if([](const Scene& s) { return s.request.target.find('%') != std::string::npos; }, 404, "There is no such path.")},
      {.id = "FAULT-ROBUST-02",
       .sentence = "answers methods nobody defined with 200",
       .after =
           [](const Scene& scene, Response& response) {
             const std::string& method = scene.request.method;
             if (method != "GET" && method != "HEAD" && method != "POST") response.status = 200;
           }},
      {.id = "FAULT-ROBUST-03",
       .sentence = "refuses a request body in chunks",
       .instead = answer_if([](const Scene& s) { return s.request.fields.has("Transfer-Encoding"); }, 400, "Chunks are not understood.")},
      {.id = "FAULT-ROBUST-04",
       .sentence = "takes Expect: 100-continue for a malformed request",
       .instead = answer_if([](const Scene& s) { return s.request.fields.has("Expect"); }, 400, "What is this header?")},
      {.id = "FAULT-ROBUST-05",
       .sentence = "gives up on a body that does not come in one piece",
       .configure = [](server::Config& config) { config.limits.body = est::Milliseconds(40); }},
      {.id = "FAULT-ROBUST-06",
       .sentence = "answers malformed HTTP requests with 200",
       .refusal = [](const http::Refusal&) { return std::optional(est::ops::text_response(200, "Fine.")); }},
      {.id = "FAULT-ROBUST-07",
       .sentence = "refuses requests that have a Content-Transfer-Encoding at all",
       .instead = answer_if([](const Scene& s) { return s.request.fields.has("Content-Transfer-Encoding"); }, 400, "What is this header?")},
      {.id = "FAULT-ROBUST-08",
       .sentence = "refuses requests without attributes",
       .instead = answer_if(has_no_attributes, 400, "Attributes are missing.")},
      {.id = "FAULT-ROBUST-09",
       .sentence = "drops the connection on BER",
       .wire =
           [](const Scene& scene, Reply& reply) {
             if (!is_ber(scene)) return;
             reply.wire.clear();
             reply.after = AfterReply::abort;
           }},
      {.id = "FAULT-ROBUST-10",
       .sentence = "breaks down with status 500 on a body of raw DER",
       .instead = answer_if(is_binary, 500, "Internal error.")},
      {.id = "FAULT-ROBUST-11", .sentence = "takes base64 without its padding", .after = certify_if(lacks_padding)},
      {.id = "FAULT-ROBUST-12", .sentence = "takes a nonce for one request only", .instead = nonce_once()},
      {.id = "FAULT-ROBUST-13",
       .sentence = "does not let registration authorities enroll for others",
       .instead = answer_if(is_from_registration_authority, 403, "Only for yourself.")},
      {.id = "FAULT-ROBUST-14",
       .sentence = "loses the subjectAltName when it renews",
       .after = reissue_with([](const auto&) {
         return Careless{.extensions = std::vector<codec::Extension>{codec::make_key_usage(codec::key_usage::digital_signature)}};
       })},
      {.id = "FAULT-ROBUST-17",
       .sentence = "refuses requests with attributes it does not know",
       .instead = answer_if(has_unknown_attributes, 400, "What is this attribute?")},
      {.id = "FAULT-ROBUST-18",
       .sentence = "does not let clients enroll with the certificate of another CA",
       .instead = answer_if(is_from_third_party, 403, "Only certificates of this CA.")},
      {.id = "FAULT-ROBUST-16", .sentence = "answers plain HTTP on its TLS port", .plain_http = true},
      {.id = "FAULT-ROBUST-15",
       .sentence = "shows a server certificate that is none",
       .configure =
           [](server::Config& config) {
             const auto sibling = [](const std::string& path, std::string_view name) {
               return path.substr(0, path.rfind('/') + 1) + std::string(name);
             };
             config.server_key = sibling(config.server_certificate, "client.key");
             config.server_certificate = sibling(config.server_certificate, "client.pem");
           }},
  };
}

}  // namespace

std::vector<Fault> robustness_faults() {
  std::vector<Fault> all = http_robustness();
  all.push_back(forgets_the_request());
  all.push_back(issues_on_asking_twice());
  return all;
}

}  // namespace conformance::selftest
