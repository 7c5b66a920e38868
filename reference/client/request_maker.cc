#include "client/request_maker.h"

#include <utility>

#include "client/full_cmc.h"
#include "client/own_request.h"
#include "est/codec/base64.h"

namespace client {
namespace {

using est::Result;
using est::Status;
using est::codec::CsrAttrs;
using est::crypto::PrivateKey;

// Stands in for a channel binding while a plan is tried out.
const std::string sample_linking = est::codec::encode_base64(est::Bytes(12));

Status settle_key(RequestPlan& plan, const std::optional<CsrAttrs>& asked) {
  const KeyDemand demand = asked ? key_demand(*asked) : KeyDemand{};
  if (!plan.key) {
    const Result<KeyChoice> choice = choose_key(demand, plan.key_type);
    if (!choice) return choice.error();
    Result<PrivateKey> made = PrivateKey::generate(*choice);
    if (!made) return made.error();
    plan.key = *std::move(made);
  } else if (Status fits = check_key(demand, *plan.key); !fits) {
    return fits;
  }
  const auto digest = choose_digest(demand, *plan.key, plan.wishes.digest);
  if (!digest) return digest.error();
  plan.wishes.digest = *digest;
  return {};
}

}  // namespace

Result<BuiltRequest> RequestMaker::build(const Plan& plan, const std::optional<std::string>& linking) {
  if (plan.own_request) {
    OwnRequestUse use;
    use.key = plan.key ? &*plan.key : nullptr;
    use.linking = linking;
    use.linking_demanded = plan.linking_demanded;
    use.link_by = linking_type(plan.asked ? &*plan.asked : nullptr);
    Result<est::Bytes> der = own_request_to_send(*plan.own_request, use);
    if (!der) return der.error();
    return BuiltRequest{*std::move(der), {}};
  }
  RequestWishes wishes = plan.wishes;
  wishes.linking = linking;
  const RequestInput input{wishes, *plan.key, plan.asked ? &*plan.asked : nullptr, plan.renewed ? &*plan.renewed : nullptr};
  return build_request(input);
}

Result<RequestMaker> RequestMaker::prepare(RequestPlan plan, const std::optional<CsrAttrs>& asked, bool linking_demanded) {
  if (!plan.own_request)
    if (Status settled = settle_key(plan, asked); !settled) return settled.error();
  if (plan.for_full_cmc && !plan.own_request) plan.wishes.extensions.push_back(key_identifier_extension(*plan.key));
  auto whole = std::make_shared<Plan>();
  static_cast<RequestPlan&>(*whole) = std::move(plan);
  whole->asked = asked;
  whole->linking_demanded = linking_demanded;
  const Result<BuiltRequest> trial = build(*whole, linking_demanded ? std::optional(sample_linking) : std::nullopt);
  if (!trial) return trial.error();
  RequestMaker maker(std::move(whole));
  maker.notes_ = trial->notes;
  return maker;
}

MakeRequest RequestMaker::function() const {
  return [plan = plan_](const std::optional<std::string>& linking) -> Result<est::Bytes> {
    Result<BuiltRequest> built = build(*plan, linking);
    if (!built) return built.error();
    return std::move(built->der);
  };
}

}  // namespace client
