#include "client/ca_set.h"

#include <algorithm>

#include "est/base/text.h"
#include "est/codec/oid.h"
#include "est/crypto/chain.h"
#include "est/crypto/key.h"

namespace client {
namespace {

using est::Bytes;
using est::Error;
using est::Result;
using est::Status;
using est::codec::Certificate;
namespace codec = est::codec;

// Far above what a hierarchy needs; each certificate is validated over all others.
constexpr std::size_t most_ca_certificates = 100;

std::string called(const Certificate& certificate) {
  return "the certificate '" + est::printable(certificate.subject.to_string(), 120) + "' of the /cacerts answer";
}

bool signed_with(const Certificate& certificate, const Bytes& public_key_info) {
  const auto good = est::crypto::verify(public_key_info, certificate.signature_algorithm, certificate.tbs, certificate.signature);
  return good && *good;
}

bool self_signed(const Certificate& certificate) { return certificate.self_issued() && signed_with(certificate, certificate.spki); }

bool in_time(const Certificate& certificate, est::UnixTime at) {
  return certificate.validity.not_before <= at && at <= certificate.validity.not_after;
}

// RFC 5280 4.2.1.9. Version 1 knows no extensions; a root of that age is one by being self-signed.
bool may_issue(const Certificate& certificate) {
  if (certificate.version == 0) return certificate.self_issued();
  const codec::Extension* extension = certificate.extension(codec::oids::basic_constraints);
  if (extension == nullptr) return false;
  const auto constraints = codec::decode_basic_constraints(extension->value);
  return constraints.value && constraints.value->ca;
}

class Sorter {
 public:
  explicit Sorter(const CaSetOptions& options) : options_(options) {}

  Result<CaSet> sort(const std::vector<Bytes>& certificates) {
    if (Status read = read_all(certificates); !read) return read.error();
    if (Status found = find_current_root(); !found) return found.error();
    for (CaCertificate& each : set_.certificates) each.role = role_of(each);
    for (CaCertificate& each : set_.certificates)
      if (Status good = judge(each); !good) return good.error();
    for (const CaCertificate& each : set_.certificates)
      if (!each.unused.empty()) set_.notes.push_back(called(each.certificate) + " is not used: " + each.unused);
    return std::move(set_);
  }

 private:
  Status read_all(const std::vector<Bytes>& certificates) {
    if (certificates.empty()) return Error{"the /cacerts answer has no certificate (RFC 7030 4.1.3)"};
    if (certificates.size() > most_ca_certificates)
      return Error{"the /cacerts answer has " + std::to_string(certificates.size()) + " certificates; more than 100 are not looked at"};
    for (const Bytes& der : certificates) {
      if (has(der)) {
        set_.notes.emplace_back("the /cacerts answer has a certificate twice");
        continue;
      }
      auto decoded = codec::decode_certificate(der);
      const auto second_opinion = est::crypto::parse_certificate(der);
      if (!decoded.value || !second_opinion)
        return Error{"certificate " + std::to_string(set_.certificates.size() + 1) + " of the /cacerts answer cannot be read: " +
                     (decoded.value ? second_opinion.error().message : est::describe_first(decoded.findings))};
      if (!may_issue(*decoded.value)) return Error{called(*decoded.value) + " is no CA's (RFC 5280 4.2.1.9)"};
      self_signed_.push_back(self_signed(*decoded.value));
      set_.certificates.push_back({std::move(*decoded.value), CaRole::intermediate, {}});
    }
    return {};
  }

  [[nodiscard]] bool has(const Bytes& der) const {
    return std::any_of(set_.certificates.begin(), set_.certificates.end(), [&](const auto& each) { return each.certificate.der == der; });
  }

  // RFC 7030 4.1.3: self-signed, with the latest notAfter.
  Status find_current_root() {
    for (std::size_t i = 0; i < set_.certificates.size(); ++i)
      if (self_signed_[i] && (!current_ || newer(set_.certificates[i].certificate, current().certificate))) current_ = i;
    if (!current_) return Error{"the /cacerts answer has no self-signed certificate, so there is no root to trust (RFC 7030 4.1.3)"};
    if (in_time(current().certificate, options_.at)) return {};
    const bool early = options_.at < current().certificate.validity.not_before;
    return Error{called(current().certificate) + ", the current root, " + (early ? "is not valid before " : "has expired on ") +
                 est::iso8601(early ? current().certificate.validity.not_before : current().certificate.validity.not_after) +
                 "; is the clock of this machine right?"};
  }

  static bool newer(const Certificate& left, const Certificate& right) {
    return std::pair(left.validity.not_after, left.validity.not_before) > std::pair(right.validity.not_after, right.validity.not_before);
  }

  [[nodiscard]] const CaCertificate& current() const { return set_.certificates[*current_]; }

  [[nodiscard]] bool is_self_signed(const CaCertificate& each) const {
    return self_signed_[static_cast<std::size_t>(&each - set_.certificates.data())];
  }

  // RFC 4210 4.4
  [[nodiscard]] CaRole role_of(const CaCertificate& each) const {
    const Certificate& certificate = each.certificate;
    if (&each == &current()) return CaRole::current_root;
    const bool roots_name = codec::same_name(certificate.subject, current().certificate.subject);
    if (is_self_signed(each)) return roots_name ? CaRole::old_with_old : CaRole::other_root;
    if (!certificate.self_issued() || !roots_name) return CaRole::intermediate;
    if (certificate.spki == current().certificate.spki) return CaRole::new_with_old;
    return signed_with(certificate, current().certificate.spki) ? CaRole::old_with_new : CaRole::intermediate;
  }

  Status judge(CaCertificate& each) {
    if (&each != &current() && !in_time(each.certificate, options_.at))
      each.unused = options_.at < each.certificate.validity.not_before ? "it is not valid yet" : "it has expired";
    switch (each.role) {
      case CaRole::current_root:
      case CaRole::old_with_new:
        return {};
      case CaRole::old_with_old:
        if (each.unused.empty() && !certified_by_current(each.certificate))
          each.unused = "the current root does not certify it by an OldWithNew certificate (RFC 4210 4.4)";
        return {};
      case CaRole::other_root:
        if (each.unused.empty() && !options_.every_root) each.unused = "it is not the current root (RFC 7030 4.1.3)";
        return {};
      case CaRole::new_with_old:
        return judge_new_with_old(each);
      case CaRole::intermediate:
        break;
    }
    return judge_intermediate(each);
  }

  [[nodiscard]] bool certified_by_current(const Certificate& old) const {
    return std::any_of(set_.certificates.begin(), set_.certificates.end(), [&](const CaCertificate& each) {
      return each.role == CaRole::old_with_new && each.certificate.spki == old.spki && in_time(each.certificate, options_.at);
    });
  }

  // The key is the current root's whoever signed it; who did can be seen only if the earlier key is here.
  Status judge_new_with_old(CaCertificate& each) {
    bool old_key_is_here = false;
    for (const CaCertificate& other : set_.certificates) {
      if (other.role != CaRole::old_with_old && other.role != CaRole::old_with_new) continue;
      if (signed_with(each.certificate, other.certificate.spki)) return {};
      old_key_is_here = true;
    }
    if (old_key_is_here) return broken(each, "it is signed by no earlier root of the answer");
    if (each.unused.empty()) each.unused = "the earlier root that signed it is not in the answer";
    return {};
  }

  Status judge_intermediate(CaCertificate& each) {
    std::vector<Bytes> trusted;
    std::vector<Bytes> others;
    std::vector<Bytes> between;
    for (const CaCertificate& other : set_.certificates) {
      if (&other == &each) continue;
      const bool anchor = &other == &current() || (options_.every_root && other.role == CaRole::other_root);
      (anchor ? trusted : is_self_signed(other) ? others : between).push_back(other.certificate.der);
    }
    const auto result = chain(each.certificate, between, trusted, true);
    if (!result) return result.error();
    if (result->valid || !each.unused.empty()) return {};
    // Whether a chain is broken is no matter of the clock.
    if (leads_to(each.certificate, between, trusted))
      each.unused = result->reason;
    else if (leads_to(each.certificate, between, others))
      each.unused = "it leads to a root that is not trusted";
    else
      return broken(each, result->reason);
    return {};
  }

  using Ders = std::vector<Bytes>;
  [[nodiscard]] Result<est::crypto::ChainResult> chain(const Certificate& certificate, const Ders& between, const Ders& roots,
                                                       bool check_time) const {
    est::crypto::ChainOptions wanted;
    wanted.at = options_.at;
    wanted.partial_chain = false;
    wanted.check_time = check_time;
    return est::crypto::verify_chain(certificate.der, between, roots, {}, wanted);
  }

  [[nodiscard]] bool leads_to(const Certificate& certificate, const Ders& between, const Ders& roots) const {
    const auto result = chain(certificate, between, roots, false);
    return result && result->valid;
  }

  static Status broken(const CaCertificate& each, const std::string& why) {
    return Error{called(each.certificate) + " does not lead to a root in it: " + why};
  }

  const CaSetOptions& options_;
  CaSet set_;
  std::vector<bool> self_signed_;
  std::optional<std::size_t> current_;
};

}  // namespace

std::string_view to_string(CaRole role) noexcept {
  switch (role) {
    case CaRole::current_root:
      return "current root";
    case CaRole::old_with_old:
      return "earlier root (OldWithOld)";
    case CaRole::old_with_new:
      return "earlier root certified by the current one (OldWithNew)";
    case CaRole::new_with_old:
      return "current root certified by the earlier one (NewWithOld)";
    case CaRole::intermediate:
      return "intermediate";
    case CaRole::other_root:
      return "other root";
  }
  return "unknown";
}

std::vector<Bytes> CaSet::anchors() const {
  std::vector<Bytes> found{current_root().certificate.der};
  for (const CaCertificate& each : certificates)
    if (each.unused.empty() && (each.role == CaRole::old_with_old || each.role == CaRole::other_root))
      found.push_back(each.certificate.der);
  return found;
}

std::vector<Bytes> CaSet::intermediates() const {
  std::vector<Bytes> found;
  for (const CaCertificate& each : certificates)
    if (each.unused.empty() &&
        (each.role == CaRole::intermediate || each.role == CaRole::old_with_new || each.role == CaRole::new_with_old))
      found.push_back(each.certificate.der);
  return found;
}

const CaCertificate& CaSet::current_root() const {
  return *std::find_if(certificates.begin(), certificates.end(), [](const auto& each) { return each.role == CaRole::current_root; });
}

Result<CaSet> sort_ca_certificates(const std::vector<Bytes>& certificates, const CaSetOptions& options) {
  return Sorter(options).sort(certificates);
}

}  // namespace client
