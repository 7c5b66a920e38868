// Keys and certificates on disk: read in every usual form, written whole or not at all. Errors name the file and the cure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/secret.h"
#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/crypto/key.h"
#include "est/tls/context.h"

namespace client {

// Called with the sentence "the passphrase of PATH" when a file turns out to be encrypted; empty: such files are errors.
using AskPassphrase = AskSecret;

// PEM (PKCS #8, encrypted too; SEC 1, PKCS #1), DER, or PKCS #12. In place of a path, or as all that is in the file: a PKCS #11 URI, whose
// token has the key and may need a PIN; the sentence then is "the PIN of URI".
[[nodiscard]] est::Result<est::crypto::PrivateKey> read_key(const std::string& path, const AskPassphrase& ask = {});
// PEM with any number of certificates, one DER certificate, certs-only PKCS #7 in either form, or PKCS #12. DER, in the order of the file.
[[nodiscard]] est::Result<std::vector<est::Bytes>> read_certificates(const std::string& path, const AskPassphrase& ask = {});
// A certificate with its key and chain; one file may hold all (`key_path` empty). The key decides which certificate is the first; the
// others follow as they are. Errors: no certificate belongs to the key.
[[nodiscard]] est::Result<est::tls::Identity> read_identity(const std::string& certificate_path, const std::string& key_path,
                                                            const AskPassphrase& ask = {});

enum class FileKind { secret, open };  // 0600 from the first moment; 0644 as the umask allows
enum class Overwrite { refuse, replace };

// Files that appear together. stage() writes beside the target and syncs; commit() puts all in place, in the order of staging, and syncs
// the folders. If one cannot be put in place the earlier ones are taken back. What is not committed is removed by the destructor. Stage a
// key before its certificate: should the machine stop in between, no certificate is without its key.
// Symbolic links, folders and devices are never written to or replaced. Not for several threads.
class StagedFiles {
 public:
  explicit StagedFiles(Overwrite overwrite) : overwrite_(overwrite) {}
  StagedFiles(const StagedFiles&) = delete;
  StagedFiles& operator=(const StagedFiles&) = delete;
  ~StagedFiles();

  [[nodiscard]] est::Status stage(const std::string& path, std::string_view content, FileKind kind);
  [[nodiscard]] est::Status commit();

 private:
  struct File {
    std::string path, beside;
    std::string earlier = {};  // a second name of what was there before
    bool is_new = false;       // nothing was there
  };
  est::Status place(File& file);
  void take_back(std::size_t count);

  Overwrite overwrite_;
  std::vector<File> files_;
};

[[nodiscard]] est::Status write_output(const std::string& path, std::string_view content, FileKind kind, Overwrite overwrite);

[[nodiscard]] std::string certificates_pem(const std::vector<est::Bytes>& certificates);
// PKCS #8; encrypted (PBES2, AES-256) when there is a passphrase. Wipe it after use (crypto::wipe). Of a key in a token: its URI.
[[nodiscard]] est::Result<std::string> key_pem(const est::crypto::PrivateKey& key, const Secret& passphrase = {});
// Key, certificate and chain in one PKCS #12, encrypted and authenticated by the passphrase, which must not be empty.
[[nodiscard]] est::Result<est::Bytes> pkcs12(const est::crypto::PrivateKey& key, const std::vector<est::Bytes>& chain,
                                             const Secret& passphrase);

}  // namespace client
