#include "conformance/steps/template_text.h"

#include <charconv>

namespace conformance::steps {

est::Result<std::string> expand_times(std::string_view text, std::size_t most) {
  constexpr std::string_view mark = "{times ";
  std::string made;
  for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark)) {
    made += text.substr(0, at);
    text.remove_prefix(at + mark.size());
    const auto end = text.find('}');
    std::size_t count = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const auto digits = static_cast<std::size_t>(stop - text.data());
    if (end == std::string_view::npos || error != std::errc() || digits >= end || text[digits] != ' ')
      return est::Error{"write {times N TEXT} with a number and a text"};
    const auto repeated = text.substr(digits + 1, end - digits - 1);
    if (made.size() > most || (!repeated.empty() && count > (most - made.size()) / repeated.size()))
      return est::Error{"a {times N TEXT} gives too many octets"};
    for (std::size_t i = 0; i < count; ++i) made += repeated;
    text.remove_prefix(end + 1);
  }
  made += text;
  if (made.size() > most) return est::Error{"there are too many octets"};
  return made;
}

}  // namespace conformance::steps
