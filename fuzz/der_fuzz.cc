// Property: what the validator accepts, split into TLVs and built again, gives the same octets.
#include "est/codec/der.h"
#include "fuzz/property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace der = est::codec::der;
  est::Findings findings;
  if (!der::validate({data, size}, findings) || est::has_errors(findings)) return 0;
  der::Reader reader({data, size}, findings);
  const auto outer = reader.any("input");
  fuzz::require(outer.has_value() && reader.at_end(), "validated input is one TLV");
  fuzz::require(est::equal(der::tlv(outer->tag, outer->content), {data, size}), "accepted octets re-encode to the same octets");
  return 0;
}
