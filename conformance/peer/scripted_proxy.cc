#include "conformance/peer/scripted_proxy.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <list>
#include <mutex>
#include <thread>

#include "est/base/text.h"
#include "est/net/plain_listener.h"

namespace conformance::peer {
namespace {

using est::BytesView;
using est::Deadline;
using est::net::PlainConnection;

constexpr est::Milliseconds tick{100};  // how soon a thread sees that all is to end
constexpr est::Milliseconds patience{60000};
constexpr std::size_t longest_head = std::size_t{16} << 10U;
constexpr std::size_t most_visits = 100;
constexpr int most_asks = 20;  // over one connection
constexpr int authentication_required = 407;

struct Conduct {
  std::string name, meaning;
  bool asks = false;         // for a password
  bool content = true;       // with the right one
  bool closes = false;       // after 407
  int refuses = 0;           // status, where a tunnel would be due
  std::string_view further;  // line of the answer that opens the tunnel
};

const std::vector<Conduct>& conducts() {
  static const std::vector<Conduct> all{
      {.name = "open", .meaning = "tunnels for everybody"},
      {.name = "password", .meaning = "asks for a password by Basic", .asks = true},
      {.name = "password-closing", .meaning = "the same, and closes the connection after it asked", .asks = true, .closes = true},
      {.name = "never-content", .meaning = "asks for a password, whatever comes", .asks = true, .content = false},
      {.name = "forbidding", .meaning = "answers 403", .refuses = 403},
      {.name = "broken", .meaning = "answers 502", .refuses = 502},
      {.name = "with-length", .meaning = "opens tunnels with a Content-Length, which means nothing", .further = "Content-Length: 5\r\n"},
      {.name = "with-chunks",
       .meaning = "opens tunnels with a Transfer-Encoding, which means nothing",
       .further = "Transfer-Encoding: chunked\r\n"},
  };
  return all;
}

struct Head {
  std::string method, target, authorization;
};

Head read_head(std::string_view text) {
  Head head;
  const auto lines = est::split(text, '\n');
  const auto words = est::split(est::trim(lines.front()), ' ');
  head.method = words.front();
  if (words.size() > 1) head.target = words[1];
  for (const std::string_view line : lines) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && est::iequals(line.substr(0, colon), "Proxy-Authorization"))
      head.authorization = est::trim(line.substr(colon + 1));
  }
  return head;
}

std::string whose_password(const std::string& authorization, const ProxySecrets& secrets) {
  if (authorization.empty()) return "none";
  const auto item = est::http::decode_credentials(authorization);
  const auto given = item.value ? est::http::parse_basic(*item.value) : std::nullopt;
  if (!given) return "other";
  if (given->password == secrets.server.password) return "server";
  return given->user == secrets.own.user && given->password == secrets.own.password ? "own" : "other";
}

std::string refusal(int status, std::string_view reason, std::string_view fields) {
  const std::string text = std::string(reason) + ".\n";
  return "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason) +
         "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(text.size()) + "\r\n" + std::string(fields) + "\r\n" + text;
}

}  // namespace

const Words& proxy_kinds() {
  static const Words words = [] {
    Words all;
    for (const Conduct& one : conducts()) all.push_back({one.name, one.meaning});
    return all;
  }();
  return words;
}

struct ScriptedProxy::Impl {
  Impl(const Conduct& conduct_, std::uint16_t server_, ProxySecrets secrets_)
      : conduct(conduct_), server(server_), secrets(std::move(secrets_)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { end(); }

  void end() {
    stopped = true;
    if (acceptor.joinable()) acceptor.join();
    for (std::thread& one : visits) one.join();
    visits.clear();
  }

  void accept_all() {
    for (int number = 1; !stopped;) {
      auto client = listener->accept(Deadline::after(tick));
      if (!client || visits.size() >= most_visits) continue;
      visits.emplace_back([this, number, line = std::move(*client)]() mutable { serve(line, number); });
      ++number;
    }
  }

  void serve(PlainConnection& client, int number) {
    for (int asked = 0; asked < most_asks && !stopped; ++asked) {
      SeenAtProxy seen;
      seen.connection = number;
      est::Bytes rest;
      if (!receive(client, seen, rest) || !answer(client, seen, rest)) return;
    }
  }

  // Reads until `deadline` or the end of all: how much came, 0 for the end.
  std::size_t read(PlainConnection& from, std::span<est::Byte> into, const Deadline& deadline) const {
    while (!stopped && !deadline.passed()) {
      const auto got = from.read(into, Deadline::after(tick));
      if (got.count > 0) return got.count;
      if (!got.failure || got.failure->cause != est::net::Cause::timeout) return 0;
    }
    return 0;
  }

  // The head of a request; what came behind it is `rest`.
  bool receive(PlainConnection& client, SeenAtProxy& seen, est::Bytes& rest) const {
    constexpr std::string_view end_of_head = "\r\n\r\n";
    std::array<est::Byte, 4096> buffer{};
    const Deadline deadline = Deadline::after(patience);
    while (seen.request.size() < longest_head) {
      const std::size_t count = read(client, buffer, deadline);
      if (count == 0) return false;
      if (seen.request.empty()) seen.began = std::chrono::steady_clock::now();
      est::append(seen.request, BytesView(buffer).first(count));
      const std::size_t at = est::as_text(seen.request).find(end_of_head);
      if (at == std::string_view::npos) continue;
      rest = est::to_bytes(BytesView(seen.request).subspan(at + end_of_head.size()));
      seen.request.resize(at + end_of_head.size());
      return true;
    }
    return false;
  }

  // Whether another request may come over this connection.
  bool answer(PlainConnection& client, SeenAtProxy& seen, const est::Bytes& rest) {
    const Head head = read_head(est::as_text(seen.request));
    seen.method = head.method;
    seen.target = head.target;
    seen.password = whose_password(head.authorization, secrets);
    const bool let_in = !conduct.asks || (conduct.content && seen.password == "own");
    if (!let_in) {
      constexpr std::string_view challenge = "Proxy-Authenticate: Basic realm=\"proxy\"\r\n";
      const std::string fields = std::string(challenge) + (conduct.closes ? "Connection: close\r\n" : "");
      return say(client, seen, refusal(authentication_required, "Proxy Authentication Required", fields)) && !conduct.closes;
    }
    if (head.method != "CONNECT") return say(client, seen, refusal(405, "Method Not Allowed", "Allow: CONNECT\r\n"));
    if (conduct.refuses != 0) return say(client, seen, refusal(conduct.refuses, "No tunnel", ""));
    const auto to = est::net::parse_endpoint(head.target);
    if (!to || to->port != server) return say(client, seen, refusal(403, "Forbidden", ""));
    open_tunnel(client, seen, rest);
    return false;
  }

  bool say(PlainConnection& client, SeenAtProxy& seen, const std::string& text) {
    seen.answer = est::to_bytes(text);
    seen.ended = std::chrono::steady_clock::now();
    {
      const std::lock_guard lock(mutex);  // before anybody can have read the answer
      record.push_back(seen);
    }
    return !client.write(est::as_bytes(text), Deadline::after(patience));
  }

  // Whatever name was asked for: only the scripted server is behind this proxy.
  void open_tunnel(PlainConnection& client, SeenAtProxy& seen, const est::Bytes& rest) {
    auto opened = PlainConnection::open({"localhost", server}, patience);
    auto* upstream = std::get_if<PlainConnection>(&opened);
    if (upstream == nullptr) {
      static_cast<void>(say(client, seen, refusal(502, "Bad Gateway", "")));
      return;
    }
    seen.leaves_from = upstream->local_address();
    if (!say(client, seen, "HTTP/1.1 200 Connection established\r\n" + std::string(conduct.further) + "\r\n")) return;
    if (!rest.empty() && upstream->write(rest, Deadline::after(patience))) return;
    std::thread back([&] { pass_on(*upstream, client); });
    pass_on(client, *upstream);
    back.join();
  }

  void pass_on(PlainConnection& from, PlainConnection& to) const {
    std::array<est::Byte, 16384> buffer{};
    while (!stopped) {
      const std::size_t count = read(from, buffer, Deadline::after(patience));
      if (count == 0 || to.write(BytesView(buffer).first(count), Deadline::after(patience))) break;
    }
    to.end_output();
  }

  const Conduct& conduct;
  const std::uint16_t server;
  const ProxySecrets secrets;
  std::optional<est::net::PlainListener> listener;
  std::atomic<bool> stopped{false};
  std::thread acceptor;
  std::list<std::thread> visits;  // the acceptor's, until it has ended
  mutable std::mutex mutex;       // guards the record
  std::vector<SeenAtProxy> record;
};

ScriptedProxy::ScriptedProxy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ScriptedProxy::~ScriptedProxy() = default;

est::Result<std::unique_ptr<ScriptedProxy>> ScriptedProxy::start(std::string_view kind, std::uint16_t server, ProxySecrets secrets) {
  const auto& all = conducts();
  const auto conduct = std::find_if(all.begin(), all.end(), [&](const Conduct& one) { return one.name == kind; });
  if (conduct == all.end()) return est::Error{"no proxy is of the kind '" + std::string(kind) + "'"};
  auto bound = est::net::PlainListener::bind({"127.0.0.1", 0});
  if (!bound) return bound.error();
  auto impl = std::make_unique<Impl>(*conduct, server, std::move(secrets));
  impl->listener.emplace(std::move(*bound));
  impl->acceptor = std::thread([raw = impl.get()] { raw->accept_all(); });
  return std::unique_ptr<ScriptedProxy>(new ScriptedProxy(std::move(impl)));
}

std::string ScriptedProxy::url() const { return "http://127.0.0.1:" + std::to_string(impl_->listener->port()); }
void ScriptedProxy::stop() { impl_->end(); }
std::vector<SeenAtProxy> ScriptedProxy::seen() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->record;
}

}  // namespace conformance::peer
