#include "est/ops/operation.h"

#include <algorithm>
#include <vector>

#include "est/base/text.h"
#include "est/http/values.h"

namespace est::ops {
namespace {

constexpr std::size_t longest_label = 128;
// RFC 3986 2.2 and 2.3
constexpr std::string_view label_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=";

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (label_characters.find(c) != std::string_view::npos) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return encoded;
}

// The decoded segments after "/"; nothing if one cannot be decoded.
std::optional<std::vector<std::string>> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  for (const std::string_view raw : split(path.substr(1), '/')) {
    auto segment = http::percent_decode(raw);
    if (!segment) return std::nullopt;
    segments.push_back(std::move(*segment));
  }
  return segments;
}

}  // namespace

std::string_view to_string(Operation operation) noexcept {
  switch (operation) {
    case Operation::cacerts:
      return "cacerts";
    case Operation::csrattrs:
      return "csrattrs";
    case Operation::simpleenroll:
      return "simpleenroll";
    case Operation::simplereenroll:
      return "simplereenroll";
    case Operation::serverkeygen:
      return "serverkeygen";
    case Operation::fullcmc:
      return "fullcmc";
  }
  return "";
}

std::optional<Operation> operation_by_name(std::string_view segment) {
  const auto* const found =
      std::find_if(all_operations.begin(), all_operations.end(), [&](Operation operation) { return to_string(operation) == segment; });
  if (found == all_operations.end()) return std::nullopt;
  return *found;
}

std::string_view method_of(Operation operation) noexcept {
  return operation == Operation::cacerts || operation == Operation::csrattrs ? "GET" : "POST";
}

std::string_view request_media_type(Operation operation) noexcept {
  if (method_of(operation) == "GET") return "";
  return operation == Operation::fullcmc ? "application/pkcs7-mime; smime-type=CMC-request" : "application/pkcs10";
}

bool valid_label(std::string_view label) noexcept {
  if (label.empty() || label.size() > longest_label || label == "." || label == "..") return false;
  return label.find_first_not_of(label_characters) == std::string_view::npos && !operation_by_name(label);
}

std::string path_of(Operation operation, std::string_view label) {
  std::string path(well_known);
  if (!label.empty()) path += "/" + percent_encode(label);
  return path + "/" + std::string(to_string(operation));
}

// path = "/.well-known/est" [ "/" label ] "/" operation
std::variant<Route, RouteError> parse_route(std::string_view target) {
  const auto parsed = http::parse_target(target);
  const auto segments = parsed ? segments_of(parsed->path) : std::nullopt;
  if (!segments || segments->size() < 2 || (*segments)[0] != ".well-known" || (*segments)[1] != "est") return RouteError::not_est;
  if (segments->size() < 3 || segments->size() > 4) return RouteError::unknown_operation;
  const auto operation = operation_by_name(segments->back());
  if (!operation) return RouteError::unknown_operation;
  if (segments->size() == 3) return Route{*operation, {}};
  if (!valid_label((*segments)[2])) return RouteError::bad_label;
  return Route{*operation, (*segments)[2]};
}

}  // namespace est::ops
