// Property: a target that routes to an operation with a legal label is one whose canonical path routes back to the same place.
#include "est/base/bytes.h"
#include "est/ops/operation.h"
#include "fuzz/property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace ops = est::ops;
  const auto parsed = ops::parse_route(est::as_text({data, size}));
  const auto* route = std::get_if<ops::Route>(&parsed);
  if (route == nullptr) return 0;
  fuzz::require(route->label.empty() || ops::valid_label(route->label), "a routed label is legal");
  const auto again = ops::parse_route(ops::path_of(route->operation, route->label));
  const auto* same = std::get_if<ops::Route>(&again);
  fuzz::require(same != nullptr && same->operation == route->operation && same->label == route->label, "the canonical path routes back");
  return 0;
}
