#include "conformance/steps/budget.h"

#include <algorithm>

namespace conformance::steps {

bool CertificateBudget::take(std::size_t count) {
  const std::lock_guard lock(mutex_);
  if (most_ != 0 && taken_ + count > most_) return false;
  taken_ += count;
  return true;
}

void CertificateBudget::give_back(std::size_t count) {
  const std::lock_guard lock(mutex_);
  taken_ -= std::min(count, taken_);
}

void CertificateBudget::overdrawn(std::size_t count) {
  const std::lock_guard lock(mutex_);
  taken_ += count;
}

void CertificateBudget::obtained(engine::ObtainedCertificate certificate) {
  const std::lock_guard lock(mutex_);
  const bool known = std::any_of(obtained_.begin(), obtained_.end(), [&](const auto& other) {
    return other.serial == certificate.serial && other.issuer == certificate.issuer;
  });
  if (!known) obtained_.push_back(std::move(certificate));
}

std::vector<engine::ObtainedCertificate> CertificateBudget::list() const {
  const std::lock_guard lock(mutex_);
  return obtained_;
}

}  // namespace conformance::steps
