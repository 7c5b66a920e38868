#include "conformance/steps/context.h"

#include <algorithm>
#include <array>

#include "conformance/steps/issuance.h"
#include "est/ops/operation.h"

namespace conformance::steps {
namespace {

using engine::Json;

bool has_current(const Context& context) {
  const auto* current = context.memory.find("current");
  return current != nullptr && !current->certificate.empty();
}

// The certificate meant when a step wants one but names none.
std::string usual_certificate(const Context& context, Usual usual) {
  const bool client = context.profile.identities.contains("client");
  if (usual == Usual::renewal && has_current(context)) return "current";
  return client || !has_current(context) ? "client" : "current";
}

Maybe<Presentation> usual_presentation(const Context& context, Usual usual) {
  const bool client = context.profile.identities.contains("client");
  switch (usual) {
    case Usual::none:
      return Presentation{};
    case Usual::access:
      if (context.profile.password) return Presentation{.password = true, .certificate = {}, .identity = {}};
      return Presentation{.password = false, .certificate = client ? "client" : "", .identity = {}};
    case Usual::renewal:
      if (client || has_current(context) || context.profile.password)
        return Presentation{.password = false, .certificate = usual_certificate(context, usual), .identity = {}};
      return cannot(
          "there is no certificate to renew: none was issued in this scenario, and the profile has neither access.identities.client nor a "
          "password to obtain one with");
  }
  return fault("unknown default credentials");
}

// A step that says something about user, password or nonce means to use them.
bool speaks_of_password(const Parameters& parameters) {
  constexpr std::array names{"scheme", "user", "password", "nonce", "digest-algorithm", "digest-uri"};
  return std::any_of(names.begin(), names.end(), [&](const char* name) { return parameters.has(name); });
}

Maybe<Presentation> wanted_presentation(const Doing& doing, Usual usual) {
  const auto kind = doing.parameters.text("credentials", "default");
  if (kind == "none") return Presentation{};
  if (kind == "default" && doing.parameters.has("certificate"))
    return Presentation{.password = speaks_of_password(doing.parameters), .certificate = {}, .identity = {}};
  if (kind == "default" && !speaks_of_password(doing.parameters)) return usual_presentation(doing.context, usual);
  Presentation presentation;
  presentation.password = kind != "certificate";
  if (kind == "certificate" || kind == "both") presentation.certificate = usual_certificate(doing.context, usual);
  return presentation;
}

// Features that a target's default label may well have; the others need a label of their own.
bool may_be_default(std::string_view feature) {
  return feature == "http-basic" || feature == "http-digest" || feature == "client-certificate" || feature == "late-client-certificate" ||
         feature == "fullcmc-trust-anchors";
}

std::string mixed_case(std::string name) {
  for (std::size_t i = 0; i < name.size(); i += 2) {
    if (name[i] >= 'a' && name[i] <= 'z') name[i] = static_cast<char>(name[i] - 'a' + 'A');
  }
  return name;
}

// The certificate must have the name itself, in whatever form it was asked for.
engine::StepOutcome choose_name(const Doing& doing, OpenOptions& options) {
  const auto which = doing.parameters.maybe_text("server-name");
  if (!which) return recorded();
  const auto& names = doing.context.profile.server_names;
  const std::size_t index = *which == "second" ? 1 : 0;
  if (index >= names.size()) return cannot("the profile does not name two server names; add access.server-names");
  options.expected_name = names[index];
  const std::string form = doing.parameters.text("sni-form", "plain");
  options.server_name = form == "mixed-case" ? mixed_case(names[index]) : form == "final-dot" ? names[index] + "." : names[index];
  doing.recorder.fact("server-name", options.server_name);
  return recorded();
}

engine::StepOutcome perform_apart(Context& apart, const engine::Step& step, engine::Exchange& exchange,
                                  engine::StepOutcome (*verb)(Doing&)) {
  const engine::Evidence none;
  Recorder recorder(exchange, apart.redactor, apart.began);
  Doing doing{apart, step, none, exchange, recorder, Parameters(step.parameters)};
  return perform_counted(doing, verb);
}

// The exchange that gives an identity has its name.
Maybe<est::tls::Identity> enrolled_apart(const Context& context, Context& apart, Json parameters, const std::string& identity) {
  apart.scenario = context.scenario;
  engine::Exchange exchange{.name = identity};
  const engine::Step step{.verb = "enroll", .parameters = std::move(parameters)};
  if (auto outcome = perform_apart(apart, step, exchange, perform_http); outcome.kind != engine::StepOutcome::Kind::recorded)
    return outcome;
  if (has_current(apart)) return apart.identities.find("current");
  const std::string why = exchange.failure ? exchange.failure->message : "the answer to it holds no certificate for the key";
  return cannot("the profile has no access.identities." + identity + ", and the enrollment that should give one failed: " + why);
}

// What the suite did to have this certificate, where the profile names none.
void tell_obtained(const Doing& doing, const std::string& name) {
  if (doing.context.profile.identities.contains(name)) return;
  if (name == "client")
    doing.recorder.event("suite", "client-certificate-obtained", "by an enrollment with the password, because the profile names none");
  if (name == "revoked") doing.recorder.event("suite", "client-certificate-obtained", "by an enrollment, and revoked by the operator");
}

}  // namespace

est::Milliseconds time_for(const Doing& doing) {
  const std::int64_t most = doing.context.profile.limits.longest_wait_seconds * 1000;
  return est::Milliseconds(std::clamp<std::int64_t>(doing.parameters.number("within", most), 1, 24LL * 3600 * 1000));
}

Pieces pieces_of(const Parameters& parameters) {
  constexpr std::int64_t usual = 6;
  const auto count = std::max<std::int64_t>(1, parameters.number("pieces", usual));
  return {est::Milliseconds(parameters.number("split", 0)), static_cast<std::size_t>(count)};
}

// INT-14: where the listener lets nobody in without a certificate, a step that does not say otherwise shows one.
bool demanded_of_everyone(const Doing& doing) {
  return doing.context.profile.claims.contains("client-certificate-demanded") &&
         doing.parameters.text("credentials", "default") == "default" && !speaks_of_password(doing.parameters);
}

Maybe<Presentation> presentation_of(const Doing& doing, Usual usual) {
  // Who writes "default" where nothing is the default means what the profile has.
  if (usual == Usual::none && doing.parameters.has("credentials")) usual = Usual::access;
  auto presentation = wanted_presentation(doing, usual);
  if (!presentation) return presentation;
  if (demanded_of_everyone(doing) && presentation->certificate.empty()) presentation->certificate = "client";
  if (const auto name = doing.parameters.maybe_text("certificate")) presentation->certificate = *name == "none" ? "" : *name;
  if (!presentation->certificate.empty()) {
    tell_obtained(doing, presentation->certificate);
    auto identity = doing.context.identities.find(presentation->certificate);
    if (!identity) return identity.outcome();
    presentation->identity = std::move(*identity);
    doing.recorder.artefact("client-certificate", presentation->identity->chain.front());
    doing.recorder.fact("certificate", presentation->certificate);
  }
  const bool certificate = presentation->identity.has_value();
  doing.recorder.fact("credentials", certificate && presentation->password ? "certificate and password"
                                     : certificate                         ? "certificate"
                                     : presentation->password              ? "password"
                                                                           : "none");
  return presentation;
}

Maybe<OpenOptions> open_options(const Doing& doing, const Presentation& presentation) {
  const Parameters& parameters = doing.parameters;
  OpenOptions options;
  const std::string mode = parameters.text("connection", "new");
  options.mode = mode == "keep" ? OpenOptions::Mode::keep : mode == "resume" ? OpenOptions::Mode::resume : OpenOptions::Mode::fresh;
  options.identity = presentation.identity;
  options.suites = parameters.text("suites");
  options.verify = parameters.flag("verify", true);
  options.server_name = parameters.text("sni");
  options.alpn = parameters.texts("alpn").value_or(std::vector<std::string>{});
  options.groups = parameters.text("groups");
  options.post_handshake = parameters.flag("post-handshake", true);
  options.endpoint = endpoint_of(doing);
  if (auto outcome = choose_name(doing, options); outcome.kind != engine::StepOutcome::Kind::recorded) return outcome;
  const std::string tls = parameters.text("tls", "any");
  if (tls == "any") return options;
  const auto version = est::tls::version_by_name(tls);
  if (!version) return fault("no TLS version is called '" + tls + "'");
  options.least = options.most = *version;
  // Versions that OpenSSL lets nobody speak at its usual security level.
  if (*version < est::tls::Version::tls12 && options.suites.empty()) options.suites = "DEFAULT:@SECLEVEL=0";
  return options;
}

Maybe<std::string> label_of(const Doing& doing) {
  const auto& profile = doing.context.profile;
  if (const auto label = doing.parameters.maybe_text("label")) return *label;
  const auto feature = doing.parameters.maybe_text("at");
  if (!feature) return profile.label;
  if (const auto found = profile.labels.find(*feature); found != profile.labels.end()) return found->second;
  if (may_be_default(*feature)) return profile.label;
  return cannot("the profile names no label where the target does '" + *feature + "'; add access.labels." + *feature);
}

Maybe<est::tls::Identity> obtain_client(const Context& context) {
  Context apart(context.profile, context.redactor, context.run);
  return enrolled_apart(context, apart, {{"credentials", "password"}}, "client");
}

Maybe<est::tls::Identity> obtain_revoked(const Context& context) {
  Context apart(context.profile, context.redactor, context.run);
  auto identity = enrolled_apart(context, apart, Json::object(), "revoked");
  if (!identity) return identity;
  engine::Exchange exchange{.name = "revocation"};
  const engine::Step step{.verb = "operator", .parameters = {{"action", "revoke"}, {"of", "revoked"}}};
  if (auto outcome = perform_apart(apart, step, exchange, perform_operator); outcome.kind != engine::StepOutcome::Kind::recorded)
    return outcome;
  return identity;
}

std::string est_prefix(std::string_view label) {
  std::string prefix(est::ops::well_known);
  if (!label.empty()) prefix.append("/").append(label);
  return prefix;
}

est::net::Endpoint endpoint_of(const Doing& doing) {
  const auto& urls = doing.context.profile.urls;
  const auto found = urls.find(doing.parameters.text("at"));
  return found == urls.end() ? doing.context.profile.url.endpoint : found->second.endpoint;
}

std::string host_field(const Doing& doing) {
  const auto endpoint = endpoint_of(doing);
  const std::string whole = endpoint.to_string();
  // RFC 9110 7.2: the port is left out when it is the scheme's own.
  constexpr std::string_view usual_port = ":443";
  return endpoint.port == 443 ? whole.substr(0, whole.size() - usual_port.size()) : whole;
}

}  // namespace conformance::steps
