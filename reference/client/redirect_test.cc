#include "client/redirect.h"

#include <gtest/gtest.h>

namespace client {
namespace {

est::http::Response redirect_to(const std::string& location, int status = 302) {
  est::http::Response response;
  response.status = status;
  response.fields.add("Location", location);
  return response;
}

TEST(Redirected, ResolvesReferences) {
  const Place from{{"est.example", 8443}, "/.well-known/est/simpleenroll?x"};
  struct Row {
    std::string location, url;
  };
  for (const Row& row : {Row{"/other", "https://est.example:8443/other"},
                         {"https://est.example/other", "https://est.example/other"},
                         {"HTTPS://EST.example:8443/other#part", "https://EST.example:8443/other"},
                         {"//b.example/other", "https://b.example/other"},
                         {"https://[2001:db8::1]:1/", "https://[2001:db8::1]:1/"},
                         {"https://b.example", "https://b.example/"},
                         {"https://b.example?q", "https://b.example/?q"},
                         {"?y", "https://est.example:8443/.well-known/est/simpleenroll?y"},
                         {"cacerts", "https://est.example:8443/.well-known/est/cacerts"},
                         {"../x/./y?z", "https://est.example:8443/.well-known/x/y?z"},
                         {"../../../../up", "https://est.example:8443/up"},
                         {"a:b/c", ""},
                         {"ftp://est.example/", ""},
                         {"/with blank", ""},
                         {"", ""}}) {
    const auto to = redirected(from, "POST", redirect_to(row.location));
    ASSERT_EQ(to.ok(), !row.url.empty()) << row.location;
    if (to.ok()) {
      EXPECT_EQ(to->url(), row.url);
    }
  }
}

TEST(Redirected, SeeOtherIsNoAnswerToAPost) {
  const Place from{{"est.example", 443}, "/x"};
  EXPECT_FALSE(redirected(from, "POST", redirect_to("/y", 303)).ok());
  EXPECT_TRUE(redirected(from, "GET", redirect_to("/y", 303)).ok());
}

TEST(SameOrigin, IsHostAndPort) {
  const Place place{{"est.example", 443}, "/x"};
  EXPECT_TRUE(same_origin(place, {{"EST.example", 443}, "/y"}));
  EXPECT_FALSE(same_origin(place, {{"est.example", 8443}, "/x"}));
  EXPECT_FALSE(same_origin(place, {{"b.example", 443}, "/x"}));
}

}  // namespace
}  // namespace client
