// What a policy must not do by halves: decide differently about the same thing, or lose extensions on the way (RFC 7030 3.7, 4.2.2).
#include <algorithm>

#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/base/text.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;
using est::codec::Certificate;
using est::codec::Extension;
using est::codec::Oid;

bool granted(const Exchange& exchange) { return issued_by(exchange).has_value(); }

Results same_outcome(const CheckInput& input) {
  const std::string expected = "the same decision as before";
  const auto* earlier = other(input, "as");
  if (earlier == nullptr) return {inconclusive(input, "The other exchange was not recorded.", expected)};
  if (!answer_of(*earlier) || !answer_of(input.exchange))
    return {inconclusive(input, describe(*earlier) + " " + describe(input.exchange), expected)};
  const bool same = granted(*earlier) == granted(input.exchange);
  return {result(input, same ? Verdict::pass : Verdict::fail, "First: " + describe(*earlier) + " Then: " + describe(input.exchange),
                 expected, "policy")};
}

// Extensions that say what a certificate is for; identifiers and pointers belong to each certificate of its own.
const std::vector<Oid>& lasting() {
  namespace oids = est::codec::oids;
  static const std::vector<Oid> all{oids::key_usage, oids::extended_key_usage, oids::basic_constraints, oids::subject_alt_name,
                                    oids::certificate_policies};
  return all;
}

std::vector<std::string> changed_extensions(const Certificate& old, const Certificate& renewed) {
  std::vector<std::string> changed;
  for (const Oid& id : lasting()) {
    const Extension* before = old.extension(id);
    const Extension* after = renewed.extension(id);
    const bool same = before == nullptr ? after == nullptr : after != nullptr && before->value == after->value;
    if (!same) changed.push_back(id.name());
  }
  return changed;
}

// RFC 7030 leaves extensions to the CA, so a difference is at most a warning by way of the scenario's level.
Results extensions_kept(const CheckInput& input) {
  const std::string expected = "keyUsage, extKeyUsage, basicConstraints, subjectAltName and policies as in the old certificate";
  const auto* earlier = other(input, "old");
  const auto old = earlier == nullptr ? std::optional<Certificate>() : issued_by(*earlier);
  const auto issued = issued_by(input.exchange);
  if (!old || !issued) return {inconclusive(input, "There are no two certificates to compare.", expected)};
  const auto changed = changed_extensions(*old, *issued);
  return {result(input, changed.empty() ? Verdict::pass : Verdict::fail,
                 changed.empty() ? "All of them are kept." : "Not kept: " + est::join(changed, ", ") + ".", expected, "policy")};
}

}  // namespace

void add_policy_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"same-outcome",
                   "the same request with the same credentials is decided as it was before",
                   {required(parameter("as", ParameterType::result, "the exchange decided before"))},
                   same_outcome,
                   "as"});
  add(vocabulary, {"extensions-kept",
                   "a renewed certificate keeps the extensions that say what it is for",
                   {required(parameter("old", ParameterType::result, "exchange that issued the old certificate"))},
                   extensions_kept,
                   "old"});
}

}  // namespace conformance::checks
