#include "conformance/peer/client_files.h"

#include "est/base/file.h"
#include "est/codec/pem.h"

namespace conformance::peer {

est::Result<ClientFiles> write_client_files(const std::string& folder, const Pki& pki, const est::http::Credentials& credentials,
                                            const std::string& common_name) {
  const auto identity = pki.client(common_name);
  if (!identity) return identity.error();
  const auto certificate = [](est::BytesView der) { return est::codec::encode_pem("CERTIFICATE", der); };
  std::string chain;
  for (const auto& der : identity->chain) chain += certificate(der);
  const ClientFiles files{folder + "/trust-anchor.pem", folder + "/implicit-anchor.pem",
                          folder + "/client.pem",       folder + "/client.key",
                          folder + "/password",         folder + "/crls.pem"};
  const std::string crls = est::codec::encode_pem("X509 CRL", pki.root_crl()) + est::codec::encode_pem("X509 CRL", pki.crl());
  const std::vector<std::pair<std::string, std::string>> contents{{files.trust_anchor, certificate(pki.anchor())},
                                                                  {files.implicit_anchor, certificate(pki.implicit_anchor())},
                                                                  {files.client_certificate, chain},
                                                                  {files.client_key, identity->key->to_pem()},
                                                                  {files.password, credentials.password},
                                                                  {files.crls, crls}};
  for (const auto& [path, text] : contents) {
    if (auto status = est::write_file(path, text, 0600); !status) return status.error();
  }
  return files;
}

}  // namespace conformance::peer
