// The questions of the implementation conformance statement (ICS): of each claim, where the RFCs speak of it, whether they leave a choice,
// and what else an answer of yes needs. The answers are the `claims` of a profile.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/target/declaration.h"
#include "conformance/target/profile.h"

namespace conformance::target {

struct Question {
  std::string claim;
  std::string clause;       // "RFC 7030 4.2.1"
  bool mandatory = false;   // the clause leaves no choice
  std::string rests_on;     // claims without which it means nothing, as an expression over them; may be empty
  std::string access = {};  // what of the profile's `access` the scenarios need for it, as an expression: "labels.pop-required"
};

// Of "server", "client" or "proxy", in the order of the claims. Every claim has one.
[[nodiscard]] const std::vector<Question>& questions(std::string_view role);
// Names and meanings of all claims of a role.
[[nodiscard]] Claims claims_of_role(std::string_view role);

// What stands in a proforma where an answer is to be.
constexpr std::string_view to_be_filled_in = "CHANGE-ME";

// The statement alone: `role`, `target` and `claims` of a profile, whatever else it holds. Every claim must be answered by a mapping.
struct Statement : Declaration {
  std::string role;
};
// Errors: "file:line: what is wrong; cure".
[[nodiscard]] est::Result<std::string> role_of_profile(const std::string& path);
[[nodiscard]] est::Result<Statement> load_statement(const std::string& path);

// What is at odds in the claims alone, without a look at the target: sentences with a cure. None makes a run impossible.
[[nodiscard]] std::vector<std::string> review_claims(std::string_view role, const Declaration& declaration);
// Claims whose scenarios will be INCONCLUSIVE because the profile does not say how to exercise them.
[[nodiscard]] std::vector<std::string> review_access(const Profile& profile);

}  // namespace conformance::target
