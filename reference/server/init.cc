#include "server/init.h"

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "ca/authority.h"
#include "est/base/clock.h"
#include "est/base/file.h"
#include "est/codec/pem.h"
#include "est/codec/x509.h"
#include "est/crypto/digest.h"
#include "est/pki/issue.h"
#include "server/example_config.h"

namespace server {
namespace {

namespace codec = est::codec;
namespace crypto = est::crypto;
namespace oids = est::codec::oids;
using est::Bytes;
using est::Error;
using est::Result;
using est::Status;
using est::crypto::PrivateKey;

constexpr std::int64_t day = 86400;
constexpr unsigned secret_mode = 0600;

// The folder being filled, with the choices every step needs.
struct Place {
  const InitOptions& options;
  est::UnixTime now = 0;

  [[nodiscard]] std::string path(const std::string& name) const { return (std::filesystem::path(options.directory) / name).string(); }
  [[nodiscard]] Status write(const std::string& name, std::string_view content, unsigned mode = 0644) const {
    return est::write_file(path(name), content, mode);
  }
};

// One end-entity certificate to make.
struct Wanted {
  std::string file;  // NAME.pem and NAME.key
  std::string subject;
  codec::Validity validity;
  std::vector<codec::Extension> extensions;
  std::optional<crypto::KeyType> key_type = std::nullopt;  // default: the one of every key made
};

std::vector<codec::Extension> end_entity(const std::vector<codec::Oid>& purposes) {
  return {codec::make_basic_constraints(false), codec::make_key_usage(codec::key_usage::digital_signature),
          codec::make_extended_key_usage(purposes)};
}

Result<codec::Extension> host_names(const std::vector<std::string>& hosts) {
  std::vector<codec::GeneralName> names;
  for (const std::string& host : hosts) {
    Result<codec::GeneralName> name = codec::parse_general_name("IP:" + host);
    if (!name) name = codec::parse_general_name("DNS:" + host);
    if (!name) return Error{"\"" + host + "\" is neither a host name nor an IP address"};
    names.push_back(*std::move(name));
  }
  return codec::make_subject_alt_name(names);
}

Status make_folder(const Place& place) {
  namespace fs = std::filesystem;
  std::error_code failed;
  const fs::path path(place.options.directory);
  if (fs::exists(path, failed) && !(fs::is_directory(path, failed) && fs::is_empty(path, failed)))
    return Error{path.string() + " is there already and not an empty folder; choose another --dir or remove it"};
  fs::create_directories(path, failed);
  if (!failed) fs::permissions(path, fs::perms::owner_all, failed);
  if (failed) return Error{"cannot make the folder " + path.string() + ": " + failed.message()};
  return {};
}

Status write_key(const Place& place, const std::string& file, const PrivateKey& key) {
  return place.write(file + ".key", key.to_pem(), secret_mode);
}

// Key, certificate by the CA, both written. `chain` follows the certificate in the file.
Result<ca::Issued> certify(const Place& place, ca::Authority& authority, const Wanted& wanted, const std::vector<Bytes>& chain) {
  const Result<PrivateKey> key = PrivateKey::generate(wanted.key_type.value_or(place.options.key_type));
  if (!key) return key.error();
  const Result<codec::Name> subject = codec::parse_name(wanted.subject);
  if (!subject) return subject.error();
  Result<ca::Issued> issued = authority.issue_directly(*subject, key->public_key_info(), wanted.validity, wanted.extensions, "init");
  if (!issued) return issued;
  std::vector<Bytes> file{issued->certificate};
  file.insert(file.end(), chain.begin(), chain.end());
  if (Status written = place.write(wanted.file + ".pem", pem_of("CERTIFICATE", file)); !written) return written.error();
  if (Status written = write_key(place, wanted.file, *key); !written) return written.error();
  return issued;
}

std::vector<Wanted> client_certificates(const Place& place) {
  const codec::Validity usual{place.now - 300, place.now + 365 * day};
  const auto client = end_entity({oids::client_auth});
  return {{"client", "CN=est client,O=estspec", usual, client},
          {"ra", "CN=est registration authority,O=estspec", usual, end_entity({oids::client_auth, oids::cmc_ra})},
          {"expired", "CN=expired client,O=estspec", {place.now - 2 * day, place.now - day}, client},
          {"not-yet-valid", "CN=client of tomorrow,O=estspec", {place.now + 365 * day, place.now + 730 * day}, client},
          {"revoked", "CN=revoked client,O=estspec", usual, client},
          {"wrong-purpose", "CN=server without clientAuth,O=estspec", usual, end_entity({oids::server_auth})}};
}

Status make_clients(const Place& place, ca::Authority& authority, const std::vector<Bytes>& chain) {
  for (const Wanted& wanted : client_certificates(place)) {
    const Result<ca::Issued> issued = certify(place, authority, wanted, chain);
    if (!issued) return issued.error();
    if (wanted.file != "revoked") continue;
    if (Status revoked = authority.revoke(issued->serial); !revoked) return revoked;
  }
  return {};
}

// Keys that protect generated ones on their way (RFC 7030 4.4.1): a secret, and certificates for key transport, key agreement, and
// neither.
Status make_protection_keys(const Place& place, ca::Authority& authority) {
  struct Holder {
    std::string file;
    crypto::KeyType type;
    unsigned usage;
  };
  const std::vector<Holder> holders{{"keygen-rsa", crypto::KeyType::rsa_2048, codec::key_usage::key_encipherment},
                                    {"keygen-ec", crypto::KeyType::ec_p256, codec::key_usage::key_agreement},
                                    {"keygen-signing", crypto::KeyType::ec_p256, codec::key_usage::digital_signature}};
  for (const Holder& holder : holders) {
    Wanted wanted{holder.file, "CN=" + holder.file + ",O=estspec", {place.now - 300, place.now + 365 * day}, {}};
    wanted.extensions = {codec::make_basic_constraints(false), codec::make_key_usage(holder.usage)};
    wanted.key_type = holder.type;
    if (const auto issued = certify(place, authority, wanted, {}); !issued) return issued.error();
  }
  return place.write("keygen-secret.key", est::hex(est::crypto::random_bytes(32)) + "\n", secret_mode);
}

Status make_server(const Place& place, ca::Authority& authority, const std::vector<Bytes>& chain, const std::string& file,
                   const std::vector<std::string>& hosts) {
  Result<codec::Extension> names = host_names(hosts);
  if (!names) return names.error();
  Wanted wanted{file, "CN=est server,O=estspec", {place.now - 300, place.now + 365 * day}, {}};
  wanted.extensions = end_entity({oids::server_auth, oids::cmc_ra});
  wanted.extensions.push_back(*std::move(names));
  const Result<ca::Issued> issued = certify(place, authority, wanted, chain);
  return issued ? Status{} : Status{issued.error()};
}

// A manufacturer is no part of the EST CA: a root of its own, and one device. Both happen to give it the same name.
struct MakerFiles {
  std::string subject, root, device;
};

Status make_manufacturer(const Place& place, const MakerFiles& files) {
  const codec::Validity ten_years{place.now - 300, place.now + 3650 * day};
  const auto root = est::pki::draft(
      files.subject, ten_years,
      {codec::make_basic_constraints(true), codec::make_key_usage(codec::key_usage::key_cert_sign | codec::key_usage::crl_sign)},
      place.options.key_type);
  if (!root) return root.error();
  const auto device =
      est::pki::draft("CN=device 1,serialNumber=0001,O=Maker", ten_years, end_entity({oids::client_auth}), place.options.key_type);
  if (!device) return device.error();
  const Result<Bytes> root_certificate = est::pki::issue_self_signed(root->spec, root->key);
  if (!root_certificate) return root_certificate.error();
  const est::pki::Issuer issuer{root->spec.subject, &root->key, est::pki::key_identifier(root->spec.public_key_info)};
  const Result<Bytes> device_certificate = est::pki::issue_certificate(device->spec, issuer);
  if (!device_certificate) return device_certificate.error();

  if (Status w = place.write(files.root + ".pem", pem_of("CERTIFICATE", {*root_certificate})); !w) return w;
  if (Status w = write_key(place, files.root, root->key); !w) return w;
  if (Status w = place.write(files.device + ".pem", pem_of("CERTIFICATE", {*device_certificate})); !w) return w;
  return write_key(place, files.device, device->key);
}

Status make_manufacturers(const Place& place) {
  if (Status made = make_manufacturer(place, {"CN=manufacturer CA,O=Maker", "manufacturer-ca", "device"}); !made) return made;
  return make_manufacturer(place, {"CN=other manufacturer CA,O=Other Maker", "other-manufacturer-ca", "other-device"});
}

Status make_lists(const Place& place, ca::Authority& authority) {
  const Result<std::vector<Bytes>> lists = authority.make_crls(365 * day);
  if (!lists) return lists.error();
  return place.write("est.crl", pem_of("X509 CRL", *lists));
}

Result<std::unique_ptr<ca::Authority>> make_authority(const Place& place) {
  ca::CreateOptions what;
  what.key_type = place.options.key_type;
  what.intermediate = place.options.intermediate;
  return ca::Authority::create({place.path("ca"), nullptr}, what);
}

// RFC 7030 4.1.3: OldWithOld, OldWithNew and NewWithOld exist after a rollover only.
Status make_rolled_authority(const Place& place) {
  est::ManualClock clock(place.now - 365 * day);
  ca::CreateOptions what;
  what.common_name = "estspec rolled CA";
  what.key_type = place.options.key_type;
  const auto authority = ca::Authority::create({place.path("rolled-ca"), &clock}, what);
  if (!authority) return authority.error();
  clock.set(place.now - 300);
  return (*authority)->rollover(place.options.key_type);
}

// Clients trust the root alone: certificates that issued themselves.
Status write_root(const Place& place, const ca::Authority& authority) {
  const Result<std::vector<Bytes>> certificates = authority.ca_certificates();
  if (!certificates) return certificates.error();
  std::vector<Bytes> roots;
  for (const Bytes& each : *certificates) {
    const auto decoded = codec::decode_certificate(each);
    if (decoded.value && decoded.value->self_issued()) roots.push_back(each);
  }
  return place.write("root.pem", pem_of("CERTIFICATE", roots));
}

// The chain that follows a certificate in its file: nothing when the root issues, for the peer has the root.
Result<std::vector<Bytes>> intermediates(const Place& place, const ca::Authority& authority) {
  if (!place.options.intermediate) return std::vector<Bytes>{};
  return authority.issuer_chain();
}

// Values for otpChallenge (RFC 7894), each good for one enrollment.
std::string one_time_passwords() {
  constexpr int count = 100;
  std::string lines;
  for (int i = 0; i < count; ++i) lines += est::hex(est::crypto::random_bytes(8)) + "\n";
  return lines;
}

}  // namespace

std::string pem_of(std::string_view label, const std::vector<Bytes>& objects) {
  std::string text;
  for (const Bytes& each : objects) text += codec::encode_pem(label, each);
  return text;
}

Status initialise(const InitOptions& options) {
  const Place place{options, est::system_clock().now()};
  if (Status made = make_folder(place); !made) return made;
  const Result<std::unique_ptr<ca::Authority>> authority = make_authority(place);
  if (!authority) return authority.error();
  if (Status made = make_rolled_authority(place); !made) return made;
  const Result<std::vector<Bytes>> chain = intermediates(place, **authority);
  if (!chain) return chain.error();
  if (Status made = write_root(place, **authority); !made) return made;
  if (Status made = make_server(place, **authority, *chain, "server", options.hosts); !made) return made;
  if (Status made = make_server(place, **authority, *chain, "server-named", {"named.localhost"}); !made) return made;
  if (Status made = make_clients(place, **authority, *chain); !made) return made;
  if (Status made = make_manufacturers(place); !made) return made;
  if (Status made = make_protection_keys(place, **authority); !made) return made;
  if (Status made = make_lists(place, **authority); !made) return made;
  if (Status made = place.write("estuser.password", est::hex(est::crypto::random_bytes(12)) + "\n", secret_mode); !made) return made;
  if (Status made = place.write("estuser.one-time-passwords", one_time_passwords(), secret_mode); !made) return made;
  const auto part = [] { return est::hex(est::crypto::random_bytes(6)); };
  if (Status made = place.write("colon-user.password", part() + ":" + part() + ":" + part() + "\n", secret_mode); !made) return made;
  if (Status made = place.write("umlaut-user.password", "Schl\u00FCssel-" + part() + "\n", secret_mode); !made) return made;
  return place.write("est-server.yaml", example_config());
}

}  // namespace server
