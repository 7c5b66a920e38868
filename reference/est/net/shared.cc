#include "est/net/shared.h"

namespace est::net {

bool PeerTable::enter(const std::string& address) {
  const std::lock_guard lock(mutex_);
  std::size_t& count = counts_[address];
  if (count < most_) {
    ++count;
    return true;
  }
  if (count == 0) counts_.erase(address);
  return false;
}

void PeerTable::leave(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(address);
  if (found != counts_.end() && --found->second == 0) counts_.erase(found);
}

std::shared_ptr<const tls::ServerContext> Shared::current_context() {
  const std::lock_guard lock(mutex_);
  return context_;
}

void Shared::replace_context(std::shared_ptr<const tls::ServerContext> next) {
  const std::lock_guard lock(mutex_);
  context_.swap(next);
}

}  // namespace est::net
