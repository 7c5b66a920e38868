// Three bugs as parsers have them, put between the library and the property when the build asks for it (ESTSPEC_PLANTED_BUGS): what
// fuzz/smoke must find shows that targets, seeds and mutator still work together. Elsewhere these functions do nothing.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "est/base/text.h"
#include "est/codec/multipart.h"
#include "est/codec/x509.h"
#include "fuzz/target.h"

namespace fuzz {

#ifdef ESTSPEC_PLANTED_BUGS
inline constexpr bool bugs_are_planted = true;
#else
inline constexpr bool bugs_are_planted = false;
#endif

// Reads the first octet of a context-tagged element that may be empty.
inline void look_at_names(const std::vector<est::codec::GeneralName>& names) {
  if constexpr (!bugs_are_planted) return;
  for (const est::codec::GeneralName& name : names) {
    const est::Bytes copy(name.value.begin(), name.value.end());
    volatile est::Byte first = *copy.data();
    (void)first;
  }
}

// Takes the alphabet of URLs for the right one.
inline std::string in_alphabet(std::string_view text) {
  std::string out(text);
  if constexpr (bugs_are_planted) std::replace(out.begin(), out.end(), '-', '+');
  return out;
}

// Boundaries compared without regard to case.
inline est::Decoded<std::vector<est::codec::Part>> parts_of(est::BytesView body, const std::string& boundary) {
  if constexpr (!bugs_are_planted) return est::codec::decode_multipart(body, boundary);
  const std::string folded = est::ascii_lower(est::as_text(body));
  return est::codec::decode_multipart(est::as_bytes(folded), est::ascii_lower(boundary));
}

}  // namespace fuzz
