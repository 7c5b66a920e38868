// What one CA label of the server asks of its clients and does for them. Values only; who judges is Authenticator and Enroller.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "ca/authority.h"
#include "est/codec/csrattrs.h"

namespace server {

// Which credentials a label takes (RFC 7030 3.2.3, 3.3.2). `password` is Basic or Digest, whichever the client can do.
enum class Authentication { none, basic, digest, password, certificate, certificate_or_password, certificate_and_password };

[[nodiscard]] std::string_view to_string(Authentication authentication) noexcept;

// What a 202 answer puts into Retry-After (RFC 9110 10.2.3).
struct Retry {
  std::int64_t seconds = 10;
  bool as_date = false;
};

// /fullcmc (RFC 7030 4.3).
struct FullCmc {
  bool enabled = true;                   // false: 501
  bool identity_proof_required = false;  // RFC 5272 6.2, of requests that no certificate signs
  bool publish_trust_anchors = false;    // RFC 5272 6.15: every response is a Full one and lists the CA's roots
};

struct LabelPolicy {
  Authentication authentication = Authentication::certificate_or_password;
  bool pop_required = false;                // RFC 7030 3.5: a request without channel binding is refused
  bool accept_exporter = true;              // on TLS 1.3, where tls-unique is undefined, take RFC 9266's exporter instead (INT-01)
  bool change_subject_name = false;         // RFC 7030 4.2.2: ChangeSubjectName is carried out; false: refused
  bool one_time_password_required = false;  // RFC 7894 3.1: a request without otpChallenge is refused
  bool device_identity = false;             // who comes with a manufacturer's certificate may ask only for the identity in it
  bool manual_approval = false;
  FullCmc full_cmc;
  Retry retry;
  est::codec::CsrAttrs attributes;  // as configured; see advertised_attributes
  bool enforce_attributes = false;
  bool keygen = true;             // /serverkeygen, where the server offers it at all
  bool keygen_encrypted = false;  // and only to requests that name a key to encrypt with (RFC 7030 4.4.1)
  ca::Profile profile;
  std::string ca_directory;  // of a CA of its own (RFC 7030 3.2.2); empty: the server's
};

// The CAs of labels that have one of their own, by directory.
using Authorities = std::map<std::string, std::unique_ptr<ca::Authority>, std::less<>>;

// Label to policy; the empty label is the server without label.
using Policies = std::map<std::string, LabelPolicy, std::less<>>;

// Opens the CA of every label that has one of its own.
[[nodiscard]] est::Result<Authorities> open_authorities(const Policies& policies);

// What /csrattrs says: the configured elements, and what RFC 7030 4.5.2 obliges a server to add: challengePassword when
// linking is required (and estIdentityLinking, RFC 7894 4), otpChallenge where it is, the key types when the profile restricts them. Empty:
// there is nothing to say (204).
[[nodiscard]] est::codec::CsrAttrs advertised_attributes(const LabelPolicy& policy);

}  // namespace server
