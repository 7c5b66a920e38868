#include "conformance/engine/json.h"

#include <array>
#include <cmath>

namespace conformance::engine {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Length of the UTF-8 sequence (RFC 3629) at the start of `text`, or 0 if there is none.
std::size_t sequence_length(std::string_view text) noexcept {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = octet(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first <= 0xDF ? 2 : (first & 0xF0U) == 0xE0 ? 3 : first >= 0xF0 && first <= 0xF4 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((octet(i) & 0xC0U) != 0x80) return 0;
  }
  const unsigned second = octet(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool not_a_character = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return overlong || not_a_character ? 0 : length;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string to_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      result += "\xEF\xBF\xBD";
    } else {
      result.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result;
}

est::Result<Json> parse_json(std::string_view text) {
  bool too_deep = false;
  const auto guard = [&](int depth, Json::parse_event_t event, Json&) {
    const bool opens = event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth >= most_json_depth) too_deep = true;
    return !too_deep;
  };
  Json json = Json::parse(text, guard, false);
  if (too_deep) return est::Error{"the JSON is nested more than " + std::to_string(most_json_depth) + " deep"};
  if (json.is_discarded()) return est::Error{"this is not JSON"};
  return json;
}

std::string print_json(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

std::string to_base64(est::BytesView octets) {
  std::string text;
  text.reserve((octets.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, octets.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8U | (j < left ? octets[i + j] : 0U);
    for (std::size_t j = 0; j < 4; ++j) text += j <= left ? alphabet[group >> (18 - 6 * j) & 63U] : '=';
  }
  return text;
}

std::optional<est::Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  est::Bytes octets;
  octets.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pad = i >= text.size() - padding;
    const std::size_t value = pad ? 0 : alphabet.find(text[i]);
    if (value == std::string_view::npos) return std::nullopt;
    group = group << 6U | static_cast<std::uint32_t>(value);
    if (i % 4 != 3) continue;
    for (const unsigned shift : {16U, 8U, 0U}) octets.push_back(static_cast<est::Byte>(group >> shift & 0xFFU));
    group = 0;
  }
  for (std::size_t i = 0; i < padding; ++i) {
    if (octets.back() != 0) return std::nullopt;  // bits beyond the data must be zero
    octets.pop_back();
  }
  return octets;
}

JsonReader::JsonReader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object_.is_object()) problem_ = where_ + " is not an object";
}

void JsonReader::complain(const std::string& key, const std::string& what) {
  if (problem_.empty()) problem_ = where_ + "." + key + " " + what;
}

bool JsonReader::has(const char* key) const { return member(key) != nullptr; }

const Json* JsonReader::member(const char* key) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

std::string JsonReader::text(const char* key) {
  const Json* value = member(key);
  if (value == nullptr) return {};
  if (const auto* text = value->get_ptr<const Json::string_t*>()) return *text;
  complain(key, "is not text");
  return {};
}

std::int64_t JsonReader::integer(const char* key, std::int64_t least, std::int64_t most) {
  const Json* value = member(key);
  if (value == nullptr) return least > 0 ? least : 0;
  const auto* unsigned_value = value->get_ptr<const Json::number_unsigned_t*>();
  if (!value->is_number_integer() || (unsigned_value != nullptr && *unsigned_value > INT64_MAX)) {
    complain(key, "is not a whole number");
    return least;
  }
  const auto number = value->get<std::int64_t>();
  if (number >= least && number <= most) return number;
  complain(key, "is out of range");
  return least;
}

double JsonReader::real(const char* key) {
  const Json* value = member(key);
  if (value == nullptr) return 0;
  if (!value->is_number()) {
    complain(key, "is not a number");
    return 0;
  }
  return value->get<double>();
}

bool JsonReader::boolean(const char* key) {
  const Json* value = member(key);
  if (value == nullptr) return false;
  if (const auto* boolean = value->get_ptr<const Json::boolean_t*>()) return *boolean;
  complain(key, "is neither true nor false");
  return false;
}

est::Bytes JsonReader::octets(const char* key) {
  auto octets = from_base64(text(key));
  if (octets) return *std::move(octets);
  complain(key, "is not base64");
  return {};
}

std::vector<std::string> JsonReader::texts(const char* key) {
  std::vector<std::string> result;
  const Json* value = list(key);
  if (value == nullptr) return result;
  for (const Json& item : *value) {
    if (const auto* text = item.get_ptr<const Json::string_t*>()) {
      result.push_back(*text);
    } else {
      complain(key, "holds something that is not text");
    }
  }
  return result;
}

const Json* JsonReader::list(const char* key) {
  const Json* value = member(key);
  if (value == nullptr || value->is_array()) return value;
  complain(key, "is not a list");
  return nullptr;
}

const Json* JsonReader::object(const char* key) {
  const Json* value = member(key);
  if (value == nullptr || value->is_object()) return value;
  complain(key, "is not an object");
  return nullptr;
}

}  // namespace conformance::engine
