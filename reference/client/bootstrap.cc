#include "client/bootstrap.h"

#include "est/base/text.h"
#include "est/crypto/chain.h"

namespace client {
namespace {

using est::Bytes;
using est::Error;
using est::crypto::Digest;

constexpr std::size_t sha256_size = 32, sha512_size = 64;

int hex_value(char c) {
  const char lower = est::ascii_lower(c);
  if (lower >= '0' && lower <= '9') return lower - '0';
  if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
  return -1;
}

bool fits(const Fingerprint& fingerprint, const Bytes& certificate) {
  return est::equal(est::crypto::digest(fingerprint.digest, certificate), fingerprint.value);
}

// A certificate of the current root's key that the earlier root signed.
bool vouches(const CaCertificate& old_root, const CaSet& set) {
  for (const CaCertificate& each : set.certificates) {
    if (each.role != CaRole::new_with_old || each.certificate.spki != set.current_root().certificate.spki) continue;
    const auto path = est::crypto::verify_chain(each.certificate.der, {}, {old_root.certificate.der}, {}, {});
    if (path && path->valid) return true;
  }
  return false;
}

}  // namespace

est::Result<Fingerprint> parse_fingerprint(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != ':' && c != ' ') digits.push_back(c);
  Fingerprint fingerprint;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    const int high = hex_value(digits[i]);
    const int low = hex_value(digits[i + 1]);
    if (high < 0 || low < 0) return Error{"\"" + est::printable(text, 60) + "\" is no fingerprint; give hexadecimal digits"};
    fingerprint.value.push_back(static_cast<est::Byte>(high * 16 + low));
  }
  if (fingerprint.value.size() == sha512_size) fingerprint.digest = Digest::sha512;
  if (digits.size() % 2 != 0 || (fingerprint.value.size() != sha256_size && fingerprint.value.size() != sha512_size))
    return Error{"a fingerprint has 64 hexadecimal digits (SHA-256) or 128 (SHA-512), not " + std::to_string(digits.size())};
  return fingerprint;
}

std::string fingerprint_text(Digest digest, est::BytesView certificate) {
  const std::string digits = est::hex(est::crypto::digest(digest, certificate));
  std::string text;
  for (std::size_t i = 0; i < digits.size(); i += 2) text += (i == 0 ? "" : ":") + digits.substr(i, 2);
  return text;
}

std::string root_description(const est::codec::Certificate& root) {
  return "subject:  " + est::printable(root.subject.to_string()) + "\nvalid:    " + est::iso8601(root.validity.not_before) + " to " +
         est::iso8601(root.validity.not_after) + "\nSHA-256:  " + fingerprint_text(Digest::sha256, root.der) +
         "\nSHA-512:  " + fingerprint_text(Digest::sha512, root.der) + "\n";
}

bool confirmed_by(const Fingerprint& fingerprint, const CaSet& set) {
  if (fits(fingerprint, set.current_root().certificate.der)) return true;
  for (const CaCertificate& each : set.certificates)
    if (each.role == CaRole::old_with_old && fits(fingerprint, each.certificate.der) && vouches(each, set)) return true;
  return false;
}

}  // namespace client
