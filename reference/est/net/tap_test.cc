#include "est/net/tap.h"

#include <gtest/gtest.h>

namespace est::net {
namespace {

TEST(TapBounds, BothDirectionsInOrderAndEachEndOnce) {
  Tap tap;
  tap.octets(true, as_bytes("ab"));
  tap.octets(false, as_bytes("c"));
  tap.octets(true, as_bytes("d"));
  tap.end(false);
  tap.end(false);
  const Tapped heard = tap.tapped();
  EXPECT_EQ(as_text(heard.sent.octets), "abd");
  EXPECT_EQ(as_text(heard.received.octets), "c");
  ASSERT_EQ(heard.pieces.size(), 4U);
  EXPECT_TRUE(heard.pieces[0].sent);
  EXPECT_EQ(heard.pieces[0].count, 2U);
  EXPECT_FALSE(heard.pieces[3].sent);
  EXPECT_EQ(heard.pieces[3].count, 0U);
}

TEST(TapBounds, WhatIsTooMuchIsCutAndSaid) {
  Tap tap;
  const Bytes much(Tap::most - 1, Byte{1});
  tap.octets(true, much);
  tap.content(true, much);
  EXPECT_FALSE(tap.tapped().sent.cut);
  tap.octets(true, as_bytes("xyz"));
  tap.content(true, as_bytes("xyz"));
  const Tapped heard = tap.tapped();
  EXPECT_TRUE(heard.sent.cut);
  EXPECT_TRUE(heard.sent.content_cut);
  EXPECT_EQ(heard.sent.octets.size(), Tap::most);
  EXPECT_EQ(heard.sent.octets.back(), Byte{'x'});
  EXPECT_FALSE(heard.received.cut);
}

}  // namespace
}  // namespace est::net
