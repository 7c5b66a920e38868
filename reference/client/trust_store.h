// The explicit trust anchor database on disk (RFC 7030 3.6, 4.1.3): a folder of its own for each EST server.
//
//   explicit.pem        the anchors the server's /cacerts gave; as soon as it is there, implicit anchors count no more
//   intermediates.pem   the other certificates of that answer, for path building
//   state.json          whether servers are to be told (RFC 6066 6), where the anchors came from and when
//
// explicit.pem is written last, so an interrupted change leaves the old state.
#pragma once

#include <string>
#include <vector>

#include "client/ca_set.h"
#include "client/server_check.h"
#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"

namespace client {

class TrustStore {
 public:
  // A folder that does not exist is an empty store; it is made when something is stored. Errors name the file and the cure.
  [[nodiscard]] static est::Result<TrustStore> open(const std::string& folder);

  // The server's anchors are known: implicit ones are disabled.
  [[nodiscard]] bool complete() const noexcept { return !anchors_.empty(); }
  [[nodiscard]] const std::vector<est::Bytes>& anchors() const noexcept { return anchors_; }

  struct Origin {
    std::string url;            // of /cacerts
    Basis basis = Basis::none;  // how the server was authorised; none: a person or fingerprint confirmed the root
    est::UnixTime at = 0;
  };
  // Replaces what is there: earlier anchors go, except those that `set` keeps by rollover certificates.
  [[nodiscard]] est::Status replace(const CaSet& set, const Origin& origin);

  // What is stored, beside what the user configured: `configured.explicit_anchors` always count, `configured.implicit_anchors` only until
  // the store is complete.
  [[nodiscard]] Trust with(Trust configured) const;
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  explicit TrustStore(std::string folder) : folder_(std::move(folder)) {}
  est::Status read_state();

  std::string folder_;
  std::vector<est::Bytes> anchors_;
  std::vector<est::Bytes> intermediates_;
  bool indicate_ = false;
};

}  // namespace client
