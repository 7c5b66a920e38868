// The secrets of a TLS connection, as lines of the NSS key log that Wireshark and others read ("LABEL CLIENT-RANDOM SECRET", hexadecimal).
// For test programs alone: whoever has these lines can read the connection.
#pragma once

#include <string_view>

#include "est/crypto/handle.h"

namespace est::tls {

class KeySink {
 public:
  virtual ~KeySink() = default;
  // On the connection's thread, in the middle of a handshake. `line` has no line end.
  virtual void key_line(std::string_view line) noexcept = 0;
};

// Lets connections of this context that have a sink tell their secrets. While the context is not yet shared with other threads.
void allow_key_log(SSL_CTX& context);
// `sink` must outlive the connection, and is told nothing unless the context allows it.
void keep_keys(SSL& ssl, KeySink& sink);

}  // namespace est::tls
