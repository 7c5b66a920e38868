// What a peer made of one message, held against our codec.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "fuzz/peer/peer.h"

namespace fuzz::peer {

class Comparison {
 public:
  // `differences`: folder that gets one message for each new pair of our first error (or "accepted") and the peer's verdict; empty: none.
  Comparison(std::unique_ptr<Peer> peer, std::string differences) : peer_(std::move(peer)), differences_(std::move(differences)) {}

  // An error when the peer broke its contract: died, or re-encoded a DER message to other octets.
  [[nodiscard]] est::Status look(Kind kind, est::BytesView der);

 private:
  std::unique_ptr<Peer> peer_;
  std::string differences_;
  std::set<std::pair<std::string, bool>> seen_;
};

}  // namespace fuzz::peer
