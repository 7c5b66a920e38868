// A client that judges the server itself, and what it tells the server of its anchors.
#include <openssl/x509_vfy.h>

#include <algorithm>

#include "est/codec/x509.h"
#include "est/net/server_fixture_test.h"

namespace est::net {
namespace {

class JudgeTest : public ServerTest {
 protected:
  JudgeTest() {
    client_profile.anchors.clear();
    client_profile.expected_name = "localhost";  // the SNI only
    client_profile.judge = [this](const std::vector<Bytes>& chain) {
      ++asked;
      seen = chain;
      return refusal;
    };
  }
  std::optional<tls::ServerRefusal> refusal;
  int asked = 0;
  std::vector<Bytes> seen;
};

TEST_F(JudgeTest, DecidesInPlaceOfAnchorsAndName) {
  start();
  for (const tls::Version version : {tls::Version::tls12, tls::Version::tls13}) {
    use(version);
    asked = 0;
    const ClientConnection client = connect();
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(seen, server_profile.identity.chain);
    EXPECT_TRUE(client.facts().peer_verified);
  }
}

TEST_F(JudgeTest, RefusesInsideTheHandshake) {
  refusal = tls::ServerRefusal{"not this one", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY};
  start();
  for (const tls::Version version : {tls::Version::tls12, tls::Version::tls13}) {
    use(version);
    const auto opened = try_connect();
    const auto* failure = std::get_if<Failure>(&opened);
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->cause, Cause::untrusted);
    ASSERT_TRUE(failure->alert);
    EXPECT_EQ(failure->alert->name(), "unknown_ca");
  }
}

TEST_F(JudgeTest, IsAskedAgainAboutAResumedSession) {
  start();
  use(tls::Version::tls12);
  ClientConnection first = connect();
  const crypto::SslSessionHandle session = first.session();
  first.close();
  ASSERT_TRUE(connect(session.get()).facts().resumed);
  EXPECT_EQ(seen, server_profile.identity.chain);
  refusal = tls::ServerRefusal{"not any more"};
  const auto opened = try_connect(session.get());
  ASSERT_TRUE(std::holds_alternative<Failure>(opened));
  EXPECT_EQ(std::get<Failure>(opened).cause, Cause::untrusted);
}

void keep_client_hello(int written, int /*version*/, int type, const void* data, std::size_t length, SSL* /*ssl*/, void* argument) {
  const BytesView message(static_cast<const Byte*>(data), length);
  if (written == 0 && type == SSL3_RT_HANDSHAKE && !message.empty() && message[0] == SSL3_MT_CLIENT_HELLO)
    *static_cast<Bytes*>(argument) = to_bytes(message);
}

bool holds(const Bytes& all, const Bytes& part) { return std::search(all.begin(), all.end(), part.begin(), part.end()) != all.end(); }

TEST_F(JudgeTest, IndicatesItsAnchors) {
  Bytes hello;
  server_profile.last_touch = [&](SSL_CTX& context) {
    SSL_CTX_set_msg_callback(&context, keep_client_hello);
    SSL_CTX_set_msg_callback_arg(&context, &hello);
  };
  start();
  const Bytes name = codec::decode_certificate(root.certificate()).value->subject.der;
  Bytes with_length{0, static_cast<Byte>(name.size())};
  append(with_length, name);
  Bytes trusted_ca_keys{0, 3, 0, static_cast<Byte>(name.size() + 5), 0, static_cast<Byte>(name.size() + 3), 2};
  append(trusted_ca_keys, with_length);
  for (const tls::Version version : {tls::Version::tls12, tls::Version::tls13}) {
    use(version);
    client_profile.indicated_anchors = {};
    static_cast<void>(connect());
    EXPECT_FALSE(holds(hello, name));
    client_profile.indicated_anchors = {root.certificate()};
    static_cast<void>(connect());
    EXPECT_TRUE(holds(hello, with_length));
    if (version == tls::Version::tls12) {
      EXPECT_TRUE(holds(hello, trusted_ca_keys));
    }
  }
}

}  // namespace
}  // namespace est::net
