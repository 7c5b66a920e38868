// Faults for the scenarios from EST-CL-300 on: servers and sessions, HTTP, bootstrapping and anchors. Those about requests and answers are
// in client_faults_more2.cc.
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "client/commands.h"
#include "conformance/selftest/client_faults_support.h"
#include "conformance/steps/client_hello.h"
#include "est/base/text.h"
#include "est/codec/x509.h"
#include "est/crypto/key.h"
#include "est/net/client.h"
#include "est/ops/message.h"

namespace conformance::selftest {

namespace {

using est::http::Request;
using CertificateChain = std::vector<Bytes>;

constexpr est::Milliseconds short_patience{5000};

std::string told_word(const steps::Instructions& told, std::string_view name) {
  const auto found = told.find(name);
  return found == told.end() ? std::string() : found->second;
}

est::net::Endpoint told_server(const steps::Instructions& told) {
  return {told_word(told, "host"), static_cast<std::uint16_t>(std::stoul(told_word(told, "port")))};
}

// --- paths

// Subject and issuer are the same, and another key signed it: NewWithOld, OldWithNew.
bool is_rollover_certificate(const Bytes& der) {
  const auto certificate = est::codec::decode_certificate(der).value;
  if (!certificate || !certificate->self_issued()) return false;
  const auto own = est::crypto::verify(certificate->spki, certificate->signature_algorithm, certificate->tbs, certificate->signature);
  return !own || !*own;
}

bool brings_rollover(const CertificateChain& chain) { return std::any_of(chain.begin(), chain.end(), is_rollover_certificate); }

std::vector<ClientFault> paths() {
  return {
      {.id = "FAULT-CL-PATH-01",
       .sentence = "verifies signatures one by one, and leaves out what path validation is beside that",
       .kills = {"EST-CL-300/issuer-may-not-sign", "EST-CL-300/path-too-long", "EST-CL-300/outside-constraints"},
       .also = {"EST-CL-003/issuer-is-no-ca"},
       .because = "basic constraints are not looked at either",
       .configure = forgives({X509_V_ERR_INVALID_CA, X509_V_ERR_INVALID_NON_CA, X509_V_ERR_KEYUSAGE_NO_CERTSIGN,
                              X509_V_ERR_PATH_LENGTH_EXCEEDED, X509_V_ERR_PERMITTED_VIOLATION})},
      {.id = "FAULT-CL-PATH-02",
       .sentence = "takes every certificate that names itself as its issuer for a root",
       .kills = {"EST-CL-304"},
       .configure = refuses_server(brings_rollover)},
  };
}

// --- sessions

// What provision does, as two programs that know nothing of each other.
int runs_one_after_the_other(const steps::Instructions& told) {
  client::Flags flags;
  flags.url = told_word(told, "url");
  flags.anchors = {told_word(told, "trust_anchor")};
  flags.user = told_word(told, "user");
  flags.password_file = told_word(told, "password_file");
  flags.out = told_word(told, "out_dir") + "/cacerts.pem";
  flags.operation = "cacerts";
  std::ostringstream out, err;
  if (const int code = client::perform(flags, out, err); code != 0) return code;
  flags.operation = "enroll";
  flags.subject = told_word(told, "subject");
  flags.no_attributes = true;
  flags.out = told_word(told, "out_dir") + "/certificate.pem";
  flags.out_key = told_word(told, "out_dir") + "/key.pem";
  return client::perform(flags, out, err);
}

int offers_psk(const steps::Instructions& told) {
  constexpr std::string_view kind = "tls-1.2";
  const est::net::Endpoint server = told_server(told);
  auto opened = est::net::PlainConnection::open(server, short_patience);
  auto* connection = std::get_if<est::net::PlainConnection>(&opened);
  if (connection == nullptr) return 1;
  Bytes message = steps::hello_message(kind, server.host);
  const std::size_t session_at = 4 + 2 + 32;  // behind header, version and random
  const std::size_t suite_at = session_at + 1 + message.at(session_at) + 2;
  message.at(suite_at) = 0x00;  // TLS_PSK_WITH_AES_128_GCM_SHA256
  message.at(suite_at + 1) = 0xa8;
  const auto deadline = est::Deadline::after(short_patience);
  std::array<est::Byte, 1024> answer{};
  if (!connection->write(steps::hello_records(kind, "whole", message), deadline)) static_cast<void>(connection->read(answer, deadline));
  return 1;
}

// Over TLS 1.2, to anybody.
int speaks_by_hand(const steps::Instructions& told, const std::function<int(est::net::ClientConnection&)>& what) {
  est::tls::ClientProfile profile;
  profile.verify = false;
  profile.most = est::tls::Version::tls12;
  profile.server_name = told_word(told, "host");
  const auto context = est::tls::ClientContext::make(profile);
  if (!context) return 1;
  auto opened = est::net::ClientConnection::open(told_server(told), **context, {short_patience, short_patience});
  auto* connection = std::get_if<est::net::ClientConnection>(&opened);
  if (connection == nullptr) return 1;
  const int code = what(*connection);
  connection->close();
  return code;
}

int renegotiates_while_it_waits(const steps::Instructions& told) {
  return speaks_by_hand(told, [](est::net::ClientConnection& connection) {
    const auto deadline = est::Deadline::after(short_patience);
    const Bytes body = est::to_bytes("MAA=");
    if (connection.write(est::http::encode(est::ops::enroll_request(Operation::simpleenroll, "", "localhost", body)), deadline)) return 1;
    static_cast<void>(connection.renegotiate(deadline));
    return 1;
  });
}

// The first octets that come are the answer.
int believes_first_line(const steps::Instructions& told) {
  if (told_word(told, "operation") != "cacerts") return 1;
  return speaks_by_hand(told, [](est::net::ClientConnection& connection) {
    const auto deadline = est::Deadline::after(short_patience);
    std::array<est::Byte, 16384> answer{};
    if (connection.write(est::http::encode(est::ops::get_request(Operation::cacerts, "", "localhost")), deadline)) return 1;
    const auto got = connection.read(answer, deadline);
    return est::as_text(est::BytesView(answer).first(got.count)).starts_with("HTTP/1.1 200 ") ? 0 : 1;
  });
}

std::vector<ClientFault> sessions() {
  return {
      {.id = "FAULT-CL-SESSION-01",
       .sentence = "begins every connection with a full handshake",
       .kills = {"EST-CL-320/1.2", "EST-CL-320/1.3"},
       .also = any_client,
       .because = "this client can do nothing but provision, and asks for no attributes",
       .instead = runs_one_after_the_other,
       .fatal = true},
      {.id = "FAULT-CL-SESSION-02",
       .sentence = "offers suites with nothing but a pre-shared key",
       .kills = {"EST-CL-322", "EST-CL-325"},
       .also = any_client,
       .because = "this client goes no further than its ClientHello",
       .instead = offers_psk,
       .fatal = true},
      {.id = "FAULT-CL-SESSION-03",
       .sentence = "renegotiates while it waits for the answer",
       .kills = {"EST-CL-323"},
       .also = any_client,
       .because = "this client can do nothing else",
       .instead = renegotiates_while_it_waits,
       .fatal = true},
      {.id = "FAULT-CL-SESSION-04",
       .sentence = "takes the first line that comes for the whole answer",
       .kills = {"EST-CL-340", "EST-CL-341/wrong-chunks", "EST-CL-341/two-lengths"},
       .also = any_client,
       .because = "this client can do nothing but fetch /cacerts, from anybody",
       .instead = believes_first_line,
       .fatal = true},
  };
}

// --- HTTP

constexpr std::string_view challenge_field = "WWW-Authenticate";

Configure rewrites_challenges(std::function<void(std::vector<std::string>&)> how) {
  return each_answer([how = std::move(how)](Response& answer) {
    std::vector<std::string> values = answer.fields.all(challenge_field);
    how(values);
    answer.fields.remove(challenge_field);
    for (const std::string& value : values) answer.fields.add(std::string(challenge_field), value);
  });
}

bool mentions_in_any(const std::vector<std::string>& values, std::string_view part) {
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) { return value.find(part) != std::string::npos; });
}

void takes_unknown_for_md5(std::vector<std::string>& values) {
  constexpr std::string_view unknown = "SHA-999";
  for (std::string& value : values) {
    const std::size_t at = value.find(unknown);
    if (at != std::string::npos) value.replace(at, unknown.size(), "MD5");
  }
}

void write_password(Request& request) { request.fields.set("Authorization", "Basic ZGV2aWNlOmd1ZXNzZWQ="); }

// Whoever asks gets the password, however he asks.
Configure guesses_basic(std::function<bool(const Request&, const Response&)> when) {
  return intercept([when = std::move(when)](const Request& request, const est::tls::Facts&, const client::Send& send) {
    auto outcome = send(request);
    if (!outcome || outcome->status != 401 || !when(request, *outcome)) return outcome;
    Request again = request;
    write_password(again);
    return send(again);
  });
}

void hammers(client::Settings& settings) {
  settings.client.wait = [](est::Milliseconds) { return true; };
  settings.client.retry.limit = 40;
  settings.client.session.interceptor = [](const Request& request, const est::tls::Facts&, const client::Send& send) {
    auto outcome = send(request);
    if (outcome && outcome->status == 202) outcome->fields.set("Retry-After", "1");
    return outcome;
  };
}

std::vector<ClientFault> exchanges() {
  return {
      {.id = "FAULT-CL-HTTP-20",
       .sentence = "does not know a media type with a charset",
       .kills = {"EST-CL-342"},
       .configure = balks_at([](const Request&, const Response& answer) {
         return answer.fields.get("Content-Type").value_or("").find("charset") != std::string::npos;
       })},
      {.id = "FAULT-CL-AUTH-20",
       .sentence = "gives up at a Digest algorithm it does not know",
       .kills = {"EST-CL-343"},
       .configure = rewrites_challenges([](std::vector<std::string>& values) {
         if (mentions_in_any(values, "SHA-999")) values.clear();
       })},
      {.id = "FAULT-CL-AUTH-21",
       .sentence = "does not know Digest with MD5",
       .kills = {"EST-CL-344"},
       .configure = rewrites_challenges([](std::vector<std::string>& values) {
         std::erase_if(values, [](const std::string& value) { return value.find("MD5") != std::string::npos; });
       })},
      {.id = "FAULT-CL-AUTH-22",
       .sentence = "takes an algorithm it does not know for MD5",
       .kills = {"EST-CL-345"},
       .configure = rewrites_challenges(takes_unknown_for_md5)},
      {.id = "FAULT-CL-AUTH-23",
       .sentence = "answers by Basic where nothing says how to authenticate",
       .kills = {"EST-CL-346"},
       .configure = guesses_basic([](const Request&, const Response& answer) { return !answer.fields.has(challenge_field); })},
      {.id = "FAULT-CL-AUTH-24",
       .sentence = "has no password where it has no user name",
       .kills = {"EST-CL-347"},
       .told =
           [](client::Flags& flags) {
             if (!flags.user || !flags.user->empty()) return;
             flags.user.reset();
             flags.password_file.clear();
           }},
      {.id = "FAULT-CL-AUTH-25",
       .sentence = "writes the colon of a user name in another way, and sends it",
       .kills = {"EST-CL-348"},
       .told =
           [](client::Flags& flags) {
             const std::size_t at = flags.user ? flags.user->find(':') : std::string::npos;
             if (at != std::string::npos) flags.user->replace(at, 1, "%3A");
           }},
      {.id = "FAULT-CL-AUTH-26",
       .sentence = "sends a password with every request, asked or not",
       .kills = {"EST-CL-349", "EST-CL-350", "EST-CL-361"},
       .also = any_client,
       .because = "a password is in every request, and it is not the right one",
       .configure = each_request(write_password)},
      {.id = "FAULT-CL-AUTH-27",
       .sentence = "is content when it is asked for a password it does not have",
       .kills = {"EST-CL-353"},
       .also = {"EST-CL-135", "EST-CL-345", "EST-CL-346", "EST-CL-348", "EST-CL-362"},
       .because = "401 is the last word there, too",
       .act = success_if([](const ClientAct& act) { return last_answered(act, 401); })},
      {.id = "FAULT-CL-AUTH-28",
       .sentence = "computes Digest for the path of an enrollment always",
       .kills = {"EST-CL-354"},
       .configure = each_request(Operation::csrattrs,
                                 [](Request& request) {
                                   std::string value = request.fields.get("Authorization").value_or("");
                                   const std::size_t at = value.find("/csrattrs");
                                   if (at != std::string::npos) request.fields.set("Authorization", value.replace(at, 9, "/simpleenroll"));
                                 })},
      {.id = "FAULT-CL-RETRY-20",
       .sentence = "comes back at once when Retry-After makes no sense",
       .kills = {"EST-CL-352/0", "EST-CL-352/-5", "EST-CL-352/99999999999999999999", "EST-CL-352/soon", "EST-CL-112", "EST-CL-113"},
       .also = {"EST-CL-109", "EST-CL-110", "EST-CL-111", "EST-CL-222", "EST-CL-408"},
       .because = "no wait is kept",
       .configure = hammers},
  };
}

// --- anchors

void believes_any_root(client::Settings& settings) {
  if (!settings.anchors.fingerprint) return;
  settings.anchors.fingerprint.reset();
  settings.anchors.ask = [](const est::codec::Certificate&) { return true; };
}

// /csrattrs first, over whatever connection stands.
Configure is_curious() {
  return intercept([](const Request& request, const est::tls::Facts&, const client::Send& send) {
    if (is(request, Operation::cacerts))
      static_cast<void>(send(est::ops::get_request(Operation::csrattrs, "", request.fields.get("Host").value_or("localhost"))));
    return send(request);
  });
}

void keeps_implicit_anchors(client::Settings& settings) {
  client::Trust implicit;
  implicit.implicit_anchors = settings.client.trust.implicit_anchors;
  settings.client.session.check = [implicit](const CertificateChain& chain, const std::string& host, const client::Trust& trust) {
    const client::ServerVerdict verdict = client::check_server(chain, host, trust);
    return verdict.authorised() || implicit.empty() ? verdict : client::check_server(chain, host, implicit);
  };
}

Configure tells_no_anchors() {
  return [](client::Settings& settings) {
    settings.client.session.last_touch = [](est::tls::ClientProfile& profile) { profile.indicated_anchors.clear(); };
  };
}

// What the user configured is all it ever has.
void keeps_nothing(client::Settings& settings) {
  settings.client.session.check = [roots = settings.anchors.configured](const CertificateChain& chain, const std::string& host,
                                                                        const client::Trust& trust) {
    return client::check_server(chain, host, roots.explicit_anchors.empty() ? trust : roots);
  };
}

// Of the last answer, where that is one of /cacerts.
CertificateChain ca_certificates_in(const ClientAct& act) {
  const Response* answer = last_answer(act);
  if (answer == nullptr || answer->status != 200 || !is(act.met.back().request, Operation::cacerts)) return {};
  return est::ops::read_certs_only_body(answer->body).value.value_or(CertificateChain{});
}

bool has_expired(const Bytes& der) {
  const auto certificate = est::codec::decode_certificate(der).value;
  return certificate && certificate->validity.not_after < est::system_clock().now();
}

std::vector<ClientFault> anchors() {
  return {
      {.id = "FAULT-CL-BOOTSTRAP-01",
       .sentence = "does not know fingerprints",
       .kills = {"EST-CL-360", "EST-CL-374"},
       .also = {"EST-CL-361", "EST-CL-362", "EST-CL-364", "EST-CL-375", "EST-CL-376"},
       .because = "it never connects, so nothing can be seen of it",
       .told = [](client::Flags& flags) { flags.fingerprint.clear(); }},
      {.id = "FAULT-CL-BOOTSTRAP-02",
       .sentence = "does not compare the fingerprint",
       .kills = {"EST-CL-361", "EST-CL-375", "EST-CL-376"},
       .configure = believes_any_root},
      {.id = "FAULT-CL-BOOTSTRAP-03",
       .sentence = "answers the challenge of a server it has not authenticated",
       .kills = {"EST-CL-362"},
       .configure = guesses_basic([](const Request& request, const Response&) { return is(request, Operation::cacerts); })},
      {.id = "FAULT-CL-BOOTSTRAP-04",
       .sentence = "asks a server it has not authenticated for CSR attributes",
       .kills = {"EST-CL-360", "EST-CL-361", "EST-CL-363", "EST-CL-364", "EST-CL-374", "EST-CL-375", "EST-CL-376"},
       .also = {"EST-CL-362"},
       .because = "the list is asked for where nobody expects it",
       .configure = is_curious()},
      {.id = "FAULT-CL-ANCHOR-04",
       .sentence = "takes any certificate of the answer for a CA's",
       .kills = {"EST-CL-372"},
       .act = success_if([](const ClientAct& act) { return ca_certificates_in(act).size() == 1; })},
      {.id = "FAULT-CL-ANCHOR-05",
       .sentence = "wants more than one CA certificate, and none that has expired",
       .kills = {"EST-CL-373/root-alone", "EST-CL-373/with-expired"},
       .configure = balks_at([](const Request& request, const Response& answer) {
         if (!is(request, Operation::cacerts)) return false;
         const auto all = est::ops::read_certs_only_body(answer.body).value.value_or(CertificateChain{});
         return all.size() == 1 || std::any_of(all.begin(), all.end(), has_expired);
       })},
      {.id = "FAULT-CL-ANCHOR-01",
       .sentence = "goes on with its implicit anchors",
       .kills = {"EST-CL-367"},
       .configure = keeps_implicit_anchors},
      {.id = "FAULT-CL-ANCHOR-02",
       .sentence = "does not say which anchors it has",
       .kills = {"EST-CL-368"},
       .configure = tells_no_anchors()},
      {.id = "FAULT-CL-ANCHOR-03", .sentence = "forgets what came with the root", .kills = {"EST-CL-369"}, .configure = keeps_nothing},
  };
}

}  // namespace

std::vector<ClientFault> client_more_faults() {
  std::vector<ClientFault> all = paths();
  for (const auto& more : {sessions(), exchanges(), anchors(), client_later_faults()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace conformance::selftest
