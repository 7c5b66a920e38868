#include "est/crypto/token_key.h"

#include <openssl/engine.h>
#include <openssl/ui.h>

#include <memory>
#include <utility>

#include "est/base/text.h"
#include "est/crypto/envelope.h"

// OpenSSL 3.0 has deprecated engines, and Debian 12 has no other way to a token.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace est::crypto {
namespace {

constexpr std::string_view scheme = "pkcs11:";

// Initialised as long as it lives; keys hold references of their own.
class Engine {
 public:
  Engine() : handle_(ENGINE_by_id("pkcs11")) {
    if (handle_ != nullptr && ENGINE_init(handle_) != 1) {
      ENGINE_free(handle_);
      handle_ = nullptr;
    }
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() {
    if (handle_ == nullptr) return;
    ENGINE_finish(handle_);
    ENGINE_free(handle_);
  }
  [[nodiscard]] bool usable() const { return handle_ != nullptr; }
  [[nodiscard]] bool take_pin(const std::string& pin) { return ENGINE_ctrl_cmd_string(handle_, "PIN", pin.c_str(), 0) == 1; }
  // Asks nobody: without a PIN the engine would go to the terminal.
  [[nodiscard]] KeyHandle find(const std::string& uri) {
    return KeyHandle(ENGINE_load_private_key(handle_, uri.c_str(), ask_nobody(), nullptr));
  }

 private:
  static UI_METHOD* ask_nobody() { return const_cast<UI_METHOD*>(UI_null()); }  // the engine only reads it
  ENGINE* handle_;
};

Status give_pin(Engine& engine, const AskPin& pin) {
  auto text = pin();
  if (!text) return text.error();
  const bool taken = engine.take_pin(*text);
  wipe(*text);
  return taken ? Status{} : Status{Error{"the engine \"pkcs11\" takes no PIN"}};
}

}  // namespace

bool is_token_uri(std::string_view text) noexcept { return text.starts_with(scheme); }

Result<PrivateKey> find_token_key(std::string_view uri, const AskPin& pin) {
  if (uri.find("pin-value=") != std::string_view::npos)
    return Error{"a PIN in the URI can be read by others; use pin-source=file:PATH in its place"};
  clear_errors();
  Engine engine;
  if (!engine.usable())
    return openssl_error("OpenSSL has no engine for PKCS #11 tokens; install libengine-pkcs11-openssl (and say PKCS11_MODULE_PATH=...)");
  if (pin && uri.find("pin-source=") == std::string_view::npos)
    if (Status given = give_pin(engine, pin); !given) return given.error();
  KeyHandle handle = engine.find(std::string(uri));
  if (!handle) return openssl_error("no token gives this private key; is the URI right, the token there, the PIN right?");
  return PrivateKey::in_token(std::move(handle), uri);
}

}  // namespace est::crypto

#pragma GCC diagnostic pop
