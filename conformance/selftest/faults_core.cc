// Faults of /cacerts as a set, and of what a CA makes of names, keys and extensions a request asks for.
#include <algorithm>
#include <memory>
#include <mutex>

#include "conformance/selftest/faults_support.h"
#include "est/codec/base64.h"
#include "est/codec/cms.h"
#include "est/codec/der.h"
#include "est/ops/message.h"
#include "est/pki/issue.h"
#include "est/pki/request.h"

namespace conformance::selftest {

namespace {

namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;
using Csr = codec::CertificationRequest;
using Extensions = std::vector<codec::Extension>;

// --- /cacerts

AfterHook cacerts_at(std::string label, std::function<void(std::vector<Bytes>&)> change) {
  return [label = std::move(label), change = std::move(change)](const Scene& scene, Response& response) {
    if (!is(scene.request, Operation::cacerts) || response.status != 200 || label_of(scene.request) != label) return;
    auto all = certificates_in(response);
    change(all);
    set_certificates(response, all);
  };
}

// One value made when first asked for: faults that add a certificate add the same one each time.
std::function<const Bytes&()> once(std::function<Bytes()> make) {
  struct Kept {
    std::once_flag made;
    Bytes value;
  };
  return [kept = std::make_shared<Kept>(), make = std::move(make)]() -> const Bytes& {
    std::call_once(kept->made, [&] { kept->value = make(); });
    return kept->value;
  };
}

Bytes root_named(const char* name, est::UnixTime begin, est::UnixTime end) {
  const auto key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256);
  const auto subject = codec::parse_name(name);
  if (!key || !subject) return {};
  est::pki::CertificateSpec spec;
  spec.serial = est::pki::random_serial();
  spec.subject = *subject;
  spec.validity = {begin, end};
  spec.extensions = {codec::make_basic_constraints(true), codec::make_key_usage(codec::key_usage::key_cert_sign)};
  return est::pki::issue_self_signed(spec, *key).value();
}

constexpr est::UnixTime year = 365LL * 86400;

void drop_cross_certificates(std::vector<Bytes>& all) {
  std::erase_if(all, [](const Bytes& octets) {
    const auto decoded = codec::decode_certificate(octets).value;
    const auto key = decoded ? est::crypto::verify(decoded->spki, decoded->signature_algorithm, decoded->tbs, decoded->signature)
                             : est::Result<bool>(est::Error{"unreadable"});
    return !key || !*key;
  });
}

void keep_oldest(std::vector<Bytes>& all) {
  drop_cross_certificates(all);
  const auto oldest = std::min_element(all.begin(), all.end(), [](const Bytes& a, const Bytes& b) {
    return codec::decode_certificate(a).value->validity.not_before < codec::decode_certificate(b).value->validity.not_before;
  });
  if (oldest != all.end()) all = {*oldest};
}

// A list that lacks version, nextUpdate and both extensions.
Bytes bare_crl() {
  const auto algorithm = codec::encode(codec::AlgorithmIdentifier{oids::ecdsa_with_sha256, {}});
  const auto tbs = der::sequence({algorithm, codec::parse_name("CN=list")->der, der::time(est::system_clock().now())});
  return der::sequence({tbs, algorithm, der::bit_string(Bytes{0x30, 0x00})});
}

// The fields of the SignedData in a certs-only body, changed.
void rewrite_signed_data(Response& response, const std::function<void(std::vector<Bytes>&)>& change) {
  const Bytes octets = decoded_body(response.body);
  est::Findings findings;
  der::Reader content = der::Reader(octets, findings).enter(der::tags::sequence, "ContentInfo");
  const auto type = content.any("contentType");
  der::Reader inner = content.enter(der::tags::context(0, true), "content");
  der::Reader fields = inner.enter(der::tags::sequence, "SignedData");
  std::vector<Bytes> parts;
  while (!fields.failed() && !fields.at_end()) {
    if (const auto field = fields.any("field")) parts.push_back(est::to_bytes(field->whole));
  }
  if (!type || parts.size() < 4) return;
  change(parts);
  set_body(response, codec::encode_base64(der::sequence({type->whole, der::context(0, der::sequence_of(parts))})));
}

constexpr const char* sees_rollover = "the bag of the rolled CA is looked at there too";

std::vector<Fault> set_faults() {
  const auto now = est::system_clock().now();
  return {
      {.id = "FAULT-CORE-01",
       .sentence = "forgets the cross certificates after a root rollover",
       .kills = {"EST-SE-400"},
       .after = cacerts_at("rolled", drop_cross_certificates)},
      {.id = "FAULT-CORE-02",
       .sentence = "rolls over to a root that ends before the old one",
       .kills = {"EST-SE-401"},
       .also = {"EST-SE-400", "EST-SE-402"},
       .because = sees_rollover,
       .after = cacerts_at("rolled",
                           [old = once([=] { return root_named("CN=rolled", now - year, now + 9 * year); }),
                            fresh = once([=] { return root_named("CN=rolled", now - 300, now + 2 * year); })](std::vector<Bytes>& all) {
                             all = {old(), fresh()};
                           })},
      {.id = "FAULT-CORE-03",
       .sentence = "goes on distributing the old root alone after a rollover",
       .kills = {"EST-SE-402", "EST-SE-400"},
       .after = cacerts_at("rolled", keep_oldest)},
      {.id = "FAULT-CORE-05",
       .sentence = "sends an ill-formed CRL along with the CA certificates",
       .kills = {"EST-SE-404"},
       .also = {"EST-SE-340"},
       .because = "the answers to HEAD and GET are compared there",
       .after =
           on_success(Operation::cacerts,
                      [](Response& r) { set_body(r, codec::encode_base64(codec::encode_certs_only(certificates_in(r), {bare_crl()}))); })},
      {.id = "FAULT-CORE-06",
       .sentence = "distributes other CA certificates each time",
       .kills = {"EST-SE-405"},
       .also = {"EST-SE-340"},
       .because = "the answers to HEAD and GET are compared there",
       .after = cacerts_at("",
                           [](std::vector<Bytes>& all) {
                             const auto begin = est::system_clock().now() - 300;
                             all.push_back(root_named("CN=passing", begin, begin + 86400));
                           })},
      {.id = "FAULT-CORE-07",
       .sentence = "distributes other CA certificates to clients it knows",
       .kills = {"EST-SE-406"},
       .after =
           [extra = once([=] { return root_named("CN=for members", now - 300, now + year); })](const Scene& scene, Response& response) {
             if (!is(scene.request, Operation::cacerts) || response.status != 200) return;
             if (scene.peer.tls == nullptr || scene.peer.tls->peer_certificate() == nullptr) return;
             auto all = certificates_in(response);
             all.push_back(extra());
             set_certificates(response, all);
           }},
      {.id = "FAULT-CORE-08",
       .sentence = "distributes another CA's certificates under a label",
       .kills = {"EST-SE-407"},
       .after = cacerts_at("other", [root = once([=] { return root_named("CN=neighbour", now - 300, now + year); })](
                                        std::vector<Bytes>& all) { all = {root()}; })},
      {.id = "FAULT-CORE-09",
       .sentence = "takes the name of an operation for a CA label",
       .kills = {"EST-SE-408"},
       .before =
           [](est::http::Request& request, est::tls::Facts&, ca::Authority&) {
             if (request.target == "/.well-known/est/simpleenroll/cacerts") request.target = "/.well-known/est/cacerts";
           }},
      {.id = "FAULT-CORE-27",
       .sentence = "numbers the version of its certs-only messages 3",
       .kills = {"EST-SE-050"},
       .also = {"EST-SE-020", "EST-SE-041"},
       .because = "the same message is looked at there, under a label and among other operations",
       .after = on_success(Operation::cacerts,
                           [](Response& r) { rewrite_signed_data(r, [](std::vector<Bytes>& parts) { parts[0] = der::integer(3); }); })},
      {.id = "FAULT-CORE-28",
       .sentence = "puts content into its certs-only messages",
       .kills = {"EST-SE-050"},
       .also = {"EST-SE-020", "EST-SE-041", "EST-SE-340"},
       .because = "the same message is looked at there, under a label and among other operations",
       .after = on_success(Operation::cacerts,
                           [](Response& r) {
                             rewrite_signed_data(r, [](std::vector<Bytes>& parts) {
                               parts[2] = der::sequence({der::oid(oids::data), der::context(0, der::octet_string(Bytes{0x41}))});
                             });
                           })},
  };
}

// CA certificates without what RFC 5280 demands of them, signed by the CA under test.
std::vector<Fault> member_faults() {
  struct Kept {
    std::mutex mutex;
    Bytes certificate;
  };
  return {{.id = "FAULT-CORE-04",
           .sentence = "distributes an intermediate whose certificate does not say that it may sign certificates",
           .kills = {"EST-SE-403"},
           .also = {"EST-SE-340"},
           .because = "the answers to HEAD and GET are compared there",
           .after = [kept = std::make_shared<Kept>()](const Scene& scene, Response& response) {
             if (!is(scene.request, Operation::cacerts) || response.status != 200) return;
             const std::lock_guard lock(kept->mutex);
             if (kept->certificate.empty()) {
               const auto now = est::system_clock().now();
               const auto issued = scene.authority.issue_directly(*codec::parse_name("CN=careless intermediate"), foreign_public_key(),
                                                                  {now - 300, now + 86400}, {codec::make_basic_constraints(true)}, "");
               if (!issued) return;
               kept->certificate = issued->certificate;
             }
             auto all = certificates_in(response);
             all.push_back(kept->certificate);
             set_certificates(response, all);
           }}};
}

// --- What requests ask for

Extensions asked_in(const Csr& request) { return codec::requested_extensions(request).value.value_or(Extensions{}); }

const codec::Extension* find(const Extensions& all, const codec::Oid& id) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const codec::Extension& one) { return one.id == id; });
  return found == all.end() ? nullptr : &*found;
}

bool asks(const Csr& request, const codec::Oid& id) {
  const auto all = asked_in(request);
  return find(all, id) != nullptr;
}

unsigned usage_asked(const Csr& request) {
  const auto all = asked_in(request);
  const auto* found = find(all, oids::key_usage);
  return found == nullptr ? 0 : codec::decode_key_usage(found->value).value.value_or(0);
}

bool asks_beyond_names(const Csr& request) {
  const auto all = asked_in(request);
  return std::any_of(all.begin(), all.end(), [](const codec::Extension& one) { return one.id != oids::subject_alt_name; });
}

// The usual extensions, each replaced by the one asked for.
Extensions copied(const Csr& request) {
  Extensions made = asked_in(request);
  const Extensions usual{codec::make_basic_constraints(false), codec::make_key_usage(codec::key_usage::digital_signature),
                         codec::make_extended_key_usage({oids::client_auth})};
  for (const auto& one : usual) {
    if (std::none_of(made.begin(), made.end(), [&](const codec::Extension& other) { return other.id == one.id; })) made.push_back(one);
  }
  return made;
}

using OddCsr = std::function<bool(const Csr&)>;

// Issues a certificate of its own making where `odd` holds, be the request granted or refused.
AfterHook make_where(OddCsr odd, std::function<Careless(const Csr&)> how) {
  return [odd = std::move(odd), how = std::move(how)](const Scene& scene, Response& response) {
    if (!is_enroll(scene.request) || response.status == 401 || response.status == 403 || response.status == 202) return;
    if (const auto request = request_in(scene.request); request && odd(*request)) response = certify_whatever(scene, how(*request));
  };
}

AfterHook make_where(OddCsr odd) {
  return make_where(std::move(odd), [](const Csr&) { return Careless{}; });
}

std::function<std::optional<Response>(const Scene&)> refuse_where(OddCsr odd, int status) {
  return [odd = std::move(odd), status](const Scene& scene) -> std::optional<Response> {
    if (!is_enroll(scene.request)) return std::nullopt;
    const auto request = request_in(scene.request);
    return request && odd(*request) ? std::optional(est::ops::text_response(status, "No such request, please.")) : std::nullopt;
  };
}

std::string common_name_of(const Csr& request) { return request.subject.first(oids::common_name).value_or(""); }

codec::Name named(const std::string& common_name) {
  const auto octets = der::sequence_of({der::set_of({der::sequence({der::oid(oids::common_name), der::utf8_string(common_name)})})});
  return codec::decode_name(octets).value.value_or(codec::Name{});
}

std::size_t first_beyond_ascii(const std::string& text) {
  const auto found = std::find_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; });
  return static_cast<std::size_t>(found - text.begin());
}

bool signed_with_sha1(const Csr& request) { return est::crypto::digest_of(request.signature_algorithm) == est::crypto::Digest::sha1; }

bool has_weak_key(const Csr& request) {
  const auto facts = est::crypto::key_facts(request.key.der);
  return facts && facts->algorithm == "RSA" && facts->bits < 2048;
}

bool is_p256(const Csr& request) {
  const auto facts = est::crypto::key_facts(request.key.der);
  return facts && facts->group == "P-256";
}

bool has_no_names(const Csr& request) { return request.subject.empty() && codec::requested_subject_alt_name(request).empty(); }

constexpr const char* asks_there_too = "requests that ask for extensions are sent there too";

std::vector<Fault> wish_faults() {
  return {
      {.id = "FAULT-CORE-13",
       .sentence = "copies every requested extension into the certificate",
       .kills = {"EST-SE-412/ca", "EST-SE-412/cert-sign", "EST-SE-412/crl-sign", "EST-SE-412/cmc-ra", "EST-SE-412/cmc-ca", "EST-SE-413/ca",
                 "EST-SE-413/cmc-ra", "EST-SE-418"},
       .after = make_where(asks_beyond_names, [](const Csr& request) { return Careless{.extensions = copied(request)}; })},
      {.id = "FAULT-CORE-14",
       .sentence = "breaks down over requests for anything but names",
       .kills = {"EST-SE-414/digital-signature", "EST-SE-414/server-auth", "EST-SE-414/client-auth", "EST-SE-414/unknown"},
       .also = {"EST-SE-41*", "EST-SE-760"},
       .because = asks_there_too,
       .instead = refuse_where(asks_beyond_names, 500)},
      {.id = "FAULT-CORE-15",
       .sentence = "certifies digitalSignature whatever key usage was asked for",
       .kills = {"EST-SE-415"},
       .after = make_where([](const Csr& request) { return usage_asked(request) == codec::key_usage::key_agreement; })},
      {.id = "FAULT-CORE-16",
       .sentence = "drops the requested extended key usage",
       .kills = {"EST-SE-416"},
       .after = make_where([](const Csr& request) { return asks(request, oids::extended_key_usage); })},
      {.id = "FAULT-CORE-17",
       .sentence = "takes no proof of possession from keys that shall not sign",
       .kills = {"EST-SE-417"},
       .instead = refuse_where(
           [](const Csr& request) {
             const unsigned asked = usage_asked(request);
             return asked != 0 && (asked & codec::key_usage::digital_signature) == 0;
           },
           400)},
  };
}

std::vector<Fault> name_faults() {
  return {
      {.id = "FAULT-CORE-18",
       .sentence = "leaves subjectAltName uncritical where the subject is empty",
       .kills = {"EST-SE-419"},
       .after = make_where([](const Csr& request) { return request.subject.empty() && !has_no_names(request); })},
      {.id = "FAULT-CORE-19",
       .sentence = "issues certificates that name nobody",
       .kills = {"EST-SE-420"},
       .after = make_where(has_no_names)},
      {.id = "FAULT-CORE-20",
       .sentence = "cuts names at a NUL",
       .kills = {"EST-SE-421"},
       .after = make_where([](const Csr& request) { return common_name_of(request).find('\0') != std::string::npos; },
                           [](const Csr& request) {
                             const std::string name = common_name_of(request);
                             return Careless{.subject = named(name.substr(0, name.find('\0')))};
                           })},
      {.id = "FAULT-CORE-21",
       .sentence = "cuts names at the first letter beyond ASCII",
       .kills = {"EST-SE-422"},
       .after = make_where(
           [](const Csr& request) {
             const std::string name = common_name_of(request);
             return first_beyond_ascii(name) < name.size();
           },
           [](const Csr& request) {
             const std::string name = common_name_of(request);
             return Careless{.subject = named(name.substr(0, first_beyond_ascii(name)))};
           })},
  };
}

std::vector<Fault> key_faults() {
  return {
      {.id = "FAULT-CORE-10",
       .sentence = "names another key than its own in authorityKeyIdentifier",
       .kills = {"EST-SE-410"},
       .also = {"EST-SE-*"},
       .because = "no path leads over a key identifier of nobody, so every look at a chain fails",
       .after = make_where([](const Csr& request) { return !asks_beyond_names(request); },
                           [](const Csr& request) {
                             Extensions made = copied(request);
                             const Bytes nobody{1, 2, 3, 4};
                             made.push_back({oids::authority_key_identifier, false, der::sequence({der::context(0, nobody, false)})});
                             return Careless{.extensions = std::move(made)};
                           })},
      {.id = "FAULT-CORE-11",
       .sentence = "certifies P-256 keys alone",
       .kills = {"EST-SE-411/ec-p384", "EST-SE-411/ec-p521", "EST-SE-411/rsa-2048", "EST-SE-411/rsa-3072", "EST-SE-411/ed25519"},
       .also = {"EST-SE-*"},
       .because = "scenarios that need another kind of key get no certificate",
       .instead = refuse_where([](const Csr& request) { return !is_p256(request); }, 400)},
      {.id = "FAULT-CORE-22", .sentence = "certifies RSA keys of 1024 bits", .kills = {"EST-SE-423"}, .after = make_where(has_weak_key)},
      {.id = "FAULT-CORE-23",
       .sentence = "accepts requests signed with SHA-1",
       .kills = {"EST-SE-424"},
       .after = make_where(signed_with_sha1)},
      {.id = "FAULT-CORE-24",
       .sentence = "breaks down over a request without the attributes field",
       .kills = {"EST-SE-425"},
       .instead = [](const Scene& scene) -> std::optional<Response> {
         const auto read = codec::decode_certification_request(decoded_body(scene.request.body));
         if (!is_enroll(scene.request) || !est::contains(read.findings, "pkcs10.attributes.missing")) return std::nullopt;
         return est::ops::text_response(500, "Something went wrong.");
       }},
      {.id = "FAULT-CORE-29",
       .sentence = "marks authorityInfoAccess critical and names one policy twice",
       .kills = {"EST-SE-104"},
       .also = {"EST-SE-*"},
       .because = "the profile is judged, and paths are verified, wherever a certificate is issued",
       .after = make_where([](const Csr& request) { return !asks_beyond_names(request); },
                           [](const Csr& request) {
                             Extensions made = copied(request);
                             const Bytes policy = der::sequence({der::oid(codec::Oid("1.3.6.1.4.1.32473.1"))});
                             made.push_back({codec::Oid("2.5.29.32"), false, der::sequence({policy, policy})});
                             made.push_back({codec::Oid("1.3.6.1.5.5.7.1.1"), true, der::sequence({})});
                             return Careless{.extensions = std::move(made)};
                           })},
      {.id = "FAULT-CORE-30",
       .sentence = "answers an enrollment with BER of indefinite length",
       .kills = {"EST-SE-100"},
       .also = {"EST-SE-*"},
       .because = "a certificate inside BER is not found, so no enrollment seems to succeed",
       .after = on_enrolled([](Response& r) {
         const Bytes octets = decoded_body(r.body);
         est::Findings findings;
         const auto outer = der::Reader(octets, findings).any("message");
         if (outer) set_body(r, codec::encode_base64(der::concat({Bytes{0x30, 0x80}, est::to_bytes(outer->content), Bytes{0, 0}})));
       })},
      {.id = "FAULT-CORE-31",
       .sentence = "signs its enroll answers",
       .kills = {"EST-SE-100"},
       .also = {"EST-SE-262"},
       .because = "the same judgement is made there on another request",
       .after = on_enrolled([](Response& r) {
         rewrite_signed_data(r,
                             [](std::vector<Bytes>& parts) { parts.back() = der::tlv(der::tags::set, der::sequence({der::integer(1)})); });
       })},
  };
}

}  // namespace

std::vector<Fault> core_faults() {
  std::vector<Fault> all;
  for (auto* group : {&set_faults, &member_faults, &wish_faults, &name_faults, &key_faults}) {
    for (Fault& fault : group()) all.push_back(std::move(fault));
  }
  return all;
}

}  // namespace conformance::selftest
