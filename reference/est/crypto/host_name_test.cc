#include "est/crypto/host_name.h"

#include <gtest/gtest.h>

#include "est/tls/identities_test.h"

namespace est::crypto {
namespace {

TEST(NamesHost, BySubjectAltNameAlone) {
  const tls::AuthorityForTest root("root");
  const auto certificate = [&](const std::vector<std::string>& names, const std::string& common_name = "subject") {
    return root.issue({common_name, names, "serverAuth"}).chain.front();
  };
  struct Row {
    std::vector<std::string> names;
    std::string host;
    bool match;
  };
  for (const Row& row : {Row{{"DNS:est.example"}, "est.example", true},
                         {{"DNS:est.example"}, "EST.Example", true},
                         {{"DNS:est.example"}, "est.example.", true},
                         {{"DNS:est.example"}, "other.example", false},
                         {{"DNS:other.example", "DNS:est.example"}, "est.example", true},
                         {{"DNS:*.example.org"}, "est.example.org", true},
                         {{"DNS:*.example.org"}, "a.est.example.org", false},
                         {{"DNS:*.example.org"}, "example.org", false},
                         {{"DNS:e*.example.org"}, "est.example.org", false},
                         {{"IP:192.0.2.1"}, "192.0.2.1", true},
                         {{"IP:2001:db8::1"}, "[2001:db8::1]", true},
                         {{"IP:192.0.2.1"}, "192.0.2.2", false},
                         {{"DNS:192.0.2.1"}, "192.0.2.1", false},
                         {{}, "subject", false},
                         {{"DNS:est.example"}, "", false}}) {
    const Result<bool> found = names_host(certificate(row.names), row.host);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(*found, row.match) << row.host;
  }
  EXPECT_FALSE(*names_host(certificate({}, "est.example"), "est.example"));
  EXPECT_FALSE(names_host(as_bytes("no certificate"), "est.example").ok());
}

}  // namespace
}  // namespace est::crypto
