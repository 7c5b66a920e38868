#include "est/tls/common_name.h"

#include <openssl/x509v3.h>

namespace est::tls {

void accept_common_name(const ClientContext& context) {
  X509_VERIFY_PARAM_set_hostflags(SSL_CTX_get0_param(context.handle()), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
}

}  // namespace est::tls
