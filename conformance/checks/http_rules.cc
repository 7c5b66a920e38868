// How many responses came, in which order, and what the connection did: the rules of HTTP that decide about smuggling, pipelining and
// robustness (RFC 9112 6.3, 9; RFC 9110 6.6.1, 8.4, 9.3.2).
#include <algorithm>
#include <array>

#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/base/text.h"
#include "est/http/values.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;
using est::http::ObservedResponse;
using est::http::Response;
using est::http::ResponseParser;

// The script's own octets have no recorded method; their first word is it.
std::string method_of(const Exchange& exchange) {
  if (!exchange.method.empty()) return exchange.method;
  const auto text = est::as_text(exchange.request);
  const auto first = text.find_first_not_of("\r\n");
  if (first == std::string_view::npos) return "GET";
  const auto end = std::min(text.find(' ', first), text.size());
  return std::string(text.substr(first, end - first));
}

struct Series {
  std::vector<ObservedResponse> responses;  // final ones, in the order they came
  std::size_t left_over = 0;                // octets after the last that are no response
};

Series series_of(const Exchange& exchange) {
  Series series;
  est::BytesView rest = exchange.response;
  const auto method = method_of(exchange);
  while (!rest.empty()) {
    ResponseParser parser(method);
    const auto taken = parser.feed(rest);
    if (parser.state() == ResponseParser::State::need_more) parser.end_of_input();
    if (parser.observed().message.status == 0) break;
    series.responses.push_back(parser.observed());
    rest = rest.subspan(std::max<std::size_t>(taken, 1));
  }
  series.left_over = rest.size();
  return series;
}

bool says_close(const Response& response) {
  for (const auto& value : response.fields.all("Connection")) {
    for (const auto option : est::split(value, ',')) {
      if (est::iequals(est::trim(option), "close")) return true;
    }
  }
  return false;
}

std::string told(const Series& series) {
  std::vector<std::string> codes;
  for (const auto& one : series.responses) codes.push_back(std::to_string(one.message.status));
  std::string text = codes.empty() ? "The target sent no response" : "The target answered " + est::join(codes, ", ");
  if (series.left_over > 0) text += " and then " + std::to_string(series.left_over) + " octets that are no response";
  return text + ".";
}

// Ended by the target on purpose, without an answer.
bool closed_unanswered(const Exchange& exchange) {
  if (!exchange.failure) return exchange.response.empty() && exchange.peer_close != "open";
  const auto& failure = *exchange.failure;
  if (failure.stage == "connect" || failure.stage == "resolve" || failure.stage == "handshake") return false;
  return failure.cause == "closed" || failure.cause == "reset" || failure.cause == "alert" || !failure.alert.empty();
}

Results single_response(const CheckInput& input) {
  const std::string expected = "one response at most, and nothing after it";
  const auto series = series_of(input.exchange);
  if (series.responses.empty()) {
    const auto silence = silence_of(input.exchange);
    const auto verdict = silence.verdict == Verdict::inconclusive ? Verdict::inconclusive : Verdict::pass;
    return {result(input, verdict, silence.observed, expected, silence.layer)};
  }
  const bool single = series.responses.size() == 1 && series.left_over == 0;
  return {result(input, single ? Verdict::pass : Verdict::fail, told(series), expected)};
}

Results closes(const CheckInput& input) {
  const std::string expected = "the connection is closed after the response";
  const bool closed = input.exchange.peer_close != "open";
  const auto answer = answer_of(input.exchange);
  if (!answer && !closed) return {unanswered(input, expected)};
  if (closed) return {result(input, Verdict::pass, "The target closed the connection (" + input.exchange.peer_close + ").", expected)};
  const bool announced = says_close(answer->message);
  return {result(input, announced ? Verdict::pass : Verdict::fail,
                 announced ? "The target announced that it closes the connection." : "The target left the connection open.", expected)};
}

// `statuses` in their order, or `times` times one of `any-of`.
std::vector<std::vector<std::string>> wanted_statuses(const CheckInput& input) {
  std::vector<std::vector<std::string>> wanted;
  for (const auto& one : list(input.parameters, "statuses")) wanted.push_back({one});
  const auto any = list(input.parameters, "any-of");
  const auto times = static_cast<std::size_t>(std::clamp(number(input.parameters, "times").value_or(0), 0.0, 1000.0));
  if (!any.empty()) wanted.resize(wanted.size() + times, any);
  return wanted;
}

std::string expected_series(const CheckInput& input) {
  const std::string order = "one response to each request, in the order of the requests: ";
  const auto any = list(input.parameters, "any-of");
  if (any.empty()) return order + est::join(list(input.parameters, "statuses"), ", ");
  return order + text(input.parameters, "times") + " times " + any_of(any);
}

// Fewer responses than requests.
CheckResult closed_early(const CheckInput& input, const Series& series, const std::string& expected) {
  const bool announced = says_close(series.responses.back().message);
  const bool closed = input.exchange.peer_close != "open";
  if (announced) {
    const bool fine = flag(input.parameters, "may-close") || flag(input.parameters, "may-drop");
    return result(input, fine ? Verdict::pass : Verdict::inconclusive,
                  told(series) + " The last one announced that the connection is closed, as it may.", expected);
  }
  if (closed && flag(input.parameters, "may-drop"))
    return result(input, Verdict::pass, told(series) + " Then it closed the connection, as it may.", expected);
  return result(input, Verdict::fail, told(series), expected);
}

Results responses(const CheckInput& input) {
  const auto wanted = wanted_statuses(input);
  const std::string expected = expected_series(input);
  const auto series = series_of(input.exchange);
  if (series.responses.empty()) return {unanswered(input, expected)};
  for (std::size_t i = 0; i < std::min(wanted.size(), series.responses.size()); ++i) {
    if (!status_matches(series.responses[i].message.status, wanted[i])) return {result(input, Verdict::fail, told(series), expected)};
  }
  if (series.responses.size() == wanted.size() && series.left_over == 0) return {result(input, Verdict::pass, told(series), expected)};
  if (series.responses.size() < wanted.size() && series.left_over == 0) return {closed_early(input, series, expected)};
  return {result(input, Verdict::fail, told(series), expected)};
}

// Strange input: any decision will do, but a decision has to be made.
Results coped(const CheckInput& input) {
  const std::string expected = "a decision: a response other than a server error, or the connection closed";
  const auto answer = answer_of(input.exchange);
  if (answer && answer->message.status >= 200) {
    const int code = answer->message.status;
    auto verdict = code >= 500 && code != 501 && code != 505 ? Verdict::fail : Verdict::pass;
    if (code == 503) verdict = Verdict::inconclusive;
    if (status_matches(code, list(input.parameters, "warn"))) verdict = Verdict::warn;
    if (status_matches(code, list(input.parameters, "never"))) verdict = Verdict::fail;
    return {result(input, verdict, describe(answer->message), expected)};
  }
  if (closed_unanswered(input.exchange)) {
    return {result(input, Verdict::pass, silence_of(input.exchange).observed, expected, silence_of(input.exchange).layer)};
  }
  if (est::as_text(input.exchange.response).starts_with("HTTP/1.1 100")) {
    return {result(input, Verdict::warn, "The target asked for the body (100) and waited for it.", expected)};
  }
  return {unanswered(input, expected)};
}

std::vector<est::Bytes> certificates_of(const Response& response) {
  auto all = certificates_anyhow(response.body);
  std::sort(all.begin(), all.end());
  return all;
}

Results same_cacerts(const CheckInput& input) {
  const std::string expected = "status 200 with the same CA certificates as the other response";
  const auto* before = other(input, "as");
  const auto reference = before == nullptr ? std::nullopt : answer_of(*before);
  if (!reference || reference->message.status != 200 || certificates_of(reference->message).empty())
    return {inconclusive(input, "There are no CA certificates to compare with.", expected)};
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  if (answer->message.status != 200) return {result(input, Verdict::fail, describe(answer->message), expected)};
  const bool same = certificates_of(answer->message) == certificates_of(reference->message);
  return {result(input, same ? Verdict::pass : Verdict::fail,
                 same ? "The certificates are the same." : "The certificates differ from those of the other response.", expected)};
}

// RFC 9110 8.6: a Content-Length in the response to HEAD is that of the response to GET.
std::optional<std::string> head_defect(const ObservedResponse& head, const ObservedResponse& get) {
  if (head.message.status != get.message.status) {
    return "HEAD was answered " + std::to_string(head.message.status) + ", GET " + std::to_string(get.message.status) + ".";
  }
  if (est::contains(head.findings, "http.body.forbidden") || est::contains(head.findings, "http.body.excess")) {
    return "The response to HEAD has a body.";
  }
  const auto length = head.message.fields.get("Content-Length");
  if (length && est::trim(*length) != std::to_string(get.message.body.size())) {
    return "The response to HEAD says Content-Length: " + est::printable(*length, 30) + ", the body of GET has " +
           std::to_string(get.message.body.size()) + " octets.";
  }
  return std::nullopt;
}

Results head_like(const CheckInput& input) {
  const std::string expected = "405 or 501, or the head of the response to GET, and no body";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const int code = answer->message.status;
  const bool bare = !est::contains(answer->findings, "http.body.forbidden") && !est::contains(answer->findings, "http.body.excess");
  if ((code == 405 || code == 501) && bare) return {result(input, Verdict::pass, describe(answer->message), expected)};
  const auto* before = other(input, "get");
  const auto get = before == nullptr ? std::nullopt : answer_of(*before);
  if (!get) return {inconclusive(input, "There is no response to GET to compare with.", expected)};
  Results results;
  const auto defect = head_defect(*answer, *get);
  results.push_back(result(input, defect ? Verdict::fail : Verdict::pass, defect.value_or(describe(answer->message)), expected));
  const auto type = [](const ObservedResponse& one) { return one.message.fields.get("Content-Type").value_or("none"); };
  if (!defect && type(*answer) != type(*get)) {
    results.push_back(result(input, Verdict::warn, "HEAD says Content-Type " + est::printable(type(*answer), 60) + ", GET another.",
                             "the fields of the response to GET"));
  }
  return results;
}

Results dated(const CheckInput& input) {
  const std::string expected = "a Date field in the form of IMF-fixdate";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const auto values = answer->message.fields.all("Date");
  if (values.empty()) return {result(input, Verdict::warn, "The response has no Date field, as that of a server without clock.", expected)};
  const auto time = est::http::parse_http_date(values.front());
  const bool fixed = time && est::http::http_date(*time) == est::trim(values.front());
  const bool good = fixed && values.size() == 1;
  return {result(input, good ? Verdict::pass : Verdict::fail,
                 "The response has Date: " + est::printable(est::join(values, " | "), 80) + ".", expected)};
}

Results content_coding(const CheckInput& input) {
  const auto accepted = list(input.parameters, "accepted");
  const std::string expected = "no content coding" + (accepted.empty() ? std::string() : ", or one the client named: " + any_of(accepted));
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const auto coding = answer->message.fields.get("Content-Encoding");
  const auto& body = answer->message.body;
  const bool packed = body.size() > 2 && body[0] == 0x1F && body[1] == 0x8B;  // gzip's magic number (RFC 1952 2.3.1)
  if (!coding) {
    return {result(input, packed ? Verdict::fail : Verdict::pass,
                   packed ? "The body is gzip and no Content-Encoding says so." : "The response has no content coding.", expected)};
  }
  const bool named = std::any_of(accepted.begin(), accepted.end(), [&](const auto& one) { return est::iequals(one, est::trim(*coding)); });
  const bool fits = named || est::iequals(est::trim(*coding), "identity");
  return {result(input, fits ? Verdict::pass : Verdict::fail, "The response has Content-Encoding: " + est::printable(*coding, 40) + ".",
                 expected)};
}

Results no_interim(const CheckInput& input) {
  const std::string expected = "no 1xx response";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  if (answer->message.status >= 200 && answer->interim.empty()) return {result(input, Verdict::pass, "No 1xx response came.", expected)};
  const int code = answer->interim.empty() ? answer->message.status : answer->interim.front().status;
  return {result(input, Verdict::fail, "The target sent " + std::to_string(code) + " first.", expected)};
}

// RFC 9110 8.6, RFC 9112 6.1. A length of 0 misleads nobody.
Results no_length_without_body(const CheckInput& input) {
  const std::string expected = "a 204 or 1xx response without Content-Length and Transfer-Encoding";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  auto verdict = Verdict::pass;
  for (const auto& finding : answer->findings)
    if (finding.id == "http.body.forbidden")
      verdict = worse(verdict, finding.severity == est::Severity::error ? Verdict::fail : Verdict::warn);
  if (verdict != Verdict::pass)
    return {result(input, verdict, "A 204 or 1xx response announces a body: " + quote(answer->findings) + ".", expected)};
  const bool seen = answer->message.status == 204 || !answer->interim.empty();
  return {
      result(input, verdict, seen ? describe(answer->message) + " No length was announced." : "No 204 or 1xx response came.", expected)};
}

Results challenge_on_401(const CheckInput& input) {
  const std::string expected = "if 401, then with WWW-Authenticate";
  const auto answer = answer_of(input.exchange);
  if (!answer && closed_unanswered(input.exchange)) {
    return {result(input, Verdict::pass, silence_of(input.exchange).observed, expected, silence_of(input.exchange).layer, "INT-13")};
  }
  if (!answer) return {unanswered(input, expected)};
  const bool bare = answer->message.status == 401 && !answer->message.fields.has("WWW-Authenticate");
  return {result(input, bare ? Verdict::fail : Verdict::pass, describe(answer->message) + (bare ? " It did not challenge." : ""), expected,
                 "HTTP", "INT-13")};
}

Results body_without(const CheckInput& input) {
  const auto word = text(input.parameters, "text");
  const std::string expected = "a response that does not repeat \"" + est::printable(word, 60) + "\"";
  const auto answer = answer_of(input.exchange);
  if (!answer && closed_unanswered(input.exchange))
    return {result(input, Verdict::pass, silence_of(input.exchange).observed, expected, silence_of(input.exchange).layer)};
  if (!answer) return {unanswered(input, expected)};
  const bool repeated = est::ascii_lower(est::as_text(answer->message.body)).find(est::ascii_lower(word)) != std::string::npos;
  return {result(input, repeated ? Verdict::fail : Verdict::pass,
                 repeated ? "The body of the response repeats it." : describe(answer->message), expected)};
}

void add_connection_rules(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"single-response",
                   "no second response came, so nothing was served that hid in the request (RFC 9112 11.2)",
                   {},
                   single_response,
                   {}});
  add(vocabulary, {"closes", "the target closed the connection, or announced it (RFC 9112 6.1, 6.3, 9.6)", {}, closes, {}});
  add(vocabulary,
      {"responses",
       "the responses to several requests sent at once (RFC 9112 9.3.2)",
       {parameter("statuses", ParameterType::list, "one code or class for each request, in order"),
        parameter("any-of", ParameterType::list, "instead: codes and classes that will do for each request"),
        parameter("times", ParameterType::number, "with any-of: how many requests there were"),
        parameter("may-close", ParameterType::boolean, "fewer will do when the last one announced the close; else inconclusive"),
        parameter("may-drop", ParameterType::boolean, "fewer will do when the connection was closed, announced or not")},
       responses,
       "statuses"});
  add(vocabulary, {"coped",
                   "strange input got a decision: any response but a server error, or a closed connection",
                   {parameter("never", ParameterType::list, "codes and classes that fail"),
                    parameter("warn", ParameterType::list, "codes and classes that give a warning")},
                   coped,
                   "never"});
}

void add_message_rules(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"same-cacerts",
                   "the same CA certificates as in another response",
                   {required(parameter("as", ParameterType::result, "the exchange compared with"))},
                   same_cacerts,
                   "as"});
  add(vocabulary, {"head-like",
                   "the response to HEAD is that to GET without the body; 405 and 501 pass (RFC 9110 9.3.2)",
                   {required(parameter("get", ParameterType::result, "the exchange with GET"))},
                   head_like,
                   "get"});
  add(vocabulary, {"dated", "the response has a well-formed Date; none is a warning (RFC 9110 6.6.1)", {}, dated, {}});
  add(vocabulary, {"content-coding",
                   "the body is in no content coding, or in one the client named (RFC 9110 8.4, 12.5.3)",
                   {parameter("accepted", ParameterType::list, "codings the client named")},
                   content_coding,
                   "accepted"});
  add(vocabulary, {"no-length-without-body",
                   "204 and 1xx responses have neither Content-Length nor Transfer-Encoding; a length of 0 warns (RFC 9110 8.6)",
                   {},
                   no_length_without_body,
                   {}});
  add(vocabulary, {"no-interim", "no 1xx response came before the final one", {}, no_interim, {}});
  add(vocabulary,
      {"challenge-on-401", "a 401 carries a challenge; other outcomes pass (RFC 9110 15.5.2; INT-13)", {}, challenge_on_401, {}});
  add(vocabulary, {"body-without",
                   "the body does not repeat something that was sent",
                   {required(parameter("text", ParameterType::text, "what must not come back"))},
                   body_without,
                   "text"});
}

}  // namespace

void add_http_rule_checks(engine::Vocabulary& vocabulary) {
  add_connection_rules(vocabulary);
  add_message_rules(vocabulary);
}

}  // namespace conformance::checks
