// What the validator accepts, taken apart to the last element and built again, gives the same octets.
#include "est/codec/der.h"
#include "fuzz/target.h"

namespace {

namespace der = est::codec::der;

est::Bytes rebuilt(const der::Reader& parent, const der::Tlv& tlv) {
  if (!tlv.tag.constructed) return der::tlv(tlv.tag, tlv.content);
  est::Bytes content;
  der::Reader inside = parent.inside(tlv);
  while (!inside.at_end())
    if (const auto element = inside.any("element")) est::append(content, rebuilt(inside, *element));
  fuzz::require(!inside.failed(), "what was validated can be walked");
  return der::tlv(tlv.tag, content);
}

}  // namespace

FUZZ_TARGET(der) {
  est::Findings findings;
  if (!der::validate(input, findings) || est::has_errors(findings)) return;
  der::Reader reader(input, findings);
  const auto outer = reader.any("input");
  fuzz::require(outer.has_value() && reader.at_end(), "validated input is one TLV");
  fuzz::require(est::equal(rebuilt(reader, *outer), input), "accepted octets re-encode to the same octets");
}
