#include "client/timings.h"

#include <chrono>
#include <iomanip>
#include <ostream>
#include <sstream>

#include "est/base/text.h"

namespace client {

using Clock = std::chrono::steady_clock;
using est::http::Request;
using est::http::Response;

namespace {

std::string milliseconds(std::chrono::nanoseconds span) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << static_cast<double>(span.count()) / 1e6 << " ms";
  return text.str();
}

Connect timed(Connect connect, std::ostream& err) {
  return [connect = std::move(connect), &err](const Opening& opening) {
    est::net::OpeningTimes times;
    Opening asked = opening;
    asked.times = &times;
    auto opened = connect(asked);
    if (opened)
      err << "est-client: connect " << milliseconds(times.connect) << ", handshake " << milliseconds(times.handshake) << std::endl;
    return opened;
  };
}

Interceptor timed(Interceptor inner, std::ostream& err) {
  return [inner = std::move(inner), &err](const Request& request, const est::tls::Facts& facts, const Send& send) {
    const auto began = Clock::now();
    Outcome<Response> answer = inner ? inner(request, facts, send) : send(request);
    err << "est-client: " << request.method << ' ' << est::printable(request.target) << ' ' << milliseconds(Clock::now() - began)
        << (answer ? ", status " + std::to_string(answer->status) : ", no answer") << std::endl;
    return answer;
  };
}

}  // namespace

void tell_timings(SessionOptions& session, std::ostream& err) {
  session.connect = timed(std::move(session.connect), err);
  session.interceptor = timed(std::move(session.interceptor), err);
}

}  // namespace client
