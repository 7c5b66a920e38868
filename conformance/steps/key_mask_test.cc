#include "conformance/steps/key_mask.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "est/codec/base64.h"
#include "est/codec/generated_key.h"
#include "est/codec/pem.h"
#include "est/codec/pkcs8.h"
#include "est/crypto/key.h"
#include "est/http/message.h"
#include "est/http/parser.h"
#include "est/ops/message.h"

namespace conformance::steps {
namespace {

using est::Bytes;
using est::crypto::KeyType;
using est::crypto::PrivateKey;
namespace codec = est::codec;

PrivateKey a_key(KeyType type = KeyType::ec_p256) { return PrivateKey::generate(type).value(); }

bool holds(const Bytes& octets, est::BytesView part) {
  return std::search(octets.begin(), octets.end(), part.begin(), part.end()) != octets.end();
}

// The private octets: the last 12 of the longest INTEGER or OCTET STRING leaf are enough to recognise a key by.
Bytes secret_of(const PrivateKey& key) {
  const Bytes inner = codec::decode_private_key_info(key.to_pkcs8()).value->private_key;
  return {inner.begin() + 8, inner.begin() + 20};
}

TEST(MaskKey, KeepsTheStructureAndNothingSecret) {
  for (const KeyType type : {KeyType::ec_p256, KeyType::ec_p521, KeyType::rsa_2048, KeyType::ed25519}) {
    const PrivateKey key = a_key(type);
    Bytes octets = key.to_pkcs8();
    const std::size_t size = octets.size();
    EXPECT_TRUE(holds(octets, secret_of(key)));
    EXPECT_TRUE(mask_key(octets));
    EXPECT_EQ(octets.size(), size);
    EXPECT_FALSE(holds(octets, secret_of(key))) << to_string(type);
    const auto masked = codec::decode_private_key_info(octets);
    EXPECT_TRUE(masked.accepted()) << est::describe_first(masked.findings);
  }
}

TEST(MaskKey, OverwritesWhatItCannotRead) {
  Bytes octets = est::to_bytes("this is no DER, yet may be a key");
  EXPECT_FALSE(mask_key(octets));
  EXPECT_EQ(est::to_string(est::BytesView(octets)), std::string(octets.size(), '*'));
}

Bytes answer_with(const est::http::Response& response) { return est::http::encode(response); }

est::http::Response delivered(const PrivateKey& key) {
  return est::ops::serverkeygen_response(key.to_pkcs8(), false, Bytes{0x30, 0x03, 0x02, 0x01, 0x05}, est::ops::Base64Lines::folded);
}

// Some 40 characters from the middle of the base64, and the octets themselves.
void expect_gone(const Bytes& octets, const PrivateKey& key) {
  const std::string text = codec::encode_base64(key.to_pkcs8());
  for (std::size_t at = 44; at + 12 < text.size() / 2; at += 4) EXPECT_FALSE(holds(octets, est::as_bytes(text.substr(at, 12)))) << at;
  EXPECT_FALSE(holds(octets, secret_of(key)));
}

TEST(MaskKeyAnswer, TheAnswerStaysReadable) {
  const PrivateKey key = a_key();
  Bytes octets = answer_with(delivered(key));
  const Bytes before = octets;
  mask_key_answer(octets);
  expect_gone(octets, key);
  EXPECT_EQ(octets.size(), before.size());
  const auto message = est::http::parse_response(octets, "POST", true).message;
  const auto answer = codec::decode_generated_key_answer(message.fields.get("Content-Type").value_or(""), message.body);
  ASSERT_TRUE(answer.accepted()) << est::describe_first(answer.findings);
  const auto part = codec::decode_base64(est::as_text(answer.value->parts[*answer.value->key].part.body), codec::Base64Mode::lenient);
  ASSERT_TRUE(part.accepted());
  EXPECT_TRUE(codec::decode_private_key_info(*part.value).accepted());
  const auto original = est::http::parse_response(before, "POST", true).message;
  const auto whole = codec::decode_generated_key_answer(original.fields.get("Content-Type").value_or(""), original.body);
  EXPECT_EQ(answer.value->parts[*answer.value->certificates].part.body, whole.value->parts[*whole.value->certificates].part.body);
}

TEST(MaskKeyAnswer, ChunksAndInterimResponsesDoNotMatter) {
  const PrivateKey key = a_key();
  const est::http::Response response = delivered(key);
  std::string text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: " + response.fields.get("Content-Type").value() +
                     "\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string body = est::to_string(est::BytesView(response.body));
  for (std::size_t at = 0; at < body.size(); at += 16) {
    const std::string piece = body.substr(at, 16);
    constexpr std::string_view digits = "0123456789abcdef";
    text += (piece.size() == 16 ? std::string("10") : std::string(1, digits[piece.size()])) + "\r\n" + piece + "\r\n";
  }
  Bytes octets = est::to_bytes(text + "0\r\n\r\n");
  mask_key_answer(octets);
  const auto message = est::http::parse_response(octets, "POST", true).message;
  expect_gone(message.body, key);
  EXPECT_TRUE(codec::decode_generated_key_answer(message.fields.get("Content-Type").value_or(""), message.body).accepted());
}

TEST(MaskKeyAnswer, NoFormOfTheKeySurvives) {
  const PrivateKey key = a_key(KeyType::rsa_2048);
  const Bytes pkcs8 = key.to_pkcs8();
  const Bytes pkcs1 = codec::decode_private_key_info(pkcs8).value->private_key;
  const auto part = [](const std::string& type, Bytes body) {
    est::http::Response response = est::ops::text_response(200, "");
    response.fields.set("Content-Type", "multipart/mixed; boundary=b");
    response.fields.remove("Content-Length");
    response.body = codec::encode_multipart({{{{"Content-Type", type}}, std::move(body)}}, "b");
    return response;
  };
  for (const char* type : {"application/pkcs8", "application/pkcs7-mime; smime-type=certs-only", "text/plain"}) {
    for (const Bytes& body : {pkcs8, est::to_bytes(codec::encode_pem("PRIVATE KEY", pkcs8)), est::to_bytes(codec::encode_base64(pkcs1)),
                              est::to_bytes(est::hex(pkcs8))}) {
      Bytes octets = answer_with(part(type, body));
      mask_key_answer(octets);
      expect_gone(octets, key);
    }
  }
  est::http::Response bare = est::ops::text_response(200, codec::encode_base64(pkcs8));
  Bytes octets = answer_with(bare);
  mask_key_answer(octets);
  expect_gone(octets, key);
}

TEST(MaskKeyAnswer, OtherAnswersStayAsTheyAre) {
  Bytes refusal = answer_with(est::ops::text_response(400, "There is no secret key with that identifier."));
  const Bytes before = refusal;
  mask_key_answer(refusal);
  EXPECT_EQ(refusal, before);
}

}  // namespace
}  // namespace conformance::steps
