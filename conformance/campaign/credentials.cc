#include "conformance/campaign/credentials.h"

#include <algorithm>
#include <cctype>

#include "conformance/steps/redact.h"
#include "est/codec/base64.h"

namespace conformance::campaign {

namespace {

constexpr std::size_t long_value = 16000;

// Another capitalisation; where there are no letters, another word.
std::string in_other_case(std::string text) {
  const std::string before = text;
  for (char& c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80 && std::isalpha(octet) != 0) c = static_cast<char>(octet ^ 0x20U);
  }
  return text == before ? text + "x" : text;
}

// Octets a field value can hold in place of some of its own.
std::string disturbed(std::string value, std::uint64_t salt) {
  mutator::Random random(salt);
  for (std::uint32_t changes = 1 + random.below(4); changes > 0 && !value.empty(); --changes) {
    char& c = value[random.below(static_cast<std::uint32_t>(value.size()))];
    c = static_cast<char>(0x20 + random.below(0x5f));
  }
  return value;
}

}  // namespace

const std::vector<CredentialWord>& credential_words() {
  static const std::vector<CredentialWord> words{{"none", "no Authorization field", true},
                                                 {"wrong-password", "another password", true},
                                                 {"unknown-user", "a user nobody knows, with the right password", true},
                                                 {"empty-password", "an empty password", true},
                                                 {"shorter", "the password without its last octet", true},
                                                 {"longer", "the password with an octet more", true},
                                                 {"nul", "the password, a NUL and more behind it", true},
                                                 {"other-case", "the password in other capitals", true},
                                                 {"scheme-alone", "the scheme without credentials", true},
                                                 {"bearer", "a Bearer token of no meaning", true},
                                                 {"long", "16,000 octets of nonsense", true},
                                                 {"disturbed", "a few octets of the field are others", false}};
  return words;
}

void Credentials::challenged(const std::vector<std::string>& fields) {
  est::http::Offer offer = est::http::best_offer(fields);
  if (offer.answerable()) offer_ = std::move(offer);
}

est::http::Credentials Credentials::varied(std::string_view word) const {
  est::http::Credentials given{password_->user, password_->password};
  if (word == "wrong-password") given.password = steps::wrong_password;
  if (word == "unknown-user") given.user = steps::unknown_user;
  if (word == "empty-password") given.password.clear();
  if (word == "shorter" && !given.password.empty()) given.password.pop_back();
  if (word == "longer") given.password += 'x';
  if (word == "nul") given.password += std::string("\0x", 2);
  if (word == "other-case") given.password = in_other_case(given.password);
  return given;
}

std::string Credentials::value(std::string_view word, std::string_view method, std::string_view target, std::uint64_t salt) const {
  if (word == "none") return {};
  if (word == "scheme-alone") return needs_challenge() ? "Digest" : "Basic";
  if (word == "bearer") return "Bearer estspec";
  if (word == "long") return "Basic " + std::string(long_value, 'A');
  if (!password_) return {};
  const est::http::Credentials given = varied(word);
  std::string value = needs_challenge() ? est::http::answer(*offer_, given, method, target) : est::http::basic_authorization(given);
  return word == "disturbed" ? disturbed(std::move(value), salt) : value;
}

}  // namespace conformance::campaign
