#include "client/redirect.h"

#include "est/base/text.h"
#include "est/http/values.h"

namespace client {
namespace {

constexpr std::uint16_t https_port = 443;

Problem bad_redirect(const est::http::Response& response, const std::string& why) {
  return {ProblemKind::answer, "the server redirects (status " + std::to_string(response.status) + ") " + why, response.status};
}

std::string without_fragment(std::string_view location) { return std::string(location.substr(0, location.find('#'))); }

// RFC 3986 5.2.4 for paths that begin with '/'.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const auto segments = est::split(path.substr(1), '/');
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool dots = segments[i] == "." || segments[i] == "..";
    if (segments[i] == ".." && !kept.empty()) kept.pop_back();
    if (!dots) kept.push_back(segments[i]);
    if (dots && i + 1 == segments.size()) kept.push_back("");
  }
  std::string out;
  for (const std::string_view segment : kept) out += "/" + std::string(segment);
  return out.empty() ? "/" : out;
}

std::string resolved_target(const std::string& base, const std::string& reference) {
  if (!reference.empty() && reference.front() == '/') return reference;
  const std::string path = base.substr(0, base.find('?'));
  if (reference.empty()) return base;
  if (reference.front() == '?') return path + reference;
  const std::size_t query = reference.find('?');
  const std::string joined = path.substr(0, path.rfind('/') + 1) + reference.substr(0, query);
  return without_dots(joined) + (query == std::string::npos ? "" : reference.substr(query));
}

}  // namespace

std::string host_field(const est::net::Endpoint& at) {
  std::string all = at.to_string();
  return at.port == https_port ? all.substr(0, all.rfind(':')) : all;
}

std::string Place::url() const { return "https://" + host_field(at) + target; }

bool same_origin(const Place& left, const Place& right) noexcept {
  return left.at.port == right.at.port && est::iequals(left.at.host, right.at.host);
}

bool is_redirect(int status) noexcept { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

Outcome<Place> redirected(const Place& from, std::string_view method, const est::http::Response& response) {
  const auto field = response.fields.get("Location");
  if (!field || field->empty()) return bad_redirect(response, "without saying where to");
  if (response.status == 303 && method != "GET") return bad_redirect(response, "to another resource instead of answering the request");
  std::string location = without_fragment(*field);
  if (location.substr(0, 2) == "//") location.insert(0, "https:");
  Place to = from;
  const std::size_t colon = location.find(':');
  if (colon != std::string::npos && colon < location.find_first_of("/?")) {
    const auto url = est::net::parse_url(location);
    if (!url) return bad_redirect(response, "to an unusable place: " + url.error().message);
    if (url->scheme != "https") return bad_redirect(response, "to " + est::printable(location) + ", which is not https");
    to.at = url->endpoint;
    to.target = url->path.empty() || url->path.front() != '/' ? "/" + url->path : url->path;
  } else {
    to.target = resolved_target(from.target, location);
  }
  if (!est::http::parse_target(to.target)) return bad_redirect(response, "to an unusable place: " + est::printable(location));
  return to;
}

}  // namespace client
