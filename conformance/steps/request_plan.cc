#include "conformance/steps/request_plan.h"

#include <algorithm>

#include "conformance/steps/corrupt.h"
#include "conformance/steps/encoding.h"
#include "conformance/steps/follow.h"
#include "conformance/steps/request_extras.h"
#include "conformance/steps/second_opinion.h"
#include "conformance/steps/wishes.h"
#include "est/base/text.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/pki/request.h"

namespace conformance::steps {
namespace {

namespace oids = est::codec::oids;
using est::crypto::Digest;
using est::crypto::KeyType;

struct Names {
  est::codec::Name subject;
  std::vector<est::codec::GeneralName> san;
};

std::optional<KeyType> key_type_of(const est::crypto::PrivateKey& key) {
  const auto facts = est::crypto::key_facts(key.public_key_info());
  if (!facts) return std::nullopt;
  if (facts->algorithm == "RSA") return est::crypto::key_type_by_name("rsa-" + std::to_string(facts->bits));
  if (facts->algorithm == "Ed25519") return KeyType::ed25519;
  if (facts->group.starts_with("P-")) return est::crypto::key_type_by_name("ec-p" + facts->group.substr(2));
  return std::nullopt;
}

struct Key {
  est::crypto::PrivateKey key;
  KeyType type;
};

Maybe<Key> known_key(const PlanInput& input, const std::string& name) {
  std::optional<est::crypto::PrivateKey> key;
  if (const auto* enrollment = input.memory.find(name)) {
    key = enrollment->key;
  } else if (auto identity = input.identities.find(name)) {
    key = identity->key;
  } else {
    return identity.outcome();
  }
  if (!key) return fault("'" + name + "' has no key to use again");
  const auto type = key_type_of(*key);
  if (!type) return cannot("the key of '" + name + "' is of a kind the suite does not make");
  return Key{*key, *type};
}

Maybe<Key> key_for(const PlanInput& input) {
  if (const auto name = input.parameters.maybe_text("key-of")) return known_key(input, *name);
  KeyType type = input.profile.csr.key_type;
  const auto wanted_name = input.parameters.maybe_text("key");
  if (wanted_name == "other") {
    const auto& known = input.profile.csr.key_types;
    const auto other = std::find_if(known.begin(), known.end(), [&](KeyType each) { return each != type; });
    if (other == known.end()) return cannot("the profile names one key type only; add others the CA takes to csr.key-types");
    type = *other;
  } else if (const auto& name = wanted_name) {
    const auto wanted = est::crypto::key_type_by_name(*name);
    if (!wanted) return fault("no key type is called '" + *name + "'");
    type = *wanted;
  }
  auto key = est::crypto::PrivateKey::generate(type);
  if (!key) return key.error();
  return Key{std::move(*key), type};
}

Maybe<Names> names_of_certificate(est::BytesView der, const std::string& what) {
  const auto certificate = est::codec::decode_certificate(der);
  if (!certificate.value) return cannot(what + " cannot be read: " + est::describe_first(certificate.findings));
  Names names{certificate.value->subject, {}};
  if (const auto* san = certificate.value->extension(oids::subject_alt_name)) {
    auto decoded = est::codec::decode_general_names(san->value);
    if (decoded.value) names.san = std::move(*decoded.value);
  }
  return names;
}

Maybe<Names> names_of(const PlanInput& input, const std::string& name) {
  const auto* enrollment = input.memory.find(name);
  if (enrollment != nullptr && enrollment->certificate.empty()) return Names{enrollment->subject, enrollment->san};
  if (enrollment != nullptr) return names_of_certificate(enrollment->certificate, "the certificate issued in '" + name + "'");
  auto identity = input.identities.find(name);
  if (!identity) return identity.outcome();
  return names_of_certificate(identity->chain.front(), "the certificate of '" + name + "'");
}

Maybe<est::codec::Name> parse_subject(const std::string& text) {
  if (text.empty() || text == "empty") {
    const auto empty = est::codec::decode_name(est::codec::der::sequence({}));
    if (!empty.value) return fault("the empty name cannot be made");
    return *empty.value;
  }
  auto name = est::codec::parse_name(text);
  if (!name) return name.error();
  return std::move(*name);
}

Maybe<std::vector<est::codec::GeneralName>> parse_san(const std::vector<std::string>& texts, const std::string& number) {
  std::vector<est::codec::GeneralName> names;
  for (const auto& text : texts) {
    if (text == "none") continue;
    auto name = est::codec::parse_general_name(with_number(text, number));
    if (!name) return name.error();
    names.push_back(std::move(*name));
  }
  return names;
}

// What the names are when the script says nothing about them.
Maybe<Names> usual_names(const PlanInput& input, const std::string& number) {
  if (const auto name = input.parameters.maybe_text("subject-of")) return names_of(input, *name);
  if (input.renewal && !input.presented.empty()) return names_of_certificate(input.presented, "the certificate to be renewed");
  auto subject = parse_subject(with_number(input.profile.csr.subject, number));
  if (!subject) return subject.outcome();
  auto san = parse_san(input.profile.csr.subject_alt_names, number);
  if (!san) return san.outcome();
  return Names{std::move(*subject), std::move(*san)};
}

Maybe<Names> names_for(const PlanInput& input) {
  const std::string number = input.run.next_number();
  auto names = usual_names(input, number);
  if (!names) return names;
  if (const auto text = input.parameters.maybe_text("subject")) {
    auto subject = parse_subject(with_number(*text, number));
    if (!subject) return subject.outcome();
    names->subject = std::move(*subject);
  }
  if (const auto texts = input.parameters.texts("san")) {
    auto san = parse_san(*texts, number);
    if (!san) return san.outcome();
    names->san = std::move(*san);
  }
  return names;
}

std::optional<Digest> digest_by_name(std::string_view name) {
  if (name == "sha-1") return Digest::sha1;
  if (name == "sha-256") return Digest::sha256;
  if (name == "sha-384") return Digest::sha384;
  if (name == "sha-512") return Digest::sha512;
  return std::nullopt;
}

// Arcs below IANA's example enterprise number (RFC 5612).
est::codec::Attribute unknown_attribute(int number) {
  return est::codec::make_text_attribute(est::codec::Oid("1.3.6.1.4.1.32473.7030.2." + std::to_string(number)), "of no meaning");
}

est::pki::RequestSpec spec_of(const RequestPlan& plan, const std::optional<std::string>& challenge_password) {
  est::pki::RequestSpec spec;
  spec.subject = plan.subject;
  spec.digest = plan.digest;
  if (plan.attributes == "none") return spec;
  // RFC 5280 4.2.1.6: critical when the subject is empty.
  if (!plan.san.empty()) spec.extensions.push_back(est::codec::make_subject_alt_name(plan.san, plan.subject.empty()));
  spec.extensions.insert(spec.extensions.end(), plan.extensions.begin(), plan.extensions.end());
  if (challenge_password && plan.link_by == "challenge-password")
    spec.challenge_password = challenge_password;
  else if (challenge_password)
    spec.attributes = linking_attributes(plan.link_by, *challenge_password);
  spec.attributes.insert(spec.attributes.end(), plan.more.begin(), plan.more.end());
  const int extra = plan.attributes == "unknown" ? 1 : plan.attributes == "many" ? 50 : 0;
  for (int i = 1; i <= extra; ++i) spec.attributes.push_back(unknown_attribute(i));
  return spec;
}

est::Result<est::Bytes> corrupted(const RequestPlan& plan, const est::Bytes& sound) {
  auto decoded = est::codec::decode_certification_request(sound);
  if (!decoded.accepted()) return est::Error{"the request the suite made is faulty: " + est::describe_first(decoded.findings)};
  if (plan.corrupt.empty()) return sound;
  return corrupt(plan.corrupt, {std::move(*decoded.value), plan.key, plan.key_type, plan.digest.value_or(plan.key.natural_digest())});
}

est::Result<MadeRequest> make_once(const RequestPlan& plan, const est::pki::RequestSpec& spec) {
  MadeRequest made;
  auto sound = est::pki::make_request(spec, plan.key);
  if (!sound) return sound.error();
  if (const auto status = openssl_accepts_request(*sound); !status.ok()) return status.error();
  auto der = corrupted(plan, *sound);
  if (!der) return der.error();
  made.sound = std::move(*sound);
  made.der = std::move(*der);
  made.spki = plan.key.public_key_info();
  return made;
}

}  // namespace

Maybe<RequestPlan> plan_request(const PlanInput& input) {
  const Parameters& parameters = input.parameters;
  const std::string encoding = parameters.text("encoding", default_encoding);
  if (const auto name = parameters.maybe_text("resend")) {
    const auto* earlier = input.memory.find(*name);
    if (earlier == nullptr || earlier->request.empty() || !earlier->key)
      return fault("'" + *name + "' sent no request that could be sent again");
    const auto type = key_type_of(*earlier->key);
    return RequestPlan{.key = *earlier->key,
                       .key_type = type.value_or(KeyType::ec_p256),
                       .digest = {},
                       .subject = earlier->subject,
                       .san = earlier->san,
                       .corrupt = {},
                       .encoding = encoding,
                       .resend = earlier->request};
  }
  auto key = key_for(input);
  if (!key) return key.outcome();
  auto names = names_for(input);
  if (!names) return names.outcome();
  auto extensions = wished_extensions(parameters.texts("ask").value_or(std::vector<std::string>{}));
  if (!extensions) return extensions.error();
  auto extras = extras_for(parameters, input.profile, input.memory, input.run);
  if (!extras) return extras.outcome();
  RequestPlan plan{.key = std::move(key->key),
                   .key_type = key->type,
                   .digest = digest_by_name(parameters.text("digest")),
                   .subject = std::move(names->subject),
                   .san = std::move(names->san),
                   .attributes = parameters.text("attributes", "usual"),
                   .corrupt = parameters.text("corrupt"),
                   .encoding = encoding,
                   .resend = {}};
  plan.extensions = std::move(*extensions);
  plan.more = std::move(extras->attributes);
  plan.rename = std::move(extras->rename);
  plan.one_time_password = std::move(extras->one_time_password);
  plan.link_by = parameters.text("link-by", "challenge-password");
  const auto followed = parameters.maybe_text("follow");
  if (!followed) return plan;
  const std::string number = input.run.next_number();
  auto outcome = follow({input.before, *followed, parameters.text("leave-out"), input.profile, number}, plan);
  if (outcome.kind != engine::StepOutcome::Kind::recorded) return outcome;
  return plan;
}

est::Result<MadeRequest> make_request(const RequestPlan& plan, const std::optional<std::string>& challenge_password) {
  // An encoding's defect does not show on every DER (padding depends on the length), so the request may have to grow.
  constexpr std::size_t most_attempts = 8;
  est::pki::RequestSpec spec = spec_of(plan, challenge_password);
  const std::size_t usual = spec.attributes.size();
  for (std::size_t attempt = 1; attempt <= most_attempts; ++attempt) {
    est::Result<MadeRequest> made =
        plan.resend.empty() ? make_once(plan, spec) : MadeRequest{plan.resend, plan.resend, plan.key.public_key_info(), {}};
    if (!made) return made;
    if (auto body = encode_body(plan.encoding, made->der)) {
      made->body = std::move(*body);
      return made;
    }
    if (!plan.resend.empty()) break;
    spec.attributes.resize(usual);
    spec.attributes.push_back(est::codec::make_text_attribute(est::codec::Oid("1.3.6.1.4.1.32473.7030.3"), std::string(attempt, 'x')));
  }
  return est::Error{"no request could be made that shows the encoding " + plan.encoding};
}

}  // namespace conformance::steps
