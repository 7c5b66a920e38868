#include "conformance/campaign/material.h"

#include <algorithm>
#include <filesystem>

#include "conformance/steps/run_state.h"
#include "est/base/file.h"
#include "est/codec/x509.h"
#include "est/pki/request.h"

namespace conformance::campaign {

namespace codec = est::codec;

namespace {

constexpr unsigned owner_only = 0600;

est::Result<BaseRequest> make_base(const target::Profile& profile, est::crypto::KeyType type, const std::string& number) {
  auto key = est::crypto::PrivateKey::generate(type);
  if (!key) return key.error();
  auto subject = codec::parse_name(steps::with_number(profile.csr.subject, number));
  if (!subject) return subject.error();
  std::vector<codec::GeneralName> names;
  for (const std::string& text : profile.csr.subject_alt_names) {
    auto name = codec::parse_general_name(steps::with_number(text, number));
    if (!name) return name.error();
    names.push_back(*std::move(name));
  }
  est::pki::RequestSpec spec;
  spec.subject = *std::move(subject);
  if (!names.empty()) spec.extensions = {codec::make_subject_alt_name(names)};
  auto der = est::pki::make_request(spec, *key);
  if (!der) return der.error();
  return BaseRequest{std::string(to_string(type)), *std::move(key), *std::move(der)};
}

}  // namespace

est::Result<Material> make_material(const target::Profile& profile) {
  Material material;
  steps::RunState numbers(profile.limits);
  const auto& types = profile.csr.key_types;
  for (std::size_t i = 0; i < 2; ++i) {
    auto base = make_base(profile, types.empty() ? profile.csr.key_type : types.at(std::min(i, types.size() - 1)), numbers.next_number());
    if (!base) return base.error();
    base->name = std::to_string(i + 1) + "-" + base->name;
    material.requests.push_back(*std::move(base));
  }
  return material;
}

est::Status save(const Material& material, const std::string& folder) {
  for (const BaseRequest& base : material.requests) {
    const std::string path = folder + "/" + base.name;
    if (auto written = est::write_file(path + ".der", est::as_text(base.der)); !written) return written;
    if (auto written = est::write_file(path + ".key", base.key.to_pem(), owner_only); !written) return written;
  }
  return {};
}

est::Result<Material> load_material(const std::string& folder) {
  Material material;
  std::vector<std::filesystem::path> paths;
  std::error_code trouble;
  for (const auto& entry : std::filesystem::directory_iterator(folder, trouble))
    if (entry.path().extension() == ".key") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (auto path : paths) {
    const auto pem = est::read_file(path.string());
    if (!pem) return pem.error();
    auto key = est::crypto::PrivateKey::from_pem(*pem);
    if (!key) return est::Error{path.string() + ": " + key.error().message};
    const auto der = est::read_file(path.replace_extension(".der").string());
    if (!der) return der.error();
    material.requests.push_back({path.stem().string(), *std::move(key), est::to_bytes(*der)});
  }
  if (material.requests.size() < 2) return est::Error{folder + ": no material of a campaign; name the folder `material` of an earlier one"};
  return material;
}

}  // namespace conformance::campaign
