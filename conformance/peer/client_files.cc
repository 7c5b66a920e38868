#include "conformance/peer/client_files.h"

#include "est/base/file.h"
#include "est/codec/pem.h"

namespace conformance::peer {

namespace {

std::string pem_of(est::BytesView der) { return est::codec::encode_pem("CERTIFICATE", der); }

std::string chain_of(const est::tls::Identity& identity) {
  std::string chain;
  for (const auto& der : identity.chain) chain += pem_of(der);
  return chain;
}

}  // namespace

est::Result<ClientFiles> write_client_files(const std::string& folder, const Pki& pki, const est::http::Credentials& credentials,
                                            const std::string& common_name) {
  const auto identity = pki.client(common_name);
  if (!identity) return identity.error();
  const auto named = pki.client(common_name, "DNS:" + common_name + ".example");
  if (!named) return named.error();
  const auto in = [&](const char* name) { return folder + "/" + name; };
  ClientFiles files;
  files.trust_anchor = in("trust-anchor.pem");
  files.implicit_anchor = in("implicit-anchor.pem");
  files.former_anchor = in("former-anchor.pem");
  files.client_certificate = in("client.pem");
  files.client_key = in("client.key");
  files.named_certificate = in("client-named.pem");
  files.named_key = in("client-named.key");
  files.password = in("password");
  files.crls = in("crls.pem");
  files.secret_for_keys = in("secret.hex");
  files.transport_key = in("transport.key");
  files.agreement_key = in("agreement.key");
  const std::string crls = est::codec::encode_pem("X509 CRL", pki.root_crl()) + est::codec::encode_pem("X509 CRL", pki.crl());
  const std::vector<std::pair<std::string, std::string>> contents{{files.trust_anchor, pem_of(pki.anchor())},
                                                                  {files.implicit_anchor, pem_of(pki.implicit_anchor())},
                                                                  {files.former_anchor, pem_of(pki.former_anchor())},
                                                                  {files.client_certificate, chain_of(*identity)},
                                                                  {files.client_key, identity->key->to_pem()},
                                                                  {files.named_certificate, chain_of(*named)},
                                                                  {files.named_key, named->key->to_pem()},
                                                                  {files.password, credentials.password},
                                                                  {files.secret_for_keys, est::hex(pki.protection("symmetric")->secret)},
                                                                  {files.transport_key, pki.protection("key-transport")->key->to_pem()},
                                                                  {files.agreement_key, pki.protection("key-agreement")->key->to_pem()},
                                                                  {files.crls, crls}};
  for (const auto& [path, text] : contents) {
    if (auto status = est::write_file(path, text, 0600); !status) return status.error();
  }
  return files;
}

}  // namespace conformance::peer
