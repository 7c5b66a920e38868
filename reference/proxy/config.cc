#include "proxy/config.h"

#include <optional>
#include <utility>

#include "est/base/file.h"
#include "est/ops/operation.h"
#include "server/config_reader.h"

namespace proxy {
namespace {

using server::YamlMap;
using server::YamlSource;
using server::YamlValue;

constexpr std::size_t config_file_limit = std::size_t{1} << 20U;

void read_url(const YamlValue& value, est::net::Endpoint& at) {
  const est::Result<est::net::Url> url = est::net::parse_url(value.text());
  if (!url) return value.fail(url.error().message, "write https://host:port");
  if (url->scheme != "https" || url->path.size() > 1)
    return value.fail("the upstream is not https://host:port", "name its labels under upstream.labels");
  at = url->endpoint;
}

void read_seconds(YamlMap& map, const std::string& key, est::Milliseconds& span) {
  span = std::chrono::seconds(map.number(key, 1, 3600, span.count() / 1000));
}

void check_label(const YamlValue& value, const std::string& label) {
  if (!label.empty() && !est::ops::valid_label(label)) value.fail("'" + label + "' is no CA label", "see RFC 7030 3.2.2");
}

void read_credentials(YamlMap& map, UpstreamConfig& upstream) {
  upstream.certificate = map.path("certificate");
  upstream.key = map.path("key");
  upstream.user = map.text("user", {});
  upstream.password_file = map.path("password-file");
}

void read_upstream(const YamlValue& section, UpstreamConfig& upstream) {
  YamlMap map = section.map();
  if (const auto url = map.require("url")) read_url(*url, upstream.at);
  upstream.anchors = map.paths("anchors");
  upstream.implicit_anchors = map.paths("implicit-anchors");
  read_credentials(map, upstream);
  read_seconds(map, "connect-seconds", upstream.connect);
  read_seconds(map, "handshake-seconds", upstream.handshake);
  read_seconds(map, "answer-seconds", upstream.answer);
  upstream.connections = static_cast<unsigned>(map.number("connections", 1, 256, upstream.connections));
  upstream.waiting = static_cast<unsigned>(map.number("waiting", 0, 100000, upstream.waiting));
  upstream.content_transfer_encoding = map.boolean("content-transfer-encoding", upstream.content_transfer_encoding);
  upstream.full_cmc = map.boolean("fullcmc", upstream.full_cmc);
  if (const auto labels = map.get("labels")) {
    for (const auto& [ours, theirs] : labels->map().entries()) {
      const std::string label = theirs.is_text() ? theirs.text() : std::string();
      check_label(theirs, label);
      upstream.labels[ours] = label == "-" ? std::string() : label;
    }
  }
  map.finish();
  if (upstream.anchors.empty() && upstream.implicit_anchors.empty())
    section.fail("nothing says whom to believe upstream", "name PEM files under anchors");
  if (upstream.certificate.empty() != upstream.key.empty()) section.fail("certificate and key come together", "give both");
  if (upstream.full_cmc && upstream.certificate.empty())
    section.fail("nobody could sign the Full PKI Requests", "give certificate and key, or leave fullcmc out");
  if (!upstream.password_file.empty() && upstream.user.empty()) section.fail("a password needs its user", "give user");
  if (upstream.certificate.empty() && upstream.password_file.empty())
    section.fail("the upstream would not know us", "give certificate and key, or user and password-file");
}

void read_cacerts(const YamlValue& section, CaConfig& cacerts) {
  YamlMap map = section.map();
  cacerts.file = map.path("file");
  cacerts.refresh_seconds = map.number("refresh-seconds", 1, 30LL * 86400, cacerts.refresh_seconds);
  map.finish();
}

}  // namespace

std::string UpstreamConfig::label_of(const std::string& label) const {
  const auto found = labels.find(label);
  return found == labels.end() ? label : found->second;
}

est::Result<Config> parse_config(std::string_view text, const std::string& path) {
  YamlSource source(path);
  Config config;
  config.front.limits.drain = std::chrono::seconds(45);  // what an answer of the upstream may take, by default
  if (std::optional<YamlMap> top = server::read_yaml(text, source)) {
    server::read_front(*top, config.front, source);
    if (const auto upstream = top->require("upstream")) read_upstream(*upstream, config.upstream);
    if (const auto cacerts = top->get("cacerts")) read_cacerts(*cacerts, config.cacerts);
    config.retry_seconds = top->number("retry-seconds", 1, 86400, config.retry_seconds);
    top->finish();
  }
  if (source.failed()) return source.error();
  return config;
}

est::Result<Config> load_config(const std::string& path) {
  const est::Result<std::string> text = est::read_file(path, config_file_limit);
  if (!text) return text.error();
  return parse_config(*text, path);
}

}  // namespace proxy
