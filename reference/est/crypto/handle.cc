#include "est/crypto/handle.h"

#include <openssl/err.h>

#include <array>

#include "est/base/text.h"

namespace est::crypto {
namespace {

// OpenSSL's own sentence without library and function names; the code when it has none.
std::string reason_of(unsigned long code) {
  if (const char* reason = ERR_reason_error_string(code)) return reason;
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

}  // namespace

Error openssl_error(std::string_view what) {
  std::string message(what);
  std::string last;
  // The earliest entry is the cause; later ones say who noticed. A few suffice.
  int shown = 0;
  for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
    const std::string reason = reason_of(code);
    if (shown >= 3 || reason == last) continue;
    message.append(shown == 0 ? ": " : ", ").append(printable(reason));
    last = reason;
    ++shown;
  }
  clear_errors();
  return Error{message};
}

void clear_errors() noexcept {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace est::crypto
