// The CA's tables: what is in the database, in typed calls. No policy, no signing.
// Threads: one at a time (see database.h). Calls that must be atomic together are wrapped in a Transaction by the caller.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ca/authority.h"
#include "ca/database.h"
#include "ca/hierarchy.h"

namespace ca {

// Whose request it is: the four things a repeated request has in common with the first (INT-10).
struct PendingKey {
  std::string identity, label;
  est::Bytes subject;          // DER
  est::Bytes public_key_info;  // DER
};

struct PendingEntry {
  std::int64_t id = 0;
  std::string state;
  est::Bytes request;  // DER of the first submission: what the operator decides on and what is issued
  est::Bytes serial;   // once issued
};

// What is stored with each certificate.
struct NewCertificate {
  CertificateRecord record;
  std::string issuer_role;  // "root" or "intermediate": whose CRL will list it
  est::UnixTime issued_at = 0;
  std::int64_t generation = 0;  // of the hierarchy that signed it
};

class Store {
 public:
  // Makes file (0600) and tables, and fills them, in one transaction; an error when the file holds anything already.
  [[nodiscard]] static est::Result<std::unique_ptr<Store>> create(const std::string& file, const Hierarchy& hierarchy);
  // An error that says what is wrong and what to do when the file is missing, damaged or of another program.
  [[nodiscard]] static est::Result<std::unique_ptr<Store>> open(const std::string& file);
  // A second connection to what is open already, without checking all of it again: its reads do not wait for the first one's writes.
  [[nodiscard]] static est::Result<std::unique_ptr<Store>> open_beside(const std::string& file);

  [[nodiscard]] Database& database() noexcept { return *database_; }

  [[nodiscard]] est::Result<std::int64_t> generation();
  [[nodiscard]] est::Result<Hierarchy> load_hierarchy();
  [[nodiscard]] est::Status save_rollover(const Rollover& rollover);

  // False when the serial number is taken or the hierarchy is of another generation by now: nothing was stored then.
  [[nodiscard]] est::Result<bool> add_certificate(const NewCertificate& certificate);
  [[nodiscard]] est::Result<std::optional<CertificateRecord>> find(est::BytesView serial);
  [[nodiscard]] est::Result<std::vector<CertificateRecord>> certificates();
  // False when there is no such certificate; a second revocation keeps the first date.
  [[nodiscard]] est::Result<bool> revoke(est::BytesView serial, est::UnixTime at);
  [[nodiscard]] est::Result<std::vector<est::pki::RevokedCertificate>> revoked(const std::string& issuer_role);
  [[nodiscard]] est::Result<std::int64_t> next_crl_number(const std::string& issuer_role);

  // RFC 7894: one-time passwords used, and revocation challenges, both as digests.
  [[nodiscard]] est::Result<bool> add_spent(est::BytesView token, est::BytesView public_key_info);  // false: it is there already
  [[nodiscard]] est::Result<est::Bytes> spent_by(est::BytesView token);                             // empty: nobody
  [[nodiscard]] est::Status add_challenge(est::BytesView serial, est::BytesView digest);
  [[nodiscard]] est::Result<std::optional<est::Bytes>> challenge(est::BytesView serial);

  [[nodiscard]] est::Result<std::optional<PendingEntry>> find_pending(const PendingKey& key);  // the latest one
  [[nodiscard]] est::Result<std::int64_t> waiting();
  [[nodiscard]] est::Result<std::int64_t> add_pending(const PendingKey& key, const std::string& subject, est::BytesView request,
                                                      est::UnixTime at);
  [[nodiscard]] est::Status set_issued(std::int64_t id, est::BytesView serial);
  // An error when there is no such request or it has been issued.
  [[nodiscard]] est::Status decide_pending(std::int64_t id, const std::string& state);
  [[nodiscard]] est::Result<std::vector<PendingRecord>> pending();

 private:
  explicit Store(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  [[nodiscard]] est::Result<Hierarchy> read_hierarchy();
  [[nodiscard]] est::Status add_authority(const std::string& role, const CaKey& key);

  std::unique_ptr<Database> database_;
};

}  // namespace ca
