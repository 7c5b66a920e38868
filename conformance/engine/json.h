// JSON at the boundary: text in and out without exceptions, bounded, always valid UTF-8.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "est/base/bytes.h"
#include "est/base/result.h"

namespace conformance::engine {

using Json = nlohmann::json;

// Deeper documents are refused: copying and printing them would recurse as deep.
inline constexpr int most_json_depth = 32;

[[nodiscard]] est::Result<Json> parse_json(std::string_view text);
[[nodiscard]] std::string print_json(const Json& json, int indent = 1);  // never throws; indent -1 puts all on one line

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
[[nodiscard]] std::string to_utf8(std::string_view text);  // octets that are no UTF-8 become U+FFFD, one each

// Octets as JSON text: RFC 4648 base64 with padding; reading is strict.
[[nodiscard]] std::string to_base64(est::BytesView octets);
[[nodiscard]] std::optional<est::Bytes> from_base64(std::string_view text);

// Reads the members of an object and remembers the first thing that was wrong; every getter then returns a default.
class JsonReader {
 public:
  JsonReader(const Json& object, std::string where);
  [[nodiscard]] std::string text(const char* key);
  [[nodiscard]] std::int64_t integer(const char* key, std::int64_t least = 0, std::int64_t most = INT64_MAX);
  [[nodiscard]] double real(const char* key);
  [[nodiscard]] bool boolean(const char* key);
  [[nodiscard]] est::Bytes octets(const char* key);
  [[nodiscard]] std::vector<std::string> texts(const char* key);
  // Null when absent; a member of another kind is a problem.
  [[nodiscard]] const Json* list(const char* key);
  [[nodiscard]] const Json* object(const char* key);
  [[nodiscard]] bool has(const char* key) const;

  void complain(const std::string& key, const std::string& what);
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  const Json* member(const char* key) const;
  const Json& object_;
  std::string where_;
  std::string problem_;
};

}  // namespace conformance::engine
