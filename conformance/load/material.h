// What requests are made of, prepared before the clock starts: keys, signed requests, message heads.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "conformance/load/plan.h"
#include "est/http/message.h"
#include "est/pki/request.h"

namespace conformance::load {

struct Applicant {
  est::crypto::PrivateKey key;
  est::Bytes public_key_info;
  est::pki::RequestSpec first, renewal;  // the renewal has the names of the identity's certificate (RFC 7030 4.2.2)
  est::Bytes first_body, renewal_body;   // base64 of the signed requests
};

// Immutable after make(); any thread.
class Material {
 public:
  // Errors: a subject that cannot be read, a renewal without an identity.
  [[nodiscard]] static est::Result<Material> make(const Plan& plan);

  // Which applicant request `number` is for; none are needed, and there are none, when the mix only reads.
  [[nodiscard]] const Applicant* applicant(std::uint64_t number) const;
  // Without credentials. `binding` is the text for the challengePassword; empty: none, and nothing is signed.
  [[nodiscard]] est::Result<est::http::Request> request(est::ops::Operation operation, const Applicant* applicant,
                                                        const std::string& binding) const;
  [[nodiscard]] std::size_t size() const noexcept { return applicants_.size(); }

 private:
  std::vector<Applicant> applicants_;
  std::string label_, host_;
  std::vector<est::http::Field> fields_;
};

}  // namespace conformance::load
