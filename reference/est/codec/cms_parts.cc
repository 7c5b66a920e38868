#include "est/codec/cms_parts.h"

#include <algorithm>
#include <string>

namespace est::codec {

std::optional<CmsBag> read_cms_bag(der::Reader& from, const der::Tlv& tagged, std::string_view what, std::string_view choice_id) {
  der::Reader list = from.inside(tagged);
  CmsBag bag;
  BytesView previous;
  while (!list.at_end()) {
    const std::optional<der::Tlv> item = list.any(what);
    if (!item) return std::nullopt;
    bag.sorted = bag.sorted && !std::lexicographical_compare(item->whole.begin(), item->whole.end(), previous.begin(), previous.end());
    previous = item->whole;
    if (item->tag == der::tags::sequence) {
      bag.items.push_back(to_bytes(item->whole));
      continue;
    }
    bag.others = true;
    list.report(choice_id, Severity::error, item->offset, std::string(what) + ": " + der::to_string(item->tag) + " instead of a SEQUENCE");
  }
  if (list.failed()) return std::nullopt;
  return bag;
}

Bytes tagged_set(std::uint32_t number, std::vector<Bytes> items) {
  std::sort(items.begin(), items.end());
  Bytes all;
  for (const Bytes& item : items) append(all, item);
  return der::context(number, all);
}

}  // namespace est::codec
