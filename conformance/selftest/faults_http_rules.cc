// Faults of HTTP: methods, fields, framing, connections, paths (EST-SE-340 to 399).
#include <map>
#include <memory>
#include <mutex>

#include "conformance/selftest/faults_support.h"
#include "est/base/text.h"
#include "est/ops/message.h"

namespace conformance::selftest {

using est::http::Refusal;
using est::http::Request;
using est::net::AfterReply;
using est::net::Reply;
using est::ops::text_response;

namespace {

constexpr std::string_view second_answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 8\r\nConnection: close\r\n\r\nwelcome\n";

using InsteadHook = std::function<std::optional<Response>(const Scene&)>;
using WireHook = std::function<void(const Scene&, Reply&)>;

InsteadHook answer_when(const std::function<bool(const Request&)>& applies, int status, std::string_view sentence) {
  return [=](const Scene& scene) -> std::optional<Response> {
    if (!applies(scene.request)) return std::nullopt;
    return text_response(status, sentence);
  };
}

// Rewrites what the handler gets to see.
std::function<void(Request&, est::tls::Facts&, ca::Authority&)> rewrite(const std::function<void(Request&)>& change) {
  return [=](Request& request, est::tls::Facts&, ca::Authority&) { change(request); };
}

void insert_fields(Reply& reply, const std::string& lines) {
  std::string text = est::to_string(reply.wire);
  if (const auto at = text.find("\r\n"); at != std::string::npos) text.insert(at + 2, lines);
  reply.wire = est::to_bytes(text);
}

void drop_field(Reply& reply, std::string_view line) {
  std::string text = est::to_string(reply.wire);
  if (const auto at = text.find(line); at != std::string::npos) text.erase(at, line.size());
  reply.wire = est::to_bytes(text);
}

bool says_close(const Request& request) {
  return est::ascii_lower(request.fields.get("Connection").value_or("")).find("close") != std::string::npos;
}

std::string unescaped(std::string_view target) {
  std::string text;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] == '%' && i + 2 < target.size()) {
      text.push_back(static_cast<char>(digit(target[i + 1]) * 16 + digit(target[i + 2])));
      i += 2;
    } else {
      text.push_back(target[i]);
    }
  }
  return text;
}

bool absolute(const Request& request) { return request.target.starts_with("https://"); }

std::vector<Fault> method_faults() {
  return {
      {.id = "FAULT-HTTP-20",
       .sentence = "sends a body in the response to HEAD",
       .kills = {"EST-SE-340"},
       .wire =
           [](const Scene& scene, Reply& reply) {
             if (scene.request.method == "HEAD") est::append(reply.wire, "MAA=");
           }},
      {.id = "FAULT-HTTP-21",
       .sentence = "breaks down with status 500 on OPTIONS",
       .kills = {"EST-SE-341/cacerts", "EST-SE-341/simpleenroll", "EST-SE-369"},
       .instead = answer_when([](const Request& r) { return r.method == "OPTIONS"; }, 500, "Internal error.")},
      {.id = "FAULT-HTTP-22",
       .sentence = "answers TRACE with what was sent, credentials too",
       .kills = {"EST-SE-344"},
       .instead = [](const Scene& scene) -> std::optional<Response> {
         if (scene.request.method != "TRACE") return std::nullopt;
         return text_response(200, "Authorization: " + scene.request.fields.get("Authorization").value_or(""));
       }},
      {.id = "FAULT-HTTP-23", .sentence = "takes methods in any letter case", .kills = {"EST-SE-345"}, .before = rewrite([](Request& r) {
                                                                                                         if (r.method == "get")
                                                                                                           r.method = "GET";
                                                                                                       })},
      {.id = "FAULT-HTTP-24",
       .sentence = "breaks down with status 500 on methods it does not know",
       .kills = {"EST-SE-346"},
       .also = {"EST-SE-032"},
       .because = "that method is none it knows either",
       .instead = answer_when([](const Request& r) { return r.method.size() > 7 || r.method == "BREW"; }, 500, "Internal error.")},
      {.id = "FAULT-HTTP-25",
       .sentence = "answers PUT and DELETE as if they were allowed",
       .kills = {"EST-SE-342/cacerts/PUT", "EST-SE-342/cacerts/DELETE", "EST-SE-342/simpleenroll/PUT", "EST-SE-342/simpleenroll/DELETE"},
       .instead = answer_when([](const Request& r) { return r.method == "PUT" || r.method == "DELETE"; }, 200, "Done.")},
      {.id = "FAULT-HTTP-26",
       .sentence = "lists the wrong method in Allow",
       .kills = {"EST-SE-343"},
       .also = {"EST-SE-030", "EST-SE-031"},
       .because = "the Allow field of the other operations is as wrong",
       .after =
           [](const Scene&, Response& response) {
             if (response.status == 405) response.fields.set("Allow", "PATCH");
           }},
  };
}

std::vector<Fault> field_faults() {
  return {
      {.id = "FAULT-HTTP-27",
       .sentence = "knows the field Content-Type in one spelling only",
       .kills = {"EST-SE-347"},
       .before = rewrite([](Request& r) {
         for (const auto& field : r.fields.list()) {
           if (field.name == "Content-Type") return;
         }
         r.fields.remove("Content-Type");
       })},
      {.id = "FAULT-HTTP-28",
       .sentence = "refuses requests with fields it does not know",
       .kills = {"EST-SE-348"},
       .instead = answer_when([](const Request& r) { return r.fields.has("X-Estspec-Unknown"); }, 400, "What is this header?")},
      {.id = "FAULT-HTTP-29",
       .sentence = "does not know its media type when a parameter stands behind it",
       .kills = {"EST-SE-349/charset", "EST-SE-349/name"},
       .instead = answer_when([](const Request& r) { return r.fields.get("Content-Type").value_or("").find(';') != std::string::npos; },
                              415, "Unknown type.")},
      {.id = "FAULT-HTTP-30", .sentence = "takes no notice of Content-Encoding", .kills = {"EST-SE-358"}, .before = rewrite([](Request& r) {
                                                                                                            r.fields.remove(
                                                                                                                "Content-Encoding");
                                                                                                          })},
      {.id = "FAULT-HTTP-31",
       .sentence = "sends dates in a form of its own",
       .kills = {"EST-SE-387"},
       .after = [](const Scene&, Response& r) { r.fields.set("Date", "2026-11-26T12:00:00Z"); }},
      {.id = "FAULT-HTTP-32",
       .sentence = "packs /cacerts with gzip and does not say so",
       .kills = {"EST-SE-388"},
       .after =
           [](const Scene& scene, Response& response) {
             if (is(scene.request, Operation::cacerts) && scene.request.fields.get("Accept-Encoding").value_or("").find("gzip") == 0)
               set_body(response, "\x1f\x8b\x08 packed");
           }},
      {.id = "FAULT-HTTP-33",
       .sentence = "breaks down with status 500 on an Accept field other than */*",
       .kills = {"EST-SE-389"},
       .also = {"EST-SE-348"},
       .because = "the Accept list there is not */* alone",
       .instead = answer_when([](const Request& r) { return r.fields.get("Accept").value_or("*/*") != "*/*"; }, 500, "Internal error.")},
      {.id = "FAULT-HTTP-34",
       .sentence = "takes the 406 of a strict server for a media type with a parameter",
       .kills = {"EST-SE-389"},
       .instead = answer_when([](const Request& r) { return r.fields.get("Accept").value_or("").find("smime-type") != std::string::npos; },
                              406, "Not acceptable.")},
      {.id = "FAULT-HTTP-35",
       .sentence = "knows authentication schemes in one spelling only",
       .kills = {"EST-SE-398"},
       .before = rewrite([](Request& r) {
         const auto value = r.fields.get("Authorization").value_or("");
         if (!value.starts_with("Basic ") && !value.starts_with("Digest ")) r.fields.remove("Authorization");
       })},
      {.id = "FAULT-HTTP-36",
       .sentence = "calls every refused Digest answer stale",
       .kills = {"EST-SE-399"},
       .after =
           [](const Scene& scene, Response& response) {
             if (response.status != 401 || !scene.request.fields.has("Authorization")) return;
             const auto challenges = response.fields.all("WWW-Authenticate");
             response.fields.remove("WWW-Authenticate");
             for (const auto& challenge : challenges)
               response.fields.add("WWW-Authenticate", challenge + (challenge.starts_with("Digest") ? ", stale=true" : ""));
           }},
      {.id = "FAULT-HTTP-37",
       .sentence = "names a charset in its challenge that is none",
       .kills = {"EST-SE-161/basic"},
       .also = {"EST-SE-161/digest"},
       .because = "that challenge has the wrong charset, too",
       .after =
           [](const Scene&, Response& response) {
             const auto challenges = response.fields.all("WWW-Authenticate");
             response.fields.remove("WWW-Authenticate");
             for (const auto& challenge : challenges) response.fields.add("WWW-Authenticate", challenge + ", charset=\"latin-1\"");
           }},
  };
}

std::vector<Fault> framing_faults() {
  return {
      {.id = "FAULT-HTTP-40",
       .sentence = "serves what stands behind a request it cannot read",
       .kills = {"EST-SE-351/xyz", "EST-SE-351/-1", "EST-SE-351/fffffffffffffffff", "EST-SE-351/0x4", "EST-SE-352/-1", "EST-SE-352/0x4",
                 "EST-SE-352/4a", "EST-SE-353", "EST-SE-354", "EST-SE-355/identity", "EST-SE-355/xchunked", "EST-SE-355/chunked",
                 "EST-SE-356", "EST-SE-380", "EST-SE-383", "EST-SE-385", "EST-SE-386/EHLO", "EST-SE-386/GET"},
       .also = {"EST-SE-357"},
       .because = "a POST without length is refused in the same place",
       .refusal_wire = [](const Refusal&, Reply& reply) { est::append(reply.wire, second_answer); }},
      {.id = "FAULT-HTTP-41",
       .sentence = "breaks down with status 500 on a request it cannot read",
       .kills = {"EST-SE-352/-1", "EST-SE-357", "EST-SE-361", "EST-SE-364", "EST-SE-365", "EST-SE-375", "EST-SE-377", "EST-SE-378",
                 "EST-SE-379", "EST-SE-381", "EST-SE-382"},
       .also = {"EST-SE-*"},
       .because = "every request that HTTP forbids is answered so",
       .refusal = [](const Refusal&) { return std::optional(text_response(500, "Internal error.")); }},
      {.id = "FAULT-HTTP-42",
       .sentence = "refuses the chunked transfer coding unless it is plain",
       .kills = {"EST-SE-350/chunked-extensions", "EST-SE-350/chunked-trailers", "EST-SE-350/chunked-odd-sizes"},
       .also = {"EST-SE-035", "EST-SE-036"},
       .because = "the peer cannot see the chunks any more and refuses all of them",
       .instead = answer_when([](const Request& r) { return r.fields.has("Transfer-Encoding"); }, 400, "Chunks are not understood.")},
      {.id = "FAULT-HTTP-43",
       .sentence = "runs the body of a GET request as the next request",
       .kills = {"EST-SE-359"},
       .wire =
           [](const Scene& scene, Reply& reply) {
             if (scene.request.method == "GET" && !scene.request.body.empty()) est::append(reply.wire, second_answer);
           }},
      {.id = "FAULT-HTTP-44",
       .sentence = "runs a body it did not want as the next request",
       .kills = {"EST-SE-360"},
       .wire =
           [](const Scene& scene, Reply& reply) {
             const std::string_view body = est::as_text(scene.request.body);
             if (body.starts_with("GET ") && scene.request.method == "POST") est::append(reply.wire, second_answer);
           }},
      {.id = "FAULT-HTTP-45",
       .sentence = "knows 100-continue in one spelling only",
       .kills = {"EST-SE-362"},
       .instead = answer_when([](const Request& r) { return r.fields.get("Expect").value_or("100-continue") != "100-continue"; }, 400,
                              "What is this header?")},
      {.id = "FAULT-HTTP-46",
       .sentence = "sends 100 (Continue) to clients of HTTP/1.0",
       .kills = {"EST-SE-363"},
       .wire =
           [](const Scene& scene, Reply& reply) {
             if (scene.request.minor_version == 0 && scene.request.fields.has("Expect"))
               reply.wire = est::to_bytes("HTTP/1.1 100 Continue\r\n\r\n" + est::to_string(reply.wire));
           }},
      {.id = "FAULT-HTTP-47",
       .sentence = "takes what is no body for an empty request and says yes",
       .kills = {"EST-SE-357"},
       .refusal = [](const Refusal& refusal) -> std::optional<Response> {
         if (refusal.status != 411) return std::nullopt;
         return text_response(200, "Done.");
       }},
  };
}

// Answers every further request of a connection with what the first one got.
Fault repeats_first_answer() {
  struct First {
    std::mutex mutex;
    std::map<std::uint64_t, est::Bytes> of_connection;
  };
  auto first = std::make_shared<First>();
  return {.id = "FAULT-HTTP-50",
          .sentence = "answers each further request of a connection with the answer to the first",
          .kills = {"EST-SE-370"},
          .also = {"EST-SE-*"},
          .because = "every scenario that sends two requests on one connection gets the same answer twice",
          .wire = [first](const Scene& scene, Reply& reply) {
            const std::lock_guard lock(first->mutex);
            reply.wire = first->of_connection.try_emplace(scene.peer.connection, reply.wire).first->second;
          }};
}

std::vector<Fault> connection_faults() {
  return {
      repeats_first_answer(),
      {.id = "FAULT-HTTP-51",
       .sentence = "goes on serving after Connection: close",
       .kills = {"EST-SE-372/close", "EST-SE-372/CLOSE"},
       .also = {"EST-SE-*"},
       .because = "whoever says close and looks at all that comes sees the second answer",
       .wire =
           [](const Scene& scene, Reply& reply) {
             if (says_close(scene.request)) est::append(reply.wire, second_answer);
           }},
      {.id = "FAULT-HTTP-52",
       .sentence = "finds close in Connection only when it stands there alone",
       .kills = {"EST-SE-372/close", "EST-SE-372/CLOSE"},
       .wire =
           [](const Scene& scene, Reply& reply) {
             if (says_close(scene.request) && scene.request.fields.get("Connection").value_or("").find(',') != std::string::npos)
               est::append(reply.wire, second_answer);
           }},
      {.id = "FAULT-HTTP-53",
       .sentence = "does not say that it closes the connection",
       .kills = {"EST-SE-373"},
       .wire = [](const Scene&, Reply& reply) { drop_field(reply, "Connection: close\r\n"); }},
      {.id = "FAULT-HTTP-54",
       .sentence = "answers HTTP/1.0 in chunks",
       .kills = {"EST-SE-374"},
       .also = {"EST-SE-363"},
       .because = "that request is one of HTTP/1.0, too",
       .wire =
           [](const Scene& scene, Reply& reply) {
             if (scene.request.minor_version == 0) insert_fields(reply, "Transfer-Encoding: chunked\r\n");
           }},
      {.id = "FAULT-HTTP-55",
       .sentence = "closes after ten requests of one connection without saying so",
       .kills = {"EST-SE-371"},
       .wire =
           [count = std::make_shared<std::map<std::uint64_t, int>>(), mutex = std::make_shared<std::mutex>()](const Scene& scene,
                                                                                                              Reply& reply) {
             const std::lock_guard lock(*mutex);
             if (++(*count)[scene.peer.connection] >= 10) reply.after = AfterReply::close;
           }},
      {.id = "FAULT-HTTP-56",
       .sentence = "reads request targets of a thousand octets at most",
       .kills = {"EST-SE-376"},
       .instead = answer_when([](const Request& r) { return r.target.size() > 1000; }, 414, "Too long.")},
  };
}

std::vector<Fault> target_faults() {
  return {
      {.id = "FAULT-HTTP-60",
       .sentence = "does not understand the absolute form of a target",
       .kills = {"EST-SE-367", "EST-SE-368"},
       .instead = answer_when(absolute, 404, "There is no such path.")},
      {.id = "FAULT-HTTP-61",
       .sentence = "lets the Host field decide although the target names the host",
       .kills = {"EST-SE-368"},
       .instead = answer_when([](const Request& r) { return absolute(r) && r.fields.get("Host") == "estspec.invalid"; }, 421, "Not here.")},
      {.id = "FAULT-HTTP-62",
       .sentence = "breaks down with status 500 on a Host it does not know",
       .kills = {"EST-SE-366"},
       .instead = answer_when([](const Request& r) { return r.fields.get("Host").value_or("").starts_with("estspec.invalid:"); }, 500,
                              "Internal error.")},
      {.id = "FAULT-HTTP-63",
       .sentence = "serves the default CA under any label, path or escape that ends in an operation",
       .kills = {"EST-SE-393", "EST-SE-394"},
       .also = {"EST-SE-*"},
       .because = "no label reaches the policy behind it",
       .before = rewrite([](Request& r) {
         const auto slash = r.target.rfind('/');
         if (r.target.ends_with("/cacerts") && slash != std::string::npos) r.target = "/.well-known/est/cacerts";
       })},
      {.id = "FAULT-HTTP-64", .sentence = "takes paths in any letter case", .kills = {"EST-SE-395"}, .before = rewrite([](Request& r) {
                                                                                                       if (r.target.ends_with("/CACERTS"))
                                                                                                         r.target =
                                                                                                             est::ascii_lower(r.target);
                                                                                                     })},
      {.id = "FAULT-HTTP-65",
       .sentence = "leaves out what it cannot decode in a path",
       .kills = {"EST-SE-392"},
       .before = rewrite([](Request& r) {
         const auto percent = r.target.find('%');
         if (percent != std::string::npos && r.target.substr(0, percent).ends_with("/cacerts")) r.target.resize(percent);
       })},
      {.id = "FAULT-HTTP-66",
       .sentence = "repeats the decoded path and user in a field of its answer",
       .kills = {"EST-SE-397"},
       .wire =
           [](const Scene& scene, Reply& reply) {
             const std::string text = unescaped(scene.request.target);
             if (text.find("\r\n") != std::string::npos) insert_fields(reply, "X-Path: " + text + "\r\n");
           }},
      {.id = "FAULT-HTTP-67",
       .sentence = "breaks down with status 500 on a path it would have to tidy up",
       .kills = {"EST-SE-391"},
       .instead = answer_when(
           [](const Request& r) {
             return r.target.ends_with("/cacerts/") || r.target.find("//") == 16 || r.target.find("/..") != std::string::npos;
           },
           500, "Internal error.")},
      {.id = "FAULT-HTTP-68",
       .sentence = "answers an empty-handed request to /fullcmc with a bare 401",
       .kills = {"EST-SE-390"},
       .after =
           [](const Scene& scene, Response& response) {
             if (is(scene.request, Operation::fullcmc) && scene.request.body.size() < 10) response = text_response(401, "No.");
           }},
      {.id = "FAULT-HTTP-69",
       .sentence = "does not decode percent-encoding in the paths of enrollments",
       .kills = {"EST-SE-396"},
       .instead = answer_when([](const Request& r) { return r.method == "POST" && r.target.find('%') != std::string::npos; }, 404,
                              "There is no such path.")},
      {.id = "FAULT-HTTP-71",
       .sentence = "puts a length into its 100 response",
       .kills = {"EST-SE-801"},
       .also = {"EST-SE-36*"},
       .because = "the same 100 response is ill-formed wherever one is asked for",
       .wire =
           [](const Scene& scene, Reply& reply) {
             if (!scene.request.fields.has("Expect")) return;
             reply.wire = est::to_bytes("HTTP/1.1 100 Continue\r\nContent-Length: 8\r\n\r\n" + est::to_string(reply.wire));
           }},
      {.id = "FAULT-HTTP-72",
       .sentence = "puts a length into its 204 responses",
       .kills = {"EST-SE-802"},
       .also = {"EST-SE-07*", "EST-SE-76*"},
       .because = "an ill-formed answer is no valid one where there are no attributes",
       .wire =
           [](const Scene&, Reply& reply) {
             if (est::as_text(reply.wire).starts_with("HTTP/1.1 204")) insert_fields(reply, "Content-Length: 4\r\n");
           }},
      {.id = "FAULT-HTTP-70",
       .sentence = "answers 404 to requests with an empty line before them",
       .kills = {"EST-SE-384"},
       .also = {"EST-SE-*"},
       .because = "the peer cannot see the empty line any more and refuses /cacerts to all who name no client",
       .instead = answer_when([](const Request& r) { return is(r, Operation::cacerts) && !r.fields.has("User-Agent"); }, 404,
                              "There is no such path.")},
  };
}

}  // namespace

std::vector<Fault> http_rule_faults() {
  std::vector<Fault> all;
  for (const auto& group : {method_faults(), field_faults(), framing_faults(), connection_faults(), target_faults()})
    all.insert(all.end(), group.begin(), group.end());
  return all;
}

}  // namespace conformance::selftest
