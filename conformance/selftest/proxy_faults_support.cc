#include "conformance/selftest/proxy_faults_support.h"

#include <algorithm>
#include <iterator>

#include "est/ops/message.h"

namespace conformance::selftest {

using est::http::Request;

std::vector<std::string> all_of(std::vector<std::vector<std::string>> lists) {
  std::vector<std::string> all;
  for (auto& list : lists) std::move(list.begin(), list.end(), std::back_inserter(all));
  return all;
}

Between cannot_read(std::function<bool(const Request&, const Response&)> odd) {
  return [odd = std::move(odd)](const Request& request, const client::Send& send, ProxyMemory&) -> client::Outcome<Response> {
    auto said = send(request);
    if (said && odd(request, *said)) return client::Problem{client::ProblemKind::answer, "this proxy cannot read that"};
    return said;
  };
}

Between each_post(std::function<void(Request&, ProxyMemory&)> change) {
  return [change = std::move(change)](const Request& request, const client::Send& send, ProxyMemory& memory) {
    if (request.method != "POST") return send(request);
    Request changed = request;
    change(changed, memory);
    return send(changed);
  };
}

namespace {

// As the suite's upstream knows them.
std::string their_label(const std::string& ours) { return ours == "other" ? "theirs" : std::string(); }

Response as_answer(const Response& said) {
  Response answer = est::ops::text_response(said.status, "");
  answer.fields = {};
  for (const char* name : {"Content-Type", "Retry-After"})
    if (const auto value = said.fields.get(name)) answer.fields.add(name, *value);
  set_body(answer, said.body);
  return answer;
}

}  // namespace

Response relay(const ProxyScene& scene) {
  const auto route = est::ops::parse_route(scene.request.target);
  const auto* found = std::get_if<est::ops::Route>(&route);
  if (found == nullptr) return est::ops::text_response(404, "There is nothing here.");
  auto said = scene.upstream.ask(found->operation, their_label(found->label), decoded_body(scene.request.body));
  if (const auto* failure = std::get_if<proxy::UpstreamFailure>(&said)) return est::ops::text_response(failure->status, failure->sentence);
  return as_answer(std::get<Response>(said));
}

InsteadProxy relays_if(std::function<bool(const ProxyScene&)> odd) {
  return [odd = std::move(odd)](const ProxyScene& scene) { return odd(scene) ? std::optional(relay(scene)) : std::nullopt; };
}

InsteadProxy answers_if(std::function<bool(const ProxyScene&)> odd, int status) {
  return [odd = std::move(odd), status](const ProxyScene& scene) {
    return odd(scene) ? std::optional(est::ops::text_response(status, "This proxy does not do that.")) : std::nullopt;
  };
}

AfterProxy when_status(std::vector<int> statuses, std::function<void(const ProxyScene&, Response&)> change) {
  return [statuses = std::move(statuses), change = std::move(change)](const ProxyScene& scene, Response& response) {
    if (std::find(statuses.begin(), statuses.end(), response.status) != statuses.end()) change(scene, response);
  };
}

bool is_post(const ProxyScene& scene) { return scene.request.method == "POST"; }
bool is_asked(const ProxyScene& scene, Operation operation) { return is(scene.request, operation); }
bool has_credentials(const ProxyScene& scene) {
  return scene.request.fields.get("Authorization").has_value() || scene.facts.peer_certificate() != nullptr;
}

std::vector<ProxyFault> all_proxy_faults() {
  std::vector<ProxyFault> all;
  for (const auto table : {proxy_request_faults, proxy_policy_faults, proxy_upstream_faults, proxy_answer_faults, proxy_operation_faults}) {
    auto some = table();
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace conformance::selftest
