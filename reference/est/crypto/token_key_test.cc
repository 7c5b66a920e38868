#include "est/crypto/token_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace est::crypto {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What needs a token is in ci/interop/hardware-key.
TEST(TokenKey, IsNamedByItsScheme) {
  EXPECT_TRUE(is_token_uri("pkcs11:token=est;object=device"));
  EXPECT_FALSE(is_token_uri("/etc/keys/pkcs11:token=est"));
  EXPECT_FALSE(is_token_uri("pkcs11"));
}

TEST(TokenKey, APinInTheUriIsRefusedAndNotRepeated) {
  const auto key = find_token_key("pkcs11:token=est;object=device?pin-value=4711", {});
  ASSERT_FALSE(key.ok());
  EXPECT_THAT(key.error().message, HasSubstr("pin-source=file:"));
  EXPECT_THAT(key.error().message, Not(HasSubstr("4711")));
}

}  // namespace
}  // namespace est::crypto
