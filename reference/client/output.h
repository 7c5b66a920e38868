// What est-client leaves behind: files, and words for people or programs.
#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/settings.h"
#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/crypto/key.h"

namespace client {

// Gathers while the operation goes on; finish() prints. Never holds a secret.
class Report {
 public:
  Report(const std::string& operation, const std::string& url);

  void add_anchors(const CaAnswer& answer);
  void add_attributes(const Attributes& attributes);
  void add_certificate(const est::Bytes& certificate, bool linked);
  void add_file(const std::string& path);
  void add_notes(const std::vector<std::string>& notes);
  // To standard output without --json, where nothing else is then printed but to `err`.
  void print_only(const std::string& text) { only_ = text; }

  // `status`: the last HTTP status. Returns the exit code.
  [[nodiscard]] int finish(const std::optional<Problem>& problem, int status, bool json, std::ostream& out, std::ostream& err);

 private:
  nlohmann::ordered_json json_;
  std::string text_;
  std::string only_;
  std::vector<std::string> notes_;
};

[[nodiscard]] std::string pem_text(const std::vector<est::Bytes>& certificates);

[[nodiscard]] est::Status write_certificates(const OutputPlan& plan, const std::vector<est::Bytes>& certificates, Report& report);
// The key, mode 0600, at plan.pending().
[[nodiscard]] est::Status write_pending_key(const OutputPlan& plan, const est::crypto::PrivateKey& key, Report& report);
// Certificate (chain behind it) and key appear together, then the pending key goes. `key` may be null, and is not written where the plan
// has no place for it.
[[nodiscard]] est::Status write_credential(const OutputPlan& plan, const std::vector<est::Bytes>& chain, const est::crypto::PrivateKey* key,
                                           Report& report);

}  // namespace client
