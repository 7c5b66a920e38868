#include "server/metrics_endpoint.h"

#include <system_error>
#include <utility>

#include "est/base/clock.h"

namespace server {
namespace {

constexpr std::string_view metrics_path = "/metrics";
constexpr int visitors_at_once = 4;
constexpr est::Milliseconds most_visit{1000};
constexpr est::Milliseconds longest_wait_for_visitors{60000};  // from waiting for visitors; stopping wakes it earlier

est::http::Response plain_answer(int status, std::string_view content_type, std::string_view text) {
  est::http::Response response;
  response.status = status;
  response.reason = std::string(est::http::reason_phrase(status));
  response.fields.add("Content-Type", std::string(content_type));
  response.fields.add("Connection", "close");
  response.body = est::to_bytes(text);
  return response;
}

}  // namespace

est::Result<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::bind(const est::net::Endpoint& at, Text text) {
  auto listener = est::net::PlainListener::bind(at);
  if (!listener) return est::Error{"metrics: " + listener.error().message};
  const est::net::Endpoint real{at.host, listener->port()};
  std::string url = "http://" + real.to_string() + std::string(metrics_path);
  return std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(*std::move(listener), std::move(url), std::move(text)));
}

MetricsEndpoint::~MetricsEndpoint() {
  for (std::jthread& thread : threads_) thread.request_stop();
  listener_.stop();
}

est::Status MetricsEndpoint::start() try {
  for (int i = 0; i < visitors_at_once; ++i) threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  return {};
} catch (const std::system_error& error) {
  return est::Error{std::string("metrics: cannot start a thread: ") + error.what()};
}

void MetricsEndpoint::run(const std::stop_token& stop) {
  while (!stop.stop_requested())
    listener_.serve(est::Deadline::after(longest_wait_for_visitors), most_visit,
                    [this](const est::http::Request& request) { return answer(request); });
}

est::http::Response MetricsEndpoint::answer(const est::http::Request& request) const {
  if (request.target.substr(0, request.target.find('?')) != metrics_path)
    return plain_answer(404, "text/plain", "There is nothing but " + std::string(metrics_path) + " here.\n");
  if (request.method == "HEAD") return plain_answer(200, Metrics::content_type, "");
  if (request.method == "GET") return plain_answer(200, Metrics::content_type, text_());
  est::http::Response refusal = plain_answer(405, "text/plain", "Only GET and HEAD are taken here.\n");
  refusal.fields.add("Allow", "GET, HEAD");
  return refusal;
}

est::Result<std::unique_ptr<MetricsEndpoint>> bind_metrics(const std::optional<est::net::Endpoint>& at, const Metrics* metrics,
                                                           std::function<est::net::Server::Counters()> counters) {
  if (!at || metrics == nullptr) return std::unique_ptr<MetricsEndpoint>();
  return MetricsEndpoint::bind(*at, [metrics, counters = std::move(counters)] { return metrics->text(counters()); });
}

}  // namespace server
