// What a proxy answers to CONNECT and in SOCKS5: a line of letters (s SOCKS5, c credentials are at hand), then its octets, with a line "~~"
// between its two connections. However they arrive, the end is the same; a tunnel opens where the plainest reading of RFC 9110 9.3.6, 1928
// and 1929 says and nowhere else, and what follows is left to the peer behind; the password goes only to a proxy that asked for it; a
// failure is one line without secrets.
#include <algorithm>
#include <optional>

#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/http/parser.h"
#include "est/net/tunnel_talk.h"
#include "fuzz/target.h"

namespace {

namespace net = est::net;
using fuzz::require;

constexpr std::string_view proxy_password = "s3cret-password", separator = "\n~~\n";

// What came of one conversation, or two.
struct Talk {
  bool open = false;
  std::string failure;
  std::vector<est::Bytes> sent;    // a connection each
  std::vector<std::size_t> taken;  // octets
};

// A Digest answer has a nonce of its own each time, of one length.
bool same(const Talk& left, const Talk& right) {
  return left.open == right.open && left.failure == right.failure && left.taken == right.taken && left.sent[0] == right.sent[0] &&
         left.sent[1].size() == right.sent[1].size();
}

class ScriptedLine final : public net::ProxyLine {
 public:
  ScriptedLine(const net::Proxy& proxy, est::BytesView said, std::size_t most, est::Bytes& sent, std::size_t& taken)
      : ProxyLine(proxy), said_(said), most_(most), sent_(sent), taken_(taken) {}

  std::optional<net::Failure> send(est::BytesView data) override {
    est::append(sent_, data);
    return std::nullopt;
  }
  // The proxy closes when it has said everything.
  std::variant<est::Bytes, net::Failure> receive(std::size_t most) override {
    require(most > 0, "nothing is not waited for");
    const est::BytesView left = said_.subspan(taken_);
    if (left.empty()) return failure(net::Cause::closed, "closed the connection");
    const std::size_t arrived = most_ == 0 ? left.size() : 1 + left.front() % most_;
    const est::BytesView part = left.first(std::min({most, arrived, left.size()}));
    taken_ += part.size();
    return est::Bytes(part.begin(), part.end());
  }

 private:
  est::BytesView said_;
  std::size_t most_;
  est::Bytes& sent_;
  std::size_t& taken_;
};

// Pieces of at most `most` octets, 0 for all at once.
Talk talk(const net::Proxy& proxy, const std::vector<est::BytesView>& connections, std::size_t most) {
  Talk out;
  out.sent.resize(2);
  out.taken.resize(2);
  std::size_t dialled = 0;
  const auto opened = net::open_tunnel(proxy, {"est.example", 443}, [&]() -> std::variant<std::unique_ptr<net::ProxyLine>, net::Failure> {
    require(dialled < (proxy.kind == net::Proxy::Kind::socks5 ? 1U : 2U), "a bounded number of connections");
    const std::size_t now = dialled++;
    const est::BytesView said = now < connections.size() ? connections[now] : est::BytesView();
    return std::make_unique<ScriptedLine>(proxy, said, most, out.sent[now], out.taken[now]);
  });
  out.open = std::holds_alternative<std::unique_ptr<net::ProxyLine>>(opened);
  if (!out.open) out.failure = std::get<net::Failure>(opened).message;
  return out;
}

void check_failure(const std::string& text) {
  require(!text.empty() && est::printable(text, text.size()) == text, "a failure is one line");
  require(text.find(proxy_password) == std::string::npos, "without secrets");
}

// The octets of a proxy that lets us through, by the tables of RFC 1928 and 1929.
std::optional<std::size_t> plain_socks(est::BytesView said, bool credentials) {
  if (said.size() < 2 || said[0] != 5) return std::nullopt;
  std::size_t before = 2;
  if (said[1] == 2 && credentials) {
    if (said.size() < 4 || said[3] != 0) return std::nullopt;
    before = 4;
  } else if (said[1] != 0) {
    return std::nullopt;
  }
  const est::BytesView reply = said.subspan(before);
  if (reply.size() < 5 || reply[0] != 5 || reply[1] != 0) return std::nullopt;
  const std::size_t size = reply[3] == 1 ? 10U : reply[3] == 4 ? 22U : reply[3] == 3 ? 7U + reply[4] : 0U;
  if (size == 0 || reply.size() < size) return std::nullopt;
  return before + size;
}

void check_socks(const Talk& seen, est::BytesView said, bool credentials) {
  const std::optional<std::size_t> expected = plain_socks(said, credentials);
  require(seen.open == expected.has_value(), "a SOCKS5 proxy opens what its reply says");
  require(!seen.open || seen.taken[0] == *expected, "and the reply is read to its end and no further");
  const bool told = est::as_text(seen.sent[0]).find(proxy_password) != std::string_view::npos;
  require(!told || (credentials && said.size() >= 2 && said[0] == 5 && said[1] == 2), "the password was asked for");
}

est::http::ObservedResponse plain_answer(est::BytesView said, std::size_t& taken) {
  est::http::ResponseParser parser("CONNECT");
  taken = parser.feed(said);
  if (parser.state() == est::http::ResponseParser::State::need_more) parser.end_of_input();
  return parser.observed();
}

bool asks_for(const est::http::ObservedResponse& answer, std::string_view scheme) {
  const auto values = answer.message.fields.all("Proxy-Authenticate");
  return std::any_of(values.begin(), values.end(),
                     [&](const auto& each) { return est::ascii_lower(each).find(scheme) != std::string::npos; });
}

void check_connect(const Talk& seen, const std::vector<est::BytesView>& connections, bool credentials) {
  const std::size_t last = seen.sent[1].empty() ? 0 : 1;
  require(est::as_text(seen.sent[0]).find("uthorization") == std::string_view::npos, "nothing is told before it is asked for");
  std::size_t taken = 0;
  const auto first = plain_answer(connections.empty() ? est::BytesView() : connections[0], taken);
  require(last == 0 || (credentials && first.message.status == 407), "a second connection answers a 407");
  const std::string pair = "user:" + std::string(proxy_password);
  const bool told = last == 1 && est::as_text(seen.sent[1]).find(est::codec::encode_base64(est::as_bytes(pair))) != std::string_view::npos;
  require(!told || asks_for(first, "basic"), "a password in the clear was asked for");
  require(est::as_text(seen.sent[1]).find(proxy_password) == std::string_view::npos, "and is never there as it is");
  if (!seen.open) return;
  require(last < connections.size(), "a proxy that says nothing opens nothing");
  const auto answer = plain_answer(connections[last], taken);
  require(answer.message.status / 100 == 2 && answer.complete, "a tunnel opens by a 2xx");
  require(seen.taken[last] == taken, "and what follows its head is left to the peer");
}

}  // namespace

FUZZ_TARGET(proxy_reply) {
  const std::string_view text = est::as_text(input);
  const std::string_view letters = text.substr(0, text.find('\n'));
  std::string_view rest = text.substr(std::min(text.size(), letters.size() + 1));
  net::Proxy proxy;
  proxy.at = {"proxy.example", 3128};
  const bool socks = letters.find('s') != std::string_view::npos, credentials = letters.find('c') != std::string_view::npos;
  if (socks) proxy.kind = net::Proxy::Kind::socks5;
  if (credentials) proxy.credentials = est::http::Credentials{"user", std::string(proxy_password)};
  if (rest.find(proxy_password) != std::string_view::npos) return;  // no secret any more

  const std::size_t cut = socks ? std::string_view::npos : rest.find(separator);
  std::vector<est::BytesView> connections{est::as_bytes(rest.substr(0, cut))};
  if (cut != std::string_view::npos) connections.push_back(est::as_bytes(rest.substr(cut + separator.size())));

  const Talk whole = talk(proxy, connections, 0);
  for (const std::size_t most : {std::size_t{1}, std::size_t{9}})
    require(same(talk(proxy, connections, most), whole), "any chunking ends the same");
  if (!whole.open) check_failure(whole.failure);
  if (socks) return check_socks(whole, connections[0], credentials);
  check_connect(whole, connections, credentials);
}
