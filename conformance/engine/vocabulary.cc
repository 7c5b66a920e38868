#include "conformance/engine/vocabulary.h"

#include <algorithm>

namespace conformance::engine {

namespace {

template <class T>
const T* by_name(const std::vector<T>& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const T& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

template <class T>
void put(std::vector<T>& all, T one) {
  std::erase_if(all, [&](const T& other) { return other.name == one.name; });
  all.push_back(std::move(one));
}

}  // namespace

std::string_view to_string(ParameterType type) noexcept {
  switch (type) {
    case ParameterType::text:
      return "text";
    case ParameterType::number:
      return "number";
    case ParameterType::boolean:
      return "true or false";
    case ParameterType::choice:
      return "choice";
    case ParameterType::list:
      return "list";
    case ParameterType::map:
      return "map";
    case ParameterType::result:
      return "result name";
  }
  return "text";
}

void Vocabulary::add(VerbInfo verb) {
  if (verb.success_parameters.is_null()) verb.success_parameters = Json::object();
  put(verbs_, std::move(verb));
}

void Vocabulary::add(CheckInfo check) { put(checks_, std::move(check)); }

void Vocabulary::add_claim(std::string name, std::string meaning) {
  std::erase_if(claims_, [&](const auto& claim) { return claim.first == name; });
  claims_.emplace_back(std::move(name), std::move(meaning));
}

const VerbInfo* Vocabulary::verb(std::string_view name) const { return by_name(verbs_, name); }

const CheckInfo* Vocabulary::check(std::string_view name) const { return by_name(checks_, name); }

bool Vocabulary::has_claim(std::string_view name) const {
  return std::any_of(claims_.begin(), claims_.end(), [&](const auto& claim) { return claim.first == name; });
}

}  // namespace conformance::engine
