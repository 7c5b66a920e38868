#include "client/provision.h"

#include <utility>

#include "est/crypto/chain.h"

namespace client {
namespace {

using est::Bytes;
using est::Result;
using est::Status;

constexpr int method_not_allowed = 405, not_implemented = 501;

bool can_bootstrap(const AnchorPlan& plan) { return plan.fingerprint.has_value() || plan.ask; }

Outcome<CaAnswer> ask_for_anchors(Client& client, const AnchorPlan& plan) {
  if (client.trust().empty() && can_bootstrap(plan)) return client.bootstrap(plan.fingerprint, plan.ask);
  Outcome<CaAnswer> answer = client.ca_certificates();
  // RFC 7030 3.3.1: if validation fails, the client may follow the bootstrap procedure.
  if (!answer && answer.problem().kind == ProblemKind::untrusted && can_bootstrap(plan))
    return client.bootstrap(plan.fingerprint, plan.ask);
  return answer;
}

Trust trust_of(const AnchorPlan& plan, const CaAnswer& answer) {
  if (plan.store != nullptr) return plan.store->with(plan.configured);
  Trust trust = plan.configured;
  const auto add = [](std::vector<Bytes>& to, const std::vector<Bytes>& more) { to.insert(to.end(), more.begin(), more.end()); };
  trust.implicit_anchors.clear();
  add(trust.explicit_anchors, answer.set.anchors());
  add(trust.intermediates, answer.set.intermediates());
  trust.indicate = trust.indicate || answer.origin.basis == Basis::implicit_anchors;
  return trust;
}

Outcome<Issued> send(Client& client, const EnrollmentPlan& plan, const std::optional<PopLink>& link, const RequestMaker& maker) {
  if (plan.operation != est::ops::Operation::fullcmc) return client.enroll(plan.operation, maker.function());
  if (maker.key() == nullptr)
    return Problem{ProblemKind::configuration, "/fullcmc needs the key of the request, which signs the message; give --key"};
  return client.full_cmc(maker.function(), *maker.key(),
                         {plan.cmc_secret ? &*plan.cmc_secret : nullptr, link ? &*link : nullptr, plan.crmf});
}

void append_notes(std::vector<std::string>& to, const std::vector<std::string>& more) { to.insert(to.end(), more.begin(), more.end()); }

}  // namespace

Outcome<CaAnswer> fetch_anchors(Client& client, const AnchorPlan& plan) {
  Outcome<CaAnswer> answer = ask_for_anchors(client, plan);
  if (!answer) return answer;
  if (plan.store != nullptr)
    if (Status kept = plan.store->replace(answer->set, answer->origin); !kept) return configuration_problem(kept.error());
  client.set_trust(trust_of(plan, *answer));
  return answer;
}

Outcome<Attributes> attributes_for(Client& client, bool wanted) {
  if (!wanted) return Attributes{};
  Outcome<Attributes> attributes = client.csr_attributes();
  if (attributes) return attributes;
  const Problem& problem = attributes.problem();
  if (problem.kind != ProblemKind::refused || (problem.status != method_not_allowed && problem.status != not_implemented))
    return attributes;
  return Attributes{{}, {"the server has no CSR attributes (status " + std::to_string(problem.status) + ")"}};
}

Outcome<Enrolled> enroll_as_asked(Client& client, EnrollmentPlan plan) {
  const Outcome<Attributes> attributes = attributes_for(client, plan.ask_attributes);
  if (!attributes) return attributes.problem();
  const bool demanded = attributes->asked && asks_for_linking(*attributes->asked);
  plan.request.for_full_cmc = plan.operation == est::ops::Operation::fullcmc;
  std::optional<PopLink> link;
  if (plan.request.for_full_cmc && plan.cmc_secret && !plan.request.own_request) {
    link = make_pop_link(*plan.cmc_secret);
    plan.request.wishes.attributes.push_back(link->witness);
  }
  Result<RequestMaker> maker = RequestMaker::prepare(std::move(plan.request), attributes->asked, demanded);
  if (!maker) return configuration_problem(maker.error());
  if (maker->key() != nullptr && plan.keep_key)
    if (Status kept = plan.keep_key(*maker->key()); !kept) return configuration_problem(kept.error());
  Outcome<Issued> issued = send(client, plan, link, *maker);
  if (!issued) return issued.problem();
  Chain chain = chain_of(issued->certificates, client.trust(), est::system_clock().now());
  Enrolled enrolled{*std::move(issued), std::move(chain.certificates), {}, {}};
  if (maker->key() != nullptr) enrolled.key = *maker->key();
  append_notes(enrolled.notes, attributes->notes);
  append_notes(enrolled.notes, maker->notes());
  append_notes(enrolled.notes, enrolled.issued.notes);
  append_notes(enrolled.notes, chain.doubts);
  return enrolled;
}

Outcome<Provisioned> provision(Client& client, const AnchorPlan& anchors, EnrollmentPlan enrollment) {
  Outcome<CaAnswer> ca = fetch_anchors(client, anchors);
  if (!ca) return ca.problem();
  Outcome<Enrolled> enrolled = enroll_as_asked(client, std::move(enrollment));
  if (!enrolled) return enrolled.problem();
  return Provisioned{*std::move(ca), *std::move(enrolled)};
}

Chain chain_of(const std::vector<Bytes>& certificates, const Trust& trust, est::UnixTime now) {
  Chain chain{certificates, {}};
  if (certificates.empty() || trust.explicit_anchors.empty()) return chain;
  std::vector<Bytes> helpers(certificates.begin() + 1, certificates.end());
  helpers.insert(helpers.end(), trust.intermediates.begin(), trust.intermediates.end());
  est::crypto::ChainOptions options;
  options.at = now;
  auto path = est::crypto::verify_chain(certificates.front(), helpers, trust.explicit_anchors, {}, options);
  if (!path) {
    chain.doubts.push_back("the certificate cannot be verified: " + path.error().message);
  } else if (!path->valid) {
    chain.doubts.push_back("the certificate has no valid path to the explicit trust anchors: " + path->reason);
  } else {
    chain.certificates = std::move(path->path);
    if (chain.certificates.size() > 1) chain.certificates.pop_back();
  }
  return chain;
}

}  // namespace client
