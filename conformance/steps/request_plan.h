// The certification request a step asks for. What does not depend on the connection (key, names) is decided once per step; the request
// itself is made for a connection, because its proof of possession may be bound to that one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conformance/engine/evidence.h"
#include "conformance/steps/identities.h"
#include "conformance/steps/memory.h"
#include "conformance/steps/outcome.h"
#include "conformance/steps/parameters.h"
#include "conformance/steps/run_state.h"
#include "conformance/target/profile.h"
#include "est/codec/pkcs10.h"
#include "est/codec/x509.h"
#include "est/crypto/key.h"

namespace conformance::steps {

struct RequestPlan {
  est::crypto::PrivateKey key;
  est::crypto::KeyType key_type;
  std::optional<est::crypto::Digest> digest;
  est::codec::Name subject;
  std::vector<est::codec::GeneralName> san;
  std::string attributes = "usual";
  std::string corrupt;  // empty: sound
  std::string encoding;
  std::vector<est::codec::Extension> extensions = {};        // beside the subjectAltName
  std::vector<est::codec::Attribute> more = {};              // attributes beside extensionRequest and the channel binding
  std::optional<est::codec::ChangeSubjectName> rename = {};  // what the ChangeSubjectName among them asks for
  std::string link_by = "challenge-password";                // see linking_attributes
  std::string one_time_password = {};                        // sent in otpChallenge; empty: none
  est::Bytes resend;                                         // when not empty: these octets, nothing else
};

struct PlanInput {
  const Parameters& parameters;
  const target::Profile& profile;
  const Memory& memory;
  Identities& identities;
  RunState& run;
  bool renewal = false;  // /simplereenroll: names are those of `presented` unless the script says otherwise
  const engine::Evidence& before;
  est::Bytes presented;  // certificate to be renewed; empty when there is none
};
[[nodiscard]] Maybe<RequestPlan> plan_request(const PlanInput& input);

struct MadeRequest {
  est::Bytes der;    // as to be sent, before encoding
  est::Bytes sound;  // without the corruption; equal to `der` when there is none
  est::Bytes spki;
  est::Bytes body;
};
// `challenge_password` goes in as given. A sound request that OpenSSL would refuse is an error.
[[nodiscard]] est::Result<MadeRequest> make_request(const RequestPlan& plan, const std::optional<std::string>& challenge_password);

}  // namespace conformance::steps
