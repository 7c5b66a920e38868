// Where the time of a command goes: --timings.
#pragma once

#include <iosfwd>

#include "client/session.h"

namespace client {

// From now on each connection and each exchange writes a line to `err`, which must outlive all sessions with these options:
//   est-client: connect 0.08 ms, handshake 1.91 ms
//   est-client: POST /.well-known/est/simpleenroll 4.20 ms, status 200
// The first figure of a connection includes a proxy's part; an exchange lasts from the first octet sent to the last one read.
void tell_timings(SessionOptions& session, std::ostream& err);

}  // namespace client
