#include "conformance/steps/wishes.h"

#include <gtest/gtest.h>

#include "est/codec/oid.h"

namespace conformance::steps {
namespace {

namespace codec = est::codec;

TEST(Wishes, EveryNameMakesAnExtension) {
  for (const auto& name : wish_names()) {
    const auto made = wished_extensions({name});
    ASSERT_TRUE(made.ok()) << name;
    EXPECT_EQ(made->size(), 1U) << name;
  }
}

TEST(Wishes, UsagesAndPurposesShareOneExtension) {
  const auto made = wished_extensions({"key-agreement", "digital-signature", "client-auth", "cmc-ra", "ca"});
  ASSERT_TRUE(made.ok());
  ASSERT_EQ(made->size(), 3U);
  EXPECT_TRUE(codec::decode_basic_constraints((*made)[0].value).value->ca);
  EXPECT_EQ(codec::decode_key_usage((*made)[1].value).value, codec::key_usage::digital_signature | codec::key_usage::key_agreement);
  EXPECT_EQ(codec::decode_extended_key_usage((*made)[2].value).value->size(), 2U);
}

TEST(Wishes, UnknownNamesAreErrors) {
  EXPECT_TRUE(wished_extensions({})->empty());
  const auto made = wished_extensions({"crown"});
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().message.find("'crown'"), std::string::npos);
}

}  // namespace
}  // namespace conformance::steps
