#include "est/net/address.h"

#include <gtest/gtest.h>

#include <array>

namespace est::net {
namespace {

struct EndpointCase {
  std::string_view text, host;
  std::uint16_t port;
  std::string_view again;
};

TEST(Address, EndpointsAreReadAndWritten) {
  constexpr std::array<EndpointCase, 5> cases{{
      {"localhost:8085", "localhost", 8085, "localhost:8085"},
      {"[::1]:443", "::1", 443, "[::1]:443"},
      {"192.0.2.1:0", "192.0.2.1", 0, "192.0.2.1:0"},
      {":8443", "", 8443, ":8443"},
      {"[2001:db8::1]:65535", "2001:db8::1", 65535, "[2001:db8::1]:65535"},
  }};
  for (const EndpointCase& c : cases) {
    const Result<Endpoint> endpoint = parse_endpoint(c.text);
    ASSERT_TRUE(endpoint.ok()) << c.text;
    EXPECT_EQ(endpoint->host, c.host);
    EXPECT_EQ(endpoint->port, c.port);
    EXPECT_EQ(endpoint->to_string(), c.again);
  }
}

TEST(Address, IllFormedEndpointsAreRefused) {
  for (const std::string_view text : {"", "localhost", "localhost:", "a:65536", "a:-1", "a: 1", "::1:80", "[::1", "[::1]80", "[::1]",
                                      "a b:1", "a:1x", "a:99999999999999999999", "user@host:1"})
    EXPECT_FALSE(parse_endpoint(text).ok()) << text;
}

struct UrlCase {
  std::string_view text, scheme, host;
  std::uint16_t port;
  std::string_view path;
};

TEST(Address, UrlsAreRead) {
  constexpr std::array<UrlCase, 7> cases{{
      {"https://est.example", "https", "est.example", 443, ""},
      {"HTTPS://est.example:8443/", "https", "est.example", 8443, "/"},
      {"http://[::1]/a/b", "http", "::1", 80, "/a/b"},
      {"https://h:1/p?q=1#f", "https", "h", 1, "/p?q=1"},
      {"https://h?q#f", "https", "h", 443, "?q"},
      {"https://h#f", "https", "h", 443, ""},
      {"coaps://h:5684/x", "coaps", "h", 5684, "/x"},
  }};
  for (const UrlCase& c : cases) {
    const Result<Url> url = parse_url(c.text);
    ASSERT_TRUE(url.ok()) << c.text;
    EXPECT_EQ(url->scheme, c.scheme);
    EXPECT_EQ(url->endpoint.host, c.host);
    EXPECT_EQ(url->endpoint.port, c.port) << c.text;
    EXPECT_EQ(url->path, c.path) << c.text;
  }
}

TEST(Address, IllFormedUrlsAreRefused) {
  for (const std::string_view text :
       {"", "est.example", "://h", "1s://h", "https://", "https://:443", "https://u:p@h/", "https://h:x", "coaps://h", "https://a b/",
        "https://a\x1d/", "https://a\xff/", "https://a\"/", "https://::1/", "https://[::1"})
    EXPECT_FALSE(parse_url(text).ok()) << text;
}

}  // namespace
}  // namespace est::net
