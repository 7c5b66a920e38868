#include "conformance/peer/delivery.h"

#include <algorithm>

#include "est/base/text.h"
#include "est/http/values.h"
#include "est/ops/message.h"

namespace conformance::peer {
namespace {

using est::Bytes;
using est::http::Response;

constexpr std::size_t chunk = 100;
constexpr std::string_view early_hints = "HTTP/1.1 103 Early Hints\r\nX-Hint: nothing is decided yet\r\n\r\n";
constexpr std::size_t lie = 10;  // octets a wrong length is off

// Nothing is made harmless here: a script may want line ends in its fields.
Bytes head_of(const Response& response) {
  Bytes head;
  est::append(head, "HTTP/1.1 " + std::to_string(response.status) + " " + response.reason + "\r\n");
  for (const auto& field : response.fields.list()) est::append(head, field.name + ": " + field.value + "\r\n");
  est::append(head, "\r\n");
  return head;
}

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

Bytes chunks_with_extensions(est::BytesView body) {
  Bytes octets;
  for (std::size_t at = 0; at < body.size(); at += chunk) {
    const est::BytesView piece = body.subspan(at, std::min(chunk, body.size() - at));
    constexpr std::string_view digits = "0123456789abcdef";
    const std::string size{digits[piece.size() / 16], digits[piece.size() % 16]};
    est::append(octets, size + ";part=\"a;b\";last\r\n");
    est::append(octets, piece);
    est::append(octets, "\r\n");
  }
  est::append(octets, "0\r\nX-Trailer: ignored\r\n\r\n");
  return octets;
}

// Fields and body by the framing wanted; the length is that of `body` unless the framing lies.
Bytes framed(Response& response, std::string_view framing) {
  const std::size_t size = response.body.size();
  if (framing == "chunked" || framing == "chunked-extensions" || framing == "cut-chunks" || framing == "wrong-chunks") {
    response.fields.add("Transfer-Encoding", "chunked");
    if (framing == "chunked-extensions") return chunks_with_extensions(response.body);
    Bytes chunks = est::http::encode_chunked(response.body, chunk);
    if (framing == "wrong-chunks" && !chunks.empty()) chunks.front() = 'x';
    if (framing == "cut-chunks") chunks.resize(chunks.size() - std::min<std::size_t>(chunks.size(), 5));
    return chunks;
  }
  if (framing == "until-close") return response.body;
  std::size_t told = size;
  if (framing == "long-length") told += lie;
  if (framing == "short-length") told -= std::min(lie, size);
  response.fields.add("Content-Length", std::to_string(told));
  if (framing == "two-lengths") response.fields.add("Content-Length", std::to_string(told + 1));
  return response.body;
}

bool needs_close(std::string_view framing) {
  return framing == "until-close" || framing == "long-length" || framing == "cut-chunks" || framing == "wrong-chunks";
}

Ending ending_of(const Answer& answer) {
  if (answer.ending == "cut") return Ending::cut;
  if (answer.ending == "reset") return Ending::reset;
  return answer.ending == "close" || needs_close(answer.framing) ? Ending::close : Ending::keep;
}

std::string location_of(std::string_view redirect, const est::http::Request& request, const Places& places) {
  const std::string_view operation = std::string_view(request.target).substr(std::min(request.target.rfind('/'), request.target.size()));
  const std::string moved = std::string(est::ops::well_known) + "/redirected" + std::string(operation);
  if (redirect == "same") return "https://" + places.own + moved;
  if (redirect == "relative") return moved;
  if (redirect == "http") return "http://" + places.own + request.target;
  if (redirect == "loop") return "https://" + places.own + request.target;
  return "https://" + (redirect == "other" ? places.other : places.nowhere) + request.target;
}

std::string retry_after_of(const std::string& text, est::UnixTime now) {
  constexpr std::string_view date = "date ";
  if (!text.starts_with(date)) return text;
  const auto seconds = est::parse_decimal(std::string_view(text).substr(date.size()));
  return seconds ? est::http::http_date(now + static_cast<est::UnixTime>(std::min<std::uint64_t>(*seconds, 1U << 30U))) : text;
}

std::string sentence_of(int status) {
  if (status == 202) return "The request waits for approval; ask again later.";
  return "The scripted server answers " + std::to_string(status) + " " + std::string(est::http::reason_phrase(status)) + ".";
}

Response without(const Response& from, const std::vector<std::string>& names) {
  Response response = from;
  for (const auto& name : names) response.fields.remove(name);
  return response;
}

// Status, fields and body; framing comes later.
Response changed(const Answer& answer, Response response, const est::http::Request& request, const Places& places,
                 const std::vector<std::string>& challenges, est::UnixTime now) {
  const int status = answer.status != 0 ? answer.status : answer.redirect.empty() ? response.status : 307;
  if (status != response.status) response = est::ops::text_response(status, sentence_of(status));
  response.reason = answer.reason.empty() ? std::string(est::http::reason_phrase(status)) : answer.reason;
  if (answer.type) {
    response.fields.remove("Content-Type");
    if (!answer.type->empty()) response.fields.add("Content-Type", *answer.type);
  }
  if (answer.text) response.body = est::to_bytes(*answer.text);
  if (!answer.retry_after.empty()) response.fields.add("Retry-After", retry_after_of(answer.retry_after, now));
  if (!answer.redirect.empty()) response.fields.add("Location", location_of(answer.redirect, request, places));
  for (const auto& challenge : challenges) response.fields.add("WWW-Authenticate", challenge);
  for (const auto& [name, value] : answer.fields) response.fields.add(name, value);
  if (answer.flood > 0) response.fields.add("X-Flood", std::string(answer.flood, 'a'));
  response.fields.add("Date", est::http::http_date(now));
  return response;
}

}  // namespace

Delivery plain_delivery(const Response& response, bool head_only) {
  Delivery delivery;
  delivery.octets = est::http::encode(response, head_only);
  return delivery;
}

Delivery delivery_of(const Answer& answer, Response good, const est::http::Request& request, const Places& places,
                     const std::vector<std::string>& challenges, est::UnixTime now) {
  Delivery delivery{{}, answer.delay, answer.pace, ending_of(answer)};
  if (answer.raw.empty()) {
    Response response = changed(answer, std::move(good), request, places, challenges, now);
    const bool body_follows = may_have_body(response.status) && request.method != "HEAD";
    if (delivery.ending != Ending::keep) response.fields.add("Connection", "close");
    const Bytes body = may_have_body(response.status) ? framed(response, answer.framing) : Bytes();
    delivery.octets = head_of(without(response, answer.without));
    if (body_follows) est::append(delivery.octets, body);
    if (answer.framing == "interim") delivery.octets.insert(delivery.octets.begin(), early_hints.begin(), early_hints.end());
  } else {
    delivery.octets = est::to_bytes(answer.raw);
  }
  const bool cuts = delivery.ending == Ending::cut || delivery.ending == Ending::reset;
  if (cuts) delivery.octets.resize(std::min(delivery.octets.size(), answer.ends_after));
  return delivery;
}

}  // namespace conformance::peer
