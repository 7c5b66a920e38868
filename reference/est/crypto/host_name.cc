#include "est/crypto/host_name.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <array>

#include "est/crypto/chain.h"

namespace est::crypto {
namespace {

static_assert(host_mismatch_code == X509_V_ERR_HOSTNAME_MISMATCH);

constexpr unsigned san_only = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;

// What certificates are compared with, not how a URL spells it.
std::string plain_host(const std::string& host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') return host.substr(1, host.size() - 2);
  if (host.size() > 1 && host.back() == '.') return host.substr(0, host.size() - 1);
  return host;
}

}  // namespace

bool is_ip_literal(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 || inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

Result<bool> names_host(BytesView certificate, const std::string& host) {
  const Result<X509Handle> parsed = parse_certificate(certificate);
  if (!parsed) return parsed.error();
  const std::string wanted = plain_host(host);
  if (wanted.empty()) return false;
  if (is_ip_literal(wanted)) return X509_check_ip_asc(parsed->get(), wanted.c_str(), san_only) == 1;
  return X509_check_host(parsed->get(), wanted.data(), wanted.size(), san_only, nullptr) == 1;
}

}  // namespace est::crypto
