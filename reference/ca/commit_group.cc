#include "ca/commit_group.h"

#include <exception>
#include <string>
#include <utility>

namespace ca {

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

std::size_t CommitGroup::waiting() {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void CommitGroup::write_waiting(std::unique_lock<std::mutex>& lock) {
  writing_ = true;
  const std::vector<Entry*> group = std::exchange(waiting_, {});
  Certificates certificates;
  for (const Entry* one : group) certificates.push_back(&one->certificate);
  lock.unlock();
  Kept kept = write(certificates);
  lock.lock();
  for (std::size_t i = 0; i < group.size(); ++i) group[i]->kept = std::move(kept[i]);
  writing_ = false;
  written_.notify_all();
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
