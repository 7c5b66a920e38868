#include "conformance/steps/wishes.h"

#include <algorithm>

#include "est/base/text.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"

namespace conformance::steps {
namespace {

namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;
namespace usage = est::codec::key_usage;

enum class WishKind { usage, purpose, authority, other };

struct Wish {
  std::string name;
  WishKind kind;
  unsigned bit = 0;     // of keyUsage
  codec::Oid oid = {};  // of a purpose
};

// Below IANA's example enterprise number (RFC 5612): known to nobody.
codec::Extension unknown_extension(bool critical) { return {codec::Oid("1.3.6.1.4.1.32473.7030.4"), critical, der::null()}; }

const std::vector<Wish>& wish_table() {
  static const std::vector<Wish> wishes{{"digital-signature", WishKind::usage, usage::digital_signature},
                                        {"non-repudiation", WishKind::usage, usage::non_repudiation},
                                        {"key-encipherment", WishKind::usage, usage::key_encipherment},
                                        {"key-agreement", WishKind::usage, usage::key_agreement},
                                        {"cert-sign", WishKind::usage, usage::key_cert_sign},
                                        {"crl-sign", WishKind::usage, usage::crl_sign},
                                        {"client-auth", WishKind::purpose, 0, oids::client_auth},
                                        {"server-auth", WishKind::purpose, 0, oids::server_auth},
                                        {"cmc-ra", WishKind::purpose, 0, oids::cmc_ra},
                                        {"cmc-ca", WishKind::purpose, 0, oids::cmc_ca},
                                        {"ca", WishKind::authority},
                                        {"unknown", WishKind::other},
                                        {"unknown-critical", WishKind::other}};
  return wishes;
}

}  // namespace

const std::vector<std::string>& wish_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& wish : wish_table()) all.push_back(wish.name);
    return all;
  }();
  return names;
}

est::Result<std::vector<codec::Extension>> wished_extensions(const std::vector<std::string>& wishes) {
  unsigned bits = 0;
  std::vector<codec::Oid> purposes;
  std::vector<codec::Extension> extensions;
  for (const auto& name : wishes) {
    const auto found = std::find_if(wish_table().begin(), wish_table().end(), [&](const Wish& wish) { return wish.name == name; });
    if (found == wish_table().end()) return est::Error{"no extension is called '" + name + "'; known: " + est::join(wish_names(), ", ")};
    bits |= found->bit;
    if (found->kind == WishKind::purpose) purposes.push_back(found->oid);
    if (found->kind == WishKind::authority) extensions.push_back(codec::make_basic_constraints(true));
    if (found->kind == WishKind::other) extensions.push_back(unknown_extension(name == "unknown-critical"));
  }
  if (bits != 0) extensions.push_back(codec::make_key_usage(bits));
  if (!purposes.empty()) extensions.push_back(codec::make_extended_key_usage(purposes));
  return extensions;
}

}  // namespace conformance::steps
