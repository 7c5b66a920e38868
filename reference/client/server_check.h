// Is this the EST server we want? (RFC 7030 3.3.1 authentication, 3.6 authorization.)
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"

namespace client {

// All DER. Explicit and implicit anchors are never mixed: what each permits differs (RFC 7030 3.6.1, 3.6.2).
struct Trust {
  std::vector<est::Bytes> explicit_anchors;
  std::vector<est::Bytes> implicit_anchors;  // empty: none, or disabled because a server's explicit ones are known (4.1.3)
  std::vector<est::Bytes> intermediates;     // for path building only
  std::vector<est::Bytes> crls;
  bool check_crl = false;                // of the whole path; a missing CRL refuses
  bool indicate = false;                 // tell servers that only the explicit anchors count (4.1.3, RFC 6066 6)
  std::optional<est::UnixTime> at = {};  // default: now

  [[nodiscard]] bool empty() const noexcept { return explicit_anchors.empty() && implicit_anchors.empty(); }
};

enum class Basis { none, explicit_anchors, implicit_anchors };
[[nodiscard]] std::string_view to_string(Basis basis) noexcept;  // "explicit trust anchors"

struct ServerVerdict {
  Basis basis = Basis::none;
  bool by_role = false;  // explicit anchors only: not its name but id-kp-cmcRA authorises it
  std::string reason;    // why not, when basis is none
  int code = 0;          // then, as in crypto::ChainResult

  [[nodiscard]] bool authorised() const noexcept { return basis != Basis::none; }
};

// Explicit anchors first: a path to one of them, then the host's name in the certificate (RFC 6125: subjectAltName only) or id-kp-cmcRA. If
// no path leads there, implicit anchors, where only the name counts. `chain`: leaf first. `host`: of the configured URL or of the latest
// redirection.
[[nodiscard]] ServerVerdict check_server(const std::vector<est::Bytes>& chain, const std::string& host, const Trust& trust);

// Decides in place of check_server(): for applications whose trust follows rules of their own. Called inside the handshake; threads: the
// connection's.
using ServerCheck = std::function<ServerVerdict(const std::vector<est::Bytes>& chain, const std::string& host, const Trust& trust)>;

// id-kp-cmcRA among the extended key usages (RFC 6402 2.10).
[[nodiscard]] bool is_registration_authority(est::BytesView certificate);

}  // namespace client
