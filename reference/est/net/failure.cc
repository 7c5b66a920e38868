// The words for what can go wrong.
#include "est/net/client.h"

namespace est::net {

std::string_view to_string(Stage stage) noexcept {
  switch (stage) {
    case Stage::resolve:
      return "resolve";
    case Stage::connect:
      return "connect";
    case Stage::proxy:
      return "proxy";
    case Stage::handshake:
      return "handshake";
    case Stage::write:
      return "write";
    case Stage::read:
      return "read";
  }
  return "unknown";
}

std::string_view to_string(Cause cause) noexcept {
  switch (cause) {
    case Cause::timeout:
      return "timeout";
    case Cause::refused:
      return "refused";
    case Cause::unreachable:
      return "unreachable";
    case Cause::reset:
      return "reset";
    case Cause::closed:
      return "closed";
    case Cause::alert:
      return "alert";
    case Cause::not_tls:
      return "not_tls";
    case Cause::untrusted:
      return "untrusted";
    case Cause::protocol:
      return "protocol";
    case Cause::local:
      return "local";
  }
  return "unknown";
}

std::string_view to_string(PeerClose close) noexcept {
  switch (close) {
    case PeerClose::open:
      return "open";
    case PeerClose::close_notify:
      return "close_notify";
    case PeerClose::fin:
      return "fin";
    case PeerClose::reset:
      return "reset";
  }
  return "unknown";
}

}  // namespace est::net
