// Certificates and the values of their extensions; see certificate.h.
#include "fuzz/certificate.h"
#include "fuzz/target.h"

FUZZ_TARGET(x509) { fuzz::check_certificate(input); }
