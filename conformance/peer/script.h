// What a scripted EST server does, as a value: the identity it shows, how it speaks TLS and authenticates, and for each operation what it
// answers in turn. All that is not said is good behaviour by the RFCs. Format and words: README.md of this folder.
// A script is one document: YAML for `estspec serve --script`, or the map `server:` of a scenario's step.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/engine/yaml.h"
#include "conformance/peer/words.h"
#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/codec/csrattrs.h"
#include "est/tls/context.h"

namespace conformance::peer {

// How a body is encoded, how a message is framed, how an answer ends, where a redirection leads; what stands in a /serverkeygen answer.
[[nodiscard]] const Words& encodings();
[[nodiscard]] const Words& framings();
[[nodiscard]] const Words& endings();
[[nodiscard]] const Words& redirections();
[[nodiscard]] const Words& enrollment_contents();  // and issue_deviations() of pki.h
[[nodiscard]] const Words& full_responses();       // of /fullcmc
[[nodiscard]] const Words& keygen_contents();
[[nodiscard]] const Words& operations();  // keys of `answers`

struct Pace {
  std::size_t octets = 0;  // at a time; 0: all at once
  est::Milliseconds pause{0};
};

using AnswerFields = std::vector<std::pair<std::string, std::string>>;

// One answer: good, but for what is set here.
struct Answer {
  int status = 0;  // 0: the good one
  std::string reason;
  std::optional<std::string> type;  // Content-Type; empty: none
  AnswerFields fields;
  std::size_t flood = 0;             // octets of one further field
  std::vector<std::string> without;  // field names left out
  std::string contents = "good";     // what the message says
  std::string encoding = "one-line";
  std::string framing = "length";
  std::optional<std::string> text;  // instead of the body, as it is
  std::string retry_after;          // "2", "date 2" (an HTTP-date so many seconds from now), or any text
  std::string redirect;
  std::vector<std::string> challenges;  // WWW-Authenticate, one a line
  std::string raw;                      // instead of everything
  est::Milliseconds delay{0};           // before the first octet
  Pace pace;
  std::string ending = "keep";
  std::size_t ends_after = 0;  // octets, for the endings that cut
};

struct TlsScript {
  est::tls::Version least = est::tls::Version::tls12;
  est::tls::Version most = est::tls::Version::tls13;
  std::string suites;
  est::tls::ClientCertificate client_certificate = est::tls::ClientCertificate::optional;
  bool resumption = true;
  std::string instead;         // of TLS: "close", "reset", "silence", "plain-http"; empty: TLS
  est::Milliseconds delay{0};  // before the handshake
  bool operator==(const TlsScript&) const = default;
};

struct AuthenticationScript {
  std::vector<std::string> accept;  // "basic", "digest", "certificate"; any one of them suffices; empty: nobody is asked
  std::vector<std::string>
      challenges;  // WWW-Authenticate; {basic}, {digest}, {digest-md5}, {digest-sha256} are filled in. Empty: by accept
  std::vector<std::string> operations;  // where; empty: those that issue
  bool one_field = false;               // all challenges in one field
  bool stale = false;                   // the first right Digest answer is called stale
  std::string realm = "estspec";
};

struct Script {
  std::string identity = "good";
  TlsScript tls;
  AuthenticationScript authentication;
  std::vector<std::string> labels;                                  // CA labels served beside none
  est::codec::CsrAttrs attributes;                                  // none: 204
  AnswerFields fields;                                              // of every EST message, where its answer has none of that name
  bool linking = false;                                             // requests without channel binding are refused (RFC 7030 3.5)
  bool identity_proof = false;                                      // Full PKI Requests without one are refused (RFC 5272 6.2)
  std::map<std::string, std::vector<Answer>, std::less<>> answers;  // by operation, or "other"; the last repeats
  std::vector<Script> other;                                        // where `redirect: other` leads: at most one; it has no other
};

// Every problem is added as "FILE:LINE: what is wrong; cure".
[[nodiscard]] Script read_script(const engine::Yaml& yaml, const std::string& file, engine::Problems& problems);
// Reads a file. The error is the first problem.
[[nodiscard]] est::Result<Script> load_script(const std::string& path);
// A map of a scenario; every problem is told with the line of the step.
[[nodiscard]] est::Result<Script> script_of(const engine::Json& map, const std::string& file, int line);

}  // namespace conformance::peer
