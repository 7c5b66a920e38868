// Faults of a server that hostile input breaks: it dies, hangs, shows its inside, or lets the input into a certificate.
#include <algorithm>

#include "conformance/selftest/faults_support.h"
#include "est/codec/der.h"
#include "est/crypto/key.h"
#include "est/ops/message.h"
#include "est/pki/request.h"

namespace conformance::selftest {

namespace codec = est::codec;
using codec::CertificationRequest;
using est::net::Reply;

namespace {

using RequestTest = std::function<bool(const CertificationRequest&)>;

constexpr std::size_t many = 900;
constexpr std::size_t most_octets = 60000;

bool begins_with(const Scene& scene, std::initializer_list<est::Byte> head) {
  const Bytes body = decoded_body(scene.request.body);
  return is_enroll(scene.request) && body.size() >= head.size() && std::equal(head.begin(), head.end(), body.begin());
}

// An enrollment with a body that is no certification request.
bool is_unreadable_enrollment(const Scene& scene) {
  return is_enroll(scene.request) && !scene.request.body.empty() && !request_in(scene.request).has_value();
}

bool is_flawed(const Scene& scene) {
  return is_enroll(scene.request) && est::has_errors(codec::decode_certification_request(decoded_body(scene.request.body)).findings);
}

Test when_request(RequestTest odd) {
  return [odd = std::move(odd)](const Scene& scene) {
    if (!is_enroll(scene.request)) return false;
    const auto request = request_in(scene.request);
    return request && odd(*request);
  };
}

// --- What is odd about a request

bool is_odd_value(const Bytes& value) { return value.empty() || value.front() != 0x13 || value.size() > most_octets; }

bool has_odd_attributes(const CertificationRequest& request) {
  return std::any_of(request.attributes.begin(), request.attributes.end(), [](const codec::Attribute& attribute) {
    const bool known = attribute.type == codec::oids::extension_request || attribute.type == codec::oids::challenge_password;
    return !known && (attribute.values.size() > many || std::any_of(attribute.values.begin(), attribute.values.end(), is_odd_value));
  });
}

bool has_misshapen_attributes(const CertificationRequest& request) {
  const auto password = codec::challenge_password(request);
  const auto extensions = codec::requested_extensions(request);
  return est::has_errors(password.findings) || est::has_errors(extensions.findings);
}

const codec::Extension* names_of(const std::vector<codec::Extension>& extensions) {
  const auto found = std::find_if(extensions.begin(), extensions.end(),
                                  [](const auto& extension) { return extension.id == codec::oids::subject_alt_name; });
  return found == extensions.end() ? nullptr : &*found;
}

bool is_odd_name(const codec::GeneralName& name) {
  using Type = codec::GeneralNameType;
  const bool nul = std::find(name.value.begin(), name.value.end(), 0) != name.value.end();
  return name.type == Type::other || name.type == Type::x400 || (name.type == Type::dns && nul);
}

bool has_odd_names(const CertificationRequest& request) {
  const auto extensions = codec::requested_extensions(request).value.value_or(std::vector<codec::Extension>{});
  const auto* names = names_of(extensions);
  if (names == nullptr) return false;
  const auto decoded = codec::decode_general_names(names->value);
  if (!decoded.accepted()) return true;
  return decoded.value->size() > many || std::any_of(decoded.value->begin(), decoded.value->end(), is_odd_name);
}

bool asks_for_too_many_extensions(const CertificationRequest& request) {
  const auto asked = codec::requested_extensions(request);
  return est::contains(asked.findings, "x509.extension.duplicate") || (asked.value && asked.value->size() > many);
}

bool has_huge_subject(const CertificationRequest& request) {
  return request.subject.rdns.size() > many || request.subject.der.size() > most_octets / 4;
}

bool is_odd_string(const codec::AttributeTypeAndValue& part) {
  namespace tags = codec::der::tags;
  const bool usual = part.value_tag == tags::utf8_string || part.value_tag == tags::printable_string;
  const bool control = std::any_of(part.value.begin(), part.value.end(), [](unsigned char c) { return c < 0x20; });
  return !usual || control || part.value.find_first_of("#$<") != std::string::npos;
}

bool has_odd_subject(const CertificationRequest& request) {
  const auto& rdns = request.subject.rdns;
  return std::any_of(rdns.begin(), rdns.end(),
                     [](const auto& rdn) { return rdn.empty() || std::any_of(rdn.begin(), rdn.end(), is_odd_string); });
}

bool has_degenerate_key(const CertificationRequest& request) {
  const auto facts = est::crypto::key_facts(request.key.der);
  return !facts || facts->bits > 8192;
}

bool has_bad_signature(const CertificationRequest& request) {
  const auto verified = est::pki::verify_request(request);
  return !has_degenerate_key(request) && (!verified || !*verified);
}

// --- What the faults do

std::function<void(const Scene&, Reply&)> silent_if(Test odd) {
  return [odd = std::move(odd)](const Scene& scene, Reply& reply) {
    if (odd(scene)) reply.wire.clear();
  };
}

// Grants what was refused. What the CA cannot sign is "granted" without a certificate, which is no better.
AfterHook grant_if(Test odd) {
  return [odd = std::move(odd)](const Scene& scene, Response& response) {
    if (response.status < 400 || response.status == 401 || !odd(scene)) return;
    response = certify_whatever(scene);
    if (response.status != 200) response = est::ops::text_response(200, "Granted.");
  };
}

std::function<std::optional<Response>(const Scene&)> trace_if(Test odd) {
  return [odd = std::move(odd)](const Scene& scene) -> std::optional<Response> {
    if (!odd(scene)) return std::nullopt;
    return est::ops::text_response(500, "Traceback (most recent call last):\n  File \"est.py\", line 7, in enroll\nIndexError");
  };
}

// The extensions of a careless CA: those asked for, as they are.
AfterHook copy_extensions() {
  return [](const Scene& scene, Response& response) {
    const auto request = request_in(scene.request);
    const bool decided = response.status == 200 || response.status == 400;
    if (!is_enroll(scene.request) || !decided || !request) return;
    auto extensions = codec::requested_extensions(*request).value.value_or(std::vector<codec::Extension>{});
    if (extensions.empty() || extensions.size() > many) return;
    auto certificate = certify(scene.authority, *request, {.extensions = std::move(extensions)});
    if (certificate) response = est::ops::enroll_response(*certificate);
  };
}

// Tells the subject in a header field of its own, octet by octet.
std::function<void(const Scene&, Reply&)> tell_subject() {
  return [](const Scene& scene, Reply& reply) {
    const auto request = request_in(scene.request);
    const auto name = is_enroll(scene.request) && request ? request->subject.first(codec::oids::common_name) : std::nullopt;
    const std::string_view wire = est::as_text(reply.wire);
    const auto end = wire.find("\r\n");
    if (!name || end == std::string_view::npos) return;
    reply.wire = est::to_bytes(std::string(wire.substr(0, end)) + "\r\nX-Subject: " + *name + std::string(wire.substr(end)));
  };
}

std::vector<std::string> all_of(std::initializer_list<std::vector<std::string>> lists) {
  std::vector<std::string> ids;
  for (const auto& list : lists) ids.insert(ids.end(), list.begin(), list.end());
  return ids;
}

const std::vector<std::string> other_requests = {"EST-SE-64*", "EST-SE-65*", "EST-SE-73*", "EST-SE-13*", "EST-SE-14*", "EST-SE-111/*"};
constexpr const char* same_flaw = "the requests of these scenarios have the same flaw";

std::vector<Fault> deaths() {
  return {
      {.id = "FAULT-HOSTILE-01",
       .sentence = "dies for good of deeply nested DER",
       .kills = {"EST-SE-641/nested-deeply"},
       .dies_of =
           [](const Scene& scene) {
             return begins_with(scene, {0x30, 0x82, 0x9c}) || begins_with(scene, {0x30, 0x82, 0x9b});
           },
       .fatal = true},
      {.id = "FAULT-HOSTILE-02",
       .sentence = "dies of indefinite lengths inside each other, and is started anew",
       .kills = {"EST-SE-641/nested-indefinite"},
       .dies_of =
           [](const Scene& scene) {
             return begins_with(scene, {0x30, 0x80, 0x30, 0x80});
           },
       .death = Death::restart},
      {.id = "FAULT-HOSTILE-03",
       .sentence = "freezes while it looks at a huge RSA key",
       .kills = {"EST-SE-650/rsa-slow"},
       .dies_of = when_request([](const auto& request) { return request.key.der.size() > 4000 && request.key.der.size() < 6000; }),
       .death = Death::freeze,
       .fatal = true},
      {.id = "FAULT-HOSTILE-04",
       .sentence = "never answers a request for a key of 65536 bits",
       .kills = {"EST-SE-650/rsa-65536"},
       .wire = silent_if(when_request([](const auto& request) { return request.key.der.size() > 8000 && request.key.der.size() < 10000; })),
       .fatal = true},
  };
}

std::vector<Fault> readers() {
  return {
      {.id = "FAULT-HOSTILE-05",
       .sentence = "loses the thread that reads a request it cannot make out",
       .kills = each("EST-SE-640",
                     {"length-past-end", "length-2-31", "length-2-63", "length-reserved", "length-of-length", "inner-length-past-end",
                      "inner-length-zero", "tag-2-31", "tag-without-end", "end-of-contents", "lone-identifier"}),
       .also = other_requests,
       .because = same_flaw,
       .wire = drop_if(is_unreadable_enrollment)},
      {.id = "FAULT-HOSTILE-06",
       .sentence = "grants requests whatever its reader finds wrong with them",
       .kills = each("EST-SE-642", {"trailing-inside", "version-negative", "version-2-64", "version-huge", "version-empty", "oid-empty",
                                    "oid-unfinished", "attribute-no-values", "signature-unused-8", "signature-unused-255"}),
       .also = other_requests,
       .because = same_flaw,
       .after = grant_if(is_flawed)},
      {.id = "FAULT-HOSTILE-07",
       .sentence = "loses the thread that prints odd attributes for the log",
       .kills = each("EST-SE-643", {"attribute-nested", "attribute-boolean", "attribute-integer-huge", "attribute-values-many",
                                    "attributes-10000", "oid-arc-huge", "oid-arcs-many", "signature-constructed"}),
       .also = other_requests,
       .because = same_flaw,
       .wire = drop_if([](const Scene& scene) {
         return is_unreadable_enrollment(scene) || is_flawed(scene) || when_request(has_odd_attributes)(scene);
       })},
      {.id = "FAULT-HOSTILE-08",
       .sentence = "shows a stack trace when an attribute has the wrong shape",
       .kills = each("EST-SE-644", {"password-twice-valued", "password-integer", "extension-request-twice", "extension-request-integer",
                                    "extension-request-empty", "extension-request-no-values"}),
       .also = other_requests,
       .because = same_flaw,
       .instead = trace_if([](const Scene& scene) { return is_flawed(scene) || when_request(has_misshapen_attributes)(scene); })},
  };
}

std::vector<Fault> contents() {
  return {
      {.id = "FAULT-HOSTILE-09",
       .sentence = "copies the extensions asked for into the certificate as they are",
       .kills = each("EST-SE-645",
                     {"extension-critical-unknown", "extension-value-garbage", "extension-value-empty", "extension-name-constraints"}),
       .also = other_requests,
       .because = same_flaw,
       .after = copy_extensions()},
      {.id = "FAULT-HOSTILE-10",
       .sentence = "loses the thread that reads hostile alternative names, or extensions too many",
       .kills = all_of({each("EST-SE-646", {"names-none", "names-10000", "names-other", "names-x400", "names-nul", "names-ip-odd"}),
                        {"EST-SE-645/extensions-1000", "EST-SE-645/extension-twice"}}),
       .also = other_requests,
       .because = same_flaw,
       .wire = drop_if(when_request([](const auto& request) { return has_odd_names(request) || asks_for_too_many_extensions(request); }))},
      {.id = "FAULT-HOSTILE-11",
       .sentence = "breaks down with status 500 on a subject too long for its database",
       .kills = each("EST-SE-647", {"rdns-1000", "rdns-10000", "rdn-wide", "name-megabyte"}),
       .configure = take_large_bodies,
       .instead = trace_if(when_request(has_huge_subject))},
      {.id = "FAULT-HOSTILE-12",
       .sentence = "loses the thread that converts strings other than plain ones",
       .kills = all_of({each("EST-SE-648", {"rdn-empty", "name-invalid-utf8", "name-overlong-nul", "nul-in-name", "name-bmp",
                                            "name-bmp-odd", "name-universal", "name-teletex", "name-no-string"}),
                        each("EST-SE-654", {"name-escape", "name-markup"})}),
       .also = other_requests,
       .because = same_flaw,
       .wire = drop_if(when_request(has_odd_subject))},
      {.id = "FAULT-HOSTILE-13",
       .sentence = "tells the subject in a header field without looking for line breaks",
       .kills = {"EST-SE-654/name-line-break"},
       .also = {"EST-SE-64*", "EST-SE-65*"},
       .because = same_flaw,
       .wire = tell_subject()},
      {.id = "FAULT-HOSTILE-14",
       .sentence = "certifies keys that its library cannot load",
       .kills = all_of({each("EST-SE-649", {"rsa-16", "rsa-modulus-even", "rsa-modulus-zero", "rsa-modulus-negative", "rsa-exponent-zero",
                                            "rsa-exponent-even", "rsa-exponent-negative"}),
                        each("EST-SE-650", {"rsa-16384"}),
                        each("EST-SE-652", {"ec-infinity", "ec-not-on-curve", "ec-beyond-field", "ec-short", "ec-hybrid", "ec-explicit",
                                            "ec-explicit-huge", "ec-no-curve", "key-empty"}),
                        each("EST-SE-733", {"ec-hybrid-signed"}),
                        {"EST-SE-651", "EST-SE-735/ec-infinity"}}),
       .also = other_requests,
       .because = same_flaw,
       .after = grant_if(when_request(has_degenerate_key))},
      {.id = "FAULT-HOSTILE-15",
       .sentence = "takes a signature for right that its library cannot read",
       .kills =
           each("EST-SE-653", {"signature-megabyte", "signature-zeros", "signature-negative", "signature-huge-numbers", "pss-salt-huge",
                               "pss-salt-negative", "pss-no-parameters", "algorithm-unknown", "algorithm-of-another"}),
       .also = other_requests,
       .because = same_flaw,
       .configure = take_large_bodies,
       .after = grant_if(when_request(has_bad_signature))},
      {.id = "FAULT-HOSTILE-16",
       .sentence = "says that a request it cannot read was granted",
       .kills = each("EST-SE-653", {"signature-no-octets"}),
       .also = other_requests,
       .because = same_flaw,
       .after = grant_if(is_unreadable_enrollment)},
  };
}

}  // namespace

std::vector<Fault> hostile_faults() {
  std::vector<Fault> all;
  for (const auto& family : {deaths(), readers(), contents()}) all.insert(all.end(), family.begin(), family.end());
  return all;
}

}  // namespace conformance::selftest
