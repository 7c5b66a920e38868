// CPU time that processes of this machine have used.
#pragma once

#include <chrono>
#include <optional>

namespace conformance::load {

[[nodiscard]] std::chrono::nanoseconds own_cpu();
// All threads of a process; nothing when there is none with this number. Not that of its children.
[[nodiscard]] std::optional<std::chrono::nanoseconds> cpu_of(int process);
// How many processors this process may run on.
[[nodiscard]] unsigned usable_processors();

}  // namespace conformance::load
