// EST URIs: a target that routes to an operation has a legal label, and its canonical path routes back to the same place; what is in the
// path is what the target parser says.
#include "est/base/bytes.h"
#include "est/http/values.h"
#include "est/ops/operation.h"
#include "fuzz/target.h"

FUZZ_TARGET(route) {
  namespace ops = est::ops;
  const std::string_view text = est::as_text(input);
  const auto target = est::http::parse_target(text);
  const auto parsed = ops::parse_route(text);
  fuzz::require(!target || (!target->path.empty() && target->path.front() == '/'), "a path begins with a slash");
  const auto* route = std::get_if<ops::Route>(&parsed);
  if (route == nullptr) return;
  fuzz::require(target.has_value(), "what routes is a target");
  fuzz::require(route->label.empty() || ops::valid_label(route->label), "a routed label is legal");
  const auto again = ops::parse_route(ops::path_of(route->operation, route->label));
  const auto* same = std::get_if<ops::Route>(&again);
  fuzz::require(same != nullptr && same->operation == route->operation && same->label == route->label, "the canonical path routes back");
}
