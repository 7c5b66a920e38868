// A request in the making. For the sources of request.h.
#pragma once

#include <string>
#include <vector>

#include "client/request.h"
#include "est/base/result.h"
#include "est/codec/csrattrs.h"
#include "est/codec/pkcs10.h"
#include "est/codec/x509.h"

namespace client {

struct RequestDraft {
  const RequestInput& input;
  est::codec::Name subject;
  std::vector<est::codec::Extension> extensions;
  std::vector<est::codec::Attribute> attributes;
  std::vector<std::string> notes;

  [[nodiscard]] est::codec::Extension* extension(const est::codec::Oid& id);
  [[nodiscard]] bool has_attribute(const est::codec::Oid& type) const;
};

// "organizationalUnitName (2.5.4.11)"
[[nodiscard]] std::string with_number(const est::codec::Oid& oid);
// "the server asks for WHAT; CURE, or ignore what /csrattrs says (--no-csrattrs)"
[[nodiscard]] est::Error demand(const std::string& what, const std::string& cure);
void note_left_out(RequestDraft& draft, const std::string& what, const std::string& why);

// The UTF-8 inside a string TLV; nothing when it is none.
[[nodiscard]] std::optional<std::string> text_in(est::BytesView tlv);

struct NamePart {
  est::codec::Oid type;
  est::Bytes value;  // whole TLV
};
// Nothing when the parts make no Name.
[[nodiscard]] std::optional<est::codec::Name> name_of_parts(const std::vector<std::vector<NamePart>>& rdns);

// Each makes the draft meet what is asked, notes what is left out, or says what is lacking.
[[nodiscard]] est::Status meet_extension(RequestDraft& draft, const est::codec::ExtensionTemplate& wanted);
[[nodiscard]] est::Status meet_element(RequestDraft& draft, const est::codec::AttrOrOid& element);
[[nodiscard]] est::Status meet_template(RequestDraft& draft, const est::codec::RequestTemplate& wanted);

}  // namespace client
