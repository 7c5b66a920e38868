// What a step adds to a certification request beside names, key and channel binding: ChangeSubjectName (RFC 6402 2.8), a one-time
// password (RFC 7894 3.1), and attributes written out in the script.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conformance/steps/memory.h"
#include "conformance/steps/outcome.h"
#include "conformance/steps/parameters.h"
#include "conformance/steps/run_state.h"
#include "conformance/target/profile.h"
#include "est/codec/pkcs10.h"

namespace conformance::steps {

struct RequestExtras {
  std::vector<est::codec::Attribute> attributes;
  std::optional<est::codec::ChangeSubjectName> rename;
  std::string one_time_password;  // the one in `attributes`; empty: none
};

// A one-time password that is "right" is taken from the profile and not given out again in this run.
[[nodiscard]] Maybe<RequestExtras> extras_for(const Parameters& parameters, const target::Profile& profile, const Memory& memory,
                                              RunState& run);

// The attributes that carry a channel binding, by the words of the parameter `link-by`: challengePassword, estIdentityLinking
// (RFC 7894 3.3), or both, of which the second may be made wrong.
[[nodiscard]] std::vector<est::codec::Attribute> linking_attributes(const std::string& link_by, const std::string& value);

}  // namespace conformance::steps
