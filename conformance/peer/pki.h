// The certificates of the scripted server, made anew for every run (save where its client is configured once and for all, as a proxy is):
// CAs, the identities a server may show, what is issued to clients.
//
//   estspec root CA            the explicit trust anchor; below it the issuing CA, which certifies servers and clients
//   estspec public root CA     the implicit trust anchor: certifies servers only
//   estspec stranger CA        nobody trusts it
//
// Threads: immutable after make(), so any.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/peer/words.h"
#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/codec/x509.h"
#include "est/crypto/key.h"
#include "est/tls/context.h"

namespace conformance::peer {

// Identities a server may show. All but those whose meaning says otherwise are right for the host name, "localhost" if none was given.
[[nodiscard]] const Words& server_identities();
// Sets of certificates /cacerts may hand out.
[[nodiscard]] const Words& ca_sets();

// What to issue, and in which way it is not what was asked for.
struct IssueWish {
  est::codec::Name subject;
  est::Bytes public_key_info;
  std::vector<est::codec::Extension> extensions;  // subjectAltName and such, from the request
  std::string deviation = "good";                 // a word of issue_deviations()
};
[[nodiscard]] const Words& issue_deviations();

// A key that is to protect generated ones (RFC 7030 4.4.1): a private key, or a secret for AES.
struct Protection {
  std::string identifier;
  std::optional<est::crypto::PrivateKey> key;
  est::Bytes secret;
};

class Pki {
 public:
  [[nodiscard]] static est::Result<Pki> make(est::UnixTime now);
  // With the CAs that `authorities()` of another one gave, for servers that are called `host`, a DNS name.
  [[nodiscard]] static est::Result<Pki> make_with(std::string_view authorities, est::UnixTime now, std::string host = "localhost");
  // The CAs with their keys, as PEM. Secret.
  [[nodiscard]] std::string authorities() const;

  [[nodiscard]] const est::Bytes& anchor() const noexcept;           // explicit
  [[nodiscard]] const est::Bytes& implicit_anchor() const noexcept;  // implicit
  [[nodiscard]] const est::Bytes& former_anchor() const noexcept;    // the root before the explicit one, of the same name
  [[nodiscard]] const est::Bytes& issuing() const noexcept;          // the CA certificate right above what is issued
  [[nodiscard]] const est::Bytes& crl() const noexcept;              // of the issuing CA; lists the identity "revoked"
  [[nodiscard]] const est::Bytes& root_crl() const noexcept;

  // An error for an unknown word.
  [[nodiscard]] est::Result<est::tls::Identity> server(std::string_view identity) const;
  // `alternative_name` as in "DNS:device.example"; empty: none.
  [[nodiscard]] est::Result<est::tls::Identity> client(std::string_view common_name, std::string_view alternative_name = {}) const;
  // A registration authority (RFC 7030 3.7): a client whose certificate has id-kp-cmcRA beside clientAuth. Valid as long as the CAs are.
  [[nodiscard]] est::Result<est::tls::Identity> registration_authority(std::string_view common_name) const;
  // Who signs Full PKI Responses: "issuing", "stranger" (a CA nobody knows), "leaf" (an end entity of the issuing CA).
  [[nodiscard]] est::Result<est::tls::Identity> responder(std::string_view word) const;
  // "symmetric", "key-transport", "key-agreement"; null for another word.
  [[nodiscard]] const Protection* protection(std::string_view how) const;
  [[nodiscard]] est::Result<std::vector<est::Bytes>> ca_certificates(std::string_view set) const;
  [[nodiscard]] est::Result<est::Bytes> issue(const IssueWish& wish) const;
  // Whether the issuing CA signed it.
  [[nodiscard]] bool issued(est::BytesView certificate) const;

 private:
  struct Impl;
  explicit Pki(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace conformance::peer
