// What an EST operation is: path, label, method, media types (RFC 7030 3.2.2 - 3.2.4).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace est::ops {

enum class Operation { cacerts, csrattrs, simpleenroll, simplereenroll, serverkeygen, fullcmc };

inline constexpr std::array all_operations{Operation::cacerts,        Operation::csrattrs,     Operation::simpleenroll,
                                           Operation::simplereenroll, Operation::serverkeygen, Operation::fullcmc};

[[nodiscard]] std::string_view to_string(Operation operation) noexcept;              // the path segment: "simpleenroll"
[[nodiscard]] std::optional<Operation> operation_by_name(std::string_view segment);  // case-sensitive
[[nodiscard]] std::string_view method_of(Operation operation) noexcept;              // "GET" or "POST"
[[nodiscard]] std::string_view request_media_type(Operation operation) noexcept;     // empty for GET

inline constexpr std::string_view well_known = "/.well-known/est";

// RFC 7030 3.2.2: a label is one path segment of unreserved and sub-delims characters (decoded form), 1 to 128 octets,
// not an operation name, neither "." nor "..".
[[nodiscard]] bool valid_label(std::string_view label) noexcept;
// An invalid label is percent-encoded where need be, so that the path stays one path (the suite sends such labels on purpose).
[[nodiscard]] std::string path_of(Operation operation, std::string_view label = {});

struct Route {
  Operation operation = Operation::cacerts;
  std::string label;  // empty: none
};
enum class RouteError { not_est, unknown_operation, bad_label };
// `target` is a request target in origin-form or absolute-form; a query is ignored; percent-encoding is decoded per segment.
// Exactly "/.well-known/est/OPERATION" and "/.well-known/est/LABEL/OPERATION" are routes: dot segments are not resolved, empty
// segments (a trailing slash too) and further ones give unknown_operation, an ill-formed target gives not_est.
[[nodiscard]] std::variant<Route, RouteError> parse_route(std::string_view target);

}  // namespace est::ops
