#include "conformance/steps/recorder.h"

#include "conformance/steps/key_mask.h"
#include "est/base/text.h"
#include "est/crypto/digest.h"

namespace conformance::steps {
namespace {

constexpr std::size_t longest_detail = 2000;
constexpr std::ptrdiff_t kept_end = 16384;  // of what is too long to be kept
constexpr std::size_t most_events = 5000;   // the evidence format's own bound is above

std::int64_t microseconds(std::chrono::steady_clock::duration span) {
  return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

}  // namespace

engine::WireFailure to_record(const est::net::Failure& failure) {
  return {.stage = std::string(to_string(failure.stage)),
          .cause = std::string(to_string(failure.cause)),
          .message = failure.message,
          .alert = failure.alert ? failure.alert->name() : std::string()};
}

engine::TlsRecord to_record(const est::tls::Facts& facts) {
  return {.version = std::string(to_string(facts.version)),
          .suite = facts.suite,
          .resumed = facts.resumed,
          .secure_renegotiation = facts.secure_renegotiation,
          .alpn = facts.alpn,
          .verified = facts.peer_verified,
          .verify_error = facts.verify_error,
          .peer_chain = facts.peer_chain,
          .tls_unique = facts.tls_unique,
          .tls_exporter = facts.tls_exporter};
}

Recorder::Recorder(engine::Exchange& exchange, const Redactor& redactor, Time scenario_began)
    : exchange_(exchange), redactor_(redactor), scenario_began_(scenario_began), began_(std::chrono::steady_clock::now()) {}

est::Bytes Recorder::redacted(est::BytesView octets) const {
  est::Bytes copy = est::to_bytes(octets);
  redactor_.overwrite(copy);
  return copy;
}

est::Bytes Recorder::shortened(const std::string& name, est::Bytes octets) {
  exchange_.facts.erase("shortened " + name);
  if (octets.size() <= most_kept) return octets;
  const auto digest = est::crypto::digest(est::crypto::Digest::sha256, octets);
  fact("shortened " + name, std::to_string(octets.size()) + " octets, SHA-256 " + est::hex(digest) + "; the first and last " +
                                std::to_string(kept_end) + " are kept");
  est::Bytes kept(octets.begin(), octets.begin() + kept_end);
  kept.insert(kept.end(), octets.end() - kept_end, octets.end());
  return kept;
}

void Recorder::event(std::string_view layer, std::string_view what, std::string_view detail) {
  if (exchange_.events.size() >= most_events) return;
  exchange_.events.push_back({.at_us = microseconds(std::chrono::steady_clock::now() - scenario_began_),
                              .layer = std::string(layer),
                              .what = std::string(what),
                              .detail = est::printable(redactor_.cleaned(detail), longest_detail)});
}

void Recorder::fact(const std::string& name, std::string_view value) { exchange_.facts[name] = redactor_.cleaned(value); }

void Recorder::artefact(const std::string& name, est::BytesView public_octets) {
  exchange_.artefacts[name] = shortened(name, est::to_bytes(public_octets));
}

void Recorder::wire_artefact(const std::string& name, est::BytesView octets) { exchange_.artefacts[name] = redacted(octets); }

void Recorder::request(std::string_view method, std::string_view target, est::BytesView octets) {
  exchange_.method = est::printable(redactor_.cleaned(method), longest_detail);
  exchange_.target = est::printable(redactor_.cleaned(target), longest_detail);
  exchange_.request = shortened("request", redacted(octets));
}

void Recorder::response(est::BytesView octets, bool may_hold_key) {
  exchange_.response = redacted(octets);
  // For answers that repeat what nobody should be told.
  if (exchange_.response != est::to_bytes(octets)) fact("secret-in-answer", "yes");
  if (may_hold_key || looks_like_key(est::as_text(octets))) mask_key_answer(exchange_.response);
}

void Recorder::tls(const est::tls::Facts& facts) { exchange_.tls = to_record(facts); }

void Recorder::failure(const est::net::Failure& failure) {
  exchange_.failure = to_record(failure);
  exchange_.failure->message = est::printable(redactor_.cleaned(failure.message), longest_detail);
  const std::string alert = failure.alert ? " (alert " + failure.alert->name() + ")" : "";
  const bool tls = failure.stage == est::net::Stage::handshake || failure.alert.has_value();
  event(tls ? "tls" : "tcp", "failed", exchange_.failure->stage + ": " + exchange_.failure->message + alert);
}

void Recorder::connection(int number, bool fresh) {
  exchange_.connection = number;
  exchange_.new_connection = fresh;
}

void Recorder::peer_close(est::net::PeerClose close) {
  const std::string word(to_string(close));
  if (close != est::net::PeerClose::open && exchange_.peer_close != word) {
    event(close == est::net::PeerClose::close_notify ? "tls" : "tcp", "closed", word);
  }
  exchange_.peer_close = word;
}

void Recorder::finish() { exchange_.duration_us = microseconds(std::chrono::steady_clock::now() - began_); }

}  // namespace conformance::steps
