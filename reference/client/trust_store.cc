#include "client/trust_store.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "est/base/file.h"
#include "est/codec/pem.h"
#include "est/crypto/chain.h"

namespace client {
namespace {

using est::Bytes;
using est::Error;
using est::Result;
using est::Status;
using Json = nlohmann::ordered_json;

constexpr int state_format = 1;

bool is_there(const std::string& path) {
  std::error_code failed;
  return std::filesystem::exists(path, failed) || failed;
}

Result<std::vector<Bytes>> stored_certificates(const std::string& path) {
  if (!is_there(path)) return std::vector<Bytes>{};
  const Result<std::string> text = est::read_file(path);
  if (!text) return text.error();
  if (text->empty()) return std::vector<Bytes>{};
  Result<std::vector<Bytes>> certificates = est::crypto::certificates_from_pem(*text);
  if (!certificates) return Error{path + ": " + certificates.error().message + "; remove the file and fetch the CA certificates again"};
  return certificates;
}

std::string stored_form(const std::vector<Bytes>& certificates) {
  std::string text;
  for (const Bytes& certificate : certificates) text += est::codec::encode_pem("CERTIFICATE", certificate);
  return text;
}

Status make_store_folder(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code failed;
  if (fs::is_directory(folder, failed)) return {};
  fs::create_directories(folder, failed);
  if (!failed) fs::permissions(folder, fs::perms::owner_all, failed);
  if (failed) return Error{"cannot make the folder " + folder + ": " + failed.message()};
  return {};
}

}  // namespace

Result<TrustStore> TrustStore::open(const std::string& folder) {
  TrustStore store(folder);
  Result<std::vector<Bytes>> anchors = stored_certificates(store.path("explicit.pem"));
  if (!anchors) return anchors.error();
  Result<std::vector<Bytes>> intermediates = stored_certificates(store.path("intermediates.pem"));
  if (!intermediates) return intermediates.error();
  store.anchors_ = *std::move(anchors);
  store.intermediates_ = *std::move(intermediates);
  if (Status read = store.read_state(); !read) return read.error();
  return store;
}

Status TrustStore::read_state() {
  const std::string name = path("state.json");
  if (!is_there(name)) return {};
  const Result<std::string> text = est::read_file(name);
  if (!text) return text.error();
  const Json state = Json::parse(*text, nullptr, false);
  if (!state.is_object() || state.value("format", Json()) != state_format || !state.value("indicate-trusted-ca", Json()).is_boolean())
    return Error{name + " is not of this program; remove it and fetch the CA certificates again"};
  indicate_ = state["indicate-trusted-ca"].get<bool>();
  return {};
}

Status TrustStore::replace(const CaSet& set, const Origin& origin) {
  // RFC 7030 4.1.3: a server met under an implicit anchor may go on showing that certificate unless it is told; once told, always told.
  const bool indicate = indicate_ || origin.basis == Basis::implicit_anchors;
  const Json state{{"format", state_format},
                   {"indicate-trusted-ca", indicate},
                   {"from", origin.url},
                   {"server-authorised-by", to_string(origin.basis)},
                   {"at", est::iso8601(origin.at)}};
  if (Status made = make_store_folder(folder_); !made) return made;
  if (Status written = est::write_file(path("intermediates.pem"), stored_form(set.intermediates())); !written) return written;
  if (Status written = est::write_file(path("state.json"), state.dump(2) + "\n"); !written) return written;
  if (Status written = est::write_file(path("explicit.pem"), stored_form(set.anchors())); !written) return written;
  anchors_ = set.anchors();
  intermediates_ = set.intermediates();
  indicate_ = indicate;
  return {};
}

Trust TrustStore::with(Trust configured) const {
  Trust all = std::move(configured);
  if (!complete()) return all;
  all.implicit_anchors.clear();
  all.explicit_anchors.insert(all.explicit_anchors.end(), anchors_.begin(), anchors_.end());
  all.intermediates.insert(all.intermediates.end(), intermediates_.begin(), intermediates_.end());
  all.indicate = all.indicate || indicate_;
  return all;
}

}  // namespace client
