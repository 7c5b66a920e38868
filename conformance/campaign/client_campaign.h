// A fuzzing campaign against a client: it is made to act again and again, and gets answers with something wrong.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "conformance/engine/vocabulary.h"
#include "conformance/peer/delivery.h"
#include "conformance/peer/pki.h"
#include "conformance/target/client_profile.h"

namespace conformance::campaign {

struct ClientOptions {
  std::uint64_t seed = 1, first = 0, cases = 1000;
  est::Milliseconds time{0};       // 0: no limit
  int seconds = 10;                // for one act; three times that before it is called a hang
  unsigned needed = 2, tries = 3;  // a finding is confirmed when it shows so often in so many tries
  std::size_t enough = 0;          // findings, then it ends; 0: never
  std::string out;                 // an existing folder; empty: nothing is stored
  std::vector<est::Bytes> grafts;  // messages from which elements are taken
  std::function<bool()> stopped;   // by the user; may be empty
};

struct ClientCase {
  std::uint64_t index = 0;
  std::string operation;
  std::vector<std::string> words;  // what was done to the answer
};

struct ClientFinding {
  std::string kind;  // "crash", "sanitizer", "hang", "accepted"
  std::string sentence;
  ClientCase one;
  unsigned times = 0, tries = 0;
  bool confirmed = false;
  std::string folder;
};

struct ClientSummary {
  std::uint64_t cases = 0;
  std::vector<ClientFinding> findings;            // one for each kind, operation and what was done
  std::map<std::string, std::uint64_t> outcomes;  // "simpleenroll, elements changed: exit status 1"
  std::uint64_t repeated = 0;                     // further cases like a finding
  std::vector<std::string> operations;            // the client takes part in
  est::Milliseconds took{0};
  [[nodiscard]] bool confirmed() const;
};
[[nodiscard]] engine::Json to_json(const ClientFinding& finding);
[[nodiscard]] engine::Json to_json(const ClientSummary& summary);

// Changes an answer: the same seed, index and answer give the same. `words` gets what was done.
void disturb_answer(std::uint64_t seed, std::uint64_t index, const std::vector<est::Bytes>& grafts, peer::Delivery& answer,
                    std::vector<std::string>& words);

// Errors: the client does nothing it is told, or nothing can be written.
[[nodiscard]] est::Result<ClientSummary> run_client_campaign(const target::ClientProfile& profile, std::shared_ptr<const peer::Pki> pki,
                                                             const ClientOptions& options);

}  // namespace conformance::campaign
