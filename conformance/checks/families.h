// The check families, one source file each.
#pragma once

#include "conformance/engine/vocabulary.h"

namespace conformance::checks {

void add_http_checks(engine::Vocabulary& vocabulary);                // status, header, challenge, retry-after, allow ...
void add_http_rule_checks(engine::Vocabulary& vocabulary);           // single-response, responses, coped, head-like ...
void add_connection_checks(engine::Vocabulary& vocabulary);          // connection-kept, closed-cleanly, within
void add_body_checks(engine::Vocabulary& vocabulary);                // content-type, base64-body, certs-only, error-body
void add_tls_checks(engine::Vocabulary& vocabulary);                 // tls-version, handshake-refused, resumed, server-certificate
void add_tls_session_checks(engine::Vocabulary& vocabulary);         // certificate-request, renegotiation, not-resumed, alpn ...
void add_tls_hello_checks(engine::Vocabulary& vocabulary);           // server-hello, hello-refused, downgrade-sentinel
void add_refusal_checks(engine::Vocabulary& vocabulary);             // refused, no-certificate
void add_enroll_checks(engine::Vocabulary& vocabulary);              // certificate-issued, key-matches, chains-to ...
void add_name_checks(engine::Vocabulary& vocabulary);                // subject-as-requested, san-as-requested, names-kept, changed-names
void add_certificate_checks(engine::Vocabulary& vocabulary);         // certificate-profile, not-ca
void add_cacerts_checks(engine::Vocabulary& vocabulary);             // cacerts-root, cacerts-chain, cacerts-consistent
void add_csrattrs_checks(engine::Vocabulary& vocabulary);            // csrattrs-valid, csrattrs-mentions
void add_csrattrs_structure_checks(engine::Vocabulary& vocabulary);  // csrattrs-structure, csrattrs-none, csrattrs-differ
void add_policy_checks(engine::Vocabulary& vocabulary);              // same-outcome, extensions-kept
void add_hostile_checks(engine::Vocabulary& vocabulary);             // withstood
void add_keygen_checks(engine::Vocabulary& vocabulary);              // keygen-answer, private-key-info, key-protected ...
void add_cacerts_set_checks(engine::Vocabulary& vocabulary);         // cacerts-rollover, ca-profile, crls-in-answer, same-certificates
void add_issuer_checks(engine::Vocabulary& vocabulary);              // fits-issuer
void add_key_form_checks(engine::Vocabulary& vocabulary);            // key-form
void add_wish_checks(engine::Vocabulary& vocabulary);                // no-authority, usage-intent, purposes-as-asked, name-not-cut
void add_client_outcome_checks(engine::Vocabulary& vocabulary);      // client-succeeded, client-gave-up, server-refused ...
void add_client_request_checks(engine::Vocabulary& vocabulary);      // sent, request-well-formed, waited, authorization ...
void add_client_csr_checks(engine::Vocabulary& vocabulary);          // client-linked, csr-has, names-of-certificate ...
void add_client_form_checks(engine::Vocabulary& vocabulary);         // csr-form, csr-extension, csr-texts, key-of-request ...
void add_client_bootstrap_checks(engine::Vocabulary& vocabulary);    // bootstrapped
void add_client_cmc_checks(engine::Vocabulary& vocabulary);          // full-request-form, identity-proof, one-transaction
void add_client_proxy_checks(engine::Vocabulary& vocabulary);        // through-proxy, passwords-apart
void add_client_hello_checks(engine::Vocabulary& vocabulary);        // client-offers, client-tls-version, client-resumed
void add_cmc_checks(engine::Vocabulary& vocabulary);                 // cmc-response, cmc-signer, cmc-echo, cmc-status ...
void add_proxy_request_checks(engine::Vocabulary& vocabulary);       // upstream-asked, upstream-spared, forwarded-unaltered ...
void add_proxy_answer_checks(engine::Vocabulary& vocabulary);        // passed-status, passed-retry, blames-upstream ...

}  // namespace conformance::checks
