// What faults of other groups do to the scenarios of /cacerts as a set and of the issued certificate (EST-SE-400 to 425).
#include <map>

#include "conformance/selftest/promises.h"

namespace conformance::selftest {

namespace {

using List = std::vector<std::string>;

struct Addition {
  List also;
  std::string because;
};
using Additions = std::map<std::string, Addition, std::less<>>;

Additions additions() {
  const List sets = {"EST-SE-40*"};
  const List issued = {"EST-SE-402", "EST-SE-407", "EST-SE-41*", "EST-SE-42*"};
  Additions all;
  for (const char* id : {"02", "03", "04", "05", "06", "07", "08", "09", "12", "13", "14", "15"})
    all["FAULT-CACERTS-" + std::string(id)] = {sets, "/cacerts is looked at as a set and under labels too"};
  for (const char* id : {"05", "06", "07", "08", "09", "10", "11", "18", "20"})
    all["FAULT-ANSWER-" + std::string(id)] = {issued, "certificates issued upon other requests are judged in the same way"};
  return all;
}

}  // namespace

void add_core_promises(std::vector<Fault>& faults) {
  const Additions all = additions();
  for (Fault& fault : faults) {
    const auto found = all.find(fault.id);
    if (found == all.end()) continue;
    fault.also.insert(fault.also.end(), found->second.also.begin(), found->second.also.end());
    fault.because += (fault.because.empty() ? "" : "; ") + found->second.because;
  }
}

}  // namespace conformance::selftest
