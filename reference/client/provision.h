// From nothing to a certificate in one call (RFC 7030 4.1.1, 4.1.3, 4.5, 4.2): fetch and store the anchors, ask for attributes, make the
// request they ask for, enroll.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/request_maker.h"
#include "client/trust_store.h"

namespace client {

struct AnchorPlan {
  Trust configured;                        // by the user; beside what the store holds
  std::optional<Fingerprint> fingerprint;  // of the root, when nothing configured authorises the server
  ConfirmRoot ask;                         // the same, by a person
  TrustStore* store = nullptr;             // borrowed; null: the anchors are used, but not kept
};
// /cacerts from a server that the anchors authorise; or, when they do not and a fingerprint or person is at hand, from one whose root is
// confirmed. Stored, and `client` uses them from then on. Nothing is stored on failure.
[[nodiscard]] Outcome<CaAnswer> fetch_anchors(Client& client, const AnchorPlan& plan);

struct EnrollmentPlan {
  est::ops::Operation operation = est::ops::Operation::simpleenroll;  // or simplereenroll, fullcmc
  RequestPlan request;
  bool ask_attributes = true;
  std::optional<SharedSecret> cmc_secret = {};  // fullcmc: proves who asks, and that the same makes the request (RFC 5272 6.2, 6.3)
  bool crmf = false;                            // fullcmc: the request in CRMF form
  // Called with the key before the first request leaves, so that a certificate never comes for a key that is lost.
  std::function<est::Status(const est::crypto::PrivateKey&)> keep_key = {};
};
struct Enrolled {
  Issued issued;
  std::vector<est::Bytes> chain;               // see chain_of()
  std::optional<est::crypto::PrivateKey> key;  // nothing: the user's own request without its key
  std::vector<std::string> notes;
};
// /csrattrs (unless told not to), the request, the operation. What the certificate's path and names lack becomes notes.
[[nodiscard]] Outcome<Enrolled> enroll_as_asked(Client& client, EnrollmentPlan plan);

// Asks for attributes where `wanted`. A server without them (204, 404, also 405 and 501) asks for nothing; the latter two are noted.
[[nodiscard]] Outcome<Attributes> attributes_for(Client& client, bool wanted);

struct Provisioned {
  CaAnswer anchors;
  Enrolled enrolled;
};
[[nodiscard]] Outcome<Provisioned> provision(Client& client, const AnchorPlan& anchors, EnrollmentPlan enrollment);

// An issued certificate as others will want to see it: behind it the certificates that lead to the explicit anchors, without the anchor
// itself, from the answer and from what /cacerts gave (servers send the certificate alone, RFC 7030 4.2.3).
struct Chain {
  std::vector<est::Bytes> certificates;  // leaf first; when there is no path: what the server sent
  std::vector<std::string> doubts;       // sentences: no path, not valid now
};
[[nodiscard]] Chain chain_of(const std::vector<est::Bytes>& certificates, const Trust& trust, est::UnixTime now);

}  // namespace client
