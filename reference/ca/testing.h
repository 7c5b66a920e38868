// For this folder's tests: a directory of one's own, a CA in it, requests.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "ca/authority.h"
#include "est/pki/request.h"

namespace ca {

inline constexpr est::UnixTime test_time = 1'800'000'000;
inline constexpr std::int64_t day = 24LL * 3600;

// Gone with everything in it at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "estspec-ca-XXXXXX").string();
    if (const char* made = ::mkdtemp(pattern.data())) path_ = made;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// A request as the server would hand it over: decoded, and its signature good.
inline est::codec::CertificationRequest signed_request(const est::pki::RequestSpec& spec, const est::crypto::PrivateKey& key) {
  const auto der = est::pki::make_request(spec, key);
  EXPECT_TRUE(der.ok());
  auto decoded = est::codec::decode_certification_request(*der);
  EXPECT_TRUE(decoded.accepted()) << describe_first(decoded.findings);
  return *decoded.value;
}

inline est::crypto::PrivateKey make_key(est::crypto::KeyType type = est::crypto::KeyType::ec_p256) {
  return *est::crypto::PrivateKey::generate(type);
}

inline est::pki::RequestSpec request_for(std::string_view subject) {
  est::pki::RequestSpec spec;
  if (!subject.empty()) spec.subject = *est::codec::parse_name(subject);
  return spec;
}

inline IssueRequest order(const est::codec::CertificationRequest& request) {
  IssueRequest out;
  out.request = &request;
  out.requester.identity = "basic:alice";
  return out;
}

template <class T>
T value_of(est::Result<T> result) {
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  return std::move(result).value();
}

}  // namespace ca
