#include "conformance/load/histogram.h"

#include <gtest/gtest.h>

namespace conformance::load {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

TEST(LoadHistogram, ReadsBackWithinItsPrecision) {
  for (std::int64_t value = 1; value < Histogram::most.count(); value = value * 5 / 3 + 1) {
    Histogram one;
    one.add(nanoseconds(value));
    one.add(nanoseconds(value * 2));
    const auto read = one.quantile(0.5).count();
    EXPECT_GE(read, value);
    EXPECT_LE(read, value + value / 256 + 1);
  }
}

TEST(LoadHistogram, QuantilesAreThoseOfTheSortedValues) {
  Histogram all;
  for (int i = 1; i <= 1000; ++i) all.add(nanoseconds(i * 1000));
  EXPECT_NEAR(static_cast<double>(all.quantile(0.5).count()), 500e3, 2e3);
  EXPECT_NEAR(static_cast<double>(all.quantile(0.99).count()), 990e3, 4e3);
  EXPECT_EQ(all.quantile(1), nanoseconds(1000000));
  EXPECT_EQ(all.mean(), nanoseconds(500500));
  EXPECT_EQ(all.count(), 1000U);
}

TEST(LoadHistogram, WhatIsOutsideCountsAsTheEnd) {
  Histogram odd;
  odd.add(-5ns);
  odd.add(std::chrono::hours(10));
  EXPECT_EQ(odd.count(), 2U);
  EXPECT_EQ(odd.quantile(0), 0ns);
  EXPECT_EQ(odd.largest(), Histogram::most);
  EXPECT_EQ(Histogram().quantile(0.99), 0ns);
}

TEST(LoadHistogram, TwoAddUpToTheHistogramOfBoth) {
  Histogram left, right, both;
  for (int i = 1; i < 5000; ++i) {
    const nanoseconds value(i * i * 37);
    (i % 3 == 0 ? left : right).add(value);
    both.add(value);
  }
  left.add(right);
  EXPECT_EQ(left.to_json(), both.to_json());
}

TEST(LoadHistogram, SurvivesJson) {
  Histogram one;
  for (int i = 1; i < 100; ++i) one.add(std::chrono::microseconds(i * i));
  const auto again = Histogram::from_json(one.to_json());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->to_json(), one.to_json());
  EXPECT_EQ(again->quantile(0.9), one.quantile(0.9));
}

TEST(LoadHistogram, RefusesWhatIsNone) {
  const engine::Json good = Histogram().to_json();
  for (const char* patch : {R"({"unit":"ms"})", R"({"buckets-per-octave":64})", R"({"counts":[[1]]})", R"({"counts":[[1,-1]]})",
                            R"({"counts":[[99999999,1]]})", R"({"counts":[[1,99999999999]]})", R"({"sum":null})"}) {
    engine::Json bad = good;
    bad.merge_patch(*engine::parse_json(patch));
    EXPECT_FALSE(Histogram::from_json(bad)) << patch;
  }
  EXPECT_FALSE(Histogram::from_json(engine::Json::array()));
}

}  // namespace
}  // namespace conformance::load
