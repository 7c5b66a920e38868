// Octets an attacker would send instead of an HTTP request, made by name and size. The first family goes inside TLS, the second on bare
// TCP.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"

namespace conformance::steps {

struct OctetFrame {
  std::string host;        // value of Host
  std::string est_prefix;  // "/.well-known/est/LABEL"
};

struct HostileOctets {
  std::string name;
  std::string meaning;
};
[[nodiscard]] const std::vector<HostileOctets>& hostile_octets();
// Precondition: `name` is one of hostile_octets().
[[nodiscard]] est::Bytes make_hostile_octets(std::string_view name, const OctetFrame& frame);

}  // namespace conformance::steps
