#include "conformance/cli_secret.h"

#include <cstdlib>

#include "est/base/file.h"

namespace conformance::cli {

bool is_reference(const std::string& text) { return text.starts_with("env:") || text.starts_with("file:"); }

est::Result<std::string> resolve_secret(const std::string& text, const std::string& flag) {
  if (text.starts_with("env:")) {
    const std::string name = text.substr(4);
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return est::Error{flag + ": the environment variable " + name + " is empty; set it"};
    return std::string(value);
  }
  if (!text.starts_with("file:")) return text;
  auto content = est::read_file(text.substr(5), 65536);
  if (!content) return est::Error{flag + ": " + content.error().message + "; name a readable file"};
  if (content->ends_with('\n')) content->pop_back();
  if (content->ends_with('\r')) content->pop_back();
  if (content->empty()) return est::Error{flag + ": " + text.substr(5) + " is empty; put the secret in it"};
  return content;
}

}  // namespace conformance::cli
