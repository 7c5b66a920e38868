#include "conformance/campaign/case.h"

#include <array>

#include "est/codec/base64.h"

namespace conformance::campaign {

using engine::Json;

namespace {

constexpr std::array<std::string_view, layers> layer_names{"request", "transfer", "framing", "authorization", "order", "session"};
constexpr std::size_t line_length = 64;

Json to_json(const Message& message) {
  return {{"method", engine::to_utf8(message.method)},
          {"target", engine::to_base64(est::as_bytes(message.target))},
          {"head", engine::to_base64(est::as_bytes(message.head))},
          {"end", engine::to_base64(est::as_bytes(message.end))},
          {"authorization", message.authorization},
          {"measured", message.measured},
          {"request", engine::to_base64(message.request)},
          {"encoded", message.encoded},
          {"body", engine::to_base64(message.body)},
          {"behind", engine::to_base64(message.behind)},
          {"connection", message.connection},
          {"certificate", message.certificate},
          {"finish", message.finish},
          {"withheld", message.withheld},
          {"pieces", message.pieces},
          {"no-certificate", message.no_certificate}};
}

Message message_from_json(engine::JsonReader& reader) {
  Message message;
  message.method = reader.text("method");
  message.target = est::to_string(reader.octets("target"));
  message.head = est::to_string(reader.octets("head"));
  message.end = est::to_string(reader.octets("end"));
  message.authorization = reader.text("authorization");
  message.measured = reader.boolean("measured");
  message.request = reader.octets("request");
  message.encoded = reader.boolean("encoded");
  message.body = reader.octets("body");
  message.behind = reader.octets("behind");
  message.connection = reader.text("connection");
  message.certificate = reader.boolean("certificate");
  message.finish = reader.text("finish");
  message.withheld = static_cast<std::size_t>(reader.integer("withheld", 0, std::int64_t{1} << 30));
  message.pieces = static_cast<std::size_t>(reader.integer("pieces", 1, 1000));
  message.no_certificate = reader.text("no-certificate");
  return message;
}

}  // namespace

std::string_view to_string(Layer layer) noexcept { return layer_names.at(static_cast<std::size_t>(layer)); }

std::optional<Layer> layer_by_name(std::string_view name) {
  for (std::size_t i = 0; i < layers; ++i)
    if (layer_names.at(i) == name) return static_cast<Layer>(i);
  return std::nullopt;
}

est::Bytes octets_of(const Message& message, std::string_view authorization) {
  est::Bytes body = message.body;
  if (message.encoded) body = est::to_bytes(est::codec::encode_base64(message.request, line_length, "\r\n"));
  est::Bytes octets = est::to_bytes(message.head);
  if (!authorization.empty()) est::append(octets, "Authorization: " + std::string(authorization) + "\r\n");
  if (message.measured && !body.empty()) est::append(octets, "Content-Length: " + std::to_string(body.size()) + "\r\n");
  est::append(octets, message.end);
  est::append(octets, body);
  est::append(octets, message.behind);
  octets.resize(octets.size() - std::min(octets.size(), message.withheld));
  return octets;
}

Json to_json(const Case& one) {
  Json messages = Json::array();
  for (const Message& message : one.messages) messages.push_back(to_json(message));
  return {{"seed", one.seed},   {"index", one.index},     {"layer", to_string(one.layer)},
          {"words", one.words}, {"parents", one.parents}, {"messages", std::move(messages)}};
}

est::Result<Case> case_from_json(const Json& json, const std::string& where) {
  if (!json.is_object()) return est::Error{where + ": no case; it must be a JSON object"};
  Case one;
  engine::JsonReader reader(json, where);
  one.seed = static_cast<std::uint64_t>(reader.integer("seed"));
  one.index = static_cast<std::uint64_t>(reader.integer("index"));
  one.words = reader.texts("words");
  const auto layer = layer_by_name(reader.text("layer"));
  const Json* messages = reader.list("messages");
  if (!reader.problem().empty()) return est::Error{reader.problem()};
  if (!layer || messages == nullptr || messages->empty()) return est::Error{where + ": no case; 'layer' or 'messages' is missing"};
  one.layer = *layer;
  for (const Json& each : *messages) {
    if (!each.is_object()) return est::Error{where + ": a message is no JSON object"};
    engine::JsonReader inner(each, where);
    one.messages.push_back(message_from_json(inner));
    if (!inner.problem().empty()) return est::Error{inner.problem()};
  }
  return one;
}

}  // namespace conformance::campaign
