#include "server/example_config.h"

namespace server {

std::string_view example_config() noexcept {
  return R"(# est-server configuration. Paths are relative to this file. SIGHUP reads certificates, keys, CRLs and passwords again.
listen: ["127.0.0.1:8443"]      # any number; IPv6 as "[::1]:8443"
# listen-late: ["127.0.0.1:8444"]   # here the client certificate is asked for only when an operation needs it
# threads: 2                    # event loops; left out, as many as there are processors
# limits: {handshake-seconds: 10, head-seconds: 10, body-seconds: 30, idle-seconds: 60, write-seconds: 30, drain-seconds: 10,
#          connections: 10000, connections-per-peer: 5000, requests-per-connection: 10000, body-octets: 262144}
tls:
  minimum: "1.2"
  maximum: "1.3"
  client-certificate: optional  # asked for; whether one is needed, each label says

ca: ca
server-certificate: server.pem
server-key: server.key
named-certificates: [{certificate: server-named.pem, key: server-named.key}]   # by SNI, for the DNS names in them
explicit-anchors: []            # the CA's own certificates are always in
implicit-anchors: []            # whose certificates may enroll, besides those of manufacturers
manufacturers:
  - {anchors: manufacturer-ca.pem, identity: serialNumber, organization: Maker}
  - {anchors: other-manufacturer-ca.pem, identity: serialNumber, organization: Other Maker}
own-crl: est.crl                # written by "est-server crl" and "est-server revoke"
crls: []
check-crl: true

realm: estspec
digest-algorithms: [SHA-256, MD5]
users:
  - {name: estuser, password-file: estuser.password, one-time-passwords-file: estuser.one-time-passwords}
  - {name: colon-user, password-file: colon-user.password}        # its password has colons in it
  - {name: umlaut-user, password-file: umlaut-user.password}      # its password is not all ASCII
# users-file: users.yaml        # "name: password" lines, mode 0600

# Keys made for clients; "serverkeygen: off" or "encrypted" in a label narrows it.
serverkeygen:
  key-types: [ec-p256, ec-p384, rsa-2048]
  symmetric-keys:
    - {identifier: device-secret, key-file: keygen-secret.key}
  asymmetric-keys:
    - {identifier: device-rsa, certificate: keygen-rsa.pem}
    - {identifier: device-ec, certificate: keygen-ec.pem}
    - {identifier: device-signing, certificate: keygen-signing.pem}

# authentication: none, basic, digest, password (Basic or Digest), certificate, certificate-or-password, certificate-and-password
labels:
  "":
    authentication: certificate-or-password
    profile: {copy-extended-key-usage: true}
    csrattrs: {attributes: [{type: extensionRequest, extensions: [{id: extKeyUsage, purposes: [clientAuth]}]}]}
  open: {authentication: none, serverkeygen: off}
  encrypted: {authentication: certificate-or-password, serverkeygen: encrypted}
  basic: {authentication: basic}
  digest: {authentication: digest}
  password: {authentication: password}
  cert: {authentication: certificate}
  both: {authentication: certificate-and-password}
  pop: {authentication: certificate-or-password, pop: required, accept-exporter: true}
  manual: {authentication: certificate-or-password, approval: manual, retry-after: {seconds: 1, form: seconds}}
  manual-date: {authentication: certificate-or-password, approval: manual, retry-after: {seconds: 2, form: date}}
  attrs:
    authentication: certificate-or-password
    csrattrs:
      enforce: true
      attributes:
        - {type: ecPublicKey, values: [secp256r1]}
        - ecdsa-with-SHA256
        - subjectAltName
  template:                     # RFC 9908
    authentication: certificate-or-password
    csrattrs:
      template:
        subject: [commonName, {type: organizationName, value: Acme}]
        key: ec-p256
        extensions: [subjectAltName, {id: keyUsage, critical: true, usages: [digitalSignature]}]
  devices: {authentication: certificate, device-identity: required, fullcmc: {enabled: false}}
  rename: {authentication: certificate-or-password, change-subject-name: allow}
  anchors: {authentication: certificate-or-password, fullcmc: {publish-trust-anchors: true}}    # RFC 5272 6.15
  otp: {authentication: certificate-or-password, one-time-password: required}    # RFC 7894
  template-enforced:
    authentication: certificate-or-password
    csrattrs:
      enforce: true
      template:
        subject: [commonName, {type: organizationName, value: Acme}]
        key: ec-p256
        extensions: [subjectAltName, {id: keyUsage, critical: true, usages: [digitalSignature]}]
  rolled:                       # a CA of its own, whose root was rolled over (RFC 4210 4.4)
    authentication: certificate-or-password
    ca: rolled-ca
  other:                        # a policy of its own: short certificates for P-384 keys
    authentication: certificate-or-password
    profile: {validity-seconds: 86400, key-types: [ec-p384]}
)";
}

}  // namespace server
