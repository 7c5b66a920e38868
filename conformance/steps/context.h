// What the verbs of one scenario share.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <vector>

#include "conformance/engine/vocabulary.h"
#include "conformance/steps/identities.h"
#include "conformance/steps/memory.h"
#include "conformance/steps/parameters.h"
#include "conformance/steps/recorder.h"
#include "conformance/steps/redact.h"
#include "conformance/steps/run_state.h"
#include "conformance/steps/stream.h"
#include "conformance/steps/trickle.h"
#include "conformance/steps/wire.h"
#include "conformance/target/profile.h"

namespace conformance::steps {

struct Context;
// One enrollment with the profile's password, apart from the scenario's connections and memory.
[[nodiscard]] Maybe<est::tls::Identity> obtain_client(const Context& context);
// One enrollment with whatever the profile has, revoked by its operator.
[[nodiscard]] Maybe<est::tls::Identity> obtain_revoked(const Context& context);

// A request whose last octet has not been sent.
struct Withheld {
  est::net::ClientConnection connection;
  est::Byte last{};
  bool released = false;                     // it has
  std::optional<est::net::Failure> failure;  // of sending it
};

struct Context {
  Context(const target::Profile& target_profile, const Redactor& redactor_of_run, RunState& state)
      : profile(target_profile),
        redactor(redactor_of_run),
        run(state),
        wire(profile),
        identities(
            profile, memory, run, [this] { return obtain_client(*this); }, [this] { return obtain_revoked(*this); }) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const target::Profile& profile;
  const Redactor& redactor;
  RunState& run;
  std::string scenario = {};  // id, for the list of certificates
  Memory memory;
  Wire wire;
  Identities identities;
  Held held;
  std::vector<std::unique_ptr<Trickle>> trickles;
  std::map<std::string, Withheld, std::less<>> withheld;  // by the name of the exchange
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
};

// Everything a verb is given for one step.
struct Doing {
  Context& context;
  const engine::Step& step;
  const engine::Evidence& before;
  engine::Exchange& exchange;
  Recorder& recorder;
  Parameters parameters;
};

// The exchange's whole time: `within`, else the profile's longest wait.
[[nodiscard]] est::Milliseconds time_for(const Doing& doing);

// `split` and `pieces`.
[[nodiscard]] Pieces pieces_of(const Parameters& parameters);

// Which credentials a step presents, and the certificate among them.
struct Presentation {
  bool password = false;
  std::string certificate;  // name; empty: none
  std::optional<est::tls::Identity> identity;
};
enum class Usual { none, access, renewal };  // what a verb presents when the step does not say
[[nodiscard]] Maybe<Presentation> presentation_of(const Doing& doing, Usual usual);

[[nodiscard]] Maybe<OpenOptions> open_options(const Doing& doing, const Presentation& presentation);

// CA label of a step: `label`, else that of `at`, else the profile's.
[[nodiscard]] Maybe<std::string> label_of(const Doing& doing);
[[nodiscard]] std::string est_prefix(std::string_view label);  // "/.well-known/est/LABEL"
// Where the step connects to: the address of the feature in `at` if it has one, else the profile's.
[[nodiscard]] est::net::Endpoint endpoint_of(const Doing& doing);
[[nodiscard]] std::string host_field(const Doing& doing);

// The verbs.
[[nodiscard]] engine::StepOutcome perform_http(Doing& doing);  // cacerts, csrattrs, enroll, reenroll, request
[[nodiscard]] engine::StepOutcome perform_handshake(Doing& doing);
[[nodiscard]] engine::StepOutcome perform_renegotiate(Doing& doing);
[[nodiscard]] engine::StepOutcome perform_key_update(Doing& doing);
[[nodiscard]] engine::StepOutcome perform_client_hello(Doing& doing);
[[nodiscard]] engine::StepOutcome perform_half_open(Doing& doing);
[[nodiscard]] engine::StepOutcome perform_raw(Doing& doing);
[[nodiscard]] engine::StepOutcome perform_plain(Doing& doing);
[[nodiscard]] engine::StepOutcome perform_hold(Doing& doing);
[[nodiscard]] engine::StepOutcome perform_finish(Doing& doing);
[[nodiscard]] engine::StepOutcome perform_pause(Doing& doing);
[[nodiscard]] engine::StepOutcome perform_wait_retry(Doing& doing);
[[nodiscard]] engine::StepOutcome perform_operator(Doing& doing);

}  // namespace conformance::steps
