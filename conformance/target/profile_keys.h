// The keys of a profile with their meaning, for the printed reference. questions_test.cc holds the list and the readers together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace conformance::target {

struct ProfileKey {
  std::string path;  // "access.url"
  std::string meaning;
};

// Of "server", "client" or "proxy": the keys at the top, and those of the mappings among them.
[[nodiscard]] std::vector<ProfileKey> profile_keys(std::string_view role);

}  // namespace conformance::target
