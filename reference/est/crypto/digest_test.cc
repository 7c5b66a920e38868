#include "est/crypto/digest.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "est/crypto/handle.h"

namespace est::crypto {
namespace {

TEST(Digest, KnownAnswersForAbc) {
  struct Case {
    Digest algorithm;
    std::string_view name, expected;
  };
  // RFC 1321 A.5 and FIPS 180-4 examples.
  const std::vector<Case> cases = {
      {Digest::md5, "MD5", "900150983cd24fb0d6963f7d28e17f72"},
      {Digest::sha1, "SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {Digest::sha256, "SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {Digest::sha384, "SHA-384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
      {Digest::sha512, "SHA-512",
       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
      {Digest::sha512_256, "SHA-512-256", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(to_string(one.algorithm), one.name);
    EXPECT_EQ(hex(digest(one.algorithm, as_bytes("abc"))), one.expected);
  }
}

TEST(Digest, EmptyInput) { EXPECT_EQ(hex(digest(Digest::md5, {})), "d41d8cd98f00b204e9800998ecf8427e"); }

TEST(Random, GivesWhatIsAskedAndNeverTheSame) {
  EXPECT_TRUE(random_bytes(0).empty());
  EXPECT_EQ(random_bytes(32).size(), 32U);
  EXPECT_NE(random_bytes(16), random_bytes(16));
}

TEST(OpensslError, TellsAndEmptiesTheQueue) {
  ERR_raise(ERR_LIB_ASN1, ASN1_R_HEADER_TOO_LONG);
  ERR_raise(ERR_LIB_ASN1, ASN1_R_HEADER_TOO_LONG);
  EXPECT_EQ(openssl_error("cannot read x").message, "cannot read x: header too long");
  EXPECT_EQ(ERR_peek_error(), 0U);
  EXPECT_EQ(openssl_error("cannot read x").message, "cannot read x");
}

}  // namespace
}  // namespace est::crypto
