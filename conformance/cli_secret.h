// Secrets on the command line: the word itself, or a reference to where it is.
#pragma once

#include <string>

#include "est/base/result.h"

namespace conformance::cli {

// "env:NAME" or "file:PATH". A secret that begins like that has to be given by reference.
[[nodiscard]] bool is_reference(const std::string& text);
// Resolves a reference; the last line ending of a file is dropped. Errors name the flag, never the secret.
[[nodiscard]] est::Result<std::string> resolve_secret(const std::string& text, const std::string& flag);

// Asks at the terminal, without showing what is typed. An error when there is no terminal; it names `flag` as the cure.
[[nodiscard]] est::Result<std::string> ask_secret(const std::string& question, const std::string& flag);

}  // namespace conformance::cli
