#include "server/commands.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>
#include <vector>

#include "ca/authority.h"
#include "est/base/clock.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "server/config.h"
#include "server/init.h"
#include "server/ready_file.h"

namespace server {
namespace {

using est::Bytes;
using est::Error;
using est::Result;
using est::Status;
using Json = nlohmann::ordered_json;

// The CAs a configuration names, opened.
struct Office {
  Config config;
  std::unique_ptr<ca::Authority> authority;
  Authorities others;
  ca::Authority* meant = nullptr;  // by the label; without one the server's
};

Result<Office> open_office(const Desk& desk) {
  Result<Config> config = load_config(desk.config_path);
  if (!config) return config.error();
  Result<std::unique_ptr<ca::Authority>> authority = ca::Authority::open({config->ca_directory, nullptr});
  if (!authority) return authority.error();
  Result<Authorities> others = open_authorities(config->labels);
  if (!others) return others.error();
  Office office{*std::move(config), *std::move(authority), *std::move(others)};
  office.meant = office.authority.get();
  if (!desk.label) return office;
  const auto policy = office.config.labels.find(*desk.label);
  if (policy == office.config.labels.end())
    return Error{"no label \"" + est::printable(*desk.label, 60) + "\" in " + desk.config_path + "; --label takes one of its labels"};
  if (!policy->second.ca_directory.empty()) office.meant = office.others.at(policy->second.ca_directory).get();
  return office;
}

// Serial numbers are random, so the CA that knows one is the one that is meant.
Result<ca::Authority*> issuer_of(const Office& office, const Bytes& serial, bool labelled) {
  std::vector<ca::Authority*> all{office.meant};
  if (!labelled)
    for (const auto& [directory, authority] : office.others) all.push_back(authority.get());
  for (ca::Authority* each : all) {
    const auto found = each->find(serial);
    if (!found) return found.error();
    if (found->has_value()) return each;
  }
  return office.meant;
}

// Serial numbers as tools print them: hexadecimal in either case, with or without colons and leading zeros. The result is the
// content of the INTEGER.
Result<Bytes> parse_serial(const std::string& text) {
  std::string digits;
  for (const char c : text)
    if (c != ':') digits.push_back(est::ascii_lower(c));
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty() || digits.find_first_not_of("0123456789abcdef") != std::string::npos)
    return Error{"\"" + est::printable(text, 60) + "\" is no serial number; give hexadecimal digits as in \"est-server list\""};
  if (digits.size() % 2 != 0) digits.insert(0, 1, '0');
  Bytes serial;
  for (std::size_t i = 0; i < digits.size(); i += 2) serial.push_back(static_cast<est::Byte>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  if (serial.front() >= 0x80) serial.insert(serial.begin(), 0);
  return serial;
}

// Of all CAs: they share the file. `valid_seconds` 0: as the configuration says.
Result<std::vector<Bytes>> all_lists(const Office& office, std::int64_t valid_seconds) {
  const std::int64_t validity = valid_seconds > 0 ? valid_seconds : office.config.crl_validity_seconds;
  Result<std::vector<Bytes>> lists = office.authority->make_crls(validity);
  if (!lists) return lists.error();
  for (const auto& [directory, authority] : office.others) {
    const Result<std::vector<Bytes>> more = authority->make_crls(validity);
    if (!more) return more.error();
    lists->insert(lists->end(), more->begin(), more->end());
  }
  return lists;
}

Status write_lists(const Office& office, std::int64_t valid_seconds, std::ostream& out) {
  const Result<std::vector<Bytes>> lists = all_lists(office, valid_seconds);
  if (!lists) return lists.error();
  const std::string pem = pem_of("X509 CRL", *lists);
  if (office.config.own_crl.empty()) {
    out << pem;
    return {};
  }
  if (Status written = est::write_file(office.config.own_crl, pem); !written) return written;
  out << "wrote " << office.config.own_crl << "\n";
  return {};
}

Status tell_server(const std::string& pid_file, std::ostream& out) {
  if (pid_file.empty()) {
    out << "a running server loads it on SIGHUP\n";
    return {};
  }
  Status asked = ask_reload(pid_file);
  if (asked) out << "the server has been told to load it\n";
  return asked;
}

void print_pending(const std::vector<ca::PendingRecord>& records, bool json, std::ostream& out) {
  Json all = Json::array();
  for (const ca::PendingRecord& each : records) {
    if (json)
      all.push_back({{"id", each.id},
                     {"state", each.state},
                     {"subject", each.subject},
                     {"identity", each.identity},
                     {"label", each.label},
                     {"asked_at", est::iso8601(each.asked_at)}});
    else
      out << each.id << "  " << each.state << "  " << est::printable(each.subject) << "  by " << est::printable(each.identity)
          << "  label \"" << each.label << "\"  " << est::iso8601(each.asked_at) << "\n";
  }
  if (json) out << all.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

void print_certificates(const std::vector<ca::CertificateRecord>& records, bool json, std::ostream& out) {
  Json all = Json::array();
  for (const ca::CertificateRecord& each : records) {
    const std::string revoked = each.revoked_at ? est::iso8601(*each.revoked_at) : std::string();
    if (json)
      all.push_back({{"serial", est::hex(each.serial)},
                     {"subject", each.subject},
                     {"identity", each.identity},
                     {"label", each.label},
                     {"not_after", est::iso8601(each.not_after)},
                     {"revoked_at", each.revoked_at ? Json(revoked) : Json(nullptr)}});
    else
      out << est::hex(each.serial) << "  until " << est::iso8601(each.not_after) << "  " << est::printable(each.subject) << "  for "
          << est::printable(each.identity) << (revoked.empty() ? "" : "  revoked " + revoked) << "\n";
  }
  if (json) out << all.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

}  // namespace

Status approve(const Desk& desk, std::optional<std::int64_t> id, std::ostream& out) {
  const Result<Office> office = open_office(desk);
  if (!office) return office.error();
  std::vector<std::int64_t> ids;
  if (id) {
    ids.push_back(*id);
  } else {
    const auto records = office->meant->pending();
    if (!records) return records.error();
    for (const ca::PendingRecord& each : *records)
      if (each.state == "waiting") ids.push_back(each.id);
  }
  for (const std::int64_t each : ids) {
    if (Status approved = office->meant->approve(each); !approved) return approved;
    out << "approved " << each << "; the client gets its certificate when it asks again\n";
  }
  if (ids.empty()) out << "nothing waits for approval\n";
  return {};
}

Status reject(const Desk& desk, std::int64_t id, std::ostream& out) {
  const Result<Office> office = open_office(desk);
  if (!office) return office.error();
  if (Status rejected = office->meant->reject(id); !rejected) return rejected;
  out << "rejected " << id << "\n";
  return {};
}

Status revoke(const Desk& desk, const std::string& serial_hex, const std::string& pid_file, std::ostream& out) {
  const Result<Bytes> serial = parse_serial(serial_hex);
  if (!serial) return serial.error();
  const Result<Office> office = open_office(desk);
  if (!office) return office.error();
  const Result<ca::Authority*> issuer = issuer_of(*office, *serial, desk.label.has_value());
  if (!issuer) return issuer.error();
  if (Status revoked = (*issuer)->revoke(*serial); !revoked) return revoked;
  out << "revoked " << est::hex(*serial) << "\n";
  if (Status written = write_lists(*office, 0, out); !written) return written;
  return tell_server(pid_file, out);
}

Status reload(const std::string& ready_file, std::ostream& out) {
  Status asked = ask_reload(ready_file);
  if (asked) out << "reloaded\n";
  return asked;
}

Status list(const Desk& desk, const ListOptions& options, std::ostream& out) {
  const Result<Office> office = open_office(desk);
  if (!office) return office.error();
  if (options.pending) {
    const auto records = office->meant->pending();
    if (!records) return records.error();
    print_pending(*records, options.json, out);
    return {};
  }
  const auto records = office->meant->certificates();
  if (!records) return records.error();
  print_certificates(*records, options.json, out);
  return {};
}

Status make_crl(const std::string& config_path, const std::string& pid_file, std::int64_t valid_seconds, std::ostream& out) {
  const Result<Office> office = open_office({config_path});
  if (!office) return office.error();
  if (Status written = write_lists(*office, valid_seconds, out); !written) return written;
  return office->config.own_crl.empty() ? Status{} : tell_server(pid_file, out);
}

}  // namespace server
