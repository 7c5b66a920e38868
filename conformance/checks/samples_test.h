// Handmade evidence for the tests of checks: a small PKI, exchanges with given octets, and one call to judge them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "conformance/checks/checks.h"
#include "est/codec/cms.h"
#include "est/codec/der.h"
#include "est/codec/x509.h"
#include "est/crypto/digest.h"
#include "est/crypto/key.h"
#include "est/http/message.h"
#include "est/ops/message.h"
#include "est/pki/request.h"

namespace conformance::checks::samples {

using engine::CheckResult;
using engine::Evidence;
using engine::Exchange;
using engine::Json;
using engine::Verdict;
using est::Bytes;

inline constexpr est::UnixTime now = 1800000000;

// Every field of a certificate, sound by default, with no rule enforced.
struct Plan {
  Bytes serial{0x11, 0x22};
  int version = 2;
  std::string subject = "CN=device-1,O=Acme";
  std::string issuer = "CN=Test Root";
  Bytes not_before = est::codec::der::time(now - 1000);
  Bytes not_after = est::codec::der::time(now + 100000);
  std::vector<est::codec::Extension> extensions;
  bool authority_key_identifier = true;
  bool subject_key_identifier = true;
  bool other_algorithm_outside = false;
  bool unique_identifier = false;
  est::crypto::Digest digest = est::crypto::Digest::sha256;
  Bytes subject_der;  // instead of `subject`
};

class Pki {
 public:
  static const Pki& get() {
    static const Pki pki;
    return pki;
  }

  Bytes certify(const Plan& plan, const est::crypto::PrivateKey& signer, const Bytes& spki) const;
  Bytes device(const Plan& plan = {}) const { return certify(plan, root_key, device_key.public_key_info()); }
  Bytes request(std::string_view subject = "CN=device-1,O=Acme") const {
    est::pki::RequestSpec spec;
    spec.subject = *est::codec::parse_name(subject);
    return *est::pki::make_request(spec, device_key);
  }

  est::crypto::PrivateKey root_key = *est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  est::crypto::PrivateKey device_key = *est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  est::crypto::PrivateKey other_key = *est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  Bytes root;
  Bytes other_root;  // another CA of another name

 private:
  Pki();
};

inline Plan ca_plan(std::string name) {
  Plan plan;
  plan.subject = name;
  plan.issuer = std::move(name);
  plan.extensions = {est::codec::make_basic_constraints(true)};
  return plan;
}

inline Plan with_names(std::string subject, const std::vector<std::string>& alternatives) {
  Plan plan;
  plan.subject = std::move(subject);
  std::vector<est::codec::GeneralName> names;
  for (const auto& text : alternatives) names.push_back(*est::codec::parse_general_name(text));
  if (!names.empty()) plan.extensions = {est::codec::make_subject_alt_name(names)};
  return plan;
}

inline Pki::Pki() {
  root = certify(ca_plan("CN=Test Root"), root_key, root_key.public_key_info());
  other_root = certify(ca_plan("CN=Other Root"), other_key, other_key.public_key_info());
}

inline Bytes Pki::certify(const Plan& plan, const est::crypto::PrivateKey& signer, const Bytes& spki) const {
  namespace der = est::codec::der;
  namespace oids = est::codec::oids;
  const auto algorithm = est::codec::encode(signer.signature_algorithm(plan.digest));
  auto extensions = plan.extensions;
  const auto identifier = est::crypto::digest(est::crypto::Digest::sha1, signer.public_key_info());
  if (plan.authority_key_identifier)
    extensions.push_back({oids::authority_key_identifier, false, der::sequence({der::context(0, identifier, false)})});
  if (plan.subject_key_identifier)
    extensions.push_back({oids::subject_key_identifier, false, der::octet_string(est::crypto::digest(est::crypto::Digest::sha1, spki))});
  const Bytes version = plan.version == 0 ? Bytes{} : der::context(0, der::integer(plan.version));
  const Bytes list = extensions.empty() ? Bytes{} : der::context(3, est::codec::encode_extensions(extensions));
  const Bytes unique = plan.unique_identifier ? der::tlv(der::tags::context(2, false), Bytes{0, 1}) : Bytes{};
  const auto subject = plan.subject_der.empty() ? est::codec::parse_name(plan.subject)->der : plan.subject_der;
  const auto tbs = der::sequence({version, der::tlv(der::tags::integer, plan.serial), algorithm, est::codec::parse_name(plan.issuer)->der,
                                  der::sequence({plan.not_before, plan.not_after}), subject, spki, unique, list});
  const auto outer =
      plan.other_algorithm_outside ? est::codec::encode(est::codec::AlgorithmIdentifier{oids::ecdsa_with_sha384, {}}) : algorithm;
  return der::sequence({tbs, outer, der::bit_string(*signer.sign(plan.digest, tbs))});
}

// --- Exchanges
inline Exchange exchange(const est::http::Response& response, std::string name = "step-1") {
  Exchange made;
  made.name = std::move(name);
  made.method = "POST";
  made.connection = 1;
  made.request = est::to_bytes("POST / HTTP/1.1\r\n\r\n");
  made.response = est::http::encode(response);
  made.peer_close = "open";
  return made;
}

inline Exchange raw(std::string_view octets) {
  auto made = exchange({});
  made.response = est::to_bytes(octets);
  return made;
}

inline Exchange answered(int status, std::string_view body = "No.",
                         std::vector<est::http::Field> fields = {{"Content-Type", "text/plain"}}) {
  est::http::Response response;
  response.status = status;
  response.reason = std::string(est::http::reason_phrase(status));
  for (auto& field : fields) response.fields.add(field.name, field.value);
  response.body = est::to_bytes(body);
  return exchange(response);
}

inline Exchange failed(std::string stage, std::string cause, std::string alert = {}) {
  Exchange made;
  made.name = "step-1";
  made.method = "POST";
  made.request = est::to_bytes("POST / HTTP/1.1\r\n\r\n");
  made.peer_close = "fin";
  made.failure = engine::WireFailure{std::move(stage), std::move(cause), "what happened", std::move(alert)};
  return made;
}

// An answer over TLS.
inline Exchange connected(std::string version = "TLS 1.2", std::map<std::string, std::string> facts = {}) {
  auto made = answered(200);
  made.tls = engine::TlsRecord{};
  made.tls->version = std::move(version);
  made.tls->suite = "TLS_AES_128_GCM_SHA256";
  made.facts = std::move(facts);
  return made;
}

// A granted enrollment, with the artefacts steps record.
inline Exchange enrolled(const Bytes& certificate, std::string name = "step-1") {
  auto made = exchange(est::ops::enroll_response(certificate), std::move(name));
  const auto& pki = Pki::get();
  made.artefacts["spki"] = pki.device_key.public_key_info();
  made.artefacts["subject"] = est::codec::parse_name("CN=device-1,O=Acme")->der;
  return made;
}

inline Exchange enrolled_with(const std::vector<Bytes>& certificates) {
  auto made = exchange(est::ops::cacerts_response(certificates));
  made.artefacts["spki"] = Pki::get().device_key.public_key_info();
  return made;
}

// An answer to /cacerts under the name that scenarios give it.
inline Exchange anchors(const std::vector<Bytes>& certificates) { return exchange(est::ops::cacerts_response(certificates), "anchors"); }

// --- Judging
struct Judged {
  Verdict worst = Verdict::pass;
  std::vector<CheckResult> results;
  [[nodiscard]] std::string told() const {
    std::string text;
    for (const auto& result : results) text += result.observed + " | ";
    return text;
  }
  [[nodiscard]] bool cites(std::string_view interpretation) const {
    for (const auto& result : results) {
      if (result.interpretation == interpretation) return true;
    }
    return false;
  }
};

inline Judged judge_in(const Evidence& evidence, std::string_view check, const Json& parameters = Json::object(), bool strict = false,
                       const Json& target = Json::object()) {
  engine::Vocabulary vocabulary;
  add_checks(vocabulary);
  const auto* info = vocabulary.check(check);
  Judged judged;
  if (info == nullptr) {
    ADD_FAILURE() << "no check " << check;
    return judged;
  }
  judged.results = info->run({evidence, evidence.exchanges.back(), parameters, target, strict});
  for (const auto& result : judged.results) {
    judged.worst = engine::worse(judged.worst, result.verdict);
    EXPECT_FALSE(result.observed.empty() || result.expected.empty() || result.layer.empty()) << check;
  }
  return judged;
}

// The last exchange is judged.
inline Judged judge(std::string_view check, const Json& parameters, std::vector<Exchange> exchanges, bool strict = false) {
  Evidence evidence;
  evidence.started = now;
  evidence.exchanges = std::move(exchanges);
  return judge_in(evidence, check, parameters, strict);
}

inline Judged judge(std::string_view check, const Json& parameters, const Exchange& exchange, bool strict = false) {
  return judge(check, parameters, std::vector<Exchange>{exchange}, strict);
}

inline Verdict verdict_of(const std::string& check, const Exchange& exchange, const Json& parameters = Json::object()) {
  return judge(check, parameters, exchange).worst;
}

}  // namespace conformance::checks::samples
