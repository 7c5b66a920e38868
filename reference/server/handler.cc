#include "server/handler.h"

#include "est/ops/message.h"

namespace server {

using est::ops::Operation;
using est::ops::Route;

bool Handler::offers(Operation operation, const LabelPolicy& policy) const {
  if (operation == Operation::serverkeygen) return parts_.generator != nullptr && policy.keygen;
  return operation != Operation::fullcmc || (policy.full_cmc.enabled && parts_.trust != nullptr && parts_.cmc_signer != nullptr);
}

Answer Handler::full_cmc_for(const Asked& asked, const Principal& principal) const {
  const auto trust = parts_.trust->current();
  const auto signer = parts_.cmc_signer->current();
  const CmcInput input{asked.request.body, principal, asked.facts, asked.route.label, asked.policy, *trust};
  return full_cmc(input, *signer, authority_of(asked.policy), parts_.clock);
}

ca::Authority& Handler::authority_of(const LabelPolicy& policy) const {
  if (parts_.others == nullptr || policy.ca_directory.empty()) return parts_.authority;
  const auto own = parts_.others->find(policy.ca_directory);
  return own == parts_.others->end() ? parts_.authority : *own->second;
}

Answer Handler::cacerts(const Route& /*route*/, const LabelPolicy& policy) const {
  const auto certificates = authority_of(policy).ca_certificates();
  if (!certificates) return unavailable(certificates.error().message);
  return {est::ops::cacerts_response(*certificates), {}, {}};
}

Front::AnswerOrWork Handler::csrattrs(const Route& /*route*/, const LabelPolicy& policy) const {
  return csrattrs_answer(advertised_attributes(policy));
}

Front::AnswerOrWork Handler::post(const Asked& asked, const Principal& principal) const {
  const Operation operation = asked.route.operation;
  if (operation == Operation::fullcmc) return full_cmc_for(asked, principal);
  const EnrollInput input{
      operation, asked.request.body, principal, asked.facts, asked.route.label, asked.policy, [&](std::string_view value) {
        return parts_.authenticator.knows_one_time_password(principal, value);
      }};
  if (operation == Operation::serverkeygen)
    return generate_key(input, *parts_.generator->current(), authority_of(asked.policy), parts_.clock);
  if (parts_.wait_elsewhere) return begin_enrollment(input, asked, principal);
  return enroll(input, authority_of(asked.policy), parts_.clock);
}

// The CA decides and signs at once; only for the disk is somebody else waited for.
Front::Later Handler::issue_later(const EnrollInput& input, const Asked& asked, est::codec::CertificationRequest request) const {
  return [this, operation = input.operation, principal = input.principal, label = input.label, policy = &asked.policy,
          request = std::move(request)](const std::function<void(Work)>& hand_over) {
    const est::tls::Facts none;
    const EnrollInput checked{operation, {}, principal, none, label, *policy, {}};
    enroll_later(checked, request, authority_of(*policy), [this, policy, hand_over](est::Result<ca::Outcome> outcome) {
      hand_over([this, policy, outcome = std::move(outcome)] { return answer_to(outcome, *policy, parts_.clock.now()); });
    });
  };
}

// The work owns what it needs: the request, and who made it, are gone when it is done. Policies last as long as the handler.
Front::AnswerOrWork Handler::begin_enrollment(const EnrollInput& input, const Asked& asked, const Principal& principal) const {
  auto read = read_request(input);
  if (auto* refusal = std::get_if<Answer>(&read)) return std::move(*refusal);
  auto request = std::get<est::codec::CertificationRequest>(std::move(read));
  if (needs_only_the_certificate(asked.policy, request)) return issue_later(input, asked, std::move(request));
  return Work(
      [this, operation = input.operation, principal, label = asked.route.label, policy = &asked.policy, request = std::move(request)] {
        const est::tls::Facts none;
        const EnrollInput checked{operation, {}, principal, none, label, *policy, [&](std::string_view value) {
                                    return parts_.authenticator.knows_one_time_password(principal, value);
                                  }};
        return enroll_checked(checked, request, authority_of(*policy), parts_.clock);
      });
}

}  // namespace server
