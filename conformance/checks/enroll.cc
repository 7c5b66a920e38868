// What /simpleenroll and /simplereenroll gave: RFC 7030 4.2.
#include <algorithm>
#include <functional>

#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "conformance/checks/trust.h"
#include "est/base/text.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;
using est::codec::Certificate;

// For checks that look into a certificate: the exchange gave none. Whether that is a failure is certificate-issued's to say.
CheckResult without_certificate(const CheckInput& input, const Exchange& exchange, std::string expected) {
  return inconclusive(input, describe(exchange) + " So \"" + exchange.name + "\" gave no certificate to look at.", std::move(expected));
}

// `or-none`: a response without certificate is as good, as another check judges whether there should be one.
bool none_will_do(const CheckInput& input) {
  return flag(input.parameters, "or-none") && answer_of(input.exchange) && !issued_by(input.exchange);
}

bool undecided(int status) { return status == 202 || status == 429 || status == 503; }

Results certificate_issued(const CheckInput& input) {
  const std::string expected = "200 with the issued certificate";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const auto issued = issued_by(input.exchange);
  if (issued) {
    const std::string subject = issued->subject.empty() ? "an empty subject" : issued->subject.to_string();
    return {result(input, Verdict::pass, "The target issued certificate " + issued->serial_hex() + " for " + subject + ".", expected,
                   "policy")};
  }
  const int status = answer->message.status;
  if (undecided(status))
    return {inconclusive(input, describe(answer->message) + " The request was neither granted nor refused.", expected)};
  const std::string layer = status == 200 ? "CMS" : "HTTP";
  return {result(input, Verdict::fail, describe(answer->message) + (status == 200 ? " No certificate can be found in it." : ""), expected,
                 layer)};
}

// --- INT-03: what else is in the bag
enum class Extra { repeated, self_signed, issuer, unrelated };

// Whether `candidate` is on the way from the issued certificate upwards, through other members of the bag.
bool on_the_path(const Certificate& candidate, const Certificate& issued, const std::vector<Certificate>& all) {
  const Certificate* current = &issued;
  for (std::size_t step = 0; step <= all.size(); ++step) {
    if (est::codec::same_name(candidate.subject, current->issuer)) return true;
    const auto next = std::find_if(all.begin(), all.end(), [&](const Certificate& c) {
      return est::codec::same_name(c.subject, current->issuer) && !c.self_issued();
    });
    if (next == all.end()) return false;
    current = &*next;
  }
  return false;
}

Extra kind_of(const Certificate& extra, const Certificate& issued, const std::vector<Certificate>& all) {
  if (extra.der == issued.der) return Extra::repeated;
  if (extra.self_issued()) return Extra::self_signed;
  return on_the_path(extra, issued, all) ? Extra::issuer : Extra::unrelated;
}

CheckResult judge_extra(const CheckInput& input, const Certificate& extra, Extra kind, const std::string& expected) {
  const std::string which = "The response also holds the certificate of " + extra.subject.to_string() + ", ";
  const auto tolerable = input.strict ? Verdict::fail : Verdict::warn;
  switch (kind) {
    case Extra::repeated:
      return result(input, tolerable, "The response holds the issued certificate more than once.", expected, "CMS", "INT-03");
    case Extra::issuer:
      return result(input, tolerable, which + "which belongs to the issuer's chain.", expected, "CMS", "INT-03");
    case Extra::self_signed:
      return result(input, Verdict::fail, which + "which is self-signed.", expected, "CMS", "INT-03");
    case Extra::unrelated:
      break;
  }
  return result(input, Verdict::fail, which + "which has nothing to do with the request.", expected, "CMS", "INT-03");
}

Results only_issued_certificate(const CheckInput& input) {
  const std::string expected = "the issued certificate and no other";
  const auto issued = issued_by(input.exchange);
  if (!issued) return {without_certificate(input, input.exchange, expected)};
  std::vector<Certificate> extras;
  bool seen = false;
  for (const auto& der : certificates_anyhow(certificate_body(answer_of(input.exchange)->message))) {
    const bool own = der == issued->der && !seen;
    seen = seen || own;
    auto decoded = est::codec::decode_certificate(der);
    if (!own && decoded.value) extras.push_back(std::move(*decoded.value));
  }
  if (extras.empty()) return {result(input, Verdict::pass, "The response holds one certificate.", expected, "CMS", "INT-03")};
  Results results;
  for (const auto& extra : extras) results.push_back(judge_extra(input, extra, kind_of(extra, *issued, extras), expected));
  return results;
}

Results key_matches(const CheckInput& input) {
  const std::string expected = "a certificate for the public key of the request";
  if (none_will_do(input))
    return {result(input, Verdict::pass, describe(input.exchange) + " It holds no certificate.", expected, "policy")};
  const auto issued = issued_by(input.exchange);
  if (!issued) return {without_certificate(input, input.exchange, expected)};
  if (artefact(input.exchange, "spki") == nullptr) return {inconclusive(input, "The request's key was not recorded.", expected)};
  const bool same = holds_requested_key(*issued, input.exchange);
  const std::string observed =
      same ? "The issued certificate holds the requested key." : "The issued certificate holds another key than the request.";
  return {result(input, same ? Verdict::pass : Verdict::fail, observed, expected, "policy")};
}

Results chains_to(const CheckInput& input) {
  const std::string expected = "a certificate that chains to /cacerts (RFC 5280 6)";
  const auto* cacerts = other(input, "cacerts");
  if (cacerts == nullptr) return {inconclusive(input, "The /cacerts exchange was not recorded.", expected)};
  const auto issued = issued_by(input.exchange);
  if (!issued) return {without_certificate(input, input.exchange, expected)};
  const auto trust = trust_of(*cacerts);
  if (!trust || trust->empty()) return {without_certificate(input, *cacerts, expected)};
  const auto path = path_of(*issued, *trust, input.evidence.started);
  if (path.verdict == Verdict::pass)
    return {result(input, Verdict::pass, "The issued certificate chains to /cacerts.", expected, "policy")};
  return {result(input, path.verdict, "The issued certificate does not chain to /cacerts: " + path.sentence + ".", expected, "policy")};
}

// --- Two exchanges compared
using Compare = std::function<CheckResult(const CheckInput&, const Certificate& mine, const Certificate& theirs)>;

Results compare(const CheckInput& input, std::string_view name, const std::string& expected, const Compare& judge) {
  const auto* earlier = other(input, name);
  if (earlier == nullptr) return {inconclusive(input, "The other exchange was not recorded.", expected)};
  const auto mine = issued_by(input.exchange);
  if (!mine) return {without_certificate(input, input.exchange, expected)};
  const auto theirs = issued_by(*earlier);
  if (!theirs) return {without_certificate(input, *earlier, expected)};
  return {judge(input, *mine, *theirs)};
}

Results serial_differs(const CheckInput& input) {
  const std::string expected = "another serial number than the earlier certificate of the same issuer";
  const auto* earlier = other(input, "from");
  const bool refused_before = flag(input.parameters, "or-none") && earlier != nullptr && answer_of(*earlier) && !issued_by(*earlier);
  if (none_will_do(input) || refused_before)
    return {result(input, Verdict::pass, "There are no two certificates to compare.", expected, "policy")};
  return compare(input, "from", expected, [&](const CheckInput& in, const Certificate& mine, const Certificate& theirs) {
    const bool clash = mine.serial == theirs.serial && est::codec::same_name(mine.issuer, theirs.issuer);
    return result(in, clash ? Verdict::fail : Verdict::pass,
                  "The serial numbers are " + theirs.serial_hex() + " and " + mine.serial_hex() + ".", expected, "policy");
  });
}

Results same_certificate(const CheckInput& input) {
  const std::string expected = "the very certificate issued before";
  if (none_will_do(input))
    return {result(input, Verdict::pass, describe(input.exchange) + " It holds no certificate.", expected, "policy")};
  return compare(input, "as", expected, [&](const CheckInput& in, const Certificate& mine, const Certificate& theirs) {
    const bool same = mine.der == theirs.der;
    const std::string observed = same ? "Both responses hold certificate " + mine.serial_hex() + "."
                                      : "The target issued two certificates, " + theirs.serial_hex() + " and " + mine.serial_hex() + ".";
    return result(in, same ? Verdict::pass : Verdict::fail, observed, expected, "policy");
  });
}

Results compare_keys(const CheckInput& input, bool same_wanted) {
  const std::string expected =
      same_wanted ? "a certificate for the key of the earlier one" : "a certificate for another key than the earlier one";
  return compare(input, "as", expected, [&](const CheckInput& in, const Certificate& mine, const Certificate& theirs) {
    const bool same = mine.spki == theirs.spki;
    return result(in, same == same_wanted ? Verdict::pass : Verdict::fail,
                  same ? "Both certificates hold the same key." : "The certificates hold different keys.", expected, "policy");
  });
}

// INT-01: where linking is required, some request must be able to satisfy it.
Results one_issued(const CheckInput& input) {
  const auto names = list(input.parameters, "among");
  const std::string expected = "a certificate in at least one of " + any_of(names);
  std::vector<std::string> told;
  for (const auto& name : names) {
    const auto* exchange = input.evidence.find(name);
    if (exchange == nullptr) return {inconclusive(input, "The exchange " + name + " was not recorded.", expected)};
    if (issued_by(*exchange)) return {result(input, Verdict::pass, "The exchange " + name + " gave a certificate.", expected, "policy")};
    told.push_back(name + ": " + describe(*exchange));
  }
  return {result(input, Verdict::fail, "None of the requests was granted. " + est::join(told, " "), expected, "policy")};
}

engine::CheckInfo comparison(std::string name, std::string meaning, std::string key, engine::CheckFunction run) {
  auto reference = required(parameter(key, ParameterType::result, "the exchange compared with"));
  return {std::move(name), std::move(meaning), {std::move(reference)}, std::move(run), std::move(key)};
}

}  // namespace

void add_enroll_checks(engine::Vocabulary& vocabulary) {
  const auto or_none = parameter("or-none", ParameterType::boolean, "a response without certificate will do as well");
  add(vocabulary,
      {"certificate-issued", "200 with a certificate; 202, 429 and 503 settle nothing (RFC 7030 4.2.3)", {}, certificate_issued, {}});
  add(vocabulary, {"only-issued-certificate",
                   "the response holds the issued certificate alone (RFC 7030 4.2.3; INT-03)",
                   {},
                   only_issued_certificate,
                   {}});
  add(vocabulary, {"key-matches", "the issued certificate holds the requested public key", {or_none}, key_matches, {}});
  add(vocabulary,
      comparison("chains-to", "the issued certificate has a path to the certificates of a /cacerts response", "cacerts", chains_to));
  auto serials = comparison("serial-differs", "two certificates of one issuer have different serial numbers (RFC 5280 4.1.2.2)", "from",
                            serial_differs);
  serials.parameters.push_back(or_none);
  add(vocabulary, std::move(serials));
  auto repeated = comparison("same-certificate", "the same certificate was given twice (RFC 7030 4.2.3)", "as", same_certificate);
  repeated.parameters.push_back(or_none);
  add(vocabulary, std::move(repeated));
  add(vocabulary,
      comparison("same-key", "two certificates hold one key", "as", [](const CheckInput& input) { return compare_keys(input, true); }));
  add(vocabulary, comparison("different-key", "two certificates hold different keys", "as",
                             [](const CheckInput& input) { return compare_keys(input, false); }));
  add(vocabulary, {"one-issued",
                   "at least one of several exchanges gave a certificate (INT-01)",
                   {required(parameter("among", ParameterType::list, "names of exchanges"))},
                   one_issued,
                   "among"});
}

}  // namespace conformance::checks
