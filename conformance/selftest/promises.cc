// What each fault must make fail, and what else may fail with it and why: the expectation side of the kill matrix.
#include "conformance/selftest/promises.h"

#include <map>
#include <string_view>

#include "conformance/selftest/faults_support.h"

namespace conformance::selftest {

namespace {

using List = std::vector<std::string>;

struct Promise {
  List kills;
  List also = {};
  std::string because = {};
};

constexpr const char* no_enrollment = "where no enrollment succeeds, every scenario that ends in a certificate fails";
constexpr const char* no_cacerts = "scenarios that look at /cacerts for another reason see the same broken answer";
constexpr const char* same_check = "the same judgement is made there on another request";

using Table = std::map<std::string, Promise, std::less<>>;

Table protocol_promises() {
  return {
      {"FAULT-HTTP-01", {{"EST-SE-132"}}},
      {"FAULT-HTTP-02", {{"EST-SE-030", "EST-SE-031"}}},
      {"FAULT-HTTP-03", {{"EST-SE-021", "EST-SE-023"}}},
      {"FAULT-HTTP-04", {{"EST-SE-021", "EST-SE-023"}}},
      {"FAULT-HTTP-05", {{"EST-SE-100", "EST-SE-042"}, anything, no_enrollment}},
      {"FAULT-HTTP-06", {{"EST-SE-100", "EST-SE-031"}, anything, no_enrollment}},
      {"FAULT-HTTP-07", {{"EST-SE-033"}}},
      {"FAULT-HTTP-08", {{"EST-SE-041", "EST-SE-042"}, {"EST-SE-173"}, "the challenge is answered on the connection it came on"}},
      {"FAULT-HTTP-09", {{"EST-SE-031"}}},
      {"FAULT-HTTP-10", {{"EST-SE-040"}, anything, "an answer in an unknown transfer coding has no readable body"}},
      {"FAULT-HTTP-11", {{"EST-SE-040"}, {"EST-SE-041"}, no_cacerts}},
      {"FAULT-HTTP-12", {{"EST-SE-008"}}},
      {"FAULT-HTTP-13", {{"EST-SE-260", "EST-SE-261", "EST-SE-262"}}},
      {"FAULT-HTTP-14", {{"EST-SE-020"}, anything, "every policy variant of the reference lives under a label"}},
      {"FAULT-TLS-01", {{"EST-SE-003"}}},
      {"FAULT-TLS-02", {{"EST-SE-003", "EST-SE-004"}}},
      {"FAULT-TLS-03", {{"EST-SE-001"}, {"EST-SE-073", "EST-SE-230", "EST-SE-235"}, "these need TLS 1.2, where tls-unique is defined"}},
      {"FAULT-TLS-04", {{"EST-SE-002"}, {"EST-SE-240"}, "this one asks for TLS 1.3"}},
      {"FAULT-TLS-05", {{"EST-SE-007"}}},
      {"FAULT-TLS-06", {{"EST-SE-005"}}},
  };
}

Table answer_promises() {
  const List cacerts_readers = {"EST-SE-020", "EST-SE-041", "EST-SE-051", "EST-SE-053", "EST-SE-103", "EST-SE-262"};
  Table table = {
      {"FAULT-CACERTS-01", {{"EST-SE-050"}}},
      {"FAULT-CACERTS-05", {{"EST-SE-051", "EST-SE-053", "EST-SE-103"}, cacerts_readers, no_cacerts}},
      {"FAULT-CACERTS-10", {{"EST-SE-054"}, anything, "a target that answers /cacerts to nobody fails whatever looks at /cacerts"}},
      {"FAULT-CACERTS-11", {{"EST-SE-050"}, anything, "RFC 7030 4.1.3 allows no status but 200, so every look at /cacerts fails"}},
      {"FAULT-CACERTS-14", {{"EST-SE-053", "EST-SE-103"}, cacerts_readers, no_cacerts}},
      {"FAULT-CSRATTRS-04", {{"EST-SE-072"}, anything, "the anonymous look at /csrattrs gets no list to judge"}},
      {"FAULT-CSRATTRS-06", {{"EST-SE-073", "EST-SE-074"}, {"EST-SE-076"}, "an empty list holds no template either"}},
      {"FAULT-CSRATTRS-07", {{"EST-SE-070"}, {"EST-SE-041", "EST-SE-071", "EST-SE-073", "EST-SE-074", "EST-SE-076"}, same_check}},
      {"FAULT-CSRATTRS-11", {{"EST-SE-074"}, {"EST-SE-071", "EST-SE-073", "EST-SE-076"}, "claimed lists are not there"}},
      {"FAULT-ANSWER-01", {{"EST-SE-100"}}},
      {"FAULT-ANSWER-02", {{"EST-SE-100", "EST-SE-262"}}},
      {"FAULT-ANSWER-03", {{"EST-SE-100", "EST-SE-262"}}},
      {"FAULT-ANSWER-04", {{"EST-SE-101", "EST-SE-262"}}},
      {"FAULT-ANSWER-05", {{"EST-SE-102"}, {"EST-SE-041", "EST-SE-107", "EST-SE-112"}, same_check}},
      {"FAULT-ANSWER-06", {{"EST-SE-105"}}},
      {"FAULT-ANSWER-07", {{"EST-SE-106"}}},
      {"FAULT-ANSWER-08",
       {{"EST-SE-053", "EST-SE-103"},
        {"EST-SE-260", "EST-SE-261", "EST-SE-262", "EST-SE-263"},
        "a stranger's certificate cannot be renewed"}},
      {"FAULT-ANSWER-09",
       {{"EST-SE-104"}, {"EST-SE-260", "EST-SE-261", "EST-SE-262", "EST-SE-263"}, "a CA certificate is no client certificate"}},
      {"FAULT-ANSWER-10", {{"EST-SE-100"}, {"EST-SE-262"}, same_check}},
      {"FAULT-ANSWER-11", {{"EST-SE-100"}, {"EST-SE-262"}, same_check}},
      {"FAULT-ANSWER-12", {{"EST-SE-101"}, anything, no_enrollment}},
      {"FAULT-ANSWER-13", {{"EST-SE-163/basic", "EST-SE-200", "EST-SE-201", "EST-SE-266"}, anything, "every refusal looks like a success"}},
      {"FAULT-ANSWER-14", {{"EST-SE-141", "EST-SE-075", "EST-SE-236"}}},
      {"FAULT-ANSWER-15", {{"EST-SE-141", "EST-SE-075", "EST-SE-236"}}},
      {"FAULT-ANSWER-16", {{"EST-SE-141", "EST-SE-236"}}},
      {"FAULT-ANSWER-17", {{"EST-SE-101"}, {"EST-SE-262"}, same_check}},
      {"FAULT-ANSWER-18",
       {{"EST-SE-103"},
        {"EST-SE-053", "EST-SE-260", "EST-SE-261", "EST-SE-262", "EST-SE-263"},
        "an expired certificate neither chains nor renews"}},
      {"FAULT-ANSWER-19", {{"EST-SE-107"}, anything, "the certificate is another's in every scenario but one"}},
      {"FAULT-ANSWER-20", {{"EST-SE-104", "EST-SE-262"}}},
  };
  // Whatever is wrong with the whole body of /cacerts shows wherever /cacerts is read.
  for (const char* id : {"02", "03", "04", "06", "07", "08", "09", "12", "13", "15"})
    table["FAULT-CACERTS-" + std::string(id)] = {{"EST-SE-050"}, cacerts_readers, no_cacerts};
  for (const char* id : {"01", "02", "03", "05", "08", "09", "10"})
    table["FAULT-CSRATTRS-" + std::string(id)] = {
        {"EST-SE-070", "EST-SE-071"}, {"EST-SE-041", "EST-SE-073", "EST-SE-074", "EST-SE-076"}, same_check};
  table["FAULT-CACERTS-04"].kills.emplace_back("EST-SE-052");
  table["FAULT-CSRATTRS-08"].kills.emplace_back("EST-SE-076");
  return table;
}

Table acceptance_promises() {
  return {
      {"FAULT-ENROLL-01",
       {{"EST-SE-130", "EST-SE-131/other-key", "EST-SE-131/unsigned", "EST-SE-131/wrong-algorithm", "EST-SE-269", "EST-SE-135/public-key",
         "EST-SE-135/unknown-key-algorithm"},
        {"EST-SE-042", "EST-SE-141"},
        "these requests carry a signature that cannot verify too"}},
      {"FAULT-ENROLL-02", {{"EST-SE-133"}}},
      {"FAULT-ENROLL-03",
       {{"EST-SE-132", "EST-SE-134/empty-sequence", "EST-SE-134/nested", "EST-SE-134/not-a-request", "EST-SE-134/random",
         "EST-SE-134/wrong-tag", "EST-SE-138/empty", "EST-SE-138/not-base64", "EST-SE-138/twice", "EST-SE-140/url-alphabet"},
        {"EST-SE-031"},
        "a GET has no body that could be read"}},
      {"FAULT-ENROLL-04", {{"EST-SE-109/folded-64", "EST-SE-109/folded-76-crlf", "EST-SE-109/trailing-newline"}, anything, no_enrollment}},
      {"FAULT-ENROLL-05", {{"EST-SE-108"}}},
      {"FAULT-ENROLL-06", {{"EST-SE-109/spaces"}}},
      {"FAULT-ENROLL-07", {{"EST-SE-100", "EST-SE-115"}, anything, no_enrollment}},
      {"FAULT-ENROLL-08", {{"EST-SE-110/binary"}}},
      {"FAULT-ENROLL-09", {{"EST-SE-139/pem"}}},
      {"FAULT-ENROLL-10", {{"EST-SE-260"}}},
      {"FAULT-ENROLL-11", {{"EST-SE-261"}, {"EST-SE-262"}, same_check}},
      {"FAULT-ENROLL-12", {{"EST-SE-264"}}},
      {"FAULT-ENROLL-13", {{"EST-SE-265"}, {"EST-SE-270"}, "whatever a sound re-enrollment is refused for is overlooked"}},
      {"FAULT-ENROLL-14", {{"EST-SE-100", "EST-SE-411/ec-p256"}, anything, no_enrollment}},
      {"FAULT-ENROLL-15", {{"EST-SE-034"}}},
      {"FAULT-ENROLL-16", {{"EST-SE-136"}}},
      {"FAULT-RETRY-01", {{"EST-SE-280", "EST-SE-285"}}},
      {"FAULT-RETRY-02", {{"EST-SE-280", "EST-SE-285"}}},
      {"FAULT-RETRY-03", {{"EST-SE-280", "EST-SE-285"}}},
      {"FAULT-RETRY-04", {{"EST-SE-280"}}},
      {"FAULT-RETRY-05", {{"EST-SE-282"}}},
      {"FAULT-RETRY-06", {{"EST-SE-282"}}},
      {"FAULT-RETRY-07", {{"EST-SE-280", "EST-SE-285"}}},
      {"FAULT-RETRY-08", {{"EST-SE-280", "EST-SE-285"}}},
      {"FAULT-RETRY-09", {{"EST-SE-283"}}},
      {"FAULT-RETRY-10", {{"EST-SE-281"}}},
      {"FAULT-ROBUST-01", {{"EST-SE-022"}}},
      {"FAULT-ROBUST-02", {{"EST-SE-032"}}},
      {"FAULT-ROBUST-03", {{"EST-SE-035"}}},
      {"FAULT-ROBUST-04", {{"EST-SE-036"}}},
      {"FAULT-ROBUST-05", {{"EST-SE-037", "EST-SE-724"}}},
      {"FAULT-ROBUST-06", {{"EST-SE-038", "EST-SE-039"}}},
      {"FAULT-ROBUST-07", {{"EST-SE-110/binary", "EST-SE-110/base64", "EST-SE-110/7bit", "EST-SE-110/quoted-printable"}}},
      {"FAULT-ROBUST-08", {{"EST-SE-111/none"}}},
      {"FAULT-ROBUST-09", {{"EST-SE-137/indefinite-length", "EST-SE-137/non-minimal-length"}}},
      {"FAULT-ROBUST-10", {{"EST-SE-139/der"}}},
      {"FAULT-ROBUST-11", {{"EST-SE-140/missing-padding"}}},
      {"FAULT-ROBUST-12", {{"EST-SE-169"}}},
      {"FAULT-ROBUST-13", {{"EST-SE-114"}}},
      {"FAULT-ROBUST-14", {{"EST-SE-263"}}},
      {"FAULT-ROBUST-15", {{"EST-SE-006"}, anything, "no verified connection is possible"}},
      {"FAULT-ROBUST-16", {{"EST-SE-009"}}},
      {"FAULT-ROBUST-17", {{"EST-SE-111/unknown", "EST-SE-111/many"}}},
      {"FAULT-ROBUST-18", {{"EST-SE-113"}}},
  };
}

Table authentication_promises() {
  return {
      {"FAULT-AUTH-01",
       {{"EST-SE-160", "EST-SE-200", "EST-SE-266"},
        anything,
        "the first request of a challenged client has no credentials yet, and is granted"}},
      {"FAULT-AUTH-02", {{"EST-SE-163/basic"}, {"EST-SE-176"}, "a password is enough there as well"}},
      {"FAULT-AUTH-03", {{"EST-SE-164/basic"}}},
      {"FAULT-AUTH-04", {{"EST-SE-165/basic", "EST-SE-166"}}},
      {"FAULT-AUTH-05",
       {{"EST-SE-163/digest", "EST-SE-164/digest", "EST-SE-165/digest", "EST-SE-168", "EST-SE-172"},
        {"EST-SE-175"},
        "the password there is sent by Digest"}},
      {"FAULT-AUTH-06", {{"EST-SE-172"}, {"EST-SE-168"}, "credentials without response have no uri either"}},
      {"FAULT-AUTH-07", {{"EST-SE-170", "EST-SE-171/foreign", "EST-SE-171/tampered"}}},
      {"FAULT-AUTH-08",
       {{"EST-SE-161/basic", "EST-SE-161/digest"}, anything, "without a challenge no client can authenticate by password"}},
      {"FAULT-AUTH-09",
       {{"EST-SE-161/basic", "EST-SE-161/digest"}, anything, "without a challenge no client can authenticate by password"}},
      {"FAULT-AUTH-10",
       {{"EST-SE-161/basic", "EST-SE-161/digest"}, anything, "without a challenge no client can authenticate by password"}},
      {"FAULT-AUTH-11", {{"EST-SE-167"}}},
      {"FAULT-AUTH-12", {{"EST-SE-162/basic", "EST-SE-162/digest"}, anything, no_enrollment}},
      {"FAULT-AUTH-14", {{"EST-SE-267"}}},
      {"FAULT-AUTH-13", {{"EST-SE-162/digest"}, anything, no_enrollment}},
      {"FAULT-CERT-01", {{"EST-SE-201", "EST-SE-268/expired"}}},
      {"FAULT-CERT-02", {{"EST-SE-202", "EST-SE-268/not-yet-valid"}}},
      {"FAULT-CERT-03", {{"EST-SE-203", "EST-SE-268/self-signed"}}},
      {"FAULT-CERT-04",
       {{"EST-SE-204", "EST-SE-205", "EST-SE-268/unknown-ca", "EST-SE-268/forged-issuer", "EST-SE-475/unknown-critical-extension",
         "EST-SE-475/other-issuer-name", "EST-SE-475/under-end-entity", "EST-SE-475/outside-name-constraints", "EST-SE-475/path-too-long",
         "EST-SE-739"},
        {"EST-SE-174/certificate", "EST-SE-175"},
        "any certificate in time is enough, whatever else is demanded"}},
      {"FAULT-CERT-05", {{"EST-SE-206"}}},
      {"FAULT-CERT-06", {{"EST-SE-208", "EST-SE-209", "EST-SE-464/csrattrs-enforced", "EST-SE-464/pop-required"}}},
      {"FAULT-CERT-07",
       {{"EST-SE-112", "EST-SE-173"}, {"EST-SE-260", "EST-SE-261", "EST-SE-262", "EST-SE-263"}, "these rest on a client certificate"}},
      {"FAULT-CERT-08", {{"EST-SE-174/certificate", "EST-SE-175"}}},
      {"FAULT-CERT-09", {{"EST-SE-174/password", "EST-SE-176"}}},
      {"FAULT-CERT-10", {{"EST-SE-054", "EST-SE-072"}, anything, "the profile does not say that a certificate is demanded of everyone"}},
      {"FAULT-CERT-11", {{"EST-SE-207"}}},
      {"FAULT-POP-01",
       {{"EST-SE-231", "EST-SE-234/other-session", "EST-SE-234/stale", "EST-SE-238", "EST-SE-239", "EST-SE-270", "EST-SE-233/longer",
         "EST-SE-233/prefix"}}},
      {"FAULT-POP-02", {{"EST-SE-233/prefix"}}},
      {"FAULT-POP-03", {{"EST-SE-234/stale", "EST-SE-284"}}},
      {"FAULT-POP-04", {{"EST-SE-236"}, {"EST-SE-042"}, "a refusal for another reason is overlooked too"}},
      {"FAULT-POP-05", {{"EST-SE-230", "EST-SE-235", "EST-SE-237", "EST-SE-240"}, anything, no_enrollment}},
      {"FAULT-POP-06", {{"EST-SE-232/malformed", "EST-SE-232/password"}}},
      {"FAULT-POP-07", {{"EST-SE-232/empty"}}},
      {"FAULT-POP-08", {{"EST-SE-233/longer"}}},
  };
}

// What the HTTP scenarios (EST-SE-340 to 399) make of faults that were promised before there were such scenarios.
void add_http_scenarios(std::vector<Fault>& faults) {
  const List no_requests = {"EST-SE-342*", "EST-SE-343", "EST-SE-362", "EST-SE-363", "EST-SE-398"};
  constexpr const char* bodiless = "HEAD is answered without the body the fault alters, so the two lengths differ";
  const std::map<std::string, Promise, std::less<>> further = {
      {"FAULT-HTTP-02", {{}, {"EST-SE-342*", "EST-SE-343"}, "405 is answered to other methods as well"}},
      {"FAULT-HTTP-03", {{}, {"EST-SE-360", "EST-SE-370", "EST-SE-391", "EST-SE-392"}, "unknown paths are asked for there, too"}},
      {"FAULT-HTTP-04",
       {{},
        {"EST-SE-360", "EST-SE-370", "EST-SE-391", "EST-SE-392", "EST-SE-393", "EST-SE-394"},
        "unknown paths are asked for there, too"}},
      {"FAULT-HTTP-08", {{}, {"EST-SE-360", "EST-SE-370"}, "further requests stand on the connection that is closed"}},
      {"FAULT-HTTP-09", {{}, {"EST-SE-343"}, "a GET to /simplereenroll is answered like one to /simpleenroll"}},
      {"FAULT-HTTP-11", {{}, {"EST-SE-340", "EST-SE-370"}, "where /cacerts ends is asked there, too"}},
      {"FAULT-CACERTS-02", {{}, {"EST-SE-340"}, bodiless}},
      {"FAULT-CACERTS-03", {{}, {"EST-SE-340"}, bodiless}},
      {"FAULT-CACERTS-06", {{}, {"EST-SE-340"}, bodiless}},
      {"FAULT-CACERTS-07", {{}, {"EST-SE-340"}, bodiless}},
      {"FAULT-CACERTS-08", {{}, {"EST-SE-340"}, bodiless}},
      {"FAULT-CACERTS-09", {{}, {"EST-SE-340"}, bodiless}},
      {"FAULT-CACERTS-12", {{}, {"EST-SE-340"}, bodiless}},
      {"FAULT-CACERTS-13", {{}, {"EST-SE-340"}, bodiless}},
      {"FAULT-CACERTS-15", {{}, {"EST-SE-340"}, bodiless}},
      {"FAULT-CSRATTRS-07", {{}, {"EST-SE-343"}, "a POST to /csrattrs breaks it as well"}},
      {"FAULT-ENROLL-03", {{}, {"EST-SE-343", "EST-SE-398"}, "these send what is no certification request"}},
      {"FAULT-ENROLL-13", {{}, {"EST-SE-343"}, "a refused GET to /simplereenroll gets a certificate as well"}},
      {"FAULT-ROBUST-03", {{}, {"EST-SE-350*"}, "these bodies are in chunks, too"}},
      {"FAULT-ROBUST-04", {{}, {"EST-SE-362"}, "it expects 100-continue, too"}},
      {"FAULT-HOSTILE-05", {{}, no_requests, "what is sent there is no certification request either"}},
      {"FAULT-HOSTILE-06", {{}, no_requests, "what is sent there is no certification request either"}},
      {"FAULT-HOSTILE-07", {{}, no_requests, "what is sent there is no certification request either"}},
      {"FAULT-HOSTILE-08", {{}, no_requests, "what is sent there is no certification request either"}},
      {"FAULT-ROBUST-06", {{}, {"EST-SE-35*", "EST-SE-36*", "EST-SE-37*", "EST-SE-38*", "EST-SE-392"}, "these are malformed HTTP, too"}},
  };
  for (Fault& fault : faults) {
    const auto promise = further.find(fault.id);
    if (promise == further.end()) continue;
    fault.also.insert(fault.also.end(), promise->second.also.begin(), promise->second.also.end());
    fault.because += (fault.because.empty() ? "" : "; ") + promise->second.because;
  }
}

}  // namespace

void widen_promises(std::vector<Fault>& faults, const Additions& additions) {
  for (Fault& fault : faults) {
    const auto found = additions.find(fault.id);
    if (found == additions.end()) continue;
    fault.also.insert(fault.also.end(), found->second.also.begin(), found->second.also.end());
    fault.because += (fault.because.empty() ? "" : "; ") + found->second.because;
  }
}

void add_promises(std::vector<Fault>& faults) {
  Table table = protocol_promises();
  table.merge(answer_promises());
  table.merge(acceptance_promises());
  table.merge(authentication_promises());
  for (Fault& fault : faults) {
    const auto promise = table.find(fault.id);
    if (promise == table.end()) continue;
    fault.kills = promise->second.kills;
    fault.also = promise->second.also;
    fault.because = promise->second.because;
  }
  add_http_scenarios(faults);
}

}  // namespace conformance::selftest
