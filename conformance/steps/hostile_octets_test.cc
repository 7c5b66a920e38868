#include "conformance/steps/hostile_octets.h"

#include <gtest/gtest.h>

#include <set>

#include "est/http/parser.h"

namespace conformance::steps {
namespace {

TEST(HostileOctets, EachIsThereOnceAndBounded) {
  std::set<std::string> names;
  for (const auto& octets : hostile_octets()) {
    EXPECT_TRUE(names.insert(octets.name).second) << octets.name;
    const auto made = make_hostile_octets(octets.name, {"est.example", "/.well-known/est"});
    EXPECT_FALSE(made.empty()) << octets.name;
    EXPECT_LT(made.size(), std::size_t{2} << 20U) << octets.name;
  }
}

// However long it is, our parser comes to an end with it: a message, a refusal, or the wish for more.
TEST(HostileOctets, OurParserWithstandsThem) {
  for (const auto& octets : hostile_octets()) {
    est::http::RequestParser parser;
    est::BytesView rest;
    const auto made = make_hostile_octets(octets.name, {"est.example", "/.well-known/est"});
    rest = made;
    const auto taken = parser.feed(rest);
    EXPECT_LE(taken, made.size()) << octets.name;
  }
}

TEST(HostileOctets, NulsAreReallyThere) {
  for (const char* name : {"header-nul", "target-nul"}) {
    const auto made = make_hostile_octets(name, {"est.example", "/.well-known/est"});
    EXPECT_NE(std::find(made.begin(), made.end(), 0), made.end()) << name;
  }
}

}  // namespace
}  // namespace conformance::steps
