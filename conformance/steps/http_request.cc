#include "conformance/steps/http_request.h"

#include <algorithm>

#include "est/http/message.h"

namespace conformance::steps {
namespace {

constexpr std::string_view user_agent = "estspec/" ESTSPEC_VERSION;

// What `transfer` may ask of chunks beyond their being there (RFC 9112 7.1).
struct ChunkStyle {
  bool extensions = false;
  bool trailers = false;
  bool odd_sizes = false;  // leading zeros, capital digits, a first chunk of one octet
};

ChunkStyle chunk_style(const std::string& transfer) {
  return {transfer == "chunked-extensions", transfer == "chunked-trailers", transfer == "chunked-odd-sizes"};
}

std::string chunk_size_line(std::size_t size, const ChunkStyle& style) {
  const std::string_view digits = style.odd_sizes ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string line;
  for (std::size_t rest = size; rest > 0; rest /= 16) line.insert(line.begin(), digits[rest % 16]);
  if (size == 0) line = "0";
  if (style.odd_sizes) line.insert(0, "000");
  if (style.extensions) line += ";estspec;part=\"a;b\"";
  return line + "\r\n";
}

est::Bytes chunked(est::BytesView body, const ChunkStyle& style) {
  // Three chunks at least, so that a receiver has to put them together.
  constexpr std::size_t pieces = 3;
  const std::size_t step = std::max<std::size_t>(1, (body.size() + pieces - 1) / pieces);
  est::Bytes framed;
  for (std::size_t at = 0; at < body.size();) {
    const auto chunk = body.subspan(at, std::min(style.odd_sizes && at == 0 ? 1 : step, body.size() - at));
    est::append(framed, chunk_size_line(chunk.size(), style));
    est::append(framed, chunk);
    est::append(framed, "\r\n");
    at += chunk.size();
  }
  est::append(framed, chunk_size_line(0, style));
  // Fields that would do harm if a receiver took them for header fields.
  if (style.trailers) est::append(framed, "X-Estspec-Trailer: end\r\nContent-Type: text/plain\r\n");
  est::append(framed, "\r\n");
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
  request.fields.add("Host", host_field(doing));
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
  const std::string transfer = doing.parameters.text("transfer", "length");
  const bool by_chunks = transfer != "length";
  est::http::Request request = message_of(doing, line, by_chunks);
  const bool has_body = !line.content_type.empty() || !body.empty();
  if (has_body && !by_chunks) request.fields.add("Content-Length", std::to_string(body.size()));
  if (const auto* headers = doing.parameters.map("headers")) apply_headers(*headers, request.fields);
  RequestOctets octets;
  // The library frames a message without a body; a Content-Length that the script removed must stay away.
  octets.head = est::to_bytes(line.method + " " + line.target + " HTTP/1.1\r\n");
  for (const auto& field : request.fields.list()) est::append(octets.head, field.name + ": " + field.value + "\r\n");
  est::append(octets.head, "\r\n");
  octets.body = by_chunks ? chunked(body, chunk_style(transfer)) : est::to_bytes(body);
  return octets;
}

}  // namespace conformance::steps
