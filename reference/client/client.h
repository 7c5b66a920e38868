// An EST client (RFC 7030): the operations, one call each.
//
//   client::Client est(options);
//   auto ca = est.ca_certificates();             // or bootstrap()
//   store.replace(ca->set, ca->origin);          // keep the explicit anchors
//   est.set_trust(store.with(configured));
//   auto attributes = est.csr_attributes();
//   auto issued = est.enroll(Operation::simpleenroll, make_request);
//
// Ownership: a Client owns its connection and copies of all it is given; what callbacks refer to must outlive it. Results own what they
// hold. Threads: one Client belongs to one thread at a time; different Clients share nothing and may run at once. Callbacks are called on
// the thread of the call that needs them, and must not call the Client. Calls block: at most the timeouts of SessionOptions for each
// request and redirection, and RetryPolicy::limit for waiting.
// Failure: a call that fails changes nothing but the connection, and may be repeated.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/answer.h"
#include "client/bootstrap.h"
#include "client/ca_set.h"
#include "client/full_cmc.h"
#include "client/generated_key.h"
#include "client/outcome.h"
#include "client/retry.h"
#include "client/session.h"
#include "client/trust_store.h"
#include "est/ops/operation.h"

namespace client {

// Linking of identity and proof of possession (RFC 7030 3.5): what goes into challengePassword or estIdentityLinking.
enum class Linking {
  automatic,  // tls-unique on TLS 1.2; nothing on TLS 1.3, where it is undefined, unless linking is demanded: then TLS 1.2 is used
  exporter,   // tls-unique on TLS 1.2, EXPORTER-Channel-Binding on TLS 1.3 (RFC 9266; the server must know it: INT-01)
  none,
};
// The text for the request; nothing when there is none to be had. `facts`: of the connection the request goes over.
[[nodiscard]] std::optional<std::string> linking_text(const est::tls::Facts& facts, Linking linking);

struct ClientOptions {
  est::net::Endpoint server;
  std::string label;  // empty, or see ops::valid_label
  Trust trust;
  SessionOptions session;
  Linking linking = Linking::automatic;
  RetryPolicy retry;
  Wait wait = wait_sleeping;
  const est::Clock* clock = &est::system_clock();  // borrowed
  // Called with a sentence before each wait: a user should know of it (RFC 7030 4.2.3).
  std::function<void(const std::string&)> tell = {};
  bool every_root = false;  // see CaSetOptions
};

// DER of the request for a connection with this linking text. Called once for each different text, so what is not linked is repeated
// octet by octet.
using MakeRequest = std::function<est::Result<est::Bytes>(const std::optional<std::string>& linking)>;

struct CaAnswer {
  CaSet set;
  TrustStore::Origin origin;
};

struct Issued {
  std::vector<est::Bytes> certificates;  // DER; the one of the request's key first, then whatever else the server sent
  std::vector<std::string> notes;
  bool linked = false;
};

class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // GET /cacerts from an authorised server (4.1.2).
  [[nodiscard]] Outcome<CaAnswer> ca_certificates();
  // GET /cacerts from whoever answers; the root is believed when the fingerprint fits or, without one, `ask` says so (4.1.1).
  [[nodiscard]] Outcome<CaAnswer> bootstrap(const std::optional<Fingerprint>& fingerprint, const ConfirmRoot& ask);
  // From the next request on, over a new TLS session.
  void set_trust(Trust trust);
  void set_identity(std::optional<est::tls::Identity> identity);

  // GET /csrattrs (4.5). If they ask for linking, so do all later calls.
  [[nodiscard]] Outcome<Attributes> csr_attributes();

  // POST /simpleenroll or /simplereenroll (4.2), again after each Retry-After within the limit.
  [[nodiscard]] Outcome<Issued> enroll(est::ops::Operation operation, const MakeRequest& make);
  // POST /serverkeygen (4.4). `protection` is what the request asks for; nothing: the key comes as it is inside TLS.
  [[nodiscard]] Outcome<GeneratedKey> server_keygen(const MakeRequest& make, const KeyProtection* protection);
  // POST /fullcmc (4.3): the request is put into a PKIData, signed by the TLS client certificate's key where that is a
  // registration authority's or has the request's subject (a renewal), else by `key`, which is the request's own. A Simple PKI Response or
  // a Full one, whose signer must lead to an explicit anchor, comes back.
  // `extras`: see full_cmc.h; in CRMF form nothing is linked to TLS.
  [[nodiscard]] Outcome<Issued> full_cmc(const MakeRequest& make, const est::crypto::PrivateKey& key, const CmcExtras& extras = {});

  // Requests must be linked from now on: where TLS 1.3 would be used and the exporter is not wanted, TLS 1.2 is. An error when that is
  // excluded by the options.
  [[nodiscard]] est::Status demand_linking();
  [[nodiscard]] const Trust& trust() const noexcept;
  // Of the latest HTTP answer; 0: none.
  [[nodiscard]] int last_status() const noexcept;
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace client
