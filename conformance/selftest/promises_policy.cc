// What faults of other groups do to the scenarios of policy: names, authorization, waiting requests, CSR attributes, challenges.
#include "conformance/selftest/promises.h"

namespace conformance::selftest {

namespace {

using List = std::vector<std::string>;

constexpr const char* same_list = "the list is broken under every label and for every client";
constexpr const char* same_certificate = "without a usable certificate there is no second enrollment";
constexpr const char* same_path = "re-enrollment and waiting requests take the same way";

Additions attribute_additions() {
  const List readers = {"EST-SE-760", "EST-SE-764", "EST-SE-765", "EST-SE-767/*", "EST-SE-768", "EST-SE-769/*", "EST-SE-788", "EST-SE-789"};
  Additions all;
  for (const char* id : {"01", "02", "03", "05", "06", "07", "08", "09", "10", "11"})
    all["FAULT-CSRATTRS-" + std::string(id)] = {readers, same_list};
  all["FAULT-CSRATTRS-07"].also.emplace_back("EST-SE-490");
  return all;
}

Additions other_additions() {
  const List second = {"EST-SE-459", "EST-SE-480", "EST-SE-487"};
  return {
      {"FAULT-HTTP-04", {{"EST-SE-490"}, "an unknown label is met there by other operations"}},
      {"FAULT-HTTP-13", {second, same_path}},
      {"FAULT-HOSTILE-07", {{"EST-SE-453"}, "ChangeSubjectName is among the attributes it does not survive"}},
      {"FAULT-HOSTILE-09",
       {{"EST-SE-471", "EST-SE-472", "EST-SE-763", "EST-SE-781", "EST-SE-784/*", "EST-SE-786", "EST-SE-787"},
        "it grants whatever was refused, for whichever reason"}},
      {"FAULT-TLS-03", {{"EST-SE-785/*"}, "tls-unique is tested on TLS 1.2"}},
      {"FAULT-ENROLL-11", {second, same_path}},
      {"FAULT-ENROLL-13", {{"EST-SE-454/*", "EST-SE-455"}, "whatever a re-enrollment is refused for is overlooked"}},
      {"FAULT-ANSWER-05", {{"EST-SE-764"}, "the key is looked at there too"}},
      {"FAULT-ANSWER-08", {second, same_certificate}},
      {"FAULT-ANSWER-09", {second, same_certificate}},
      {"FAULT-ANSWER-18", {second, same_certificate}},
      {"FAULT-AUTH-05", {{"EST-SE-782", "EST-SE-783"}, "the one-time passwords there come with Digest credentials"}},
      {"FAULT-CERT-06", {{"EST-SE-464/*"}, "the label does not matter"}},
      {"FAULT-CERT-07", {second, same_certificate}},
      {"FAULT-POP-01", {{"EST-SE-471", "EST-SE-472"}, "who the client is does not matter"}},
      {"FAULT-POP-04", {{"EST-SE-786"}, "there is no challengePassword in that request"}},
      {"FAULT-RETRY-01", {{"EST-SE-480"}, same_path}},
      {"FAULT-RETRY-02", {{"EST-SE-480"}, same_path}},
      {"FAULT-RETRY-03", {{"EST-SE-480"}, same_path}},
      {"FAULT-RETRY-07", {{"EST-SE-480", "EST-SE-482"}, same_path}},
      {"FAULT-RETRY-08", {{"EST-SE-480", "EST-SE-482"}, same_path}},
      {"FAULT-RETRY-10", {{"EST-SE-482"}, "a second request is granted whatever it asks for"}},
      {"FAULT-ROBUST-17", {{"EST-SE-780", "EST-SE-785/*", "EST-SE-790/*"}, "the attributes of RFC 7894 are among them"}},
  };
}

}  // namespace

void add_policy_promises(std::vector<Fault>& faults) {
  Additions additions = attribute_additions();
  additions.merge(other_additions());
  widen_promises(faults, additions);
}

}  // namespace conformance::selftest
