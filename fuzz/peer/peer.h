// The parser of somebody else: functions linked in, a shared library (est_fuzz.h), or a program that speaks the stdin protocol:
//
//   to the program     kind ('c' CSR, 'p' certs-only, 'a' csrattrs), length (4 octets, big-endian), that many octets
//   from the program   verdict ('+' accepted, '-' rejected), length of the re-encoding (0: none), that many octets
//
// One answer for each question, in order; the program ends when its input does.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"

namespace fuzz::peer {

enum class Kind : char { csr = 'c', certs_only = 'p', csrattrs = 'a' };

struct Verdict {
  bool accepted = false;
  est::Bytes canonical;  // empty: none given
};

inline constexpr std::size_t most_canonical = 64U << 10U;

// One thread at a time.
class Peer {
 public:
  virtual ~Peer() = default;
  // Nothing when the peer does not parse this kind at all. An error when it broke the contract or died.
  [[nodiscard]] virtual est::Result<std::optional<Verdict>> ask(Kind kind, est::BytesView der) = 0;
};

[[nodiscard]] std::unique_ptr<Peer> linked_in();  // functions of est_fuzz.h that this program was linked with, if any
[[nodiscard]] est::Result<std::unique_ptr<Peer>> load_plugin(const std::string& path);
// `command` is run by /bin/sh. Every answer has a deadline; the program is killed when the peer goes.
[[nodiscard]] est::Result<std::unique_ptr<Peer>> start_program(const std::string& command,
                                                               est::Milliseconds deadline = est::Milliseconds{10000});

}  // namespace fuzz::peer
