#include "conformance/checks/checks.h"

#include "conformance/checks/families.h"

namespace conformance::checks {

void add_checks(engine::Vocabulary& vocabulary) {
  add_http_checks(vocabulary);
  add_http_rule_checks(vocabulary);
  add_connection_checks(vocabulary);
  add_body_checks(vocabulary);
  add_tls_checks(vocabulary);
  add_tls_session_checks(vocabulary);
  add_tls_hello_checks(vocabulary);
  add_refusal_checks(vocabulary);
  add_enroll_checks(vocabulary);
  add_name_checks(vocabulary);
  add_certificate_checks(vocabulary);
  add_cacerts_checks(vocabulary);
  add_cacerts_set_checks(vocabulary);
  add_issuer_checks(vocabulary);
  add_wish_checks(vocabulary);
  add_key_form_checks(vocabulary);
  add_csrattrs_checks(vocabulary);
  add_cmc_checks(vocabulary);
  add_hostile_checks(vocabulary);
  add_csrattrs_structure_checks(vocabulary);
  add_policy_checks(vocabulary);
  add_keygen_checks(vocabulary);
  add_client_outcome_checks(vocabulary);
  add_client_request_checks(vocabulary);
  add_client_csr_checks(vocabulary);
  add_client_form_checks(vocabulary);
  add_client_bootstrap_checks(vocabulary);
  add_client_cmc_checks(vocabulary);
  add_client_proxy_checks(vocabulary);
  add_client_hello_checks(vocabulary);
  add_proxy_request_checks(vocabulary);
  add_proxy_answer_checks(vocabulary);
}

}  // namespace conformance::checks
