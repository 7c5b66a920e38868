// Who is let in: HTTP authentication and client certificates as a script demands them.
// Threads: any.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/peer/pki.h"
#include "conformance/peer/script.h"
#include "est/http/auth.h"
#include "est/http/message.h"
#include "est/tls/facts.h"

namespace conformance::peer {

class Gate {
 public:
  // References must outlive it.
  Gate(const AuthenticationScript& script, const est::http::Credentials& credentials, const Pki& pki);

  // Whether this operation (a word of operations()) asks for anything at all.
  [[nodiscard]] bool guards(std::string_view operation) const;
  // Nothing: the client is let in. Otherwise the WWW-Authenticate values of a 401; none of them: a 403.
  [[nodiscard]] std::optional<std::vector<std::string>> refusal(const est::http::Request& request, const est::tls::Facts& facts);
  // Values with their placeholders filled in.
  [[nodiscard]] std::vector<std::string> filled(const std::vector<std::string>& challenges, bool stale = false) const;
  // {nextnonce} is a nonce that will be accepted (RFC 7616 3.5).
  [[nodiscard]] AnswerFields filled(AnswerFields fields) const;
  [[nodiscard]] bool has_certificate(const est::tls::Facts& facts) const;

 private:
  [[nodiscard]] bool accepts(std::string_view way) const;
  [[nodiscard]] est::http::DigestVerifier::Outcome judge(const est::http::Request& request) const;
  [[nodiscard]] std::vector<std::string> challenges(bool stale) const;

  const AuthenticationScript& script_;
  const est::http::Credentials& credentials_;
  const Pki& pki_;
  est::http::DigestVerifier digest_;
  std::mutex mutex_;
  bool called_stale_ = false;
};

}  // namespace conformance::peer
