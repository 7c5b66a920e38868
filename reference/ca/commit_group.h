// One durable transaction for many certificates. A transaction waits for the disk; whoever has a certificate to keep meanwhile waits for
// the next one, and the first of them writes it for all. Nobody returns before his own certificate is on the disk.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "ca/store.h"
#include "est/base/result.h"

namespace ca {

class CommitGroup {
 public:
  using Certificates = std::vector<const NewCertificate*>;
  using Kept = std::vector<est::Result<bool>>;  // of each, as Store::add_certificate()
  // Keeps all in one transaction. Called by one thread at a time, with one certificate at least.
  using Write = std::function<Kept(const Certificates&)>;

  explicit CommitGroup(Write write) : write_(std::move(write)) {}

  // False: the serial number is taken. Threads: any.
  [[nodiscard]] est::Result<bool> keep(const NewCertificate& certificate);
  [[nodiscard]] std::size_t waiting();  // for the next transaction

 private:
  struct Entry {
    const NewCertificate& certificate;
    std::optional<est::Result<bool>> kept;  // set with the lock held, when the transaction is over: its owner then goes
  };
  void write_waiting(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] Kept write(const Certificates& certificates) const;

  Write write_;
  std::mutex mutex_;
  std::condition_variable written_;
  std::vector<Entry*> waiting_;
  bool writing_ = false;
};

}  // namespace ca
