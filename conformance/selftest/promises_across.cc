// What faults do to scenarios of groups that came after them, as the complete kill matrix (ci/kill-matrix) showed.
#include "conformance/selftest/promises.h"

namespace conformance::selftest {

namespace {

constexpr const char* other_body = "these send a body that is no good request either, or none";
constexpr const char* first_certificate = "these show a certificate enrolled before, which is no good";
constexpr const char* signs_answers = "the certificate of the server signs the Full PKI Response too";
constexpr const char* path_to_cacerts = "the path of the certificate is looked for in /cacerts";
constexpr const char* waits_too = "a Full PKI Request that waits is answered in the same way";

Additions connection_additions() {
  return {
      {"FAULT-HTTP-02", {{"EST-SE-516"}, "the wrong method is met at /serverkeygen too"}},
      {"FAULT-HTTP-08", {{"EST-SE-304", "EST-SE-315"}, "a second request stands on the connection that is closed"}},
      {"FAULT-HTTP-11", {{"EST-SE-315"}, "the answer does not end where it says, so nothing can follow it"}},
      {"FAULT-HTTP-26", {{"EST-SE-516"}, "the wrong method is met at /serverkeygen too"}},
      {"FAULT-HTTP-29",
       {{"EST-SE-56*", "EST-SE-57*", "EST-SE-592", "EST-SE-593", "EST-SE-60*", "EST-SE-800/*"},
        "the media type of Full PKI Requests has a parameter"}},
      {"FAULT-HTTP-66", {{"EST-SE-700", "EST-SE-702"}, "the line break is sent there, too"}},
      {"FAULT-TLS-03",
       {{"EST-SE-300/1.2", "EST-SE-301/1.2", "EST-SE-304", "EST-SE-309", "EST-SE-312/1.2", "EST-SE-327", "EST-SE-330/*", "EST-SE-336/*"},
        "these are made with TLS 1.2"}},
      {"FAULT-TLS-04",
       {{"EST-SE-300/1.3", "EST-SE-301/1.3", "EST-SE-309", "EST-SE-312/1.3", "EST-SE-324", "EST-SE-331/*", "EST-SE-332"},
        "these are made with TLS 1.3, or look for the mark of a server that speaks it"}},
      {"FAULT-TLS-06", {{"EST-SE-333/null", "EST-SE-333/anonymous", "EST-SE-528"}, "the same suites are offered there"}},
      {"FAULT-TLS-21", {{"EST-SE-304"}, "the renegotiation there is the one by which the certificate is asked for"}},
      {"FAULT-TLS-40", {{"EST-SE-569"}, signs_answers}},
      {"FAULT-TLS-42", {{"EST-SE-569"}, signs_answers}},
      {"FAULT-TLS-54", {{"EST-SE-569"}, signs_answers}},
  };
}

Additions enrollment_additions() {
  return {
      {"FAULT-CACERTS-05", {{"EST-SE-508", "EST-SE-560", "EST-SE-569", "EST-SE-340"}, path_to_cacerts}},
      {"FAULT-CACERTS-14", {{"EST-SE-340", "EST-SE-508", "EST-SE-560", "EST-SE-569"}, path_to_cacerts}},
      {"FAULT-HTTP-13", {{"EST-SE-525", "EST-SE-432", "EST-SE-433"}, "these are re-enrollments"}},
      {"FAULT-ENROLL-11", {{"EST-SE-525", "EST-SE-432", "EST-SE-433"}, "the certificate is renewed for another key"}},
      {"FAULT-ENROLL-12", {{"EST-SE-312/*"}, "the session resumed is that of another subject"}},
      {"FAULT-ANSWER-08", {{"EST-SE-562", "EST-SE-432", "EST-SE-433"}, first_certificate}},
      {"FAULT-ANSWER-09", {{"EST-SE-562", "EST-SE-432", "EST-SE-433"}, first_certificate}},
      {"FAULT-ANSWER-18", {{"EST-SE-562", "EST-SE-432", "EST-SE-433"}, first_certificate}},
      {"FAULT-CERT-01", {{"EST-SE-303/expired"}, "it does not matter when the certificate was asked for"}},
      {"FAULT-CERT-04",
       {{"EST-SE-303/unknown-ca", "EST-SE-323", "EST-SE-440", "EST-SE-441"},
        "it certifies whoever shows a certificate of others, whatever else is wrong"}},
      {"FAULT-CERT-07",
       {{"EST-SE-301/*", "EST-SE-304", "EST-SE-521", "EST-SE-525", "EST-SE-563", "EST-SE-432", "EST-SE-433", "EST-SE-439"},
        "these clients have nothing but a certificate"}},
      {"FAULT-POP-01", {{"EST-SE-328", "EST-SE-527"}, "the binding in these requests is wrong, too"}},
      {"FAULT-RETRY-01", {{"EST-SE-600"}, waits_too}},
      {"FAULT-RETRY-08", {{"EST-SE-600"}, waits_too}},
      {"FAULT-ANSWER-05", {{"EST-SE-430", "EST-SE-431", "EST-SE-439"}, "the certificate is compared with the key there, too"}},
      {"FAULT-AUTH-03", {{"EST-SE-178/basic"}, "the user there is another than the one it knows"}},
      {"FAULT-AUTH-05", {{"EST-SE-178/digest"}, "the password there is not whole, and nobody looks"}},
      {"FAULT-CERT-06", {{"EST-SE-437"}, "the certificate there is revoked, too"}},
      {"FAULT-ROBUST-05", {{"EST-SE-430", "EST-SE-431", "EST-SE-432", "EST-SE-433"}, "the last octet of the body comes by itself"}},
      {"FAULT-ROBUST-18", {{"EST-SE-439"}, "the device there has nothing else"}},
  };
}

Additions cmc_additions() {
  const std::vector<std::string> both_orders = {"EST-SE-800/*"};
  return {
      {"FAULT-CMC-30", {both_orders, "the nonce is asked for there, too"}},
      {"FAULT-CMC-31", {both_orders, "the nonce is asked for there, too"}},
      {"FAULT-CMC-43", {{"EST-SE-602", "EST-SE-800/*"}, "what cannot be read repeats nothing"}},
      {"FAULT-CMC-10", {{"EST-SE-800/*"}, "these are Full PKI Requests, too"}},
      {"FAULT-CMC-18", {{"EST-SE-800/*"}, "these are Full PKI Requests, too"}},
      {"FAULT-CMC-32", {{"EST-SE-800/*"}, "these are Full PKI Requests, too"}},
      {"FAULT-CMC-34", {{"EST-SE-602"}, "the anchors are looked for in the response it spoils"}},
      {"FAULT-CMC-35", {{"EST-SE-602"}, "the anchors are looked for in the response it spoils"}},
  };
}

Additions hostile_additions() {
  return {
      {"FAULT-HOSTILE-05", {{"EST-SE-397", "EST-SE-726/*"}, other_body}},
      {"FAULT-HOSTILE-06", {{"EST-SE-031"}, other_body}},
      {"FAULT-HOSTILE-07", {{"EST-SE-031", "EST-SE-036", "EST-SE-397", "EST-SE-801", "EST-SE-726/*"}, other_body}},
      {"FAULT-HOSTILE-09",
       {{"EST-SE-042", "EST-SE-231", "EST-SE-232/*", "EST-SE-233/*", "EST-SE-234/*", "EST-SE-236", "EST-SE-238", "EST-SE-264", "EST-SE-265",
         "EST-SE-312/*", "EST-SE-328", "EST-SE-402", "EST-SE-412/*", "EST-SE-413/*"},
        "it certifies whatever was refused, from another CA where the label has one, with every extension asked for"}},
      {"FAULT-HOSTILE-12", {{"EST-SE-421"}, "the name there is no plain string"}},
      {"FAULT-HOSTILE-15",
       {{"EST-SE-042", "EST-SE-269", "EST-SE-661/base64-8-megabytes"},
        "a signature that does not verify is among those it believes, and it reads bodies of any length, which takes time"}},
      {"FAULT-HOSTILE-16", {{"EST-SE-398"}, other_body}},
      {"FAULT-HOSTILE-31", {{"EST-SE-372/close"}, "the peer dies of the many requests of a neighbour's connection"}},
      {"FAULT-HOSTILE-32",
       {{"EST-SE-360", "EST-SE-363", "EST-SE-398", "EST-SE-726/*"}, "their octets name no client, and the body comes after the head"}},
      {"FAULT-HOSTILE-35", {{"EST-SE-397"}, "the line break is sent there, too"}},
      {"FAULT-HOSTILE-36", {{"EST-SE-397"}, "the line break is sent there, too"}},
      {"FAULT-HOSTILE-38", {{"EST-SE-701", "EST-SE-782", "EST-SE-783"}, "credentials that were refused are sent there, too"}},
      {"FAULT-HOSTILE-39", {{"EST-SE-323"}, "the certificate shown there is no good either"}},
      {"FAULT-HOSTILE-02", {{"EST-SE-735/nested-indefinite"}, "the same octets are sent to re-enrollment"}},
      {"FAULT-HOSTILE-08", {{"EST-SE-726/*"}, "the refused requests there are like those it breaks down over"}},
      {"FAULT-HOSTILE-33", {{"EST-SE-725"}, "the first octet by itself begins no record"}},
  };
}

}  // namespace

void add_promises_across(std::vector<Fault>& faults) {
  for (const Additions& additions : {connection_additions(), enrollment_additions(), cmc_additions(), hostile_additions()})
    widen_promises(faults, additions);
}

}  // namespace conformance::selftest
