// The verb for clients.
#include "conformance/peer/scripted_proxy.h"
#include "conformance/steps/client_driver.h"

namespace conformance::steps {
namespace {

std::vector<std::string> proxy_choices() {
  auto choices = peer::names_of(peer::proxy_kinds());
  choices.insert(choices.begin(), "none");
  return choices;
}

}  // namespace

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
      choice("anchors", {"explicit", "implicit", "both", "none", "former"},
             "the trust anchors it is given (default explicit; former: the root before that one)"),
      choice("credentials", {"none", "password", "certificate", "both"},
             "what it is given to authenticate with; default: a certificate for simplereenroll, none for cacerts and csrattrs, else a "
             "password"),
      {"label", ParameterType::text, {}, "CA label it is told; default none"},
      choice("key", {"ec-p256", "ec-p384", "rsa-2048"}, "kind of key it is to make (default ec-p256)"),
      choice("linking", {"default", "on", "off"}, "whether it is told to link its request to the TLS session"),
      choice("named", {"name", "address"}, "whether the URL has a DNS name or an IP address (default name)"),
      choice("crls", {"none", "given"}, "whether it is given the CAs' CRLs (default none)"),
      choice("certificate", {"plain", "with-names"},
             "the client certificate it is given: without or with a subjectAltName (default plain)"),
      choice("user", {"given", "empty", "with-colon"}, "the user name that goes with the password (default given)"),
      choice("fingerprint", {"none", "right", "wrong", "near"},
             "the fingerprint of the CA certificate it is given for bootstrapping (default none; near: the last bit is another)"),
      choice("fingerprint-by", {"sha-256", "sha-512"}, "the digest of that fingerprint (default sha-256)"),
      choice("request", {"own", "given", "linked-elsewhere"},
             "the certification request: one it makes (default), or one from a file, whose key it does not have; linked-elsewhere: with "
             "the channel binding of another session"),
      choice("proxy", proxy_choices(), "the HTTP proxy it is to use (conformance/peer/README.md; default none)"),
      choice("proxy-password", {"given", "none"}, "whether it is given user and password for the proxy (default given)"),
      choice("protect", {"none", "symmetric", "key-transport", "key-agreement"},
             "the key it is given to have the generated one encrypted with (default none)"),
      choice("proof", {"none", "shared-secret"},
             "whether it is given a secret to prove its identity with in a Full PKI Request (default none)"),
      choice("form", {"pkcs10", "crmf"}, "the form of the request in a Full PKI Request (default pkcs10)"),
      choice("renewal", {"default", "renew", "rekey"}, "whether the key of the certificate stays (renew) or a new one is made"),
      choice("challenges", {"none", "given"}, "whether it is given values for otpChallenge and revocationChallenge (default none)"),
      {"subject", ParameterType::text, {}, "the subject it is told; default CN=USER,O=estspec, which is that of its certificate"},
      {"san", ParameterType::text, {}, "an alternative name it is told, as DNS:device.example; default none"},
      {"new-subject", ParameterType::text, {}, "the subject it is to ask for when it renews; default none: the names stay"},
      {"wait", ParameterType::number, {}, "seconds it is told to wait after 202 at most (default 0: it is to give up)"},
      {"within", ParameterType::number, {}, "seconds until it is stopped; default limits.seconds of the profile"},
  };
  drive.parameters.front().required = true;
  drive.success_check = "client-succeeded";
  vocabulary.add(std::move(drive));
  for (const auto& [name, meaning] : target::client_claims()) vocabulary.add_claim(name, meaning);
}

}  // namespace conformance::steps
