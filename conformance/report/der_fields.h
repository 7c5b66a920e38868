// Inside conformance/report only: the names the RFCs give to the fields of what EST carries (RFC 2986, 5280, 5652, 5272, 9908).
#pragma once

#include <span>
#include <string_view>

#include "est/codec/der.h"

namespace conformance::report {

struct Field;

// What a constructed element, or an OCTET STRING around DER, holds.
struct Fields {
  std::span<const Field> all;
  bool many = false;  // SEQUENCE OF, SET OF, or one of several: each element takes the first field whose tag it may have
};

// One field. With a `context` tag it may be absent; with a `universal` one too, and one without either must be there.
struct Field {
  std::string_view name;
  const Fields* of = nullptr;  // what is inside
  int context = -1;
  int universal = -1;
  bool typed = false;  // what is inside goes by the OBJECT IDENTIFIER before it
  bool text = false;   // a character string behind an implicit tag

  [[nodiscard]] bool fits(const est::codec::der::Tag& tag) const;
};

// What stands where a type decides ("attrValues", "extnValue", "content"); null for a type that is not listed.
[[nodiscard]] const Fields* fields_of_type(std::string_view dotted);

// The structure by its first elements; an empty name where it is none of ours.
struct Kind {
  std::string_view name;
  const Fields* fields = nullptr;
};
[[nodiscard]] Kind kind_of(const est::codec::der::Tlv& tlv);
// The same for what a message begins with: a list of CSR attributes looks like other things deeper inside.
[[nodiscard]] Kind kind_of_message(const est::codec::der::Tlv& tlv);

}  // namespace conformance::report
