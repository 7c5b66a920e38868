// Faults for the scenarios with a proxy, with a request made elsewhere, with other fingerprints and with odd Digest challenges.
#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <thread>

#include "conformance/selftest/client_faults_support.h"
#include "est/base/text.h"
#include "est/crypto/digest.h"
#include "est/net/client.h"

namespace conformance::selftest {

namespace {

using est::http::Request;

constexpr est::Milliseconds patience_at_proxy{5000};

// --- a proxy

// The head of what a proxy answers to a CONNECT of ours; empty when it says nothing.
std::string asked_proxy(const est::net::Endpoint& proxy, const std::string& target) {
  auto opened = est::net::PlainConnection::open(proxy, patience_at_proxy);
  auto* line = std::get_if<est::net::PlainConnection>(&opened);
  if (line == nullptr) return {};
  const auto deadline = est::Deadline::after(patience_at_proxy);
  if (line->write(est::as_bytes("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n"), deadline)) return {};
  std::array<est::Byte, 1024> answer{};
  const auto got = line->read(answer, deadline);
  return est::to_string(est::BytesView(answer).first(got.count));
}

std::string answer_of_proxy(const client::Settings& settings) {
  return asked_proxy(settings.client.session.proxy->at, settings.client.server.to_string());
}

void passes_by_who_refuses(client::Settings& settings) {
  if (!settings.client.session.proxy) return;
  const std::string answer = answer_of_proxy(settings);
  if (answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.1 502")) settings.client.session.proxy.reset();
}

// Goes where nobody listens once there is something to wait for that never comes.
void waits_for_content(client::Settings& settings) {
  constexpr std::uint16_t discard = 9;
  if (!settings.client.session.proxy) return;
  const std::string answer = answer_of_proxy(settings);
  const bool content = answer.find("Content-Length:") != std::string::npos || answer.find("Transfer-Encoding:") != std::string::npos;
  if (content && answer.starts_with("HTTP/1.1 200")) settings.client.session.proxy->at.port = discard;
}

void tells_the_server_too(client::Settings& settings) {
  const auto& proxy = settings.client.session.proxy;
  if (!proxy || !proxy->credentials) return;
  settings.client.session.interceptor = [value = est::http::basic_authorization(*proxy->credentials)](
                                            const Request& request, const est::tls::Facts&, const client::Send& send) {
    Request changed = request;
    changed.fields.add("Proxy-Authorization", value);
    return send(changed);
  };
}

int leaves_the_port_out(const steps::Instructions& told) {
  const auto proxy = est::net::parse_url(told.at("proxy"));
  if (proxy) static_cast<void>(asked_proxy(proxy->endpoint, told.at("host")));
  return 1;
}

std::vector<ClientFault> proxies() {
  return {
      {.id = "FAULT-CL-PROXY-01",
       .sentence = "goes straight to the server, whatever it is told of a proxy",
       .kills = {"EST-CL-500", "EST-CL-501/password", "EST-CL-501/password-closing", "EST-CL-504/forbidding", "EST-CL-504/broken",
                 "EST-CL-505/with-length", "EST-CL-505/with-chunks", "EST-CL-507"},
       .also = {"EST-CL-502", "EST-CL-503"},
       .because = "the proxy is there for nothing",
       .told = [](client::Flags& flags) { flags.proxy.clear(); }},
      {.id = "FAULT-CL-PROXY-02",
       .sentence = "goes straight to the server when the proxy makes no tunnel",
       .kills = {"EST-CL-504/forbidding", "EST-CL-504/broken"},
       .configure = passes_by_who_refuses},
      {.id = "FAULT-CL-PROXY-03",
       .sentence = "sends the proxy's password to the server, too",
       .kills = {"EST-CL-502"},
       .configure = tells_the_server_too},
      {.id = "FAULT-CL-PROXY-04",
       .sentence = "tries its other password where it has none for the proxy",
       .kills = {"EST-CL-503"},
       .told =
           [](client::Flags& flags) {
             if (flags.proxy.empty() || !flags.proxy_user.empty() || flags.password_file.empty()) return;
             flags.proxy_user = flags.user.value_or("");
             flags.proxy_password = "file:" + flags.password_file;
           }},
      {.id = "FAULT-CL-PROXY-05",
       .sentence = "waits for the content of the answer that opens a tunnel",
       .kills = {"EST-CL-505/with-length", "EST-CL-505/with-chunks"},
       .configure = waits_for_content},
      {.id = "FAULT-CL-PROXY-06",
       .sentence = "does not know 407",
       .kills = {"EST-CL-501/password", "EST-CL-501/password-closing"},
       .also = {"EST-CL-502", "EST-CL-507"},
       .because = "it gets no further than the proxy",
       .told =
           [](client::Flags& flags) {
             flags.proxy_user.clear();
             flags.proxy_password.clear();
           }},
      {.id = "FAULT-CL-PROXY-07",
       .sentence = "trusts whoever is behind its proxy",
       .kills = {"EST-CL-506"},
       .configure =
           [](client::Settings& settings) {
             if (settings.client.session.proxy) judge_server([](const auto&, const auto&, const auto&) { return authorised(); })(settings);
           }},
      {.id = "FAULT-CL-PROXY-08",
       .sentence = "asks for a tunnel without a port",
       .kills = {"EST-CL-500"},
       .also = any_client,
       .because = "this client goes no further than that",
       .instead = leaves_the_port_out,
       .fatal = true},
  };
}

// --- a request made elsewhere

void does_not_see_its_link(client::Settings& settings) {
  if (settings.request.own_request) settings.request.own_request->attributes.clear();
}

std::vector<ClientFault> own_requests() {
  return {
      {.id = "FAULT-CL-OWN-01",
       .sentence = "makes a request, whatever it was given",
       .kills = {"EST-CL-390", "EST-CL-391", "EST-CL-392"},
       .told =
           [](client::Flags& flags) {
             if (flags.csr.empty()) return;
             flags.csr.clear();
             flags.subject = "CN=device,O=estspec";
             flags.key_type = "ec-p256";
           }},
      {.id = "FAULT-CL-OWN-02",
       .sentence = "sends a request that is linked to another session",
       .kills = {"EST-CL-391"},
       .configure = does_not_see_its_link},
      {.id = "FAULT-CL-OWN-03",
       .sentence = "does not ask for attributes where its request is made already",
       .kills = {"EST-CL-392"},
       .told =
           [](client::Flags& flags) {
             if (!flags.csr.empty()) flags.no_attributes = true;
           }},
  };
}

// --- fingerprints

void compares_the_first_half(client::Settings& settings) {
  if (!settings.anchors.fingerprint) return;
  settings.anchors.ask = [wanted = *settings.anchors.fingerprint](const est::codec::Certificate& root) {
    const est::Bytes found = est::crypto::digest(wanted.digest, root.der);
    return std::equal(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(found.size() / 2), wanted.value.begin());
  };
  settings.anchors.fingerprint.reset();
}

std::vector<ClientFault> fingerprints() {
  return {
      {.id = "FAULT-CL-BOOTSTRAP-05",
       .sentence = "takes every fingerprint for one of SHA-256",
       .kills = {"EST-CL-374"},
       .told =
           [](client::Flags& flags) {
             constexpr std::size_t digits = 64;
             if (flags.fingerprint.size() > digits) flags.fingerprint.resize(digits);
           }},
      {.id = "FAULT-CL-BOOTSTRAP-06",
       .sentence = "compares the first half of a fingerprint",
       .kills = {"EST-CL-375", "EST-CL-376"},
       .configure = compares_the_first_half},
  };
}

// --- Digest

constexpr std::string_view qop_of_challenge = "qop=\"";

// Changes the list of qop in each challenge that has more, or something else, than "auth".
Configure reads_qop(std::function<std::string(std::string)> read) {
  return each_answer([read = std::move(read)](Response& answer) {
    const auto values = answer.fields.all("WWW-Authenticate");
    answer.fields.remove("WWW-Authenticate");
    for (std::string value : values) {
      const std::size_t begin = value.find(qop_of_challenge);
      const std::size_t at = begin == std::string::npos ? begin : begin + qop_of_challenge.size();
      if (at != std::string::npos) value.replace(at, value.find('"', at) - at, read(value.substr(at, value.find('"', at) - at)));
      answer.fields.add("WWW-Authenticate", value);
    }
  });
}

bool is_stale_challenge(const Response& answer) {
  return answer.status == 401 && answer.fields.get("WWW-Authenticate").value_or("").find("stale=true") != std::string::npos;
}

Configure believes_in_stale() {
  return intercept([](const Request& request, const est::tls::Facts&, const client::Send& send) {
    constexpr int most = 30;
    auto outcome = send(request);
    for (int i = 0; i < most && outcome && is_stale_challenge(*outcome); ++i) outcome = send(request);
    return outcome;
  });
}

// Digest credentials for the next request, made with the nonce of those before.
struct FormerCredentials {
  std::optional<est::http::DigestChallenge> challenge;
  std::uint32_t count = 1;

  void remember(const Request& request) {
    const auto item = est::http::decode_credentials(request.fields.get("Authorization").value_or(""));
    if (!item.value || !est::iequals(item.value->scheme, "Digest")) return;
    est::http::DigestChallenge one;
    one.realm = item.value->parameter("realm").value_or("");
    one.nonce = item.value->parameter("nonce").value_or("");
    one.opaque = item.value->parameter("opaque").value_or("");
    one.algorithm = est::http::digest_algorithm_by_name(item.value->parameter("algorithm").value_or("MD5")).value();
    one.qop_auth = true;
    challenge = one;
  }
};

void keeps_its_nonce(client::Settings& settings) {
  auto& session = settings.client.session;
  if (!session.credentials) return;
  session.interceptor = [give = session.credentials, before = std::make_shared<FormerCredentials>()](
                            const Request& request, const est::tls::Facts&, const client::Send& send) {
    Request changed = request;
    const bool unasked = !request.fields.has("Authorization");
    const auto known = give({"", before->challenge ? before->challenge->realm : "", "Digest"});
    if (unasked && before->challenge && known && *known)
      changed.fields.add("Authorization", est::http::digest_authorization(*before->challenge, **known, request.method, request.target,
                                                                          ++before->count, "Y25vbmNl"));
    before->remember(request);
    return send(changed);
  };
}

std::vector<ClientFault> digests() {
  return {
      {.id = "FAULT-CL-AUTH-30",
       .sentence = "takes a list of qop for one word",
       .kills = {"EST-CL-140/auth-or-int", "EST-CL-140/int-or-auth", "EST-CL-140/unknown-or-auth"},
       .configure = reads_qop([](const std::string& list) { return list == "auth" ? list : std::string("unknown"); })},
      {.id = "FAULT-CL-AUTH-31",
       .sentence = "takes the first qop of the list",
       .kills = {"EST-CL-140/int-or-auth", "EST-CL-140/unknown-or-auth"},
       .configure = reads_qop([](const std::string& list) { return list.substr(0, list.find(',')); })},
      {.id = "FAULT-CL-AUTH-32",
       .sentence = "answers with the qop auth, whatever is offered",
       .kills = {"EST-CL-141"},
       .configure = reads_qop([](const std::string&) { return std::string("auth"); })},
      {.id = "FAULT-CL-AUTH-33",
       .sentence = "asks again as often as its nonce is called stale",
       .kills = {"EST-CL-142"},
       .configure = believes_in_stale()},
      {.id = "FAULT-CL-AUTH-34",
       .sentence = "goes on with the nonce it has, whatever the answer proposes",
       .kills = {"EST-CL-143"},
       .configure = keeps_its_nonce},
  };
}

// --- renewals

std::vector<ClientFault> renewals() {
  return {
      {.id = "FAULT-CL-RENEW-01",
       .sentence = "tries once to renew",
       .kills = {"EST-CL-510/503", "EST-CL-510/500"},
       .renews = [](const std::function<int()>& renew) { return renew(); }},
      {.id = "FAULT-CL-RENEW-02",
       .sentence = "renews when its certificate has ended",
       .kills = {"EST-CL-510/503", "EST-CL-510/500"},
       .renews =
           [](const std::function<int()>& renew) {
             std::this_thread::sleep_for(std::chrono::seconds(16));
             static_cast<void>(renew());
             return renew();
           }},
  };
}

// --- answers

void finds_the_boundary(Response& answer) {
  const std::string_view body = est::as_text(answer.body);
  if (!is_media_type(answer, "multipart/mixed") || !body.starts_with("--")) return;
  answer.fields.set("Content-Type", "multipart/mixed; boundary=\"" + std::string(body.substr(2, body.find('\r') - 2)) + "\"");
}

std::vector<ClientFault> answers() {
  return {
      {.id = "FAULT-CL-REDIRECT-08",
       .sentence = "follows redirections with 307 alone",
       .kills = {"EST-CL-166/301", "EST-CL-166/302", "EST-CL-166/308"},
       .configure = each_answer([](Response& answer) {
         if (answer.status == 301 || answer.status == 302 || answer.status == 308) answer.status = 300;
       })},
      {.id = "FAULT-CL-KEY-22",
       .sentence = "takes the first line of a multipart answer for its boundary",
       .kills = {"EST-CL-256"},
       .also = {"EST-CL-250/preamble", "EST-CL-433"},
       .because = "the first line there is not the boundary alone",
       .configure = each_answer(finds_the_boundary)},
  };
}

}  // namespace

std::vector<ClientFault> client_proxy_faults() {
  std::vector<ClientFault> all = proxies();
  for (const auto& more : {own_requests(), fingerprints(), digests(), renewals(), answers()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace conformance::selftest
