#include "conformance/steps/parameters.h"

#include <charconv>

#include "est/base/text.h"

namespace conformance::steps {
namespace {

std::optional<std::string> as_text(const engine::Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

}  // namespace

const engine::Json* Parameters::find(const char* name) const {
  if (!json_->is_object()) return nullptr;
  const auto found = json_->find(name);
  return found == json_->end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::string> Parameters::maybe_text(const char* name) const {
  const auto* value = find(name);
  return value == nullptr ? std::nullopt : as_text(*value);
}

std::string Parameters::text(const char* name, std::string_view otherwise) const {
  return maybe_text(name).value_or(std::string(otherwise));
}

bool Parameters::flag(const char* name, bool otherwise) const {
  const auto* value = find(name);
  return value != nullptr && value->is_boolean() ? value->get<bool>() : otherwise;
}

std::int64_t Parameters::number(const char* name, std::int64_t otherwise) const {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  if (value->is_number_integer()) return value->get<std::int64_t>();
  if (!value->is_string()) return otherwise;
  const auto& text = value->get_ref<const std::string&>();
  std::int64_t result = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  return error == std::errc{} && end == text.data() + text.size() ? result : otherwise;
}

std::optional<std::vector<std::string>> Parameters::texts(const char* name) const {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (const auto one = as_text(*value)) return std::vector<std::string>{*one};
  std::vector<std::string> result;
  if (!value->is_array()) return std::nullopt;
  for (const auto& item : *value) {
    if (const auto text = as_text(item)) result.push_back(*text);
  }
  return result;
}

const engine::Json* Parameters::map(const char* name) const {
  const auto* value = find(name);
  return value != nullptr && value->is_object() ? value : nullptr;
}

std::optional<est::Bytes> octets_of_hex(std::string_view text) {
  est::Bytes octets;
  std::optional<std::size_t> high;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    const auto digit = std::string_view("0123456789abcdef").find(est::ascii_lower(c));
    if (digit == std::string_view::npos) return std::nullopt;
    if (!high) {
      high = digit;
      continue;
    }
    octets.push_back(static_cast<est::Byte>(*high * 16 + digit));
    high.reset();
  }
  return high ? std::nullopt : std::optional(octets);
}

}  // namespace conformance::steps
