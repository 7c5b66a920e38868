#include "conformance/load/result.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "est/base/text.h"

namespace conformance::load {

using engine::Json;
using est::Error;

namespace {

constexpr std::string_view result_kind = "estspec-load";
constexpr int result_version = 1;
constexpr double noteworthy_part = 0.01;
constexpr double nearly_all = 0.9;

struct Quantile {
  const char* name;
  double part;
};
constexpr std::array quantiles{Quantile{"p50", 0.5}, Quantile{"p90", 0.9}, Quantile{"p99", 0.99}, Quantile{"p99.9", 0.999}};

double milliseconds(std::chrono::nanoseconds value) { return static_cast<double>(value.count()) / 1e6; }

Json summary_of(const Histogram& histogram) {
  Json json{{"count", histogram.count()}, {"mean", milliseconds(histogram.mean())}, {"largest", milliseconds(histogram.largest())}};
  for (const Quantile& one : quantiles) json[one.name] = milliseconds(histogram.quantile(one.part));
  return json;
}

std::string line_of(std::string_view name, const Histogram& histogram) {
  if (histogram.count() == 0) return {};
  std::string line = fmt::format("  {:<14}", name);
  for (const Quantile& one : quantiles) line += fmt::format("  {} {:>9}", one.name, duration_text(histogram.quantile(one.part)));
  return line + fmt::format("  largest {:>9}\n", duration_text(histogram.largest()));
}

double per_request(double seconds, std::uint64_t requests) { return requests == 0 ? 0 : seconds * 1e6 / static_cast<double>(requests); }

std::string cpu_text(const Result& result) {
  const std::uint64_t answered = result.tally.requests() - result.tally.of(Outcome::dropped);
  std::string text = fmt::format("CPU a request: generator {:.0f} us", per_request(result.own_cpu, answered));
  if (result.target_cpu)
    text += fmt::format(", target {:.0f} us; good ones per second of the target's CPU: {:.0f}", per_request(*result.target_cpu, answered),
                        *result.target_cpu > 0 ? static_cast<double>(result.tally.good()) / *result.target_cpu : 0);
  return text + "\n";
}

std::string outcomes_text(const Tally& tally) {
  std::string text;
  for (const Outcome one : all_outcomes)
    if (tally.of(one) != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", tally.of(one), to_string(one));
  return text.empty() ? "no request was made" : text;
}

bool is_part(std::uint64_t some, std::uint64_t all) {
  return all != 0 && static_cast<double>(some) > noteworthy_part * static_cast<double>(all);
}

}  // namespace

std::string duration_text(std::chrono::nanoseconds value) {
  const double ns = static_cast<double>(value.count());
  if (ns < 1e6) return fmt::format("{:.0f} us", ns / 1e3);
  return ns < 1e9 ? fmt::format("{:.2f} ms", ns / 1e6) : fmt::format("{:.2f} s", ns / 1e9);
}

double Result::good_per_second() const {
  if (tally.of(Outcome::wrong) != 0 || seconds <= 0) return 0;
  return static_cast<double>(tally.good()) / seconds;
}

std::vector<std::string> Result::warnings() const {
  std::vector<std::string> all;
  const std::uint64_t requests = tally.requests();
  if (tally.of(Outcome::wrong) != 0)
    all.push_back(fmt::format("{} answer(s) were wrong, so the throughput counts as zero", tally.of(Outcome::wrong)));
  if (is_part(tally.overslept, requests))
    all.push_back(
        fmt::format("{} requests began late although their connection was free: the generator is the bottleneck; use a lower rate "
                    "or more machines",
                    tally.overslept));
  const double all_time = seconds * processors * generators;
  if (all_time > 0 && own_cpu > nearly_all * all_time)
    all.push_back("the generator used all the processors it has; it is the bottleneck, use more machines");
  else if (all_time > 0 && target_cpu && own_cpu + *target_cpu > nearly_all * all_time)
    all.push_back("generator and target used all processors together; figures per second of CPU hold, those per second do not");
  if (tally.of(Outcome::dropped) != 0)
    all.push_back(fmt::format("{} requests were never sent; the times of the others say too little", tally.of(Outcome::dropped)));
  return all;
}

Json describe(const Plan& plan) {
  Json mix = Json::object();
  for (const Share& share : plan.mix) mix[std::string(est::ops::to_string(share.operation))] = share.weight;
  return Json{{"target", plan.target.to_string()},
              {"label", plan.label},
              {"mix", mix},
              {"reuse", to_string(plan.reuse)},
              {"authentication", plan.credentials ? (plan.scheme == Scheme::basic ? "basic" : "digest") : "none"},
              {"client-certificate", plan.identity.has_value()},
              {"tls", {{"least", to_string(plan.least)}, {"most", to_string(plan.most)}}},
              {"key", est::crypto::to_string(plan.key)},
              {"pop", plan.link},
              {"follow-pending", plan.follow_pending},
              {"connections", plan.connections},
              {"rate", plan.rate},
              {"seconds", plan.time.count()},
              {"warm-up-seconds", plan.warm_up.count()},
              {"patience-milliseconds", plan.patience.count()},
              {"pool", plan.pool}};
}

Json to_json(const Result& result) {
  const std::uint64_t answered = result.tally.requests() - result.tally.of(Outcome::dropped);
  Json json{{"kind", result_kind},
            {"version", result_version},
            {"suite", ESTSPEC_VERSION},
            {"plan", result.plan},
            {"started", result.started},
            {"seconds", result.seconds},
            {"rate", result.rate},
            {"generators", result.generators},
            {"requests", result.tally.requests()},
            {"good-per-second", result.good_per_second()},
            {"warnings", result.warnings()},
            {"tally", result.tally.to_json()}};
  json["milliseconds"] = {{"connect", summary_of(result.tally.connect)},
                          {"handshake", summary_of(result.tally.handshake)},
                          {"first-byte", summary_of(result.tally.first_byte)},
                          {"whole", summary_of(result.tally.whole)}};
  json["cpu"] = {{"processors", result.processors},
                 {"generator-seconds", result.own_cpu},
                 {"generator-microseconds-per-request", per_request(result.own_cpu, answered)}};
  if (result.target_cpu) {
    json["cpu"]["target-seconds"] = *result.target_cpu;
    json["cpu"]["target-microseconds-per-request"] = per_request(*result.target_cpu, answered);
  }
  return json;
}

est::Result<Result> result_from_json(const Json& json) {
  if (!json.is_object() || json.value("kind", Json()) != result_kind) return Error{"is not the result of `estspec load`"};
  if (json.value("version", Json()) != result_version) return Error{"has a version this program does not know"};
  const Json cpu = json.value("cpu", Json::object());
  const auto real = [](const Json& object, const char* key) {
    const Json value = object.is_object() ? object.value(key, Json()) : Json();
    const double read = value.is_number() ? value.get<double>() : std::nan("");
    return std::isfinite(read) && read >= 0 && read < 1e12 ? read : std::nan("");
  };
  Result out;
  const double started = real(json, "started"), generators = real(json, "generators"), processors = real(cpu, "processors");
  out.seconds = real(json, "seconds");
  out.rate = real(json, "rate");
  out.own_cpu = real(cpu, "generator-seconds");
  if (std::isnan(started + generators + processors + out.seconds + out.rate + out.own_cpu) || generators > 1e6 || processors > 1e6)
    return Error{"lacks started, seconds, rate, generators or cpu"};
  if (cpu.contains("target-seconds")) out.target_cpu = real(cpu, "target-seconds");
  if (out.target_cpu && std::isnan(*out.target_cpu)) return Error{"target-seconds is no number"};
  out.started = static_cast<std::int64_t>(started);
  out.generators = static_cast<unsigned>(generators);
  out.processors = static_cast<unsigned>(processors);
  out.plan = json.value("plan", Json::object());
  auto tally = Tally::from_json(json.value("tally", Json()));
  if (!tally) return tally.error();
  out.tally = *std::move(tally);
  return out;
}

est::Result<Result> merge(const std::vector<Result>& results) {
  if (results.empty()) return Error{"there is nothing to merge"};
  const auto first =
      std::min_element(results.begin(), results.end(), [](const Result& a, const Result& b) { return a.started < b.started; });
  Result out = *first;
  for (auto one = results.begin(); one != results.end(); ++one) {
    if (one == first) continue;
    if (one->tally.stretch() != out.tally.stretch()) return Error{"their series have intervals of different length"};
    if ((one->rate > 0) != (out.rate > 0)) return Error{"some are of an open loop and some of a closed one"};
    const std::int64_t later = one->started - out.started;
    out.tally.add(one->tally, static_cast<std::size_t>(later / out.tally.stretch().count()));
    out.seconds = std::max(out.seconds, static_cast<double>(later) + one->seconds);
    out.rate += one->rate;
    out.generators += one->generators;
    out.own_cpu += one->own_cpu;
    // The target is one process, seen by whoever shares its machine.
    if (one->target_cpu) out.target_cpu = std::max(out.target_cpu.value_or(0), *one->target_cpu);
  }
  return out;
}

std::string to_text(const Result& result) {
  const Tally& tally = result.tally;
  std::string text = fmt::format("{} requests in {:.1f} s: {}\n", tally.requests(), result.seconds, outcomes_text(tally));
  text += fmt::format("good ones per second: {:.1f}", result.good_per_second());
  if (result.rate > 0) text += fmt::format(" of {:.1f} offered; {} began late", result.rate, tally.late);
  text += fmt::format("; {} connections, {} of them resumed; {} answers examined to the end\n", tally.connections, tally.resumed,
                      tally.examined);
  text += line_of("connect", tally.connect) + line_of("handshake", tally.handshake) + line_of("first byte", tally.first_byte) +
          line_of("whole request", tally.whole);
  if (tally.operations.size() > 1)
    for (const auto& [name, histogram] : tally.operations) text += line_of(name, histogram);
  text += cpu_text(result);
  for (const auto& [outcome, detail] : tally.details) text += fmt::format("first {}: {}\n", outcome, est::printable(detail, 300));
  for (const std::string& warning : result.warnings()) text += "warning: " + warning + "\n";
  return text;
}

}  // namespace conformance::load
