#include "est/net/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace est::net {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t scratch_size = 16384;  // one TLS record
constexpr std::size_t events_at_once = 256;
constexpr int accepts_at_once = 32;
constexpr Milliseconds accept_pause{100};
constexpr Milliseconds linger_span{2000};

// What epoll hands back: small numbers are the bell and the listeners, the rest are connections.
constexpr std::uint64_t bell_id = 0;
constexpr std::uint64_t first_listener_id = 1;
constexpr std::uint64_t first_connection_id = 1U << 16U;

std::uint64_t next_connection_id() {
  static std::atomic<std::uint64_t> last{first_connection_id};
  return ++last;
}

// The process or the machine has run out of something: trying again at once would spin.
bool is_shortage(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

}  // namespace

Result<std::unique_ptr<Loop>> Loop::make(Shared& shared, const std::vector<Socket>& listeners) {
  Socket poll(epoll_create1(EPOLL_CLOEXEC));
  Socket bell(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!poll || !bell) return Error{"cannot make an event loop: " + error_text(errno)};
  std::unique_ptr<Loop> loop(new Loop(shared, listeners, std::move(poll), std::move(bell)));
  if (Status status = loop->watch(loop->mailbox_->descriptor(), EPOLLIN, bell_id); !status) return status.error();
  return loop;
}

Loop::Loop(Shared& shared, const std::vector<Socket>& listeners, Socket poll, Socket bell)
    : shared_(shared),
      listeners_(listeners),
      poll_(std::move(poll)),
      mailbox_(std::make_shared<Mailbox>(std::move(bell))),
      scratch_(scratch_size) {}

Loop::~Loop() {
  while (!guests_.empty()) drop(*guests_.begin()->second);
}

Status Loop::watch(int descriptor, std::uint32_t events, std::uint64_t id) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (epoll_ctl(poll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) return Error{"epoll: " + error_text(errno)};
  return {};
}

void Loop::run() {
  listen();
  std::vector<epoll_event> events(events_at_once);
  while (!shared_.stopping.load()) {
    if (shared_.draining.load() && !drain_end_) start_drain();
    if (drain_end_ && (guests_.empty() || steady_clock::now() >= *drain_end_)) return;
    const int count = epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), time_left(steady_clock::now()));
    // Deadlines are measured before the events are served: whoever was heard in time is not blamed for the time that takes.
    const Time now = steady_clock::now();
    for (int i = 0; i < count; ++i) handle(events[static_cast<std::size_t>(i)].data.u64);
    take_turns();
    expire(now);
    if (listen_again_ && now >= *listen_again_) listen();
  }
}

void Loop::handle(std::uint64_t id) {
  if (id == bell_id) {
    return take_letters();
  }
  if (id < first_connection_id) return accept_from(listeners_[id - first_listener_id]);
  const auto found = guests_.find(id);
  // An event may outlive its connection within one batch.
  if (found != guests_.end()) obey(*found->second, found->second->connection.advance(scratch_));
}

// Whatever was put stays one ring until it is taken.
void Mailbox::put(std::uint64_t connection, Errand finish) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = letters_.empty();
    letters_.emplace_back(connection, std::move(finish));
  }
  if (first) ring();
}

void Mailbox::ring() const { static_cast<void>(eventfd_write(bell_.get(), 1)); }

Mailbox::Letters Mailbox::take() {
  eventfd_t rung = 0;
  static_cast<void>(eventfd_read(bell_.get(), &rung));
  const std::lock_guard lock(mutex_);
  return std::exchange(letters_, {});
}

// What was done shows in the application's log, so its end is made also for a connection that is gone.
void Loop::take_letters() {
  for (auto& [id, finish] : mailbox_->take()) {
    Reply reply = reply_of(finish, shared_.log);
    const auto found = guests_.find(id);
    if (found == guests_.end()) continue;
    found->second->connection.errand_done(std::move(reply));
    obey(*found->second, found->second->connection.advance(scratch_));
  }
}

void Loop::take_turns() {
  for (const std::uint64_t id : std::exchange(turns_, {})) {
    const auto found = guests_.find(id);
    if (found == guests_.end()) continue;
    found->second->waiting_turn = false;
    obey(*found->second, found->second->connection.advance(scratch_));
  }
}

void Loop::obey(Guest& guest, Connection::Wish wish) {
  switch (wish) {
    case Connection::Wish::read:
      set_interest(guest, EPOLLIN);
      break;
    case Connection::Wish::write:
      set_interest(guest, EPOLLOUT);
      break;
    case Connection::Wish::again:
      if (!std::exchange(guest.waiting_turn, true)) turns_.push_back(guest.connection.id());
      break;
    case Connection::Wish::reply:
      return keep_waiting(guest);
    case Connection::Wish::drop:
      return drop(guest);
  }
  keep_deadline(guest);
}

// Most clients are silent until they have their reply: only one that is not costs a change of interest, which leaves errors and hang-ups.
void Loop::keep_waiting(Guest& guest) {
  const Begun work = guest.connection.take_work();
  if (std::holds_alternative<Reply>(work)) {
    set_interest(guest, 0);
  } else if (!send_out(guest, work)) {
    guest.connection.turn_away();
    return obey(guest, guest.connection.advance(scratch_));
  }
  keep_deadline(guest);
}

// False: the workers have too much to do.
bool Loop::send_out(const Guest& guest, const Begun& work) {
  const std::uint64_t id = guest.connection.id();
  if (const auto* deferred = std::get_if<Deferred>(&work)) {
    start(
        *deferred, [mailbox = mailbox_, id](Errand finish) { mailbox->put(id, std::move(finish)); }, shared_.log);
    return true;
  }
  return shared_.workers.add([mailbox = mailbox_, id, errand = std::get<Errand>(work), &log = shared_.log] {
    mailbox->put(id, [reply = reply_of(errand, log)]() mutable { return std::move(reply); });
  });
}

void Loop::set_interest(Guest& guest, std::uint32_t events) {
  if (guest.interest == events) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = guest.connection.id();
  if (epoll_ctl(poll_.get(), EPOLL_CTL_MOD, guest.connection.descriptor(), &event) == 0) guest.interest = events;
}

// --- accepting

// EPOLLEXCLUSIVE wakes one loop per connection, not all. A shared listener, unlike SO_REUSEPORT, lets no second process slip in.
void Loop::listen() {
  listen_again_.reset();
  listening_ = true;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    const Status status = watch(listeners_[i].get(), EPOLLIN | EPOLLEXCLUSIVE, first_listener_id + i);
    if (!status) shared_.log.write(LogLevel::error, "listener.watch", {{"error", status.error().message}});
  }
}

void Loop::pause_listening() {
  if (!std::exchange(listening_, false)) return;
  for (const Socket& listener : listeners_) epoll_ctl(poll_.get(), EPOLL_CTL_DEL, listener.get(), nullptr);
}

void Loop::accept_from(const Socket& listener) {
  for (int i = 0; i < accepts_at_once && listening_; ++i) {
    SocketAddress from;
    Socket socket(accept4(listener.get(), from.get(), &from.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      ++shared_.accepted;
      admit(std::move(socket), from);
      continue;
    }
    const int error = errno;
    if (is_shortage(error)) {
      shared_.log.write(LogLevel::warning, "listener.paused", {{"error", error_text(error)}});
      pause_listening();
      listen_again_ = steady_clock::now() + accept_pause;
    }
    // Everything else concerns one connection that is gone already (accept(2)); EAGAIN ends the round.
    if (error == EAGAIN || is_shortage(error)) return;
  }
}

void Loop::admit(Socket socket, const SocketAddress& from) {
  Stopwatch accepting(shared_.timers, TimedPhase::accept);
  const std::string host = from.endpoint().host;
  if (++shared_.open > shared_.limits.connections || !shared_.peers.enter(host)) {
    --shared_.open;
    ++shared_.refused;
    return socket.reset();
  }
  auto owned = std::make_unique<Guest>(next_connection_id(), std::move(socket), from, shared_);
  Guest& guest = *owned;
  guest.host = host;
  guest.place = queues_.front().insert(queues_.front().end(), &guest);
  guests_.emplace(guest.connection.id(), std::move(owned));
  guest.deadline = steady_clock::now() + span_of(guest.connection.phase());
  guest.interest = EPOLLIN;
  Status status = guest.connection.begin();
  if (status) status = watch(guest.connection.descriptor(), guest.interest, guest.connection.id());
  if (status) return accepting.stop();  // the ClientHello is an event
  shared_.log.write(LogLevel::error, "connection.failed", {{"error", status.error().message}});
  drop(guest);
}

void Loop::drop(Guest& guest) {
  queues_.at(guest.queue).erase(guest.place);
  shared_.peers.leave(guest.host);
  --shared_.open;
  guests_.erase(guest.connection.id());  // closes the socket, which takes it out of epoll
}

// --- time

Milliseconds Loop::span_of(Phase phase) const {
  switch (phase) {
    case Phase::handshake:
    case Phase::certificate:
      return shared_.limits.handshake;
    case Phase::idle:
      return shared_.limits.idle;
    case Phase::head:
      return shared_.limits.head;
    case Phase::body:
      return shared_.limits.body;
    case Phase::errand:
      return shared_.limits.errand;
    case Phase::write:
      return shared_.limits.write;
    case Phase::linger:
      break;
  }
  return linger_span;
}

void Loop::keep_deadline(Guest& guest) {
  if (guest.seen_phase == guest.connection.phase_number()) return;
  guest.seen_phase = guest.connection.phase_number();
  const auto queue = static_cast<std::size_t>(guest.connection.phase());
  queues_.at(queue).splice(queues_.at(queue).end(), queues_.at(guest.queue), guest.place);
  guest.queue = queue;
  guest.deadline = steady_clock::now() + span_of(guest.connection.phase());
}

int Loop::time_left(Time now) const {
  if (!turns_.empty()) return 0;
  std::optional<Time> next = listen_again_;
  const auto consider = [&](Time time) { next = next ? std::min(*next, time) : time; };
  if (drain_end_) consider(*drain_end_);
  for (const Queue& queue : queues_) {
    if (!queue.empty()) consider(queue.front()->deadline);
  }
  if (!next) return -1;
  // Rounded up: waking a moment early would only turn in a circle.
  const auto left = std::chrono::ceil<Milliseconds>(*next - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60000));
}

void Loop::expire(Time now) {
  for (Queue& queue : queues_) {
    while (!queue.empty() && queue.front()->deadline <= now) {
      Guest& guest = *queue.front();
      obey(guest, guest.connection.expire(scratch_));
    }
  }
}

void Loop::start_drain() {
  pause_listening();
  listen_again_.reset();
  drain_end_ = steady_clock::now() + shared_.limits.drain;
  std::vector<Guest*> all;
  all.reserve(guests_.size());
  for (const auto& [id, guest] : guests_) all.push_back(guest.get());
  for (Guest* guest : all) obey(*guest, guest->connection.wind_up(scratch_));
}

}  // namespace est::net
