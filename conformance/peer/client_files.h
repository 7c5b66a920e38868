// What a client of the scripted server is given, as files.
#pragma once

#include <string>

#include "conformance/peer/pki.h"
#include "est/base/result.h"
#include "est/http/auth.h"

namespace conformance::peer {

// Paths.
struct ClientFiles {
  std::string trust_anchor;        // PEM: the explicit anchor
  std::string implicit_anchor;     // PEM
  std::string former_anchor;       // PEM: the root before the explicit one
  std::string client_certificate;  // PEM: certificate and chain
  std::string client_key;          // PEM, PKCS #8, unencrypted
  std::string named_certificate;   // another, with a subjectAltName
  std::string named_key;
  std::string password;         // the password alone, without line end
  std::string crls;             // PEM: the root's and the issuing CA's
  std::string secret_for_keys;  // AES key in hexadecimal: what protects generated keys, Pki::protection("symmetric")
  std::string transport_key;    // PEM: the private keys of the other two
  std::string agreement_key;
};

// Into an existing folder, readable for its owner only. `common_name`: of the client's certificate.
[[nodiscard]] est::Result<ClientFiles> write_client_files(const std::string& folder, const Pki& pki,
                                                          const est::http::Credentials& credentials, const std::string& common_name);

}  // namespace conformance::peer
