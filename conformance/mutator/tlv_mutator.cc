#include "conformance/mutator/tlv_mutator.h"

#include <algorithm>
#include <cstring>

#include "conformance/mutator/tables.h"

namespace conformance::mutator {
namespace {

using View = std::span<const std::uint8_t>;

View view_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

// Length octets in DER; the number of them.
std::uint32_t write_length(std::uint32_t length, std::array<std::uint8_t, 5>& out) {
  if (length < 0x80) {
    out[0] = static_cast<std::uint8_t>(length);
    return 1;
  }
  std::uint32_t count = 1;
  while (count < 4 && length >> (8 * count) != 0) ++count;
  out[0] = static_cast<std::uint8_t>(0x80U | count);
  for (std::uint32_t i = 0; i < count; ++i) out[1 + i] = static_cast<std::uint8_t>(length >> (8 * (count - 1 - i)));
  return count + 1;
}

// One mutation of one message. Positions in the index hold until the first change.
class Editor {
 public:
  Editor(std::span<std::uint8_t> buffer, std::size_t size, Random& random, const SeedPool& pool)
      : buffer_(buffer), size_(size), random_(random), pool_(pool) {
    index_.build(buffer.first(size));
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool run(Operation operation);
  bool graft_from(View donor);
  bool change_content(OctetMutator change);

 private:
  static constexpr std::size_t scratch_octets = 4096;

  [[nodiscard]] View part(std::uint32_t from, std::uint32_t to) const { return View(buffer_.data() + from, to - from); }
  [[nodiscard]] std::size_t pick() { return random_.below(static_cast<std::uint32_t>(index_.count())); }
  [[nodiscard]] const Element& any() { return index_[pick()]; }

  // An element that has the property, or null; looks at a few at random, then no further.
  template <class Property>
  const Element* pick_such(Property property) {
    for (int tries = 0; tries < 12; ++tries)
      if (const Element& element = any(); property(element)) return &element;
    return nullptr;
  }

  // Puts `with` (no part of the buffer) in place of [from, to), then mends the lengths of `around` and of what is around that.
  bool splice(std::uint32_t from, std::uint32_t to, View with, std::int32_t around);
  bool keep(View octets, std::uint32_t at = 0);
  bool mend(std::int32_t around, std::int64_t grown);
  bool replace_content(const Element& element, View with);
  bool insert(View octets);

  bool duplicate();
  bool remove();
  bool swap();
  bool retag();
  bool resize();
  bool graft();
  bool wrap();
  bool unwrap();
  bool replace_oid();
  bool replace_value();
  bool empty();
  bool change_octet();
  bool move();
  bool lie();

  std::span<std::uint8_t> buffer_;
  std::size_t size_;
  Random& random_;
  const SeedPool& pool_;
  Index index_;
  std::array<std::uint8_t, scratch_octets> scratch_;
  std::size_t kept_ = 0;
};

// Copies to the scratch space, behind what is kept there up to `at`.
bool Editor::keep(View octets, std::uint32_t at) {
  if (octets.size() > scratch_.size() - at) return false;
  std::copy(octets.begin(), octets.end(), scratch_.begin() + at);
  kept_ = at + octets.size();
  return true;
}

bool Editor::splice(std::uint32_t from, std::uint32_t to, View with, std::int32_t around) {
  // Each length around may need four octets more.
  constexpr std::size_t room_for_lengths = 160;
  if (size_ - (to - from) + with.size() + room_for_lengths > buffer_.size()) return false;
  std::memmove(buffer_.data() + from + with.size(), buffer_.data() + to, size_ - to);
  std::copy(with.begin(), with.end(), buffer_.begin() + from);
  size_ = size_ - (to - from) + with.size();
  return mend(around, static_cast<std::int64_t>(with.size()) - static_cast<std::int64_t>(to - from));
}

bool Editor::mend(std::int32_t around, std::int64_t grown) {
  for (; around >= 0; around = index_[static_cast<std::size_t>(around)].parent) {
    const Element& element = index_[static_cast<std::size_t>(around)];
    std::array<std::uint8_t, 5> octets;
    const std::uint32_t count = write_length(static_cast<std::uint32_t>(element.prefix + element.length + grown), octets);
    std::uint8_t* at = buffer_.data() + element.at + element.tag;
    const std::size_t behind = size_ - (element.at + element.tag + element.octets);
    std::memmove(at + count, at + element.octets, behind);
    std::copy_n(octets.begin(), count, at);
    size_ = size_ + count - element.octets;
    grown += static_cast<std::int64_t>(count) - static_cast<std::int64_t>(element.octets);
  }
  return true;
}

bool Editor::replace_content(const Element& element, View with) {
  const auto around = static_cast<std::int32_t>(&element - &index_[0]);
  return splice(element.content(), element.end(), with, around);
}

// In front of an element, or as the last one of a constructed one.
bool Editor::insert(View octets) {
  const std::size_t i = pick();
  const Element& element = index_[i];
  if (random_.below(4) == 0) return splice(element.end(), element.end(), octets, element.parent);
  return splice(element.at, element.at, octets, element.parent);
}

bool Editor::duplicate() {
  const Element& element = any();
  return keep(part(element.at, element.end())) && splice(element.end(), element.end(), View(scratch_.data(), kept_), element.parent);
}

bool Editor::remove() {
  const Element* element = pick_such([](const Element& each) { return each.parent >= 0; });
  return element != nullptr && splice(element->at, element->end(), {}, element->parent);
}

// With the next element of the same parent.
bool Editor::swap() {
  const std::size_t first = pick();
  std::size_t second = first + 1;
  while (second < index_.count() && index_[second].at < index_[first].end()) ++second;
  if (second == index_.count() || index_[second].parent != index_[first].parent) return false;
  const Element &left = index_[first], &right = index_[second];
  std::rotate(buffer_.begin() + left.at, buffer_.begin() + right.at, buffer_.begin() + right.end());
  return true;
}

bool Editor::retag() {
  const Element& element = any();
  return splice(element.at, element.at + element.tag, view_of(tags[random_.below(tags.size())]), element.parent);
}

bool Editor::resize() {
  const Element& element = any();
  if (element.length > 0 && random_.below(2) == 0)
    return replace_content(element, keep(part(element.content(), element.end() - 1 - random_.below(std::min(element.length, 4U))))
                                        ? View(scratch_.data(), kept_)
                                        : View());
  const std::uint32_t more = 1 + random_.below(random_.below(8) == 0 ? 300 : 4);
  if (!keep(part(element.content(), element.end())) || kept_ + more > scratch_.size()) return false;
  const auto octet = static_cast<std::uint8_t>(random_.next());
  std::fill_n(scratch_.begin() + static_cast<std::ptrdiff_t>(kept_), more, octet);
  return replace_content(element, View(scratch_.data(), kept_ + more));
}

bool Editor::graft() { return graft_from(pool_.any(random_)); }

// An element of another message, beside or in place of one of this.
bool Editor::graft_from(View donor) {
  Index theirs;
  theirs.build(donor);
  if (index_.count() == 0 || theirs.count() == 0) return false;
  const auto octets_of = [&](const Element& each) { return donor.subspan(each.at, each.end() - each.at); };
  const auto any_of_theirs = [&] { return theirs[random_.below(static_cast<std::uint32_t>(theirs.count()))]; };
  if (random_.below(4) == 0) return insert(octets_of(any_of_theirs()));
  const Element& element = any();
  Element cut = any_of_theirs();
  // What fits the place gets further.
  if (random_.below(4) != 0)
    for (int tries = 0; tries < 24 && donor[cut.at] != buffer_[element.at]; ++tries) cut = any_of_theirs();
  return splice(element.at, element.end(), octets_of(cut), element.parent);
}

bool Editor::change_content(OctetMutator change) {
  if (index_.count() == 0) return false;
  const Element* element =
      pick_such([&](const Element& each) { return (buffer_[each.at] & 0x20U) == 0 && each.length <= scratch_octets / 2; });
  if (element == nullptr || !keep(part(element->content(), element->end()))) return false;
  const std::size_t most = std::min(scratch_.size(), kept_ + std::max<std::size_t>(kept_, 16));
  return replace_content(*element, View(scratch_.data(), change(scratch_.data(), kept_, most)));
}

bool Editor::wrap() {
  static constexpr std::array<std::uint8_t, 6> around{0x30, 0x31, 0xA0, 0xA1, 0x04, 0x24};
  const Element& element = any();
  std::array<std::uint8_t, 5> octets;
  const std::uint32_t count = write_length(element.end() - element.at, octets);
  scratch_[0] = around[random_.below(around.size())];
  std::copy_n(octets.begin(), count, scratch_.begin() + 1);
  return keep(part(element.at, element.end()), count + 1) &&
         splice(element.at, element.end(), View(scratch_.data(), kept_), element.parent);
}

bool Editor::unwrap() {
  const Element* element = pick_such([](const Element& each) { return each.length > 0; });
  return element != nullptr && splice(element->at, element->content(), {}, element->parent);
}

bool Editor::replace_oid() {
  const Element* element = pick_such([&](const Element& each) { return buffer_[each.at] == 0x06; });
  return element != nullptr && replace_content(*element, view_of(oid_contents[random_.below(oid_contents.size())]));
}

bool Editor::replace_value() {
  const Element* element = pick_such([&](const Element& each) { return (buffer_[each.at] & 0x20U) == 0; });
  return element != nullptr && replace_content(*element, view_of(values[random_.below(values.size())]));
}

bool Editor::empty() {
  const Element* element = pick_such([](const Element& each) { return each.length > 0; });
  return element != nullptr && replace_content(*element, {});
}

bool Editor::change_octet() {
  const Element* element = pick_such([&](const Element& each) { return each.length > 0 && (buffer_[each.at] & 0x20U) == 0; });
  if (element == nullptr) return false;
  std::uint8_t& octet = buffer_[element->content() + random_.below(element->length)];
  octet = random_.below(2) == 0 ? static_cast<std::uint8_t>(octet ^ 1U << random_.below(8)) : static_cast<std::uint8_t>(random_.next());
  return true;
}

// A copy elsewhere. With a removal later on, an element has moved.
bool Editor::move() {
  const Element& element = any();
  return keep(part(element.at, element.end())) && insert(View(scratch_.data(), kept_));
}

// The one operation that leaves the message inconsistent.
bool Editor::lie() {
  const Element& element = any();
  std::array<std::uint8_t, 6> octets{0x80, 0, 0, 0, 0, 0};
  std::uint32_t count = 1;
  const std::uint32_t length = element.prefix + element.length;
  switch (random_.below(6)) {
    case 0:
      break;  // indefinite
    case 1:
      octets[0] = static_cast<std::uint8_t>((length + 1) & 0x7FU);
      break;
    case 2:
      octets[0] = static_cast<std::uint8_t>((length - 1) & 0x7FU);
      break;
    case 3:
      octets = {0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0};
      count = 5;
      break;
    case 4:
      octets = {0x82, static_cast<std::uint8_t>(length >> 8U), static_cast<std::uint8_t>(length), 0, 0, 0};
      count = 3;
      break;
    default:
      octets[0] = 0xFF;
      break;
  }
  const std::uint32_t at = element.at + element.tag;
  return splice(at, at + element.octets, View(octets.data(), count), random_.below(2) == 0 ? element.parent : -1);
}

bool Editor::run(Operation operation) {
  using Member = bool (Editor::*)();
  static constexpr std::array<Member, operations> members{
      &Editor::duplicate, &Editor::remove,       &Editor::swap,   &Editor::retag,       &Editor::resize,
      &Editor::graft,     &Editor::wrap,         &Editor::unwrap, &Editor::replace_oid, &Editor::replace_value,
      &Editor::empty,     &Editor::change_octet, &Editor::move,   &Editor::lie};
  return index_.count() > 0 && (this->*members[static_cast<std::size_t>(operation)])();
}

}  // namespace

std::uint32_t Random::next() {
  state_ ^= state_ >> 12U;
  state_ ^= state_ << 25U;
  state_ ^= state_ >> 27U;
  return static_cast<std::uint32_t>((state_ * 0x2545F4914F6CDD1DULL) >> 32U);
}

void SeedPool::remember(std::span<const std::uint8_t> input, Random& random) {
  if (input.empty() || input.size() > most_octets) return;
  const std::size_t place = filled_ < places ? filled_++ : random.below(places);
  std::copy(input.begin(), input.end(), octets_[place].begin());
  sizes_[place] = input.size();
}

std::span<const std::uint8_t> SeedPool::any(Random& random) const {
  if (filled_ == 0) return {};
  const std::size_t place = random.below(static_cast<std::uint32_t>(filled_));
  return {octets_[place].data(), sizes_[place]};
}

std::size_t apply(Operation operation, std::span<std::uint8_t> buffer, std::size_t size, Random& random, const SeedPool& pool) {
  Editor editor(buffer, size, random, pool);
  return editor.run(operation) ? editor.size() : size;
}

std::size_t mutate(std::span<std::uint8_t> buffer, std::size_t size, Random& random, const SeedPool& pool) {
  Editor editor(buffer, size, random, pool);
  for (int tries = 0; tries < 8; ++tries)
    if (editor.run(static_cast<Operation>(random.below(operations)))) return editor.size();
  return size;
}

std::size_t change_content(std::span<std::uint8_t> buffer, std::size_t size, Random& random, OctetMutator change) {
  static const SeedPool none;
  Editor editor(buffer, size, random, none);
  return editor.change_content(change) ? editor.size() : size;
}

std::size_t cross(std::span<std::uint8_t> buffer, std::size_t size, std::span<const std::uint8_t> other, Random& random) {
  static const SeedPool none;
  Editor editor(buffer, size, random, none);
  return editor.graft_from(other) ? editor.size() : size;
}

}  // namespace conformance::mutator
