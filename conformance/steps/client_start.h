// Starts a client under test in the way its profile says and tells how that ended.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "conformance/steps/process.h"
#include "conformance/target/client_profile.h"

namespace conformance::steps {

// What the client is told: name -> value, empty where there is none. In commands {name}; in their environment, too, as EST_NAME in
// capitals with '_' for '-'.
using Instructions = std::map<std::string, std::string, std::less<>>;

struct ClientEnd {
  enum class Kind { exited, signalled, timed_out, cannot };
  Kind kind = Kind::exited;
  int code = 0;
  std::string output, errors;
  bool cut = false;
  int left_behind = 0;
};

// Makes a client act, and waits for its end. Errors are ours or the profile's, not the client's. Threads: any.
using StartClient =
    std::function<est::Result<ClientEnd>(const std::string& operation, const Instructions& instructions, est::Milliseconds within)>;

// By the profile's command or HTTP trigger; persons are asked (person.h). Errors and threads as above.
[[nodiscard]] est::Result<ClientEnd> start_client(const target::ClientProfile& profile, const std::string& operation,
                                                  const Instructions& instructions, est::Milliseconds within);
// A hook of the profile: an error unless it ends with status 0. Nothing happens for an empty one.
[[nodiscard]] est::Status run_hook(const std::string& name, const std::string& command, const Instructions& instructions,
                                   est::Milliseconds within);

}  // namespace conformance::steps
