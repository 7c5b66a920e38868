// A value that a reload replaces as a whole while requests go on with the one they began with. Threads: any.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace server {

template <class Value>
class Replaceable {
 public:
  explicit Replaceable(Value first = {}) : current_(std::make_shared<const Value>(std::move(first))) {}

  [[nodiscard]] std::shared_ptr<const Value> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  void replace(Value value) {
    auto fresh = std::make_shared<const Value>(std::move(value));
    const std::lock_guard lock(mutex_);
    current_.swap(fresh);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Value> current_;
};

}  // namespace server
