// The last resort of RFC 6125 6.4.4 for the name of a server.
#pragma once

#include "est/tls/context.h"

namespace est::tls {

// Connections made from now on take the subject's common name where the server's certificate presents no DNS name. By default they never
// look at it, as RFC 9110 4.3.4 has it.
void accept_common_name(const ClientContext& context);

}  // namespace est::tls
