// What an operator does beside the running server: approve, reject, revoke, list, crl. Each opens the CA the configuration names,
// acts, and prints to `out`. The database serves several processes, so the server need not stop.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "est/base/result.h"

namespace server {

// Whose matters they are: those of the CA that a label has of its own, else (or without a label) the server's.
struct Desk {
  std::string config_path;
  std::optional<std::string> label = std::nullopt;
};

// Approves one pending request, or all that wait when `id` is absent.
[[nodiscard]] est::Status approve(const Desk& desk, std::optional<std::int64_t> id, std::ostream& out);
[[nodiscard]] est::Status reject(const Desk& desk, std::int64_t id, std::ostream& out);

// Revokes (without a label: at whichever CA issued the serial), writes the CRL file anew with the lists of all CAs, and tells the server
// whose pid `pid_file` holds (a pid file or a ready file; empty: none). A server that was told through its ready file has loaded the CRL
// when this returns.
[[nodiscard]] est::Status revoke(const Desk& desk, const std::string& serial_hex, const std::string& pid_file, std::ostream& out);

struct ListOptions {
  bool pending = false;  // requests that need or needed approval; else certificates
  bool json = false;
};
[[nodiscard]] est::Status list(const Desk& desk, const ListOptions& options, std::ostream& out);

// Tells the server with this ready file (or pid file) to reload; fails when it could not.
[[nodiscard]] est::Status reload(const std::string& ready_file, std::ostream& out);

// Writes the CRL file anew, or prints it when the configuration names none.
[[nodiscard]] est::Status make_crl(const std::string& config_path, const std::string& pid_file, std::int64_t valid_seconds,
                                   std::ostream& out);

}  // namespace server
