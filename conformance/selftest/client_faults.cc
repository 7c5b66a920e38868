#include "conformance/selftest/client_fault.h"

namespace conformance::selftest {

std::vector<ClientFault> all_client_faults() {
  std::vector<ClientFault> all;
  for (const auto& group : {client_trust_faults(), client_tls_faults(), client_http_faults(), client_request_faults(),
                            client_answer_faults(), client_more_faults(), client_proxy_faults()})
    all.insert(all.end(), group.begin(), group.end());
  return all;
}

}  // namespace conformance::selftest
