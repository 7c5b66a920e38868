#include "conformance/load/tally.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "conformance/load/pace.h"
#include "est/base/text.h"

namespace conformance::load {

using engine::Json;
using est::Error;

namespace {

constexpr std::uint64_t most_count = std::numeric_limits<std::uint32_t>::max();

// The members that JSON and addition treat alike.
struct Counter {
  const char* name;
  std::uint64_t Tally::*member;
};
constexpr std::array counters{
    Counter{"late", &Tally::late},           Counter{"overslept", &Tally::overslept},     Counter{"examined", &Tally::examined},
    Counter{"exchanges", &Tally::exchanges}, Counter{"connections", &Tally::connections}, Counter{"resumed", &Tally::resumed}};
struct Measure {
  const char* name;
  Histogram Tally::*member;
};
constexpr std::array measures{Measure{"connect", &Tally::connect}, Measure{"handshake", &Tally::handshake},
                              Measure{"first-byte", &Tally::first_byte}, Measure{"whole", &Tally::whole}};

Json interval_json(const Interval& one) { return Json{{"good", one.good}, {"failed", one.failed}, {"whole", one.whole.to_json()}}; }

// Reads members and remembers the first problem.
class Reader {
 public:
  std::uint64_t count(const Json& object, const char* key) {
    const Json value = object.is_object() ? object.value(key, Json()) : Json();
    if (value.is_number_unsigned() && value.get<std::uint64_t>() <= most_count) return value.get<std::uint64_t>();
    complain(std::string(key) + " is no count");
    return 0;
  }
  Histogram histogram(const Json& object, const char* key) {
    auto read = Histogram::from_json(object.is_object() ? object.value(key, Json()) : Json());
    if (read) return *std::move(read);
    complain(std::string(key) + ": " + read.error().message);
    return {};
  }
  void complain(const std::string& what) {
    if (problem.empty()) problem = what;
  }
  std::string problem;
};

}  // namespace

std::uint64_t Tally::requests() const noexcept { return std::accumulate(outcomes.begin(), outcomes.end(), std::uint64_t{0}); }

Interval& Tally::interval_of(const Sample& sample) {
  const auto index = static_cast<std::size_t>((sample.scheduled - begin_) / stretch_);
  const std::size_t kept = std::min(index, most_intervals - 1);
  if (series.size() <= kept) series.resize(kept + 1);
  return series[kept];
}

void Tally::add(const Sample& sample) {
  if (sample.scheduled < begin_) return;
  ++outcomes.at(static_cast<std::size_t>(sample.outcome));
  last_end_ = std::max(last_end_, sample.ended);
  if (sample.began - sample.scheduled > Pace::late) ++late;
  if (sample.overslept) ++overslept;
  if (sample.examined) ++examined;
  exchanges += sample.exchanges;
  if (sample.connect) ++connections;
  if (sample.resumed) ++resumed;
  if (sample.outcome == Outcome::good) return add_good(sample);
  ++interval_of(sample).failed;
  details.try_emplace(std::string(to_string(sample.outcome)), sample.detail);
}

void Tally::add_good(const Sample& sample) {
  const auto took = sample.ended - sample.scheduled;
  if (sample.connect) connect.add(*sample.connect);
  if (sample.handshake) handshake.add(*sample.handshake);
  if (sample.first_byte) first_byte.add(*sample.first_byte);
  whole.add(took);
  operations[std::string(est::ops::to_string(sample.operation))].add(took);
  Interval& interval = interval_of(sample);
  ++interval.good;
  interval.whole.add(took);
}

void Tally::add(const Tally& other, std::size_t shift) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes.at(i) += other.outcomes.at(i);
  for (const Counter& one : counters) this->*one.member += other.*one.member;
  for (const Measure& one : measures) (this->*one.member).add(other.*one.member);
  for (const auto& [name, histogram] : other.operations) operations[name].add(histogram);
  details.insert(other.details.begin(), other.details.end());
  for (std::size_t i = 0; i < other.series.size(); ++i) {
    const std::size_t kept = std::min(i + shift, most_intervals - 1);
    if (series.size() <= kept) series.resize(kept + 1);
    series[kept].good += other.series[i].good;
    series[kept].failed += other.series[i].failed;
    series[kept].whole.add(other.series[i].whole);
  }
}

Json Tally::to_json() const {
  Json json{{"stretch-seconds", stretch_.count()}, {"details", details}};
  for (const Outcome one : all_outcomes) json["outcomes"][std::string(to_string(one))] = of(one);
  for (const Counter& one : counters) json[one.name] = this->*one.member;
  for (const Measure& one : measures) json["histograms"][one.name] = (this->*one.member).to_json();
  json["operations"] = Json::object();
  for (const auto& [name, histogram] : operations) json["operations"][name] = histogram.to_json();
  json["series"] = Json::array();
  for (const Interval& one : series) json["series"].push_back(interval_json(one));
  return json;
}

est::Result<Tally> Tally::from_json(const Json& json) {
  if (!json.is_object()) return Error{"there is no tally"};
  Reader reader;
  Tally out;
  out.stretch_ = std::chrono::seconds(std::max<std::uint64_t>(reader.count(json, "stretch-seconds"), 1));
  const Json outcomes = json.value("outcomes", Json()), histograms = json.value("histograms", Json()),
             series = json.value("series", Json());
  for (const Outcome one : all_outcomes)
    out.outcomes.at(static_cast<std::size_t>(one)) = reader.count(outcomes, std::string(to_string(one)).c_str());
  for (const Counter& one : counters) out.*one.member = reader.count(json, one.name);
  for (const Measure& one : measures) out.*one.member = reader.histogram(histograms, one.name);
  const Json operations = json.value("operations", Json::object()), details = json.value("details", Json::object());
  for (const auto& [name, histogram] : operations.items())
    out.operations[est::printable(name, 40)] = reader.histogram(operations, name.c_str());
  for (const auto& [name, detail] : details.items())
    if (detail.is_string()) out.details[est::printable(name, 40)] = est::printable(detail.get<std::string>(), 300);
  if (!series.is_array() || series.size() > most_intervals) reader.complain("series is no list of at most 3600 intervals");
  for (const Json& one : series)
    out.series.push_back({reader.count(one, "good"), reader.count(one, "failed"), reader.histogram(one, "whole")});
  if (!reader.problem.empty()) return Error{reader.problem};
  return out;
}

}  // namespace conformance::load
