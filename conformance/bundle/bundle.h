// A bundle: one file that holds a finished run, and that shows who vouches for it. A tar file of
//   results/...      the results folder as it is
//   statement.json   what was tested, how it was reached, by which suite and scenarios, and what came of it; from results.json
//   manifest.json    size and SHA-256 of all of these
//   manifest.p7s     detached CMS signature (DER) over manifest.json
// Its content decides its octets; only the signature holds a time.
#pragma once

#include <string>
#include <vector>

#include "conformance/bundle/archive.h"
#include "conformance/report/results.h"
#include "est/crypto/detached.h"

namespace conformance::bundle {

inline constexpr std::string_view results_prefix = "results/";

// As statement.json has it.
[[nodiscard]] engine::Json statement(const report::Results& results);

// `folder`: content of the results folder by path.
[[nodiscard]] est::Result<std::string> make(const Files& folder, const est::crypto::PrivateKey& key,
                                            const std::vector<est::Bytes>& certificates);

struct Opened {
  Files folder;  // the results folder
  engine::Json statement;
  est::crypto::DetachedSigner signer;
  std::string signer_sha256;  // of the certificate
};
// Everything that can be told without judging the evidence again: archive, signature, digests, and that the statement is that of the
// results. Errors are one sentence that names the file. Whether the signer is to be trusted is told by `verify_signer`.
[[nodiscard]] est::Result<Opened> open(std::string_view archive);

// Whether the signer's certificate leads to one of `anchors` (DER) now; an error says why not.
[[nodiscard]] est::Status verify_signer(const est::crypto::DetachedSigner& signer, const std::vector<est::Bytes>& anchors);

}  // namespace conformance::bundle
