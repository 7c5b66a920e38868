#include "conformance/steps/client_driver.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "conformance/peer/client_files.h"
#include "conformance/peer/scripted_proxy.h"
#include "conformance/peer/scripted_server.h"
#include "conformance/steps/client_evidence.h"
#include "conformance/steps/client_start.h"
#include "conformance/steps/outcome.h"
#include "conformance/steps/parameters.h"
#include "conformance/steps/person.h"
#include "conformance/steps/redact.h"
#include "conformance/steps/taps.h"
#include "est/base/file.h"
#include "est/codec/pem.h"
#include "est/crypto/digest.h"
#include "est/pki/request.h"

namespace conformance::steps {
namespace {

using engine::Exchange;
using engine::StepOutcome;

constexpr est::Milliseconds settling{2000};  // for connections of a client that has ended

// Gone with everything in it when its owner goes.
class Folder {
 public:
  Folder() {
    std::error_code ignored;
    path_ = (std::filesystem::temp_directory_path(ignored) / "estspec-client-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// What the scenarios of a run share.
struct ClientRun {
  target::ClientProfile profile;
  std::shared_ptr<const peer::Pki> pki;
  StartClient start;
  Disturb disturb;
  est::http::Credentials credentials{"device-" + est::hex(est::crypto::random_bytes(3)), est::hex(est::crypto::random_bytes(12))};
  est::http::Credentials at_proxy{"traveller-" + est::hex(est::crypto::random_bytes(3)), est::hex(est::crypto::random_bytes(12))};
  Redactor redactor = redactor_for(credentials, at_proxy);

  static Redactor redactor_for(const est::http::Credentials& credentials, const est::http::Credentials& at_proxy) {
    target::Profile secrets;
    secrets.password = target::Password{credentials.user, credentials.password};
    secrets.odd_passwords["proxy"] = target::Password{at_proxy.user, at_proxy.password};
    return Redactor(secrets);
  }
};

class ClientSession final : public engine::Session {
 public:
  explicit ClientSession(ClientRun& run) : run_(run) {}

  StepOutcome perform(const engine::Step& step, const engine::Evidence& before, Exchange& exchange) override {
    if (step.verb != "drive") return fault("the client driver has no verb '" + step.verb + "'");
    began_ = began_ == peer::Moment() ? std::chrono::steady_clock::now() : began_;
    StepOutcome outcome = drive(step, before, exchange);
    outcome.sentence = run_.redactor.cleaned(outcome.sentence);
    return outcome;
  }

  void capture() override { taps_.begin(); }
  std::vector<engine::CapturedConnection> captured(peer::Moment scenario_began) override {
    return taps_.captured(TapRole::server, run_.redactor, scenario_began);
  }

 private:
  StepOutcome drive(const engine::Step& step, const engine::Evidence& before, Exchange& exchange) {
    const Parameters parameters(step.parameters);
    if (auto ready = make_ready(); ready.kind != StepOutcome::Kind::recorded) return ready;
    const auto* map = step.parameters.contains("server") ? &step.parameters["server"] : nullptr;
    auto script = map == nullptr ? est::Result<peer::Script>(peer::Script{}) : peer::script_of(*map, step.place.file, step.place.line);
    if (!script) return fault(script.error().message);
    add_headers(*script);
    const est::http::Credentials credentials{user_for(parameters), run_.credentials.password};
    peer::ServerOptions options;
    options.disturb = run_.disturb;
    options.taps = taps_.wanted();
    auto server = peer::ScriptedServer::start(*script, *run_.pki, credentials, options);
    if (!server) return fault("the scripted server: " + server.error().message);
    const std::string operation = parameters.text("operation");
    Instructions instructions = instructions_for(operation, parameters, (*server)->port(), before.exchanges.size());
    if (auto status = add_further(parameters, instructions); !status) return fault(status.error().message);
    if (auto status = add_request(parameters, instructions, exchange); !status) return fault(status.error().message);
    auto proxy = proxy_for(parameters, (*server)->port(), instructions);
    if (!proxy) return fault("the scripted proxy: " + proxy.error().message);
    const auto within = time_for(parameters);
    if (auto status = run_hook("seed", run_.profile.seed, instructions, within); !status) return cannot(status.error().message);
    const auto end = run_.start(operation, instructions, within);
    (*server)->settle(est::Deadline::after(settling));
    if (*proxy) (*proxy)->stop();
    (*server)->stop();
    keep_taps((*server)->seen(), exchange.name);
    if (!end) return cannot(end.error().message);
    ProxyView view{*proxy != nullptr, {}, run_.at_proxy};
    if (*proxy) view.seen = (*proxy)->seen();
    return record(operation, *end, (*server)->seen(), view, exchange);
  }

  void keep_taps(const std::vector<peer::SeenConnection>& seen, const std::string& exchange) {
    for (const auto& connection : seen) taps_.keep(exchange + ", connection " + std::to_string(connection.number), connection.tap);
  }

  // Null where the scenario has none.
  est::Result<std::unique_ptr<peer::ScriptedProxy>> proxy_for(const Parameters& parameters, std::uint16_t server,
                                                              Instructions& instructions) {
    const std::string kind = parameters.text("proxy", "none");
    const bool given = kind != "none" && parameters.text("proxy-password", "given") == "given";
    instructions["proxy_user"] = given ? run_.at_proxy.user : "";
    instructions["proxy_password_file"] = given ? folder_.path() + "/proxy-password" : "";
    instructions["proxy"] = "";
    if (kind == "none") return std::unique_ptr<peer::ScriptedProxy>();
    if (auto status = est::write_file(folder_.path() + "/proxy-password", run_.at_proxy.password, 0600); !status) return status.error();
    auto proxy = peer::ScriptedProxy::start(kind, server, {run_.at_proxy, run_.credentials});
    if (proxy) instructions["proxy"] = (*proxy)->url();
    return proxy;
  }

  void add_headers(peer::Script& script) const {
    script.fields.insert(script.fields.end(), run_.profile.answer_headers.begin(), run_.profile.answer_headers.end());
    for (auto& other : script.other) add_headers(other);
  }

  // What a scenario allows is meant for programs; a person is given no less than the profile says.
  est::Milliseconds time_for(const Parameters& parameters) const {
    const std::int64_t asked = parameters.number("within", run_.profile.seconds);
    return std::chrono::seconds(run_.profile.person ? std::max<std::int64_t>(asked, run_.profile.seconds) : asked);
  }

  // Files and hooks of the scenario, once.
  StepOutcome make_ready() {
    if (files_) return recorded();
    if (folder_.path().empty()) return fault("no temporary folder for the client can be made");
    auto files = peer::write_client_files(folder_.path(), *run_.pki, run_.credentials, run_.credentials.user);
    if (!files) return fault(files.error().message);
    files_ = std::move(*files);
    std::error_code trouble;
    std::filesystem::create_directory(folder_.path() + "/state", trouble);
    if (trouble) return fault("no folder for the client's state can be made");
    const auto status = run_hook("reset", run_.profile.reset, {{"state_dir", folder_.path() + "/state"}}, est::Milliseconds(60000));
    return status ? recorded() : cannot(status.error().message);
  }

  Instructions instructions_for(const std::string& operation, const Parameters& parameters, std::uint16_t port, std::size_t number) {
    const std::string anchors = parameters.text("anchors", "explicit");
    const bool quiet = operation == "cacerts" || operation == "csrattrs";
    const std::string credentials = parameters.text("credentials", operation == "simplereenroll" ? "certificate"
                                                                   : quiet                       ? "none"
                                                                                                 : "password");
    const bool password = credentials == "password" || credentials == "both";
    const bool certificate = credentials == "certificate" || credentials == "both";
    const bool named = parameters.text("certificate", "plain") == "with-names";
    const std::string host = parameters.text("named", "name") == "address" ? "127.0.0.1" : "localhost";
    const std::string out = folder_.path() + "/out-" + std::to_string(number);
    std::error_code ignored;
    std::filesystem::create_directory(out, ignored);
    const auto given = [](bool is, const std::string& what) { return is ? what : std::string(); };
    const std::string explicit_anchor = anchors == "former" ? files_->former_anchor : files_->trust_anchor;
    return {{"operation", operation},
            {"url", "https://" + host + ":" + std::to_string(port)},
            {"host", host},
            {"port", std::to_string(port)},
            {"label", parameters.text("label")},
            {"trust_anchor", given(anchors == "explicit" || anchors == "both" || anchors == "former", explicit_anchor)},
            {"implicit_anchor", given(anchors == "implicit" || anchors == "both", files_->implicit_anchor)},
            {"user", given(password, user_for(parameters))},
            {"password_file", given(password, files_->password)},
            {"client_cert", given(certificate, named ? files_->named_certificate : files_->client_certificate)},
            {"client_key", given(certificate, named ? files_->named_key : files_->client_key)},
            {"crls", given(parameters.text("crls", "none") == "given", files_->crls)},
            {"key", parameters.text("key", "ec-p256")},
            {"linking", parameters.text("linking", "default")},
            {"wait", std::to_string(parameters.number("wait", 0))},
            {"subject", parameters.text("subject", "CN=" + run_.credentials.user + ",O=estspec")},
            {"san", parameters.text("san")},
            {"out_dir", out},
            {"state_dir", folder_.path() + "/state"}};
  }

  [[nodiscard]] std::string user_for(const Parameters& parameters) const {
    const std::string kind = parameters.text("user", "given");
    if (kind == "empty") return {};
    return kind == "with-colon" ? "device:" + run_.credentials.user : run_.credentials.user;
  }

  // What only few scenarios tell. Challenges are no secrets of anybody, and say so.
  est::Status add_further(const Parameters& parameters, Instructions& instructions) {
    const auto given = [](bool is, const std::string& what) { return is ? what : std::string(); };
    instructions["fingerprint"] = fingerprint_for(parameters);
    const std::string how = parameters.text("protect", "none");
    const peer::Protection* protection = run_.pki->protection(how);
    instructions["protect_id"] = protection == nullptr ? "" : protection->identifier;
    instructions["protect_secret_file"] = given(how == "symmetric", files_->secret_for_keys);
    instructions["protect_key"] = how == "key-transport" ? files_->transport_key : given(how == "key-agreement", files_->agreement_key);
    const bool proves = parameters.text("proof", "none") == "shared-secret";
    instructions["cmc_user"] = given(proves, run_.credentials.user);
    instructions["cmc_secret_file"] = given(proves, files_->password);
    instructions["request_form"] = parameters.text("form", "pkcs10");
    instructions["renewal"] = parameters.text("renewal", "default");
    instructions["new_subject"] = parameters.text("new-subject");
    const bool challenges = parameters.text("challenges", "none") == "given";
    instructions["otp_file"] = given(challenges, folder_.path() + "/otp");
    instructions["revocation_challenge_file"] = given(challenges, folder_.path() + "/revocation-challenge");
    if (!challenges) return {};
    if (auto status = est::write_file(folder_.path() + "/otp", "one time 7894", 0600); !status) return status;
    return est::write_file(folder_.path() + "/revocation-challenge",
                           "R\xc3\xbc"
                           "ckruf",
                           0600);
  }

  [[nodiscard]] std::string fingerprint_for(const Parameters& parameters) const {
    const std::string kind = parameters.text("fingerprint", "none");
    if (kind == "none") return {};
    const bool longer = parameters.text("fingerprint-by", "sha-256") == "sha-512";
    const auto digest = longer ? est::crypto::Digest::sha512 : est::crypto::Digest::sha256;
    est::Bytes octets = est::crypto::digest(digest, kind == "wrong" ? run_.pki->implicit_anchor() : run_.pki->anchor());
    if (kind == "near") octets.back() ^= 1U;
    return est::hex(octets);
  }

  // A request that somebody else made, whose key the client does not get.
  est::Status add_request(const Parameters& parameters, Instructions& instructions, Exchange& exchange) {
    const std::string kind = parameters.text("request", "own");
    instructions["csr_file"] = "";
    if (kind == "own") return {};
    const auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
    if (!key) return key.error();
    const auto subject = est::codec::parse_name(instructions["subject"]);
    if (!subject) return subject.error();
    est::pki::RequestSpec spec;
    spec.subject = *subject;
    if (kind == "linked-elsewhere") spec.challenge_password = "b2YgYW4gZWFybGllciBzZXNzaW9u";
    const auto request = est::pki::make_request(spec, *key);
    if (!request) return request.error();
    exchange.artefacts["given-request"] = *request;
    instructions["csr_file"] = folder_.path() + "/request.pem";
    return est::write_file(instructions["csr_file"], est::codec::encode_pem("CERTIFICATE REQUEST", *request), 0600);
  }

  StepOutcome record(const std::string& operation, const ClientEnd& end, const std::vector<peer::SeenConnection>& seen,
                     const ProxyView& proxy, Exchange& exchange) {
    std::size_t requests = proxy.seen.size();
    for (const auto& connection : seen) requests += connection.requests.size();
    exchange.facts["operation"] = operation;
    exchange.facts["connections"] = std::to_string(seen.size() + proxy.seen.size());
    exchange.facts["requests"] = std::to_string(requests);
    note_end(end, run_.redactor, exchange);
    StepOutcome outcome;
    if (end.kind == ClientEnd::Kind::cannot)
      outcome = cannot("the client says that it cannot do this (" + operation + ", exit status " +
                       std::to_string(run_.profile.cannot_status) + ")");
    outcome.further = peer_exchanges(seen, proxy, run_.redactor, began_);
    return outcome;
  }

  ClientRun& run_;
  Taps taps_;
  Folder folder_;
  std::optional<peer::ClientFiles> files_;
  peer::Moment began_;
};

class ClientDriver final : public engine::Driver {
 public:
  ClientDriver(const target::ClientProfile& profile, std::shared_ptr<const peer::Pki> pki, StartClient start, Disturb disturb)
      : run_{profile, std::move(pki), std::move(start), std::move(disturb)} {
    if (run_.start) return;
    run_.start = [this, person = std::make_shared<Person>()](const std::string& operation, const Instructions& instructions,
                                                             est::Milliseconds within) {
      return run_.profile.person ? person->ask(operation, instructions, within)
                                 : start_client(run_.profile, operation, instructions, within);
    };
  }

  std::unique_ptr<engine::Session> begin(const engine::Scenario& /*scenario*/) override { return std::make_unique<ClientSession>(run_); }

  // The first thing it claims to do, with a server that does everything well.
  engine::Step liveness() const override {
    engine::Step step;
    step.verb = "drive";
    step.name = "liveness";
    step.parameters = {{"operation", "cacerts"}};
    for (const std::string operation : {"cacerts", "simpleenroll", "simplereenroll", "csrattrs", "serverkeygen", "provision"}) {
      if (!run_.profile.claims.contains("client-" + operation)) continue;
      step.parameters["operation"] = operation;
      break;
    }
    return step;
  }

 private:
  ClientRun run_;
};

}  // namespace

std::unique_ptr<engine::Driver> make_client_driver(const target::ClientProfile& profile, std::shared_ptr<const peer::Pki> pki,
                                                   StartClient start, Disturb disturb) {
  return std::make_unique<ClientDriver>(profile, std::move(pki), std::move(start), std::move(disturb));
}

}  // namespace conformance::steps
