// The smallest plugin, on OpenSSL: what a vendor's would look like, and what peer_test.cc loads.
#include <openssl/err.h>
#include <openssl/x509.h>

#include "fuzz/peer/est_fuzz.h"

extern "C" __attribute__((visibility("default"))) int est_fuzz_parse_csr(const unsigned char* der, size_t size, unsigned char* canonical,
                                                                         size_t room, size_t* canonical_size) {
  const unsigned char* at = der;
  X509_REQ* request = d2i_X509_REQ(nullptr, &at, static_cast<long>(size));
  ERR_clear_error();
  if (request == nullptr) return 0;
  const int needed = i2d_X509_REQ(request, nullptr);
  const bool whole = at == der + size;
  if (whole && needed > 0 && static_cast<size_t>(needed) <= room) *canonical_size = static_cast<size_t>(i2d_X509_REQ(request, &canonical));
  X509_REQ_free(request);
  return whole ? 1 : 0;
}
