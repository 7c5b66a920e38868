#include "est/tls/mismatch.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <array>
#include <memory>

namespace est::tls {

Result<crypto::KeyHandle> mismatched_key(const crypto::PrivateKey& shown, const crypto::PrivateKey& used) {
  using Number = std::unique_ptr<BIGNUM, crypto::Deleter<BN_clear_free>>;
  using Builder = std::unique_ptr<OSSL_PARAM_BLD, crypto::Deleter<OSSL_PARAM_BLD_free>>;
  using Parameters = std::unique_ptr<OSSL_PARAM, crypto::Deleter<OSSL_PARAM_free>>;
  using Context = std::unique_ptr<EVP_PKEY_CTX, crypto::Deleter<EVP_PKEY_CTX_free>>;
  crypto::clear_errors();
  std::array<unsigned char, 133> point{};
  std::size_t length = 0;
  BIGNUM* secret = nullptr;
  if (EVP_PKEY_get_octet_string_param(shown.handle(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &length) != 1 ||
      EVP_PKEY_get_bn_param(used.handle(), OSSL_PKEY_PARAM_PRIV_KEY, &secret) != 1)
    return crypto::openssl_error("keys that do not belong together can be made on P-256 only");
  const Number number(secret);
  const Builder builder(OSSL_PARAM_BLD_new());
  const bool pushed = builder && OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
                      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), length) == 1 &&
                      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get()) == 1;
  if (!pushed) return crypto::openssl_error("cannot describe a key");
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, parameters.get()) != 1)
    return crypto::openssl_error("cannot make a key whose halves do not belong together");
  return crypto::KeyHandle(made);
}

}  // namespace est::tls
