#include "proxy/ca_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "client/answer.h"
#include "est/base/clock.h"
#include "server/trust.h"

namespace proxy {
namespace {

using est::Bytes;
using est::Error;
using est::LogLevel;
using est::Result;
using est::Status;

constexpr std::int64_t soon = 2;  // seconds, after a failure

Result<CaCertificates> sorted_certificates(std::vector<Bytes> certificates) {
  const Result<client::CaSet> set = client::sort_ca_certificates(certificates, {est::system_clock().now(), true});
  if (!set) return set.error();
  return CaCertificates{std::move(certificates), set->anchors(), set->intermediates()};
}

}  // namespace

Result<CaCertificates> read_ca_certificates(const est::http::Response& answer) {
  if (answer.status != 200) return Error{"/cacerts was answered with status " + std::to_string(answer.status)};
  client::Outcome<std::vector<Bytes>> certificates = client::certificates_in(answer, "cacerts");
  if (!certificates) return Error{certificates.problem().reason};
  return sorted_certificates(*std::move(certificates));
}

CaWatch::CaWatch(const CaConfig& config, std::vector<std::string> labels, Upstream& upstream, const est::Log& log,
                 std::function<void(const CaKnowledge&)> changed)
    : config_(config), labels_(std::move(labels)), upstream_(upstream), log_(log), changed_(std::move(changed)) {}

CaWatch::~CaWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status CaWatch::read_file() {
  std::vector<Bytes> certificates;
  if (Status added = server::add_anchors({config_.file}, certificates); !added) return added;
  const Result<CaCertificates> read = sorted_certificates(std::move(certificates));
  if (!read) return Error{config_.file + ": " + read.error().message};
  CaKnowledge all;
  for (const std::string& label : labels_) all.emplace(label, *read);
  known_.replace(all);
  changed_(all);
  return {};
}

std::int64_t CaWatch::refresh() {
  CaKnowledge all = *known_.current();
  bool whole = true;
  for (const std::string& label : labels_) {
    const auto answer = upstream_.ask({est::ops::Operation::cacerts, label});
    const auto* failure = std::get_if<UpstreamFailure>(&answer);
    Result<CaCertificates> read =
        failure != nullptr ? Result<CaCertificates>(Error{failure->cause}) : read_ca_certificates(std::get<est::http::Response>(answer));
    if (read) {
      all.insert_or_assign(label, *std::move(read));
      continue;
    }
    whole = false;
    const std::string effect = all.contains(label) ? "what was known stays in use" : "there are none to give out";
    log_.write(LogLevel::warning, "cacerts", {{"label", label}, {"error", read.error().message}, {"effect", effect}});
  }
  if (all != *known_.current()) {
    known_.replace(all);
    changed_(all);
  }
  return whole ? time_until_next(all) : soon;
}

// A CA announces its next certificate before the present one ends (RFC 7030 4.1.3): half of what is left is early enough to see it.
std::int64_t CaWatch::time_until_next(const CaKnowledge& known) const {
  std::int64_t pause = config_.refresh_seconds;
  const est::UnixTime now = est::system_clock().now();
  for (const auto& [label, certificates] : known)
    for (const Bytes& each : certificates.anchors)
      if (const auto anchor = est::codec::decode_certificate(each); anchor.value)
        pause = std::min(pause, (anchor.value->validity.not_after - now) / 2);
  return std::max<std::int64_t>(pause, 1);
}

Status CaWatch::reload() {
  if (!config_.file.empty()) return read_file();
  {
    const std::lock_guard lock(mutex_);
    at_once_ = true;
  }
  wake_.notify_all();
  return {};
}

Status CaWatch::start() {
  if (!config_.file.empty()) return read_file();
  thread_ = std::thread([this, pause = refresh()] { watch(pause); });
  return {};
}

void CaWatch::watch(std::int64_t pause) {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, std::chrono::seconds(pause), [this] { return stopping_ || at_once_; });
      if (stopping_) return;
      at_once_ = false;
    }
    pause = refresh();
  }
}

}  // namespace proxy
