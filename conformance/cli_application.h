// The whole command line as a function, so that tests can call it.
#pragma once

namespace conformance::cli {

// Never throws. Returns the exit code.
[[nodiscard]] int run_application(int argc, const char* const* argv);

}  // namespace conformance::cli
