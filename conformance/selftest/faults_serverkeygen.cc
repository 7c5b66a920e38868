// Faults of /serverkeygen: whom it serves, what the answer is made of, how the key is protected.
#include <memory>
#include <mutex>

#include "conformance/selftest/faults_support.h"
#include "est/codec/base64.h"
#include "est/codec/cms.h"
#include "est/codec/der.h"
#include "est/codec/enveloped_data.h"
#include "est/codec/generated_key.h"
#include "est/codec/pem.h"
#include "est/codec/pkcs8.h"
#include "est/ops/message.h"
#include "est/pki/signed_message.h"
#include "server/keygen.h"

namespace conformance::selftest {

namespace codec = est::codec;
namespace oids = est::codec::oids;

namespace {

using codec::Part;
using est::crypto::KeyType;
using est::crypto::PrivateKey;

constexpr const char* whole_answer = "every scenario that takes a delivered key apart meets the same broken answer";
constexpr const char* same_keys = "the key is judged there too";

bool is_keygen(const est::http::Request& request) { return is(request, Operation::serverkeygen); }

// --- Answers of our own, with one thing wrong

// The keys of the peer's configuration, known from the moment it is configured.
using Generator = std::shared_ptr<server::KeyGenerator>;

struct Delivery {
  std::function<std::optional<PrivateKey>(const codec::CertificationRequest&)> key = {};  // delivered; default: a fresh one
  std::function<Careless(const codec::CertificationRequest&, const PrivateKey&)> certify = {};
  std::function<void(Bytes&)> pkcs8 = {};
  bool clear = false;                                                            // whatever was asked for
  std::function<Bytes(const Bytes&, const server::KeyGenerator&)> content = {};  // of the envelope, in place of the signed package
  std::function<void(codec::EnvelopedData&)> envelope = {};
};

Bytes signed_package(const Bytes& key, const server::KeyGenerator& generator, const std::function<void(codec::SignedData&)>& change = {}) {
  const est::pki::MessageSpec spec{
      oids::asymmetric_key_package, codec::encode_asymmetric_key_package({key}), {generator.signer.chain.front()}};
  auto data = est::pki::sign_message(spec, {&*generator.signer.key, generator.signer.chain.front(), {}, {}, {}});
  if (!data) return {};
  if (change) change(*data);
  return codec::encode_bare_signed_data(*data);
}

std::optional<Bytes> sealed(const Bytes& key, const server::KeyGenerator& generator, const server::Protection& protection,
                            const Delivery& how) {
  const Bytes content = how.content ? how.content(key, generator) : signed_package(key, generator);
  auto data = est::pki::seal({oids::signed_data, content}, *protection.recipient, protection.capabilities);
  if (!data) return std::nullopt;
  if (how.envelope) how.envelope(*data);
  return codec::encode_enveloped_data(*data);
}

Response deliver(const Scene& scene, const server::KeyGenerator& generator, const Delivery& how) {
  const auto request = request_in(scene.request);
  if (!request) return est::ops::text_response(500, "The request cannot be read.");
  std::optional<PrivateKey> key;
  if (how.key) key = how.key(*request);
  if (!key)
    if (auto fresh = PrivateKey::generate(KeyType::ec_p256)) key = *std::move(fresh);
  if (!key) return est::ops::text_response(500, "No key can be made.");
  Careless careless = how.certify ? how.certify(*request, *key) : Careless{};
  if (!careless.public_key_info) careless.public_key_info = key->public_key_info();
  const auto certificate = certify(scene.authority, *request, careless);
  if (!certificate) return est::ops::text_response(500, "No certificate can be made.");
  Bytes octets = key->to_pkcs8();
  if (how.pkcs8) how.pkcs8(octets);
  const auto protection = server::protection_for(*request, generator, {});
  const auto* wanted = std::get_if<server::Protection>(&protection);
  if (!how.clear && wanted != nullptr && wanted->recipient)
    if (const auto envelope = sealed(octets, generator, *wanted, how))
      return est::ops::serverkeygen_response(*envelope, true, *certificate);
  return est::ops::serverkeygen_response(octets, false, *certificate);
}

using When = std::function<bool(const Scene&, const Response&)>;

bool granted(const Scene& /*scene*/, const Response& response) { return response.status == 200; }
When refused_with(int status) {
  return [status](const Scene&, const Response& response) { return status == 0 ? response.status >= 400 : response.status == status; };
}

bool names_protection(const Scene& scene) {
  const auto request = request_in(scene.request);
  return request && (request->attribute(oids::decrypt_key_identifier) != nullptr ||
                     request->attribute(oids::asymmetric_decrypt_key_identifier) != nullptr);
}

// Answers of the handler's for which `when` holds are replaced by a delivery as `how` says.
Fault deliver_when(Fault fault, When when, Delivery how) {
  const auto generator = std::make_shared<server::KeyGenerator>();
  fault.configure = [generator](server::Config& config) {
    if (auto loaded = server::load_key_generator(config)) *generator = *std::move(loaded);
  };
  fault.after = [generator, when = std::move(when), how = std::move(how)](const Scene& scene, Response& response) {
    if (is_keygen(scene.request) && when(scene, response)) response = deliver(scene, *generator, how);
  };
  return fault;
}

// --- The handler's own answer, changed

Fault change_parts(Fault fault, std::function<void(std::vector<Part>&)> change) {
  fault.after = [change = std::move(change)](const Scene& scene, Response& response) {
    if (!is_keygen(scene.request) || response.status != 200) return;
    auto answer = codec::decode_generated_key_answer(response.fields.get("Content-Type").value_or(""), response.body);
    if (!answer.value) return;
    std::vector<Part> parts;
    for (auto& part : answer.value->parts) parts.push_back(std::move(part.part));
    change(parts);
    set_body(response, codec::encode_multipart(parts, "other-boundary"));
    response.fields.set("Content-Type", "multipart/mixed; boundary=other-boundary");
  };
  return fault;
}

Fault change_response(Fault fault, std::function<void(Response&)> change) {
  fault.after = [change = std::move(change)](const Scene& scene, Response& response) {
    if (is_keygen(scene.request) && response.status == 200) change(response);
  };
  return fault;
}

Fault answer_instead(Fault fault, std::function<std::optional<Response>(const Scene&)> how) {
  fault.instead = [how = std::move(how)](const Scene& scene) -> std::optional<Response> {
    return is_keygen(scene.request) ? how(scene) : std::nullopt;
  };
  return fault;
}

Fault refuse_when(Fault fault, std::function<bool(const Scene&)> test) {
  return answer_instead(std::move(fault), [test = std::move(test)](const Scene& scene) -> std::optional<Response> {
    if (!test(scene)) return std::nullopt;
    return est::ops::text_response(400, "This request is not to this server's liking; make another.");
  });
}

void replace_all(Response& response, std::string_view what, std::string_view with) {
  std::string text = est::to_string(est::BytesView(response.body));
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
  set_body(response, text);
}

// RSAPrivateKey or ECPrivateKey without its PrivateKeyInfo.
void strip(Bytes& pkcs8) {
  if (auto key = codec::decode_private_key_info(pkcs8); key.value) pkcs8 = key.value->private_key;
}

std::optional<PrivateKey> a_key(KeyType type) {
  auto key = PrivateKey::generate(type);
  return key ? std::optional(*std::move(key)) : std::nullopt;
}

bool bad_signature(const Scene& scene) {
  const auto request = request_in(scene.request);
  if (!request) return false;
  const auto good = est::crypto::verify(request->key.der, request->signature_algorithm, request->info, request->signature);
  return good.ok() && !*good;
}

bool bad_key(const Scene& scene) {
  const auto request = request_in(scene.request);
  return request && !est::crypto::key_facts(request->key.der).ok();
}

// --- Tables

std::vector<Fault> frame_faults() {
  return {
      change_response({.id = "FAULT-KEYGEN-01",
                       .sentence = "answers /serverkeygen with a certificate and no key",
                       .kills = {"EST-SE-500"},
                       .also = {"EST-SE-5*"},
                       .because = whole_answer},
                      [](Response& response) {
                        response.fields.set("Content-Type", std::string(est::ops::certs_only_type));
                        const auto answer =
                            codec::decode_generated_key_answer("multipart/mixed; boundary=est-server-generated-key", response.body);
                        if (answer.value && answer.value->certificates)
                          set_body(response, answer.value->parts[*answer.value->certificates].part.body);
                      }),
      change_parts({.id = "FAULT-KEYGEN-02",
                    .sentence = "sends the certificate part twice",
                    .kills = {"EST-SE-500"},
                    .also = {"EST-SE-520", "EST-SE-521", "EST-SE-530*"},
                    .because = whole_answer},
                   [](std::vector<Part>& parts) { parts.push_back(parts.back()); }),
      change_parts({.id = "FAULT-KEYGEN-03",
                    .sentence = "adds a part with a greeting",
                    .kills = {"EST-SE-500"},
                    .also = {"EST-SE-520", "EST-SE-521", "EST-SE-530*"},
                    .because = whole_answer},
                   [](std::vector<Part>& parts) {
                     parts.push_back({{{"Content-Type", "text/plain"}}, est::to_bytes("welcome")});
                   }),
      change_response({.id = "FAULT-KEYGEN-04",
                       .sentence = "leaves the boundary out of the Content-Type",
                       .kills = {"EST-SE-500"},
                       .also = {"EST-SE-5*"},
                       .because = whole_answer},
                      [](Response& response) { response.fields.set("Content-Type", "multipart/mixed"); }),
      change_response({.id = "FAULT-KEYGEN-05",
                       .sentence = "ends the lines of the multipart body in LF alone",
                       .kills = {"EST-SE-500"},
                       .also = {"EST-SE-520", "EST-SE-521", "EST-SE-530*"},
                       .because = whole_answer},
                      [](Response& response) { replace_all(response, "\r\n", "\n"); }),
      change_response(
          {.id = "FAULT-KEYGEN-06",
           .sentence = "calls the answer multipart/form-data",
           .kills = {"EST-SE-500"},
           .also = {"EST-SE-520", "EST-SE-521", "EST-SE-530*"},
           .because = whole_answer},
          [](Response& response) { response.fields.set("Content-Type", "multipart/form-data; boundary=est-server-generated-key"); }),
      change_parts({.id = "FAULT-KEYGEN-07",
                    .sentence = "sends the key as application/octet-stream",
                    .kills = {"EST-SE-500"},
                    .also = {"EST-SE-5*"},
                    .because = whole_answer},
                   [](std::vector<Part>& parts) { parts.front().headers.front().second = "application/octet-stream"; }),
      change_parts({.id = "FAULT-KEYGEN-08", .sentence = "says the part with the key is binary, and it is base64", .kills = {"EST-SE-500"}},
                   [](std::vector<Part>& parts) { parts.front().headers.emplace_back("Content-Transfer-Encoding", "binary"); }),
      change_response({.id = "FAULT-KEYGEN-09", .sentence = "says the multipart body as a whole is base64", .kills = {"EST-SE-500"}},
                      [](Response& response) { response.fields.set("Content-Transfer-Encoding", "base64"); }),
      change_response({.id = "FAULT-KEYGEN-21",
                       .sentence = "uses a boundary of 71 characters",
                       .kills = {"EST-SE-500"},
                       .also = {"EST-SE-5*"},
                       .because = whole_answer},
                      [](Response& response) {
                        const std::string longer(71, 'b');
                        replace_all(response, "est-server-generated-key", longer);
                        response.fields.set("Content-Type", "multipart/mixed; boundary=" + longer);
                      }),
  };
}

std::vector<Fault> delivered_key_faults() {
  return {
      deliver_when({.id = "FAULT-KEYGEN-10",
                    .sentence = "sends PKCS #1 or SEC 1 in application/pkcs8",
                    .kills = {"EST-SE-501/ec-p256", "EST-SE-501/rsa-2048"},
                    .also = {"EST-SE-532*", "EST-SE-502", "EST-SE-503", "EST-SE-505*", "EST-SE-524*", "EST-SE-525"},
                    .because = same_keys},
                   granted, {.pkcs8 = strip}),
      change_parts({.id = "FAULT-KEYGEN-11",
                    .sentence = "sends the key in PEM armour",
                    .kills = {"EST-SE-501/ec-p256", "EST-SE-501/rsa-2048"},
                    .also = {"EST-SE-5*"},
                    .because = same_keys},
                   [](std::vector<Part>& parts) {
                     Part& key = parts.front();
                     key.body = est::to_bytes(codec::encode_pem("PRIVATE KEY", decoded_body(key.body)));
                   }),
      change_parts({.id = "FAULT-KEYGEN-12",
                    .sentence = "sends the key as DER without base64",
                    .kills = {"EST-SE-501/ec-p256", "EST-SE-501/rsa-2048"},
                    .also = {"EST-SE-5*"},
                    .because = same_keys},
                   [](std::vector<Part>& parts) { parts.front().body = decoded_body(parts.front().body); }),
      deliver_when({.id = "FAULT-KEYGEN-13",
                    .sentence = "says version 1 of a PrivateKeyInfo without publicKey",
                    .kills = {"EST-SE-501/ec-p256", "EST-SE-501/rsa-2048"},
                    .also = {"EST-SE-532*", "EST-SE-505*"},
                    .because = same_keys},
                   granted,
                   {.pkcs8 =
                        [](Bytes& octets) {
                          auto key = codec::decode_private_key_info(octets);
                          if (key.value) key.value->version = 1, octets = codec::encode(*key.value);
                        }}),
      deliver_when({.id = "FAULT-KEYGEN-14",
                    .sentence = "sends along the public key of another",
                    .kills = {"EST-SE-501/ec-p256", "EST-SE-501/rsa-2048"},
                    .also = {"EST-SE-532*", "EST-SE-505*"},
                    .because = same_keys},
                   granted,
                   {.pkcs8 =
                        [](Bytes& octets) {
                          auto key = codec::decode_private_key_info(octets);
                          if (!key.value) return;
                          key.value->version = 1;
                          key.value->public_key = codec::decode_public_key_info(foreign_public_key()).value->key;
                          octets = codec::encode(*key.value);
                        }}),
      deliver_when({.id = "FAULT-KEYGEN-15",
                    .sentence = "delivers another key than it certified",
                    .kills = {"EST-SE-502"},
                    .also = {"EST-SE-504", "EST-SE-505*", "EST-SE-525", "EST-SE-532*", "EST-SE-520", "EST-SE-521"},
                    .because = same_keys},
                   granted, {.certify = [](const auto&, const auto&) { return Careless{.public_key_info = foreign_public_key()}; }}),
      deliver_when({.id = "FAULT-KEYGEN-16", .sentence = "gives every client the same key", .kills = {"EST-SE-503"}}, granted,
                   {.key = [key = a_key(KeyType::ec_p256)](const auto&) { return key; }}),
      deliver_when({.id = "FAULT-KEYGEN-17",
                    .sentence = "certifies the key of the request instead of the one it made",
                    .kills = {"EST-SE-504", "EST-SE-502"},
                    .also = {"EST-SE-505*", "EST-SE-525", "EST-SE-532*", "EST-SE-520", "EST-SE-521"},
                    .because = same_keys},
                   granted, {.certify = [](const auto& request, const auto&) { return Careless{.public_key_info = request.key.der}; }}),
      refuse_when({.id = "FAULT-KEYGEN-18",
                   .sentence = "refuses a request whose signature does not verify",
                   .kills = {"EST-SE-505/signature", "EST-SE-505/other-key"}},
                  bad_signature),
      refuse_when({.id = "FAULT-KEYGEN-19",
                   .sentence = "refuses a request whose own key is none",
                   .kills = {"EST-SE-506/public-key", "EST-SE-506/unknown-key-algorithm"}},
                  bad_key),
      deliver_when({.id = "FAULT-KEYGEN-20",
                    .sentence = "makes keys on P-384 whatever is asked for",
                    .kills = {"EST-SE-524/ec-p256", "EST-SE-524/rsa-2048"}},
                   granted, {.key = [](const auto&) { return a_key(KeyType::ec_p384); }}),
  };
}

std::vector<Fault> delivered_certificate_faults() {
  const auto with_purpose = [](const codec::Oid& purpose, bool ca) {
    return std::vector<codec::Extension>{codec::make_basic_constraints(ca), codec::make_key_usage(codec::key_usage::digital_signature),
                                         codec::make_extended_key_usage({purpose})};
  };
  return {
      {.id = "FAULT-KEYGEN-30",
       .sentence = "adds the root to the certificate part",
       .kills = {"EST-SE-507"},
       .after =
           [](const Scene& scene, Response& response) {
             if (!is_keygen(scene.request) || response.status != 200) return;
             auto answer = codec::decode_generated_key_answer(response.fields.get("Content-Type").value_or(""), response.body);
             const auto roots = scene.authority.ca_certificates();
             if (!answer.value || !answer.value->certificates || !roots) return;
             std::vector<Part> parts{answer.value->parts[*answer.value->key].part, answer.value->parts[*answer.value->certificates].part};
             auto bag = codec::decode_certs_only(decoded_body(parts[1].body)).value->certificates;
             bag.push_back(roots->front());
             parts[1].body = est::to_bytes(codec::encode_base64(codec::encode_certs_only(bag)));
             set_body(response, codec::encode_multipart(parts, "est-server-generated-key"));
           }},
      change_parts({.id = "FAULT-KEYGEN-31",
                    .sentence = "puts a bare certificate into the certificate part",
                    .kills = {"EST-SE-507"},
                    .also = {"EST-SE-525"},
                    .because = "no certificate can be taken from it to use"},
                   [](std::vector<Part>& parts) {
                     const auto bag = codec::decode_certs_only(decoded_body(parts.back().body));
                     if (bag.value) parts.back().body = est::to_bytes(codec::encode_base64(bag.value->certificates.front()));
                   }),
      {.id = "FAULT-KEYGEN-32",
       .sentence = "has generated keys certified by a CA nobody knows",
       .kills = {"EST-SE-508"},
       .also = {"EST-SE-509", "EST-SE-510", "EST-SE-511", "EST-SE-525", "EST-SE-530*", "EST-SE-531*", "EST-SE-532*", "EST-SE-537"},
       .because = "such a certificate is of no use, and not made with care",
       .after =
           [](const Scene& scene, Response& response) {
             if (!is_keygen(scene.request) || response.status != 200) return;
             const auto key = PrivateKey::generate(KeyType::ec_p256);
             if (key)
               response =
                   est::ops::serverkeygen_response(key->to_pkcs8(), false, foreign_certificate("CN=whatever", key->public_key_info()));
           }},
      deliver_when({.id = "FAULT-KEYGEN-33", .sentence = "makes the holder of a generated key a CA", .kills = {"EST-SE-509"}}, granted,
                   {.certify = [=](const auto&, const auto&) { return Careless{.extensions = with_purpose(oids::client_auth, true)}; }}),
      deliver_when({.id = "FAULT-KEYGEN-34", .sentence = "certifies generated keys under a name of its own", .kills = {"EST-SE-510"}},
                   granted,
                   {.certify = [](const auto&, const auto&) { return Careless{.subject = *codec::parse_name("CN=anonymous device")}; }}),
      deliver_when({.id = "FAULT-KEYGEN-35",
                    .sentence = "drops the requested subjectAltName from certificates of generated keys",
                    .kills = {"EST-SE-511"}},
                   granted,
                   {.certify = [=](const auto&, const auto&) { return Careless{.extensions = with_purpose(oids::client_auth, false)}; }}),
      deliver_when({.id = "FAULT-KEYGEN-36",
                    .sentence = "certifies generated keys for servers only",
                    .kills = {"EST-SE-525"},
                    .also = {"EST-SE-511"},
                    .because = "the names are dropped with the purpose"},
                   granted,
                   {.certify = [=](const auto&, const auto&) { return Careless{.extensions = with_purpose(oids::server_auth, false)}; }}),
  };
}

std::vector<Fault> admission_faults() {
  return {
      deliver_when({.id = "FAULT-KEYGEN-40",
                    .sentence = "generates keys for anybody",
                    .kills = {"EST-SE-512", "EST-SE-513"},
                    .also = {"EST-SE-5*"},
                    .because = "whatever else is wrong with the request, it is granted before anybody looks"},
                   refused_with(401), {}),
      deliver_when({.id = "FAULT-KEYGEN-41", .sentence = "generates keys for clients it has just refused", .kills = {"EST-SE-514"}},
                   refused_with(403), {}),
      {.id = "FAULT-KEYGEN-42",
       .sentence = "takes a request to /serverkeygen of whatever Content-Type",
       .kills = {"EST-SE-515"},
       .before =
           [](est::http::Request& request, est::tls::Facts&, ca::Authority&) {
             if (is_keygen(request) && request.method == "POST") request.fields.set("Content-Type", "application/pkcs10");
           }},
      answer_instead({.id = "FAULT-KEYGEN-43", .sentence = "answers GET /serverkeygen with 200", .kills = {"EST-SE-516"}},
                     [](const Scene& scene) -> std::optional<Response> {
                       if (scene.request.method != "GET") return std::nullopt;
                       return est::ops::text_response(200, "This is the key generator. Post something.");
                     }),
      {.id = "FAULT-KEYGEN-44",
       .sentence = "delivers a key for requests it cannot read",
       .kills = {"EST-SE-517/truncated", "EST-SE-517/empty-sequence", "EST-SE-517/random", "EST-SE-517/not-a-request",
                 "EST-SE-519/not-base64", "EST-SE-519/empty"},
       .also = {"EST-SE-518"},
       .because = "that request should be refused too",
       .after =
           [](const Scene& scene, Response& response) {
             if (!is_keygen(scene.request) || response.status != 400 ||
                 codec::decode_certification_request(decoded_body(scene.request.body)).accepted())
               return;
             if (const auto key = PrivateKey::generate(KeyType::ec_p256))
               response =
                   est::ops::serverkeygen_response(key->to_pkcs8(), false, foreign_certificate("CN=whatever", key->public_key_info()));
           }},
      {.id = "FAULT-KEYGEN-45",
       .sentence = "refuses requests to /serverkeygen without a word",
       .kills = {"EST-SE-518"},
       .after =
           [](const Scene& scene, Response& response) {
             if (!is_keygen(scene.request) || response.status != 400) return;
             response.fields.remove("Content-Type");
             set_body(response, std::string_view("\x01\x02\x03"));
           }},
      answer_instead({.id = "FAULT-KEYGEN-46",
                      .sentence = "has no /serverkeygen under its labels",
                      .kills = {"EST-SE-520"},
                      .also = {"EST-SE-514", "EST-SE-523", "EST-SE-536"},
                      .because = "these use a label"},
                     [](const Scene& scene) -> std::optional<Response> {
                       if (label_of(scene.request).empty()) return std::nullopt;
                       return est::ops::text_response(404, "There is nothing at this path.");
                     }),
      refuse_when(
          {.id = "FAULT-KEYGEN-47", .sentence = "generates keys for clients with a password only", .kills = {"EST-SE-521", "EST-SE-522"}},
          [](const Scene& scene) { return scene.peer.tls != nullptr && scene.peer.tls->peer_certificate() != nullptr; }),
      deliver_when({.id = "FAULT-KEYGEN-48", .sentence = "does not look at the channel binding of /serverkeygen", .kills = {"EST-SE-527"}},
                   [](const Scene& scene, const Response& response) {
                     const auto request = request_in(scene.request);
                     return response.status == 400 && request && request->attribute(oids::challenge_password) != nullptr &&
                            !names_protection(scene) && label_of(scene.request).empty();
                   },
                   {}),
      {.id = "FAULT-KEYGEN-49",
       .sentence = "answers a /serverkeygen that waits for approval without Retry-After",
       .kills = {"EST-SE-523"},
       .after =
           [](const Scene& scene, Response& response) {
             if (is_keygen(scene.request) && response.status == 202) response.fields.remove("Retry-After");
           }},
      {.id = "FAULT-KEYGEN-50",
       .sentence = "delivers keys over suites without encryption",
       .kills = {"EST-SE-528"},
       .also = {"EST-SE-0*", "EST-SE-3*"},
       .because = "the suite is accepted for everything",
       .configure = [](server::Config& config) { config.tls.suites = "ALL:eNULL:@SECLEVEL=0"; }},
  };
}

std::vector<Fault> protection_faults() {
  const auto asked = [](const Scene& scene, const Response& response) { return response.status == 200 && names_protection(scene); };
  return {
      deliver_when({.id = "FAULT-KEYGEN-60",
                    .sentence = "delivers the key in the clear whatever protection is asked for",
                    .kills = {"EST-SE-530/symmetric", "EST-SE-530/key-transport", "EST-SE-530/key-agreement", "EST-SE-531/symmetric",
                              "EST-SE-531/key-transport", "EST-SE-531/key-agreement"},
                    .also = {"EST-SE-532*", "EST-SE-537"},
                    .because = "there is no envelope to look into"},
                   asked, {.clear = true}),
      deliver_when({.id = "FAULT-KEYGEN-61",
                    .sentence = "names the recipient of the envelope by an identifier of its own",
                    .kills = {"EST-SE-530/symmetric", "EST-SE-530/key-transport", "EST-SE-530/key-agreement"}},
                   asked,
                   {.envelope =
                        [](codec::EnvelopedData& data) {
                          for (auto& info : data.recipients)
                            for (auto& key : info.keys) key.recipient.key_identifier = est::to_bytes("somebody");
                        }}),
      deliver_when({.id = "FAULT-KEYGEN-62",
                    .sentence = "gives RecipientInfo a wrong version",
                    .kills = {"EST-SE-530/symmetric", "EST-SE-530/key-transport", "EST-SE-530/key-agreement"}},
                   asked, {.envelope = [](codec::EnvelopedData& data) { data.recipients.front().version = 1; }}),
      deliver_when({.id = "FAULT-KEYGEN-63",
                    .sentence = "encrypts for a key the client does not have",
                    .kills = {"EST-SE-530/symmetric", "EST-SE-530/key-transport", "EST-SE-530/key-agreement"},
                    .also = {"EST-SE-531*", "EST-SE-532*"},
                    .because = "what is inside cannot be seen"},
                   asked, {.envelope = [](codec::EnvelopedData& data) { data.recipients.front().keys.front().key.back() ^= 1U; }}),
      change_parts({.id = "FAULT-KEYGEN-64",
                    .sentence = "calls an enveloped key certs-only",
                    .kills = {"EST-SE-530/symmetric", "EST-SE-530/key-transport", "EST-SE-530/key-agreement"},
                    .also = {"EST-SE-531*", "EST-SE-532*", "EST-SE-537"},
                    .because = "the key is not found"},
                   [](std::vector<Part>& parts) {
                     auto& type = parts.front().headers.front().second;
                     if (type.find("server-generated-key") != std::string::npos) type = "application/pkcs7-mime; smime-type=certs-only";
                   }),
      deliver_when({.id = "FAULT-KEYGEN-65",
                    .sentence = "envelopes the key package without signing it",
                    .kills = {"EST-SE-531/symmetric", "EST-SE-531/key-transport", "EST-SE-531/key-agreement"}},
                   asked, {.content = [](const Bytes& key, const auto&) { return codec::encode_asymmetric_key_package({key}); }}),
      deliver_when({.id = "FAULT-KEYGEN-66",
                    .sentence = "signs the key package wrongly",
                    .kills = {"EST-SE-531/symmetric", "EST-SE-531/key-transport", "EST-SE-531/key-agreement"}},
                   asked,
                   {.content =
                        [](const Bytes& key, const server::KeyGenerator& generator) {
                          return signed_package(key, generator,
                                                [](codec::SignedData& data) { data.signers.front().signature.back() ^= 1U; });
                        }}),
      deliver_when({.id = "FAULT-KEYGEN-67",
                    .sentence = "envelopes another key than it certified",
                    .kills = {"EST-SE-532/symmetric", "EST-SE-532/key-transport", "EST-SE-532/key-agreement"}},
                   asked, {.certify = [](const auto&, const auto&) { return Careless{.public_key_info = foreign_public_key()}; }}),
      deliver_when({.id = "FAULT-KEYGEN-68",
                    .sentence = "delivers in the clear what it has no key to protect with",
                    .kills = {"EST-SE-533/unknown-symmetric", "EST-SE-533/unknown-asymmetric", "EST-SE-534", "EST-SE-535"}},
                   [](const Scene& scene, const Response& response) { return response.status == 400 && names_protection(scene); },
                   {.clear = true}),
      deliver_when(
          {.id = "FAULT-KEYGEN-69", .sentence = "delivers in the clear where policy wants keys encrypted", .kills = {"EST-SE-536"}},
          [](const Scene& scene, const Response& response) { return response.status == 400 && label_of(scene.request) == "encrypted"; },
          {.clear = true}),
      {.id = "FAULT-KEYGEN-70",
       .sentence = "uses the same content-encryption key and envelope for every client",
       .kills = {"EST-SE-537"},
       .also = {"EST-SE-532*", "EST-SE-530*"},
       .because = "the second envelope holds the key of the first client",
       .after =
           [first = std::make_shared<std::optional<Part>>(), mutex = std::make_shared<std::mutex>()](const Scene& scene,
                                                                                                     Response& response) {
             if (!is_keygen(scene.request) || response.status != 200 || !names_protection(scene)) return;
             auto answer = codec::decode_generated_key_answer(response.fields.get("Content-Type").value_or(""), response.body);
             if (!answer.value || answer.value->parts.size() != 2) return;
             const std::lock_guard lock(*mutex);
             if (!*first) *first = answer.value->parts[0].part;
             set_body(response, codec::encode_multipart({**first, answer.value->parts[1].part}, "est-server-generated-key"));
           }},
  };
}

}  // namespace

std::vector<Fault> serverkeygen_faults() {
  std::vector<Fault> all;
  for (const auto& table :
       {frame_faults(), delivered_key_faults(), delivered_certificate_faults(), admission_faults(), protection_faults()})
    all.insert(all.end(), table.begin(), table.end());
  return all;
}

}  // namespace conformance::selftest
