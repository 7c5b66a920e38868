// What a scenario's session remembers from one step to the next: keys, requests, certificates, bindings, digest nonces.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/codec/x509.h"
#include "est/crypto/key.h"
#include "est/http/auth.h"

namespace conformance::steps {

// One enrollment, by the name of its exchange.
struct Enrollment {
  std::optional<est::crypto::PrivateKey> key;
  std::string key_name;  // "ec-p256"
  est::codec::Name subject;
  std::vector<est::codec::GeneralName> san;
  est::Bytes request;      // DER as sent
  est::Bytes spki;         // of the sound request
  est::Bytes certificate;  // issued for that key; empty when none came
  std::string label;
  std::string answer;  // text of the response body, when there is no certificate
};

// The last Digest authorization of the scenario, for replays and nonce counting.
struct DigestUse {
  est::http::DigestChallenge challenge;
  std::uint32_t count = 0;
  std::string cnonce;
};

struct Memory {
  std::map<std::string, Enrollment, std::less<>> enrollments;
  std::string current;  // exchange name of the certificate issued last; empty when none
  std::optional<DigestUse> digest;
  std::string one_time_password;  // sent last (RFC 7894); empty: none yet

  [[nodiscard]] const Enrollment* find(std::string_view name) const {
    const auto found = enrollments.find(name == "current" ? std::string_view(current) : name);
    return found == enrollments.end() ? nullptr : &found->second;
  }
};

}  // namespace conformance::steps
