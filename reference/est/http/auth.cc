#include "est/http/auth.h"

#include <algorithm>

#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/media_type.h"

namespace est::http {
namespace {

constexpr std::size_t most_items = 32;
constexpr std::size_t most_parameters = 64;
constexpr std::string_view token68_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";

// RFC 9110 11.6.1. A comma separates parameters as well as challenges; what follows decides: token BWS "=" is a parameter of the
// challenge under way, any other token begins the next one.
class Reader {
 public:
  Reader(std::string_view text, std::vector<AuthItem>& items, Findings& findings)
      : text_(text), rest_(text), items_(items), findings_(findings) {}

  void read() {
    while (skip_separators()) {
      if (!(open_ && parameter_ahead() ? read_parameter() : read_scheme())) return;
      codec::skip_blanks(rest_);
      if (!rest_.empty() && rest_.front() != ',' && !after_scheme_) return refuse("a comma is missing");
    }
  }

 private:
  // False at the end. Between a scheme and its first parameter stands no comma.
  bool skip_separators() {
    while (!rest_.empty() && (rest_.front() == ',' || rest_.front() == ' ' || rest_.front() == '\t')) {
      if (rest_.front() == ',') after_scheme_ = false;
      rest_.remove_prefix(1);
    }
    return !rest_.empty();
  }

  [[nodiscard]] bool parameter_ahead() const {
    std::string_view ahead = rest_;
    if (codec::take_token(ahead).empty()) return false;
    codec::skip_blanks(ahead);
    return ahead.starts_with('=');
  }

  // challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
  bool read_scheme() {
    if (after_scheme_) return stop("neither token68 nor a parameter follows the scheme");
    const std::string_view scheme = codec::take_token(rest_);
    if (scheme.empty()) return stop("an authentication scheme is expected");
    if (items_.size() >= most_items) return stop("too many challenges");
    items_.push_back({std::string(scheme), {}, {}});
    open_ = true;
    if (rest_.empty() || rest_.front() == ',') return true;
    if (rest_.front() != ' ') return stop("the scheme is not followed by a space");
    read_token68();
    return true;
  }

  // token68 = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
  void read_token68() {
    codec::skip_blanks(rest_);
    std::size_t end = std::min(rest_.find_first_not_of(token68_characters), rest_.size());
    if (end > 0) end = std::min(rest_.find_first_not_of('=', end), rest_.size());
    std::string_view ahead = rest_.substr(end);
    codec::skip_blanks(ahead);
    after_scheme_ = end == 0 || (!ahead.empty() && ahead.front() != ',');
    if (after_scheme_) return;
    items_.back().token68 = rest_.substr(0, end);
    open_ = false;
    rest_ = ahead;
  }

  // auth-param = token BWS "=" BWS ( token / quoted-string )
  bool read_parameter() {
    after_scheme_ = false;
    std::string name = ascii_lower(codec::take_token(rest_));
    codec::skip_blanks(rest_);
    rest_.remove_prefix(1);
    codec::skip_blanks(rest_);
    auto value = codec::take_token_or_quoted(rest_);
    if (!value) return stop("the value of a parameter is neither a token nor a quoted string");
    auto& parameters = items_.back().parameters;
    if (parameters.size() >= most_parameters) return stop("too many parameters");
    if (items_.back().parameter(name)) refuse("a parameter stands twice", "auth.duplicate-parameter");
    parameters.emplace_back(std::move(name), std::move(*value));
    return true;
  }

  bool stop(std::string detail) {
    refuse(std::move(detail));
    return false;
  }

  void refuse(std::string detail, std::string id = "auth.syntax") {
    findings_.push_back({std::move(id), Severity::error, text_.size() - rest_.size(), std::move(detail)});
  }

  std::string_view text_;
  std::string_view rest_;
  std::vector<AuthItem>& items_;
  Findings& findings_;
  bool open_ = false;          // the last item may take parameters
  bool after_scheme_ = false;  // the scheme's first parameter must follow
};

bool has_controls(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::optional<std::string> AuthItem::parameter(std::string_view name) const {
  for (const auto& [parameter_name, value] : parameters)
    if (parameter_name == name) return value;
  return std::nullopt;
}

Decoded<std::vector<AuthItem>> decode_challenges(const std::vector<std::string>& field_values) {
  std::vector<AuthItem> items;
  Findings findings;
  for (const std::string& value : field_values) Reader(value, items, findings).read();
  return {std::move(items), std::move(findings)};
}

Decoded<AuthItem> decode_credentials(std::string_view field_value) {
  std::vector<AuthItem> items;
  Findings findings;
  Reader(field_value, items, findings).read();
  if (items.size() != 1 && !has_errors(findings))
    findings.push_back({"auth.syntax", Severity::error, 0, "not exactly one authentication scheme"});
  if (items.empty()) return {std::nullopt, std::move(findings)};
  return {std::move(items.front()), std::move(findings)};
}

std::string basic_authorization(const Credentials& credentials) {
  return "Basic " + codec::encode_base64(as_bytes(credentials.user + ":" + credentials.password));
}

// user-pass = user-id ":" password
std::optional<Credentials> parse_basic(const AuthItem& item) {
  if (!iequals(item.scheme, "Basic") || !item.parameters.empty()) return std::nullopt;
  const auto decoded = codec::decode_base64(item.token68, codec::Base64Mode::strict);
  if (!decoded.accepted()) return std::nullopt;
  const std::string_view text = as_text(*decoded.value);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || has_controls(text)) return std::nullopt;
  return Credentials{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

}  // namespace est::http
