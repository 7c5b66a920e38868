// The same octets for all: a CA, a server, a device, and the messages between them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "est/base/bytes.h"
#include "est/crypto/key.h"
#include "est/pki/issue.h"
#include "est/tls/context.h"

namespace bench {

class Authority {
 public:
  explicit Authority(est::crypto::KeyType type = est::crypto::KeyType::ec_p256);
  [[nodiscard]] const est::Bytes& root() const noexcept { return root_; }
  [[nodiscard]] est::pki::Issuer issuer() const { return {draft_.spec.subject, &draft_.key, {}}; }
  [[nodiscard]] est::tls::Identity identity(const std::string& subject, const std::string& address = {}) const;

 private:
  est::crypto::KeyType type_;
  est::pki::Draft draft_;
  est::Bytes root_;
};

[[nodiscard]] const Authority& authority();  // P-256
[[nodiscard]] const est::crypto::PrivateKey& device_key();
[[nodiscard]] const est::Bytes& csr();                 // of the device key, with a DNS name asked for
[[nodiscard]] const est::Bytes& device_certificate();  // what is issued for it
[[nodiscard]] est::Bytes certs_only(std::size_t certificates);
[[nodiscard]] const est::Bytes& csrattrs();
[[nodiscard]] est::codec::Validity a_day();

}  // namespace bench
