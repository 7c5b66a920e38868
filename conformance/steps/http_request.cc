#include "conformance/steps/http_request.h"

#include <algorithm>

#include "est/http/message.h"

namespace conformance::steps {
namespace {

constexpr std::string_view user_agent = "estspec/" ESTSPEC_VERSION;

est::Bytes chunked(est::BytesView body) {
  // Three chunks, so that a receiver has to put them together.
  constexpr std::size_t pieces = 3;
  constexpr std::string_view digits = "0123456789abcdef";
  const std::size_t step = std::max<std::size_t>(1, (body.size() + pieces - 1) / pieces);
  est::Bytes framed;
  for (std::size_t at = 0; at < body.size(); at += step) {
    const auto chunk = body.subspan(at, std::min(step, body.size() - at));
    std::string size;
    for (std::size_t rest = chunk.size(); rest > 0; rest /= 16) size.insert(size.begin(), digits[rest % 16]);
    est::append(framed, size + "\r\n");
    est::append(framed, chunk);
    est::append(framed, "\r\n");
  }
  est::append(framed, "0\r\n\r\n");
  return framed;
}

// YAML's null takes a field away; any other value replaces all fields of that name.
void apply_headers(const engine::Json& headers, est::http::Fields& fields) {
  for (const auto& [name, value] : headers.items()) {
    fields.remove(name);
    if (value.is_null()) continue;
    fields.add(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

est::http::Request message_of(const Doing& doing, const RequestLine& line, bool by_chunks) {
  const Parameters& parameters = doing.parameters;
  est::http::Request request;
  request.method = line.method;
  request.target = line.target;
  request.fields.add("Host", host_field(doing.context.profile));
  request.fields.add("User-Agent", std::string(user_agent));
  request.fields.add("Accept", parameters.text("accept", "*/*"));
  const std::string type = parameters.text("content-type", line.content_type);
  if (!type.empty() && type != "none") request.fields.add("Content-Type", type);
  if (!line.authorization.empty()) request.fields.add("Authorization", line.authorization);
  if (parameters.flag("expect-continue", false)) request.fields.add("Expect", "100-continue");
  if (by_chunks) request.fields.add("Transfer-Encoding", "chunked");
  for (const auto& [name, value] : doing.context.profile.request_headers) request.fields.set(name, value);
  return request;
}

}  // namespace

est::Bytes RequestOctets::whole() const {
  est::Bytes all = head;
  est::append(all, body);
  return all;
}

RequestOctets compose_request(const Doing& doing, const RequestLine& line, est::BytesView body) {
  const bool by_chunks = doing.parameters.text("transfer", "length") == "chunked";
  est::http::Request request = message_of(doing, line, by_chunks);
  const bool has_body = !line.content_type.empty() || !body.empty();
  if (has_body && !by_chunks) request.fields.add("Content-Length", std::to_string(body.size()));
  if (const auto* headers = doing.parameters.map("headers")) apply_headers(*headers, request.fields);
  RequestOctets octets;
  // The library frames a message without a body; a Content-Length that the script removed must stay away.
  octets.head = est::to_bytes(line.method + " " + line.target + " HTTP/1.1\r\n");
  for (const auto& field : request.fields.list()) est::append(octets.head, field.name + ": " + field.value + "\r\n");
  est::append(octets.head, "\r\n");
  octets.body = by_chunks ? chunked(body) : est::to_bytes(body);
  return octets;
}

}  // namespace conformance::steps
