// `est-server init`: a fresh CA, every credential a first trial needs, and a configuration that uses them, in one folder.
//
//   ca/ca.db                              the CA (private keys inside; mode 0600)
//   rolled-ca/ca.db                       the CA of the label "rolled": a year old, its root rolled over just now
//   root.pem                              what clients trust
//   server.pem, server.key                serverAuth and id-kp-cmcRA (RFC 7030 3.6.1), names from `hosts`
//   server-named.pem/.key                 the same for the name named.localhost, shown to clients that ask for it by SNI
//   client.pem/.key                       a client certificate of the EST CA, for re-enrollment
//   ra.pem/.key                           a registration authority: clientAuth and id-kp-cmcRA (RFC 7030 3.7)
//   manufacturer-ca.pem/.key              a third party whose certificates get a device its first certificate (RFC 7030 2.2.1)
//   device.pem/.key                       such a certificate
//   other-manufacturer-ca.pem/.key, other-device.pem/.key   the same of another manufacturer, whose device has the same name
//   expired.pem, not-yet-valid.pem, revoked.pem, wrong-purpose.pem (each with .key)   client certificates that must be refused
//   estuser.password                      the random password of the user "estuser"
//   estuser.one-time-passwords            a hundred values for otpChallenge (RFC 7894), each good for one enrollment of "estuser"
//   colon-user.password, umlaut-user.password   the passwords of two more users, with colons, and not all ASCII
//   keygen-secret.key                     a secret that protects generated keys: "device-secret" (RFC 7030 4.4.1.1)
//   keygen-rsa.pem, keygen-ec.pem, keygen-signing.pem (each with .key)   certificates for the same (4.4.1.2); the last one forbids it
//   est.crl                               the CA's revocation lists
//   est-server.yaml                       the configuration
//
// Files with secrets have mode 0600, the folder 0700.
#pragma once

#include <string>
#include <vector>

#include "est/base/result.h"
#include "est/crypto/key.h"

namespace server {

struct InitOptions {
  std::string directory;
  est::crypto::KeyType key_type = est::crypto::KeyType::ec_p256;  // of every key made
  bool intermediate = false;
  std::vector<std::string> hosts = {"127.0.0.1", "::1", "localhost"};  // names and addresses of the server
};

// Refuses a folder that is not empty. On an error what was made so far stays behind, for inspection.
[[nodiscard]] est::Status initialise(const InitOptions& options);

// PEM of several DER objects.
[[nodiscard]] std::string pem_of(std::string_view label, const std::vector<est::Bytes>& objects);

}  // namespace server
