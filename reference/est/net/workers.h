// Inside est/net only: the threads that run errands, in the order they came.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace est::net {

// Threads: any, once started.
class Workers {
 public:
  using Job = std::function<void()>;  // must let no exception out

  Workers() = default;
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers() { stop(); }

  // Throws std::system_error when there are no more threads to be had. Call once, first.
  void start(unsigned count);
  [[nodiscard]] bool none() const noexcept { return threads_.empty(); }
  // False, and the job is gone, when so many wait that this one would come too late to be of use: whoever asked is better told now.
  [[nodiscard]] bool add(Job job);
  static constexpr std::size_t most_waiting_each = 64;  // jobs that may wait, for each thread
  // Forgets what has not begun, and waits for what has.
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace est::net
