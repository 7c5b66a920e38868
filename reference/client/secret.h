// Passwords and passphrases: where they come from, and that they are wiped when done with. Nothing prints a Secret.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"

namespace client {

// Octets that are overwritten before their memory is given back. Copies are wiped one by one.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : octets_(est::to_bytes(text)) {}
  // Wipes the text it was taken from, too.
  [[nodiscard]] static Secret take(std::string&& text);

  Secret(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  // Valid as long as this object is neither changed nor gone.
  [[nodiscard]] std::string_view reveal() const noexcept { return est::as_text(octets_); }
  [[nodiscard]] est::BytesView octets() const noexcept { return octets_; }
  [[nodiscard]] bool empty() const noexcept { return octets_.empty(); }

 private:
  est::Bytes octets_;
};

using AskSecret = std::function<est::Result<Secret>(std::string_view what)>;

// A secret that is fetched when it is needed.
class SecretSource {
 public:
  // "env:NAME", "file:PATH", "prompt:" (asks on the terminal); anything else is the secret itself. Errors: a name or path is missing.
  [[nodiscard]] static est::Result<SecretSource> parse(std::string_view text);
  [[nodiscard]] static SecretSource callback(AskSecret ask);

  // `what` says in prompts and errors what is wanted: "the password of user alice". Warnings are sentences for the user, added at the end:
  // a file that others may read, a secret on the command line. Errors: variable not set, file unreadable, no terminal, given up.
  // An empty secret is an error except from a callback.
  [[nodiscard]] est::Result<Secret> read(std::string_view what, std::vector<std::string>& warnings) const;

 private:
  enum class Kind { word, environment, file, prompt, callback };
  Kind kind_ = Kind::prompt;
  Secret word_;
  std::string name_;  // of the variable or file
  AskSecret ask_;
};

// One trailing line end is not part of the secret.
[[nodiscard]] est::Result<Secret> secret_from_file(const std::string& path, std::vector<std::string>& warnings);
[[nodiscard]] est::Result<Secret> secret_from_environment(const std::string& name);
// Shows "Enter WHAT: " on the terminal and reads a line without echo; the terminal is put back whatever happens, also at Ctrl-C, which is
// an error here and no signal.
[[nodiscard]] est::Result<Secret> secret_from_terminal(std::string_view what, est::Milliseconds patience = std::chrono::minutes(5),
                                                       const std::string& device = "/dev/tty");

}  // namespace client
