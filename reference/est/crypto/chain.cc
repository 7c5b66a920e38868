#include "est/crypto/chain.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "est/codec/pem.h"

namespace est::crypto {
namespace {

struct StackDeleter {
  void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_pop_free(stack, X509_free); }
};
using StackHandle = std::unique_ptr<STACK_OF(X509), StackDeleter>;

constexpr int most_intermediates = 32;  // in one path; real ones have one to four

template <class Handle, class Read>
Result<Handle> parse_whole(BytesView der, std::string_view what, Read read) {
  ERR_clear_error();
  const Byte* at = der.data();
  Handle handle(der.empty() ? nullptr : read(nullptr, &at, static_cast<long>(der.size())));
  if (!handle) return openssl_error(std::string("no ") + std::string(what) + " can be read");
  ERR_clear_error();
  if (at != der.data() + der.size()) return Error{"octets are left after the " + std::string(what)};
  return handle;
}

Error nth(std::string_view list, std::size_t index, const Error& error) {
  return Error{"number " + std::to_string(index + 1) + " of the " + std::string(list) + ": " + error.message};
}

Result<StackHandle> stack_of(const std::vector<Bytes>& certificates) {
  StackHandle stack(sk_X509_new_null());
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    auto one = parse_certificate(certificates[i]);
    if (!one) return nth("intermediates", i, one.error());
    if (!stack || sk_X509_push(stack.get(), one->get()) <= 0) return openssl_error("cannot collect the intermediates");
    static_cast<void>(one->release());  // the stack owns it now
  }
  return stack;
}

Status add_anchors(X509_STORE* store, const std::vector<Bytes>& anchors) {
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    const auto one = parse_certificate(anchors[i]);
    if (!one) return nth("anchors", i, one.error());
    if (X509_STORE_add_cert(store, one->get()) != 1) return openssl_error("cannot add an anchor");
  }
  return {};
}

Status add_crls(X509_STORE* store, const std::vector<Bytes>& crls) {
  for (std::size_t i = 0; i < crls.size(); ++i) {
    const auto one = parse_crl(crls[i]);
    if (!one) return nth("CRLs", i, one.error());
    if (X509_STORE_add_crl(store, one->get()) != 1) return openssl_error("cannot add a CRL");
  }
  return {};
}

unsigned long flags_of(const ChainOptions& options) {
  unsigned long flags = X509_V_FLAG_TRUSTED_FIRST;
  if (options.partial_chain) flags |= X509_V_FLAG_PARTIAL_CHAIN;
  if (options.check_crl) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  return flags;
}

void set_parameters(X509_STORE_CTX* context, const ChainOptions& options) {
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_flags(parameters, flags_of(options));
  X509_VERIFY_PARAM_set_depth(parameters, most_intermediates);
  if (options.at) X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(*options.at));
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

int issued_and_signed(X509_STORE_CTX*, X509* subject, X509* issuer) {
  if (X509_check_issued(issuer, subject) != X509_V_OK) return 0;
  EVP_PKEY* key = X509_get0_pubkey(issuer);
  return key != nullptr && X509_verify(subject, key) == 1 ? 1 : 0;
}

Result<ChainResult> validate(X509_STORE* store, X509* subject, STACK_OF(X509) * untrusted, const ChainOptions& options) {
  ERR_clear_error();
  const X509StoreContextHandle context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), store, subject, untrusted) != 1) return openssl_error("cannot set up path validation");
  set_parameters(context.get(), options);
  ChainResult result = outcome(context.get(), X509_verify_cert(context.get()));
  ERR_clear_error();
  return result;
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
  const auto subject = parse_certificate(leaf);
  if (!subject) return subject.error();
  const auto untrusted = stack_of(intermediates);
  if (!untrusted) return untrusted.error();
  const X509StoreHandle store(X509_STORE_new());
  if (!store) return openssl_error("cannot set up path validation");
  if (Status added = add_anchors(store.get(), anchors); !added) return added.error();
  if (Status added = add_crls(store.get(), crls); !added) return added.error();
  auto result = validate(store.get(), subject->get(), untrusted->get(), options);
  if (!result || result->code != X509_V_ERR_CERT_SIGNATURE_FAILURE) return result;
  // OpenSSL takes the first issuer of the right name and never turns back; after a rollover without key identifiers that may be
  // the wrong one. Let the signature choose, and keep the first verdict if that does not help.
  X509_STORE_set_check_issued(store.get(), issued_and_signed);
  auto second = validate(store.get(), subject->get(), untrusted->get(), options);
  return second && second->valid ? second : result;
}

}  // namespace est::crypto
