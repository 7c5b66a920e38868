// What is wrong with the replies to a case: oracles that need nothing but the case and what came back.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conformance/campaign/case.h"
#include "conformance/campaign/sender.h"

namespace conformance::campaign {

struct Problem {
  std::string kind;      // a word of problem_kinds()
  std::string sentence;  // what the target did
};
struct ProblemKind {
  std::string_view kind, meaning;
};
[[nodiscard]] const std::vector<ProblemKind>& problem_kinds();

// Names and the like of a certificate that a sound request led to, by the request's DER.
using Sound = std::map<est::Bytes, est::Bytes>;
// Subject and subjectAltName, as octets to compare.
[[nodiscard]] est::Bytes names_in(est::BytesView certificate);

// How far a request proves possession of its key.
enum class Proof { right, wrong };
// `right` when our reading or OpenSSL's finds a signature that verifies.
[[nodiscard]] Proof proof_of(est::BytesView request);

// The certificates of the replies, and the number of answers. `sound`: empty where names are not compared.
[[nodiscard]] std::optional<Problem> judge(const Case& one, const Sent& sent, const Sound& sound);

// What our own readers say of what was sent in the layer that was disturbed: half of the pairs that guide a campaign.
[[nodiscard]] std::string own_finding(const Case& one, const Sent& sent);

// The first message that was whole and got no answer in time; nothing when there is none.
[[nodiscard]] std::optional<std::size_t> unanswered(const Case& one, const Sent& sent);
// Whether something happened after which one looks whether the target lives.
[[nodiscard]] bool is_odd(const Case& one, const Sent& sent);

}  // namespace conformance::campaign
