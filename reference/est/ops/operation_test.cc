#include "est/ops/operation.h"

#include <gtest/gtest.h>

namespace est::ops {
namespace {

TEST(Operation, NamesMethodsAndTypes) {
  for (const Operation operation : all_operations) EXPECT_EQ(operation_by_name(to_string(operation)), operation);
  EXPECT_FALSE(operation_by_name("CACERTS"));
  EXPECT_FALSE(operation_by_name(""));
  EXPECT_EQ(method_of(Operation::csrattrs), "GET");
  EXPECT_EQ(method_of(Operation::simplereenroll), "POST");
  EXPECT_EQ(request_media_type(Operation::cacerts), "");
  EXPECT_EQ(request_media_type(Operation::simpleenroll), "application/pkcs10");
}

TEST(Label, Grammar) {
  const std::string longest(128, 'x');
  for (const std::string& label : {std::string("a"), std::string("arbitraryLabel1"), std::string("a.b-c_d~e!$&'()*+,;="),
                                   std::string("..."), std::string("CACERTS"), longest})
    EXPECT_TRUE(valid_label(label)) << label;
  for (const std::string& label : {std::string(), std::string("."), std::string(".."), std::string("cacerts"), std::string("simpleenroll"),
                                   std::string("a/b"), std::string("a b"), std::string("a:b"), std::string("a@b"), std::string("a%20"),
                                   std::string("\xc3\xa9"), std::string("a\0b", 3), longest + "x"})
    EXPECT_FALSE(valid_label(label)) << label;
}

TEST(Route, RoundTrip) {
  for (const Operation operation : all_operations) {
    for (const std::string_view label : {"", "a", "b.c~"}) {
      const auto route = parse_route(path_of(operation, label));
      ASSERT_TRUE(std::holds_alternative<Route>(route));
      EXPECT_EQ(std::get<Route>(route).operation, operation);
      EXPECT_EQ(std::get<Route>(route).label, label);
    }
  }
  EXPECT_EQ(path_of(Operation::cacerts, "a/b c"), "/.well-known/est/a%2Fb%20c/cacerts");
}

TEST(Route, DecodesEverySegmentOnItsOwn) {
  for (const char* target :
       {"/.well-known/est/L1/cacerts", "/%2Ewell-known/%65st/%4C1/c%61certs", "https://a:1/.well-known/est/L1/cacerts?x=y"}) {
    const auto route = parse_route(target);
    ASSERT_TRUE(std::holds_alternative<Route>(route)) << target;
    EXPECT_EQ(std::get<Route>(route).label, "L1");
  }
}

TEST(Route, Refusals) {
  struct Case {
    std::string_view target;
    RouteError error;
  };
  const std::vector<Case> cases = {
      {"", RouteError::not_est},
      {"/", RouteError::not_est},
      {"*", RouteError::not_est},
      {"/cacerts", RouteError::not_est},
      {"/.well-known", RouteError::not_est},
      {"/.well-known/EST/cacerts", RouteError::not_est},
      {"//.well-known/est/cacerts", RouteError::not_est},
      {"/.well-known%2Fest/cacerts", RouteError::not_est},
      {"/.well-known/est/%00/cacerts", RouteError::not_est},
      {"/.well-known/est/%/cacerts", RouteError::not_est},
      {"/.well-known/est", RouteError::unknown_operation},
      {"/.well-known/est/", RouteError::unknown_operation},
      {"/.well-known/est/CACERTS", RouteError::unknown_operation},
      {"/.well-known/est/cacerts/", RouteError::unknown_operation},
      {"/.well-known/est/label", RouteError::unknown_operation},
      {"/.well-known/est/label/", RouteError::unknown_operation},
      {"/.well-known/est/label/x", RouteError::unknown_operation},
      {"/.well-known/est/a/b/cacerts", RouteError::unknown_operation},
      {"/.well-known/est/a/../cacerts", RouteError::unknown_operation},
      {"/.well-known/est/a%2Fcacerts", RouteError::unknown_operation},
      {"/.well-known/est//cacerts", RouteError::bad_label},
      {"/.well-known/est/./cacerts", RouteError::bad_label},
      {"/.well-known/est/../cacerts", RouteError::bad_label},
      {"/.well-known/est/%2e%2E/cacerts", RouteError::bad_label},
      {"/.well-known/est/a%2Fb/cacerts", RouteError::bad_label},
      {"/.well-known/est/cacerts/simpleenroll", RouteError::bad_label},
      {"/.well-known/est/c%61certs/simpleenroll", RouteError::bad_label},
  };
  for (const Case& c : cases) {
    const auto route = parse_route(c.target);
    ASSERT_TRUE(std::holds_alternative<RouteError>(route)) << c.target;
    EXPECT_EQ(std::get<RouteError>(route), c.error) << c.target;
  }
}

}  // namespace
}  // namespace est::ops
