// From an answer of a script to the octets on the wire and how they go out. Pure.
#pragma once

#include <string>
#include <vector>

#include "conformance/peer/script.h"
#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/http/message.h"

namespace conformance::peer {

enum class Ending { keep, close, cut, reset };

struct Delivery {
  est::Bytes octets;
  est::Milliseconds delay{0};
  Pace pace;
  Ending ending = Ending::keep;
};

// Addresses as in a URI: "localhost:8443".
struct Places {
  std::string own, other, nowhere;
};

// `good` is what the service would answer. `challenges`: of the answer, filled in.
[[nodiscard]] Delivery delivery_of(const Answer& answer, est::http::Response good, const est::http::Request& request, const Places& places,
                                   const std::vector<std::string>& challenges, est::UnixTime now);

// A response as it is, with the framing its fields ask for.
[[nodiscard]] Delivery plain_delivery(const est::http::Response& response, bool head_only);

}  // namespace conformance::peer
