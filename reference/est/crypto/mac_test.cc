#include "est/crypto/mac.h"

#include <gtest/gtest.h>

namespace est::crypto {
namespace {

// RFC 2202 3 and RFC 4231 4.3: test case 2 of both.
TEST(Hmac, PublishedVectors) {
  const Bytes key = to_bytes("Jefe");
  const Bytes data = to_bytes("what do ya want for nothing?");
  EXPECT_EQ(hex(hmac(Digest::sha1, key, data)), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(hex(hmac(Digest::sha256, key, data)), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Hmac, EmptyKeyAndData) { EXPECT_EQ(hex(hmac(Digest::sha1, {}, {})), "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d"); }

// RFC 7914 section 11.
TEST(Pbkdf2, IsThatOfRfc7914) {
  const Bytes key = pbkdf2(Digest::sha256, "passwd", as_bytes("salt"), 1);
  EXPECT_EQ(hex(key), "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
}

}  // namespace
}  // namespace est::crypto
