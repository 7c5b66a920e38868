// Faults of the proxy: what it makes of its upstream's answers.
#include <set>

#include "conformance/selftest/proxy_faults_support.h"
#include "est/base/text.h"
#include "est/ops/message.h"

namespace conformance::selftest {

namespace {

// What is behind the proxy is not there, not to be believed, or in trouble.
std::vector<std::string> upstream_trouble() {
  return all_of({each("EST-PX-050", {"wrong-name", "name-prefix", "cn-beside-san", "name-with-nul", "name-in-uri", "expired",
                                     "not-yet-valid", "untrusted", "imitated", "self-signed", "expired-issuer", "issuer-is-no-ca",
                                     "issuer-may-not-sign", "path-too-long", "outside-constraints", "client-purpose", "unknown-critical"}),
                 each("EST-PX-052", {"1.0", "1.1"}),
                 each("EST-PX-075", {"500", "502", "504"}),
                 each("EST-PX-077", {"close", "reset"}),
                 each("EST-PX-080", {"cut", "reset"}),
                 each("EST-PX-082", {"garbage", "broken-der", "truncated", "empty", "deep-nesting", "huge-length"}),
                 each("EST-PX-084", {"long-length", "two-lengths", "cut-chunks", "wrong-chunks"}),
                 each("EST-PX-085", {"other-key", "untrusted"}),
                 each("EST-PX-086", {"http", "nowhere", "loop"}),
                 each("EST-PX-122", {"garbage", "broken-der"}),
                 each("EST-PX-132", {"no-key", "no-certificate", "certs-only"}),
                 {"EST-PX-014", "EST-PX-054", "EST-PX-055", "EST-PX-076", "EST-PX-078", "EST-PX-079", "EST-PX-081", "EST-PX-083",
                  "EST-PX-087", "EST-PX-089"}});
}

void set_status(Response& response, int status) {
  response.status = status;
  response.reason.clear();
}

std::optional<Response> said_of(const ProxyScene& scene) {
  const std::lock_guard lock(scene.memory.mutex);
  return scene.memory.said;
}

// The certificate of the client before.
void answer_of_before(const ProxyScene& scene, Response& response) {
  if (!is_enroll(scene.request) || response.status != 200) return;
  const std::lock_guard lock(scene.memory.mutex);
  const Response own = response;
  if (scene.memory.answered) set_body(response, scene.memory.answered->body);
  scene.memory.answered = own;
}

void generated_before(const ProxyScene& scene, Response& response) {
  if (!is_asked(scene, Operation::serverkeygen) || response.status != 200) return;
  const std::lock_guard lock(scene.memory.mutex);
  if (!scene.memory.generated) scene.memory.generated = response;
  set_body(response, scene.memory.generated->body);
}

AfterProxy on_success_of(Operation operation, std::function<void(Response&)> change) {
  return [operation, change = std::move(change)](const ProxyScene& scene, Response& response) {
    if (is_asked(scene, operation) && response.status == 200) change(response);
  };
}

bool always_the_same(const ProxyScene& scene, Response& response, std::set<std::string>& waiting) {
  const std::string body = est::to_string(scene.request.body);
  if (response.status == 202) waiting.insert(body);
  return waiting.contains(body);
}

}  // namespace

std::vector<ProxyFault> proxy_answer_faults() {
  return {
      {.id = "FAULT-PX-ANS-01",
       .sentence = "calls trouble behind it the client's fault",
       .kills = upstream_trouble(),
       .after = when_status({502, 504}, [](const ProxyScene&, Response& response) { set_status(response, 400); })},
      {.id = "FAULT-PX-ANS-02",
       .sentence = "hands on the challenge of the upstream server",
       .kills = {"EST-PX-014"},
       .after =
           [](const ProxyScene& scene, Response& response) {
             const auto said = said_of(scene);
             if (!said || said->status != 401 || response.status != 502) return;
             set_status(response, 401);
             for (const auto& value : said->fields.all("WWW-Authenticate")) response.fields.add("WWW-Authenticate", value);
           }},
      {.id = "FAULT-PX-ANS-03",
       .sentence = "hands on cookies and authentication fields of the upstream server",
       .kills = {"EST-PX-010"},
       .after =
           [](const ProxyScene& scene, Response& response) {
             const auto said = said_of(scene);
             for (const char* name : {"Set-Cookie", "Authentication-Info"})
               if (const auto value = said ? said->fields.get(name) : std::nullopt) response.fields.set(name, *value);
           }},
      {.id = "FAULT-PX-ANS-23",
       .sentence = "hands on every field of the upstream server",
       .kills = {"EST-PX-010", "EST-PX-090"},
       .also = any_proxy,
       .because = "some of them say how long the answer is",
       .after =
           [](const ProxyScene& scene, Response& response) {
             const auto said = said_of(scene);
             if (!said) return;
             for (const auto& field : said->fields.list())
               if (!est::iequals(field.name, "Content-Length") && !est::iequals(field.name, "Transfer-Encoding"))
                 response.fields.set(field.name, field.value);
           }},
      {.id = "FAULT-PX-ANS-04",
       .sentence = "gives each client the certificate of the one before",
       .kills = {"EST-PX-017", "EST-PX-019"},
       .also = any_proxy,
       .because = "no certificate is the right one after the first",
       .after = answer_of_before},
      {.id = "FAULT-PX-ANS-05",
       .sentence = "drops Retry-After",
       .kills = {"EST-PX-070", "EST-PX-088", "EST-PX-072"},
       .also = {"EST-PX-071"},
       .because = "nobody knows how long to wait",
       .after = when_status({202, 503}, [](const ProxyScene&, Response& response) { response.fields.remove("Retry-After"); })},
      {.id = "FAULT-PX-ANS-06",
       .sentence = "has a Retry-After of its own",
       .kills = {"EST-PX-070", "EST-PX-088", "EST-PX-072"},
       .also = {"EST-PX-071"},
       .because = "an hour is longer than the suite waits",
       .after = when_status({202, 503}, [](const ProxyScene&, Response& response) { response.fields.set("Retry-After", "3600"); })},
      {.id = "FAULT-PX-ANS-07",
       .sentence = "says 202 for ever to a request that had to wait once",
       .kills = {"EST-PX-071"},
       .also = {"EST-PX-070", "EST-PX-088"},
       .because = "its time is not the one it was told",
       .after =
           [waiting = std::make_shared<std::set<std::string>>()](const ProxyScene& scene, Response& response) {
             if (!is_enroll(scene.request) || !always_the_same(scene, response, *waiting)) return;
             response = est::ops::text_response(202, "Not yet.");
             response.fields.set("Retry-After", "1");
           }},
      {.id = "FAULT-PX-ANS-08",
       .sentence = "makes 503 a 500",
       .kills = {"EST-PX-072"},
       .after = when_status({503}, [](const ProxyScene&, Response& response) { set_status(response, 500); })},
      {.id = "FAULT-PX-ANS-09",
       .sentence = "makes every refusal of the upstream server a 500",
       .kills = all_of({each("EST-PX-073", {"400", "422"}), {"EST-PX-074"}}),
       .also = all_of({each("EST-PX-033", {"signature", "other-key", "unsigned", "truncated", "trailing", "not-a-request"}),
                       each("EST-PX-034", {"wrong", "malformed", "other-session", "prefix"}),
                       {"EST-PX-037", "EST-PX-041*", "EST-PX-038", "EST-PX-039"}}),
       .because = "its own refusals are 500, too",
       .after = when_status({400, 422}, [](const ProxyScene&, Response& response) { set_status(response, 500); })},
      {.id = "FAULT-PX-ANS-10",
       .sentence = "has a page of its own for refusals",
       .kills = {"EST-PX-074"},
       .after = when_status({400}, [](const ProxyScene&, Response& response) { set_body(response, "Bad request."); })},
      {.id = "FAULT-PX-ANS-11",
       .sentence = "hands on whatever comes with 200",
       .kills = all_of({each("EST-PX-082", {"garbage", "broken-der", "truncated", "empty", "deep-nesting", "huge-length"}),
                        each("EST-PX-085", {"other-key", "untrusted"}),
                        {"EST-PX-083"}}),
       .also = any_proxy,
       .because = "neither credentials nor requests are looked at",
       .instead = relays_if([](const ProxyScene& scene) { return is_enroll(scene.request) && has_credentials(scene); })},
      {.id = "FAULT-PX-ANS-12",
       .sentence = "answers in another form than EST's",
       .kills = all_of({each("EST-PX-005", {"one-line", "folded", "folded-lf", "spaced", "final-newline"}),
                        each("EST-PX-006", {"chunked", "chunked-extensions", "interim", "until-close"}),
                        {"EST-PX-110", "EST-PX-115"}}),
       .also = any_proxy,
       .because = "nothing it says can be read",
       .after = when_status({200}, [](const ProxyScene&, Response& response) { set_body(response, "PEM"); })},
  };
}

std::vector<ProxyFault> proxy_operation_faults() {
  return {
      {.id = "FAULT-PX-ANS-13",
       .sentence = "gives out the CA of its own TLS certificate",
       .kills = {"EST-PX-111", "EST-PX-112"},
       .also = any_proxy,
       .because = "the control of /cacerts stays good, and nothing else leads there",
       .after =
           on_success_of(Operation::cacerts,
                         [](Response& response) { set_certificates(response, {foreign_certificate("CN=front", foreign_public_key())}); })},
      {.id = "FAULT-PX-ANS-14",
       .sentence = "wants credentials for /cacerts",
       .kills = {"EST-PX-110", "EST-PX-111"},
       .also = any_proxy,
       .because = "liveness is looked at by /cacerts",
       .instead = answers_if([](const ProxyScene& scene) { return is_asked(scene, Operation::cacerts) && !has_credentials(scene); }, 403)},
      {.id = "FAULT-PX-ANS-15",
       .sentence = "asks the upstream server for /cacerts each time, and hands on what comes",
       .kills = all_of({each("EST-PX-114", {"rollover-forged", "leaf-alone", "none"}), {"EST-PX-113"}}),
       .also = any_proxy,
       .because = "liveness is looked at by /cacerts",
       .instead = relays_if([](const ProxyScene& scene) { return is_asked(scene, Operation::cacerts); })},
      {.id = "FAULT-PX-ANS-16",
       .sentence = "has no CSR attributes",
       .kills = {"EST-PX-120"},
       .also = each("EST-PX-122", {"garbage", "broken-der"}),
       .because = "it does not ask",
       .instead = answers_if([](const ProxyScene& scene) { return is_asked(scene, Operation::csrattrs); }, 404)},
      {.id = "FAULT-PX-ANS-17",
       .sentence = "calls it an error that there are no CSR attributes",
       .kills = each("EST-PX-121", {"204", "404"}),
       .after =
           [](const ProxyScene& scene, Response& response) {
             if (is_asked(scene, Operation::csrattrs) && response.status == 204) response = est::ops::text_response(502, "No attributes.");
           }},
      {.id = "FAULT-PX-ANS-18",
       .sentence = "hands on /csrattrs unread",
       .kills = each("EST-PX-122", {"garbage", "broken-der"}),
       .instead = relays_if([](const ProxyScene& scene) { return is_asked(scene, Operation::csrattrs); })},
      {.id = "FAULT-PX-ANS-19",
       .sentence = "breaks the multipart answer with a key",
       .kills = {"EST-PX-130"},
       .also = any_proxy,
       .because = "no answer with a key can be read",
       .after = on_success_of(Operation::serverkeygen,
                              [](Response& response) { response.fields.set("Content-Type", "multipart/mixed; boundary=another"); })},
      {.id = "FAULT-PX-ANS-20",
       .sentence = "keeps a generated key and shows it to the next client",
       .kills = {"EST-PX-133"},
       .also = any_proxy,
       .because = "every answer after the first is the first",
       .after = generated_before},
      {.id = "FAULT-PX-ANS-21",
       .sentence = "hands on half an answer to /serverkeygen",
       .kills = each("EST-PX-132", {"no-key", "no-certificate"}),
       .also = {"EST-PX-132/certs-only"},
       .because = "it is relayed as well",
       .instead = relays_if([](const ProxyScene& scene) { return is_asked(scene, Operation::serverkeygen) && has_credentials(scene); })},
      {.id = "FAULT-PX-ANS-22",
       .sentence = "alters the Full PKI Response",
       .kills = {"EST-PX-141"},
       .also = {"EST-PX-140", "EST-PX-142"},
       .because = "no answer to a Full PKI Request can be read",
       .after = on_success_of(Operation::fullcmc, [](Response& response) { set_body(response, "MAA="); })},
  };
}

}  // namespace conformance::selftest
