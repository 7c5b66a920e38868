#include "conformance/peer/scripted_server.h"

#include <algorithm>
#include <thread>

#include "conformance/peer/record.h"
#include "est/tls/key_log.h"

namespace conformance::peer {

SeenConnection* Record::begin(bool other, std::string peer) {
  const std::lock_guard lock(mutex_);
  if (connections_.size() >= most_connections) return nullptr;
  SeenConnection& seen = connections_.emplace_back();
  seen.number = ++number_;
  seen.other = other;
  seen.began = std::chrono::steady_clock::now();
  seen.peer = std::move(peer);
  return &seen;
}

void Record::change(SeenConnection& seen, const std::function<void(SeenConnection&)>& how) {
  const std::lock_guard lock(mutex_);
  how(seen);
}

std::vector<SeenConnection> Record::all() const {
  const std::lock_guard lock(mutex_);
  return {connections_.begin(), connections_.end()};
}

std::vector<SeenConnection> Record::take() {
  const std::lock_guard lock(mutex_);
  std::vector<SeenConnection> taken(connections_.begin(), connections_.end());
  std::erase_if(connections_, [](const SeenConnection& one) { return one.over; });
  for (SeenConnection& living : connections_) {
    living.continued = true;
    living.requests.clear();
  }
  return taken;
}

bool Record::busy() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(connections_.begin(), connections_.end(), [](const SeenConnection& one) {
    const bool handshaking = !one.over && !one.tls && !one.failure;
    return handshaking ||
           std::any_of(one.requests.begin(), one.requests.end(), [](const SeenRequest& request) { return !request.ended_it; });
  });
}

std::shared_ptr<Act> Shared::act() const {
  const std::lock_guard lock(mutex_);
  return act_;
}

void Shared::play(std::shared_ptr<Act> act) {
  const std::lock_guard lock(mutex_);
  act_ = std::move(act);
}

void Stopper::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

void Stopper::pause(est::Milliseconds span) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, span, [&] { return stopped_.load(); });
}

std::pair<Answer, int> Act::next(const std::string& operation) {
  const auto list = script.answers.find(operation);
  if (list == script.answers.end()) return {Answer{}, 0};
  const std::lock_guard lock(mutex_);
  const std::size_t turn = turns_[operation]++;
  return {list->second[std::min(turn, list->second.size() - 1)], static_cast<int>(turn + 1)};
}

namespace {

// Security level 0 where the script wants what the usual one forbids.
std::string suites_of(const Script& script) {
  const bool weak = script.identity == "weak-key" || script.identity == "sha1" || script.tls.least < est::tls::Version::tls12;
  if (!weak || script.tls.suites.find("@SECLEVEL") != std::string::npos) return script.tls.suites;
  return (script.tls.suites.empty() ? "DEFAULT" : script.tls.suites) + ":@SECLEVEL=0";
}

est::Result<std::shared_ptr<const est::tls::ServerContext>> context_of(const Script& script, const Pki& pki, bool taps) {
  auto identity = pki.server(script.identity);
  if (!identity) return identity.error();
  est::tls::ServerProfile profile;
  profile.identity = std::move(*identity);
  profile.least = script.tls.least;
  profile.most = script.tls.most;
  profile.suites = suites_of(script);
  profile.client_certificate = script.tls.client_certificate;
  profile.client_ca_certificates = {pki.issuing(), pki.anchor()};
  profile.resumption = script.tls.resumption;
  if (taps) profile.last_touch = est::tls::allow_key_log;
  return est::tls::ServerContext::make(profile);
}

}  // namespace

struct ScriptedServer::Impl {
  // `common`: the record of the script's first server; null for that one itself.
  Impl(Script script, const Pki& pki, est::http::Credentials credentials, const ServerOptions& options, Record* common)
      : own_record(common == nullptr ? std::make_unique<Record>() : nullptr),
        shared(pki, std::move(credentials), options, common == nullptr ? *own_record : *common),
        first(std::move(script)),
        other_one(common != nullptr) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { end(); }

  struct Guest {
    est::net::AcceptedConnection connection;
    SeenConnection* seen = nullptr;
    std::thread thread;
    bool done = false;  // guarded by the mutex
  };

  void accept_all() {
    while (!shared.stopper.stopped()) {
      if (!listener->wait(est::Deadline::after(std::chrono::hours(1)))) continue;
      const std::lock_guard lock(mutex);  // settle() sees a client either wait or be a guest
      auto connection = listener->accept(est::Deadline::after(est::Milliseconds(0)));
      if (connection && !shared.stopper.stopped()) admit(std::move(*connection));
    }
  }

  void admit(est::net::AcceptedConnection connection) {
    SeenConnection* seen = shared.record.begin(other_one, connection.peer_address());
    if (seen == nullptr) return;
    reap();
    if (shared.options.taps) tap(connection, *seen);
    Guest& guest = guests.emplace_back(std::move(connection), seen);
    guest.thread = std::thread([this, &guest] {
      const bool abrupt = converse(guest.connection, *guest.seen, shared);
      const std::lock_guard lock(mutex);  // end() may be about to interrupt it
      guest.connection.close(abrupt);
      guest.done = true;
      changed.notify_all();
    });
  }

  void tap(est::net::AcceptedConnection& connection, SeenConnection& seen) {
    const auto heard = std::make_shared<est::net::Tap>();
    connection.tap_by(heard);
    shared.record.change(seen, [&](SeenConnection& one) { one.tap = heard; });
  }

  // Of those that have gone only the record stays. The mutex must be held.
  void reap() {
    for (auto guest = guests.begin(); guest != guests.end();) {
      if (!guest->done) {
        ++guest;
        continue;
      }
      guest->thread.join();
      guest = guests.erase(guest);
    }
  }

  [[nodiscard]] est::Status play(Script script) {
    const auto before = shared.act();
    const bool same_tls = before && before->script.identity == script.identity && before->script.tls == script.tls;
    std::shared_ptr<const est::tls::ServerContext> context = same_tls ? before->context : nullptr;
    if (!context) {
      auto made = context_of(script, shared.pki, shared.options.taps);
      if (!made) return made.error();
      context = std::move(*made);
    }
    shared.play(std::make_shared<Act>(std::move(script), shared.pki, shared.credentials, std::move(context)));
    if (before && !same_tls) interrupt_guests();
    return {};
  }

  void interrupt_guests() {
    const std::lock_guard lock(mutex);
    for (Guest& guest : guests) {
      if (!guest.done) guest.connection.interrupt();
    }
  }

  [[nodiscard]] bool quiet() const {
    return std::all_of(guests.begin(), guests.end(), [](const Guest& one) { return one.done; }) &&
           !listener->wait(est::Deadline::after(est::Milliseconds(0)));
  }

  void settle(const est::Deadline& deadline) {
    if (other) other->settle(deadline);
    std::unique_lock lock(mutex);
    // A client that waits to be accepted wakes nobody here.
    while (!quiet() && !deadline.passed()) changed.wait_for(lock, est::Milliseconds(5));
  }

  [[nodiscard]] est::Status open() {
    if (auto status = play(first); !status) return status;
    auto bound = est::net::Listener::bind(shared.options.listen);
    if (!bound) return bound.error();
    listener.emplace(std::move(*bound));
    shared.places.own = authority();
    // Port 9 (discard) below 1024 is nobody's by right; a listener there is no part of a test machine.
    shared.places.nowhere = shared.options.name + ":9";
    shared.places.other = other ? other->impl_->authority() : shared.places.nowhere;
    acceptor = std::thread([this] { accept_all(); });
    return {};
  }

  [[nodiscard]] std::string authority() const { return shared.options.name + ":" + std::to_string(listener->port()); }

  void end() {
    if (other) other->stop();
    shared.stopper.stop();
    if (listener) listener->stop();
    if (acceptor.joinable()) acceptor.join();
    interrupt_guests();
    for (Guest& guest : guests) {
      if (guest.thread.joinable()) guest.thread.join();
    }
  }

  std::unique_ptr<Record> own_record;  // of the first server; before what uses it
  std::unique_ptr<ScriptedServer> other;
  Shared shared;
  const Script first;
  bool other_one;
  std::optional<est::net::Listener> listener;
  std::thread acceptor;
  std::mutex mutex;  // for the guests' connections
  std::condition_variable changed;
  std::list<Guest> guests;
};

ScriptedServer::ScriptedServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ScriptedServer::~ScriptedServer() = default;

est::Result<std::unique_ptr<ScriptedServer>> ScriptedServer::start(Script script, const Pki& pki, est::http::Credentials credentials,
                                                                   const ServerOptions& options) {
  const std::vector<Script> others = script.other;
  auto impl = std::make_unique<Impl>(std::move(script), pki, credentials, options, nullptr);
  if (!others.empty()) {
    ServerOptions beside = options;
    beside.listen.port = 0;
    auto other = std::make_unique<Impl>(others.front(), pki, std::move(credentials), beside, impl->own_record.get());
    if (auto status = other->open(); !status) return status.error();
    impl->other = std::unique_ptr<ScriptedServer>(new ScriptedServer(std::move(other)));
  }
  if (auto status = impl->open(); !status) return status.error();
  return std::unique_ptr<ScriptedServer>(new ScriptedServer(std::move(impl)));
}

std::uint16_t ScriptedServer::port() const { return impl_->listener->port(); }
std::string ScriptedServer::url() const { return "https://" + impl_->authority(); }
void ScriptedServer::settle(est::Deadline deadline) const { impl_->settle(deadline); }
void ScriptedServer::stop() { impl_->end(); }
std::vector<SeenConnection> ScriptedServer::seen() const { return impl_->shared.record.all(); }
est::Status ScriptedServer::play(Script script) { return impl_->play(std::move(script)); }
std::vector<SeenConnection> ScriptedServer::take_seen() { return impl_->shared.record.take(); }

void ScriptedServer::rest(est::Deadline deadline) const {
  while (impl_->shared.record.busy() && !deadline.passed()) std::this_thread::sleep_for(est::Milliseconds(1));
}

}  // namespace conformance::peer
