// The csrattrs section of a label in the configuration (RFC 7030 4.5.2, RFC 9908):
//
//   csrattrs:
//     enforce: true
//     attributes:
//       - challengePassword                                  # a bare OID, by name or dotted
//       - {type: ecPublicKey, values: [secp256r1]}           # values: OID, whole number (INTEGER), {utf8: TEXT},
//                                                            #   {printable: TEXT}, {ia5: TEXT} or {hex: DER}
//       - {type: extensionRequest, extensions: [{id: extKeyUsage, purposes: [clientAuth]}]}
//     template:                                              # RFC 9908 3.4
//       subject: [commonName, {type: organizationName, value: Acme}]
//       key: ec-p256
//       extensions: [subjectAltName, {id: keyUsage, critical: true, usages: [digitalSignature]}]
#pragma once

#include "est/codec/csrattrs.h"
#include "est/crypto/key.h"
#include "server/yaml_reader.h"

namespace server {

struct CsrAttrsConfig {
  est::codec::CsrAttrs attributes;
  bool enforce = false;
};

// Problems go to the reader's source; what is returned then is of no use.
[[nodiscard]] CsrAttrsConfig read_csrattrs(const YamlValue& section, bool pop_required);

// Scalars that other sections use too.
[[nodiscard]] est::codec::Oid read_oid(const YamlValue& value);
[[nodiscard]] est::crypto::KeyType read_key_type(const YamlValue& value);
[[nodiscard]] unsigned read_key_usages(const std::vector<YamlValue>& values);

}  // namespace server
