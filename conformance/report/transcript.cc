#include "conformance/report/transcript.h"

#include <fmt/format.h>

#include "conformance/report/der_text.h"
#include "conformance/report/reproduce.h"
#include "conformance/report/script.h"
#include "est/base/text.h"
#include "est/codec/media_type.h"
#include "est/codec/multipart.h"
#include "est/codec/x509.h"
#include "est/http/parser.h"

namespace conformance::report {

namespace {

using engine::Exchange;

constexpr std::size_t most_lines = 200;
constexpr std::size_t most_columns = 400;
constexpr std::size_t body_preview = 2048;

// Text goes on as it is, line by line; controls and octets beyond ASCII are spelt out.
std::string quoted_lines(est::BytesView octets, std::string_view mark) {
  std::string result;
  std::size_t count = 0;
  for (const auto line : est::split(est::as_text(octets), '\n')) {
    if (++count > most_lines) return result + fmt::format("  {} ...\n", mark);
    result += fmt::format("  {} {}\n", mark, est::printable(est::trim(line, "\r"), most_columns));
  }
  return result;
}

std::string message(std::string_view title, est::BytesView octets, std::string_view mark) {
  if (octets.empty()) return {};
  const std::string_view all = est::as_text(octets);
  const auto end = all.find("\r\n\r\n");
  const std::size_t head = end == std::string_view::npos ? octets.size() : end;
  std::string result = fmt::format("  {}: {} octets\n", title, octets.size()) + quoted_lines(octets.subspan(0, head), mark);
  if (end == std::string_view::npos || end + 4 == octets.size()) return result;
  const auto body = octets.subspan(end + 4);
  result += fmt::format("  {} (then {} octets of content)\n", mark, body.size());
  return result + quoted_lines(body.subspan(0, std::min(body.size(), body_preview)), mark);
}

// Nothing where there is no DER in it.
std::string decoded_part(std::string_view title, est::BytesView octets) {
  const auto found = der_in(octets);
  if (!found) return {};
  std::string text = fmt::format("  {}, decoded: {} octets of DER\n", title, found->size());
  const std::string decoded = der_text(*found);
  for (const auto line : est::split(decoded, '\n'))
    if (!line.empty()) text += fmt::format("  | {}\n", line);
  return text;
}

// The parts of a multipart/mixed body (RFC 7030 4.4.2); none where it is no such thing.
std::vector<est::codec::Part> parts_of(const est::http::Response& answer) {
  const auto type = est::codec::decode_media_type(answer.fields.get("Content-Type").value_or(""));
  const auto boundary = type.value && type.value->type == "multipart" ? type.value->parameter("boundary") : std::nullopt;
  if (!boundary) return {};
  return est::codec::decode_multipart(answer.body, *boundary).value.value_or(std::vector<est::codec::Part>());
}

std::string content_received(const Exchange& exchange) {
  if (exchange.response.empty()) return {};
  const auto answer = est::http::parse_response(exchange.response, exchange.method, true).message;
  std::string text = decoded_part("content received", answer.body);
  std::size_t number = 0;
  for (const auto& part : parts_of(answer))
    text += decoded_part(
        fmt::format("content received, part {} ({})", ++number, est::printable(part.header("Content-Type").value_or("no type"), 100)),
        part.body);
  return text;
}

std::string certificate_line(est::BytesView octets) {
  const auto certificate = est::codec::decode_certificate(octets);
  if (!certificate.value) return fmt::format("    certificate of {} octets that cannot be read\n", octets.size());
  return fmt::format("    certificate of {} octets: {}, issued by {}, {} to {}\n", octets.size(),
                     est::printable(certificate.value->subject.to_string()), est::printable(certificate.value->issuer.to_string()),
                     est::iso8601(certificate.value->validity.not_before), est::iso8601(certificate.value->validity.not_after));
}

std::string tls_facts(const engine::TlsRecord& tls) {
  std::string text = fmt::format("  TLS: {} {}{}{}, server certificate {}\n", tls.version, tls.suite, tls.resumed ? ", resumed" : "",
                                 tls.alpn.empty() ? "" : ", ALPN " + est::printable(tls.alpn),
                                 tls.verified ? "verified" : "NOT verified: " + est::printable(tls.verify_error));
  for (const auto& certificate : tls.peer_chain) text += certificate_line(certificate);
  if (!tls.tls_unique.empty()) text += "    tls-unique " + est::hex(tls.tls_unique) + "\n";
  if (!tls.tls_exporter.empty()) text += "    tls-exporter " + est::hex(tls.tls_exporter) + "\n";
  return text;
}

std::string one_exchange(const Exchange& exchange) {
  std::string text = fmt::format("== {} ({}) {}{}\n", exchange.name, to_string(exchange.phase),
                                 to_script(exchange.verb, exchange.parameters), exchange.incomplete ? "  [not completed]" : "");
  text += fmt::format("  {:.1f} ms, connection {} ({})\n", static_cast<double>(exchange.duration_us) / 1000, exchange.connection,
                      exchange.new_connection ? "new" : "reused");
  for (const auto& event : exchange.events) {
    text += fmt::format("  {:>10.3f} ms  {:<5} {} {}\n", static_cast<double>(event.at_us) / 1000, event.layer, event.what,
                        est::printable(event.detail, 1000));
  }
  if (exchange.failure) {
    text +=
        fmt::format("  failed at {}, {}{}: {}\n", exchange.failure->stage, exchange.failure->cause,
                    exchange.failure->alert.empty() ? "" : " " + exchange.failure->alert, est::printable(exchange.failure->message, 1000));
  }
  if (exchange.tls) text += tls_facts(*exchange.tls);
  for (const auto& [name, value] : exchange.facts) text += fmt::format("  {}: {}\n", name, est::printable(value, 1000));
  for (const auto& [name, octets] : exchange.artefacts) text += fmt::format("  {}: {} octets\n", name, octets.size());
  text += message("sent", exchange.request, ">");
  text += decoded_part("content sent", body_of(exchange));
  text += message("received", exchange.response, "<");
  text += content_received(exchange);
  if (!exchange.peer_close.empty()) text += "  the peer's side: " + exchange.peer_close + "\n";
  return text + "\n";
}

}  // namespace

std::string transcript(const engine::ScenarioResult& result, const engine::Evidence& evidence) {
  std::string text = fmt::format("{}  {}\n{}{}\nstarted {}, {:.1f} ms\n\n", evidence.scenario, result.title, to_string(result.verdict),
                                 result.cause.empty() ? "" : ": " + est::printable(result.cause, 2000), est::iso8601(evidence.started),
                                 static_cast<double>(evidence.duration_us) / 1000);
  for (const auto& exchange : evidence.exchanges) text += one_exchange(exchange);
  if (!evidence.cannot.empty()) text += "could not go on: " + est::printable(evidence.cannot, 2000) + "\n";
  if (!evidence.fault.empty()) text += "fault of the suite: " + est::printable(evidence.fault, 2000) + "\n";
  return text;
}

}  // namespace conformance::report
