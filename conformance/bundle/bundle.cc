#include "conformance/bundle/bundle.h"

#include "conformance/engine/json.h"
#include "conformance/report/manifest.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"

namespace conformance::bundle {
namespace {

constexpr std::string_view statement_name = "statement.json";
constexpr std::string_view signature_name = "manifest.p7s";
constexpr std::string_view results_name = "results/results.json";

using engine::Json;
using report::manifest_name;

est::Result<report::Results> results_in(const Files& files) {
  const auto found = files.find(results_name);
  if (found == files.end()) return est::Error{"results/results.json is missing"};
  const auto json = engine::parse_json(found->second);
  if (!json) return est::Error{"results/results.json: " + json.error().message};
  auto results = report::results_from_json(*json);
  if (!results) return est::Error{"results/results.json: " + results.error().message};
  return results;
}

std::string statement_text(const report::Results& results) { return engine::print_json(statement(results)) + "\n"; }

// The manifest covers all but itself and the signature over it.
est::Status compare_digests(Files files) {
  files.erase(std::string(signature_name));
  const auto problems = report::manifest_problems(files);
  if (!problems.empty()) return est::Error{problems.front()};
  return {};
}

est::Result<Opened> open_files(Files files) {
  const auto manifest = files.find(manifest_name);
  const auto signature = files.find(signature_name);
  if (manifest == files.end() || signature == files.end())
    return est::Error{std::string(manifest == files.end() ? manifest_name : signature_name) + " is missing; is it a bundle?"};
  auto signer = est::crypto::verify_detached(est::as_bytes(manifest->second), est::as_bytes(signature->second));
  if (!signer)
    return est::Error{"manifest.p7s is not the signature over manifest.json, one of them was changed: " + signer.error().message};
  if (const auto status = compare_digests(files); !status) return status.error();
  const auto results = results_in(files);
  if (!results) return results.error();
  const auto told = files.find(statement_name);
  if (told == files.end() || told->second != statement_text(*results))
    return est::Error{"statement.json does not say what results/results.json says"};
  Opened opened{.folder = {}, .statement = statement(*results), .signer = *std::move(signer), .signer_sha256 = {}};
  opened.signer_sha256 = report::digest_of(est::as_text(opened.signer.certificate)).sha256;
  for (auto& [path, content] : files)
    if (path.starts_with(results_prefix)) opened.folder.emplace(path.substr(results_prefix.size()), std::move(content));
  return opened;
}

}  // namespace

Json statement(const report::Results& results) {
  const Json whole = report::to_json(results);
  Json told{{"format", 1}, {"conclusion", report::conclusion(results)}, {"certificates", results.certificates.size()}};
  for (const char* key : {"suite", "target", "set", "totals", "started", "strict", "certify", "command"})
    if (whole.contains(key)) told[key] = whole[key];
  // Keys, nonces and serial numbers come from the system's generator; what was drawn stands in the evidence.
  told["seeds"] = Json::object();
  return told;
}

est::Result<std::string> make(const Files& folder, const est::crypto::PrivateKey& key, const std::vector<est::Bytes>& certificates) {
  Files files;
  for (const auto& [path, content] : folder) files.emplace(std::string(results_prefix) + path, content);
  const auto results = results_in(files);
  if (!results) return results.error();
  files.emplace(statement_name, statement_text(*results));
  const std::string manifest = report::to_text(report::manifest_of(files));
  const auto signature = est::crypto::sign_detached(est::as_bytes(manifest), key, certificates);
  if (!signature) return signature.error();
  files.emplace(manifest_name, manifest);
  files.emplace(signature_name, est::as_text(*signature));
  return pack(files);
}

est::Result<Opened> open(std::string_view archive) {
  auto files = unpack(archive);
  if (!files) return files.error();
  return open_files(*std::move(files));
}

est::Status verify_signer(const est::crypto::DetachedSigner& signer, const std::vector<est::Bytes>& anchors) {
  const auto chain = est::crypto::verify_chain(signer.certificate, signer.others, anchors, {}, {});
  if (!chain) return chain.error();
  if (!chain->valid) return est::Error{est::printable(chain->reason)};
  return {};
}

}  // namespace conformance::bundle
