// Small tools the tables of proxy faults are written with.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/selftest/faults_support.h"
#include "conformance/selftest/proxy_fault.h"

namespace conformance::selftest {

using InsteadProxy = std::function<std::optional<Response>(const ProxyScene&)>;
using AfterProxy = std::function<void(const ProxyScene&, Response&)>;

inline const std::vector<std::string> any_proxy = {"EST-PX-*"};

// Promises about several scenarios and variants.
[[nodiscard]] std::vector<std::string> all_of(std::vector<std::vector<std::string>> lists);

// Something of an upstream answer that this proxy cannot cope with.
[[nodiscard]] Between cannot_read(std::function<bool(const est::http::Request&, const Response&)> odd);
// Changes each POST on its way upstream.
[[nodiscard]] Between each_post(std::function<void(est::http::Request&, ProxyMemory&)> change);

// Asks upstream for what the client asks for, and hands on what comes, both unread.
[[nodiscard]] Response relay(const ProxyScene& scene);
[[nodiscard]] InsteadProxy relays_if(std::function<bool(const ProxyScene&)> odd);
[[nodiscard]] InsteadProxy answers_if(std::function<bool(const ProxyScene&)> odd, int status);
// Of answers with one of these statuses.
[[nodiscard]] AfterProxy when_status(std::vector<int> statuses, std::function<void(const ProxyScene&, Response&)> change);

[[nodiscard]] bool is_post(const ProxyScene& scene);
[[nodiscard]] bool is_asked(const ProxyScene& scene, Operation operation);
[[nodiscard]] bool has_credentials(const ProxyScene& scene);

}  // namespace conformance::selftest
