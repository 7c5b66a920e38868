// Full PKI Requests (RFC 5272 3.2): one certification request, PKCS #10 or CRMF, with controls, signed by its own key or a certificate,
// sound or with one defect.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conformance/steps/identities.h"
#include "conformance/steps/outcome.h"
#include "conformance/steps/parameters.h"
#include "conformance/steps/request_plan.h"
#include "conformance/target/profile.h"
#include "est/codec/cmc.h"
#include "est/tls/context.h"

namespace conformance::steps {

struct CmcPlan {
  bool crmf = false;
  std::optional<est::tls::Identity> signer;  // nothing: the key that is to be certified
  std::vector<std::string> controls;
  bool reversed = false;  // the controls, in the message
  std::string corrupt;    // empty: sound
  est::codec::BodyPartId body_part = 1;
  std::string user, secret;  // for identity proof and POP link
};

struct CmcWord {
  std::string name;
  std::string meaning;
};
[[nodiscard]] const std::vector<CmcWord>& cmc_controls();
[[nodiscard]] const std::vector<CmcWord>& cmc_corruptions();

[[nodiscard]] Maybe<CmcPlan> plan_full_cmc(const Parameters& parameters, const target::Profile& profile, Identities& identities);

struct MadeCmc {
  MadeRequest request;     // `der` is the whole ContentInfo, `sound` the PKCS #10 or CRMF request inside
  est::Bytes nonce;        // content of Sender Nonce; empty: not sent
  est::Bytes transaction;  // the Transaction Identifier as a whole TLV; empty: not sent
  est::Bytes data;         // content of Data Return; empty: not sent
};
// `request` says what is to be certified; its defects are not used.
[[nodiscard]] est::Result<MadeCmc> make_full_cmc(const RequestPlan& request, const CmcPlan& plan,
                                                 const std::optional<std::string>& challenge_password);

}  // namespace conformance::steps
