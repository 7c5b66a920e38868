// The profile of a client under test: what it claims (ICS) and how it is made to act (IXIT). Format: README.md, "Clients".
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "conformance/engine/evidence.h"
#include "conformance/target/declaration.h"
#include "est/base/result.h"

namespace conformance::target {

// Claims a client profile may make (the vocabulary of `needs`): name and meaning.
[[nodiscard]] const Claims& client_claims();

// What a client can be told to do: the EST operations, and `provision`, everything a device does on its own to get its certificate.
[[nodiscard]] const std::vector<std::string>& client_operations();

struct ClientProfile : Declaration {
  // One of these three. A command line for the shell with {placeholders}, the one of key "" where an operation has none of its own; or an
  // address that is told by HTTP POST; or a person at the terminal or at a page.
  std::map<std::string, std::string, std::less<>> commands;
  std::string trigger;
  bool person = false;

  // Fields of every good answer, for a client that wants more than EST says.
  std::vector<std::pair<std::string, std::string>> answer_headers;
  std::string reset, seed;  // commands before each scenario and before each drive; may be empty
  int cannot_status = 77;   // exit status that says: my client cannot do this
  int seconds = 30;         // for one drive; 600 for a person
  int jobs = 2;             // scenarios at a time

  // Everything above that is not secret, in a stable form: stored in results.json and handed to checks. Commands stay out: they may hold
  // credentials for the operator's own machines.
  [[nodiscard]] engine::Json public_json() const;
  [[nodiscard]] std::vector<std::string> unanswered() const;  // claims that are neither claimed nor denied by a mapping
};

// Errors: "file:line: what is wrong; cure".
[[nodiscard]] est::Result<ClientProfile> load_client_profile(const std::string& path);

// The profile of `command` alone: it claims what RFC 7030 demands of every client.
[[nodiscard]] ClientProfile client_profile_for(const std::string& command);

}  // namespace conformance::target
