// What faults of other groups do to the scenarios of /cacerts as a set and of the issued certificate (EST-SE-400 to 425).
#include "conformance/selftest/promises.h"

namespace conformance::selftest {

namespace {

using List = std::vector<std::string>;

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

void add_core_promises(std::vector<Fault>& faults) { widen_promises(faults, additions()); }

}  // namespace conformance::selftest
