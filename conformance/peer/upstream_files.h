// What a proxy under test is configured with, once: the scripted server is its upstream in every run, so its CAs, and the credentials it
// knows the proxy by, are kept in a folder.
#pragma once

#include <string>

#include "conformance/peer/pki.h"
#include "est/base/result.h"
#include "est/http/auth.h"

namespace conformance::peer {

// Paths.
struct UpstreamFiles {
  std::string trust_anchor;  // PEM: whom the proxy is to believe, and what it is to judge by what is issued
  std::string chain;         // PEM: the anchor and the issuing CA, as /cacerts has them
  std::string certificate;   // PEM: of the registration authority, with id-kp-cmcRA, and its chain
  std::string key;           // PEM, PKCS #8, unencrypted
  std::string user;          // for HTTP authentication: the name, and
  std::string password;      // the password, without line end
  std::string crls;          // PEM: the root's and the issuing CA's
};
[[nodiscard]] UpstreamFiles upstream_files_in(const std::string& folder);

// Makes the folder and everything in it, readable for its owner only. What a proxy may be configured with already is not replaced: an
// error when the folder holds such files.
[[nodiscard]] est::Status make_upstream_files(const std::string& folder, est::UnixTime now);

struct UpstreamSecrets {
  Pki pki;
  est::http::Credentials credentials;
  est::Bytes registration_authority;  // its certificate
};
// `host`: what the proxy calls its upstream.
[[nodiscard]] est::Result<UpstreamSecrets> load_upstream_files(const std::string& folder, est::UnixTime now, const std::string& host);

}  // namespace conformance::peer
