#include "proxy/ca_watch.h"

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

bool CaWatch::refresh() {
  CaKnowledge all = *known_.current();
  bool whole = true;
  for (const std::string& label : labels_) {
    const auto answer = upstream_.ask(est::ops::Operation::cacerts, label);
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
  known_.replace(all);
  changed_(all);
  return whole;
}

Status CaWatch::start() {
  if (!config_.file.empty()) return read_file();
  thread_ = std::thread([this, whole = refresh()] { watch(whole); });
  return {};
}

void CaWatch::watch(bool whole) {
  while (true) {
    const std::int64_t pause = whole ? config_.refresh_seconds : soon;
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, std::chrono::seconds(pause), [this] { return stopping_; })) return;
    }
    whole = refresh();
  }
}

}  // namespace proxy
