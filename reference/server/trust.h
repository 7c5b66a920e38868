// Whom the server believes: trust anchors, revocation lists and passwords, as one immutable snapshot that a reload swaps whole.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "ca/authority.h"
#include "est/base/bytes.h"
#include "est/base/result.h"
#include "server/config.h"
#include "server/replaceable.h"

namespace server {

// Whose devices come with certificates that name them: `identity` is the attribute of their Subject that does, and `organization` keeps
// the names of two manufacturers apart, who may both have a device 4711.
struct Manufacturer {
  std::vector<est::Bytes> anchors;
  est::codec::Oid identity;
  std::string organization;
};

// RFC 7030 3.3.2 and 2.2.1: clients under the explicit anchors hold certificates of this EST CA (or of one the operator put
// beside it); those under the implicit ones were made by somebody else, such as a manufacturer.
struct Trust {
  std::vector<est::Bytes> authority;         // the EST CA's own certificates
  std::vector<est::Bytes> explicit_anchors;  // further explicit ones
  std::vector<est::Bytes> implicit_anchors;  // those of the manufacturers as well
  std::vector<Manufacturer> manufacturers;
  std::vector<est::Bytes> crls;
  bool check_crl = false;
  std::map<std::string, std::string, std::less<>> passwords;
  // User to the values good for one otpChallenge each (RFC 7894 3.1); which are used up, the CA's database says.
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> one_time_passwords;
};

// Reads everything the configuration names. Errors name the file and the cure.
[[nodiscard]] est::Result<Trust> load_trust(const Config& config, const ca::Authority& authority);
// The same where the EST CA is somewhere else: `authority` are its certificates.
[[nodiscard]] est::Result<Trust> load_trust(const Config& config, std::vector<est::Bytes> authority);

using TrustStore = Replaceable<Trust>;

// The certificates of PEM files, added to `anchors`. Errors name the file and the cure.
[[nodiscard]] est::Status add_anchors(const std::vector<std::string>& paths, std::vector<est::Bytes>& anchors);
// A password file holds one line; its line end does not count.
[[nodiscard]] est::Result<std::string> password_from_file(const std::string& path);

}  // namespace server
