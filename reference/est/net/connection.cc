#include "est/net/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <exception>

#include "est/base/text.h"

namespace est::net {
namespace {

// Steps before others have their turn: a client that never stops sending must not keep a loop to itself.
constexpr int steps_at_once = 32;
// What a client may send into the closing connection before it is cut off. Bounded by limits in time as well.
constexpr std::size_t most_swallowed = 16U << 20U;
constexpr std::size_t most_written_at_once = 16384;

// What may come behind a request while the client is asked for its certificate.
constexpr std::size_t most_pipelined = 16384;

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";
// The application is foreign code here: whatever escapes it must not take the loop and its other connections down.
template <class Call, class Otherwise>
auto guarded(const Log& log, Call call, Otherwise otherwise) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& error) {
    log.write(LogLevel::error, "application.exception", {{"what", error.what()}});
  } catch (...) {
    log.write(LogLevel::error, "application.exception", {{"what", "unknown"}});
  }
  return otherwise();
}

Reply failed_reply() {
  http::Response response;
  response.status = 500;
  response.reason = std::string(http::reason_phrase(response.status));
  response.fields.add("Content-Type", "text/plain");
  response.fields.add("Connection", "close");
  response.body = to_bytes("The server met a fault of its own; its log says more.\n");
  return {http::encode(response), AfterReply::close};
}

}  // namespace

Reply reply_of(const Errand& errand, const Log& log) { return guarded(log, errand, failed_reply); }

void start(const Deferred& deferred, const HandOver& hand_over, const Log& log) {
  const auto begin = [&] {
    deferred(hand_over);
    return true;
  };
  if (!guarded(log, begin, [] { return false; })) hand_over(failed_reply);
}

std::string_view to_string(Phase phase) noexcept {
  switch (phase) {
    case Phase::handshake:
      return "handshake";
    case Phase::idle:
      return "idle";
    case Phase::head:
      return "head";
    case Phase::body:
      return "body";
    case Phase::certificate:
      return "certificate";
    case Phase::errand:
      return "errand";
    case Phase::write:
      return "write";
    case Phase::linger:
      return "linger";
  }
  return "unknown";
}

Connection::Connection(std::uint64_t id, Socket socket, const SocketAddress& from, Shared& shared)
    : shared_(shared), socket_(std::move(socket)), parser_(shared.limits.parser) {
  peer_.connection = id;
  peer_.address = from.endpoint().to_string();
  wire_.descriptor = socket_.get();
}

Connection::~Connection() {
  // OpenSSL would throw away the session of a connection that ended without close_notify; it may be resumed all the same.
  if (ssl_ && phase_ != Phase::handshake) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  ssl_.reset();
  crypto::clear_errors();
}

Status Connection::begin() {
  const auto context = shared_.current_context();
  Result<crypto::SslHandle> ssl = tls::new_connection(*context);
  if (!ssl) return ssl.error();
  ssl_ = std::move(*ssl);
  SSL_set_read_ahead(ssl_.get(), 1);  // or each record costs two calls: whoever reads here reads until nothing is left
  may_ask_ = context->asks_late();
  tls::record_alerts(ssl_.get(), alerts_);
  watch_ = Stopwatch(shared_.timers, TimedPhase::handshake);
  wire_.replies = ssl_.get();
  return attach(*ssl_, wire_);
}

Connection::Wish Connection::advance(std::span<Byte> scratch) {
  for (int i = 0; i < steps_at_once; ++i) {
    if (const Step wish = step(scratch)) return *wish;
  }
  return Wish::again;
}

Connection::Step Connection::step(std::span<Byte> scratch) {
  if (phase_ == Phase::linger) return swallow(scratch);
  if (phase_ == Phase::handshake) return shake_hands();
  if (phase_ == Phase::certificate) return await_certificate(scratch);
  if (phase_ == Phase::errand) return await_reply();
  if (sent_ < out_.size()) return flush();
  if (ending_) return finish();
  return receive(scratch);
}

Connection::Wish Connection::expire(std::span<Byte> scratch) {
  if (phase_ != Phase::idle && phase_ != Phase::linger) ++shared_.timeouts;
  switch (phase_) {
    case Phase::handshake:
      ++shared_.handshake_failures;
      note(LogLevel::debug, "connection.timeout", std::string(to_string(phase_)));
      return Wish::drop;
    case Phase::idle:
      close_politely();
      return Wish::drop;
    case Phase::certificate:
    case Phase::errand:
      note(LogLevel::info, "connection.timeout", std::string(to_string(phase_)));
      return Wish::drop;
    case Phase::head:
    case Phase::body:
      note(LogLevel::info, "connection.timeout", std::string(to_string(phase_)));
      refuse({408, "The request did not arrive in time."});
      return advance(scratch);
    case Phase::write:
      note(LogLevel::info, "connection.timeout", std::string(to_string(phase_)));
      socket_.reset();  // what the peer did not take would otherwise stay in the kernel
      return Wish::drop;
    case Phase::linger:
      break;
  }
  return Wish::drop;
}

Connection::Wish Connection::wind_up(std::span<Byte> scratch) { return phase_ == Phase::handshake ? Wish::drop : advance(scratch); }

void Connection::enter(Phase phase) noexcept {
  phase_ = phase;
  ++phase_number_;
}

void Connection::note(LogLevel level, std::string_view event, std::string detail) const {
  shared_.log.write(level, event,
                    {{"peer", peer_.address}, {"connection", std::to_string(peer_.connection)}, {"detail", std::move(detail)}});
}

// --- TLS

Connection::Step Connection::shake_hands() {
  crypto::clear_errors();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) {
    const Wish wish = wish_after(result);
    // OpenSSL waits for a whole record header; the first octet may tell already.
    return wish == Wish::drop || wire_.not_tls() ? fail_handshake() : Step(wish);
  }
  facts_ = tls::facts_of(ssl_.get(), true);
  peer_.tls = &facts_;
  watch_.stop();
  enter(Phase::idle);
  return std::nullopt;
}

// The alert, if TLS made one, is on its way already. A reset must not overtake it, hence the linger.
Connection::Step Connection::fail_handshake() {
  ++shared_.handshake_failures;
  const bool silent = wire_.received == 0;
  const bool gone = wire_.end_of_input || wire_.read_error != 0 || wire_.write_error != 0;
  std::string why = crypto::openssl_error("failed").message;
  if (wire_.not_tls())
    why = "the peer does not speak TLS";
  else if (gone)
    why = "the peer left";
  note(silent || gone ? LogLevel::debug : LogLevel::info, "tls.handshake", std::move(why));
  if (gone) return Wish::drop;
  ::shutdown(socket_.get(), SHUT_WR);
  enter(Phase::linger);
  return std::nullopt;
}

Connection::Wish Connection::wish_after(int result) {
  if (wire_.write_error != 0) return Wish::drop;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Wish::read;
    case SSL_ERROR_WANT_WRITE:
      return Wish::write;
    default:
      return Wish::drop;
  }
}

// --- reading

Connection::Step Connection::receive(std::span<Byte> scratch) {
  if (!pipelined_.empty()) {
    const Bytes data = std::exchange(pipelined_, {});
    feed(data);
    return std::nullopt;
  }
  crypto::clear_errors();
  const int result = SSL_read(ssl_.get(), scratch.data(), static_cast<int>(scratch.size()));
  if (result > 0) {
    feed(scratch.first(static_cast<std::size_t>(result)));
    return std::nullopt;
  }
  const Wish wish = wish_after(result);
  if (wish == Wish::drop) return end_of_stream();
  // While draining, a connection goes on only with a request that has begun, and nothing more has come here.
  if (phase_ != Phase::idle || !shared_.draining.load()) return wish;
  close_politely();
  return Wish::drop;
}

// close_notify, FIN, reset or broken TLS. Whatever was half-received is lost with its sender.
Connection::Wish Connection::end_of_stream() {
  const bool proper = (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0 || wire_.end_of_input;
  if (proper && phase_ == Phase::idle) close_politely();
  crypto::clear_errors();
  return Wish::drop;
}

void Connection::feed(BytesView data) {
  if (!parser_.started()) watch_ = Stopwatch(shared_.timers, TimedPhase::parse);
  const std::size_t taken = parser_.feed(data);
  pipelined_ = to_bytes(data.subspan(std::min(taken, data.size())));
  switch (parser_.state()) {
    case http::RequestParser::State::need_head:
      if (phase_ != Phase::head && parser_.started()) enter(Phase::head);
      return;
    case http::RequestParser::State::need_body:
      if (phase_ != Phase::body) enter(Phase::body);
      on_head();
      return;
    case http::RequestParser::State::complete:
      watch_.stop();
      on_request();
      return;
    case http::RequestParser::State::refused:
      refuse(parser_.refusal());
      return;
  }
}

bool Connection::going_on() const {
  return parser_.keep_alive() && served_ < shared_.limits.requests_per_connection && !shared_.draining.load();
}

// The head is complete and the body is not.
void Connection::on_head() {
  // Whoever will be asked for a certificate is judged when it has come, not by the head alone.
  if (!head_done_ && !needs_certificate()) {
    head_done_ = true;
    auto reply = guarded(
        shared_.log, [&] { return shared_.application.on_head(parser_.head(), peer_); }, failed_reply);
    if (reply) {
      ++shared_.requests;
      return send(std::move(*reply), true);
    }
  }
  if (parser_.wants_continue()) append(out_, continue_line);
}

void Connection::on_request() {
  if (needs_certificate())
    ask_for_certificate();
  else
    serve();
}

bool Connection::needs_certificate() {
  if (!may_ask_ || !facts_.peer_chain.empty()) return false;
  return guarded(
      shared_.log, [&] { return shared_.application.wants_client_certificate(parser_.head(), peer_); }, [] { return false; });
}

// Only when the whole request is here: a client may well send all of it before it reads, and in TLS 1.2 nothing but handshake messages
// may come once it has answered.
void Connection::ask_for_certificate() {
  may_ask_ = false;
  if (!tls::ask_for_client_certificate(ssl_.get())) return serve();
  handshakes_.reset();
  enter(Phase::certificate);
}

// By SSL_read(), not SSL_do_handshake(), because the client may have sent the next request before it saw ours.
Connection::Step Connection::await_certificate(std::span<Byte> scratch) {
  crypto::clear_errors();
  if (!handshakes_) {
    const int sent = SSL_do_handshake(ssl_.get());
    if (const Wish wish = wish_after(sent); sent != 1) return wish == Wish::drop ? fail_certificate() : Step(wish);
    handshakes_ = tls::handshakes_of(ssl_.get());  // OpenSSL counts the asking as one
  }
  const int result = SSL_read(ssl_.get(), scratch.data(), static_cast<int>(scratch.size()));
  const Wish wish = result > 0 ? Wish::again : wish_after(result);
  if (result > 0) append(pipelined_, scratch.first(static_cast<std::size_t>(result)));
  if (wish == Wish::drop || pipelined_.size() > most_pipelined) return fail_certificate();
  if (tls::handshakes_of(ssl_.get()) != *handshakes_) {
    certificate_came();
    return std::nullopt;
  }
  return result > 0 ? std::nullopt : Step(wish);
}

Connection::Step Connection::fail_certificate() {
  ++shared_.handshake_failures;
  note(LogLevel::info, "tls.client-certificate", crypto::openssl_error("failed").message);
  if (wire_.end_of_input || wire_.read_error != 0 || wire_.write_error != 0) return Wish::drop;
  ::shutdown(socket_.get(), SHUT_WR);
  enter(Phase::linger);
  return std::nullopt;
}

void Connection::certificate_came() {
  tls::asking_is_over(ssl_.get());
  tls::Facts now = tls::facts_of(ssl_.get(), true);
  unique_ = std::exchange(now.tls_unique, facts_.tls_unique);
  facts_ = std::move(now);
  serve();
}

void Connection::serve() {
  ++served_;
  ++shared_.requests;
  if (!std::exchange(head_done_, false)) {
    auto reply = guarded(
        shared_.log, [&] { return shared_.application.on_head(parser_.head(), peer_); }, failed_reply);
    if (reply) return send(std::move(*reply), true);
  }
  const bool keep = going_on();
  const http::Request request = parser_.take();
  Begun begun = guarded(
      shared_.log, [&] { return shared_.application.begin_request(request, peer_, keep); }, [] { return Begun(failed_reply()); });
  if (unique_) facts_.tls_unique = *std::exchange(unique_, std::nullopt);
  if (auto* reply = std::get_if<Reply>(&begun)) return send(std::move(*reply), !keep);
  const auto* errand = std::get_if<Errand>(&begun);
  if (errand != nullptr && shared_.workers.none()) return send(reply_of(*errand, shared_.log), !keep);
  keep_ = keep;
  work_ = std::move(begun);
  enter(Phase::errand);
}

// A client that has gone altogether is not waited for; one that has only said its last word (FIN) still wants its reply.
Connection::Step Connection::await_reply() const {
  if (!std::holds_alternative<Reply>(work_)) return Wish::reply;
  pollfd look{socket_.get(), 0, 0};
  const bool gone = ::poll(&look, 1, 0) > 0 && (look.revents & (POLLERR | POLLHUP)) != 0;
  return gone ? Wish::drop : Wish::reply;
}

void Connection::errand_done(Reply reply) {
  if (phase_ == Phase::errand) send(std::move(reply), !keep_);
}

void Connection::turn_away() { refuse({503, "The server has too much to do just now; repeat the request later."}); }

void Connection::refuse(const http::Refusal& refusal) {
  send(guarded(
           shared_.log, [&] { return shared_.application.on_refusal(refusal, peer_); }, failed_reply),
       true);
}

// --- writing

void Connection::send(Reply reply, bool last) {
  // A 100 that is only half sent keeps its place in front.
  if (sent_ < out_.size())
    append(out_, reply.wire);
  else
    out_ = std::move(reply.wire), sent_ = 0;
  if (reply.after != AfterReply::keep || last) ending_ = reply.after == AfterReply::abort ? AfterReply::abort : AfterReply::close;
  if (ending_) pipelined_.clear();
  watch_ = Stopwatch(shared_.timers, TimedPhase::write);
  enter(Phase::write);
}

Connection::Step Connection::flush() {
  const BytesView rest = BytesView(out_).subspan(sent_);
  crypto::clear_errors();
  const int result = SSL_write(ssl_.get(), rest.data(), static_cast<int>(std::min(rest.size(), most_written_at_once)));
  if (result <= 0 || wire_.write_error != 0) return wish_after(result);
  sent_ += static_cast<std::size_t>(result);
  if (sent_ < out_.size()) return std::nullopt;
  out_.clear();
  sent_ = 0;
  if (phase_ == Phase::write) watch_.stop();
  if (phase_ == Phase::write && !ending_) enter(Phase::idle);
  return std::nullopt;
}

Connection::Step Connection::finish() {
  if (ending_ == AfterReply::abort) {
    socket_.reset();
    return Wish::drop;
  }
  close_politely();
  enter(Phase::linger);
  return std::nullopt;
}

// One try at close_notify: when the socket takes nothing, the peer does not read anyway.
void Connection::close_politely() {
  crypto::clear_errors();
  static_cast<void>(SSL_shutdown(ssl_.get()));
  ::shutdown(socket_.get(), SHUT_WR);
}

// RFC 9112 9.6: read on for a while, or the reset that answers late data destroys the reply on its way.
Connection::Step Connection::swallow(std::span<Byte> scratch) {
  const ssize_t got = ::recv(socket_.get(), scratch.data(), scratch.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Wish::read;
  if (got <= 0) return Wish::drop;
  swallowed_ += static_cast<std::size_t>(got);
  return swallowed_ > most_swallowed ? Step(Wish::drop) : std::nullopt;
}

}  // namespace est::net
