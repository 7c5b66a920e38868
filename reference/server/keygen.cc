#include "server/keygen.h"

#include <algorithm>

#include "ca/policy.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/codec/oid.h"
#include "est/codec/pkcs8.h"
#include "est/crypto/chain.h"
#include "est/ops/message.h"
#include "est/pki/issue.h"
#include "est/pki/signed_message.h"

namespace server {
namespace {

using est::Bytes;
using est::Error;
using est::Result;
using est::codec::CertificationRequest;
using est::crypto::KeyType;
using est::crypto::PrivateKey;
namespace codec = est::codec;
namespace oids = est::codec::oids;
namespace usage = est::codec::key_usage;

constexpr std::size_t key_file_limit = std::size_t{64} << 10U;

// --- Loading

std::optional<Bytes> octets_of_hex(std::string_view text) {
  const auto digit = [](char c) { return std::string_view("0123456789abcdef").find(est::ascii_lower(c)); };
  Bytes octets;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    if (digit(text[i]) == std::string_view::npos || digit(text[i + 1]) == std::string_view::npos) return {};
    octets.push_back(static_cast<est::Byte>(digit(text[i]) * 16 + digit(text[i + 1])));
  }
  return text.size() % 2 == 0 ? std::optional(octets) : std::nullopt;
}

Result<Bytes> load_secret(const std::string& path) {
  const auto text = est::read_file(path, key_file_limit);
  if (!text) return text.error();
  auto octets = octets_of_hex(est::trim(*text));
  if (!octets || (octets->size() != 16 && octets->size() != 24 && octets->size() != 32))
    return Error{path + ": no AES key; write 16, 24 or 32 octets in hexadecimal"};
  return std::move(*octets);
}

// RFC 7030 4.4.1.2: a certificate's key must allow key transport or key agreement, or be unrestricted.
std::string usage_problem(const codec::Certificate& certificate) {
  const codec::Extension* extension = certificate.extension(oids::key_usage);
  if (extension == nullptr) return {};
  const unsigned bits = codec::decode_key_usage(extension->value).value.value_or(0);
  const unsigned wanted = certificate.key_algorithm.algorithm == oids::rsa_encryption ? usage::key_encipherment : usage::key_agreement;
  if ((bits & wanted) != 0) return {};
  return "the certificate of the key named by AsymmetricDecryptKeyIdentifier allows neither key transport nor key agreement (RFC 7030 "
         "4.4.1.2)";
}

Result<KeyGenerator::Holder> load_holder(const std::string& path) {
  const auto pem = est::read_file(path, key_file_limit);
  if (!pem) return pem.error();
  const auto certificates = est::crypto::certificates_from_pem(*pem);
  if (!certificates || certificates->empty()) return Error{path + ": no certificate can be read; name a PEM file with one"};
  const auto certificate = codec::decode_certificate(certificates->front());
  if (!certificate.accepted()) return Error{path + ": the certificate is malformed: " + est::describe_first(certificate.findings)};
  return KeyGenerator::Holder{certificate.value->spki, usage_problem(*certificate.value)};
}

// --- What the request asks for

Result<est::pki::Recipient> recipient_named(const std::optional<Bytes>& secret, const std::optional<Bytes>& holder,
                                            const KeyGenerator& generator) {
  if (secret) {
    const auto found = generator.secrets.find(*secret);
    if (found == generator.secrets.end())
      return Error{
          "There is no secret key with the DecryptKeyIdentifier of the request here; agree on one with the operator, or leave it out."};
    return est::pki::Recipient{*secret, {}, found->second};
  }
  const auto found = generator.holders.find(*holder);
  if (found == generator.holders.end())
    return Error{
        "There is no public key with the AsymmetricDecryptKeyIdentifier of the request here; have the operator add it, or leave it out."};
  if (!found->second.problem.empty()) return Error{"The key cannot be protected: " + found->second.problem + "."};
  return est::pki::Recipient{*holder, found->second.public_key_info, {}};
}

std::optional<KeyType> type_of(est::BytesView public_key_info) {
  const auto facts = est::crypto::key_facts(public_key_info);
  if (!facts) return {};
  if (facts->algorithm == "RSA") return est::crypto::key_type_by_name("rsa-" + std::to_string(facts->bits));
  if (facts->algorithm == "Ed25519") return KeyType::ed25519;
  return facts->group.size() > 2 ? est::crypto::key_type_by_name("ec-p" + facts->group.substr(2)) : std::nullopt;
}

// --- The key on its way

// RFC 7030 4.4.2, RFC 5958 4: the key in a package, signed by who made it, enveloped for the client.
Result<Bytes> enveloped(const Bytes& key, const KeyGenerator& generator, const Protection& protection) {
  Bytes package = codec::encode_asymmetric_key_package({key});
  const est::pki::MessageSpec spec{oids::asymmetric_key_package, package, {generator.signer.chain.front()}};
  const est::pki::MessageSigner signer{&*generator.signer.key, generator.signer.chain.front(), {}, {}, {}};
  const auto signed_key = est::pki::sign_message(spec, signer);
  est::crypto::wipe(package);
  if (!signed_key) return signed_key.error();
  est::pki::Envelope content{oids::signed_data, codec::encode_bare_signed_data(*signed_key)};
  const auto sealed = est::pki::seal(content, *protection.recipient, protection.capabilities);
  est::crypto::wipe(content.content);
  if (!sealed) return sealed.error();
  return codec::encode_enveloped_data(*sealed);
}

Answer deliver(const PrivateKey& key, const ca::Issued& issued, const KeyGenerator& generator, const Protection& protection) {
  Bytes clear = key.to_pkcs8();
  Answer answer{{}, {}, est::hex(issued.serial)};
  if (!protection.recipient) {
    answer.response = est::ops::serverkeygen_response(clear, false, issued.certificate);
  } else {
    const auto sealed = enveloped(clear, generator, protection);
    answer = sealed ? Answer{est::ops::serverkeygen_response(*sealed, true, issued.certificate), {}, answer.serial}
                    : unavailable(sealed.error().message);
  }
  est::crypto::wipe(clear);
  return answer;
}

}  // namespace

Result<KeyGenerator> load_key_generator(const Config& config) {
  KeyGenerator generator;
  generator.key_types = config.keygen.key_types;
  for (const KeygenConfig::Secret& each : config.keygen.symmetric_keys) {
    auto secret = load_secret(each.file);
    if (!secret) return secret.error();
    generator.secrets.insert_or_assign(est::to_bytes(each.identifier), *std::move(secret));
  }
  for (const KeygenConfig::Holder& each : config.keygen.asymmetric_keys) {
    auto holder = load_holder(each.certificate);
    if (!holder) return holder.error();
    generator.holders.insert_or_assign(est::to_bytes(each.identifier), *std::move(holder));
  }
  auto signer = est::tls::load_identity(config.server_certificate, config.server_key);
  if (!signer) return signer.error();
  generator.signer = *std::move(signer);
  return generator;
}

std::variant<Protection, std::string> protection_for(const CertificationRequest& request, const KeyGenerator& generator,
                                                     const LabelPolicy& policy) {
  const auto secret = codec::decrypt_key_identifier(request);
  const auto holder = codec::asymmetric_decrypt_key_identifier(request);
  const auto capabilities = codec::smime_capabilities(request);
  for (const est::Findings* findings : {&secret.findings, &holder.findings, &capabilities.findings})
    if (est::has_errors(*findings))
      return "An attribute about the protection of the key is malformed: " + est::describe_first(*findings) + ".";
  if (!secret.value && !holder.value) {
    if (!policy.keygen_encrypted) return Protection{};
    return "Keys are delivered encrypted only here: name the key to use by DecryptKeyIdentifier or AsymmetricDecryptKeyIdentifier (RFC "
           "7030 4.4.1).";
  }
  if (secret.value && holder.value) return "The request names both a secret and a public key to protect the new key with; name one.";
  auto recipient = recipient_named(secret.value, holder.value, generator);
  if (!recipient) return recipient.error().message;
  if (!capabilities.value) return "The request has no SMIMECapabilities; add them with the algorithms the client can use (RFC 7030 4.4.1).";
  const auto algorithm = est::pki::key_encryption_for(*recipient, *capabilities.value);
  if (!algorithm || !*algorithm)
    return "None of the algorithms in SMIMECapabilities fits the key that is to protect the new one; add one that does (RFC 7030 4.4.1).";
  return Protection{*std::move(recipient), *capabilities.value};
}

KeyType type_for(const CertificationRequest& request, const KeyGenerator& generator, const ca::Profile& profile) {
  const auto offered = [&](KeyType type) {
    return ca::accepts(profile, type) &&
           std::find(generator.key_types.begin(), generator.key_types.end(), type) != generator.key_types.end();
  };
  if (const auto wanted = type_of(request.key.der); wanted && offered(*wanted)) return *wanted;
  const auto first = std::find_if(generator.key_types.begin(), generator.key_types.end(), offered);
  if (first != generator.key_types.end()) return *first;
  return profile.key_types.empty() ? KeyType::ec_p256 : profile.key_types.front();
}

Answer generate_key(const EnrollInput& input, const KeyGenerator& generator, ca::Authority& authority, const est::Clock& clock) {
  const auto request = read_request(input);
  if (const auto* refusal = std::get_if<Answer>(&request)) return *refusal;
  const auto& csr = std::get<CertificationRequest>(request);
  if (auto refusal = one_time_refusal(input, csr, authority)) return *std::move(refusal);
  const auto protection = protection_for(csr, generator, input.policy);
  if (const auto* problem = std::get_if<std::string>(&protection)) return refuse(400, *problem);
  const auto key = PrivateKey::generate(type_for(csr, generator, input.policy.profile));
  if (!key) return unavailable(key.error().message);
  const auto outcome = ask_authority(input, csr, authority, clock, key->public_key_info());
  if (const auto* other = std::get_if<Answer>(&outcome)) return *other;
  return deliver(*key, std::get<ca::Issued>(outcome), generator, std::get<Protection>(protection));
}

}  // namespace server
