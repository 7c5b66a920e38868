#include "est/codec/der.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "est/codec/asn1_test_data.h"

namespace est::codec::der {
namespace {

using test::from_hex;
using test::summary;

struct Case {
  std::string_view hex;
  std::string_view findings;
};

std::string validated(const Bytes& input) {
  Findings findings;
  const bool valid = validate(input, findings);
  EXPECT_EQ(valid, !has_errors(findings));
  return summary(findings);
}

// X.690 clauses 8, 10 and 11: what needs no schema.
constexpr std::array malformed = {
    Case{"", "der.missing@0"},
    Case{"30", "der.truncated@0"},
    Case{"3001", "der.truncated@0"},
    Case{"3003 0201", "der.truncated@0"},
    Case{"3002 0203", "der.truncated@2"},
    Case{"3082", "der.truncated@0"},
    Case{"308201", "der.truncated@0"},
    Case{"1f", "der.truncated@0"},
    Case{"1f81", "der.truncated@0"},
    Case{"3000 00", "der.trailing@2"},
    Case{"0500 0500", "der.trailing@2"},
    // identifier octets
    Case{"1f0500", "der.tag.high-non-minimal@0"},
    Case{"9f1e00", "der.tag.high-non-minimal@0"},
    Case{"9f801f00", "der.tag.high-non-minimal@0"},
    Case{"9f8880808000 00", "der.tag.too-large@0"},
    Case{"9f9080808000 00", "der.tag.too-large@0"},
    Case{"9fffffffffffffffffffff7f 00", "der.tag.too-large@0"},
    Case{"0000", "der.tag.reserved@0"},
    Case{"3002 0000", "der.tag.reserved@2"},
    Case{"1000", "der.tag.unexpected@0"},
    Case{"3102 1100", "der.tag.unexpected@2"},
    // length octets
    Case{"3080 0000", "der.length.indefinite@1"},
    Case{"3004 2480 0000", "der.length.indefinite@3"},
    Case{"308100", "der.length.non-minimal@1"},
    Case{"3004 02810105", "der.length.non-minimal@3"},
    Case{"04820001 aa", "der.length.non-minimal@1"},
    Case{"30ff 00", "der.length.reserved@1"},
    Case{"0489 04ff", "der.truncated@0"},
    Case{"04897fffffffffffffffff", "der.length.too-large@1"},
    Case{"0489010000000000000000 00", "der.length.too-large@1"},
    Case{"0488ffffffffffffffff 00", "der.length.too-large@1"},
    Case{"048401000001 00", "der.length.too-large@1"},
    Case{"048400ffffff 00", "der.truncated@0"},
    // content
    Case{"0100", "der.boolean@2"},
    Case{"010101", "der.boolean@2"},
    Case{"0102ffff", "der.boolean@2"},
    Case{"0200", "der.integer.empty@2"},
    Case{"02020001", "der.integer.non-minimal@2"},
    Case{"0202ff80", "der.integer.non-minimal@2"},
    Case{"0a020001", "der.integer.non-minimal@2"},
    Case{"0300", "der.bit-string@2"},
    Case{"030101", "der.bit-string@2"},
    Case{"030208aa", "der.bit-string@2"},
    Case{"03020181", "der.bit-string@2"},
    Case{"050100", "der.null@2"},
    Case{"0600", "der.oid@2"},
    Case{"06022a86", "der.oid@2"},
    Case{"06028001", "der.oid@2"},
    Case{"0c02c080", "der.string@2"},
    Case{"0c03eda080", "der.string@2"},
    Case{"0c04f4908080", "der.string@2"},
    Case{"0c01e2", "der.string@2"},
    Case{"130140", "der.string@2"},
    Case{"160180", "der.string@2"},
    Case{"120141", "der.string@2"},
    Case{"1e0100", "der.string@2"},
    Case{"1e02d800", "der.string@2"},
    Case{"1c0400110000", "der.string@2"},
    Case{"170b 323630313031303030305a", "der.time@2"},
    Case{"170d 3236303233303030303030305a", "der.time@2"},
    Case{"170d 3236303130313234303030305a", "der.time@2"},
    Case{"1711 3236303130313030303030302b30313030", "der.time@2"},
    Case{"180f 3230323630313031303030303630 5a", "der.time@2"},
    Case{"1811 32303236303130313030303030302e305a", "der.time@2"},
    // constructed strings and the order of SET OF
    Case{"2403 0401aa", "der.constructed-string@0"},
    Case{"3005 2c03 0c0141", "der.constructed-string@2"},
    Case{"3106 020102 020101", "der.set.order@5"},
    Case{"3108 3106 020101 020100", "der.set.order@7"},
    Case{"3006 010101 02020001", "der.boolean@4 der.truncated@5 der.trailing@8"},
};

TEST(DerValidate, FindsEveryViolationAtItsOctet) {
  for (const Case& c : malformed) EXPECT_EQ(validated(from_hex(c.hex)), c.findings) << c.hex;
}

TEST(DerValidate, AcceptsWhatIsDer) {
  for (const char* good : {"3000",
                           "3100",
                           "010100",
                           "0101ff",
                           "020100",
                           "02020080",
                           "0202ff7f",
                           "0201ff",
                           "030100",
                           "030203a8",
                           "0500",
                           "0c03e282ac",
                           "0c04f09f9880",
                           "13023d2b",
                           "1e0220ac",
                           "9f1f00",
                           "9f87 ff ff ff 7f 00",
                           "3106 020101 020101",
                           "3106 020101 020102",
                           "170d 3234303232393030303030305a",
                           "1811 32303236303130313030303030302e355a",
                           "8000"})
    EXPECT_EQ(validated(from_hex(good)), "") << good;
}

TEST(DerValidate, DepthIsBounded) {
  Bytes nested = null();
  for (int i = 0; i < 32; ++i) nested = sequence({nested});
  EXPECT_EQ(validated(nested), "");
  nested = sequence({nested});
  EXPECT_EQ(validated(nested), "der.depth@64");
  for (int i = 0; i < 10000; ++i) nested = sequence({nested});
  EXPECT_FALSE(validated(nested).empty());
}

TEST(DerValidate, SizeAndFindingsAreBounded) {
  Findings findings;
  EXPECT_FALSE(validate(Bytes(65), findings, Limits{32, 64}));
  EXPECT_EQ(summary(findings), "der.length.too-large@0");
  Bytes many;
  for (int i = 0; i < 100000; ++i) append(many, Bytes{0x01, 0x01, 0x01});
  findings.clear();
  EXPECT_FALSE(validate(tlv(tags::sequence, many), findings));
  EXPECT_LE(findings.size(), 1000U);
}

TEST(DerValidate, RandomInputIsSurvived) {
  std::mt19937 random(7030);
  for (int i = 0; i < 20000; ++i) {
    Bytes input(random() % 40);
    for (Byte& octet : input) octet = static_cast<Byte>(random() % 4 == 0 ? 0x30 : random());
    Findings findings;
    validate(input, findings);
    for (const Finding& finding : findings) EXPECT_LE(finding.offset, input.size());
  }
}

// One schema for all: SEQUENCE { the typed element }.
template <class Read>
std::string read_inside(const Bytes& element, Read read) {
  Findings findings;
  const Bytes outer = sequence({element});
  Reader reader(outer, findings);
  Reader inside = reader.enter(tags::sequence, "outer");
  static_cast<void>(read(inside));
  inside.finish("outer");
  return summary(findings);
}

TEST(DerReader, TypedReadsName) {
  const auto boolean_of = [](Reader& r) { return r.boolean("b"); };
  const auto integer_of = [](Reader& r) { return r.integer("i"); };
  const auto small_of = [](Reader& r) { return r.small_integer("i"); };
  const auto time_of = [](Reader& r) { return r.time("t"); };
  const auto bits_of = [](Reader& r) { return r.bit_string("b"); };
  EXPECT_EQ(read_inside({}, boolean_of), "der.missing@2");
  EXPECT_EQ(read_inside(null(), boolean_of), "der.tag.unexpected@2");
  EXPECT_EQ(read_inside(from_hex("010102"), boolean_of), "der.boolean@4");
  EXPECT_EQ(read_inside(from_hex("0102ffff"), boolean_of), "der.boolean@4");
  EXPECT_EQ(read_inside(from_hex("0200"), integer_of), "der.integer.empty@4");
  EXPECT_EQ(read_inside(from_hex("02020000"), integer_of), "der.integer.non-minimal@4");
  EXPECT_EQ(read_inside(from_hex("0209010000000000000000"), small_of), "der.integer.range@4");
  EXPECT_EQ(read_inside(from_hex("030101"), bits_of), "der.bit-string@4");
  EXPECT_EQ(read_inside(from_hex("050100"), [](Reader& r) { return r.null("n"); }), "der.null@4");
  EXPECT_EQ(read_inside(from_hex("060180"), [](Reader& r) { return r.oid("o"); }), "der.oid@4");
  EXPECT_EQ(read_inside(from_hex("1811 32303236303130313030303030302e355a"), time_of), "der.time@4");
  EXPECT_EQ(read_inside(concat({null(), null()}), [](Reader& r) { return r.null("n"); }), "der.trailing@4");
}

TEST(DerReader, ValuesComeBesideHarmlessFindings) {
  Findings findings;
  const Bytes input = from_hex("010101 02020005 03020181");
  Reader reader(input, findings);
  EXPECT_EQ(reader.boolean("b"), true);
  EXPECT_EQ(reader.small_integer("i"), 5);
  ASSERT_TRUE(reader.bit_string("s"));
  EXPECT_TRUE(reader.at_end());
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(summary(findings), "der.boolean@2 der.integer.non-minimal@5 der.bit-string@9");
}

TEST(DerReader, ASpentCursorAddsNothing) {
  Findings findings;
  const Bytes input = from_hex("0500 0500");
  Reader reader(input, findings);
  EXPECT_FALSE(reader.boolean("b"));
  EXPECT_TRUE(reader.at_end());
  EXPECT_FALSE(reader.any("x"));
  EXPECT_FALSE(reader.optional(tags::null, "n"));
  EXPECT_TRUE(reader.enter(tags::sequence, "s").failed());
  EXPECT_FALSE(reader.peek());
  reader.finish("x");
  EXPECT_EQ(summary(findings), "der.tag.unexpected@0");
}

TEST(DerReader, OptionalElementsStay) {
  Findings findings;
  const Bytes input = concat({context(1, integer(3)), null()});
  Reader reader(input, findings, {}, 100);
  EXPECT_FALSE(reader.optional(tags::context(0, true), "zero"));
  const std::optional<Tlv> one = reader.optional(tags::context(1, true), "one");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->offset, 100U);
  EXPECT_EQ(reader.inside(*one).small_integer("i"), 3);
  EXPECT_EQ(reader.offset(), 105U);
  EXPECT_TRUE(reader.null("n"));
  EXPECT_TRUE(findings.empty());
}

TEST(DerReader, TimesOfRfc5280) {
  const std::array times = {std::pair("500101000000Z", -631152000LL),   std::pair("491231235959Z", 2524607999LL),
                            std::pair("20500101000000Z", 2524608000LL), std::pair("99991231235959Z", 253402300799LL),
                            std::pair("000229120000Z", 951825600LL),    std::pair("19700101000000Z", 0LL),
                            std::pair("19000228235959Z", -2203891201LL)};
  for (const auto& [text, expected] : times) {
    Findings findings;
    const Bytes input = tlv(std::string_view(text).size() == 13 ? tags::utc_time : tags::generalized_time, as_bytes(text));
    EXPECT_EQ(Reader(input, findings).time("t"), expected) << text;
  }
}

TEST(DerString, AllKindsBecomeUtf8) {
  Findings findings;
  const auto value = [&](std::string_view hex) {
    const Bytes input = from_hex(hex);
    Reader reader(input, findings);
    return string_value(*reader.any("s"), findings);
  };
  EXPECT_EQ(value("0c03e282ac"), "\xe2\x82\xac");
  EXPECT_EQ(value("1e0220ac"), "\xe2\x82\xac");
  EXPECT_EQ(value("1c040001f600"), "\xf0\x9f\x98\x80");
  EXPECT_EQ(value("1401e9"), "\xc3\xa9");
  EXPECT_EQ(value("13024142"), "AB");
  EXPECT_TRUE(findings.empty());
  EXPECT_EQ(value("130140"), "@");
  EXPECT_EQ(value("0401aa"), std::nullopt);
  EXPECT_EQ(value("0c01ff"), std::nullopt);
  EXPECT_EQ(summary(findings), "der.string@2 der.string@2 der.string@2");
}

TEST(DerBuild, WhatIsBuiltIsDer) {
  const std::vector<Bytes> built = {sequence({}),
                                    set_of({integer(3), integer(1), null()}),
                                    boolean(true),
                                    oid(oids::rsa_encryption),
                                    bit_string(Bytes{0xa8}, 3),
                                    octet_string(Bytes(200)),
                                    octet_string(Bytes(70000)),
                                    null(),
                                    utf8_string("\xc3\xa9"),
                                    printable_string("a=b"),
                                    ia5_string("a@b"),
                                    context(0, null()),
                                    context(40, {}, false),
                                    tlv({Class::private_use, true, 300}, {}),
                                    time(0),
                                    time(4102444800),
                                    sequence_of({integer(1), null()})};
  for (const Bytes& bytes : built) EXPECT_EQ(validated(bytes), "") << hex(bytes).substr(0, 40);
}

TEST(DerBuild, IntegersAreMinimal) {
  const std::array values = {std::pair(0LL, "020100"),        std::pair(127LL, "02017f"),  std::pair(128LL, "02020080"),
                             std::pair(-1LL, "0201ff"),       std::pair(-128LL, "020180"), std::pair(-129LL, "0202ff7f"),
                             std::pair(65536LL, "0203010000")};
  for (const auto& [value, expected] : values) {
    EXPECT_EQ(hex(integer(value)), expected);
    Findings findings;
    const Bytes input = integer(value);
    EXPECT_EQ(Reader(input, findings).small_integer("i"), value);
  }
  EXPECT_EQ(hex(unsigned_integer(from_hex("000080"))), "02020080");
  EXPECT_EQ(hex(unsigned_integer({})), "020100");
  EXPECT_EQ(hex(integer(std::numeric_limits<std::int64_t>::min())), "02088000000000000000");
}

TEST(DerBuild, TimesSwitchForm) {
  EXPECT_EQ(hex(time(2524607999)), "170d3439313233313233353935395a");
  EXPECT_EQ(hex(time(2524608000)), "180f32303530303130313030303030305a");
  EXPECT_EQ(time(253402300799), time(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(hex(time(-631152001)), "180f31393439313233313233353935395a");
}

TEST(DerTag, HasAName) {
  EXPECT_EQ(to_string(tags::sequence), "SEQUENCE");
  EXPECT_EQ(to_string(Tag{Class::universal, false, 16}), "SEQUENCE primitive");
  EXPECT_EQ(to_string(Tag{Class::universal, true, 4}), "OCTET STRING constructed");
  EXPECT_EQ(to_string(tags::context(0, true)), "[0] constructed");
  EXPECT_EQ(to_string(Tag{Class::application, false, 7}), "[APPLICATION 7]");
  EXPECT_EQ(to_string(Tag{Class::universal, false, 99}), "universal 99");
}

}  // namespace
}  // namespace est::codec::der
