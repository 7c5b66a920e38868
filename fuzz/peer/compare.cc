#include "fuzz/peer/compare.h"

#include <algorithm>
#include <filesystem>

#include "est/base/file.h"
#include "est/codec/cms.h"
#include "est/codec/csrattrs.h"
#include "est/codec/pkcs10.h"

namespace fuzz::peer {
namespace {

// The id of our first error, or "accepted".
std::string our_verdict(Kind kind, est::BytesView der) {
  namespace codec = est::codec;
  const est::Findings findings = kind == Kind::csr          ? codec::decode_certification_request(der).findings
                                 : kind == Kind::certs_only ? codec::decode_certs_only(der).findings
                                                            : codec::decode_csrattrs(der).findings;
  const auto error = std::find_if(findings.begin(), findings.end(), [](const auto& each) { return each.severity == est::Severity::error; });
  return error == findings.end() ? "accepted" : error->id;
}

}  // namespace

est::Status Comparison::look(Kind kind, est::BytesView der) {
  auto answer = peer_->ask(kind, der);
  if (!answer) return answer.error();
  if (!answer->has_value()) return {};
  const Verdict& theirs = **answer;
  const std::string ours = our_verdict(kind, der);
  const bool is_der = ours == "accepted";
  if (theirs.accepted && is_der && !theirs.canonical.empty() && !est::equal(theirs.canonical, der))
    return est::Error{"a DER message was accepted and re-encoded to other octets"};
  if (theirs.accepted == is_der || differences_.empty() || !seen_.emplace(ours, theirs.accepted).second) return {};
  std::error_code none;
  std::filesystem::create_directories(differences_, none);
  const std::string name = differences_ + "/" + static_cast<char>(kind) + "-" + ours + (theirs.accepted ? "-accepted" : "-rejected");
  return est::write_file(name, est::as_text(der));
}

}  // namespace fuzz::peer
