#include "est/crypto/chain.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <list>
#include <mutex>
#include <utility>

#include "est/codec/pem.h"
#include "est/crypto/digest.h"
#include "est/crypto/path.h"

namespace est::crypto {
namespace {

// Borrows its certificates.
using StackHandle = std::unique_ptr<STACK_OF(X509), Deleter<[](STACK_OF(X509) * stack) { sk_X509_free(stack); }>>;

constexpr int most_intermediates = 32;  // in one path; real ones have one to four

template <class Handle, class Read>
Result<Handle> parse_whole(BytesView der, std::string_view what, Read read) {
  clear_errors();
  const Byte* at = der.data();
  Handle handle(der.empty() ? nullptr : read(nullptr, &at, static_cast<long>(der.size())));
  if (!handle) return openssl_error(std::string("no ") + std::string(what) + " can be read");
  clear_errors();
  if (at != der.data() + der.size()) return Error{"octets are left after the " + std::string(what)};
  return handle;
}

Error nth(std::string_view list, std::size_t index, const Error& error) {
  return Error{"number " + std::to_string(index + 1) + " of the " + std::string(list) + ": " + error.message};
}

template <class Handle>
Result<std::vector<Handle>> parse_all(const std::vector<Bytes>& list, std::string_view name, Result<Handle> (*parse)(BytesView)) {
  std::vector<Handle> out;
  out.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto one = parse(list[i]);
    if (!one) return nth(name, i, one.error());
    out.push_back(std::move(*one));
  }
  return out;
}

// A list of 10^5 entries takes a hundred times as long to read as a path takes to verify, and the same lists come with every path. Those
// that were read last are kept, and known again by their digest. Threads: any; OpenSSL's lists may be shared once they are read.
class LargeCrls {
 public:
  static constexpr std::size_t least_octets = std::size_t{16} << 10U;

  LargeCrls() { OPENSSL_init_crypto(0, nullptr); }  // which makes its cleaning up come after ours
  Result<X509CrlHandle> read(BytesView der) {
    Bytes key = digest(Digest::sha256, der);
    if (X509CrlHandle kept = find(key)) return kept;
    Result<X509CrlHandle> fresh = parse_crl(der);
    if (fresh) keep(std::move(key), **fresh);
    return fresh;
  }

 private:
  static constexpr std::size_t most_kept = 8;

  X509CrlHandle find(const Bytes& key) {
    const std::lock_guard lock(mutex_);
    for (const auto& [known, crl] : kept_)
      if (known == key) return X509_CRL_up_ref(crl.get()) == 1 ? X509CrlHandle(crl.get()) : nullptr;
    return nullptr;
  }
  void keep(Bytes key, X509_CRL& crl) {
    if (X509_CRL_up_ref(&crl) != 1) return;
    const std::lock_guard lock(mutex_);
    kept_.emplace_front(std::move(key), X509CrlHandle(&crl));
    if (kept_.size() > most_kept) kept_.pop_back();
  }

  std::mutex mutex_;
  std::list<std::pair<Bytes, X509CrlHandle>> kept_;
};

Result<X509CrlHandle> crl_of_material(BytesView der) {
  static LargeCrls large;
  return der.size() < LargeCrls::least_octets ? parse_crl(der) : large.read(der);
}

std::vector<X509*> borrowed(const std::vector<X509Handle>& certificates) {
  std::vector<X509*> out;
  out.reserve(certificates.size());
  for (const X509Handle& one : certificates) out.push_back(one.get());
  return out;
}

StackHandle stack_of(const std::vector<X509*>& certificates) {
  StackHandle stack(sk_X509_new_null());
  for (X509* one : certificates)
    if (!stack || sk_X509_push(stack.get(), one) <= 0) return nullptr;
  return stack;
}

X509StoreHandle store_of(const std::vector<X509*>& anchors, const std::vector<X509CrlHandle>& crls) {
  X509StoreHandle store(X509_STORE_new());
  if (!store) return nullptr;
  for (X509* one : anchors)
    if (X509_STORE_add_cert(store.get(), one) != 1) return nullptr;
  for (const X509CrlHandle& one : crls)
    if (X509_STORE_add_crl(store.get(), one.get()) != 1) return nullptr;
  return store;
}

unsigned long flags_of(const ChainOptions& options) {
  unsigned long flags = X509_V_FLAG_TRUSTED_FIRST;
  if (options.partial_chain) flags |= X509_V_FLAG_PARTIAL_CHAIN;
  if (!options.check_time) flags |= X509_V_FLAG_NO_CHECK_TIME;
  if (options.check_crl) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  return flags;
}

void set_parameters(X509_STORE_CTX* context, const ChainOptions& options) {
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_flags(parameters, flags_of(options));
  X509_VERIFY_PARAM_set_depth(parameters, most_intermediates);
  // OpenSSL itself asks time(), which on Linux runs some milliseconds behind: a certificate made just now would not be valid yet.
  if (options.check_time) X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(options.at.value_or(system_clock().now())));
  if (options.purpose == Purpose::tls_server) X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
  if (options.purpose == Purpose::tls_client) X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT);
}

ChainResult outcome(X509_STORE_CTX* context, int verified) {
  ChainResult result;
  result.code = X509_STORE_CTX_get_error(context);
  result.valid = verified == 1 && result.code == X509_V_OK;
  if (!result.valid) {
    if (result.code == X509_V_OK) result.code = X509_V_ERR_UNSPECIFIED;
    result.reason = X509_verify_cert_error_string(result.code);
    return result;
  }
  STACK_OF(X509)* path = X509_STORE_CTX_get0_chain(context);
  for (int i = 0; i < sk_X509_num(path); ++i) result.path.push_back(to_der(*sk_X509_value(path, i)));
  return result;
}

struct Material {
  X509Handle leaf;
  std::vector<X509Handle> intermediates, anchors;
  std::vector<X509CrlHandle> crls;
};

Result<Material> parse_material(BytesView leaf, const std::vector<Bytes>& intermediates, const std::vector<Bytes>& anchors,
                                const std::vector<Bytes>& crls) {
  auto subject = parse_certificate(leaf);
  if (!subject) return subject.error();
  auto untrusted = parse_all<X509Handle>(intermediates, "intermediates", parse_certificate);
  if (!untrusted) return untrusted.error();
  auto trusted = parse_all<X509Handle>(anchors, "anchors", parse_certificate);
  if (!trusted) return trusted.error();
  auto lists = parse_all<X509CrlHandle>(crls, "CRLs", crl_of_material);
  if (!lists) return lists.error();
  return Material{std::move(*subject), std::move(*untrusted), std::move(*trusted), std::move(*lists)};
}

int issued_and_signed(X509_STORE_CTX*, X509* subject, X509* issuer) { return is_signed_by(subject, issuer) ? 1 : 0; }

Result<ChainResult> validate(const Material& material, const std::vector<X509*>& intermediates, const std::vector<X509*>& anchors,
                             const ChainOptions& options, bool by_signature) {
  clear_errors();
  const StackHandle untrusted = stack_of(intermediates);
  const X509StoreHandle store = store_of(anchors, material.crls);
  if (store && by_signature) X509_STORE_set_check_issued(store.get(), issued_and_signed);
  const X509StoreContextHandle context(X509_STORE_CTX_new());
  if (!untrusted || !store || !context || X509_STORE_CTX_init(context.get(), store.get(), material.leaf.get(), untrusted.get()) != 1)
    return openssl_error("cannot set up path validation");
  set_parameters(context.get(), options);
  ChainResult result = outcome(context.get(), X509_verify_cert(context.get()));
  clear_errors();
  return result;
}

// OpenSSL takes the first issuer that looks right and never turns back: after a rollover that may be another key of the same name,
// the untrusted OldWithOld instead of OldWithNew, or a loop of cross certificates. So each path the signatures allow gets its turn.
// A revoked certificate ends the search: another path must not talk it away.
Result<ChainResult> try_other_paths(const Material& material, const ChainResult& first, const ChainOptions& options) {
  std::optional<ChainResult> failure;
  for (const Path& path : find_paths(material.leaf.get(), material.intermediates, material.anchors)) {
    auto result = validate(material, {path.begin() + 1, path.end() - 1}, {path.back()}, options, true);
    if (!result || result->valid || result->code == X509_V_ERR_CERT_REVOKED) return result;
    if (!failure) failure = std::move(*result);
  }
  return failure.value_or(first);
}

Result<std::vector<Bytes>> blocks(std::string_view pem, std::string_view label, Status (*check)(BytesView)) {
  const auto decoded = codec::decode_pem(pem);
  if (!decoded.accepted()) return Error{"the PEM text cannot be read: " + describe_first(decoded.findings)};
  std::vector<Bytes> found;
  for (const codec::PemBlock& block : *decoded.value) {
    if (block.label != label) continue;
    if (Status good = check(block.der); !good) return nth(std::string(label) + " blocks", found.size(), good.error());
    found.push_back(block.der);
  }
  if (found.empty()) return Error{"there is no " + std::string(label) + " block in the PEM text"};
  return found;
}

Status readable_certificate(BytesView der) {
  const auto parsed = parse_certificate(der);
  return parsed ? Status() : Status(parsed.error());
}

Status readable_crl(BytesView der) {
  const auto parsed = parse_crl(der);
  return parsed ? Status() : Status(parsed.error());
}

}  // namespace

Result<X509Handle> parse_certificate(BytesView der) { return parse_whole<X509Handle>(der, "certificate", d2i_X509); }
Result<X509CrlHandle> parse_crl(BytesView der) { return parse_whole<X509CrlHandle>(der, "CRL", d2i_X509_CRL); }

Bytes to_der(const X509& certificate) {
  unsigned char* out = nullptr;
  const int size = i2d_X509(&certificate, &out);
  Bytes bytes;
  if (size > 0) bytes.assign(out, out + size);
  OPENSSL_free(out);
  return bytes;
}

Result<std::vector<Bytes>> certificates_from_pem(std::string_view pem) { return blocks(pem, "CERTIFICATE", readable_certificate); }
Result<std::vector<Bytes>> crls_from_pem(std::string_view pem) { return blocks(pem, "X509 CRL", readable_crl); }

Result<ChainResult> verify_chain(BytesView leaf, const std::vector<Bytes>& intermediates, const std::vector<Bytes>& anchors,
                                 const std::vector<Bytes>& crls, const ChainOptions& options) {
  const auto material = parse_material(leaf, intermediates, anchors, crls);
  if (!material) return material.error();
  auto result = validate(*material, borrowed(material->intermediates), borrowed(material->anchors), options, false);
  if (!result || result->valid || result->code == X509_V_ERR_CERT_REVOKED) return result;
  return try_other_paths(*material, *result, options);
}

}  // namespace est::crypto
