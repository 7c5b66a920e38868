// One durable transaction for many certificates. A transaction waits for the disk; whoever has a certificate to keep meanwhile waits for
// the next one, and the first of them writes it for all. Nobody is told before his own certificate is on the disk.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
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
  using Told = std::function<void(est::Result<bool>)>;  // lets no exception out

  explicit CommitGroup(Write write) : write_(std::move(write)) {}
  CommitGroup(const CommitGroup&) = delete;
  CommitGroup& operator=(const CommitGroup&) = delete;
  ~CommitGroup();  // what waits is written first

  // False: the certificate has to be signed anew. Threads: any.
  [[nodiscard]] est::Result<bool> keep(const NewCertificate& certificate);
  // The same for callers who do not wait: `told` is called by whoever writes, the group's own thread at the latest. False, and nothing is
  // kept, when so many wait that this one would come too late to be of use.
  [[nodiscard]] bool keep_later(NewCertificate certificate, Told told);
  static constexpr std::size_t most_waiting = 1024;
  [[nodiscard]] std::size_t waiting();  // for the next transaction

 private:
  struct Entry {
    const NewCertificate& certificate;
    std::optional<est::Result<bool>> kept;  // set with the lock held, when the transaction is over: its owner then goes
  };
  struct Deposit {
    NewCertificate certificate;
    Told told;
  };
  void write_waiting(std::unique_lock<std::mutex>& lock);
  void gather(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] Kept write(const Certificates& certificates) const;
  void run();

  Write write_;
  std::mutex mutex_;
  std::condition_variable written_;
  std::condition_variable deposited_;
  std::vector<Entry*> waiting_;
  std::vector<Deposit> deposits_;
  std::size_t latest_ = 0;  // deposits of the last transaction
  std::size_t wanted_ = 1;  // so many deposits are worth waking the thread for
  bool writing_ = false;
  bool stopping_ = false;
  std::thread thread_;  // from the first deposit on
};

}  // namespace ca
