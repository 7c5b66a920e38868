// An est-server in this process, as est-server init sets it up, with one loop thread.
#pragma once

#include <memory>
#include <vector>

#include "bench/folder.h"
#include "est/http/auth.h"
#include "server/instance.h"

namespace bench {

class Peer {
 public:
  explicit Peer(const std::function<void(server::Config&)>& change = {});

  est::net::Endpoint address;
  std::vector<est::Bytes> anchors;
  est::tls::Identity identity;
  est::http::Credentials user;

  [[nodiscard]] server::Instance& instance() const { return *instance_; }

 private:
  Folder folder_;
  std::unique_ptr<server::Instance> instance_;
};

// The one that all share who change nothing.
[[nodiscard]] const Peer& peer();

}  // namespace bench
