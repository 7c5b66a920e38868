// Who is asking: from a request's head, the TLS facts and a label's policy to a Principal or a refusal (RFC 7030 3.2.3, 3.3.2, 3.7).
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/codec/x509.h"
#include "est/http/auth.h"
#include "est/http/message.h"
#include "est/tls/facts.h"
#include "server/policy.h"
#include "server/trust.h"

namespace server {

// Below which anchors a client certificate verified. `authority`: issued by this very EST CA.
enum class Anchor { authority, explicit_anchor, implicit_anchor };

struct CertificateIdentity {
  est::codec::Certificate certificate;
  Anchor anchor = Anchor::implicit_anchor;
  std::optional<Manufacturer> maker = {};  // below an implicit anchor of one that is configured
  bool is_ra = false;                      // id-kp-cmcRA in a certificate of the EST CA (RFC 7030 3.7)
};

struct Principal {
  std::optional<std::string> user;  // password checked
  std::optional<CertificateIdentity> certificate;

  [[nodiscard]] bool is_ra() const { return certificate && certificate->is_ra; }
  // "certificate:CN=...", "user:alice", both joined by '+', or "anonymous": for the CA's records and the log.
  [[nodiscard]] std::string identity() const;
};

// Why not, and what the client is told. `challenges` are WWW-Authenticate values, best first; present exactly on a 401.
struct Denial {
  int status = 401;
  std::string sentence;
  std::vector<std::string> challenges;
};

// Threads: safe from any thread.
class Authenticator {
 public:
  struct Options {
    std::string realm = "estspec";
    std::vector<est::http::DigestAlgorithm> algorithms = {est::http::DigestAlgorithm::sha256, est::http::DigestAlgorithm::md5};
    // Has the EST CA revoked this serial of its own? Asked at each request while CRLs are checked, so that no certificate lives
    // until the next CRL is loaded; empty: the CRL alone decides.
    std::function<est::Result<bool>(est::BytesView serial)> revoked;
  };

  // `trust` and `clock` must outlive the authenticator.
  Authenticator(const Options& options, const TrustStore& trust, const est::Clock& clock);

  // Spends the nonce count of a Digest credential: call it once a request.
  [[nodiscard]] std::variant<Principal, Denial> authenticate(const est::http::Request& head, const est::tls::Facts& facts,
                                                             const LabelPolicy& policy) const;
  // Is `value` a one-time password of the principal's user, or, when a certificate alone authenticated, of any user?
  [[nodiscard]] bool knows_one_time_password(const Principal& principal, std::string_view value) const;
  // What can be refused before the body comes, without spending a nonce count. Nothing: unknown yet.
  [[nodiscard]] std::optional<Denial> refuse_early(const est::http::Request& head, const est::tls::Facts& facts,
                                                   const LabelPolicy& policy) const;

 private:
  enum class DigestUse { verify, only_look };
  using Judged = std::variant<std::monostate, CertificateIdentity, Denial>;  // no certificate, a good one, a bad one
  using Checked = std::variant<std::string, Denial>;                         // the user

  [[nodiscard]] std::variant<Principal, Denial> decide(const est::http::Request& head, const est::tls::Facts& facts,
                                                       const LabelPolicy& policy, DigestUse use) const;
  [[nodiscard]] Checked check_password(const est::http::Request& head, const Trust& trust, Authentication mode, DigestUse use) const;
  [[nodiscard]] Checked check_basic(const est::http::AuthItem& item, const Trust& trust, Authentication mode) const;
  [[nodiscard]] Checked check_digest(const est::http::AuthItem& item, const est::http::Request& head, const Trust& trust,
                                     Authentication mode, DigestUse use) const;
  [[nodiscard]] Denial challenge(std::string sentence, Authentication mode, bool stale = false) const;
  [[nodiscard]] Judged judge_certificate(const est::tls::Facts& facts, const std::shared_ptr<const Trust>& trust) const;
  [[nodiscard]] Judged judge_path(const est::tls::Facts& facts, const std::shared_ptr<const Trust>& trust) const;

  // Path validation costs more than all else in a request on a kept connection, so its outcome is remembered for a few seconds.
  struct Remembered {
    Judged judged;
    est::UnixTime until = 0;
  };
  struct Memory {
    std::mutex mutex;
    std::shared_ptr<const Trust> trust;  // what the entries were judged by
    std::unordered_map<std::string, Remembered> entries;
  };

  Options options_;
  est::http::DigestVerifier digest_;
  const TrustStore& trust_;
  const est::Clock& clock_;
  std::unique_ptr<Memory> memory_ = std::make_unique<Memory>();
};

}  // namespace server
