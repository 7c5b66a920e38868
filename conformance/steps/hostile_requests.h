// Certification requests an attacker would write: each has one hostile part, made here by name and size, never typed as octets. Where the
// part lies inside what is signed, the request is signed again, so that nothing but that part can be the reason for a refusal.
// Classes: DER (X.690), the CSR's meaning (RFC 2986, RFC 5280), keys and signatures (RFC 8017, RFC 5480, RFC 4055).
#pragma once

#include <functional>
#include <vector>

#include "conformance/steps/corrupt.h"

namespace conformance::steps {

struct CorruptionEntry {
  Corruption what;
  std::function<est::Result<est::Bytes>(const SoundRequest&)> make;
};

// All of them: the families below, in order.
[[nodiscard]] std::vector<CorruptionEntry> hostile_requests();

[[nodiscard]] std::vector<CorruptionEntry> hostile_encodings();   // lengths, tags, nesting, primitive values
[[nodiscard]] std::vector<CorruptionEntry> hostile_attributes();  // CSR attributes and the extensions asked for
[[nodiscard]] std::vector<CorruptionEntry> hostile_subjects();
[[nodiscard]] std::vector<CorruptionEntry> hostile_keys();        // public keys
[[nodiscard]] std::vector<CorruptionEntry> hostile_signatures();  // signature values and their algorithm

// `levels` constructed elements of this tag inside each other around `innermost`. Linear in the result's size.
[[nodiscard]] est::Bytes nested_elements(est::Byte tag, std::size_t levels, est::Bytes innermost);

}  // namespace conformance::steps
