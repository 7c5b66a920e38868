#include "est/tls/key_log.h"

namespace est::tls {
namespace {

int sink_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

void on_key_line(const SSL* ssl, const char* line) {
  auto* sink = static_cast<KeySink*>(SSL_get_ex_data(ssl, sink_index()));
  if (sink != nullptr) sink->key_line(line);
}

}  // namespace

void allow_key_log(SSL_CTX& context) { SSL_CTX_set_keylog_callback(&context, on_key_line); }

void keep_keys(SSL& ssl, KeySink& sink) { SSL_set_ex_data(&ssl, sink_index(), &sink); }

}  // namespace est::tls
