// The CA certificates a registration authority gives out and judges certificates by: from a file, or from the upstream, asked for again
// before they grow old. What could not be refreshed stays good.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client/ca_set.h"
#include "est/base/bytes.h"
#include "est/base/log.h"
#include "est/base/result.h"
#include "proxy/config.h"
#include "proxy/upstream.h"
#include "server/replaceable.h"

namespace proxy {

struct CaCertificates {
  std::vector<est::Bytes> all;      // as they came, for /cacerts
  std::vector<est::Bytes> anchors;  // see client::CaSet
  std::vector<est::Bytes> intermediates;
  bool operator==(const CaCertificates&) const = default;
};
// By the upstream's label.
using CaKnowledge = std::map<std::string, CaCertificates, std::less<>>;

// Validated as RFC 7030 4.1.3 says.
[[nodiscard]] est::Result<CaCertificates> read_ca_certificates(const est::http::Response& answer);

class CaWatch {
 public:
  // `labels`: the upstream's. `changed` is called with all that is known when that has changed, on the watch's thread or in start(). The
  // references must outlive the watch.
  CaWatch(const CaConfig& config, std::vector<std::string> labels, Upstream& upstream, const est::Log& log,
          std::function<void(const CaKnowledge&)> changed);
  ~CaWatch();
  CaWatch(const CaWatch&) = delete;
  CaWatch& operator=(const CaWatch&) = delete;

  // Reads the file, or asks the upstream once for each label, and goes on asking in the background. An upstream that does not answer is no
  // error: it is asked again soon. Errors: a file that cannot be read.
  [[nodiscard]] est::Status start();
  // Reads the file again, or has the upstream asked again in the background. Errors: a file that cannot be read; what was known stays.
  [[nodiscard]] est::Status reload();
  [[nodiscard]] std::shared_ptr<const CaKnowledge> known() const { return known_.current(); }

 private:
  [[nodiscard]] est::Status read_file();
  // Seconds until the next one: soon when some label could not be had, before the first certificate runs out at the latest.
  std::int64_t refresh();
  [[nodiscard]] std::int64_t time_until_next(const CaKnowledge& known) const;
  void watch(std::int64_t pause);

  CaConfig config_;
  std::vector<std::string> labels_;
  Upstream& upstream_;
  const est::Log& log_;
  std::function<void(const CaKnowledge&)> changed_;
  server::Replaceable<CaKnowledge> known_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool at_once_ = false;  // refresh without waiting
  std::thread thread_;
};

}  // namespace proxy
