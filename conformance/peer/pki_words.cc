// The words for certificates.
#include "conformance/peer/pki.h"

namespace conformance::peer {

const Words& server_identities() {
  static const Words words{
      {"good", "of the issuing CA, whose certificate is sent along"},
      {"rsa", "as good, with an RSA key of 2048 bits"},
      {"no-purpose", "as good, without extended key usage: legal"},
      {"upper-case", "as good, the DNS name in capitals: legal"},
      {"many-names", "as good, the right name is the last of several: legal"},
      {"chain-with-root", "as good, the root is sent along: legal"},
      {"wrong-name", "for other.example"},
      {"name-prefix", "for localhost.other.example"},
      {"name-in-uri", "the name stands in a URI, no DNS name is there"},
      {"wildcard-part", "for l*st, a wildcard that is only part of a label"},
      {"wildcard", "for *.localhost, which stands for one label more"},
      {"address-as-name", "for the DNS name 127.0.0.1, without an IP address"},
      {"other-address", "for localhost and the IP address 127.0.0.2"},
      {"name-with-nul", "for localhost, NUL, .other.example, in one DNS name"},
      {"cn-only", "the name stands in the common name, there is no subjectAltName"},
      {"cn-beside-san", "the name stands in the common name, subjectAltName says other.example"},
      {"expired", "expired yesterday"},
      {"not-yet-valid", "valid from the day after tomorrow"},
      {"untrusted", "of a CA nobody knows"},
      {"imitated", "of a CA nobody knows that bears the issuing CA's name"},
      {"self-signed", "signed by its own key"},
      {"incomplete-chain", "the issuing CA's certificate is not sent along"},
      {"expired-issuer", "of a CA below the root that expired yesterday"},
      {"issuer-is-no-ca", "of a certificate below the root whose basic constraints say that it is no CA"},
      {"issuer-may-not-sign", "of a CA below the root whose key usage lacks keyCertSign"},
      {"path-too-long", "of a CA below another whose basic constraints allow none below it"},
      {"outside-constraints", "of a CA below the root whose name constraints permit other.example only"},
      {"client-purpose", "for TLS clients only"},
      {"unknown-critical", "with a critical extension that nobody knows"},
      {"weak-key", "with an RSA key of 1024 bits"},
      {"sha1", "signed with SHA-1"},
      {"revoked", "on the issuing CA's CRL"},
      {"cmc-ra", "for other.example, with id-kp-cmcRA beside serverAuth"},
      {"cmc-ra-alone", "for other.example, with id-kp-cmcRA and no serverAuth"},
      {"old-key", "signed by the root's former key"},
      {"new-with-old", "as good, NewWithOld is sent along: for clients that have the former root"},
      {"implicit", "of the implicit anchor"},
      {"implicit-wrong-name", "of the implicit anchor, for other.example"},
      {"implicit-cmc-ra", "of the implicit anchor, for other.example, with id-kp-cmcRA"},
  };
  return words;
}

const Words& ca_sets() {
  static const Words words{
      {"good", "the root and the issuing CA"},
      {"root-alone", "the root"},
      {"issuing-alone", "the issuing CA without the root"},
      {"rollover", "good, with the former root, OldWithNew and NewWithOld"},
      {"rollover-forged", "good, with an OldWithNew that a stranger signed in the root's name"},
      {"with-stranger", "good, with a root that certifies none of the others"},
      {"with-expired", "good, with a root that has expired"},
      {"stranger-alone", "a root that certifies none of the others, alone"},
      {"leaf-alone", "an end entity's certificate"},
      {"none", "no certificate"},
  };
  return words;
}

const Words& issue_deviations() {
  static const Words words{
      {"good", "the subject, subjectAltName and key of the request"},
      {"other-key", "another key than that of the request"},
      {"other-subject", "another subject than that of the request"},
      {"untrusted", "issued by a CA nobody knows"},
      {"expired", "expired yesterday"},
      {"not-yet-valid", "valid from the day after tomorrow"},
      {"short-lived", "ends 15 seconds after it was issued"},
  };
  return words;
}

}  // namespace conformance::peer
