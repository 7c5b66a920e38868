// What the three peer targets share.
#pragma once

#include <memory>

#include "fuzz/peer/compare.h"
#include "fuzz/target.h"

namespace fuzz::peer {

// The one of this program; `replacement` takes its place.
Comparison& the_comparison(std::unique_ptr<Comparison> replacement = nullptr);

inline void run_peer(Kind kind, est::BytesView input) {
  const est::Status status = the_comparison().look(kind, input);
  require(status.ok(), status.ok() ? "" : status.error().message.c_str());
}

}  // namespace fuzz::peer
