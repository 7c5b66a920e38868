// Faults of the client: which servers it believes, and which it refuses without a reason (RFC 7030 3.3.1, 3.6; RFC 6125).
#include <openssl/x509_vfy.h>

#include <algorithm>

#include "conformance/selftest/client_faults_support.h"
#include "est/base/text.h"
#include "est/codec/x509.h"
#include "est/crypto/host_name.h"

namespace conformance::selftest {

namespace codec = est::codec;

namespace {

using Chain = std::vector<Bytes>;

std::optional<codec::Certificate> leaf_of(const Chain& chain) {
  if (chain.empty()) return std::nullopt;
  return codec::decode_certificate(chain.front()).value;
}

// Both as they are written.
std::vector<std::string> dns_names(const Chain& chain) {
  std::vector<std::string> names;
  const auto leaf = leaf_of(chain);
  const codec::Extension* extension = leaf ? leaf->extension(codec::oids::subject_alt_name) : nullptr;
  if (extension == nullptr) return names;
  const auto all = codec::decode_general_names(extension->value).value.value_or(std::vector<codec::GeneralName>{});
  for (const codec::GeneralName& name : all)
    if (name.type == codec::GeneralNameType::dns) names.push_back(est::to_string(name.value));
  return names;
}

std::string common_name(const Chain& chain) {
  const auto leaf = leaf_of(chain);
  return leaf ? leaf->subject.first(codec::oids::common_name).value_or("") : "";
}

bool has_part_wildcard(const Chain& chain, const std::string& host) {
  for (const std::string& name : dns_names(chain)) {
    const std::size_t star = name.find('*');
    if (star == std::string::npos || name.size() > host.size()) continue;
    if (host.starts_with(name.substr(0, star)) && host.ends_with(name.substr(star + 1))) return true;
  }
  return false;
}

bool begins_with_host(const Chain& chain, const std::string& host) {
  const auto names = dns_names(chain);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return name.starts_with(host); });
}

// Takes another name than the reference would when `fits` holds; the path must be sound all the same.
Configure takes_name(std::function<bool(const Chain&, const std::string& host)> fits) {
  return judge_server([fits = std::move(fits)](const Chain& chain, const std::string& host, const client::Trust& trust) {
    const client::ServerVerdict verdict = client::check_server(chain, host, trust);
    return verdict.code == est::crypto::host_mismatch_code && fits(chain, host) ? authorised() : verdict;
  });
}

// Names lead from the leaf to an anchor, whoever signed.
bool named_after_anchor(const Chain& chain, const client::Trust& trust) {
  const auto leaf = leaf_of(chain);
  Chain issuers(chain.begin() + 1, chain.end());
  issuers.insert(issuers.end(), trust.explicit_anchors.begin(), trust.explicit_anchors.end());
  return std::any_of(issuers.begin(), issuers.end(), [&](const Bytes& issuer) {
    const auto decoded = codec::decode_certificate(issuer).value;
    return leaf && decoded && codec::same_name(decoded->subject, leaf->issuer) && !codec::same_name(leaf->subject, leaf->issuer);
  });
}

client::ServerVerdict knows_issuers_by_name(const Chain& chain, const std::string& host, const client::Trust& trust) {
  const client::ServerVerdict verdict = client::check_server(chain, host, trust);
  const bool no_path = verdict.code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY || verdict.code == X509_V_ERR_CERT_SIGNATURE_FAILURE;
  return no_path && !chain.empty() && named_after_anchor(chain, trust) ? authorised() : verdict;
}

client::ServerVerdict trust_everybody(const Chain&, const std::string&, const client::Trust&) { return authorised(); }

bool is_rsa(const Chain& chain) {
  const auto leaf = leaf_of(chain);
  return leaf && leaf->spki.size() > 200;
}

bool says_no_purpose(const Chain& chain) {
  const auto leaf = leaf_of(chain);
  return leaf && leaf->extension(codec::oids::extended_key_usage) == nullptr;
}

bool brings_its_root(const Chain& chain) {
  const auto last = chain.empty() ? std::nullopt : codec::decode_certificate(chain.back()).value;
  return chain.size() > 1 && last && codec::same_name(last->subject, last->issuer);
}

// The first contact of a client without anchors, as if somebody had said yes to everything.
void enroll_with_anybody(client::Settings& settings) {
  settings.client.trust.explicit_anchors = {Bytes{0}};
  settings.client.session.check = trust_everybody;
}

// Told the implicit anchors' rights, id-kp-cmcRA counts under them as under explicit ones.
client::ServerVerdict role_anywhere(const Chain& chain, const std::string& host, const client::Trust& trust) {
  const client::ServerVerdict verdict = client::check_server(chain, host, trust);
  const bool has_role = !chain.empty() && client::is_registration_authority(chain.front());
  return verdict.code == est::crypto::host_mismatch_code && has_role ? authorised() : verdict;
}

Conclude tries_often(int times) {
  return [times](ClientAct& act) {
    int code = act.once();
    for (int i = 1; i < times && code != 0; ++i) code = act.once();
    return code;
  };
}

std::vector<ClientFault> carelessness() {
  return {
      {.id = "FAULT-CL-TRUST-01",
       .sentence = "believes every server",
       .kills = {"EST-CL-003/expired", "EST-CL-003/not-yet-valid", "EST-CL-003/untrusted", "EST-CL-003/imitated", "EST-CL-003/self-signed",
                 "EST-CL-003/expired-issuer", "EST-CL-003/issuer-is-no-ca", "EST-CL-003/unknown-critical", "EST-CL-005/wrong-name",
                 "EST-CL-005/name-prefix", "EST-CL-004", "EST-CL-006", "EST-CL-007", "EST-CL-008", "EST-CL-009", "EST-CL-010", "EST-CL-012",
                 "EST-CL-254"},
       .also = any_client,
       .because = "no server is refused, whatever the scenario shows",
       .configure = judge_server(trust_everybody)},
      {.id = "FAULT-CL-TRUST-02",
       .sentence = "does not look at the validity of certificates",
       .kills = {"EST-CL-003/expired", "EST-CL-003/not-yet-valid", "EST-CL-003/expired-issuer"},
       .configure = forgives({X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID})},
      {.id = "FAULT-CL-TRUST-03",
       .sentence = "takes servers of CAs it was not told, as if it asked the system's trust store as well",
       .kills = {"EST-CL-003/untrusted", "EST-CL-010", "EST-CL-371", "EST-CL-506"},
       .also = {"EST-CL-370", "EST-CL-003/imitated", "EST-CL-014"},
       .because = "the issuer of such a server is not known either",
       .configure = forgives({X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
                              X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE})},
      {.id = "FAULT-CL-TRUST-04",
       .sentence = "takes servers that vouch for themselves",
       .kills = {"EST-CL-003/self-signed"},
       .configure = forgives({X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT})},
      {.id = "FAULT-CL-TRUST-05",
       .sentence = "knows issuers by their names, and does not verify their signatures",
       .kills = {"EST-CL-003/imitated", "EST-CL-370"},
       .configure = judge_server(knows_issuers_by_name)},
      {.id = "FAULT-CL-TRUST-06",
       .sentence = "does not look at basicConstraints",
       .kills = {"EST-CL-003/issuer-is-no-ca"},
       .also = {"EST-CL-300/issuer-may-not-sign"},
       .because = "a CA that may not sign is one of the things basicConstraints stand for",
       .configure = forgives({X509_V_ERR_INVALID_CA, X509_V_ERR_INVALID_NON_CA})},
      {.id = "FAULT-CL-TRUST-07",
       .sentence = "passes over critical extensions it does not know",
       .kills = {"EST-CL-003/unknown-critical"},
       .configure = forgives({X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION})},
      {.id = "FAULT-CL-TRUST-08",
       .sentence = "does not look at the extended key usage of the server's certificate",
       .kills = {"EST-CL-004"},
       .configure = forgives({X509_V_ERR_INVALID_PURPOSE})},
      {.id = "FAULT-CL-TRUST-09",
       .sentence = "does not use the CRLs it is given",
       .kills = {"EST-CL-009"},
       .configure = [](client::Settings& settings) { settings.client.trust.check_crl = settings.anchors.configured.check_crl = false; }},
      {.id = "FAULT-CL-TRUST-10",
       .sentence = "enrolls with whoever answers when it has no trust anchor",
       .kills = {"EST-CL-013", "EST-CL-365"},
       .told =
           [](client::Flags& flags) {
             const bool knows_nobody = flags.anchors.empty() && flags.implicit_anchors.empty() && flags.fingerprint.empty();
             if (knows_nobody) flags.fingerprint = std::string(64, '0');
           },
       .configure =
           [](client::Settings& settings) {
             const auto& fingerprint = settings.anchors.fingerprint;
             if (fingerprint && fingerprint->value == Bytes(32, 0)) enroll_with_anybody(settings);
           }},
      {.id = "FAULT-CL-TRUST-11",
       .sentence = "tries a server again at once, ten times, when it did not believe it",
       .kills = {"EST-CL-014"},
       .also = any_client,
       .because = "whatever fails is tried ten times",
       .act = tries_often(10)},
      {.id = "FAULT-CL-TRUST-12",
       .sentence = "takes id-kp-cmcRA for an authorization under implicit anchors, too",
       .kills = {"EST-CL-012"},
       .configure = judge_server(role_anywhere)},
  };
}

std::vector<ClientFault> carelessness_about_names() {
  return {
      {.id = "FAULT-CL-NAME-01",
       .sentence = "does not look at the server's name",
       .kills = {"EST-CL-005/wrong-name", "EST-CL-005/name-prefix", "EST-CL-006", "EST-CL-007", "EST-CL-008", "EST-CL-012", "EST-CL-254",
                 "EST-CL-301/wildcard", "EST-CL-301/name-with-nul", "EST-CL-301/name-in-uri", "EST-CL-302/many-names",
                 "EST-CL-302/address-as-name", "EST-CL-302/other-address", "EST-CL-364"},
       .configure = forgives({est::crypto::host_mismatch_code})},
      {.id = "FAULT-CL-NAME-02",
       .sentence = "takes a name that begins with the right one",
       .kills = {"EST-CL-005/name-prefix"},
       .also = {"EST-CL-301/name-with-nul", "EST-CL-302/address-as-name"},
       .because = "these names begin with the right one as well",
       .configure = takes_name(begins_with_host)},
      {.id = "FAULT-CL-NAME-03",
       .sentence = "looks at the common name beside the subjectAltName",
       .kills = {"EST-CL-006", "EST-CL-007"},
       .configure = takes_name([](const Chain& chain, const std::string& host) { return common_name(chain) == host; })},
      {.id = "FAULT-CL-NAME-04",
       .sentence = "looks at the common name where there is no subjectAltName",
       .kills = {"EST-CL-007"},
       .configure =
           takes_name([](const Chain& chain, const std::string& host) { return dns_names(chain).empty() && common_name(chain) == host; })},
      {.id = "FAULT-CL-NAME-05",
       .sentence = "lets a wildcard stand for part of a label",
       .kills = {"EST-CL-008"},
       .configure = takes_name(has_part_wildcard)},
  };
}

std::vector<ClientFault> narrowness() {
  return {
      {.id = "FAULT-CL-TRUST-20",
       .sentence = "refuses servers with an RSA key",
       .kills = {"EST-CL-001/rsa"},
       .configure = refuses_server(is_rsa)},
      {.id = "FAULT-CL-TRUST-21",
       .sentence = "refuses a server whose certificate states no purpose",
       .kills = {"EST-CL-001/no-purpose"},
       .configure = refuses_server(says_no_purpose)},
      {.id = "FAULT-CL-TRUST-22",
       .sentence = "refuses a chain that ends in its root",
       .kills = {"EST-CL-001/chain-with-root"},
       .configure = refuses_server(brings_its_root)},
      {.id = "FAULT-CL-TRUST-23",
       .sentence = "refuses servers of implicit anchors",
       .kills = {"EST-CL-011"},
       .also = {"EST-CL-368"},
       .because = "the first server there is of an implicit anchor",
       .configure =
           [](client::Settings& settings) {
             settings.client.trust.implicit_anchors.clear();
             settings.anchors.configured.implicit_anchors.clear();
           }},
      {.id = "FAULT-CL-NAME-20",
       .sentence = "looks at the first of the server's names only",
       .kills = {"EST-CL-001/many-names"},
       .configure = refuses_server([](const Chain& chain) {
         const auto names = dns_names(chain);
         return names.size() > 1 && !est::iequals(names.front(), "localhost");
       })},
      {.id = "FAULT-CL-NAME-21",
       .sentence = "compares names with regard to case",
       .kills = {"EST-CL-002"},
       .configure = refuses_server([](const Chain& chain) {
         const auto names = dns_names(chain);
         return std::any_of(names.begin(), names.end(), [](const std::string& name) { return name != est::ascii_lower(name); });
       })},
      {.id = "FAULT-CL-TRUST-24",
       .sentence = "refuses every server",
       .kills = {"EST-CL-001/good"},
       .also = any_client,
       .because = "nothing is asked of anybody",
       .configure = refuses_server([](const Chain&) { return true; })},
  };
}

}  // namespace

std::vector<ClientFault> client_trust_faults() {
  std::vector<ClientFault> all = carelessness();
  for (const auto& more : {carelessness_about_names(), narrowness()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace conformance::selftest
