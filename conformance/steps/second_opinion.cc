#include "conformance/steps/second_opinion.h"

#include "est/crypto/chain.h"
#include "est/crypto/handle.h"

namespace conformance::steps {

est::Status openssl_accepts_request(est::BytesView der) {
  using Request = std::unique_ptr<X509_REQ, est::crypto::Deleter<X509_REQ_free>>;
  const est::Byte* at = der.data();
  const Request request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (!request) return est::crypto::openssl_error("OpenSSL cannot read the request the suite made");
  if (at != der.data() + der.size()) return est::Error{"the request the suite made has trailing octets"};
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  if (key == nullptr) return est::crypto::openssl_error("OpenSSL cannot read the key in the request the suite made");
  if (X509_REQ_verify(request.get(), key) != 1) return est::crypto::openssl_error("OpenSSL does not verify the request the suite made");
  return {};
}

est::Status openssl_accepts_certificate(est::BytesView der) {
  const auto certificate = est::crypto::parse_certificate(der);
  if (!certificate) return certificate.error();
  return {};
}

}  // namespace conformance::steps
