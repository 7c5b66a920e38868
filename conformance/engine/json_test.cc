#include "conformance/engine/json.h"

#include <gtest/gtest.h>

namespace conformance::engine {
namespace {

TEST(Json, Base64RoundTripsEveryLength) {
  for (std::size_t length = 0; length < 20; ++length) {
    est::Bytes octets(length);
    for (std::size_t i = 0; i < length; ++i) octets[i] = static_cast<est::Byte>(250 + 3 * i);
    EXPECT_EQ(from_base64(to_base64(octets)), octets) << length;
  }
  EXPECT_EQ(to_base64(est::as_bytes("foob")), "Zm9vYg==");
}

TEST(Json, Base64ReadingIsStrict) {
  for (const char* bad : {"A", "AA", "AAA", "=", "====", "A===", "AA=A", "Zh==", "AAB=", "A A=", "AA-_", "AAAA\n"}) {
    EXPECT_FALSE(from_base64(bad).has_value()) << bad;
  }
}

TEST(Json, RepairsWhatIsNotUtf8) {
  EXPECT_TRUE(is_utf8("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"));
  for (const char* bad : {"\xFF", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC3", "a\x80"}) {
    EXPECT_FALSE(is_utf8(bad));
    EXPECT_TRUE(is_utf8(to_utf8(bad)));
  }
}

TEST(Json, RefusesDepthAndGarbage) {
  EXPECT_TRUE(parse_json("{\"a\": [1]}").ok());
  EXPECT_FALSE(parse_json("{\"a\": ").ok());
  EXPECT_FALSE(parse_json("").ok());
  EXPECT_FALSE(parse_json(std::string(100000, '[')).ok());
  EXPECT_FALSE(parse_json(std::string(100, '[') + std::string(100, ']')).ok());
}

TEST(JsonReader, RemembersTheFirstProblem) {
  const Json object = Json::parse(R"({"t": 1, "n": -1, "big": 18446744073709551615, "b": "x", "o": "**", "l": [1]})");
  const auto problem = [&](auto read) {
    JsonReader reader(object, "it");
    read(reader);
    return reader.problem();
  };
  EXPECT_EQ(problem([](JsonReader& r) { EXPECT_EQ(r.text("t"), ""); }), "it.t is not text");
  EXPECT_EQ(problem([](JsonReader& r) { EXPECT_EQ(r.integer("n"), 0); }), "it.n is out of range");
  EXPECT_EQ(problem([](JsonReader& r) { EXPECT_EQ(r.integer("big"), 0); }), "it.big is not a whole number");
  EXPECT_EQ(problem([](JsonReader& r) { EXPECT_FALSE(r.boolean("b")); }), "it.b is neither true nor false");
  EXPECT_EQ(problem([](JsonReader& r) { EXPECT_TRUE(r.octets("o").empty()); }), "it.o is not base64");
  EXPECT_EQ(problem([](JsonReader& r) { EXPECT_TRUE(r.texts("l").empty()); }), "it.l holds something that is not text");
  EXPECT_EQ(problem([](JsonReader& r) { EXPECT_EQ(r.text("absent"), ""); }), "");
}

}  // namespace
}  // namespace conformance::engine
