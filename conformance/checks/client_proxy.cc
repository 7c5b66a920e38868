// A client behind a proxy (RFC 9110 9.3.6 and 11.7.2, RFC 9112 3.2.3).
#include <algorithm>

#include "conformance/checks/client_reading.h"
#include "conformance/checks/families.h"
#include "est/base/text.h"

namespace conformance::checks {
namespace {

constexpr std::string_view at_proxy = "proxy";

// Fields of a head with this name, as octets tell.
std::size_t count_fields(const Exchange& exchange, std::string_view name) {
  const std::string head = est::ascii_lower(est::as_text(exchange.request));
  const std::string field = "\r\n" + std::string(name) + ":";
  const std::size_t end = std::min(head.find("\r\n\r\n"), head.size());
  std::size_t count = 0;
  for (std::size_t at = head.find(field); at < end; at = head.find(field, at + 1)) ++count;
  return count;
}

std::string problem_of_connect(const Exchange& request, const std::string& host) {
  if (request.method != "CONNECT") return "its method is " + est::printable(request.method, 40);
  const std::size_t colon = request.target.rfind(':');
  const std::string port = colon == std::string::npos ? "" : request.target.substr(colon + 1);
  const bool number = !port.empty() && std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!number || request.target.substr(0, colon) != host) return "its target is " + est::printable(request.target, 120);
  const std::size_t hosts = count_fields(request, "host");
  if (hosts != 1) return "it has " + std::to_string(hosts) + " Host fields";
  return {};
}

Results through_proxy(const CheckInput& input) {
  const std::string wanted = "CONNECT host:port at the proxy, and no other way to the server";
  const auto fails = [&](const std::string& observed) { return Results{result(input, Verdict::fail, observed, wanted)}; };
  const Peers asked = requests_of(input, "", at_proxy);
  for (const Exchange* peer : peers_of(input)) {
    if (fact(*peer, "came") == "straight") return fails("The client connected to the server past its proxy.");
  }
  const std::string host = text(input.exchange.parameters, "named") == "address" ? "127.0.0.1" : "localhost";
  for (const Exchange* request : asked) {
    const std::string problem = problem_of_connect(*request, host);
    if (!problem.empty()) return fails("The client asked the proxy, and " + problem + ".");
  }
  if (asked.empty()) return fails("The client asked nothing of its proxy.");
  return {};
}

Results passwords_apart(const CheckInput& input) {
  const std::string wanted = "the proxy's password goes to the proxy, the EST server's to the EST server";
  const auto fails = [&](const std::string& observed) { return Results{result(input, Verdict::fail, observed, wanted)}; };
  bool at_the_proxy = false, at_the_server = false;
  for (const Exchange* request : requests_of(input, "")) {
    const bool proxy = fact(*request, "server") == at_proxy;
    const std::string password = fact(*request, "password");
    const std::string what = est::printable(request->method + " " + request->target, 120);
    if (proxy && password == "of-the-server") return fails("The client gave the EST server's password to the proxy.");
    if (proxy && count_fields(*request, "authorization") > 0) return fails("The client sent an Authorization field to the proxy.");
    if (!proxy && password == "of-the-proxy") return fails("The client sent the proxy's password to the EST server with " + what + ".");
    if (!proxy && count_fields(*request, "proxy-authorization") > 0)
      return fails("The client sent a Proxy-Authorization field to the EST server with " + what + ".");
    at_the_proxy = at_the_proxy || (proxy && password == "of-the-proxy");
    at_the_server = at_the_server || (!proxy && count_fields(*request, "authorization") > 0);
  }
  if (flag(input.parameters, "both") && (!at_the_proxy || !at_the_server))
    return {inconclusive(input, "The client did not authenticate itself at both. " + describe_requests(requests_of(input, "")), wanted)};
  return {};
}

}  // namespace

void add_client_proxy_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"through-proxy", "the server was reached by tunnels of the proxy, and in no other way", {}, through_proxy, ""});
  add(vocabulary, {"passwords-apart",
                   "neither the proxy nor the EST server got the password that is meant for the other",
                   {parameter("both", engine::ParameterType::boolean, "true: there is nothing to judge before both got their own")},
                   passwords_apart,
                   ""});
}

}  // namespace conformance::checks
