#include "server/handler.h"

#include "est/ops/message.h"

namespace server {

using est::ops::Operation;
using est::ops::Route;

bool Handler::offers(Operation operation, const LabelPolicy& policy) const {
  if (operation == Operation::serverkeygen) return parts_.generator != nullptr && policy.keygen;
  return operation != Operation::fullcmc || (policy.full_cmc.enabled && parts_.trust != nullptr && parts_.cmc_signer != nullptr);
}

Answer Handler::answer_whole(const Kept& kept) const {
  if (kept.operation == Operation::fullcmc) {
    const auto trust = parts_.trust->current();
    const auto signer = parts_.cmc_signer->current();
    const CmcInput input{kept.body, kept.principal, kept.facts, kept.label, *kept.policy, *trust};
    return full_cmc(input, *signer, authority_of(*kept.policy), parts_.clock);
  }
  const EnrollInput input{kept.operation, kept.body, kept.principal, kept.facts, kept.label, *kept.policy, [&](std::string_view value) {
                            return parts_.authenticator.knows_one_time_password(kept.principal, value);
                          }};
  if (kept.operation == Operation::serverkeygen)
    return generate_key(input, *parts_.generator->current(), authority_of(*kept.policy), parts_.clock);
  return enroll(input, authority_of(*kept.policy), parts_.clock);
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

// A key takes most of a second to make where it is RSA, and a Full PKI Request may hold many requests: they are work as a whole.
Front::AnswerOrWork Handler::post(const Asked& asked, const Principal& principal) const {
  const Operation operation = asked.route.operation;
  const bool whole = operation == Operation::fullcmc || operation == Operation::serverkeygen;
  if (parts_.wait_elsewhere && !whole) return begin_enrollment(asked, principal);
  Kept kept{operation, asked.request.body, principal, asked.facts, asked.route.label, &asked.policy};
  if (!parts_.wait_elsewhere) return answer_whole(kept);
  return Work([this, kept = std::move(kept)] { return answer_whole(kept); });
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
Front::AnswerOrWork Handler::begin_enrollment(const Asked& asked, const Principal& principal) const {
  const EnrollInput input{asked.route.operation, asked.request.body, principal, asked.facts, asked.route.label, asked.policy, {}};
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
