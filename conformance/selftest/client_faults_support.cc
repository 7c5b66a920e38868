#include "conformance/selftest/client_faults_support.h"

#include <algorithm>
#include <memory>

#include "est/codec/media_type.h"

namespace conformance::selftest {

namespace {

bool is_success(const Response& answer) { return answer.status >= 200 && answer.status < 300; }

client::Problem cannot_cope(const Response& answer) {
  return {client::ProblemKind::answer, "this client cannot cope with the answer", answer.status};
}

}  // namespace

bool is_media_type(const Response& answer, std::string_view essence) {
  const auto type = est::codec::decode_media_type(answer.fields.get("Content-Type").value_or(""));
  return type.value && type.value->is(essence);
}

Configure intercept(client::Interceptor interceptor) {
  return [interceptor = std::move(interceptor)](client::Settings& settings) { settings.client.session.interceptor = interceptor; };
}

Configure each_request(std::function<void(est::http::Request&)> change) {
  return intercept([change = std::move(change)](const est::http::Request& request, const est::tls::Facts&, const client::Send& send) {
    est::http::Request changed = request;
    change(changed);
    return send(changed);
  });
}

Configure each_request(Operation operation, std::function<void(est::http::Request&)> change) {
  return each_request([operation, change = std::move(change)](est::http::Request& request) {
    if (is(request, operation)) change(request);
  });
}

Configure each_answer(std::function<void(Response&)> change) {
  return intercept([change = std::move(change)](const est::http::Request& request, const est::tls::Facts&, const client::Send& send) {
    auto outcome = send(request);
    if (outcome) change(*outcome);
    return outcome;
  });
}

Configure each_csrattrs(std::function<void(est::codec::CsrAttrs&)> change) {
  return each_answer([change = std::move(change)](Response& answer) {
    if (!is_media_type(answer, "application/csrattrs")) return;
    auto attributes = est::codec::decode_csrattrs(decoded_body(answer.body));
    if (!attributes.value) return;
    change(*attributes.value);
    set_der(answer, est::codec::encode(*attributes.value));
  });
}

Configure balks_at(std::function<bool(const est::http::Request&, const Response&)> odd) {
  return intercept([odd = std::move(odd)](const est::http::Request& request, const est::tls::Facts&,
                                          const client::Send& send) -> client::Outcome<Response> {
    auto outcome = send(request);
    if (outcome && is_success(*outcome) && odd(request, *outcome)) return cannot_cope(*outcome);
    return outcome;
  });
}

Configure balks_at_text(std::string_view part) {
  return balks_at([text = std::string(part)](const est::http::Request&, const Response& answer) {
    return est::as_text(answer.body).find(text) != std::string_view::npos;
  });
}

Configure judge_server(client::ServerCheck check) {
  return [check = std::move(check)](client::Settings& settings) { settings.client.session.check = check; };
}

client::ServerVerdict authorised() { return {client::Basis::explicit_anchors, false, {}, 0}; }

Configure forgives(std::initializer_list<int> codes) {
  return judge_server(
      [codes = std::vector<int>(codes)](const std::vector<Bytes>& chain, const std::string& host, const client::Trust& trust) {
        client::ServerVerdict verdict = client::check_server(chain, host, trust);
        const bool forgiven = !verdict.authorised() && std::find(codes.begin(), codes.end(), verdict.code) != codes.end();
        return forgiven ? authorised() : verdict;
      });
}

Configure refuses_server(std::function<bool(const std::vector<Bytes>& chain)> odd) {
  return judge_server([odd = std::move(odd)](const std::vector<Bytes>& chain, const std::string& host, const client::Trust& trust) {
    if (odd(chain)) return client::ServerVerdict{client::Basis::none, false, "this client cannot cope with the certificate", 0};
    return client::check_server(chain, host, trust);
  });
}

Conclude success_if(std::function<bool(const ClientAct&)> so) {
  return [so = std::move(so)](ClientAct& act) {
    const int code = act.once();
    return so(act) ? 0 : code;
  };
}

const Response* last_answer(const ClientAct& act) { return act.met.empty() || !act.met.back().answer ? nullptr : &*act.met.back().answer; }

bool last_answered(const ClientAct& act, int status) {
  const Response* answer = last_answer(act);
  return answer != nullptr && answer->status == status;
}

}  // namespace conformance::selftest
