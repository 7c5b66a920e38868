#include "fuzz/strictness.h"

#include <algorithm>
#include <array>
#include <string>

#include "fuzz/target.h"

namespace fuzz {
namespace {

struct Rule {
  std::string_view id;
  std::string_view why;
};

constexpr std::array rules{
    Rule{"der.length.indefinite", "X.690 10.1; OpenSSL reads BER"},
    Rule{"der.length.non-minimal", "X.690 10.1"},
    Rule{"der.length.reserved", "X.690 8.1.3.5"},
    Rule{"der.length.too-large", "bounded by the input"},
    Rule{"der.truncated", "OpenSSL does not look into values it keeps as ANY"},
    Rule{"der.tag.high-non-minimal", "X.690 8.1.2.4"},
    Rule{"der.tag.too-large", "above 2^32 - 1"},
    Rule{"der.tag.reserved", "end-of-contents octets belong to BER"},
    Rule{"der.tag.unexpected", "OpenSSL takes any string type, and the constructed form of strings, where a field says one"},
    Rule{"der.missing", "an ANY that OpenSSL leaves undecoded, or a field it takes for absent"},
    Rule{"der.trailing", "octets inside a value that OpenSSL keeps undecoded"},
    Rule{"der.constructed-string", "X.690 10.2"},
    Rule{"der.default-encoded", "X.690 11.5"},
    Rule{"der.set.order", "X.690 11.6"},
    Rule{"der.depth", "more than 32 levels"},
    Rule{"der.boolean", "X.690 11.1: TRUE is FF"},
    Rule{"der.integer.empty", "in values that OpenSSL keeps undecoded"},
    Rule{"der.integer.non-minimal", "in values that OpenSSL keeps undecoded"},
    Rule{"der.integer.range", "a version or number beyond 64 bits"},
    Rule{"der.oid", "X.690 8.19: arcs are minimal and complete"},
    Rule{"der.bit-string", "X.690 11.2.1: unused bits are zero, at most seven"},
    Rule{"der.null", "in values that OpenSSL keeps undecoded"},
    Rule{"der.string", "repertoires of X.680 41, which OpenSSL does not check"},
    Rule{"der.time", "RFC 5280 4.1.2.5: seconds and Z, which OpenSSL checks when it compares only"},
    Rule{"x509.version", "RFC 5280 4.1.2.1"},
    Rule{"x509.issuer.empty", "RFC 5280 4.1.2.4"},
    Rule{"x509.subject.empty", "RFC 5280 4.1.2.6"},
    Rule{"x509.validity.order", "RFC 5280 4.1.2.5"},
    Rule{"x509.signature-algorithm", "RFC 5280 4.1.1.2"},
    Rule{"x509.signature", "signatures are whole octets"},
    Rule{"x509.public-key", "keys are whole octets"},
    Rule{"x509.public-key.parameters", "RFC 5480 2.1.1, RFC 8410 3"},
    Rule{"x509.name.empty-rdn", "RFC 5280 4.1.2.4: SET SIZE (1..MAX)"},
    Rule{"x509.name.value", "RFC 5280 A.1: these attributes are strings; OpenSSL takes a BIT STRING, among others"},
    Rule{"x509.extensions.empty", "RFC 5280 4.1: SIZE (1..MAX)"},
    Rule{"x509.extension.duplicate", "RFC 5280 4.2"},
    Rule{"x509.general-names.empty", "RFC 5280 4.2.1.6"},
    Rule{"x509.general-name.type", "OpenSSL reads the extension when asked only"},
    Rule{"x509.general-name.ia5", "RFC 5280 4.2.1.6"},
    Rule{"x509.general-name.ip", "RFC 5280 4.2.1.6"},
    Rule{"pkcs10.version", "RFC 2986 4.1: v1(0)"},
    Rule{"pkcs10.signature", "signatures are whole octets"},
    Rule{"pkcs10.attribute.duplicate", "RFC 2986 4: a SET of different attributes"},
    Rule{"pkcs10.attribute.no-values", "RFC 2986 4.1: SET SIZE (1..MAX)"},
    Rule{"pkcs10.attribute.single-value", "RFC 2985 5.4"},
    Rule{"cms.content-type", "an EST body of another type"},
    Rule{"cms.version", "RFC 5652 5.1, 6.1"},
    Rule{"cms.encap-content-type", "RFC 5272 4.1: id-data"},
    Rule{"cms.encap-content", "RFC 5272 4.1: no content"},
    Rule{"cms.signers", "RFC 5272 4.1: no signers"},
    Rule{"cms.no-certificates", "RFC 7030 4.1.3"},
    Rule{"cms.certificate-choice", "RFC 7030 4.1.3: certificates only"},
    Rule{"cms.crl-choice", "RFC 5652 10.2.1"},
    Rule{"cms.signer.version", "RFC 5652 5.3"},
    Rule{"cms.signer.serial", "RFC 5652 5.3"},
    Rule{"cms.signer.no-signed-attributes", "RFC 5652 5.3"},
    Rule{"cms.signed-attributes.empty", "RFC 5652 5.3: SIZE (1..MAX)"},
    Rule{"cms.signed-attributes.content-type", "RFC 5652 11.1"},
    Rule{"cms.signed-attributes.message-digest", "RFC 5652 11.2"},
    Rule{"cms.signed-attributes.duplicate", "RFC 5652 5.3"},
    Rule{"cms.signed-attributes.single-value", "RFC 5652 11.1 to 11.3"},
    Rule{"cms.recipients.none", "RFC 5652 6.1: SIZE (1..MAX)"},
    Rule{"cms.recipient.version", "RFC 5652 6.2"},
    Rule{"cms.recipient.identifier", "RFC 5652 6.2"},
    Rule{"cms.recipient.choice", "RFC 5652 6.2"},
    Rule{"cms.recipient.keys", "RFC 5652 6.2.2"},
    Rule{"cms.unprotected-attributes.empty", "RFC 5652 6.1: SIZE (1..MAX)"},
    Rule{"cms.encrypted-content.missing", "RFC 7030 4.4.2: the content is in the message"},
};

bool is_rule(const std::string& id) {
  return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.id == id; });
}

bool is_unexplained(const est::Finding& finding) { return finding.severity == est::Severity::error && !is_rule(finding.id); }

}  // namespace

bool refused_by_rule(const est::Findings& findings) {
  return est::has_errors(findings) && std::none_of(findings.begin(), findings.end(), is_unexplained);
}

void require_named_rule(const est::Findings& findings) {
  if (refused_by_rule(findings)) return;
  for (const est::Finding& finding : findings) std::fprintf(stderr, "finding %s\n", finding.id.c_str());
  require(false, "what OpenSSL reads and we refuse has a named rule");
}

bool has_untyped_value(const est::codec::Name& name) {
  for (const auto& rdn : name.rdns)
    for (const auto& pair : rdn)
      if (!est::codec::der::is_string(pair.value_tag) || pair.value_tag == est::codec::der::tags::visible_string) return true;
  return false;
}

}  // namespace fuzz
