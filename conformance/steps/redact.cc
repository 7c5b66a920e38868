#include "conformance/steps/redact.h"

#include <algorithm>

#include "est/base/text.h"
#include "est/codec/base64.h"

namespace conformance::steps {
namespace {

constexpr std::size_t shortest_secret = 6;

template <class Text>
void overwrite_all(Text& text, const std::string& secret) {
  auto at = text.begin();
  while (true) {
    at = std::search(at, text.end(), secret.begin(), secret.end(), [](auto a, auto b) { return static_cast<char>(a) == b; });
    if (at == text.end()) return;
    at = std::fill_n(at, secret.size(), static_cast<typename Text::value_type>('*'));
  }
}

}  // namespace

Redactor::Redactor(const target::Profile& profile) : secrets_(profile.secrets()) {
  if (profile.password) {
    for (const std::string_view user : {std::string_view{}, unknown_user}) {
      secrets_.push_back(est::codec::encode_base64(est::as_bytes(std::string(user) + ":" + profile.password->password)));
    }
  }
  std::erase_if(secrets_, [](const auto& secret) { return secret.size() < shortest_secret; });
  std::sort(secrets_.begin(), secrets_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

void Redactor::overwrite(est::Bytes& octets) const {
  for (const auto& secret : secrets_) overwrite_all(octets, secret);
  overwrite_basic(octets);
}

std::string Redactor::cleaned(std::string_view text) const {
  std::string clean(text);
  for (const auto& secret : secrets_) overwrite_all(clean, secret);
  return clean;
}

void overwrite_basic(est::Bytes& octets) {
  constexpr std::string_view field = "authorization:";
  constexpr std::string_view scheme = "basic";
  const auto same = [](est::Byte a, char b) { return est::ascii_lower(static_cast<char>(a)) == b; };
  const auto blank = [](est::Byte c) { return c == ' ' || c == '\t'; };
  auto at = octets.begin();
  while (true) {
    at = std::search(at, octets.end(), field.begin(), field.end(), same);
    if (at == octets.end()) return;
    at = std::find_if_not(at + static_cast<std::ptrdiff_t>(field.size()), octets.end(), blank);
    if (octets.end() - at < static_cast<std::ptrdiff_t>(scheme.size()) ||
        !std::equal(scheme.begin(), scheme.end(), at, [&](char b, est::Byte a) { return same(a, b); })) {
      continue;
    }
    at = std::find_if_not(at + static_cast<std::ptrdiff_t>(scheme.size()), octets.end(), blank);
    const auto end = std::find_if(at, octets.end(), [](est::Byte c) { return c == '\r' || c == '\n'; });
    std::fill(at, end, est::Byte{'*'});
    at = end;
  }
}

}  // namespace conformance::steps
