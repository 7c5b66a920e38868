// Faults of the client: the handshake, and the linking of requests to it (RFC 7030 3.3, 3.5; RFC 8996; RFC 5746).
#include <array>

#include "conformance/selftest/client_faults_support.h"
#include "conformance/steps/client_hello.h"
#include "est/base/text.h"
#include "est/net/client.h"

namespace conformance::selftest {

namespace {

using est::tls::Version;
using Touch = std::function<void(est::tls::ClientProfile&)>;

constexpr est::Milliseconds patience{5000};

Configure speaks(Version least, Version most) {
  return [=](client::Settings& settings) {
    settings.client.session.least = least;
    settings.client.session.most = most;
    if (least < Version::tls12) settings.client.session.suites = "DEFAULT:@SECLEVEL=0";
  };
}

Configure offers_suites(const std::string& suites) {
  return [=](client::Settings& settings) { settings.client.session.suites = suites; };
}

Configure touches(Touch touch) {
  return [touch = std::move(touch)](client::Settings& settings) { settings.client.session.last_touch = touch; };
}

est::net::Endpoint server_of(const steps::Instructions& told) {
  return {told.find("host")->second, static_cast<std::uint16_t>(std::stoul(told.find("port")->second))};
}

// What a client of the last century does where TLS fails. True when somebody answered.
bool asks_in_plain_http(const est::net::Endpoint& server) {
  auto opened = est::net::PlainConnection::open(server, patience);
  auto* connection = std::get_if<est::net::PlainConnection>(&opened);
  if (connection == nullptr) return false;
  const auto deadline = est::Deadline::after(patience);
  const std::string request =
      "POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  if (connection->write(est::as_bytes(request), deadline)) return false;
  std::array<est::Byte, 1024> answer{};
  return connection->read(answer, deadline).count > 0;
}

int falls_back_to_plain_http(ClientAct& act) {
  const int code = act.once();
  constexpr int transport = 5;
  if (code != transport || !act.met.empty()) return code;
  static_cast<void>(asks_in_plain_http(server_of(act.told)));
  return 0;
}

// One ClientHello of the kind, and nothing more.
std::function<int(const steps::Instructions&)> greets_with(std::string_view kind) {
  return [kind](const steps::Instructions& told) {
    const est::net::Endpoint server = server_of(told);
    auto opened = est::net::PlainConnection::open(server, patience);
    auto* connection = std::get_if<est::net::PlainConnection>(&opened);
    if (connection == nullptr) return 1;
    const auto deadline = est::Deadline::after(patience);
    const Bytes hello = steps::hello_records(kind, "whole", steps::hello_message(kind, server.host));
    std::array<est::Byte, 1024> answer{};
    if (!connection->write(hello, deadline)) static_cast<void>(connection->read(answer, deadline));
    return 1;
  };
}

// Asks for /cacerts with a few lines of code that stand for many clients, and leaves as `how` says.
std::function<int(const steps::Instructions&)> leaves(std::function<void(est::net::ClientConnection&)> how) {
  return [how = std::move(how)](const steps::Instructions& told) {
    const est::net::Endpoint server = server_of(told);
    est::tls::ClientProfile profile;
    profile.verify = false;
    profile.server_name = server.host;
    const auto context = est::tls::ClientContext::make(profile);
    if (!context) return 1;
    auto opened = est::net::ClientConnection::open(server, **context, {patience, patience});
    auto* connection = std::get_if<est::net::ClientConnection>(&opened);
    if (connection == nullptr) return 1;
    const auto deadline = est::Deadline::after(patience);
    const std::string request = "GET /.well-known/est/cacerts HTTP/1.1\r\nHost: " + server.to_string() + "\r\n\r\n";
    std::array<est::Byte, 16384> answer{};
    if (connection->write(est::as_bytes(request), deadline) || connection->read(answer, deadline).count == 0) return 1;
    how(*connection);
    return 0;
  };
}

Configure refuses_version(Version version) {
  return intercept(
      [version](const est::http::Request& request, const est::tls::Facts& facts, const client::Send& send) -> client::Outcome<Response> {
        if (facts.version == version) return client::Problem{client::ProblemKind::transport, "this client does not know that TLS version"};
        return send(request);
      });
}

void put_constant_challenge(client::Settings& settings) {
  settings.client.linking = client::Linking::none;
  settings.request.wishes.attributes.push_back(est::codec::make_challenge_password("c2VjcmV0"));
}

Configure links_by(client::Linking linking) {
  return [linking](client::Settings& settings) { settings.client.linking = linking; };
}

// The first body goes out again and again, however many connections there are.
void repeats_first_body(client::Settings& settings) {
  settings.client.session.interceptor = [first = Bytes()](const est::http::Request& request, const est::tls::Facts&,
                                                          const client::Send& send) mutable {
    est::http::Request changed = request;
    if (first.empty()) first = request.body;
    if (!request.body.empty()) changed.body = first;
    return send(changed);
  };
}

std::vector<ClientFault> handshakes() {
  return {
      {.id = "FAULT-CL-TLS-01",
       .sentence = "speaks TLS 1.3 and nothing else",
       .kills = {"EST-CL-030/1.2"},
       .also = any_client,
       .because = "many scenarios need TLS 1.2",
       .configure = speaks(Version::tls13, Version::tls13)},
      {.id = "FAULT-CL-TLS-02",
       .sentence = "gives up when the server chooses TLS 1.3",
       .kills = {"EST-CL-030/1.3"},
       .also = any_client,
       .because = "the server chooses it wherever the scenario does not keep it from doing so",
       .configure = refuses_version(Version::tls13)},
      {.id = "FAULT-CL-TLS-03",
       .sentence = "speaks TLS 1.0 and 1.1 as well",
       .kills = {"EST-CL-031/1.0", "EST-CL-031/1.1", "EST-CL-303/1.0", "EST-CL-303/1.1"},
       .configure = speaks(Version::tls10, Version::tls13)},
      {.id = "FAULT-CL-TLS-04",
       .sentence = "offers cipher suites without encryption and without authentication",
       .kills = {"EST-CL-032"},
       .also = {"EST-CL-324", "EST-CL-325"},
       .because = "suites without encryption are among them",
       .configure = offers_suites("ALL:eNULL:aNULL:@SECLEVEL=0")},
      {.id = "FAULT-CL-TLS-05",
       .sentence = "offers cipher suites without encryption",
       .kills = {"EST-CL-032", "EST-CL-324", "EST-CL-325"},
       .configure = offers_suites("ALL:eNULL:!aNULL:@SECLEVEL=0")},
      {.id = "FAULT-CL-TLS-06",
       .sentence = "signals no secure renegotiation",
       .kills = {"EST-CL-033"},
       .also = any_client,
       .because = "this client goes no further than its ClientHello",
       .instead = greets_with("no-renegotiation-info"),
       .fatal = true},
      {.id = "FAULT-CL-TLS-07",
       .sentence = "sends no server_name",
       .kills = {"EST-CL-034"},
       .configure = touches([](est::tls::ClientProfile& profile) { profile.expected_name = "127.0.0.1"; })},
      {.id = "FAULT-CL-TLS-08",
       .sentence = "sends an address as server_name",
       .kills = {"EST-CL-035"},
       // The dot keeps our TLS layer from leaving it out.
       .configure = touches([](est::tls::ClientProfile& profile) { profile.server_name = profile.expected_name + "."; })},
      {.id = "FAULT-CL-TLS-09",
       .sentence = "speaks plain HTTP where TLS fails, and is content",
       .kills = {"EST-CL-036/plain-http", "EST-CL-036/close", "EST-CL-036/reset"},
       .also = any_client,
       .because = "whatever ends the handshake makes it a success",
       .act = falls_back_to_plain_http},
      {.id = "FAULT-CL-TLS-10",
       .sentence = "ends TCP without close_notify",
       .kills = {"EST-CL-037"},
       .also = any_client,
       .because = "this client can do nothing but fetch /cacerts, from anybody",
       .instead = leaves([](est::net::ClientConnection& connection) {
         connection.end_output(est::net::OutputEnd::fin_only);
         std::array<est::Byte, 64> scrap{};
         static_cast<void>(connection.read(scrap, est::Deadline::after(patience)));
       }),
       .fatal = true},
      {.id = "FAULT-CL-TLS-11",
       .sentence = "resets the connection when it has its answer",
       .kills = {"EST-CL-037"},
       .also = any_client,
       .because = "this client can do nothing but fetch /cacerts, from anybody",
       .instead = leaves([](est::net::ClientConnection& connection) { connection.close(true); }),
       .fatal = true},
  };
}

std::vector<ClientFault> links() {
  return {
      {.id = "FAULT-CL-LINK-01",
       .sentence = "puts the same text into challengePassword on every connection",
       .kills = {"EST-CL-220/1.2", "EST-CL-220/1.3", "EST-CL-221", "EST-CL-223"},
       .also = any_client,
       .because = "the server refuses every request that is linked wrongly",
       .configure = put_constant_challenge},
      {.id = "FAULT-CL-LINK-02",
       .sentence = "never links its requests",
       .kills = {"EST-CL-221", "EST-CL-223"},
       .also = {"EST-CL-351", "EST-CL-190", "EST-CL-195", "EST-CL-354"},
       .because = "the server there demands linking, or lists it",
       .configure = links_by(client::Linking::none)},
      {.id = "FAULT-CL-LINK-03",
       .sentence = "does not know the exporter",
       .kills = {"EST-CL-223"},
       .configure = links_by(client::Linking::automatic)},
      {.id = "FAULT-CL-LINK-04",
       .sentence = "sends the request of the first connection over the next one",
       .kills = {"EST-CL-222", "EST-CL-351"},
       .also = {"EST-CL-408"},
       .because = "the request is repeated over a second connection there",
       .configure = repeats_first_body},
      {.id = "FAULT-CL-LINK-05",
       .sentence = "does not link its request although the server asks for it",
       .kills = {"EST-CL-195"},
       .also = {"EST-CL-351", "EST-CL-190", "EST-CL-196", "EST-CL-197", "EST-CL-198", "EST-CL-354"},
       .because = "the server there demands linking, or lists something else that is not looked at",
       .told = [](client::Flags& flags) { flags.no_attributes = true; },
       .configure = links_by(client::Linking::none)},
  };
}

}  // namespace

std::vector<ClientFault> client_tls_faults() {
  std::vector<ClientFault> all = handshakes();
  const auto more = links();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace conformance::selftest
