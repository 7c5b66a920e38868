// est-server's configuration and users file: a complaint is one line that names the file; what loads offers labels that can be routed to.
#include "est/ops/operation.h"
#include "fuzz/target.h"
#include "server/config.h"

FUZZ_TARGET(server_config) {
  const std::string_view text = est::as_text(input);
  const auto users = server::parse_users(text, "users.yaml");
  if (!users) fuzz::require(users.error().message.starts_with("users.yaml"), "a complaint names the file");
  const auto config = server::parse_config(text, "est-server.yaml");
  if (!config) {
    fuzz::require(config.error().message.starts_with("est-server.yaml"), "a complaint names the file");
    return fuzz::require(config.error().message.find('\n') == std::string::npos, "in one line");
  }
  for (const auto& [label, policy] : config->labels) {
    const auto route = est::ops::parse_route(est::ops::path_of(est::ops::Operation::cacerts, label));
    const auto* routed = std::get_if<est::ops::Route>(&route);
    fuzz::require(routed != nullptr && routed->label == label, "a configured label can be reached");
    (void)server::advertised_attributes(policy);
  }
}
