#include "est/crypto/path.h"

#include <openssl/x509v3.h>

#include <algorithm>

namespace est::crypto {
namespace {

constexpr std::size_t most_paths = 8;
constexpr std::size_t most_certificates = 8;
constexpr int most_signature_checks = 48;

class Search {
 public:
  Search(const std::vector<X509Handle>& intermediates, const std::vector<X509Handle>& anchors)
      : intermediates_(intermediates), anchors_(anchors) {}

  std::vector<Path> from(X509* leaf) {
    path_ = {leaf};
    extend();
    std::stable_sort(found_.begin(), found_.end(), [](const Path& left, const Path& right) { return left.size() < right.size(); });
    return std::move(found_);
  }

 private:
  void extend() {
    for (const X509Handle& anchor : anchors_) {
      if (path_.size() >= most_certificates || found_.size() >= most_paths) return;
      if (!signed_by(path_.back(), anchor.get())) continue;
      found_.push_back(path_);
      found_.back().push_back(anchor.get());
    }
    for (const X509Handle& next : intermediates_) {
      if (path_.size() + 1 >= most_certificates || found_.size() >= most_paths) return;
      if (was_here(next.get()) || !signed_by(path_.back(), next.get())) continue;
      path_.push_back(next.get());
      extend();
      path_.pop_back();
    }
  }

  [[nodiscard]] bool was_here(X509* certificate) const {
    EVP_PKEY* key = X509_get0_pubkey(certificate);
    return key == nullptr || std::any_of(path_.begin(), path_.end(), [&](X509* one) {
             EVP_PKEY* other = X509_get0_pubkey(one);
             return other != nullptr && EVP_PKEY_eq(key, other) == 1 &&
                    X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_subject_name(one)) == 0;
           });
  }

  bool signed_by(X509* subject, X509* issuer) {
    if (X509_check_issued(issuer, subject) != X509_V_OK || checks_left_ <= 0) return false;
    --checks_left_;
    return is_signed_by(subject, issuer);
  }

  const std::vector<X509Handle>& intermediates_;
  const std::vector<X509Handle>& anchors_;
  int checks_left_ = most_signature_checks;
  Path path_;
  std::vector<Path> found_;
};

}  // namespace

bool is_signed_by(X509* subject, X509* issuer) {
  if (X509_check_issued(issuer, subject) != X509_V_OK) return false;
  EVP_PKEY* key = X509_get0_pubkey(issuer);
  return key != nullptr && X509_verify(subject, key) == 1;
}

std::vector<Path> find_paths(X509* leaf, const std::vector<X509Handle>& intermediates, const std::vector<X509Handle>& anchors) {
  clear_errors();
  auto found = Search(intermediates, anchors).from(leaf);
  clear_errors();
  return found;
}

}  // namespace est::crypto
