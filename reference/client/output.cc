#include "client/output.h"

#include <filesystem>
#include <ostream>
#include <system_error>

#include "client/files.h"
#include "client/secret.h"
#include "est/base/text.h"
#include "est/codec/x509.h"
#include "est/crypto/digest.h"
#include "est/crypto/envelope.h"

namespace client {
namespace {

using est::Bytes;
using est::Error;
using est::Result;
using est::Status;
using Json = nlohmann::ordered_json;

Json certificate_json(const est::codec::Certificate& certificate) {
  return {{"subject", est::printable(certificate.subject.to_string(), 500)},
          {"issuer", est::printable(certificate.issuer.to_string(), 500)},
          {"serial", certificate.serial_hex()},
          {"not-before", est::iso8601(certificate.validity.not_before)},
          {"not-after", est::iso8601(certificate.validity.not_after)},
          {"sha256", est::hex(est::crypto::digest(est::crypto::Digest::sha256, certificate.der))}};
}

std::string element_text(const est::codec::AttrOrOid& element) {
  if (const auto* oid = std::get_if<est::codec::Oid>(&element)) return oid->name();
  const auto& attribute = std::get<est::codec::Attribute>(element);
  std::string text = attribute.type.name();
  for (const Bytes& value : attribute.values) text += " " + est::hex(value);
  return text;
}

Result<Secret> output_passphrase(const OutputPlan& plan, Report& report) {
  if (plan.passphrase.empty()) return Secret();
  Result<SecretSource> source = SecretSource::parse(plan.passphrase);
  if (!source) return source.error();
  std::vector<std::string> warnings;
  Result<Secret> passphrase = source->read("the passphrase of the key that is written", warnings);
  report.add_notes(warnings);
  return passphrase;
}

Status stage_pkcs12(StagedFiles& files, const OutputPlan& plan, const std::vector<Bytes>& chain, const est::crypto::PrivateKey* key,
                    Report& report) {
  if (key == nullptr) return Error{"PKCS #12 needs the key; give --key"};
  const Result<Secret> passphrase = output_passphrase(plan, report);
  if (!passphrase) return passphrase.error();
  if (!key->token_uri().empty()) return Error{"the key cannot leave its token, so that there can be no PKCS #12 file; use --format pem"};
  const Result<Bytes> made = pkcs12(*key, chain, *passphrase);
  if (!made) return made.error();
  return files.stage(plan.certificate, est::as_text(*made), FileKind::secret);
}

Status stage_pem(StagedFiles& files, const OutputPlan& plan, const std::vector<Bytes>& chain, const est::crypto::PrivateKey* key,
                 Report& report) {
  if (key != nullptr && !plan.key.empty()) {
    const Result<Secret> passphrase = output_passphrase(plan, report);
    if (!passphrase) return passphrase.error();
    const Result<std::string> text = key_pem(*key, *passphrase);
    if (!text) return text.error();
    if (Status staged = files.stage(plan.key, *text, FileKind::secret); !staged) return staged;
  }
  return files.stage(plan.certificate, certificates_pem(chain), FileKind::open);
}

void remove_pending(const OutputPlan& plan) {
  std::error_code ignored;
  std::filesystem::remove(plan.pending(), ignored);
}

Status make_parent(const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path parent = fs::path(path).parent_path();
  std::error_code failed;
  if (parent.empty() || fs::is_directory(parent, failed)) return {};
  fs::create_directories(parent, failed);
  if (!failed) fs::permissions(parent, fs::perms::owner_all, failed);
  if (failed) return Error{"cannot make the folder " + parent.string() + ": " + failed.message()};
  return {};
}

}  // namespace

Report::Report(const std::string& operation, const std::string& url) : json_{{"operation", operation}, {"url", est::printable(url)}} {}

void Report::add_anchors(const CaAnswer& answer) {
  json_["server-authorised-by"] = answer.origin.basis == Basis::none ? "confirmed CA certificate" : to_string(answer.origin.basis);
  text_ += "CA certificates from " + est::printable(answer.origin.url) + "\n";
  for (const CaCertificate& each : answer.set.certificates) {
    Json one = certificate_json(each.certificate);
    one["role"] = to_string(each.role);
    one["used"] = each.unused.empty();
    json_["ca-certificates"].push_back(std::move(one));
    text_ += "  " + std::string(to_string(each.role)) + ": " + est::printable(each.certificate.subject.to_string()) + ", until " +
             est::iso8601(each.certificate.validity.not_after) + (each.unused.empty() ? "" : " (not used: " + each.unused + ")") + "\n";
  }
  add_notes(answer.set.notes);
}

void Report::add_attributes(const Attributes& attributes) {
  json_["attributes"] = Json::array();
  if (!attributes.asked) text_ += "the server asks for no CSR attributes\n";
  if (attributes.asked)
    for (const auto& element : attributes.asked->elements) {
      json_["attributes"].push_back(element_text(element));
      text_ += element_text(element) + "\n";
    }
  add_notes(attributes.notes);
}

void Report::add_certificate(const Bytes& certificate, bool linked) {
  const auto decoded = est::codec::decode_certificate(certificate);
  if (!decoded.value) return;
  json_["certificate"] = certificate_json(*decoded.value);
  json_["linked"] = linked;
  text_ += "certificate: " + est::printable(decoded.value->subject.to_string()) + ", serial " + decoded.value->serial_hex() + ", until " +
           est::iso8601(decoded.value->validity.not_after) + "\n";
}

void Report::add_file(const std::string& path) {
  json_["files"].push_back(path);
  text_ += "wrote " + path + "\n";
}

void Report::add_notes(const std::vector<std::string>& notes) { notes_.insert(notes_.end(), notes.begin(), notes.end()); }

int Report::finish(const std::optional<Problem>& problem, int status, bool json, std::ostream& out, std::ostream& err) {
  const int code = problem ? exit_code(problem->kind) : 0;
  const int last = problem && problem->status != 0 ? problem->status : status;
  if (json) {
    json_["ok"] = !problem.has_value();
    json_["exit-code"] = code;
    json_["http-status"] = last;
    json_["kind"] = problem ? Json(to_string(problem->kind)) : Json(nullptr);
    json_["reason"] = problem ? Json(problem->reason) : Json(nullptr);
    if (problem && problem->wait) json_["retry-after-seconds"] = *problem->wait;
    json_["notes"] = notes_;
    out << json_.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
    return code;
  }
  for (const std::string& note : notes_) err << "est-client: note: " << note << "\n";
  (only_.empty() ? out : err) << text_;
  out << only_;
  if (problem) err << "est-client: " << problem->reason << (last != 0 ? " [last HTTP status " + std::to_string(last) + "]" : "") << "\n";
  return code;
}

std::string pem_text(const std::vector<Bytes>& certificates) { return certificates_pem(certificates); }

Status write_certificates(const OutputPlan& plan, const std::vector<Bytes>& certificates, Report& report) {
  Status written =
      write_output(plan.certificate, certificates_pem(certificates), FileKind::open, plan.replace ? Overwrite::replace : Overwrite::refuse);
  if (written) report.add_file(plan.certificate);
  return written;
}

Status write_pending_key(const OutputPlan& plan, const est::crypto::PrivateKey& key, Report& /*report*/) {
  if (Status made = make_parent(plan.pending()); !made) return made;
  const Result<std::string> text = key_pem(key);
  if (!text) return text.error();
  return write_output(plan.pending(), *text, FileKind::secret, Overwrite::replace);
}

Status write_credential(const OutputPlan& plan, const std::vector<Bytes>& chain, const est::crypto::PrivateKey* key, Report& report) {
  if (Status made = make_parent(plan.certificate); !made) return made;
  StagedFiles files(plan.replace ? Overwrite::replace : Overwrite::refuse);
  Status staged = plan.pkcs12 ? stage_pkcs12(files, plan, chain, key, report) : stage_pem(files, plan, chain, key, report);
  if (!staged) return staged;
  if (Status done = files.commit(); !done) return done;
  remove_pending(plan);
  report.add_file(plan.certificate);
  if (!plan.pkcs12 && key != nullptr && !plan.key.empty()) report.add_file(plan.key);
  return {};
}

}  // namespace client
