#include "conformance/peer/upstream_files.h"

#include <filesystem>

#include "est/base/file.h"
#include "est/codec/pem.h"
#include "est/crypto/chain.h"
#include "est/crypto/digest.h"

namespace conformance::peer {
namespace {

std::string authorities_in(const std::string& folder) { return folder + "/authorities.pem"; }

std::string certificates_text(const std::vector<est::Bytes>& certificates) {
  std::string text;
  for (const auto& der : certificates) text += est::codec::encode_pem("CERTIFICATE", der);
  return text;
}

}  // namespace

UpstreamFiles upstream_files_in(const std::string& folder) {
  const auto in = [&](const char* name) { return folder + "/" + name; };
  return {in("trust-anchor.pem"), in("chain.pem"), in("ra.pem"), in("ra.key"), in("user"), in("password"), in("crls.pem")};
}

est::Status make_upstream_files(const std::string& folder, est::UnixTime now) {
  std::error_code trouble;
  if (std::filesystem::exists(authorities_in(folder), trouble))
    return est::Error{folder +
                      " holds the files of an upstream already; name another folder, or remove it if no proxy is configured with it"};
  std::filesystem::create_directories(folder, trouble);
  if (trouble) return est::Error{folder + " cannot be made: " + trouble.message()};
  const auto pki = Pki::make(now);
  if (!pki) return pki.error();
  const auto authority = pki->registration_authority("registration-authority");
  if (!authority) return authority.error();
  const UpstreamFiles files = upstream_files_in(folder);
  const std::string crls = est::codec::encode_pem("X509 CRL", pki->root_crl()) + est::codec::encode_pem("X509 CRL", pki->crl());
  const std::vector<std::pair<std::string, std::string>> contents{{files.trust_anchor, certificates_text({pki->anchor()})},
                                                                  {files.chain, certificates_text({pki->anchor(), pki->issuing()})},
                                                                  {files.certificate, certificates_text(authority->chain)},
                                                                  {files.key, authority->key->to_pem()},
                                                                  {files.user, "registration-authority"},
                                                                  {files.password, est::hex(est::crypto::random_bytes(12))},
                                                                  {files.crls, crls},
                                                                  {authorities_in(folder), pki->authorities()}};
  for (const auto& [path, text] : contents) {
    if (auto status = est::write_file(path, text, 0600); !status) return status;
  }
  return {};
}

est::Result<UpstreamSecrets> load_upstream_files(const std::string& folder, est::UnixTime now, const std::string& host) {
  const auto unusable = [&](const std::string& why) { return est::Error{folder + ": " + why + "; make the files with --prepare"}; };
  const UpstreamFiles files = upstream_files_in(folder);
  const auto authorities = est::read_file(authorities_in(folder));
  const auto certificate = est::read_file(files.certificate);
  const auto user = est::read_file(files.user);
  const auto password = est::read_file(files.password);
  for (const auto* text : {&authorities, &certificate, &user, &password})
    if (!text->ok()) return unusable(text->error().message);
  auto pki = Pki::make_with(*authorities, now, host);
  if (!pki) return unusable(pki.error().message);
  const auto chain = est::crypto::certificates_from_pem(*certificate);
  if (!chain || chain->empty()) return unusable(files.certificate + " holds no certificate");
  return UpstreamSecrets{*std::move(pki), {*user, *password}, chain->front()};
}

}  // namespace conformance::peer
