// A small issuing authority on embedded SQLite. An acknowledged certificate survives kill -9; no serial is used twice.
// Threads: every member may be called from any thread; one process at a time writes, others (the command line) wait up to 5 s.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/codec/pkcs10.h"
#include "est/codec/x509.h"
#include "est/crypto/key.h"

namespace ca {

// What is put into every certificate of a profile, and what a request may choose.
struct Profile {
  std::string name = "default";
  std::int64_t validity_seconds = 90LL * 24 * 3600;
  std::int64_t backdate_seconds = 300;
  unsigned key_usage = est::codec::key_usage::digital_signature;  // unless the request asks for others
  bool copy_key_usage = true;                                     // as far as the key can; false: only what key_usage has
  std::vector<est::codec::Oid> extended_key_usage;                // imposed; empty: clientAuth
  bool copy_subject_alt_name = true;                              // from the request
  bool copy_extended_key_usage = false;                           // only clientAuth and serverAuth; never cmcRA, never CA
  std::vector<est::crypto::KeyType> key_types;                    // accepted; empty: P-256, P-384, P-521, RSA >= 2048, Ed25519
};

struct AuthorityOptions {
  std::string directory;              // holds ca.db (mode 0600)
  const est::Clock* clock = nullptr;  // default: the system's
};

struct CreateOptions {
  std::string common_name = "estspec reference CA";
  est::crypto::KeyType key_type = est::crypto::KeyType::ec_p256;
  bool intermediate = false;  // root -> intermediate -> end entity
  std::int64_t root_validity_seconds = 10LL * 365 * 24 * 3600;
};

// Who asked, as the server found out; kept with the certificate for audits and for recognising repeated requests.
struct Requester {
  std::string identity;  // "basic:alice", "certificate:CN=...", "anonymous"
};

struct Issued {
  est::Bytes certificate;  // DER
  est::Bytes serial;
};
struct Pending {
  std::int64_t id = 0;
};
struct Refused {
  std::string reason;  // one sentence for the client
};
using Outcome = std::variant<Issued, Pending, Refused>;

struct CertificateRecord {
  est::Bytes serial;
  std::string subject;
  est::UnixTime not_after = 0;
  std::optional<est::UnixTime> revoked_at;
  std::string identity, label;
  est::Bytes certificate;
};
struct PendingRecord {
  std::int64_t id = 0;
  std::string subject, identity, label, state;  // "waiting", "approved", "rejected", "issued"
  est::UnixTime asked_at = 0;
};

struct IssueRequest {
  const est::codec::CertificationRequest* request = nullptr;  // signature already verified by the caller
  Requester requester;
  std::string label;
  Profile profile;
  bool manual_approval = false;
  // Set on re-enrollment: names come from here, whatever the request says (the caller has compared them).
  std::optional<est::codec::Name> subject;
  // In place of the requested SubjectAltName (ChangeSubjectName, RFC 6402 2.8); empty: the certificate gets none.
  std::optional<std::vector<est::codec::GeneralName>> subject_alt_name;
  // SubjectPublicKeyInfo of a key made for the client (RFC 7030 4.4.1): the request's own key and signature then count for nothing.
  std::optional<est::Bytes> generated_key = std::nullopt;
};

// What became of a one-time password (RFC 7894 3.1).
enum class Spent { now, before_by_this_key, before };

class Authority {
 public:
  // Creates directory and database; an error if a CA is already there.
  [[nodiscard]] static est::Result<std::unique_ptr<Authority>> create(const AuthorityOptions& options, const CreateOptions& what);
  [[nodiscard]] static est::Result<std::unique_ptr<Authority>> open(const AuthorityOptions& options);
  ~Authority();

  // RFC 7030 4.1.3: current root, intermediate if any, and after a rollover OldWithOld, OldWithNew, NewWithOld.
  [[nodiscard]] est::Result<std::vector<est::Bytes>> ca_certificates() const;
  [[nodiscard]] est::Result<std::vector<est::Bytes>> issuer_chain()
      const;  // issuing CA first, without the root when there is an intermediate

  // A manual request is recognised by (identity, label, subject, public key), so that a CSR re-signed for a new TLS session
  // finds its pending entry (INT-10). Once approved, the next call issues and later ones return the same certificate. With a
  // generated key the public key is left out of account, and what was issued is not given again: its private key is gone.
  [[nodiscard]] est::Result<Outcome> issue(const IssueRequest& request);
  // The same for a request that needs nobody's approval, by a caller who does not wait for the disk: the certificate is decided on and
  // signed before this returns. `told` is called once, on this thread or another, and should be brief: others wait for it. It lets no
  // exception out.
  using Told = std::function<void(est::Result<Outcome>)>;
  void issue_later(const IssueRequest& request, const Told& told);
  // For server and RA certificates made by the command line: everything is the caller's choice.
  [[nodiscard]] est::Result<Issued> issue_directly(const est::codec::Name& subject, est::BytesView public_key_info,
                                                   est::codec::Validity validity, const std::vector<est::codec::Extension>& extensions,
                                                   const std::string& label);

  // Marks `token` (a digest of a one-time password) as used by the request with this public key. Lasts across restarts.
  [[nodiscard]] est::Result<Spent> spend(est::BytesView token, est::BytesView public_key_info);
  // RFC 7894 3.2: the digest of the revocationChallenge a certificate was asked for with; the first one given stays.
  [[nodiscard]] est::Status keep_challenge(est::BytesView serial, est::BytesView digest);
  [[nodiscard]] est::Result<std::optional<est::Bytes>> challenge(est::BytesView serial) const;

  [[nodiscard]] est::Status approve(std::int64_t id);
  [[nodiscard]] est::Status reject(std::int64_t id);
  [[nodiscard]] est::Status revoke(est::BytesView serial);
  [[nodiscard]] est::Result<std::vector<PendingRecord>> pending() const;
  [[nodiscard]] est::Result<std::vector<CertificateRecord>> certificates() const;
  [[nodiscard]] est::Result<std::optional<CertificateRecord>> find(est::BytesView serial) const;
  // One CRL per CA key that can revoke (issuing CA, and root when it differs); numbers grow by one each time.
  [[nodiscard]] est::Result<std::vector<est::Bytes>> make_crls(std::int64_t validity_seconds);
  // RFC 4210 4.4: a new root key; cross certificates are stored and served from now on.
  [[nodiscard]] est::Status rollover(est::crypto::KeyType key_type);

 private:
  struct Impl;
  explicit Authority(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ca
