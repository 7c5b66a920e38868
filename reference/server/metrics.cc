#include "server/metrics.h"

#include <algorithm>
#include <iomanip>
#include <iterator>
#include <locale>
#include <sstream>
#include <variant>

namespace server {
namespace {

using Counters = est::net::Server::Counters;

double seconds_of(std::chrono::nanoseconds span) { return std::chrono::duration<double>(span).count(); }

// Nothing but digits before and after the point, in any locale.
std::string decimal(double seconds, int places) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text << std::fixed << std::setprecision(places) << seconds;
  return text.str();
}

void add_head(std::string& out, const std::string& name, const std::string& help, const std::string& type) {
  out += "# HELP " + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
}

void add_sample(std::string& out, const std::string& name, const std::string& labels, const std::string& value) {
  out += name + (labels.empty() ? "" : '{' + labels + '}') + ' ' + value + '\n';
}

void add_phase(std::string& out, est::TimedPhase phase, const est::Timers::Histogram& histogram) {
  const std::string label = "phase=\"" + std::string(est::to_string(phase)) + '"';
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    const bool last = i == est::Timers::bounds.size();
    const std::string bound = last ? "+Inf" : decimal(seconds_of(est::Timers::bounds.at(i)), 6);
    below += histogram.counts.at(i);
    add_sample(out, "est_phase_seconds_bucket", label + ",le=\"" + bound + '"', std::to_string(below));
  }
  add_sample(out, "est_phase_seconds_sum", label, decimal(seconds_of(histogram.sum), 9));
  add_sample(out, "est_phase_seconds_count", label, std::to_string(below));
}

void add_value(std::string& out, const std::string& name, const std::string& help, const std::string& type, std::uint64_t value) {
  add_head(out, name, help, type);
  add_sample(out, name, "", std::to_string(value));
}

void add_counters(std::string& out, const Counters& counters) {
  add_value(out, "est_connections_accepted_total", "Connections taken from the listeners.", "counter", counters.accepted);
  add_value(out, "est_connections_refused_total", "Connections closed at once because of a limit.", "counter", counters.refused);
  add_value(out, "est_connections_open", "Connections that are open now.", "gauge", counters.open);
  add_value(out, "est_handshake_failures_total", "Connections that ended before TLS stood.", "counter", counters.handshake_failures);
  add_value(out, "est_timeouts_total", "Connections that ran out of time in any phase but idle.", "counter", counters.timeouts);
}

}  // namespace

void Metrics::count(std::string_view target, int status) noexcept {
  const auto route = est::ops::parse_route(target);
  const auto* known = std::get_if<est::ops::Route>(&route);
  const std::size_t operation = known == nullptr ? no_operation : static_cast<std::size_t>(known->operation);
  const auto column = std::min(std::find(statuses.begin(), statuses.end(), status), std::prev(statuses.end())) - statuses.begin();
  requests_.at(operation).at(static_cast<std::size_t>(column)).fetch_add(1, std::memory_order_relaxed);
}

std::string Metrics::text(const Counters& counters) const {
  std::string out;
  add_head(out, "est_phase_seconds", "How long each phase of a connection or request took.", "histogram");
  for (const est::TimedPhase phase : est::all_timed_phases) add_phase(out, phase, timers.of(phase));
  add_head(out, "est_requests_total", "Answers by operation and status code.", "counter");
  for (std::size_t row = 0; row < requests_.size(); ++row)
    for (std::size_t column = 0; column < statuses.size(); ++column) {
      const std::uint64_t value = requests_.at(row).at(column).load(std::memory_order_relaxed);
      if (value == 0) continue;
      const std::string operation(row == no_operation ? "none" : est::ops::to_string(est::ops::all_operations.at(row)));
      const std::string status = statuses.at(column) == 0 ? "other" : std::to_string(statuses.at(column));
      add_sample(out, "est_requests_total", "operation=\"" + operation + "\",status=\"" + status + '"', std::to_string(value));
    }
  add_counters(out, counters);
  return out;
}

}  // namespace server
