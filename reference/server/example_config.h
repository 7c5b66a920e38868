// The configuration `est-server init` writes: one label for each policy worth trying.
#pragma once

#include <string_view>

namespace server {

[[nodiscard]] std::string_view example_config() noexcept;

}  // namespace server
