#include "conformance/load/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "est/base/html.h"
#include "est/base/text.h"

namespace conformance::load {

namespace {

constexpr double width = 860, height = 240, left = 80, bottom = 40, top = 16, right = 20;

struct Line {
  std::string name, colour;
  std::vector<std::pair<double, double>> points;
};

struct Axes {
  std::string title, x_name;
  std::vector<Line> lines;
};

// 1, 2 or 5 times a power of ten, not less than `value`.
double round_up(double value) {
  if (!(value > 0)) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0})
    if (value <= step * power) return step * power;
  return 10 * power;
}

// Where values come to stand; both axes begin at zero, so that nothing looks larger than it is.
struct Scale {
  double most_x = 1, most_y = 1;
  explicit Scale(const Axes& axes) {
    for (const Line& line : axes.lines)
      for (const auto& [x, y] : line.points) most_x = std::max(most_x, x), most_y = std::max(most_y, y);
    most_y = round_up(most_y);
  }
  [[nodiscard]] double x(double value) const { return left + value / most_x * (width - left - right); }
  [[nodiscard]] double y(double value) const { return height - bottom - value / most_y * (height - bottom - top); }
};

std::string grid(const Axes& axes, const Scale& scale) {
  std::string svg;
  for (const double part : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    const double y = scale.y(part * scale.most_y), x = scale.x(part * scale.most_x);
    svg += fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="#ddd"/>)", left, y, width - right, y);
    svg += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="end">{:.4g}</text>)", left - 6, y + 4, part * scale.most_y);
    svg += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{:.4g}</text>)", x, height - bottom + 16, part * scale.most_x);
  }
  return svg + fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)", (left + width) / 2, height - 6,
                           est::html_escaped(axes.x_name));
}

std::string drawing(const Axes& axes) {
  const Scale scale(axes);
  std::string svg = fmt::format("<h2>{}</h2>\n<svg viewBox=\"0 0 {} {}\" role=\"img\">", est::html_escaped(axes.title), width, height);
  svg += grid(axes, scale);
  double legend = left + 8;
  for (const Line& line : axes.lines) {
    svg += fmt::format(R"(<polyline fill="none" stroke-width="1.5" stroke="{}" points=")", line.colour);
    for (const auto& [x, y] : line.points) svg += fmt::format("{:.1f},{:.1f} ", scale.x(x), scale.y(y));
    svg += fmt::format(R"("/><text x="{:.1f}" y="{:.1f}" fill="{}">{}</text>)", legend, top + 4, line.colour, est::html_escaped(line.name));
    legend += 90;
  }
  return svg + "</svg>\n";
}

std::string page(std::string_view title, const std::string& text, const std::vector<Axes>& charts) {
  std::string html = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + est::html_escaped(title) +
                     "</title>\n<style>body{font-family:sans-serif;max-width:900px;margin:2em auto}svg{width:100%;font-size:12px}"
                     "pre{background:#f6f6f6;padding:1em;overflow-x:auto}h2{font-size:1em}</style></head><body>\n<h1>" +
                     est::html_escaped(title) + "</h1>\n";
  for (const Axes& axes : charts) html += drawing(axes);
  return html + "<pre>" + est::html_escaped(text) + "</pre>\n</body></html>\n";
}

double in_milliseconds(std::chrono::nanoseconds value) { return static_cast<double>(value.count()) / 1e6; }

struct Pair {
  Axes throughput, latency;
};

Pair empty_pair(const std::string& x_name) {
  return {{"Answers per second", x_name, {{"good", "#1a7f37", {}}, {"failed", "#cf222e", {}}}},
          {"Time of a whole request, milliseconds", x_name, {{"p50", "#0969da", {}}, {"p99", "#8250df", {}}}}};
}

void add_point(Pair& pair, double x, double good, double failed, const Histogram& whole) {
  pair.throughput.lines[0].points.emplace_back(x, good);
  pair.throughput.lines[1].points.emplace_back(x, failed);
  if (whole.count() == 0) return;
  pair.latency.lines[0].points.emplace_back(x, in_milliseconds(whole.quantile(0.5)));
  pair.latency.lines[1].points.emplace_back(x, in_milliseconds(whole.quantile(0.99)));
}

std::string target_of(const Result& result) {
  const engine::Json target = result.plan.is_object() ? result.plan.value("target", engine::Json()) : engine::Json();
  return target.is_string() ? est::printable(target.get<std::string>()) : "a server";
}

}  // namespace

std::string chart_page(const Result& result) {
  Pair pair = empty_pair("seconds since the start, by when requests were due");
  const auto stretch = static_cast<double>(result.tally.stretch().count());
  for (std::size_t i = 0; i < result.tally.series.size(); ++i) {
    const Interval& one = result.tally.series[i];
    add_point(pair, static_cast<double>(i) * stretch, static_cast<double>(one.good) / stretch, static_cast<double>(one.failed) / stretch,
              one.whole);
  }
  return page("estspec load: " + target_of(result), to_text(result), {pair.throughput, pair.latency});
}

std::string chart_page(const Ramp& ramp) {
  Pair pair = empty_pair("requests offered per second");
  for (const Result& step : ramp.steps)
    add_point(pair, step.rate, step.good_per_second(),
              step.seconds > 0 ? static_cast<double>(step.tally.requests() - step.tally.good()) / step.seconds : 0, step.tally.whole);
  return page("estspec load, up to the knee: " + (ramp.steps.empty() ? "a server" : target_of(ramp.steps.front())), to_text(ramp),
              {pair.throughput, pair.latency});
}

}  // namespace conformance::load
