#include "est/http/values.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "est/base/text.h"

namespace est::http {
namespace {

constexpr std::array<std::string_view, 7> short_days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_days = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr UnixTime end_of_year_9999 = 253402300799;
constexpr UnixTime seconds_per_day = 86400;

// Reads fixed pieces from the front of a date; after the first mismatch every read fails.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : rest_(text) {}

  Pieces& literal(std::string_view expected) {
    if (rest_.starts_with(expected)) {
      rest_.remove_prefix(expected.size());
    } else {
      ok_ = false;
    }
    return *this;
  }

  template <class Names>
  Pieces& name(const Names& names, unsigned& index) {
    for (index = 0; index < names.size(); ++index)
      if (rest_.starts_with(names[index])) return literal(names[index]);
    ok_ = false;
    return *this;
  }

  Pieces& number(std::size_t digits, unsigned& value) {
    const auto parsed = parse_decimal(rest_.substr(0, digits));
    ok_ = ok_ && rest_.size() >= digits && parsed.has_value();
    if (!ok_) return *this;
    value = static_cast<unsigned>(*parsed);
    rest_.remove_prefix(digits);
    return *this;
  }

  // date3's day: two digits, or a space and one digit.
  Pieces& padded_day(unsigned& value) { return rest_.starts_with(' ') ? literal(" ").number(1, value) : number(2, value); }

  [[nodiscard]] bool complete() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct Civil {
  unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;  // month from 0
};

// time-of-day = hour ":" minute ":" second ; 60 is a leap second
Pieces& time_of_day(Pieces& pieces, Civil& at) {
  return pieces.number(2, at.hour).literal(":").number(2, at.minute).literal(":").number(2, at.second);
}

// IMF-fixdate = day-name "," SP day SP month SP year SP time-of-day SP GMT
bool read_imf_fixdate(std::string_view text, Civil& at) {
  unsigned weekday = 0;
  Pieces pieces(text);
  pieces.name(short_days, weekday).literal(", ").number(2, at.day).literal(" ").name(months, at.month).literal(" ");
  pieces.number(4, at.year).literal(" ");
  return time_of_day(pieces, at).literal(" GMT").complete();
}

// rfc850-date = day-name-l "," SP day "-" month "-" 2DIGIT SP time-of-day SP GMT
bool read_rfc850_date(std::string_view text, Civil& at) {
  unsigned weekday = 0;
  Pieces pieces(text);
  pieces.name(long_days, weekday).literal(", ").number(2, at.day).literal("-").name(months, at.month).literal("-");
  pieces.number(2, at.year).literal(" ");
  return time_of_day(pieces, at).literal(" GMT").complete();
}

// asctime-date = day-name SP month SP ( 2DIGIT / ( SP 1DIGIT )) SP time-of-day SP year
bool read_asctime_date(std::string_view text, Civil& at) {
  unsigned weekday = 0;
  Pieces pieces(text);
  pieces.name(short_days, weekday).literal(" ").name(months, at.month).literal(" ").padded_day(at.day).literal(" ");
  return time_of_day(pieces, at).literal(" ").number(4, at.year).complete();
}

std::optional<UnixTime> to_unix(const Civil& at) {
  using namespace std::chrono;
  const year_month_day date{year(static_cast<int>(at.year)), month(at.month + 1), day(at.day)};
  if (!date.ok() || at.hour > 23 || at.minute > 59 || at.second > 60) return std::nullopt;
  const UnixTime days = sys_days(date).time_since_epoch().count();
  return days * seconds_per_day + UnixTime{at.hour} * 3600 + UnixTime{at.minute} * 60 + at.second;
}

unsigned year_of(UnixTime time) {
  using namespace std::chrono;
  const year_month_day date{sys_days(days(std::clamp<UnixTime>(time, 0, end_of_year_9999) / seconds_per_day))};
  return static_cast<unsigned>(static_cast<int>(date.year()));
}

// RFC 9110 5.6.7: a two-digit year that would lie more than 50 years ahead is of the past.
unsigned full_year(unsigned two_digits, unsigned this_year) {
  const unsigned year = this_year / 100 * 100 + two_digits;
  if (year > this_year + 50) return year - 100;
  return year + 50 <= this_year ? year + 100 : year;
}

constexpr std::string_view unreserved_and_sub_delims = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=";

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The value of "%XX" at the front, or -1.
int escape_at(std::string_view text) noexcept {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// *( unreserved / pct-encoded / sub-delims / extra )
bool made_of(std::string_view text, std::string_view extra) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (escape_at(text.substr(i)) < 0) return false;
      i += 2;
    } else if (unreserved_and_sub_delims.find(text[i]) == std::string_view::npos && extra.find(text[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// IP-literal = "[" ( IPv6address / IPvFuture ) "]", loosely: the resolver judges the rest.
bool valid_ip_literal(std::string_view text) noexcept {
  return text.size() > 2 && text.back() == ']' &&
         text.substr(1, text.size() - 2).find_first_not_of("0123456789abcdefABCDEFvV:.") == std::string_view::npos;
}

}  // namespace

std::string http_date(UnixTime time) {
  using namespace std::chrono;
  const UnixTime at = std::clamp<UnixTime>(time, 0, end_of_year_9999);
  const sys_days day_number{days(at / seconds_per_day)};
  const year_month_day date{day_number};
  const auto second = static_cast<int>(at % seconds_per_day);
  const std::string_view weekday_name = short_days[weekday(day_number).c_encoding()];
  const std::string_view month_name = months[static_cast<unsigned>(date.month()) - 1];
  std::string text(weekday_name);
  text += ", ";
  append_decimal(text, static_cast<int>(static_cast<unsigned>(date.day())), 2);
  text.append(" ").append(month_name).append(" ");
  append_decimal(text, static_cast<int>(date.year()), 4);
  for (const auto& [before, part] : {std::pair{' ', second / 3600}, {':', second / 60 % 60}, {':', second % 60}}) {
    text += before;
    append_decimal(text, part, 2);
  }
  return text + " GMT";
}

std::optional<UnixTime> parse_http_date(std::string_view text, const Clock& clock) {
  Civil at;
  if (read_imf_fixdate(text, at)) return to_unix(at);
  at = {};
  if (read_asctime_date(text, at)) return to_unix(at);
  at = {};
  if (!read_rfc850_date(text, at)) return std::nullopt;
  at.year = full_year(at.year, year_of(clock.now()));
  return to_unix(at);
}

std::uint64_t RetryAfter::wait_from(UnixTime now) const {
  if (!is_date) return seconds;
  return date <= now ? 0 : static_cast<std::uint64_t>(date) - static_cast<std::uint64_t>(now);
}

std::optional<RetryAfter> parse_retry_after(std::string_view text) {
  constexpr std::uint64_t most = std::uint64_t{1} << 31U;
  const std::string_view value = trim(text, " \t");
  RetryAfter retry;
  if (!value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos) {
    retry.seconds = std::min(parse_decimal(value).value_or(most), most);
    return retry;
  }
  const auto date = parse_http_date(value);
  if (!date) return std::nullopt;
  retry.is_date = true;
  retry.date = *date;
  return retry;
}

std::string encode(const RetryAfter& retry) { return retry.is_date ? http_date(retry.date) : std::to_string(retry.seconds); }

bool valid_host(std::string_view text) noexcept {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (host.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos) return false;
  return host.front() == '[' ? valid_ip_literal(host) : made_of(host, "");
}

std::optional<Target> parse_target(std::string_view target) {
  Target parsed;
  std::string_view rest = target;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!iequals(rest.substr(0, scheme.size()), scheme)) continue;
    rest.remove_prefix(scheme.size());
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    parsed.authority = rest.substr(0, end);
    rest.remove_prefix(end);
    if (!valid_host(parsed.authority)) return std::nullopt;
    break;
  }
  const std::size_t question = std::min(rest.find('?'), rest.size());
  parsed.path = rest.substr(0, question);
  if (question < rest.size()) parsed.query = rest.substr(question + 1);
  if (parsed.path.empty() && !parsed.authority.empty()) parsed.path = "/";
  if (!parsed.path.starts_with('/') || !made_of(parsed.path, ":@/") || !made_of(parsed.query.value_or(""), ":@/?")) return std::nullopt;
  return parsed;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int value = static_cast<unsigned char>(text[i]);
    if (text[i] == '%') {
      value = escape_at(text.substr(i));
      i += 2;
    }
    if (value <= 0) return std::nullopt;
    decoded.push_back(static_cast<char>(value));
  }
  return decoded;
}

}  // namespace est::http
