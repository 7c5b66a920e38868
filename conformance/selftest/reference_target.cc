#include "conformance/selftest/reference_target.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

#include "conformance/selftest/misbehave.h"
#include "conformance/selftest/plain_front.h"
#include "conformance/selftest/reference_folder.h"
#include "conformance/selftest/scratch_folder.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"
#include "server/init.h"
#include "server/instance.h"

namespace conformance::selftest {

using est::Error;
using est::Result;
using est::Status;

namespace {

constexpr std::int64_t day = 86400;  // seconds

// Known files of `est-server init`, and the labels of its configuration.
constexpr std::array identity_names{"client", "ra", "revoked", "expired", "not-yet-valid", "wrong-purpose"};

const std::map<std::string, std::string, std::less<>>& label_names() {
  static const std::map<std::string, std::string, std::less<>> labels{{"pop-required", "pop"},
                                                                      {"certificate-and-password", "both"},
                                                                      {"manual-approval", "manual"},
                                                                      {"manual-approval-date", "manual-date"},
                                                                      {"csrattrs-enforced", "attrs"},
                                                                      {"csrattrs-template", "template"},
                                                                      {"csrattrs-template-enforced", "template-enforced"},
                                                                      {"csrattrs-key-types", "other"},
                                                                      {"csrattrs-none", "basic"},
                                                                      {"change-subject-name", "rename"},
                                                                      {"device-identity", "devices"},
                                                                      {"fullcmc-trust-anchors", "anchors"},
                                                                      {"one-time-password", "otp"},
                                                                      {"http-basic", "basic"},
                                                                      {"http-digest", "digest"},
                                                                      {"client-certificate", "cert"},
                                                                      {"serverkeygen-encrypted", "encrypted"},
                                                                      {"root-rollover", "rolled"},
                                                                      {"other", "other"}};
  return labels;
}

Status add_identities(const ScratchFolder& folder, target::Profile& profile) {
  const auto add = [&](const std::string& name, const std::string& file) -> Status {
    Result<est::tls::Identity> identity = est::tls::load_identity(folder.file(file + ".pem"), folder.file(file + ".key"));
    if (!identity) return identity.error();
    profile.identities.emplace(name, *std::move(identity));
    return {};
  };
  for (const char* name : identity_names) {
    if (Status added = add(name, name); !added) return added;
  }
  if (Status added = add("manufacturer", "device"); !added) return added;
  if (Status added = add("other-manufacturer", "other-device"); !added) return added;
  Result<est::tls::Identity> maker = est::tls::load_identity(folder.file("manufacturer-ca.pem"), folder.file("manufacturer-ca.key"));
  if (!maker) return maker.error();
  profile.client_ca = *std::move(maker);
  return {};
}

est::Bytes from_hex(std::string_view text) {
  est::Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<est::Byte>(std::strtoul(std::string(text.substr(i, 2)).c_str(), nullptr, 16)));
  return bytes;
}

Status add_protection_keys(const ScratchFolder& folder, target::Profile& profile) {
  const Result<std::string> secret = est::read_file(folder.file("keygen-secret.key"));
  if (!secret) return secret.error();
  profile.protection_keys["symmetric"] = {"device-secret", from_hex(est::trim(*secret)), {}};
  profile.protection_keys["restricted"] = {"device-signing", {}, {}};
  for (const auto& [name, file] : {std::pair{"key-transport", "rsa"}, {"key-agreement", "ec"}}) {
    const Result<std::string> pem = est::read_file(folder.file("keygen-" + std::string(file) + ".key"));
    if (!pem) return pem.error();
    Result<est::crypto::PrivateKey> key = est::crypto::PrivateKey::from_pem(*pem);
    if (!key) return key.error();
    profile.protection_keys[name] = {"device-" + std::string(file), {}, *std::move(key)};
  }
  return {};
}

Status add_odd_passwords(const ScratchFolder& folder, target::Profile& profile) {
  for (const auto& [name, user] : {std::pair{"colon", "colon-user"}, {"non-ascii", "umlaut-user"}}) {
    const Result<std::string> password = est::read_file(folder.file(std::string(user) + ".password"));
    if (!password) return password.error();
    profile.odd_passwords[name] = {user, std::string(est::trim(*password))};
  }
  return {};
}

Result<target::Profile> make_profile(const ScratchFolder& folder, const est::net::Endpoint& at) {
  target::Profile profile;
  profile.name = "reference";
  for (const auto& [claim, meaning] : target::server_claims()) profile.claims.insert(claim);
  // The reference lets clients in without certificate, has a root, and gives nobody authority.
  for (const char* claim : {"client-certificate-demanded", "intermediate-trust-anchor", "authority-on-request"})
    profile.claims.erase(claim);
  profile.url = {"https", at, ""};
  const Result<std::string> root = est::read_file(folder.file("root.pem"));
  const Result<std::string> password = est::read_file(folder.file("estuser.password"));
  if (!root) return root.error();
  if (!password) return password.error();
  Result<std::vector<est::Bytes>> anchors = est::crypto::certificates_from_pem(*root);
  if (!anchors) return anchors.error();
  profile.trust_anchors = *std::move(anchors);
  profile.password = target::Password{"estuser", std::string(est::trim(*password))};
  if (Status added = add_odd_passwords(folder, profile); !added) return added.error();
  if (Status added = add_identities(folder, profile); !added) return added.error();
  const Result<std::string> values = est::read_file(folder.file("estuser.one-time-passwords"));
  if (!values) return values.error();
  for (const std::string_view line : est::split(*values, '\n'))
    if (!line.empty()) profile.one_time_passwords.emplace_back(line);
  if (Status added = add_protection_keys(folder, profile); !added) return added.error();
  profile.labels = label_names();
  profile.csr.subject = "CN=device-{n},O=Acme";
  profile.csr.subject_alt_names = {"DNS:device-{n}.example"};
  profile.csr.key_types = {est::crypto::KeyType::ec_p256, est::crypto::KeyType::ec_p384, est::crypto::KeyType::rsa_2048};
  profile.limits.longest_wait_seconds = 5;
  return profile;
}

bool needs_front(const Fault& fault) {
  return fault.plain_http || fault.dies_of_plain_octets || fault.dies_of || fault.dies_of_refusal || fault.dies_of_head || fault.front ||
         fault.one_at_a_time || fault.dies_of_end_within > 0 || fault.leaves_open || fault.dies_of_octets > 0 || fault.places > 0;
}

FrontOptions front_options(const Fault& fault, const std::shared_ptr<std::atomic<bool>>& died) {
  return {.plain_http = fault.plain_http,
          .dies_of_plain_octets = fault.dies_of_plain_octets,
          .dies_of_end_within = fault.dies_of_end_within,
          .dies_of_octets = fault.dies_of_octets,
          .leaves_open = fault.leaves_open,
          .one_at_a_time = fault.one_at_a_time,
          .places = fault.places,
          .death = fault.death,
          .died = died,
          .answer = fault.front};
}

}  // namespace

struct ReferenceTarget::Impl {
  ScratchFolder folder;
  target::Profile profile;
  std::unique_ptr<server::Instance> instance;
  std::shared_ptr<std::atomic<bool>> died = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<PlainFront> front;
  std::function<void(const std::string&, bool)> reloaded;

  Status start(const Fault* fault);
  Status approve(std::string_view id);
  Status revoke(std::string_view serial_hex);
  // Gives the server CRLs that hold so long, and waits for their end when that is near.
  Status renew_crls(std::int64_t seconds);
  Status remove_crls();
  Status reload(const std::string& action);
  Status expire_crls();
  void offer_operator();
};

Status ReferenceTarget::Impl::start(const Fault* fault) {
  if (fault != nullptr) reloaded = fault->reloaded;
  if (!folder.made()) return Error{"cannot make a temporary folder for the self-test"};
  if (Status made = fill_reference_folder(folder); !made) return made;
  Result<server::Config> config = server::load_config(folder.file("est-server.yaml"));
  if (!config) return config.error();
  config->listen = {{"127.0.0.1", 0}};
  config->listen_late = {{"127.0.0.1", 0}};
  config->limits.drain = est::Milliseconds(100);
  if (fault != nullptr && fault->configure) fault->configure(*config);
  server::Instance::Wrap wrap;
  if (fault != nullptr)
    wrap = [fault, died = died](est::net::Application& inner, ca::Authority& authority) -> std::unique_ptr<est::net::Application> {
      return std::make_unique<MisbehavingApplication>(inner, authority, *fault, died);
    };
  auto made = server::Instance::make(*config, est::Log::nowhere(), wrap);
  if (!made) return made.error();
  instance = *std::move(made);
  if (Status started = instance->start(); !started) return started;
  est::net::Endpoint at = instance->listening().front();
  if (fault != nullptr && needs_front(*fault)) {
    auto fronted = PlainFront::start(at, front_options(*fault, died));
    if (!fronted) return fronted.error();
    front = *std::move(fronted);
    at = front->listening();
  }
  if (fault != nullptr && !fault->called.empty()) at.host = fault->called;
  Result<target::Profile> known = make_profile(folder, at);
  if (!known) return known.error();
  profile = *std::move(known);
  profile.urls["late-client-certificate"] = {"https", instance->listening().back(), ""};
  profile.server_names = {"localhost", "named.localhost"};
  offer_operator();
  return {};
}

Status ReferenceTarget::Impl::approve(std::string_view id) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size()) return Error{"'" + std::string(id) + "' is no number of a request"};
  return instance->authority().approve(number);
}

Status ReferenceTarget::Impl::revoke(std::string_view serial_hex) {
  if (Status revoked = instance->authority().revoke(from_hex(serial_hex)); !revoked) return revoked;
  return renew_crls(day);
}

Status ReferenceTarget::Impl::renew_crls(std::int64_t seconds) {
  const auto lists = instance->authority().make_crls(seconds);
  if (!lists) return lists.error();
  if (Status written = est::write_file(folder.file("est.crl"), server::pem_of("X509 CRL", *lists)); !written) return written;
  return reload("renew-crl");
}

Status ReferenceTarget::Impl::reload(const std::string& action) {
  Status done = instance->reload();
  if (reloaded) reloaded(action, done.ok());
  return done;
}

// The server cannot reload without them, and stays as it was.
Status ReferenceTarget::Impl::remove_crls() {
  std::error_code ignored;
  std::filesystem::remove(folder.file("est.crl"), ignored);
  if (reload("remove-crl")) return Error{"the reference found CRLs that had been taken away"};
  return {};
}

Status ReferenceTarget::Impl::expire_crls() {
  const est::UnixTime end = est::system_clock().now() + 1;
  if (Status renewed = renew_crls(1); !renewed) return renewed;
  while (est::system_clock().now() <= end + 1) std::this_thread::sleep_for(est::Milliseconds(50));
  return {};
}

void ReferenceTarget::Impl::offer_operator() {
  using Values = target::OperatorAction::Values;
  profile.operator_actions["approve"].call = [this](const Values& values) {
    const auto id = values.find("id");
    return id == values.end() ? Status{Error{"no request to approve"}} : approve(id->second);
  };
  profile.operator_actions["revoke"].call = [this](const Values& values) {
    const auto serial = values.find("serial");
    return serial == values.end() ? Status{Error{"no certificate to revoke"}} : revoke(serial->second);
  };
  profile.operator_actions["expire-crl"].call = [this](const Values&) { return expire_crls(); };
  profile.operator_actions["remove-crl"].call = [this](const Values&) { return remove_crls(); };
  profile.operator_actions["reload"].call = [this](const Values&) { return reload("reload"); };
  profile.operator_actions["renew-crl"].call = [this](const Values&) { return renew_crls(day); };
}

ReferenceTarget::ReferenceTarget(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReferenceTarget::~ReferenceTarget() = default;

Result<std::unique_ptr<ReferenceTarget>> ReferenceTarget::start(const Fault* fault) {
  auto impl = std::make_unique<Impl>();
  if (Status started = impl->start(fault); !started) return started.error();
  return std::unique_ptr<ReferenceTarget>(new ReferenceTarget(std::move(impl)));
}

const target::Profile& ReferenceTarget::profile() const noexcept { return impl_->profile; }

}  // namespace conformance::selftest
