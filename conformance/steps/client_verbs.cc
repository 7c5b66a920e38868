// The verb for clients.
#include "conformance/steps/client_driver.h"

namespace conformance::steps {

void add_client_verbs(engine::Vocabulary& vocabulary) {
  using engine::Parameter;
  using engine::ParameterType;
  const auto choice = [](std::string name, std::vector<std::string> choices, std::string meaning) {
    return Parameter{std::move(name), ParameterType::choice, std::move(choices), std::move(meaning)};
  };
  engine::VerbInfo drive;
  drive.name = "drive";
  drive.meaning = "make the client under test do something, with the suite as its server";
  drive.parameters = {
      choice("operation", target::client_operations(), "what it is told to do"),
      {"server", ParameterType::map, {}, "what the server does (conformance/peer/README.md); default: everything well"},
      choice("anchors", {"explicit", "implicit", "both", "none"}, "the trust anchors it is given (default explicit)"),
      choice("credentials", {"none", "password", "certificate", "both"},
             "what it is given to authenticate with; default: a certificate for simplereenroll, none for cacerts and csrattrs, else a "
             "password"),
      {"label", ParameterType::text, {}, "CA label it is told; default none"},
      choice("key", {"ec-p256", "ec-p384", "rsa-2048"}, "kind of key it is to make (default ec-p256)"),
      choice("linking", {"default", "on", "off"}, "whether it is told to link its request to the TLS session"),
      choice("named", {"name", "address"}, "whether the URL has a DNS name or an IP address (default name)"),
      choice("crls", {"none", "given"}, "whether it is given the CAs' CRLs (default none)"),
      {"wait", ParameterType::number, {}, "seconds it is told to wait after 202 at most (default 0: it is to give up)"},
      {"within", ParameterType::number, {}, "seconds until it is stopped; default limits.seconds of the profile"},
  };
  drive.parameters.front().required = true;
  drive.success_check = "client-succeeded";
  vocabulary.add(std::move(drive));
  for (const auto& [name, meaning] : target::client_claims()) vocabulary.add_claim(name, meaning);
}

}  // namespace conformance::steps
