// Small tools the tables of client faults are written with. Each hook keeps what it must remember for itself: it is made anew for every
// time the client acts.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/selftest/client_fault.h"
#include "conformance/selftest/faults_support.h"
#include "est/codec/csrattrs.h"
#include "est/ops/operation.h"

namespace conformance::selftest {

using Configure = std::function<void(client::Settings&)>;
using Conclude = std::function<int(ClientAct&)>;

inline const std::vector<std::string> any_client = {"EST-CL-*"};

[[nodiscard]] bool is_media_type(const Response& answer, std::string_view essence);

// Changes every request, or only those for one operation, before it leaves.
[[nodiscard]] Configure each_request(std::function<void(est::http::Request&)> change);
[[nodiscard]] Configure each_request(Operation operation, std::function<void(est::http::Request&)> change);
// Changes every answer before the client sees it.
[[nodiscard]] Configure each_answer(std::function<void(Response&)> change);
// Gives the list of attributes another meaning before the client reads it.
[[nodiscard]] Configure each_csrattrs(std::function<void(est::codec::CsrAttrs&)> change);
// Gives up when `odd` holds of an answer that is none of an error: this client cannot cope with that.
[[nodiscard]] Configure balks_at(std::function<bool(const est::http::Request&, const Response&)> odd);
[[nodiscard]] Configure balks_at_text(std::string_view part);  // in the body of the answer
[[nodiscard]] Configure intercept(client::Interceptor interceptor);

[[nodiscard]] Configure judge_server(client::ServerCheck check);
[[nodiscard]] client::ServerVerdict authorised();
// Goes on where the reference refuses for one of these reasons (X509_V_ERR_*).
[[nodiscard]] Configure forgives(std::initializer_list<int> codes);
// Refuses servers the reference would take when `odd` holds of their chain.
[[nodiscard]] Configure refuses_server(std::function<bool(const std::vector<Bytes>& chain)> odd);

// Reports success when `so` holds, whatever the reference made of it.
[[nodiscard]] Conclude success_if(std::function<bool(const ClientAct&)> so);
[[nodiscard]] bool last_answered(const ClientAct& act, int status);  // with this status
[[nodiscard]] const Response* last_answer(const ClientAct& act);     // null: none came, or not whole

}  // namespace conformance::selftest
