// What /serverkeygen gave: RFC 7030 4.4.2, RFC 5958, RFC 5652 6. The private key itself is not in the evidence: its structure is, and what
// the step found out while it had the key (conformance/steps/README.md).
#include <algorithm>
#include <array>

#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/der.h"
#include "est/codec/enveloped_data.h"
#include "est/codec/generated_key.h"
#include "est/codec/oid.h"
#include "est/codec/pkcs10.h"
#include "est/codec/pkcs8.h"
#include "est/codec/signed_data.h"
#include "est/crypto/key.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;
using est::codec::EnvelopedData;
using est::codec::KeyManagement;
using est::codec::OneAsymmetricKey;
using est::codec::PartKind;
using est::codec::RecipientInfo;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

// --- The frame

struct Frame {
  est::http::Response response;
  est::Decoded<codec::GeneratedKeyAnswer> answer;

  [[nodiscard]] const codec::GeneratedKeyPart* key() const {
    return answer.value && answer.value->key ? &answer.value->parts[*answer.value->key] : nullptr;
  }
};

// Nothing when there is no 200: whether there should be one is for other checks.
std::optional<Frame> frame_of(const Exchange& exchange) {
  auto observed = answer_of(exchange);
  if (!observed || observed->message.status != 200) return std::nullopt;
  auto answer = codec::decode_generated_key_answer(observed->message.fields.get("Content-Type").value_or(""), observed->message.body);
  return Frame{std::move(observed->message), std::move(answer)};
}

CheckResult nothing_delivered(const CheckInput& input, std::string expected) {
  if (!answer_of(input.exchange)) return unanswered(input, std::move(expected));
  return inconclusive(input, describe(input.exchange) + " No key was delivered that could be looked at.", std::move(expected));
}

est::Findings of_severity(const est::Findings& all, est::Severity severity) {
  est::Findings chosen;
  std::copy_if(all.begin(), all.end(), std::back_inserter(chosen), [&](const est::Finding& f) { return f.severity == severity; });
  return chosen;
}

std::string interpretation_of(const est::Findings& findings) {
  if (est::contains(findings, "keygen.part-count")) return "INT-28";
  if (est::contains(findings, "keygen.smime-type")) return "INT-04";
  return est::contains(findings, "keygen.transfer-encoding") ? "INT-02" : "";
}

// RFC 2046 5.1: of a multipart body as a whole it is 7bit, 8bit or binary. HTTP has no such field, so receivers ignore it (INT-02).
std::optional<CheckResult> judge_whole_encoding(const CheckInput& input, const est::http::Response& response) {
  const auto value = response.fields.get("Content-Transfer-Encoding");
  if (!value) return std::nullopt;
  const auto word = est::ascii_lower(est::trim(*value));
  if (word == "7bit" || word == "8bit" || word == "binary") return std::nullopt;
  return result(input, Verdict::warn, "The multipart body as a whole is said to be in " + est::printable(*value, 40) + ".",
                "no Content-Transfer-Encoding of the whole, or 7bit, 8bit or binary", "HTTP", "INT-02");
}

Results keygen_answer(const CheckInput& input) {
  const std::string expected = "200 with multipart/mixed of two parts: one private key, one certificate, in any order";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const int status = answer->message.status;
  if (status == 202 || status == 429 || status == 503)
    return {inconclusive(input, describe(answer->message) + " The request was neither granted nor refused.", expected)};
  const auto frame = frame_of(input.exchange);
  if (!frame) return {result(input, Verdict::fail, describe(answer->message), expected)};
  const auto& findings = frame->answer.findings;
  if (est::has_errors(findings)) {
    const auto errors = of_severity(findings, est::Severity::error);
    return {
        result(input, Verdict::fail, describe(answer->message) + " " + quote(errors) + ".", expected, "HTTP", interpretation_of(errors))};
  }
  Results results{
      result(input, Verdict::pass, "The response has a part with a key and a part with certificates.", expected, "HTTP", "INT-28")};
  if (auto odd = judge_whole_encoding(input, answer->message)) results.push_back(std::move(*odd));
  if (const auto odd = of_severity(findings, est::Severity::warning); !odd.empty()) {
    const bool strictly = input.strict && est::contains(odd, "keygen.smime-type");
    results.push_back(result(input, strictly ? Verdict::fail : Verdict::warn, "The parts are labelled oddly: " + quote(odd) + ".", expected,
                             "HTTP", interpretation_of(odd)));
  }
  return results;
}

// --- The key

struct KeyOctets {
  est::Bytes der;
  est::Findings findings;
  std::string problem;  // why there are none
};

KeyOctets octets_of(const Exchange& exchange, const codec::GeneratedKeyPart& part) {
  if (part.kind == PartKind::private_key) {
    auto decoded = codec::decode_base64(est::as_text(part.part.body), codec::Base64Mode::lenient);
    if (!decoded.accepted() || decoded.value->empty())
      return {{}, {}, "The part with the key is not base64: " + quote(decoded.findings) + "."};
    return {std::move(*decoded.value), {}, {}};
  }
  const auto* structure = artefact(exchange, "key-structure");
  if (structure == nullptr) return {{}, {}, "No key could be got out of the envelope (" + fact(exchange, "envelope") + ")."};
  return {*structure, {}, {}};
}

// RFC 5958 2: what privateKey holds, by algorithm (RFC 8017 A.1.2, RFC 5915 3, RFC 8410 7).
std::string inner_problem(const OneAsymmetricKey& key) {
  est::Findings findings;
  der::Reader from(key.private_key, findings);
  const auto& algorithm = key.algorithm.algorithm;
  if (algorithm == oids::ed25519 || algorithm == oids::ed448)
    return from.octet_string("CurvePrivateKey") && from.at_end() ? "" : "privateKey holds no OCTET STRING, as RFC 8410 wants";
  auto fields = from.enter(der::tags::sequence, "private key");
  const auto version = fields.small_integer("version");
  if (algorithm == oids::rsa_encryption) return version && fields.peek() == der::tags::integer ? "" : "privateKey holds no RSAPrivateKey";
  if (algorithm == oids::ec_public_key)
    return version == 1 && fields.peek() == der::tags::octet_string ? "" : "privateKey holds no ECPrivateKey";
  return {};
}

// RFC 5480 2.1.1: a curve is named.
std::string algorithm_problem(const OneAsymmetricKey& key) {
  if (key.algorithm.algorithm != oids::ec_public_key) return {};
  const bool named = !key.algorithm.parameters.empty() && key.algorithm.parameters.front() == 0x06;
  return named ? "" : "privateKeyAlgorithm names no curve";
}

std::string public_key_problem(const OneAsymmetricKey& key, const Exchange& exchange) {
  const auto* spki = artefact(exchange, "spki");
  if (!key.public_key || spki == nullptr) return {};
  const auto info = codec::decode_public_key_info(*spki);
  return info.value && info.value->key == *key.public_key ? "" : "publicKey does not belong to the private key";
}

Results private_key_info(const CheckInput& input) {
  const std::string expected = "base64 of a PrivateKeyInfo (OneAsymmetricKey) in DER that holds a usable key";
  const auto frame = frame_of(input.exchange);
  if (!frame || frame->key() == nullptr) return {nothing_delivered(input, expected)};
  const auto octets = octets_of(input.exchange, *frame->key());
  const auto failed = [&](const std::string& why, std::string interpretation = {}) {
    return Results{result(input, Verdict::fail, why, expected, "key", std::move(interpretation))};
  };
  if (!octets.problem.empty()) return failed(octets.problem, "INT-02");
  const auto key = codec::decode_private_key_info(octets.der);
  if (!key.accepted()) {
    const bool ber = est::contains(key.findings, "der.length.indefinite") || est::contains(key.findings, "der.length.non-minimal");
    return failed("The key is no PrivateKeyInfo: " + quote(of_severity(key.findings, est::Severity::error)) + ".", ber ? "INT-26" : "");
  }
  for (const auto& problem : {algorithm_problem(*key.value), inner_problem(*key.value), public_key_problem(*key.value, input.exchange)})
    if (!problem.empty()) return failed("The PrivateKeyInfo is faulty: " + problem + ".");
  const auto usable = fact(input.exchange, "generated-key");
  if (usable != "usable") return failed("The key cannot be used: " + (usable.empty() ? "it was not recorded" : usable) + ".");
  return {result(input, Verdict::pass, "The key is a PrivateKeyInfo for " + key.value->algorithm.algorithm.name() + ".", expected, "key")};
}

Results key_matches_certificate(const CheckInput& input) {
  const std::string expected = "a certificate for the delivered private key";
  const auto* spki = artefact(input.exchange, "spki");
  const auto certificate = issued_by(input.exchange);
  if (spki == nullptr || !certificate) return {nothing_delivered(input, expected)};
  const bool same = *spki == certificate->spki;
  return {result(input, same ? Verdict::pass : Verdict::fail,
                 same ? "The private key belongs to the certificate." : "The private key does not belong to the certificate.", expected,
                 "key")};
}

Results key_is_new(const CheckInput& input) {
  const auto* earlier = other(input, "from");
  const std::string expected = earlier != nullptr ? "another key than the one delivered before" : "another key than the one in the request";
  const auto* mine = artefact(input.exchange, "spki");
  const auto* theirs = earlier != nullptr ? artefact(*earlier, "spki") : artefact(input.exchange, "csr-spki");
  if (mine == nullptr || theirs == nullptr) return {nothing_delivered(input, expected)};
  const auto certificate = issued_by(input.exchange);
  if (earlier == nullptr && certificate && certificate->spki == *theirs)
    return {result(input, Verdict::fail, "The certificate holds the key of the request.", expected, "key")};
  const bool same = *mine == *theirs;
  return {result(input, same ? Verdict::fail : Verdict::pass, same ? "The keys are the same." : "The keys differ.", expected, "key")};
}

Results key_type_as_requested(const CheckInput& input) {
  const std::string expected = "a key of the type and size of the request's key";
  const auto* mine = artefact(input.exchange, "spki");
  const auto* asked = artefact(input.exchange, "csr-spki");
  if (mine == nullptr || asked == nullptr) return {nothing_delivered(input, expected)};
  const auto given = est::crypto::key_facts(*mine);
  const auto wanted = est::crypto::key_facts(*asked);
  if (!given || !wanted) return {inconclusive(input, "The kind of a key is not known to the suite.", expected)};
  const bool same = given->algorithm == wanted->algorithm && given->bits == wanted->bits;
  const auto words = [](const est::crypto::KeyFacts& facts) { return facts.algorithm + " of " + std::to_string(facts.bits) + " bits"; };
  return {
      result(input, same ? Verdict::pass : Verdict::fail, "Asked for " + words(*wanted) + ", got " + words(*given) + ".", expected, "key")};
}

// --- Protection

struct Technique {
  std::string_view word;
  KeyManagement management;
};
constexpr std::array techniques{Technique{"symmetric", KeyManagement::key_encryption_key},
                                Technique{"key-transport", KeyManagement::key_transport},
                                Technique{"key-agreement", KeyManagement::key_agreement}};

// What the request asked for, read from the request itself.
struct Asked {
  est::Bytes identifier;
  std::vector<codec::AlgorithmIdentifier> capabilities;
};

Asked asked_of(const Exchange& exchange) {
  const auto* csr = artefact(exchange, "csr");
  if (csr == nullptr) return {};
  const auto request = codec::decode_certification_request(*csr);
  if (!request.value) return {};
  auto identifier = codec::decrypt_key_identifier(*request.value).value;
  if (!identifier) identifier = codec::asymmetric_decrypt_key_identifier(*request.value).value;
  return {identifier.value_or(est::Bytes{}),
          codec::smime_capabilities(*request.value).value.value_or(std::vector<codec::AlgorithmIdentifier>{})};
}

// The key wrap inside a key agreement scheme (RFC 5753 7.1.4).
std::optional<codec::Oid> wrap_inside(const codec::AlgorithmIdentifier& algorithm) {
  est::Findings findings;
  der::Reader from(algorithm.parameters, findings);
  const auto wrap = codec::read_algorithm(from, "KeyWrapAlgorithm");
  return wrap ? std::optional(wrap->algorithm) : std::nullopt;
}

bool listed(const codec::AlgorithmIdentifier& used, const std::vector<codec::AlgorithmIdentifier>& capabilities) {
  const auto names = [&](const codec::Oid& oid) {
    return std::any_of(capabilities.begin(), capabilities.end(), [&](const auto& one) { return one.algorithm == oid; });
  };
  if (names(used.algorithm)) return true;
  const auto wrap = wrap_inside(used);
  return wrap && names(*wrap);
}

// One sentence about the recipient, or nothing when all is well.
std::string recipient_problem(const RecipientInfo& recipient, const Asked& asked) {
  const auto& id = recipient.keys.front().recipient;
  if (id.by_key_identifier && id.key_identifier != asked.identifier)
    return "The recipient is named by another identifier than the request's.";
  if (!asked.capabilities.empty() && !listed(recipient.key_encryption, asked.capabilities))
    return "keyEncryptionAlgorithm is " + recipient.key_encryption.algorithm.name() +
           ", which the request's SMIMECapabilities do not list.";
  return {};
}

Results judge_envelope(const CheckInput& input, const EnvelopedData& data, const Technique& wanted, const std::string& expected) {
  const auto failed = [&](const std::string& why) { return Results{result(input, Verdict::fail, why, expected, "CMS")}; };
  const auto recipient = std::find_if(data.recipients.begin(), data.recipients.end(),
                                      [&](const RecipientInfo& info) { return info.management == wanted.management; });
  if (recipient == data.recipients.end() || recipient->keys.empty())
    return failed("The envelope has no " + std::string(to_string(wanted.management)) + " but " +
                  std::string(to_string(data.recipients.front().management)) + ".");
  const auto asked = asked_of(input.exchange);
  if (const auto problem = recipient_problem(*recipient, asked); !problem.empty()) return failed(problem);
  if (fact(input.exchange, "envelope") != "opened")
    return failed("The envelope cannot be opened by the key it is for: " + fact(input.exchange, "envelope") + ".");
  Results results{result(input, Verdict::pass,
                         "The key is in EnvelopedData for the key named in the request (" + std::string(to_string(wanted.management)) +
                             ", " + recipient->key_encryption.algorithm.name() + ", " + data.content_encryption.algorithm.name() + ").",
                         expected, "CMS", "INT-29")};
  static const codec::Oid triple_des("1.2.840.113549.3.7"), rc2("1.2.840.113549.3.2"), des("1.3.14.3.2.7");
  const auto& cipher = data.content_encryption.algorithm;
  if (cipher == triple_des || cipher == rc2 || cipher == des)
    results.push_back(result(input, Verdict::warn, "The content is encrypted by " + cipher.name() + ", weaker than the key deserves.",
                             "content encryption as strong as the client's key", "CMS"));
  return results;
}

// INT-29: SignedData as the outermost message is tolerable if the envelope is inside.
Results judge_signed_outside(const CheckInput& input, const est::Bytes& octets, const std::string& expected) {
  const auto data = codec::decode_signed_data(octets);
  const bool inside = data.value && data.value->content_type == oids::enveloped_data;
  const auto verdict = inside && !input.strict ? Verdict::warn : Verdict::fail;
  return {result(input, verdict, inside ? "SignedData is outside, EnvelopedData inside." : "The key is signed but not enveloped.", expected,
                 "CMS", "INT-29")};
}

Results key_protected(const CheckInput& input) {
  const auto word = text(input.parameters, "by");
  const std::string expected = word == "nothing" ? "the key in a part application/pkcs8, as no protection was asked for"
                                                 : "the key in EnvelopedData for the key named in the request (" + word + ")";
  const auto frame = frame_of(input.exchange);
  if (flag(input.parameters, "or-refused") && answer_of(input.exchange) && !frame)
    return {result(input, Verdict::pass, describe(input.exchange) + " No key was delivered.", expected)};
  if (!frame || frame->key() == nullptr) return {nothing_delivered(input, expected)};
  const auto& part = *frame->key();
  const bool clear = part.kind == PartKind::private_key;
  if (word == "nothing")
    return {result(input, clear ? Verdict::pass : Verdict::fail,
                   clear ? "The key is in application/pkcs8." : "The key is enveloped, though the request names no key to open it with.",
                   expected, "CMS")};
  if (clear) return {result(input, Verdict::fail, "The key came in the clear, in application/pkcs8.", expected, "CMS")};
  const auto octets = codec::decode_base64(est::as_text(part.part.body), codec::Base64Mode::lenient);
  if (!octets.accepted())
    return {
        result(input, Verdict::fail, "The part with the key is not base64: " + quote(octets.findings) + ".", expected, "CMS", "INT-02")};
  const auto data = codec::decode_enveloped_data(*octets.value);
  if (codec::decode_signed_data(*octets.value).value) return judge_signed_outside(input, *octets.value, expected);
  if (!data.accepted())
    return {result(input, Verdict::fail, "The part is no sound EnvelopedData: " + quote(data.findings) + ".", expected, "CMS")};
  const auto* wanted = std::find_if(techniques.begin(), techniques.end(), [&](const Technique& one) { return one.word == word; });
  return judge_envelope(input, *data.value, *wanted, expected);
}

// INT-29, INT-46, RFC 5958 2 and 4.
Results key_signed(const CheckInput& input) {
  const std::string expected = "SignedData with a key package (id-ct-KP-aKeyPackage) inside the envelope, its signature valid";
  const auto content = fact(input.exchange, "envelope-content");
  const auto frame = frame_of(input.exchange);
  if (frame && frame->key() != nullptr && frame->key()->kind == PartKind::private_key)
    return {result(input, Verdict::fail, "The key came in the clear, in application/pkcs8, and unsigned.", expected, "CMS", "INT-29")};
  if (content.empty()) return {nothing_delivered(input, expected)};
  const auto judged = [&](Verdict verdict, const std::string& observed) {
    return result(input, verdict, observed, expected, "CMS", "INT-29");
  };
  if (content == "no SignedData") return {judged(Verdict::fail, "The envelope holds no SignedData: the key is not signed.")};
  if (const auto defect = fact(input.exchange, "signed-data"); !defect.empty())
    return {judged(Verdict::fail, "The SignedData in the envelope is faulty: " + defect + ".")};
  const auto signature = fact(input.exchange, "signature");
  if (signature == "invalid" || signature == "no signer" || signature == "no content")
    return {judged(Verdict::fail, "The SignedData in the envelope has no good signature: " + signature + ".")};
  Results results{judged(Verdict::pass, "The envelope holds " + content + ", the signature is " + signature + ".")};
  if (fact(input.exchange, "signed-content-type") != oids::asymmetric_key_package.name() || fact(input.exchange, "key-package") == "none")
    results.push_back(result(input, input.strict ? Verdict::fail : Verdict::warn,
                             "The signed content is no key package but " + fact(input.exchange, "signed-content-type") + ".", expected,
                             "CMS", "INT-46"));
  return results;
}

// RFC 5652 6.3: a random content-encryption key for each. AES Key Wrap gives one key one wrapping, so equal keys show.
std::optional<EnvelopedData> envelope_of(const Exchange& exchange) {
  const auto frame = frame_of(exchange);
  if (!frame || frame->key() == nullptr) return std::nullopt;
  const auto octets = codec::decode_base64(est::as_text(frame->key()->part.body), codec::Base64Mode::lenient);
  return octets.value ? codec::decode_enveloped_data(*octets.value).value : std::nullopt;
}

Results envelope_is_new(const CheckInput& input) {
  const std::string expected = "another encrypted key and content than in the earlier envelope";
  const auto* earlier = other(input, "from");
  const auto mine = envelope_of(input.exchange);
  const auto theirs = earlier != nullptr ? envelope_of(*earlier) : std::nullopt;
  const auto usable = [](const std::optional<EnvelopedData>& data) {
    return data && !data->recipients.empty() && !data->recipients.front().keys.empty();
  };
  if (!usable(mine) || !usable(theirs)) return {nothing_delivered(input, expected)};
  const bool same = mine->recipients.front().keys.front().key == theirs->recipients.front().keys.front().key ||
                    mine->encrypted_content == theirs->encrypted_content;
  return {result(input, same ? Verdict::fail : Verdict::pass,
                 same ? "Both envelopes have the same encrypted key or content." : "The envelopes have nothing in common.", expected,
                 "CMS")};
}

// For requests that must not get a key.
Results no_key(const CheckInput& input) {
  const std::string expected = "no private key";
  const auto frame = frame_of(input.exchange);
  const bool delivered =
      frame && (frame->key() != nullptr || frame->response.fields.get("Content-Type").value_or("").find("pkcs8") != std::string::npos);
  return {result(input, delivered ? Verdict::fail : Verdict::pass, describe(input.exchange), expected, "policy")};
}

std::vector<std::string> technique_words() {
  std::vector<std::string> words{"nothing"};
  for (const auto& one : techniques) words.emplace_back(one.word);
  return words;
}

}  // namespace

void add_keygen_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary,
      {"keygen-answer", "multipart/mixed with one private key and one certificate part (RFC 7030 4.4.2; INT-28)", {}, keygen_answer, {}});
  add(vocabulary, {"private-key-info", "the delivered key is a usable PrivateKeyInfo in DER (RFC 5958 2)", {}, private_key_info, {}});
  add(vocabulary, {"key-matches-certificate", "the delivered key belongs to the delivered certificate", {}, key_matches_certificate, {}});
  add(vocabulary, {"key-is-new",
                   "the delivered key is neither the request's nor, with `from`, an earlier one",
                   {parameter("from", ParameterType::result, "an exchange that delivered a key before")},
                   key_is_new,
                   "from"});
  add(vocabulary, {"key-type-as-requested", "the delivered key has the type and size of the request's key", {}, key_type_as_requested, {}});
  add(vocabulary, {"key-protected",
                   "the key is protected as the request asked (RFC 7030 4.4.2; INT-29)",
                   {required(choice("by", technique_words(), "the technique; nothing: TLS alone")),
                    parameter("or-refused", ParameterType::boolean, "an answer without a key will do as well")},
                   key_protected,
                   "by"});
  add(vocabulary, {"key-signed", "the envelope holds a signed key package (RFC 7030 4.4.2, RFC 5958 4; INT-29)", {}, key_signed, {}});
  add(vocabulary, {"envelope-is-new",
                   "two envelopes have different content-encryption keys (RFC 5652 6.3)",
                   {required(parameter("from", ParameterType::result, "an exchange that delivered an envelope before"))},
                   envelope_is_new,
                   "from"});
  add(vocabulary, {"no-key", "the response holds no private key", {}, no_key, {}});
}

}  // namespace conformance::checks
