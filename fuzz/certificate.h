// What holds of every certificate, alone or inside a message: OpenSSL reads the same values; what only OpenSSL reads is refused by a rule
// that has a name; what our builders make of decoded extension values decodes to them again.
#pragma once

#include "est/base/bytes.h"

namespace fuzz {

void check_certificate(est::BytesView der);

}  // namespace fuzz
