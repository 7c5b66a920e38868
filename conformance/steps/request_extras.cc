#include "conformance/steps/request_extras.h"

#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/crypto/digest.h"

namespace conformance::steps {
namespace {

namespace codec = est::codec;
namespace oids = est::codec::oids;

Maybe<codec::ChangeSubjectName> rename_of(const engine::Json& map, RunState& run) {
  const Parameters wanted(map);
  const std::string number = run.next_number();
  codec::ChangeSubjectName change;
  if (const auto text = wanted.maybe_text("subject")) {
    auto name = codec::parse_name(with_number(*text, number));
    if (!name) return name.error();
    change.subject = std::move(*name);
  }
  for (const auto& text : wanted.texts("san").value_or(std::vector<std::string>{})) {
    auto name = codec::parse_general_name(with_number(text, number));
    if (!name) return name.error();
    change.subject_alt_name.push_back(std::move(*name));
  }
  if (!change.subject && change.subject_alt_name.empty()) return fault("'rename' names neither subject nor san");
  return change;
}

// A value that no list of one-time passwords has.
std::string made_up() { return "estspec-" + est::hex(est::crypto::random_bytes(8)); }

Maybe<std::string> one_time_password(const std::string& kind, const target::Profile& profile, const Memory& memory, RunState& run) {
  if (kind == "wrong") return made_up();
  if (kind == "empty") return std::string();
  if (kind == "long") return std::string(256, 'x');
  if (kind == "again") {
    if (memory.one_time_password.empty()) return fault("no one-time password was used before that could be used again");
    return memory.one_time_password;
  }
  const std::size_t next = run.take_one_time_password();
  if (next < profile.one_time_passwords.size()) return profile.one_time_passwords[next];
  if (profile.one_time_passwords.empty()) return cannot("the profile has no one-time passwords; add access.one-time-passwords");
  return cannot("the profile's one-time passwords are used up; put fresh ones into access.one-time-passwords");
}

engine::StepOutcome add_written(const engine::Json& map, std::vector<codec::Attribute>& attributes) {
  for (const auto& [name, value] : map.items()) {
    const auto oid = codec::oid_by_name(name);
    if (!oid) return fault("'" + name + "' is no object identifier the suite knows");
    const auto octets = value.is_string() ? octets_of_hex(value.get<std::string>()) : std::nullopt;
    if (!octets) return fault("the value of attribute '" + name + "' is not hexadecimal");
    attributes.push_back({*oid, {*octets}, 0, 0});
  }
  return recorded();
}

}  // namespace

Maybe<RequestExtras> extras_for(const Parameters& parameters, const target::Profile& profile, const Memory& memory, RunState& run) {
  RequestExtras extras;
  if (const auto* map = parameters.map("rename")) {
    auto change = rename_of(*map, run);
    if (!change) return change.outcome();
    extras.attributes.push_back(codec::make_change_subject_name(*change));
    extras.rename = std::move(*change);
  }
  if (const auto kind = parameters.maybe_text("one-time-password")) {
    auto value = one_time_password(*kind, profile, memory, run);
    if (!value) return value.outcome();
    extras.attributes.push_back(codec::make_text_attribute(oids::otp_challenge, *value));
    extras.one_time_password = std::move(*value);
  }
  if (const auto* map = parameters.map("attribute")) {
    if (auto outcome = add_written(*map, extras.attributes); outcome.kind != engine::StepOutcome::Kind::recorded) return outcome;
  }
  return extras;
}

std::vector<codec::Attribute> linking_attributes(const std::string& link_by, const std::string& value) {
  const auto old_way = codec::make_challenge_password(value);
  if (link_by == "identity-linking") return {codec::make_text_attribute(oids::est_identity_linking, value)};
  if (link_by == "both") return {old_way, codec::make_text_attribute(oids::est_identity_linking, value)};
  if (link_by != "right-and-wrong") return {old_way};
  const std::string other = codec::encode_base64(est::crypto::random_bytes(12));
  return {old_way, codec::make_text_attribute(oids::est_identity_linking, other)};
}

}  // namespace conformance::steps
