// Keeps secrets out of evidence: every occurrence is overwritten by '*' of the same length, so that offsets and framing stay as they were.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/target/profile.h"
#include "est/base/bytes.h"

namespace conformance::steps {

// User names the suite makes up; known here because a right password may travel beside them.
inline constexpr std::string_view unknown_user = "estspec-nobody";
inline constexpr std::string_view wrong_password = "estspec-wrong-password";

// Threads: immutable after construction.
class Redactor {
 public:
  // Secrets shorter than six octets are not searched for, because they would hit innocent octets of certificates and fields; the
  // credentials of an Authorization field are overwritten whatever their length.
  explicit Redactor(const target::Profile& profile);

  void overwrite(est::Bytes& octets) const;
  [[nodiscard]] std::string cleaned(std::string_view text) const;

 private:
  std::vector<std::string> secrets_;  // longest first
};

// The token after "Authorization: Basic", in every spelling of case and space, overwritten.
void overwrite_basic(est::Bytes& octets);

}  // namespace conformance::steps
