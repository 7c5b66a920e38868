#include "conformance/steps/server_driver.h"

#include <functional>
#include <map>

#include "conformance/steps/context.h"
#include "conformance/steps/issuance.h"

namespace conformance::steps {
namespace {

using VerbFunction = engine::StepOutcome (*)(Doing&);

const std::map<std::string, VerbFunction, std::less<>>& functions() {
  static const std::map<std::string, VerbFunction, std::less<>> map{
      {"cacerts", perform_http},
      {"csrattrs", perform_http},
      {"enroll", perform_http},
      {"reenroll", perform_http},
      {"serverkeygen", perform_http},
      {"request", perform_http},
      {"raw", perform_raw},
      {"renegotiate", perform_renegotiate},
      {"key-update", perform_key_update},
      {"client-hello", perform_client_hello},
      {"half-open", perform_half_open},
      {"handshake", perform_handshake},
      {"plain", perform_plain},
      {"hold", perform_hold},
      {"finish", perform_finish},
      {"fullcmc", perform_http},
      {"pause", perform_pause},
      {"wait-retry", perform_wait_retry},
      {"operator", perform_operator},
  };
  return map;
}

class ServerSession final : public engine::Session {
 public:
  ServerSession(const target::Profile& profile, const Redactor& redactor, RunState& run, std::string scenario)
      : context_(profile, redactor, run) {
    context_.scenario = std::move(scenario);
  }

  engine::StepOutcome perform(const engine::Step& step, const engine::Evidence& before, engine::Exchange& exchange) override {
    const auto verb = functions().find(step.verb);
    if (verb == functions().end()) return fault("the server driver has no verb '" + step.verb + "'");
    Recorder recorder(exchange, context_.redactor, context_.began);
    Doing doing{context_, step, before, exchange, recorder, Parameters(step.parameters)};
    auto outcome = perform_counted(doing, verb->second);
    recorder.finish();
    outcome.sentence = context_.redactor.cleaned(outcome.sentence);
    return outcome;
  }

  void capture() override { context_.wire.taps().begin(); }
  std::vector<engine::CapturedConnection> captured(std::chrono::steady_clock::time_point scenario_began) override {
    context_.trickles.clear();
    context_.withheld.clear();
    context_.held = {};
    context_.wire.close();
    return context_.wire.taps().captured(TapRole::client, context_.redactor, scenario_began);
  }

 private:
  Context context_;
};

class IdleConnection final : public engine::Witness {
 public:
  explicit IdleConnection(est::net::ClientConnection connection) : connection_(std::move(connection)) {}
  bool ended() override { return connection_.readable_now(); }

 private:
  est::net::ClientConnection connection_;
};

class ServerDriver final : public engine::Driver {
 public:
  ServerDriver(const target::Profile& profile, std::shared_ptr<CertificateBudget> budget)
      : profile_(profile), redactor_(profile_), run_(profile_.limits, std::move(budget)) {}

  std::unique_ptr<engine::Session> begin(const engine::Scenario& scenario) override {
    return std::make_unique<ServerSession>(profile_, redactor_, run_, scenario.id);
  }
  std::unique_ptr<engine::Witness> witness() override {
    constexpr est::Milliseconds longest{3000};
    run_.wait_for_turn();
    auto opened = Wire(profile_).dial_beside(est::Deadline::after(longest));
    auto* connection = std::get_if<est::net::ClientConnection>(&opened);
    return connection == nullptr ? nullptr : std::make_unique<IdleConnection>(std::move(*connection));
  }
  engine::Step liveness() const override {
    engine::Step step;
    step.verb = "cacerts";
    step.name = "liveness";
    return step;
  }

 private:
  target::Profile profile_;
  Redactor redactor_;
  RunState run_;
};

}  // namespace

std::unique_ptr<engine::Driver> make_server_driver(const target::Profile& profile, const engine::Vocabulary& /*vocabulary*/,
                                                   std::shared_ptr<CertificateBudget> budget) {
  return std::make_unique<ServerDriver>(profile, std::move(budget));
}

}  // namespace conformance::steps
