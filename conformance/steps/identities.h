// Which certificate and key a name in a script stands for.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "conformance/steps/memory.h"
#include "conformance/steps/outcome.h"
#include "conformance/steps/run_state.h"
#include "conformance/target/profile.h"
#include "est/tls/context.h"

namespace conformance::steps {

// One scenario's. All references must outlive it.
class Identities {
 public:
  // Enroll and give what was issued: with the profile's password; and with whatever it has, revoked by the operator since.
  using Obtain = std::function<Maybe<est::tls::Identity>()>;
  Identities(const target::Profile& profile, const Memory& memory, RunState& run, Obtain client, Obtain revoked)
      : profile_(profile), memory_(memory), run_(run), obtain_client_(std::move(client)), obtain_revoked_(std::move(revoked)) {}

  // Looked for in this order: "current" and earlier results, the profile's identities, then what the suite can make: "client" by one
  // enrollment with the password (once a run), "revoked" by one that the operator revokes (once a run), the others with keys of its own.
  // The same name gives the same certificate throughout a scenario, unless a later enrollment takes it over.
  [[nodiscard]] Maybe<est::tls::Identity> find(const std::string& name);

 private:
  static Maybe<est::tls::Identity> obtained(RunState::Obtained& kept, const Obtain& obtain);
  Maybe<est::tls::Identity> made(const std::string& name);
  [[nodiscard]] std::optional<est::codec::Name> known_issuer() const;

  const target::Profile& profile_;
  const Memory& memory_;
  RunState& run_;
  Obtain obtain_client_, obtain_revoked_;
  std::map<std::string, est::tls::Identity, std::less<>> made_;
};

}  // namespace conformance::steps
