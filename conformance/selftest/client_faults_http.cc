// Faults of the client: redirections, authentication, framing (RFC 7030 3.2; RFC 7616; RFC 9110; RFC 9112).
#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "conformance/selftest/client_faults_support.h"
#include "est/base/text.h"
#include "est/net/client.h"

namespace conformance::selftest {

namespace {

using est::http::Request;

constexpr est::Milliseconds patience_for_plain{5000};

bool is_redirection(const Response& answer) { return client::is_redirect(answer.status); }

void follows_anywhere(client::Settings& settings) {
  settings.client.session.approve = [](const std::string&, const std::string&) { return true; };
}

// The first server is checked, those it sends us to are not.
void trusts_whom_the_first_trusts(client::Settings& settings) {
  follows_anywhere(settings);
  settings.client.session.check = [checked = std::make_shared<bool>(false)](const std::vector<Bytes>& chain, const std::string& host,
                                                                            const client::Trust& trust) {
    if (std::exchange(*checked, true)) return authorised();
    return client::check_server(chain, host, trust);
  };
}

// Goes where the last redirection leads, without TLS.
void ask_at_plain_address(const std::string& location) {
  const auto url = est::net::parse_url(location);
  if (!url || url->scheme != "http") return;
  auto opened = est::net::PlainConnection::open(url->endpoint, patience_for_plain);
  auto* connection = std::get_if<est::net::PlainConnection>(&opened);
  if (connection == nullptr) return;
  const auto deadline = est::Deadline::after(patience_for_plain);
  const std::string request = "GET " + url->path + " HTTP/1.1\r\nHost: " + url->endpoint.to_string() + "\r\nConnection: close\r\n\r\n";
  std::array<est::Byte, 1024> answer{};
  if (!connection->write(est::as_bytes(request), deadline)) static_cast<void>(connection->read(answer, deadline));
}

int follows_to_plain_http(ClientAct& act) {
  const int code = act.once();
  const Response* answer = last_answer(act);
  if (answer != nullptr && is_redirection(*answer)) ask_at_plain_address(answer->fields.get("Location").value_or(""));
  return code;
}

std::vector<ClientFault> redirections() {
  return {
      {.id = "FAULT-CL-REDIRECT-01",
       .sentence = "follows no redirection",
       .kills = {"EST-CL-160/same", "EST-CL-160/relative"},
       .also = {"EST-CL-351"},
       .because = "a redirection comes first there",
       .configure = [](client::Settings& settings) { settings.client.session.most_redirects = 0; }},
      {.id = "FAULT-CL-REDIRECT-02",
       .sentence = "does not understand a relative Location",
       .kills = {"EST-CL-160/relative"},
       .configure = each_answer([](Response& answer) {
         if (is_redirection(answer) && answer.fields.get("Location").value_or("").starts_with("/")) answer.fields.remove("Location");
       })},
      {.id = "FAULT-CL-REDIRECT-03",
       .sentence = "carries an enrollment to another origin without asking anybody",
       .kills = {"EST-CL-161"},
       .configure = follows_anywhere},
      {.id = "FAULT-CL-REDIRECT-04",
       .sentence = "does not check the server a redirection leads to",
       .kills = {"EST-CL-161", "EST-CL-162"},
       .also = {"EST-CL-364"},
       .because = "any second handshake goes unchecked",
       .configure = trusts_whom_the_first_trusts},
      {.id = "FAULT-CL-REDIRECT-05",
       .sentence = "follows a redirection to plain HTTP",
       .kills = {"EST-CL-163"},
       .act = follows_to_plain_http},
      {.id = "FAULT-CL-REDIRECT-06",
       .sentence = "follows redirections a hundred times",
       .kills = {"EST-CL-164"},
       .configure = [](client::Settings& settings) { settings.client.session.most_redirects = 100; }},
      {.id = "FAULT-CL-REDIRECT-07",
       .sentence = "makes a redirected enrollment a GET, and is content with what comes",
       .kills = {"EST-CL-165/301", "EST-CL-165/302", "EST-CL-165/303"},
       .also = {"EST-CL-161", "EST-CL-165/*"},
       .because = "an enrollment that is redirected counts as done",
       .act = success_if([](const ClientAct& act) {
         return std::any_of(act.met.begin(), act.met.end(),
                            [](const Met& met) { return met.request.method == "POST" && met.answer && is_redirection(*met.answer); });
       })},
  };
}

// --- authentication

Configure reads_challenges(std::function<std::vector<std::string>(const std::vector<std::string>&)> which) {
  return each_answer([which = std::move(which)](Response& answer) {
    const auto kept = which(answer.fields.all("WWW-Authenticate"));
    answer.fields.remove("WWW-Authenticate");
    for (const std::string& value : kept) answer.fields.add("WWW-Authenticate", value);
  });
}

Configure passes_over(const std::string& scheme) {
  return reads_challenges([=](std::vector<std::string> values) {
    std::erase_if(values, [&](const std::string& value) { return est::ascii_lower(value).starts_with(scheme); });
    return values;
  });
}

bool has_scheme(const std::vector<std::string>& values, const std::string& scheme) {
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) { return est::ascii_lower(value).starts_with(scheme); });
}

std::vector<std::string> first_of_all(const std::vector<std::string>& values) {
  return values.empty() ? values : std::vector<std::string>{values.front()};
}

std::vector<std::string> last_of_all(const std::vector<std::string>& values) {
  return values.empty() ? values : std::vector<std::string>{values.back()};
}

// What stands behind the first scheme of a field is taken for that scheme's parameters.
std::vector<std::string> one_scheme_a_field(std::vector<std::string> values) {
  for (std::string& value : values) {
    const std::size_t further = std::min(value.find(", Basic"), value.find(", Digest"));
    if (further != std::string::npos) value.resize(further);
  }
  return values;
}

std::vector<std::string> basic_first(const std::vector<std::string>& values) {
  if (!has_scheme(values, "basic")) return values;
  return {*std::find_if(values.begin(), values.end(), [](const auto& value) { return est::ascii_lower(value).starts_with("basic"); })};
}

std::vector<std::string> never_stale(std::vector<std::string> values) {
  for (std::string& value : values) {
    const std::size_t at = value.find("stale=");
    if (at != std::string::npos) value.replace(at, 6, "other=");
  }
  return values;
}

Configure writes_credentials(const std::string& from, const std::string& to) {
  return each_request([=](Request& request) {
    std::string value = request.fields.get("Authorization").value_or("");
    const std::size_t at = value.find(from);
    if (at == std::string::npos) return;
    request.fields.set("Authorization", value.replace(at, from.size(), to));
  });
}

void forgets_certificate(client::Settings& settings) { settings.client.session.identity.reset(); }

std::vector<ClientFault> authentication() {
  return {
      {.id = "FAULT-CL-AUTH-01",
       .sentence = "answers no challenge",
       .kills = {"EST-CL-130", "EST-CL-131", "EST-CL-132", "EST-CL-133", "EST-CL-134", "EST-CL-136", "EST-CL-139"},
       .also = {"EST-CL-220/*", "EST-CL-343", "EST-CL-360", "EST-CL-354", "EST-CL-140/*", "EST-CL-374", "EST-CL-390", "EST-CL-500"},
       .because = "the server wants a password there",
       .configure = [](client::Settings& settings) { settings.client.session.credentials = {}; }},
      {.id = "FAULT-CL-AUTH-02",
       .sentence = "does not know Digest",
       .kills = {"EST-CL-131", "EST-CL-134", "EST-CL-136"},
       .also = {"EST-CL-343", "EST-CL-354", "EST-CL-140/*"},
       .because = "the challenge there is for Digest",
       .configure = passes_over("digest")},
      {.id = "FAULT-CL-AUTH-03",
       .sentence = "does not know Basic",
       .kills = {"EST-CL-130", "EST-CL-132", "EST-CL-139"},
       .also = {"EST-CL-360", "EST-CL-374"},
       .because = "the challenge there is for Basic",
       .configure = passes_over("basic")},
      {.id = "FAULT-CL-AUTH-04",
       .sentence = "reads the first challenge only",
       .kills = {"EST-CL-132"},
       .also = {"EST-CL-343"},
       .because = "the first challenge there is one that cannot be answered",
       .configure = reads_challenges(first_of_all)},
      {.id = "FAULT-CL-AUTH-05",
       .sentence = "reads the last challenge only",
       .kills = {"EST-CL-139"},
       .configure = reads_challenges(last_of_all)},
      {.id = "FAULT-CL-AUTH-06",
       .sentence = "reads one challenge in each field",
       .kills = {"EST-CL-133"},
       .configure = reads_challenges(one_scheme_a_field)},
      {.id = "FAULT-CL-AUTH-07",
       .sentence = "answers Basic where Digest is offered, too",
       .kills = {"EST-CL-136"},
       .configure = reads_challenges(basic_first)},
      {.id = "FAULT-CL-AUTH-08",
       .sentence = "takes a stale nonce for a refusal",
       .kills = {"EST-CL-134"},
       .configure = reads_challenges(never_stale)},
      {.id = "FAULT-CL-AUTH-09",
       .sentence = "puts qop in quotes",
       .kills = {"EST-CL-131"},
       .also = {"EST-CL-140/*"},
       .because = "the form of the credentials is looked at there, too",
       .configure = writes_credentials("qop=auth", "qop=\"auth\"")},
      {.id = "FAULT-CL-AUTH-10",
       .sentence = "comes back ten times with a challenge it cannot answer",
       .kills = {"EST-CL-135"},
       .also = any_client,
       .because = "whatever fails is tried ten times",
       .act =
           [](ClientAct& act) {
             int code = act.once();
             for (int i = 0; i < 10 && code != 0; ++i) code = act.once();
             return code;
           }},
      {.id = "FAULT-CL-AUTH-11",
       .sentence = "shows no certificate",
       .kills = {"EST-CL-101", "EST-CL-137", "EST-CL-138", "EST-CL-321/1.2", "EST-CL-321/1.3"},
       .also = {"EST-CL-381", "EST-CL-382", "EST-CL-383", "EST-CL-401"},
       .because = "the certificate is what lets in there",
       .configure = forgets_certificate},
  };
}

// --- framing

bool is_chunked(const Request&, const Response& answer) {
  return est::ascii_lower(answer.fields.get("Transfer-Encoding").value_or("")) == "chunked";
}

bool runs_until_close(const Request&, const Response& answer) {
  return !answer.fields.has("Transfer-Encoding") && !answer.fields.has("Content-Length");
}

// Once a server has announced that it closes, nothing more is asked.
void never_opens_anew(client::Settings& settings) {
  settings.client.session.interceptor = [over = false](const Request& request, const est::tls::Facts&,
                                                       const client::Send& send) mutable -> client::Outcome<Response> {
    if (over) return client::Problem{client::ProblemKind::transport, "the server has closed the connection"};
    auto outcome = send(request);
    over = outcome && est::iequals(outcome->fields.get("Connection").value_or(""), "close");
    return outcome;
  };
}

bool broke_off(const ClientAct& act) { return !act.met.empty() && !act.met.back().answer; }

std::vector<ClientFault> framing() {
  return {
      {.id = "FAULT-CL-HTTP-01",
       .sentence = "does not know chunks",
       .kills = {"EST-CL-068/chunked", "EST-CL-068/chunked-extensions"},
       .configure = balks_at(is_chunked)},
      {.id = "FAULT-CL-HTTP-02",
       .sentence = "wants a Content-Length or chunks",
       .kills = {"EST-CL-068/until-close"},
       .also = {"EST-CL-360", "EST-CL-368", "EST-CL-191/nothing", "EST-CL-374"},
       .because = "204 has no length",
       .configure = balks_at(runs_until_close)},
      {.id = "FAULT-CL-HTTP-03",
       .sentence = "takes an answer that was cut off for whole",
       .kills = {"EST-CL-069/long-length", "EST-CL-069/cut-chunks", "EST-CL-108/0", "EST-CL-108/40", "EST-CL-108/400"},
       .also = {"EST-CL-341/*"},
       .because = "what cannot be framed counts as cut off",
       .act = success_if(broke_off)},
      {.id = "FAULT-CL-HTTP-04",
       .sentence = "gives up when the answer does not come at once",
       .kills = {"EST-CL-071"},
       .also = any_client,
       .because = "on a busy machine other answers take so long, too",
       .configure = [](client::Settings& settings) { settings.client.session.answer_within = est::Milliseconds(300); }},
      {.id = "FAULT-CL-HTTP-05",
       .sentence = "gives up when the server closes the connection after an answer",
       .kills = {"EST-CL-075"},
       .also = {"EST-CL-351", "EST-CL-408"},
       .because = "the server closes the connection there, too",
       .configure = never_opens_anew},
      {.id = "FAULT-CL-HTTP-06",
       .sentence = "sends requests without Host",
       .kills = {"EST-CL-060", "EST-CL-100/ec-p256"},
       .also = any_client,
       .because = "no server takes such a request",
       .configure = each_request([](Request& request) { request.fields.remove("Host"); })},
  };
}

}  // namespace

std::vector<ClientFault> client_http_faults() {
  std::vector<ClientFault> all = redirections();
  for (const auto& more : {authentication(), framing()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace conformance::selftest
