// What the tests of this folder share: messages made with the openssl command line (3.0), and damage to try on any message.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "est/base/bytes.h"
#include "est/base/finding.h"
#include "est/codec/pem.h"

namespace est::codec::test {

// openssl req -new: EC key, four RDNs, challengePassword, extensionRequest with every common GeneralName
inline constexpr std::string_view ec_request = R"(-----BEGIN CERTIFICATE REQUEST-----
MIIBxDCCAWsCAQAwRDELMAkGA1UEBhMCREUxEzARBgNVBAoMCkFjbWUsIEluYy4x
ETAPBgNVBAMMCGRldmljZS0xMQ0wCwYDVQQFEwQ0NzExMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEEK0L2JY2zes2MEh3QwJH5EkBCX8cA+UCRjOL3pFP9iJdd3Zu
pb8qasx0jS4vwPOZ7eTd+67kpeBP5hPtrZkfaaCBxDAfBgkqhkiG9w0BCQcxEgwQ
ZEd4ekxYVnVhWEYxWlE9PTCBoAYJKoZIhvcNAQkOMYGSMIGPMGgGA1UdEQRhMF+C
EGRldmljZS0xLmV4YW1wbGWHBMAAAgGHECABDbgAAAAAAAAAAAAAAAGBD29wc0Bl
eGFtcGxlLmNvbYYJdXJuOmRldjoxiAMqAwSkEjAQMQ4wDAYDVQQDDAVpbm5lcjAO
BgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUHAwIwCgYIKoZIzj0EAwID
RwAwRAIgFkqWvP7vfguGUoi2zcx8CdvUf7NPVHbr6swzaA2zk38CIF5prmR6qX19
Skgi8sTN84+tNYQowJVB2xwJQv/rn+4O
-----END CERTIFICATE REQUEST-----
)";

// openssl req -new: RSA key, one RDN, attributes [0] present and empty
inline constexpr std::string_view rsa_request = R"(-----BEGIN CERTIFICATE REQUEST-----
MIIBTzCBuQIBADAQMQ4wDAYDVQQDDAVwbGFpbjCBnzANBgkqhkiG9w0BAQEFAAOB
jQAwgYkCgYEA4RgdxETqKHwh1oFJcYKTyRnu5Q7zVzxHK8QZQP/zl1wd9Ph/6PAl
rRMoowPKOa+8wYN0vz8D9ZeyJSEaEgzUFeXYcFffkmngp2U3Iz0hYDzEkwOq/BEC
d5jr7o/JkIPzGI+q018aI+DITo5Y7cay7e/MOsMKmvkjvsGKCk7LTKUCAwEAAaAA
MA0GCSqGSIb3DQEBCwUAA4GBAF4vuYrXbQZzz+ghDeoOfx9Gfem32a9NFCAFru3t
4URRBjTnbQhzZLZnZ6CJjp0gD+TBNCUNZjjRj9mGno8eiAtrJofpi1jFdPpjckXJ
KSv6ltQ3/Yh7za175P1XvStWV7uZv1HCfVYguHEtv/M3bNNKopZ8TaWsyVbOKsIZ
UMOK
-----END CERTIFICATE REQUEST-----
)";

// openssl req -x509: self-signed CA, pathLenConstraint 1
inline constexpr std::string_view root_certificate = R"(-----BEGIN CERTIFICATE-----
MIIBjjCCATWgAwIBAgIUEnRqe+TaTG3vlvS6hDZI01+tbwQwCgYIKoZIzj0EAwIw
IzENMAsGA1UECgwEQWNtZTESMBAGA1UEAwwJVGVzdCBSb290MCAXDTI2MTEyMDIx
MDMyOVoYDzIxMjYxMDI3MjEwMzI5WjAjMQ0wCwYDVQQKDARBY21lMRIwEAYDVQQD
DAlUZXN0IFJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQQrQvYljbN6zYw
SHdDAkfkSQEJfxwD5QJGM4vekU/2Il13dm6lvypqzHSNLi/A85nt5N37ruSl4E/m
E+2tmR9po0UwQzASBgNVHRMBAf8ECDAGAQH/AgEBMA4GA1UdDwEB/wQEAwIBBjAd
BgNVHQ4EFgQUnGBIOB5zNVHzCpEDDcn9lgFwa5wwCgYIKoZIzj0EAwIDRwAwRAIg
DGt/OVqJy96hpakecvBG9zUxob14sbO+Oe5jgiBscn4CIF8gQMxZo57KfPX3jlJH
DzViRIs2QQKKqxwF7T9sIbRE
-----END CERTIFICATE-----
)";

// openssl x509 -req: issued by the root, serial 7f0102030405
inline constexpr std::string_view leaf_certificate = R"(-----BEGIN CERTIFICATE-----
MIIB3DCCAYOgAwIBAgIGfwECAwQFMAoGCCqGSM49BAMCMCMxDTALBgNVBAoMBEFj
bWUxEjAQBgNVBAMMCVRlc3QgUm9vdDAeFw0yNjExMjAyMTAzMjlaFw0yNzExMjAy
MTAzMjlaMEQxCzAJBgNVBAYTAkRFMRMwEQYDVQQKDApBY21lLCBJbmMuMREwDwYD
VQQDDAhkZXZpY2UtMTENMAsGA1UEBRMENDcxMTBZMBMGByqGSM49AgEGCCqGSM49
AwEHA0IABBCtC9iWNs3rNjBId0MCR+RJAQl/HAPlAkYzi96RT/YiXXd2bqW/KmrM
dI0uL8Dzme3k3fuu5KXgT+YT7a2ZH2mjgYEwfzAJBgNVHRMEAjAAMA4GA1UdDwEB
/wQEAwIHgDAnBgNVHSUEIDAeBggrBgEFBQcDAQYIKwYBBQUHAwIGCCsGAQUFBwMc
MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAdBgNVHQ4EFgQUnGBIOB5zNVHz
CpEDDcn9lgFwa5wwCgYIKoZIzj0EAwIDRwAwRAIgXTtO7Om+7NPGxja5rXdi0etS
IMZAi12ar/OXHb7ViBcCIH9Pt27Fhivp9iA2/A2IMZ9Nun7HHtNuH3E/UhBdWMT1
-----END CERTIFICATE-----
)";

// openssl req -x509: an Ed25519 key, no NULL in the algorithm
inline constexpr std::string_view ed25519_certificate = R"(-----BEGIN CERTIFICATE-----
MIHWMIGJAhQ357LBRYv8elk9Hy3FeW0rWxJYITAFBgMrZXAwDTELMAkGA1UEAwwC
RWQwIBcNMjYxMTIwMjEwMzI5WhgPMjA1NDA0MDcyMTAzMjlaMA0xCzAJBgNVBAMM
AkVkMCowBQYDK2VwAyEAGUgsTRv9uznAGsBW6WiukskwQGzeyj3LiFlUUdmwsgcw
BQYDK2VwA0EAgwxx/S/o89sa8poM9dXo9SiW6+Q8aQVcRPDlaRty5RDqPKZqIxcp
UT73BtBjZkcWMdLYCHcBFPh/m8Je4WmQDQ==
-----END CERTIFICATE-----
)";

// openssl crl2pkcs7 -nocrl: both certificates, in the order of a SET OF
inline constexpr std::string_view bag_in_order = R"(-----BEGIN PKCS7-----
MIIDnQYJKoZIhvcNAQcCoIIDjjCCA4oCAQExADALBgkqhkiG9w0BBwGgggNyMIIB
jjCCATWgAwIBAgIUEnRqe+TaTG3vlvS6hDZI01+tbwQwCgYIKoZIzj0EAwIwIzEN
MAsGA1UECgwEQWNtZTESMBAGA1UEAwwJVGVzdCBSb290MCAXDTI2MTEyMDIxMDMy
OVoYDzIxMjYxMDI3MjEwMzI5WjAjMQ0wCwYDVQQKDARBY21lMRIwEAYDVQQDDAlU
ZXN0IFJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQQrQvYljbN6zYwSHdD
AkfkSQEJfxwD5QJGM4vekU/2Il13dm6lvypqzHSNLi/A85nt5N37ruSl4E/mE+2t
mR9po0UwQzASBgNVHRMBAf8ECDAGAQH/AgEBMA4GA1UdDwEB/wQEAwIBBjAdBgNV
HQ4EFgQUnGBIOB5zNVHzCpEDDcn9lgFwa5wwCgYIKoZIzj0EAwIDRwAwRAIgDGt/
OVqJy96hpakecvBG9zUxob14sbO+Oe5jgiBscn4CIF8gQMxZo57KfPX3jlJHDzVi
RIs2QQKKqxwF7T9sIbREMIIB3DCCAYOgAwIBAgIGfwECAwQFMAoGCCqGSM49BAMC
MCMxDTALBgNVBAoMBEFjbWUxEjAQBgNVBAMMCVRlc3QgUm9vdDAeFw0yNjExMjAy
MTAzMjlaFw0yNzExMjAyMTAzMjlaMEQxCzAJBgNVBAYTAkRFMRMwEQYDVQQKDApB
Y21lLCBJbmMuMREwDwYDVQQDDAhkZXZpY2UtMTENMAsGA1UEBRMENDcxMTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABBCtC9iWNs3rNjBId0MCR+RJAQl/HAPlAkYz
i96RT/YiXXd2bqW/KmrMdI0uL8Dzme3k3fuu5KXgT+YT7a2ZH2mjgYEwfzAJBgNV
HRMEAjAAMA4GA1UdDwEB/wQEAwIHgDAnBgNVHSUEIDAeBggrBgEFBQcDAQYIKwYB
BQUHAwIGCCsGAQUFBwMcMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAdBgNV
HQ4EFgQUnGBIOB5zNVHzCpEDDcn9lgFwa5wwCgYIKoZIzj0EAwIDRwAwRAIgXTtO
7Om+7NPGxja5rXdi0etSIMZAi12ar/OXHb7ViBcCIH9Pt27Fhivp9iA2/A2IMZ9N
un7HHtNuH3E/UhBdWMT1MQA=
-----END PKCS7-----
)";

// the same two the other way round: OpenSSL keeps the order given
inline constexpr std::string_view bag_out_of_order = R"(-----BEGIN PKCS7-----
MIIDnQYJKoZIhvcNAQcCoIIDjjCCA4oCAQExADALBgkqhkiG9w0BBwGgggNyMIIB
3DCCAYOgAwIBAgIGfwECAwQFMAoGCCqGSM49BAMCMCMxDTALBgNVBAoMBEFjbWUx
EjAQBgNVBAMMCVRlc3QgUm9vdDAeFw0yNjExMjAyMTAzMjlaFw0yNzExMjAyMTAz
MjlaMEQxCzAJBgNVBAYTAkRFMRMwEQYDVQQKDApBY21lLCBJbmMuMREwDwYDVQQD
DAhkZXZpY2UtMTENMAsGA1UEBRMENDcxMTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABBCtC9iWNs3rNjBId0MCR+RJAQl/HAPlAkYzi96RT/YiXXd2bqW/KmrMdI0u
L8Dzme3k3fuu5KXgT+YT7a2ZH2mjgYEwfzAJBgNVHRMEAjAAMA4GA1UdDwEB/wQE
AwIHgDAnBgNVHSUEIDAeBggrBgEFBQcDAQYIKwYBBQUHAwIGCCsGAQUFBwMcMBoG
A1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAdBgNVHQ4EFgQUnGBIOB5zNVHzCpED
Dcn9lgFwa5wwCgYIKoZIzj0EAwIDRwAwRAIgXTtO7Om+7NPGxja5rXdi0etSIMZA
i12ar/OXHb7ViBcCIH9Pt27Fhivp9iA2/A2IMZ9Nun7HHtNuH3E/UhBdWMT1MIIB
jjCCATWgAwIBAgIUEnRqe+TaTG3vlvS6hDZI01+tbwQwCgYIKoZIzj0EAwIwIzEN
MAsGA1UECgwEQWNtZTESMBAGA1UEAwwJVGVzdCBSb290MCAXDTI2MTEyMDIxMDMy
OVoYDzIxMjYxMDI3MjEwMzI5WjAjMQ0wCwYDVQQKDARBY21lMRIwEAYDVQQDDAlU
ZXN0IFJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQQrQvYljbN6zYwSHdD
AkfkSQEJfxwD5QJGM4vekU/2Il13dm6lvypqzHSNLi/A85nt5N37ruSl4E/mE+2t
mR9po0UwQzASBgNVHRMBAf8ECDAGAQH/AgEBMA4GA1UdDwEB/wQEAwIBBjAdBgNV
HQ4EFgQUnGBIOB5zNVHzCpEDDcn9lgFwa5wwCgYIKoZIzj0EAwIDRwAwRAIgDGt/
OVqJy96hpakecvBG9zUxob14sbO+Oe5jgiBscn4CIF8gQMxZo57KfPX3jlJHDzVi
RIs2QQKKqxwF7T9sIbREMQA=
-----END PKCS7-----
)";

inline Bytes from_pem(std::string_view text) {
  const Decoded<std::vector<PemBlock>> blocks = decode_pem(text);
  return blocks.value && !blocks.value->empty() ? blocks.value->front().der : Bytes{};
}

// "30 03 020100": octets in hexadecimal, blanks ignored.
inline Bytes from_hex(std::string_view text) {
  Bytes bytes;
  std::string digits;
  for (const char c : text) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<Byte>(std::stoul(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

// "id@offset id@offset", in the order found.
inline std::string summary(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings) text += (text.empty() ? "" : " ") + finding.id + "@" + std::to_string(finding.offset);
  return text;
}

// The ids of all findings; '?' marks what is no error.
inline std::string ids(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings) text += (text.empty() ? "" : " ") + finding.id + (finding.severity == Severity::error ? "" : "?");
  return text;
}

// Every truncation and a change of every single octet, each in a buffer of its exact size so that the sanitizer sees
// the first octet read outside. Short messages get all 255 changes, long ones those most likely to matter.
// `decode` returns the findings.
template <class Decode>
void survives_damage(const Bytes& valid, Decode decode) {
  ASSERT_FALSE(valid.empty());
  EXPECT_FALSE(has_errors(decode(valid))) << describe_first(decode(valid));
  for (std::size_t length = 0; length < valid.size(); ++length) {
    const Bytes damaged(valid.begin(), valid.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_TRUE(has_errors(decode(damaged))) << "cut to " << length;
  }
  const unsigned step = valid.size() <= 80 ? 1 : 23;
  for (std::size_t at = 0; at < valid.size(); ++at) {
    Bytes damaged = valid;
    for (unsigned change = 1; change < 256; change += step) {
      damaged[at] = static_cast<Byte>(valid[at] ^ change);
      for (const Finding& finding : decode(damaged)) ASSERT_LE(finding.offset, valid.size()) << finding.id << " at " << at;
    }
  }
}

}  // namespace est::codec::test
