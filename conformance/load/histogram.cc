#include "conformance/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace conformance::load {

using engine::Json;
using est::Error;

namespace {

constexpr std::uint64_t per_octave = 256;
constexpr unsigned octave_bits = 8;

// Values below per_octave have a bucket each; above, every doubling is divided into per_octave of them.
std::size_t bucket_of(std::uint64_t value) {
  if (value < per_octave) return value;
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - octave_bits - 1;
  return (shift + 1) * per_octave + ((value >> shift) - per_octave);
}

// The largest value of the bucket.
std::uint64_t top_of(std::size_t bucket) {
  if (bucket < per_octave) return bucket;
  const std::size_t shift = bucket / per_octave - 1;
  return ((bucket % per_octave + per_octave + 1) << shift) - 1;
}

std::uint64_t longest() { return static_cast<std::uint64_t>(Histogram::most.count()); }

bool is_count(const Json& json) { return json.is_number_unsigned(); }

}  // namespace

void Histogram::add(Nanoseconds value) {
  value = std::clamp(value, Nanoseconds::zero(), most);
  const std::size_t bucket = bucket_of(static_cast<std::uint64_t>(value.count()));
  if (bucket >= counts_.size()) counts_.resize(bucket + 1);
  ++counts_[bucket];
  ++count_;
  sum_ += static_cast<double>(value.count());
  largest_ = std::max(largest_, value);
}

void Histogram::add(const Histogram& other) {
  if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  largest_ = std::max(largest_, other.largest_);
}

Histogram::Nanoseconds Histogram::mean() const noexcept {
  return Nanoseconds(count_ == 0 ? 0 : std::llround(sum_ / static_cast<double>(count_)));
}

Histogram::Nanoseconds Histogram::quantile(double part) const {
  const double wanted = std::clamp(part, 0.0, 1.0) * static_cast<double>(count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen > 0 && static_cast<double>(seen) >= wanted) return std::min(Nanoseconds(static_cast<std::int64_t>(top_of(i))), largest_);
  }
  return Nanoseconds::zero();
}

Json Histogram::to_json() const {
  Json counts = Json::array();
  for (std::size_t i = 0; i < counts_.size(); ++i)
    if (counts_[i] != 0) counts.push_back(Json::array({i, counts_[i]}));
  return Json{{"unit", "ns"},
              {"buckets-per-octave", per_octave},
              {"sum", sum_},
              {"largest", static_cast<std::uint64_t>(largest_.count())},
              {"counts", counts}};
}

est::Result<Histogram> Histogram::from_json(const Json& json) {
  if (!json.is_object() || json.value("unit", Json()) != "ns" || json.value("buckets-per-octave", Json()) != per_octave)
    return Error{"a histogram of another kind"};
  const Json sum = json.value("sum", Json()), largest = json.value("largest", Json()), counts = json.value("counts", Json());
  if (!sum.is_number() || !is_count(largest) || !counts.is_array()) return Error{"a histogram lacks sum, largest or counts"};
  Histogram out;
  for (const Json& entry : counts) {
    if (!entry.is_array() || entry.size() != 2 || !is_count(entry[0]) || !is_count(entry[1]))
      return Error{"a count of a histogram is no pair"};
    const auto bucket = entry[0].get<std::uint64_t>(), number = entry[1].get<std::uint64_t>();
    if (bucket > bucket_of(longest())) return Error{"a bucket of a histogram is beyond one hour"};
    // So that no sum of what is read can overflow.
    if (number > std::numeric_limits<std::uint32_t>::max()) return Error{"a count of a histogram is too large"};
    if (bucket >= out.counts_.size()) out.counts_.resize(bucket + 1);
    out.counts_[bucket] += number;
    out.count_ += number;
  }
  out.sum_ = sum.get<double>();
  out.largest_ = Nanoseconds(static_cast<std::int64_t>(std::min(largest.get<std::uint64_t>(), longest())));
  return out;
}

}  // namespace conformance::load
