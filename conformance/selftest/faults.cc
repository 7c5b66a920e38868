#include "conformance/selftest/fault.h"
#include "conformance/selftest/promises.h"

namespace conformance::selftest {

std::vector<Fault> all_faults() {
  std::vector<Fault> all;
  for (const auto& group :
       {tls_and_http_faults(), tls_faults(), cacerts_faults(), csrattrs_faults(), enroll_faults(), authentication_faults(), retry_faults(),
        robustness_faults(), hostile_faults(), hostile_http_faults(), policy_faults(), attribute_faults(), http_rule_faults(),
        serverkeygen_faults(), core_faults(), fullcmc_faults(), hostile_time_faults(), operator_faults()})
    all.insert(all.end(), group.begin(), group.end());
  add_promises(all);
  add_policy_promises(all);
  add_core_promises(all);
  add_promises_across(all);
  return all;
}

}  // namespace conformance::selftest
