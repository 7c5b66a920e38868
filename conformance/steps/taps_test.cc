#include "conformance/steps/taps.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <functional>
#include <optional>
#include <string>

#include "conformance/steps/scripted_target_test.h"
#include "est/base/text.h"

namespace conformance::steps {
namespace {

using engine::CapturedConnection;
using est::Byte;
using est::Bytes;
using est::BytesView;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::size_t tag_size = 16, iv_size = 12, key_size = 16, head_size = 5;

// RFC 8446 7.1: HKDF-Expand-Label with an empty context, SHA-256.
Bytes expand_label(BytesView secret, std::string_view label, std::size_t length) {
  Bytes info{0, static_cast<Byte>(length), static_cast<Byte>(label.size() + 6)};
  est::append(info, "tls13 " + std::string(label));
  info.push_back(0);
  const std::unique_ptr<EVP_KDF, est::crypto::Deleter<EVP_KDF_free>> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, est::crypto::Deleter<EVP_KDF_CTX_free>> context(EVP_KDF_CTX_new(kdf.get()));
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  std::string digest = "SHA256";
  Bytes key = est::to_bytes(secret);
  const std::array parameters{OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
                              OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
                              OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
                              OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()), OSSL_PARAM_construct_end()};
  Bytes out(length);
  EXPECT_EQ(EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()), 1);
  return out;
}

// RFC 8446 5.2 and 5.3: one record, head included, of TLS_AES_128_GCM_SHA256, which our server prefers.
std::optional<Bytes> opened(BytesView record, BytesView secret, unsigned sequence) {
  if (record.size() < head_size + tag_size) return std::nullopt;
  const Bytes key = expand_label(secret, "key", key_size);
  Bytes iv = expand_label(secret, "iv", iv_size);
  iv.back() ^= static_cast<Byte>(sequence);
  const std::unique_ptr<EVP_CIPHER_CTX, est::crypto::Deleter<EVP_CIPHER_CTX_free>> context(EVP_CIPHER_CTX_new());
  EVP_DecryptInit_ex(context.get(), EVP_aes_128_gcm(), nullptr, key.data(), iv.data());
  int count = 0;
  EVP_DecryptUpdate(context.get(), nullptr, &count, record.data(), head_size);
  const BytesView body = record.subspan(head_size, record.size() - head_size - tag_size);
  Bytes tag = est::to_bytes(record.last(tag_size));
  Bytes plain(body.size() + tag_size);
  EVP_DecryptUpdate(context.get(), plain.data(), &count, body.data(), static_cast<int>(body.size()));
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data());
  int end = 0;
  if (EVP_DecryptFinal_ex(context.get(), plain.data() + count, &end) != 1) return std::nullopt;
  plain.resize(static_cast<std::size_t>(count));
  return plain;
}

std::vector<Bytes> records_of(const CapturedConnection& connection, bool from_client) {
  Bytes all;
  for (const auto& piece : connection.pieces)
    if (piece.from_client == from_client) est::append(all, piece.octets);
  std::vector<Bytes> records;
  for (std::size_t at = 0; at + head_size <= all.size();) {
    const std::size_t length = std::min(all.size() - at, head_size + all[at + 3] * std::size_t{256} + all[at + 4]);
    records.push_back(est::to_bytes(BytesView(all).subspan(at, length)));
    at += length;
  }
  return records;
}

Bytes hex_octets(std::string_view text) {
  Bytes octets;
  for (std::size_t at = 0; at + 2 <= text.size(); at += 2)
    octets.push_back(static_cast<Byte>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16)));
  return octets;
}

std::vector<Bytes> secrets_of(const CapturedConnection& connection, std::string_view label = {}) {
  std::vector<Bytes> secrets;
  for (const auto line : est::split(connection.secrets, '\n')) {
    if (line.empty() || !line.starts_with(label)) continue;
    secrets.push_back(hex_octets(line.substr(line.rfind(' ') + 1)));
  }
  return secrets;
}

// Everything of one direction that any secret of the capture opens.
std::string readable(const std::vector<CapturedConnection>& capture, const CapturedConnection& connection, bool from_client) {
  constexpr unsigned most_records = 6;
  std::string text;
  for (const Bytes& record : records_of(connection, from_client))
    for (const auto& holder : capture)
      for (const Bytes& secret : secrets_of(holder))
        for (unsigned sequence = 0; sequence < most_records; ++sequence)
          if (const auto plain = opened(record, secret, sequence)) text += est::as_text(*plain);
  return text;
}

class TapsTest : public DriverTest {
 protected:
  void want_password() {
    target_.script = [this](const Seen& seen) {
      if (seen.request.method == "GET" || seen.request.fields.has("Authorization")) return good_answer(seen);
      auto refusal = est::ops::text_response(401, "Who are you?");
      refusal.fields.add("WWW-Authenticate", "Basic realm=\"EST\"");
      return reply(refusal);
    };
  }
  std::vector<CapturedConnection> captured() { return session().captured(std::chrono::steady_clock::now()); }
};

TEST_F(TapsTest, NobodyAskedNothingIsCaptured) {
  perform("cacerts");
  EXPECT_TRUE(captured().empty());
}

TEST_F(TapsTest, SecretsOpenWhatHoldsNone) {
  session().capture();
  perform("cacerts");
  const auto capture = captured();
  ASSERT_EQ(capture.size(), 1U);
  EXPECT_EQ(capture[0].name, "connection 1");
  EXPECT_EQ(capture[0].server, profile_.url.endpoint.to_string());
  EXPECT_TRUE(capture[0].remarks.empty());
  EXPECT_THAT(readable(capture, capture[0], true), HasSubstr("GET /.well-known/est/cacerts"));
  EXPECT_THAT(readable(capture, capture[0], false), HasSubstr("HTTP/1.1 200"));
}

TEST_F(TapsTest, APasswordShutsItsDirection) {
  want_password();
  session().capture();
  perform("enroll", {{"credentials", "password"}});
  expect_recorded();
  const auto capture = captured();
  ASSERT_EQ(capture.size(), 1U);
  EXPECT_TRUE(secrets_of(capture[0], "CLIENT_TRAFFIC_SECRET_0").empty());
  EXPECT_EQ(secrets_of(capture[0]).size(), 3U);
  EXPECT_THAT(capture[0].remarks,
              Contains(HasSubstr("CLIENT_TRAFFIC_SECRET_0, for what the client said, is withheld: it holds a password")));
  EXPECT_THAT(readable(capture, capture[0], true), Not(HasSubstr("POST")));
  EXPECT_THAT(readable(capture, capture[0], false), HasSubstr("HTTP/1.1 200"));
}

TEST_F(TapsTest, AGeneratedKeyShutsItsDirection) {
  target_.script = [&](const Seen&) {
    const auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256).value();
    return reply(est::ops::serverkeygen_response(key.to_pkcs8(), false, ca_.issue(name_of("CN=x"), key.public_key_info(), {})));
  };
  session().capture();
  perform("serverkeygen", {{"credentials", "none"}});
  const auto capture = captured();
  ASSERT_EQ(capture.size(), 1U);
  EXPECT_THAT(readable(capture, capture[0], true), HasSubstr("POST /.well-known/est/serverkeygen"));
  EXPECT_THAT(readable(capture, capture[0], false), Not(HasSubstr("HTTP/1.1")));
  EXPECT_THAT(capture[0].remarks,
              Contains(HasSubstr("SERVER_TRAFFIC_SECRET_0, for what the server said, is withheld: it may hold a private key")));
}

TEST_F(TapsTest, OneSecretForBothDirectionsAndForResumedSessions) {
  want_password();
  session().capture();
  perform("cacerts", {{"tls", "1.2"}});
  auto alone = captured();
  ASSERT_EQ(alone.size(), 1U);
  EXPECT_EQ(secrets_of(alone[0], "CLIENT_RANDOM").size(), 1U);
  perform("enroll", {{"tls", "1.2"}, {"connection", "resume"}, {"credentials", "password"}});
  const auto both = captured();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_TRUE(secrets_of(both[0]).empty());
  EXPECT_TRUE(secrets_of(both[1]).empty());
  EXPECT_THAT(both[0].remarks, Contains(HasSubstr("another connection resumed this session")));
}

TEST_F(TapsTest, MoreThanIsKeptIsNotTold) {
  target_.script = [](const Seen&) { return reply(200, std::string(est::net::Tap::most + 1, 'x')); };
  session().capture();
  perform("cacerts");
  const auto capture = captured();
  ASSERT_EQ(capture.size(), 1U);
  EXPECT_TRUE(secrets_of(capture[0], "SERVER_TRAFFIC_SECRET_0").empty());
  EXPECT_THAT(capture[0].remarks, Contains(HasSubstr("of what was received only the first 262144 octets are kept")));
  EXPECT_THAT(capture[0].remarks, Contains(HasSubstr("more of it than was searched")));
}

// A connection of the suite's own server, without a network.
std::vector<CapturedConnection> served(const std::function<void(est::net::Tap&)>& happens) {
  Taps taps;
  const auto tap = std::make_shared<est::net::Tap>();
  tap->connected("127.0.0.1:443", "127.0.0.1:40000");
  tap->octets(false, est::as_bytes("client's hello"));
  for (const char* line : {"CLIENT_HANDSHAKE_TRAFFIC_SECRET 00 01", "CLIENT_TRAFFIC_SECRET_0 00 02", "SERVER_TRAFFIC_SECRET_0 00 03",
                           "EXPORTER_SECRET 00 04", "CLIENT_EARLY_TRAFFIC_SECRET 00 05", "RSA 00 06", "CLIENT_RANDOM 00 07"})
    tap->key_line(line);
  happens(*tap);
  taps.keep("connection 1", tap);
  return taps.captured(TapRole::server, Redactor(target::Profile{}), std::chrono::steady_clock::now());
}

TEST(HandFedTap, OnlySecretsOfTrafficAreTold) {
  const auto capture = served([](est::net::Tap& tap) { tap.content(false, est::as_bytes("GET / HTTP/1.1\r\n\r\n")); });
  ASSERT_EQ(capture.size(), 1U);
  EXPECT_EQ(capture[0].client, "127.0.0.1:40000");
  EXPECT_TRUE(capture[0].pieces.at(0).from_client);
  EXPECT_EQ(capture[0].secrets,
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET 00 01\nCLIENT_TRAFFIC_SECRET_0 00 02\nSERVER_TRAFFIC_SECRET_0 00 03\nCLIENT_RANDOM 00 07\n");
}

TEST(HandFedTap, WhatAClientSaidUnreadIsNotTold) {
  const auto capture = served([](est::net::Tap& tap) { tap.unread(400); });
  ASSERT_EQ(capture.size(), 1U);
  EXPECT_EQ(capture[0].secrets, "CLIENT_HANDSHAKE_TRAFFIC_SECRET 00 01\nSERVER_TRAFFIC_SECRET_0 00 03\n");
  EXPECT_THAT(capture[0].remarks, Contains(HasSubstr("the end of it was not read")));
}

TEST(HandFedTap, AnotherSpellingOfBasicIsNotToldEither) {
  const auto capture = served([](est::net::Tap& tap) { tap.content(false, est::as_bytes("authorization:\tBASIC YTpi\r\n")); });
  ASSERT_EQ(capture.size(), 1U);
  EXPECT_THAT(capture[0].secrets, Not(HasSubstr("CLIENT_TRAFFIC_SECRET_0")));
  EXPECT_THAT(capture[0].secrets, Not(HasSubstr("CLIENT_RANDOM")));
}

}  // namespace
}  // namespace conformance::steps
