// For tests: an initialised CA folder, and a handler over it that needs no socket.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/clock.h"
#include "est/base/log.h"
#include "est/crypto/key.h"
#include "est/http/message.h"
#include "est/ops/message.h"
#include "est/pki/request.h"
#include "est/tls/context.h"
#include "server/config.h"
#include "server/handler.h"
#include "server/keygen.h"
#include "server/trust.h"

namespace server {

// A folder that goes when the test does.
class Folder {
 public:
  explicit Folder(std::string_view name);
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  [[nodiscard]] std::string path(const std::string& file = {}) const { return file.empty() ? path_.string() : (path_ / file).string(); }

 private:
  std::filesystem::path path_;
};

// One folder made by initialise() for all tests of the program; read only, except for what the CA records.
[[nodiscard]] const Folder& sample_folder();
[[nodiscard]] std::string file_text(const std::string& path);
[[nodiscard]] std::string sample_password();

// CSRs to order.
struct Csr {
  std::string subject = "CN=device";
  std::vector<std::string> names = {};  // "DNS:..."
  std::optional<std::string> challenge_password = std::nullopt;
  est::crypto::KeyType key_type = est::crypto::KeyType::ec_p256;
  std::vector<est::codec::Attribute> attributes = {};
};
[[nodiscard]] est::Bytes make_csr(const Csr& csr = {});
[[nodiscard]] est::Bytes make_csr(const Csr& csr, const est::crypto::PrivateKey& key);

class Scene {
 public:
  Scene();

  Config config;  // as initialise() wrote it; labels may be changed at any time
  est::ManualClock clock;
  std::unique_ptr<ca::Authority> authority;
  std::unique_ptr<TrustStore> trust;
  GeneratorStore generator;
  std::unique_ptr<Authenticator> authenticator;
  CmcSigner cmc_signer;  // the folder's server certificate
  std::vector<std::string> log_lines;
  est::Log log;
  std::unique_ptr<Handler> handler;

  // TLS 1.2 with tls-unique "unique-of-this-connection"; `who` is NAME of NAME.pem in the folder, or empty.
  [[nodiscard]] static est::tls::Facts facts(const std::string& who = {});
  [[nodiscard]] est::http::Response send(const est::http::Request& request, const est::tls::Facts& facts) const;
  [[nodiscard]] est::http::Response get(const std::string& path) const;
  // simpleenroll with `csr`; `user` adds Basic credentials of estuser.
  [[nodiscard]] est::http::Response enroll(const std::string& label, est::BytesView csr, const est::tls::Facts& facts, bool user = true,
                                           est::ops::Operation operation = est::ops::Operation::simpleenroll) const;
};

[[nodiscard]] est::http::Request with_password(est::http::Request request, const std::string& user, const std::string& password);
// The one certificate of a 200 answer; fails the test otherwise.
[[nodiscard]] est::codec::Certificate certificate_in(const est::http::Response& response);
[[nodiscard]] std::string body(const est::http::Response& response);

}  // namespace server
