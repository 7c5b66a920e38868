// Faults of the TLS and HTTP layers, of labels, and of deferred answers.
#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include "conformance/selftest/faults_support.h"
#include "est/ops/message.h"

namespace conformance::selftest {

using est::net::AfterReply;
using est::net::Reply;

namespace {

AfterHook on_status(int status, const std::function<void(Response&)>& change) {
  return [=](const Scene&, Response& response) {
    if (response.status == status) change(response);
  };
}

// 202 answers to enroll requests.
AfterHook on_pending(const std::function<void(Response&)>& change) { return on_status(202, change); }

void set_retry_after(Response& response, std::string_view value) { response.fields.set("Retry-After", std::string(value)); }

std::function<void(const Scene&, Reply&)> cut_at(std::string_view what, std::size_t extra) {
  return [=](const Scene& scene, Reply& reply) {
    if (!is_enroll(scene.request)) return;
    const std::string_view text = est::as_text(reply.wire);
    const std::size_t at = text.find(what);
    if (at == std::string_view::npos) return;
    reply.wire.resize(at + extra);
    reply.after = AfterReply::close;
  };
}

// Dies of a request that cannot be read: from then on every answer is a reset.
Fault dies() {
  auto dead = std::make_shared<std::atomic<bool>>(false);
  return {.id = "FAULT-HTTP-01",
          .sentence = "no longer answers once it has received a malformed request",
          .wire =
              [dead](const Scene& scene, Reply& reply) {
                if (is_enroll(scene.request) && !scene.request.body.empty() && !request_in(scene.request)) dead->store(true);
                if (!dead->load()) return;
                reply.wire.clear();
                reply.after = AfterReply::abort;
              },
          .fatal = true};
}

// Answers every repeated request for one key with a new 202, although the request was approved.
Fault never_recognises() {
  return {.id = "FAULT-RETRY-05",
          .sentence = "does not recognise the repeated request after approval",
          .after = [](const Scene& scene, Response& response) {
            if (is_enroll(scene.request) && response.status == 200 && label_of(scene.request).starts_with("manual"))
              response = est::ops::pending_response({.is_date = false, .seconds = 1}, "Still waiting.");
          }};
}

std::vector<Fault> protocol_faults() {
  return {
      dies(),
      {.id = "FAULT-HTTP-02",
       .sentence = "answers a wrong method with 405 but without Allow",
       .after = on_status(405, [](Response& r) { r.fields.remove("Allow"); })},
      {.id = "FAULT-HTTP-03", .sentence = "answers unknown paths with 200", .after = on_status(404, [](Response& r) { r.status = 200; })},
      {.id = "FAULT-HTTP-04",
       .sentence = "breaks down with status 500 on an unknown label or path",
       .after = on_status(404, [](Response& r) { r.status = 500; })},
      {.id = "FAULT-HTTP-05", .sentence = "sends half of the answer and closes", .wire = cut_at("\r\n\r\n", 40)},
      {.id = "FAULT-HTTP-06", .sentence = "closes without answering enroll requests", .wire = cut_at("HTTP/", 0)},
      {.id = "FAULT-HTTP-07",
       .sentence = "breaks down with status 500 on a wrong Content-Type",
       .after = on_status(415, [](Response& r) { r.status = 500; })},
      {.id = "FAULT-HTTP-08",
       .sentence = "closes every connection after one answer without saying so",
       .wire = [](const Scene&, Reply& reply) { reply.after = AfterReply::close; }},
      {.id = "FAULT-HTTP-09",
       .sentence = "answers enroll requests sent with GET as if they were /cacerts",
       .after =
           [](const Scene& scene, Response& response) {
             if (response.status != 405 || !is_enroll(scene.request)) return;
             if (const auto chain = scene.authority.ca_certificates()) response = est::ops::cacerts_response(*chain);
           }},
      {.id = "FAULT-HTTP-10",
       .sentence = "sends a transfer coding that HTTP does not know",
       .wire =
           [](const Scene&, Reply& reply) {
             std::string text = est::to_string(reply.wire);
             if (const std::size_t at = text.find("\r\n"); at != std::string::npos) text.insert(at, "\r\nTransfer-Encoding: base64");
             reply.wire = est::to_bytes(text);
             reply.after = AfterReply::close;
           }},
      {.id = "FAULT-HTTP-11",
       .sentence = "states a Content-Length larger than the body",
       .wire =
           [](const Scene& scene, Reply& reply) {
             if (!is(scene.request, Operation::cacerts)) return;
             std::string text = est::to_string(reply.wire);
             if (const std::size_t at = text.find("Content-Length: "); at != std::string::npos) text.insert(at + 16, "9");
             reply.wire = est::to_bytes(text);
             reply.after = AfterReply::close;
           }},
      {.id = "FAULT-HTTP-12",
       .sentence = "ends connections with a TCP reset",
       .wire =
           [](const Scene&, Reply& reply) {
             if (reply.after == AfterReply::close) reply.after = AfterReply::abort;
           }},
      {.id = "FAULT-HTTP-13",
       .sentence = "lets an answer to one operation be another's",
       .instead = [](const Scene& scene) -> std::optional<Response> {
         if (!is(scene.request, Operation::simplereenroll)) return std::nullopt;
         return est::ops::text_response(404, "There is no such operation.");
       }},
      {.id = "FAULT-HTTP-14",
       .sentence = "ignores labels it does not know and serves nothing under those it knows",
       .instead = [](const Scene& scene) -> std::optional<Response> {
         if (label_of(scene.request).empty()) return std::nullopt;
         return est::ops::text_response(404, "There is no such label.");
       }},
  };
}

std::vector<Fault> version_faults() {
  using est::tls::Version;
  return {
      {.id = "FAULT-TLS-01",
       .sentence = "accepts TLS 1.1",
       .configure =
           [](server::Config& c) {
             c.tls.least = Version::tls11;
             c.tls.suites = "DEFAULT:@SECLEVEL=0";
           }},
      {.id = "FAULT-TLS-02",
       .sentence = "accepts TLS 1.0",
       .configure =
           [](server::Config& c) {
             c.tls.least = Version::tls10;
             c.tls.suites = "DEFAULT:@SECLEVEL=0";
           }},
      {.id = "FAULT-TLS-03", .sentence = "does not speak TLS 1.2", .configure = [](server::Config& c) { c.tls.least = Version::tls13; }},
      {.id = "FAULT-TLS-04", .sentence = "does not speak TLS 1.3", .configure = [](server::Config& c) { c.tls.most = Version::tls12; }},
      {.id = "FAULT-TLS-05", .sentence = "never resumes a session", .configure = [](server::Config& c) { c.tls.resumption = false; }},
      {.id = "FAULT-TLS-06",
       .sentence = "accepts cipher suites without encryption and without authentication",
       .configure = [](server::Config& c) { c.tls.suites = "ALL:eNULL:aNULL:@SECLEVEL=0"; }},
  };
}

}  // namespace

std::vector<Fault> tls_and_http_faults() {
  std::vector<Fault> all = protocol_faults();
  for (Fault& fault : version_faults()) all.push_back(std::move(fault));
  return all;
}

std::vector<Fault> retry_faults() {
  return {
      {.id = "FAULT-RETRY-01", .sentence = "answers 202 without Retry-After", .after = on_pending([](Response& r) {
                                                                                r.fields.remove("Retry-After");
                                                                              })},
      {.id = "FAULT-RETRY-02", .sentence = "sends a Retry-After that is neither seconds nor a date", .after = on_pending([](Response& r) {
                                                                                                       set_retry_after(r, "soon");
                                                                                                     })},
      {.id = "FAULT-RETRY-03", .sentence = "sends a negative Retry-After", .after = on_pending([](Response& r) {
                                                                             set_retry_after(r, "-5");
                                                                           })},
      {.id = "FAULT-RETRY-04", .sentence = "sends Retry-After: 0", .after = on_pending([](Response& r) { set_retry_after(r, "0"); })},
      never_recognises(),
      {.id = "FAULT-RETRY-06",
       .sentence = "issues a new certificate each time an approved request is repeated",
       .after =
           [](const Scene& scene, Response& response) {
             if (is_enroll(scene.request) && response.status == 200 && label_of(scene.request).starts_with("manual"))
               response = certify_whatever(scene);
           }},
      {.id = "FAULT-RETRY-07",
       .sentence = "issues at once where an operator has to approve",
       .after =
           [](const Scene& scene, Response& response) {
             if (is_enroll(scene.request) && response.status == 202) response = certify_whatever(scene);
           }},
      {.id = "FAULT-RETRY-08",
       .sentence = "answers 503 where a request waits for approval",
       .after = on_pending([](Response& r) { r = est::ops::text_response(503, "Come back later."); })},
  };
}

}  // namespace conformance::selftest
