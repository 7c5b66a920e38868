// What a client does before it trusts anybody: RFC 7030 4.1.1.
#include <algorithm>

#include "conformance/checks/client_reading.h"
#include "conformance/checks/families.h"

namespace conformance::checks {
namespace {

bool is_fetch(const Exchange& request) { return fact(request, "operation") == "cacerts"; }

// What breaks 4.1.1 in a run that begins with an unauthenticated server; empty: nothing.
std::string breach_in(const Peers& requests) {
  const auto fetched =
      std::find_if(requests.begin(), requests.end(), [](const Exchange* one) { return is_fetch(*one) && status_given(*one) == 200; });
  for (auto one = requests.begin(); one != requests.end(); ++one) {
    const auto request = request_in(**one);
    const bool before = fetched == requests.end() || one <= fetched;
    const std::string what = (*one)->method + " " + (*one)->target;
    if (before && !is_fetch(**one)) return "It sent " + what + " before it had the CA certificates.";
    if (before && request && request->fields.has("Authorization")) return "It authenticated itself with " + what + ".";
    if (!before && !is_fetch(**one) && (*one)->connection == (*fetched)->connection)
      return "It sent " + what + " over the connection on which it had asked an unauthenticated server for the CA certificates.";
  }
  return {};
}

Results bootstrapped(const CheckInput& input) {
  const std::string wanted =
      "an unauthenticated server is asked for /cacerts and nothing else; all else comes over a new TLS session, once the CA certificates "
      "were accepted";
  const std::string breach = breach_in(requests_of(input, ""));
  if (breach.empty()) return {};
  return {result(input, Verdict::fail, breach, wanted, "policy")};
}

}  // namespace

void add_client_bootstrap_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"bootstrapped", "nothing but /cacerts is exchanged with a server that nobody authenticated", {}, bootstrapped, ""});
}

}  // namespace conformance::checks
