#include "ca/commit_group.h"

#include <chrono>
#include <exception>
#include <string>
#include <utility>

namespace ca {
namespace {

constexpr std::chrono::milliseconds most_patience{1};

}  // namespace

CommitGroup::~CommitGroup() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  deposited_.notify_one();
  if (thread_.joinable()) thread_.join();
}

est::Result<bool> CommitGroup::keep(const NewCertificate& certificate) {
  Entry mine{certificate, {}};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&mine);
  while (!mine.kept) {
    if (writing_)
      written_.wait(lock);
    else
      write_waiting(lock);
  }
  return *std::move(mine.kept);
}

bool CommitGroup::keep_later(NewCertificate certificate, Told told) {
  {
    const std::lock_guard lock(mutex_);
    if (deposits_.size() >= most_waiting) return false;
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    deposits_.push_back({std::move(certificate), std::move(told)});
    if (writing_ || deposits_.size() < wanted_) return true;  // the thread looks again when that transaction, or its patience, is over
  }
  deposited_.notify_one();
  return true;
}

std::size_t CommitGroup::waiting() {
  const std::lock_guard lock(mutex_);
  return waiting_.size() + deposits_.size();
}

void CommitGroup::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    deposited_.wait(lock, [this] { return !writing_ && (stopping_ || !deposits_.empty()); });
    if (deposits_.empty()) return;
    gather(lock);
    if (!writing_ && !deposits_.empty()) write_waiting(lock);
  }
}

// Where several shared the last transaction as many will be along presently, most of them the same clients: waiting for them for a moment
// costs less than another transaction.
void CommitGroup::gather(std::unique_lock<std::mutex>& lock) {
  wanted_ = latest_;
  if (deposits_.size() < wanted_)
    deposited_.wait_for(lock, most_patience, [this] { return stopping_ || writing_ || deposits_.size() >= wanted_; });
  wanted_ = 1;
}

void CommitGroup::write_waiting(std::unique_lock<std::mutex>& lock) {
  writing_ = true;
  const std::vector<Entry*> group = std::exchange(waiting_, {});
  const std::vector<Deposit> deposits = std::exchange(deposits_, {});
  latest_ = deposits.size();
  Certificates certificates;
  for (const Entry* one : group) certificates.push_back(&one->certificate);
  for (const Deposit& one : deposits) certificates.push_back(&one.certificate);
  lock.unlock();
  Kept kept = write(certificates);
  for (std::size_t i = 0; i < deposits.size(); ++i) deposits[i].told(std::move(kept[group.size() + i]));
  lock.lock();
  for (std::size_t i = 0; i < group.size(); ++i) group[i]->kept = std::move(kept[i]);
  writing_ = false;
  written_.notify_all();
  if (!deposits_.empty() || stopping_) deposited_.notify_one();
}

CommitGroup::Kept CommitGroup::write(const Certificates& certificates) const {
  std::string trouble = "the certificate was not written";
  try {
    if (Kept kept = write_(certificates); kept.size() == certificates.size()) return kept;
  } catch (const std::exception& exception) {
    trouble += std::string(": ") + exception.what();
  }
  return Kept(certificates.size(), est::Error{trouble});
}

}  // namespace ca
