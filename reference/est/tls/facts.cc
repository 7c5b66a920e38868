#include "est/tls/facts.h"

#include <algorithm>
#include <array>

#include "est/base/text.h"

namespace est::tls {
namespace {

struct VersionName {
  Version version;
  std::string_view label;  // as printed
  std::string_view digits;
};

constexpr std::array<VersionName, 4> version_names{{
    {Version::tls10, "TLS 1.0", "1.0"},
    {Version::tls11, "TLS 1.1", "1.1"},
    {Version::tls12, "TLS 1.2", "1.2"},
    {Version::tls13, "TLS 1.3", "1.3"},
}};

struct AlertName {
  int description;
  std::string_view name;
};

// The IANA registry "TLS Alerts", with the reserved ones of earlier versions.
constexpr std::array<AlertName, 36> alert_names{{
    {0, "close_notify"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {52, "too_many_cids_requested"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {120, "no_application_protocol"},
    {121, "ech_required"},
}};

}  // namespace

std::string_view to_string(Version version) noexcept {
  const auto* found = std::find_if(version_names.begin(), version_names.end(), [&](const auto& entry) { return entry.version == version; });
  return found == version_names.end() ? "unknown" : found->label;
}

std::optional<Version> version_by_name(std::string_view name) {
  std::string_view digits = trim(name);
  if (digits.size() >= 3 && iequals(digits.substr(0, 3), "TLS")) digits = trim(digits.substr(3), " v");
  for (const auto& entry : version_names) {
    const std::string dotless{entry.digits.front(), entry.digits.back()};
    if (digits == entry.digits || digits == dotless) return entry.version;
  }
  return std::nullopt;
}

std::string Alert::name() const {
  const auto* found =
      std::find_if(alert_names.begin(), alert_names.end(), [&](const auto& entry) { return entry.description == description; });
  return found == alert_names.end() ? "alert_" + std::to_string(description) : std::string(found->name);
}

}  // namespace est::tls
