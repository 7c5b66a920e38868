// Inside est/net only: one thread's event loop. It takes connections from the listeners all loops share and keeps them for life.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "est/net/connection.h"
#include "est/net/shared.h"
#include "est/net/socket.h"

namespace est::net {

// Where what others have done for a loop's connections waits for the loop. Shared: whoever hands over may be later than the loop's end.
// Threads: any.
class Mailbox {
 public:
  using Letters = std::vector<std::pair<std::uint64_t, Errand>>;  // the connection, and what makes its reply

  explicit Mailbox(Socket bell) : bell_(std::move(bell)) {}
  void put(std::uint64_t connection, Errand finish);
  void ring() const;
  [[nodiscard]] Letters take();  // and stops the ringing
  [[nodiscard]] int descriptor() const noexcept { return bell_.get(); }

 private:
  Socket bell_;
  std::mutex mutex_;
  Letters letters_;
};

class Loop {
 public:
  // `listeners` must outlive the loop.
  [[nodiscard]] static Result<std::unique_ptr<Loop>> make(Shared& shared, const std::vector<Socket>& listeners);
  ~Loop();
  // Until Shared::stopping, or Shared::draining and nothing is left to do. One thread.
  void run();
  // Makes the loop look at Shared's flags. Any thread.
  void wake() const { mailbox_->ring(); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Guest;
  using Queue = std::list<Guest*>;  // each phase has one span, so a queue per phase is always in order of deadlines
  struct Guest {
    Guest(std::uint64_t id, Socket socket, const SocketAddress& from, Shared& shared) : connection(id, std::move(socket), from, shared) {}
    Connection connection;
    std::string host;
    std::uint32_t interest = 0;
    std::uint64_t seen_phase = 0;  // Connection::phase_number() when the deadline was set
    std::size_t queue = 0;
    Queue::iterator place;
    Time deadline;
    bool waiting_turn = false;
  };

  Loop(Shared& shared, const std::vector<Socket>& listeners, Socket poll, Socket bell);
  [[nodiscard]] Status watch(int descriptor, std::uint32_t events, std::uint64_t id) const;
  void listen();
  void pause_listening();
  void accept_from(const Socket& listener);
  void admit(Socket socket, const SocketAddress& from);
  void handle(std::uint64_t id);
  void take_turns();
  void take_letters();
  void expire(Time now);
  void start_drain();
  void obey(Guest& guest, Connection::Wish wish);
  void keep_waiting(Guest& guest);
  [[nodiscard]] bool send_out(const Guest& guest, const Begun& work);
  void set_interest(Guest& guest, std::uint32_t events);
  void keep_deadline(Guest& guest);
  void drop(Guest& guest);
  [[nodiscard]] int time_left(Time now) const;
  [[nodiscard]] Milliseconds span_of(Phase phase) const;

  Shared& shared_;
  const std::vector<Socket>& listeners_;
  Socket poll_;
  std::shared_ptr<Mailbox> mailbox_;
  Bytes scratch_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Guest>> guests_;
  std::array<Queue, phase_count> queues_;
  std::vector<std::uint64_t> turns_;  // connections that have more to do at once
  bool listening_ = false;
  std::optional<Time> listen_again_;  // when accepting is paused for want of descriptors
  std::optional<Time> drain_end_;
};

}  // namespace est::net
