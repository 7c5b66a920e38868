#include <algorithm>
#include <numeric>

#include "conformance/target/names.h"
#include "conformance/target/profile.h"

namespace conformance::target {

const Claims& server_claims() {
  static const Claims claims{
      {"csrattrs", "answers /csrattrs with attributes (200)"},
      {"http-basic", "authenticates clients by HTTP Basic"},
      {"digest-userhash", "takes hashed user names in Digest (RFC 7616 3.4.4)"},
      {"http-digest", "authenticates clients by HTTP Digest"},
      {"tls-client-certificate", "authenticates clients by TLS client certificate"},
      {"client-certificate-demanded", "lets nobody connect without a client certificate (INT-14)"},
      {"certificate-and-password", "has a policy (label) that demands certificate and password together"},
      {"third-party-certificates", "lets clients enroll first with a certificate of another CA"},
      {"simpleenroll", "a first enrollment is possible with the credentials of this profile"},
      {"simplereenroll", "renews and rekeys certificates"},
      {"serverkeygen", "generates keys for clients (/serverkeygen)"},
      {"fullcmc", "answers Full PKI Requests (/fullcmc)"},
      {"fullcmc-crmf", "understands CRMF requests in /fullcmc, beside PKCS #10"},
      {"fullcmc-identity-proof", "verifies the Identity Proof controls of RFC 5272 with the profile's password as shared secret"},
      {"fullcmc-pop-link", "verifies the POP Link Witness of RFC 5272 with the profile's password as shared secret"},
      {"fullcmc-trust-anchors",
       "publishes its trust anchors in Full PKI Responses (RFC 5272 6.15), under a policy (label) of its own if need be"},
      {"pop-required", "has a policy (label) that demands proof of possession linked to TLS"},
      {"tls-exporter-binding", "accepts the TLS 1.3 exporter as channel binding (INT-01)"},
      {"tls-1.2", "speaks TLS 1.2"},
      {"tls-1.3", "speaks TLS 1.3"},
      {"manual-approval", "has a policy (label) that answers 202 until an operator approves"},
      {"manual-approval-renewal", "holds re-enrollments for approval as well, under the same policy (label)"},
      {"retry-after-date", "has a policy (label) whose 202 answers carry Retry-After as a date"},
      {"revocation-checking", "refuses revoked client certificates"},
      {"device-identity",
       "has a policy (label) under which a manufacturer's certificate gets one for the Subject in it and no other; needs "
       "access.identities.manufacturer and other-manufacturer"},
      {"reload", "takes new certificates and settings while it serves (access.operator.reload)"},
      {"crl-removal", "checks clients by a CRL that its operator can take away (access.operator.remove-crl and renew-crl)"},
      {"crl-expiry", "checks clients by a CRL that its operator can let run out (access.operator.expire-crl and renew-crl)"},
      {"labels", "serves more than one CA label"},
      {"registration-authority", "accepts registration authorities (id-kp-cmcRA)"},
      {"csrattrs-enforced", "has a policy (label) that refuses requests lacking the attributes it asked for"},
      {"csrattrs-template", "has a policy (label) that sends an RFC 9908 template"},
      {"csrattrs-template-enforced",
       "has a policy (label) that refuses requests which do not follow its template; that asks for a subject, a kind of key and an "
       "extension"},
      {"csrattrs-key-types", "has a policy (label) whose CSR attributes list the kinds of key it takes, and no others are taken"},
      {"csrattrs-none", "has a policy (label) that asks for no CSR attributes"},
      {"change-subject-name", "has a policy (label) that carries out ChangeSubjectName (RFC 7030 4.2.2)"},
      {"one-time-password", "has a policy (label) that demands an otpChallenge (RFC 7894) from access.one-time-passwords"},
      {"password-with-colon", "takes the user of access.odd-passwords.colon, whose password has a colon in it"},
      {"password-non-ascii", "takes the user of access.odd-passwords.non-ascii, whose password is not all ASCII"},
      {"est-identity-linking", "takes estIdentityLinking (RFC 7894) for linking, as it does challengePassword"},
      {"key-type-change", "renews with a key of another type of csr.key-types"},
      {"san-from-request", "puts the requested subjectAltName into the certificate"},
      {"eku-from-request", "puts the requested extendedKeyUsage (clientAuth, serverAuth) into the certificate"},
      {"root-rollover", "has a CA (label) whose root was rolled over, so that OldWithNew and NewWithOld exist (INT-34)"},
      {"intermediate-trust-anchor", "its trust anchor is an intermediate, so /cacerts holds no self-signed certificate (INT-33)"},
      {"authority-on-request", "gives clients of this profile CA or registration authority certificates when they ask (INT-40)"},
      {"key-ec-p256", "certifies P-256 keys; follows from csr.key-types"},
      {"key-ec-p384", "certifies P-384 keys; follows from csr.key-types"},
      {"key-ec-p521", "certifies P-521 keys; follows from csr.key-types"},
      {"key-rsa-2048", "certifies RSA keys of 2048 bits; follows from csr.key-types"},
      {"key-rsa-3072", "certifies RSA keys of 3072 bits; follows from csr.key-types"},
      {"key-rsa-4096", "certifies RSA keys of 4096 bits; follows from csr.key-types"},
      {"key-ed25519", "certifies Ed25519 keys; follows from csr.key-types"},
      {"session-resumption", "resumes TLS sessions"},
      {"serverkeygen-symmetric", "protects generated keys by a secret key, that of access.serverkeygen.symmetric"},
      {"serverkeygen-key-transport", "protects generated keys by an RSA key, that of access.serverkeygen.key-transport"},
      {"serverkeygen-key-agreement", "protects generated keys by an EC key, that of access.serverkeygen.key-agreement"},
      {"serverkeygen-restricted", "knows a key whose certificate forbids such use, that of access.serverkeygen.restricted"},
      {"serverkeygen-encrypted", "has a policy (label) that delivers generated keys in envelopes only"},
      {"serverkeygen-key-type", "generates keys of the type that the request's key has"},
      {"late-client-certificate",
       "asks for the client certificate only when an operation needs it (access.urls.late-client-certificate, if that is another address)"},
      {"server-names", "holds certificates for the names in access.server-names and chooses by SNI"},
      {"persistent-connections", "answers several requests on one connection"},
  };
  return claims;
}

const std::vector<std::string>& feature_names() {
  static const std::vector<std::string> names{"certificate-and-password",
                                              "pop-required",
                                              "manual-approval",
                                              "manual-approval-date",
                                              "csrattrs-enforced",
                                              "csrattrs-template-enforced",
                                              "csrattrs-key-types",
                                              "csrattrs-none",
                                              "change-subject-name",
                                              "device-identity",
                                              "fullcmc-trust-anchors",
                                              "one-time-password",
                                              "csrattrs-template",
                                              "serverkeygen-encrypted",
                                              "http-digest",
                                              "http-basic",
                                              "client-certificate",
                                              "root-rollover",
                                              "late-client-certificate",
                                              "other"};
  return names;
}

namespace {

// Levenshtein's distance, one row at a time.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> near_names(std::string_view wrong, const std::vector<std::string>& known) {
  if (wrong.size() > 64) return {};
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const auto& name : known) {
    const bool part = wrong.size() >= 3 && (name.find(wrong) != std::string::npos || wrong.find(name) != std::string_view::npos);
    const std::size_t far = part ? 1 : distance(wrong, name);
    if (far <= std::max<std::size_t>(2, name.size() / 3)) ranked.emplace_back(far, name);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < ranked.size() && i < 3; ++i) names.push_back(ranked[i].second);
  return names;
}

const Claims& proxy_claims() {
  static const Claims claims{
      {"proxy-certificate", "authenticates to its upstream with the certificate of upstream.files, which has id-kp-cmcRA"},
      {"proxy-password", "answers challenges of its upstream with user and password of upstream.files"},
      {"proxy-cacerts", "gives out the CA certificates that its upstream's /cacerts has"},
      {"proxy-csrattrs", "hands on the CSR attributes of its upstream"},
      {"proxy-labels", "uses the CA label of a request upstream, as it is or as upstream.labels says"},
      {"proxy-full-cmc", "sends simple requests upstream as Full PKI Requests with an RA POP Witness (RFC 5272)"},
  };
  return claims;
}

}  // namespace conformance::target
