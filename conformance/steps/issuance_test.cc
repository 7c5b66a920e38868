#include "conformance/steps/issuance.h"

#include <gtest/gtest.h>

#include <thread>

#include "est/codec/base64.h"
#include "est/ops/message.h"
#include "est/pki/issue.h"

namespace conformance::steps {
namespace {

using engine::Exchange;
using engine::Json;
using engine::Step;

est::Bytes certificate(bool authority) {
  const auto key = *est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  est::pki::CertificateSpec spec{.serial = est::pki::random_serial(), .public_key_info = key.public_key_info()};
  spec.subject = *est::codec::parse_name("CN=x");
  spec.validity = {0, 100};
  spec.extensions = {est::codec::make_basic_constraints(authority)};
  return *est::pki::issue_self_signed(spec, key);
}

est::Bytes answer(const std::vector<est::Bytes>& certificates) {
  return est::http::encode(est::ops::cacerts_response(certificates));  // of the same form as an enroll answer
}

TEST(Issuance, CountsWhatMayIssue) {
  struct Case {
    Step step;
    std::size_t most;
  };
  const std::vector<Case> cases{
      {{.verb = "enroll"}, 1},
      {{.verb = "reenroll"}, 1},
      {{.verb = "a-verb-of-tomorrow"}, 1},
      {{.verb = "cacerts"}, 0},
      {{.verb = "handshake"}, 0},
      {{.verb = "operator"}, 0},
      {{.verb = "request", .parameters = Json{{"operation", "cacerts"}}}, 0},
      {{.verb = "request", .parameters = Json{{"operation", "simpleenroll"}}}, 1},
      {{.verb = "request", .parameters = Json{{"operation", "simpleenroll"}, {"method", "GET"}}}, 0},
      {{.verb = "request", .parameters = Json{{"path", "/x"}, {"body", "x"}}}, 1},
      {{.verb = "raw", .parameters = Json{{"send", "GET / HTTP/1.1"}}}, 0},
      {{.verb = "raw", .parameters = Json{{"send", "POST /a\r\n\r\nPOST /b"}}}, 2},
  };
  for (const auto& one : cases) EXPECT_EQ(may_issue(one.step), one.most) << one.step.verb << one.step.parameters;
}

TEST(Issuance, FindsWhatWasIssued) {
  const est::Bytes leaf = certificate(false), authority = certificate(true);
  Exchange exchange{.name = "step-1", .method = "POST", .response = answer({leaf, authority})};
  EXPECT_EQ(certificates_issued(exchange), std::vector<est::Bytes>{leaf});
  // A CA certificate for the key that was asked for is what a careless CA issues.
  exchange.artefacts["spki"] = est::codec::decode_certificate(authority).value->spki;
  EXPECT_EQ(certificates_issued(exchange).size(), 2U);
  est::append(exchange.response, answer({certificate(false)}));
  EXPECT_EQ(certificates_issued(exchange).size(), 3U);
  exchange.method = "GET";
  EXPECT_TRUE(certificates_issued(exchange).empty());
  exchange = {.name = "step-1", .method = "POST", .response = est::to_bytes("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n???")};
  EXPECT_TRUE(certificates_issued(exchange).empty());
}

TEST(CertificateBudget, IsAHardBound) {
  CertificateBudget budget(10);
  std::atomic<int> got{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 10; ++turn) got += budget.take(1) ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(got, 10);
  budget.give_back(2);
  EXPECT_FALSE(budget.take(3));
  EXPECT_TRUE(budget.take(2));
  EXPECT_TRUE(CertificateBudget(0).take(1000));
}

TEST(CertificateBudget, ListsEachOnce) {
  CertificateBudget budget(0);
  budget.obtained({.serial = "01", .issuer = "CN=CA", .scenario = "A"});
  budget.obtained({.serial = "01", .issuer = "CN=CA", .scenario = "B"});
  budget.obtained({.serial = "01", .issuer = "CN=Other", .scenario = "C"});
  ASSERT_EQ(budget.list().size(), 2U);
  EXPECT_EQ(budget.list()[0].scenario, "A");
}

}  // namespace
}  // namespace conformance::steps
