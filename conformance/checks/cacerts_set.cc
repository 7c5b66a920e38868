// The /cacerts response as a set: root rollover (RFC 4210 4.4, RFC 7030 4.1.3; INT-34), profile of its members, CRLs beside them, and
// whether two responses hold the same.
#include <algorithm>
#include <set>

#include "conformance/checks/certificate_fields.h"
#include "conformance/checks/families.h"
#include "conformance/checks/trust.h"
#include "est/base/text.h"
#include "est/codec/cms.h"
#include "est/codec/der.h"
#include "est/crypto/key.h"

namespace conformance::checks {

namespace {

namespace der = est::codec::der;
using engine::ParameterType;
using est::codec::Certificate;

CheckResult without_bag(const CheckInput& input, const Exchange& exchange, const std::string& expected) {
  if (!answer_of(exchange)) return unanswered(input, expected);
  return result(input, Verdict::fail, describe(exchange) + " No CA certificates can be found in it.", expected, "CMS");
}

const Certificate& ends_last(const std::vector<Certificate>& roots) {
  return *std::max_element(roots.begin(), roots.end(),
                           [](const Certificate& a, const Certificate& b) { return a.validity.not_after < b.validity.not_after; });
}

// --- Rollover
// One change of root: the new self-signed certificate, the old one, and what links them.
struct Change {
  const Certificate* fresh = nullptr;
  const Certificate* old = nullptr;
  const Certificate* old_with_new = nullptr;
  const Certificate* new_with_old = nullptr;
};

const Certificate* cross(const Trust& trust, const Certificate& key, const Certificate& signer) {
  const auto found = std::find_if(trust.others.begin(), trust.others.end(),
                                  [&](const Certificate& c) { return c.spki == key.spki && signed_with(c, signer); });
  return found == trust.others.end() ? nullptr : &*found;
}

// The change to the newest root: from the self-signed certificate of the same name that ends last before it.
Change change_in(const Trust& trust) {
  Change change;
  if (trust.roots.empty()) return change;
  change.fresh = &ends_last(trust.roots);
  for (const auto& root : trust.roots) {
    const bool candidate =
        &root != change.fresh && root.spki != change.fresh->spki && est::codec::same_name(root.subject, change.fresh->subject);
    if (candidate && (change.old == nullptr || change.old->validity.not_after < root.validity.not_after)) change.old = &root;
  }
  if (change.old == nullptr) return change;
  change.old_with_new = cross(trust, *change.old, *change.fresh);
  change.new_with_old = cross(trust, *change.fresh, *change.old);
  return change;
}

// RFC 4210 4.4: from the beginning of the old key to its end or longer; from the beginning of the new key.
CheckResult judge_old_with_new(const CheckInput& input, const Change& change) {
  const auto& cross_validity = change.old_with_new->validity;
  const auto& old = change.old->validity;
  const bool spans = cross_validity.not_before <= old.not_before && cross_validity.not_after >= old.not_after;
  return result(
      input, spans ? Verdict::pass : Verdict::warn,
      "OldWithNew is valid from " + est::iso8601(cross_validity.not_before) + " to " + est::iso8601(cross_validity.not_after) + ".",
      "OldWithNew spans the validity of the old root (RFC 4210 4.4)", "CMS");
}

CheckResult judge_new_with_old(const CheckInput& input, const Change& change) {
  const auto& cross_validity = change.new_with_old->validity;
  const bool begins = cross_validity.not_before <= change.fresh->validity.not_before + 600;
  return result(input, begins ? Verdict::pass : Verdict::warn, "NewWithOld is valid from " + est::iso8601(cross_validity.not_before) + ".",
                "NewWithOld is valid from the beginning of the new root (RFC 4210 4.4)", "CMS");
}

Results cacerts_rollover(const CheckInput& input) {
  const std::string expected = "NewWithNew, OldWithOld, OldWithNew and NewWithOld (RFC 7030 4.1.3, RFC 4210 4.4)";
  const auto trust = trust_of(input.exchange);
  if (!trust || trust->empty()) return {without_bag(input, input.exchange, expected)};
  const Change change = change_in(*trust);
  const auto lacks = [&](const std::string& what) {
    return result(input, Verdict::warn, "The response lacks " + what + ".", expected, "CMS", "INT-34");
  };
  if (change.fresh == nullptr) return {lacks("any self-signed certificate")};
  if (change.old == nullptr) return {lacks("OldWithOld: there is one self-signed certificate of " + shown(*change.fresh))};
  Results results;
  if (change.old_with_new == nullptr) results.push_back(lacks("OldWithNew, the old key signed with the new one"));
  if (change.new_with_old == nullptr) results.push_back(lacks("NewWithOld, the new key signed with the old one"));
  if (change.old_with_new != nullptr) results.push_back(judge_old_with_new(input, change));
  if (change.new_with_old != nullptr) results.push_back(judge_new_with_old(input, change));
  return results;
}

Results cacerts_newest(const CheckInput& input) {
  const std::string expected = "the self-signed certificate that begins last also ends last (RFC 7030 4.1.3)";
  const auto trust = trust_of(input.exchange);
  if (!trust || trust->empty()) return {without_bag(input, input.exchange, expected)};
  if (trust->roots.empty()) return {inconclusive(input, "No certificate of the response is self-signed.", expected)};
  const Certificate& last = ends_last(trust->roots);
  const auto later = std::find_if(trust->roots.begin(), trust->roots.end(), [&](const Certificate& root) {
    return est::codec::same_name(root.subject, last.subject) && root.validity.not_before > last.validity.not_before &&
           root.validity.not_after < last.validity.not_after;
  });
  if (later == trust->roots.end())
    return {result(input, Verdict::pass, "The newest root, " + shown(last) + ", ends " + est::iso8601(last.validity.not_after) + ".",
                   expected, "CMS")};
  return {result(input, Verdict::fail,
                 "A root that begins " + est::iso8601(later->validity.not_before) + " ends " + est::iso8601(later->validity.not_after) +
                     ", before the older one that ends " + est::iso8601(last.validity.not_after) + ".",
                 expected, "CMS")};
}

// --- Members
Results ca_profile(const CheckInput& input) {
  const std::string expected = "CA certificates by the profile of RFC 5280 section 4.2.1";
  const auto trust = trust_of(input.exchange);
  if (!trust || trust->empty()) return {without_bag(input, input.exchange, expected)};
  Results results;
  for (const auto* group : {&trust->roots, &trust->others}) {
    for (const auto& member : *group) {
      Defects defects;
      judge_ca_profile(member, group == &trust->roots, defects);
      for (const auto& defect : defects)
        results.push_back(result(input, defect.verdict, "The certificate of " + shown(member) + " " + defect.sentence + ".",
                                 expected + " (" + defect.rule + ")", "CMS"));
    }
  }
  if (results.empty()) results.push_back(result(input, Verdict::pass, "Every CA certificate keeps the profile.", expected, "CMS"));
  return results;
}

// --- CRLs, which are permitted beside the certificates
struct CrlFacts {
  bool readable = false, version_2 = false, next_update = false, same_algorithm = false, authority_key_identifier = false, number = false;
};

void read_crl_extensions(der::Reader& tbs, CrlFacts& facts) {
  auto explicit_list = tbs.enter(der::tags::context(0, true), "crlExtensions");
  const auto list = est::codec::read_extensions(explicit_list, "crlExtensions");
  if (!list) return;
  for (const auto& extension : *list) {
    if (extension.id == est::codec::oids::authority_key_identifier) facts.authority_key_identifier = true;
    if (extension.id == est::codec::oids::crl_number) facts.number = !extension.critical;
  }
}

bool is_time(const der::Reader& reader) {
  const auto tag = reader.peek();
  return tag == der::tags::utc_time || tag == der::tags::generalized_time;
}

CrlFacts facts_of(const est::Bytes& crl) {
  CrlFacts facts;
  est::Findings findings;
  auto outer = der::Reader(crl, findings).enter(der::tags::sequence, "CertificateList");
  auto tbs = outer.enter(der::tags::sequence, "tbsCertList");
  facts.version_2 = tbs.peek() == der::tags::integer;
  if (facts.version_2) static_cast<void>(tbs.any("version"));
  const auto inner = est::codec::read_algorithm(tbs, "signature");
  static_cast<void>(tbs.any("issuer"));
  static_cast<void>(tbs.any("thisUpdate"));
  facts.next_update = is_time(tbs);
  if (facts.next_update) static_cast<void>(tbs.any("nextUpdate"));
  if (tbs.peek() == der::tags::sequence) static_cast<void>(tbs.any("revokedCertificates"));
  if (!tbs.at_end()) read_crl_extensions(tbs, facts);
  const auto algorithm = est::codec::read_algorithm(outer, "signatureAlgorithm");
  facts.readable = inner && algorithm && !est::has_errors(findings);
  facts.same_algorithm = inner && algorithm && *inner == *algorithm;
  return facts;
}

CheckResult judge_crl(const CheckInput& input, const est::Bytes& crl) {
  const std::string expected = "no CRL, or one by the profile of RFC 5280 section 5";
  const CrlFacts facts = facts_of(crl);
  std::vector<std::string> lacking;
  if (!facts.readable) lacking.emplace_back("it cannot be read");
  if (!facts.version_2) lacking.emplace_back("it has no version 2");
  if (!facts.next_update) lacking.emplace_back("it has no nextUpdate");
  if (!facts.same_algorithm) lacking.emplace_back("it names two signature algorithms");
  if (!facts.authority_key_identifier) lacking.emplace_back("it has no authorityKeyIdentifier");
  if (!facts.number) lacking.emplace_back("it has no cRLNumber, or a critical one");
  if (lacking.empty()) return result(input, Verdict::pass, "The CRL in the response keeps the profile.", expected, "CMS");
  return result(input, Verdict::fail, "The response holds a CRL: " + est::join(lacking, ", ") + ".", expected, "CMS");
}

Results crls_in_answer(const CheckInput& input) {
  const std::string expected = "no CRL, or one by the profile of RFC 5280 section 5";
  const auto bag = bag_of(input.exchange);
  if (!bag) return {unanswered(input, expected)};
  const auto decoded = est::codec::decode_certs_only(bag->der);
  if (!decoded.value) return {inconclusive(input, "The body is no certs-only message; `certs-only` judges that.", expected)};
  Results results;
  for (const auto& crl : decoded.value->crls) results.push_back(judge_crl(input, crl));
  if (results.empty()) results.push_back(result(input, Verdict::pass, "The response holds no CRL.", expected, "CMS"));
  return results;
}

// --- Two responses
std::set<est::Bytes> set_of(const Exchange& exchange) {
  const auto answer = answer_of(exchange);
  if (!answer || answer->message.status != 200) return {};
  const auto all = certificates_anyhow(answer->message.body);
  return {all.begin(), all.end()};
}

Results same_certificates(const CheckInput& input) {
  const std::string expected = "the same set of certificates as in the other response";
  const auto* earlier = other(input, "as");
  if (earlier == nullptr) return {inconclusive(input, "The other exchange was not recorded.", expected)};
  const auto theirs = set_of(*earlier);
  if (theirs.empty()) return {inconclusive(input, describe(*earlier) + " So there is nothing to compare with.", expected)};
  const auto mine = set_of(input.exchange);
  if (mine.empty()) return {without_bag(input, input.exchange, expected)};
  const std::string counts = std::to_string(theirs.size()) + " and " + std::to_string(mine.size()) + " certificates";
  if (mine == theirs)
    return {result(input, Verdict::pass, "Both responses hold the same " + std::to_string(mine.size()) + ".", expected, "CMS")};
  return {result(input, Verdict::fail, "The responses hold different sets: " + counts + ".", expected, "CMS")};
}

}  // namespace

void add_cacerts_set_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"cacerts-rollover",
                   "the response holds OldWithOld, OldWithNew and NewWithOld of the last root rollover; what is missing warns (INT-34)",
                   {},
                   cacerts_rollover,
                   {}});
  add(vocabulary, {"cacerts-newest", "of several roots of one name the newest ends last (RFC 7030 4.1.3)", {}, cacerts_newest, {}});
  add(vocabulary,
      {"ca-profile", "CA certificates have the extensions RFC 5280 4.2.1 demands; defects of self-signed ones warn", {}, ca_profile, {}});
  add(vocabulary, {"crls-in-answer", "CRLs beside the certificates are permitted, by the profile of RFC 5280 5", {}, crls_in_answer, {}});
  add(vocabulary, {"same-certificates",
                   "two responses hold the same set of certificates",
                   {required(parameter("as", ParameterType::result, "the exchange compared with"))},
                   same_certificates,
                   "as"});
}

}  // namespace conformance::checks
