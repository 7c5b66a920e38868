#include "conformance/steps/person_page.h"

#include <array>
#include <utility>

#include "conformance/engine/json.h"
#include "est/base/html.h"
#include "est/base/text.h"

namespace conformance::steps {
namespace {

using est::http::Request;
using est::http::Response;

struct PageAnswer {
  std::string_view word, label;
  Said said;
};
constexpr std::array<PageAnswer, 3> page_answers{{{"done", "It reported success", Said::yes},
                                                  {"gave-up", "It reported failure", Said::no},
                                                  {"cannot", "It cannot do such a thing", Said::cannot}}};

constexpr std::string_view page_head = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>estspec</title>
<style>
body { font: 1.1em sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }
td { padding: .2em 1em .2em 0; vertical-align: top } code { font-size: 1.1em; user-select: all }
button { font-size: 1.1em; padding: .5em 1em; margin: .5em 1em .5em 0 }
</style>
)";

// Looks every second whether there is another question than `token`.
constexpr std::string_view page_script = R"(<p id="news"></p>
<script>
async function look() {
  try {
    const now = await (await fetch("/now")).json();
    if (now.token !== token) return location.replace("/");
    document.getElementById("news").textContent = now["seconds-left"] + " seconds are left.";
  } catch (gone) {
    document.getElementById("news").textContent = "estspec does not answer: the run has ended.";
  }
  setTimeout(look, 1000);
}
look();
</script>
)";

std::string html(std::string_view text) { return est::html_escaped(est::printable(text, 2000)); }

Response reply(int status, std::string type, std::string_view body) {
  Response response;
  response.status = status;
  response.reason = est::http::reason_phrase(status);
  response.fields.add("Content-Type", std::move(type));
  response.fields.add("Content-Security-Policy",
                      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; form-action 'self'");
  response.fields.add("Cache-Control", "no-store");
  response.fields.add("Connection", "close");
  response.body = est::to_bytes(body);
  return response;
}

Response refusal(int status, std::string_view why) { return reply(status, "text/plain; charset=utf-8", std::string(why) + "\n"); }

Response html_reply(const std::string& token, const std::string& text) {
  return reply(200, "text/html; charset=utf-8",
               std::string(page_head) + text + "<script>const token = \"" + token + "\";</script>\n" + std::string(page_script));
}

Response instruction_page(const Question& question) {
  std::string text = "<h1>" + std::to_string(question.number) + ". Make the client do: " + html(question.operation) + "</h1>\n<table>\n";
  for (const auto& [name, value] : question.instructions) {
    if (!value.empty()) text += "<tr><td>" + html(name) + "<td><code>" + html(value) + "</code>\n";
  }
  text += "</table>\n<p>Let it come to an end, then say what it did.</p>\n<form method=\"post\" action=\"/answer\">\n";
  text += "<input type=\"hidden\" name=\"token\" value=\"" + question.token + "\">\n";
  for (const PageAnswer& answer : page_answers)
    text += "<button name=\"answer\" value=\"" + std::string(answer.word) + "\">" + std::string(answer.label) + "</button>\n";
  return html_reply(question.token, text + "</form>\n");
}

Response instruction_json(const Question& question) {
  const engine::Json json{{"step", question.number},
                          {"token", question.token},
                          {"operation", question.operation},
                          {"instructions", question.instructions},
                          {"seconds-left", question.left.count() / 1000}};
  return reply(200, "application/json", engine::print_json(json, -1) + "\n");
}

PageReply take_answer(const Request& request, const Question& question) {
  const std::string prefix = "token=" + question.token + "&answer=";
  const std::string_view body = est::as_text(request.body);
  if (!body.starts_with(prefix)) return {refusal(409, "This answers another question; look at / for the present one."), Said::nothing};
  for (const PageAnswer& answer : page_answers) {
    if (body.substr(prefix.size()) == answer.word)
      return {
          html_reply(question.token, "<h1>Noted: " + std::string(answer.word) + "</h1>\n<p>The next instruction comes by itself.</p>\n"),
          answer.said};
  }
  return {refusal(400, "The answers are done, gave-up and cannot."), Said::nothing};
}

}  // namespace

PageReply page_reply(const Request& request, const Question& question) {
  if (request.fields.get("Host").value_or("") != question.host) return {refusal(403, "This page has another name."), Said::nothing};
  if (request.method == "POST" && request.target == "/answer") return take_answer(request, question);
  if (request.method != "GET") return {refusal(405, "GET is for / and /now, POST for /answer."), Said::nothing};
  if (request.target == "/") return {instruction_page(question), Said::nothing};
  if (request.target == "/now") return {instruction_json(question), Said::nothing};
  return {refusal(404, "There are /, /now and /answer."), Said::nothing};
}

}  // namespace conformance::steps
