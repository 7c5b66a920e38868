#include "conformance/selftest/reference_client.h"

#include <sstream>
#include <thread>

#include "client/commands.h"

namespace conformance::selftest {

namespace {

using steps::ClientEnd;
using steps::Instructions;

const std::string& word(const Instructions& told, std::string_view name) {
  static const std::string none;
  const auto found = told.find(name);
  return found == told.end() ? none : found->second;
}

std::vector<std::string> list_of(const std::string& path) { return path.empty() ? std::vector<std::string>{} : std::vector{path}; }

std::string file_of(const std::string& path) { return path.empty() ? path : "file:" + path; }

std::string command_of(const std::string& operation) {
  if (operation == "simpleenroll") return "enroll";
  if (operation == "simplereenroll") return "reenroll";
  return operation;
}

void fill_request(const Instructions& told, client::Flags& flags) {
  flags.out = word(told, "out_dir") + "/certificate.pem";
  flags.out_key = word(told, "out_dir") + "/key.pem";
  flags.force = true;
  // What the server lists is the client's affair when it acts on its own; else it does what it is told.
  flags.no_attributes = flags.operation != "provision";
  flags.keep_key = flags.operation == "reenroll" && word(told, "renewal") == "renew";
  if (flags.no_attributes && !flags.keep_key) flags.key_type = word(told, "key");
  flags.csr = word(told, "csr_file");
  if (!flags.csr.empty()) flags.key_type.clear();
  if (flags.csr.empty()) flags.subject = word(told, flags.operation == "reenroll" ? "new_subject" : "subject");
  flags.names = list_of(word(told, "san"));
  flags.otp = file_of(word(told, "otp_file"));
  flags.revocation_challenge = file_of(word(told, "revocation_challenge_file"));
  flags.protect_id = word(told, "protect_id");
  flags.protect_key = word(told, "protect_key");
  flags.protect_secret_file = word(told, "protect_secret_file");
  flags.cmc_user = word(told, "cmc_user");
  flags.cmc_secret = file_of(word(told, "cmc_secret_file"));
  flags.crmf = flags.operation == "fullcmc" && word(told, "request_form") == "crmf";
  if (flags.operation == "provision") flags.store = word(told, "state_dir") + "/store";
  const std::string& linking = word(told, "linking");
  flags.linking = linking == "on" ? "exporter" : linking == "off" ? "none" : "auto";
}

// What ci/interop/drivers/est-client says on the command line.
client::Flags flags_of(const Instructions& told) {
  client::Flags flags;
  flags.operation = command_of(word(told, "operation"));
  flags.url = word(told, "url");
  flags.label = word(told, "label");
  flags.anchors = list_of(word(told, "trust_anchor"));
  flags.implicit_anchors = list_of(word(told, "implicit_anchor"));
  flags.crls = list_of(word(told, "crls"));
  flags.password_file = word(told, "password_file");
  if (!flags.password_file.empty()) flags.user = word(told, "user");
  flags.fingerprint = word(told, "fingerprint");
  flags.client_cert = word(told, "client_cert");
  flags.client_key = word(told, "client_key");
  flags.proxy = word(told, "proxy");
  flags.proxy_user = word(told, "proxy_user");
  flags.proxy_password = file_of(word(told, "proxy_password_file"));
  flags.timeout = 20;
  flags.retry_limit = std::stoull("0" + word(told, "wait"));
  if (flags.operation != "cacerts" && flags.operation != "csrattrs") fill_request(told, flags);
  if (flags.operation == "cacerts") flags.out = word(told, "out_dir") + "/cacerts.pem";
  if (flags.operation == "cacerts") flags.force = true;
  return flags;
}

void watch(client::Settings& settings, std::vector<Met>& met) {
  settings.client.session.interceptor = [inner = settings.client.session.interceptor, &met](
                                            const est::http::Request& request, const est::tls::Facts& facts, const client::Send& send) {
    auto outcome = inner ? inner(request, facts, send) : send(request);
    met.push_back({request, outcome ? std::optional(*outcome) : std::nullopt});
    return outcome;
  };
}

int act_once(const ClientFault* fault, ClientAct& act, std::ostream& out, std::ostream& err) {
  client::Flags flags = flags_of(act.told);
  if (fault != nullptr && fault->told) fault->told(flags);
  est::Result<client::Settings> settings = client::settle(flags);
  if (!settings) return client::perform(flags, out, err);
  if (fault != nullptr && fault->configure) fault->configure(*settings);
  watch(*settings, act.met);
  return client::perform(flags, *std::move(settings), out, err);
}

int renew_until_done(const std::function<int()>& renew) {
  constexpr int most_tries = 20;
  int code = renew();
  for (int i = 1; i < most_tries && code != 0; ++i) {
    std::this_thread::sleep_for(est::Milliseconds(500));
    code = renew();
  }
  return code;
}

// What ci/interop/drivers/est-client does with a store: provision, then renew by what that gave.
int maintain(const ClientFault* fault, ClientAct& act, std::ostream& out, std::ostream& err) {
  Instructions told = act.told;
  told["operation"] = "provision";
  ClientAct first{told, {}, {}};
  if (const int code = act_once(fault, first, out, err); code != 0) return code;
  told["operation"] = "simplereenroll";
  told["client_cert"] = word(told, "out_dir") + "/certificate.pem";
  told["client_key"] = word(told, "out_dir") + "/key.pem";
  const auto renew = [&] {
    ClientAct again{told, {}, {}};
    return act_once(fault, again, out, err);
  };
  return fault != nullptr && fault->renews ? fault->renews(renew) : renew_until_done(renew);
}

}  // namespace

steps::StartClient reference_client(const ClientFault* fault) {
  return [fault](const std::string&, const Instructions& told, est::Milliseconds) -> est::Result<ClientEnd> {
    ClientEnd end;
    if (fault != nullptr && fault->instead) {
      end.code = fault->instead(told);
      return end;
    }
    std::ostringstream out, err;
    ClientAct act{told, {}, {}};
    act.once = [&] { return word(told, "operation") == "maintain" ? maintain(fault, act, out, err) : act_once(fault, act, out, err); };
    end.code = fault != nullptr && fault->act ? fault->act(act) : act.once();
    end.output = out.str();
    end.errors = err.str();
    return end;
  };
}

target::ClientProfile reference_client_profile() {
  target::ClientProfile profile;
  profile.name = "est-client";
  for (const auto& [claim, meaning] : target::client_claims()) profile.claims.insert(claim);
  return profile;
}

}  // namespace conformance::selftest
