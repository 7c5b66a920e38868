// The smaller rules of RFC 5280 section 4 on one issued certificate, and the form defects have. Private to certificate*.cc.
#pragma once

#include <string>
#include <vector>

#include "conformance/checks/reading.h"

namespace conformance::checks {

struct Defect {
  Verdict verdict;
  std::string sentence;  // "has ...", after "The certificate"
  std::string rule;      // RFC and section
};
using Defects = std::vector<Defect>;

// A defect of RFC 5280 unless `holds`: FAIL for must, WARN for should.
void must(Defects& defects, bool holds, std::string sentence, std::string section);
void should(Defects& defects, bool holds, std::string sentence, std::string section);

// Unique identifiers, string types, subjectAltName syntax, policies, distribution points, information access, critical extensions nobody
// knows, digests past their time.
void judge_fields(const est::codec::Certificate& certificate, Defects& defects);

// As a certificate that signs others (4.2.1.2, 4.2.1.3, 4.2.1.9, 4.1.2.6). A trust anchor is free of the profile in path validation
// (6.1), so the same defects are warnings there.
void judge_ca_profile(const est::codec::Certificate& certificate, bool anchor, Defects& defects);

}  // namespace conformance::checks
