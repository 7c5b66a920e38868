#include "server/trust.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"

namespace server {
namespace {

using est::Bytes;
using est::Error;
using est::Result;
using est::Status;

constexpr std::size_t password_limit = 4096;
constexpr std::size_t one_time_limit = std::size_t{1} << 20U;

}  // namespace

Status add_anchors(const std::vector<std::string>& paths, std::vector<Bytes>& anchors) {
  for (const std::string& path : paths) {
    const Result<std::string> text = est::read_file(path);
    if (!text) return text.error();
    Result<std::vector<Bytes>> certificates = est::crypto::certificates_from_pem(*text);
    if (!certificates) return Error{path + ": " + certificates.error().message + "; give a file of PEM certificates"};
    for (Bytes& certificate : *certificates) anchors.push_back(std::move(certificate));
  }
  return {};
}

Result<std::string> password_from_file(const std::string& path) {
  Result<std::string> content = est::read_file(path, password_limit);
  if (!content) return content;
  std::string password(est::trim(*content, "\r\n"));
  if (password.empty()) return Error{path + " holds no password; write one line"};
  return password;
}

namespace {

// PEM with any number of lists, or the DER of one.
Status add_crls(const std::string& path, std::vector<Bytes>& crls) {
  const Result<std::string> content = est::read_file(path);
  if (!content) return Error{content.error().message + "; make it with \"est-server crl\""};
  if (content->find("-----BEGIN") == std::string::npos) {
    Bytes der = est::to_bytes(*content);
    if (const auto parsed = est::crypto::parse_crl(der); !parsed) return Error{path + ": " + parsed.error().message};
    crls.push_back(std::move(der));
    return {};
  }
  Result<std::vector<Bytes>> lists = est::crypto::crls_from_pem(*content);
  if (!lists) return Error{path + ": " + lists.error().message + "; make it with \"est-server crl\""};
  for (Bytes& list : *lists) crls.push_back(std::move(list));
  return {};
}

Result<std::string> password_of(const UserSource& user) {
  switch (user.kind) {
    case UserSource::Kind::literal:
      return user.value;
    case UserSource::Kind::file:
      return password_from_file(user.value);
    case UserSource::Kind::environment:
      break;
  }
  // Nobody calls setenv in this program, so getenv is safe from any thread.
  const char* value = std::getenv(user.value.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr || *value == '\0')
    return Error{"the environment variable " + user.value + " is not set; it holds a user's password"};
  return std::string(value);
}

Result<std::vector<UserSource>> users_of_file(const std::string& path) {
  if (path.empty()) return std::vector<UserSource>{};
  const Result<std::string> text = est::read_file(path);
  if (!text) return text.error();
  namespace fs = std::filesystem;
  std::error_code failed;
  const fs::perms mode = fs::status(path, failed).permissions();
  if (failed || (mode & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none)
    return Error{path + " holds passwords and is open to others; run \"chmod 600 " + path + "\""};
  return parse_users(*text, path);
}

Status add_one_time_passwords(const UserSource& user, Trust& trust) {
  if (user.one_time_passwords.empty()) return {};
  const Result<std::string> content = est::read_file(user.one_time_passwords, one_time_limit);
  if (!content) return content.error();
  auto& known = trust.one_time_passwords[user.name];
  for (const std::string_view line : est::split(*content, '\n')) {
    const std::string_view value = est::trim(line);
    if (!value.empty()) known.emplace(value);
  }
  return {};
}

Status add_passwords(const std::vector<UserSource>& users, Trust& trust) {
  for (const UserSource& user : users) {
    Result<std::string> password = password_of(user);
    if (!password) return password.error();
    if (!trust.passwords.emplace(user.name, *std::move(password)).second)
      return Error{"the user " + est::printable(user.name, 60) + " is configured twice; remove one"};
    if (Status added = add_one_time_passwords(user, trust); !added) return added;
  }
  return {};
}

Status add_manufacturers(const std::vector<ManufacturerConfig>& manufacturers, Trust& trust) {
  for (const ManufacturerConfig& each : manufacturers) {
    Manufacturer one{{}, each.identity, each.organization};
    if (Status added = add_anchors({each.anchors}, one.anchors); !added) return added;
    trust.implicit_anchors.insert(trust.implicit_anchors.end(), one.anchors.begin(), one.anchors.end());
    trust.manufacturers.push_back(std::move(one));
  }
  return {};
}

Status load_lists(const Config& config, Trust& trust) {
  if (!config.own_crl.empty())
    if (Status added = add_crls(config.own_crl, trust.crls); !added) return added;
  for (const std::string& path : config.crls)
    if (Status added = add_crls(path, trust.crls); !added) return added;
  return {};
}

}  // namespace

Result<Trust> load_trust(const Config& config, const ca::Authority& authority) {
  Result<std::vector<Bytes>> own = authority.ca_certificates();
  if (!own) return own.error();
  return load_trust(config, *std::move(own));
}

Result<Trust> load_trust(const Config& config, std::vector<Bytes> authority) {
  Trust trust;
  trust.authority = std::move(authority);
  trust.check_crl = config.check_crl;
  if (Status added = add_anchors(config.explicit_anchors, trust.explicit_anchors); !added) return added.error();
  if (Status added = add_anchors(config.implicit_anchors, trust.implicit_anchors); !added) return added.error();
  if (Status added = add_manufacturers(config.manufacturers, trust); !added) return added.error();
  if (Status loaded = load_lists(config, trust); !loaded) return loaded.error();
  if (Status added = add_passwords(config.users, trust); !added) return added.error();
  Result<std::vector<UserSource>> more = users_of_file(config.users_file);
  if (!more) return more.error();
  if (Status added = add_passwords(*more, trust); !added) return added.error();
  return trust;
}

}  // namespace server
