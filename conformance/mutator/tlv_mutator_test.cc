#include "conformance/mutator/tlv_mutator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "est/codec/der.h"

namespace conformance::mutator {
namespace {

namespace der = est::codec::der;
using est::Bytes;

// SEQUENCE { INTEGER 5, SET { OID, BIT STRING { SEQUENCE { NULL } } }, OCTET STRING { INTEGER 1 }, [0] { UTF8String } }
Bytes sample() {
  return der::sequence({der::integer(5),
                        der::set_of({der::oid(est::codec::oids::common_name), der::bit_string(der::sequence({der::null()}))}),
                        der::octet_string(der::integer(1)), der::context(0, der::utf8_string("text"))});
}

bool is_well_formed(est::BytesView octets) {
  Index index;
  index.build(octets);
  if (index.count() == 0 || index[0].end() != octets.size()) return false;
  est::Findings findings;
  der::Reader reader(octets, findings);
  return reader.any("message").has_value();
}

// No length anywhere is wrong.
bool is_consistent(est::BytesView octets) {
  est::Findings findings;
  der::validate(octets, findings);
  return std::none_of(findings.begin(), findings.end(), [](const est::Finding& each) {
    return each.id.starts_with("der.length") || each.id == "der.truncated" || each.id == "der.trailing" || each.id == "der.tag.reserved";
  });
}

// A buffer of exactly the size, so that a sanitizer sees the first octet beyond.
Bytes mutated(Operation operation, const Bytes& message, std::uint64_t seed, const SeedPool& pool, std::size_t room = 400) {
  Bytes buffer(message.size() + room);
  std::copy(message.begin(), message.end(), buffer.begin());
  Random random(seed);
  buffer.resize(apply(operation, buffer, message.size(), random, pool));
  return buffer;
}

TEST(TlvIndex, FindsEveryElementAndItsParent) {
  Index index;
  index.build(sample());
  ASSERT_EQ(index.count(), 11U);
  EXPECT_EQ(index[0].parent, -1);
  EXPECT_EQ(index[0].end(), sample().size());
  for (std::size_t i = 1; i < index.count(); ++i) {
    ASSERT_GE(index[i].parent, 0);
    const Element& parent = index[static_cast<std::size_t>(index[i].parent)];
    EXPECT_GE(index[i].at, parent.content());
    EXPECT_LE(index[i].end(), parent.end());
  }
}

TEST(TlvIndex, IsBoundedByAnyInput) {
  Random random(1);
  for (std::size_t size = 0; size < 300; ++size) {
    Bytes noise(size);
    for (auto& octet : noise) octet = static_cast<std::uint8_t>(random.below(3) == 0 ? 0x30 : random.next());
    Index index;
    index.build(noise);
    for (std::size_t i = 0; i < index.count(); ++i) EXPECT_LE(index[i].end(), size);
  }
  Index deep;
  Bytes nested;
  for (int i = 0; i < 100; ++i) nested.insert(nested.end(), {0x30, static_cast<std::uint8_t>(0x7F)});
  deep.build(nested);
  EXPECT_LE(deep.count(), most_elements);
}

TEST(TlvMutator, EveryOperationChangesSomethingAndAllButTheLieStayWellFormed) {
  SeedPool pool;
  Random random(7);
  pool.remember(der::sequence({der::integer(77), der::printable_string("donor")}), random);
  for (std::size_t i = 0; i < operations; ++i) {
    const auto operation = static_cast<Operation>(i);
    std::size_t changed = 0, well_formed = 0, consistent = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
      const Bytes after = mutated(operation, sample(), seed, pool);
      if (after != sample()) ++changed;
      if (is_well_formed(after)) ++well_formed;
      if (is_consistent(after)) ++consistent;
    }
    EXPECT_GT(changed, 100U) << i;
    // Beside the outermost element, or in place of it, there may come a second one or a stray tag.
    if (operation != Operation::lie) {
      EXPECT_GT(well_formed, 270U) << i;
    }
    if (operation == Operation::lie) {
      EXPECT_LT(consistent, 100U) << i;
    }
  }
}

TEST(TlvMutator, LengthsOfAncestorsFollowAcrossTheirOctetBoundaries) {
  const Bytes message = der::sequence({der::sequence({der::octet_string(Bytes(118, 0xFF)), der::integer(1)})});
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Bytes after = mutated(Operation::resize, message, seed, {});
    EXPECT_TRUE(is_well_formed(after)) << seed;
  }
}

TEST(TlvMutator, GraftsFromOtherSeeds) {
  SeedPool pool;
  Random random(3);
  const Bytes donor = der::sequence({der::printable_string("unmistakable")});
  pool.remember(donor, random);
  const std::string_view word = "unmistakable";
  std::size_t found = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Bytes after = mutated(Operation::graft, sample(), seed, pool);
    if (est::as_text(after).find(word) != std::string_view::npos) ++found;
  }
  EXPECT_GT(found, 80U);
  EXPECT_EQ(mutated(Operation::graft, sample(), 1, {}), sample()) << "nothing to graft from";
}

// Twice as long, or half, as the room permits.
std::size_t stretch(std::uint8_t* data, std::size_t size, std::size_t most) {
  if (size % 2 == 1) return size / 2;
  const std::size_t grown = std::min(most, 2 * size + 3);
  std::fill(data + size, data + grown, std::uint8_t{0x41});
  return grown;
}

TEST(TlvMutator, OthersMayChangeTheContentOfAnElement) {
  std::set<Bytes> different;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Bytes buffer = sample();
    const std::size_t size = buffer.size();
    buffer.resize(size + 400);
    Random random(seed);
    buffer.resize(change_content(buffer, size, random, stretch));
    EXPECT_TRUE(is_well_formed(buffer)) << seed;
    EXPECT_TRUE(is_consistent(buffer)) << seed;
    different.insert(buffer);
  }
  EXPECT_EQ(different.size(), 7U) << "each of the seven primitive elements";
}

TEST(TlvMutator, CrossesWithAnotherMessage) {
  const Bytes other = der::sequence({der::integer(4711), der::printable_string("unmistakable")});
  std::size_t found = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Bytes buffer = sample();
    const std::size_t size = buffer.size();
    buffer.resize(size + 400);
    Random random(seed);
    buffer.resize(cross(buffer, size, other, random));
    EXPECT_TRUE(is_consistent(buffer)) << seed;
    if (est::as_text(buffer).find("unmistakable") != std::string_view::npos) ++found;
  }
  EXPECT_GT(found, 50U);
}

TEST(TlvMutator, TheSameSeedGivesTheSameMutation) {
  const Bytes message = sample();
  std::set<Bytes> different;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Bytes left(600), right(600);
    for (Bytes* each : {&left, &right}) {
      std::copy(message.begin(), message.end(), each->begin());
      Random random(seed);
      each->resize(mutate(*each, message.size(), random, {}));
    }
    EXPECT_EQ(left, right);
    different.insert(left);
  }
  EXPECT_GT(different.size(), 120U);
}

TEST(TlvMutator, NeverLeavesItsBufferWhateverTheInput) {
  SeedPool pool;
  Random random(11);
  pool.remember(sample(), random);
  pool.remember(Bytes(5000, 0x30), random);
  for (std::uint64_t seed = 0; seed < 8000; ++seed) {
    Bytes message = sample();
    if (seed % 3 == 1) message.resize(random.below(static_cast<std::uint32_t>(message.size())));
    if (seed % 3 == 2)
      for (auto& octet : message) octet = static_cast<std::uint8_t>(random.next());
    const std::size_t size = message.size();
    message.resize(size + random.below(3) * random.below(400));
    message.shrink_to_fit();
    Random own(seed);
    std::size_t now = size;
    for (int round = 0; round < 4; ++round) {
      now = mutate(message, now, own, pool);
      now = change_content(message, now, own, stretch);
      now = cross(message, now, sample(), own);
    }
    ASSERT_LE(now, message.size());
  }
}

}  // namespace
}  // namespace conformance::mutator
