#include "proxy/answers.h"

#include <algorithm>
#include <utility>

#include "client/full_cmc.h"
#include "est/base/text.h"
#include "est/codec/generated_key.h"
#include "est/crypto/chain.h"
#include "est/crypto/envelope.h"
#include "est/http/values.h"
#include "est/ops/message.h"

namespace proxy {
namespace {

using est::Bytes;
using est::Error;
using est::Status;
using est::codec::CmcFailInfo;
using est::codec::CmcStatus;
using est::codec::StatusInfo;
using est::http::Response;
using server::Answer;

constexpr std::size_t longest_sentence = 1000;

// The upstream's own words, as text and nothing else.
std::string words_of(const Response& said) {
  const std::string type = said.fields.get("Content-Type").value_or("");
  if (!est::iequals(type.substr(0, 10), "text/plain") || said.body.empty()) return "The CA refuses the request.";
  return est::printable(est::trim(est::as_text(said.body)), longest_sentence);
}

bool is(const StatusInfo& status, CmcStatus value) { return status.status == static_cast<std::int64_t>(value); }
bool is(const StatusInfo& status, CmcFailInfo value) { return status.fail_info == static_cast<std::int64_t>(value); }

bool about_the_request(const StatusInfo& status) {
  const auto names_it = [](const std::vector<est::codec::BodyPartId>& path) { return !path.empty() && path.back() == client::pkcs10_part; };
  return std::any_of(status.body_list.begin(), status.body_list.end(), names_it);
}

// RFC 5272 6.1.4: what is wrong with a signature, a time or who signs is about the message, unless the request is named.
bool about_us(const StatusInfo& status) {
  if (about_the_request(status)) return false;
  return is(status, CmcFailInfo::bad_message_check) || is(status, CmcFailInfo::bad_time) || is(status, CmcFailInfo::bad_identity) ||
         is(status, CmcFailInfo::auth_data_fail) || is(status, CmcFailInfo::pop_failed) || is(status, CmcStatus::no_support) ||
         is(status, CmcStatus::confirm_required) || is(status, CmcStatus::pop_required);
}

std::string told(const StatusInfo& status) {
  std::string cause = "CMC status " + est::codec::status_name(status.status);
  if (status.fail_info) cause += " (" + est::codec::fail_info_name(*status.fail_info) + ")";
  if (status.text) cause += ": " + est::printable(*status.text, longest_sentence);
  return cause;
}

Answer later(const StatusInfo& status, std::int64_t retry_seconds) {
  Answer answer = server::refuse(202, "The request waits at the CA; repeat it after the time in Retry-After.");
  answer.response.fields.set("Retry-After", std::to_string(retry_seconds));
  answer.cause = "upstream: " + told(status);
  return answer;
}

// The part's certificates, without a copy of the key beside it.
Status check_certificates(const Bytes& part, const CaCertificates* known) {
  const auto certificates = est::ops::read_certs_only_body(part);
  if (!certificates.accepted() || certificates.value->empty())
    return Error{"the certificate beside the generated key cannot be read: " + est::describe_first(certificates.findings)};
  Status last = Error{"there is no certificate beside the generated key"};
  for (const Bytes& each : *certificates.value) {
    last = believed(each, known);
    if (last) return last;
  }
  return last;
}

}  // namespace

Answer not_now(std::string_view sentence, std::string cause, std::int64_t retry_seconds) {
  Answer answer = server::refuse(503, sentence);
  answer.response.fields.set("Retry-After", std::to_string(retry_seconds));
  answer.cause = std::move(cause);
  return answer;
}

Answer failed(const UpstreamFailure& failure, std::int64_t retry_seconds) {
  if (failure.status == 503) return not_now(failure.sentence, failure.cause, retry_seconds);
  Answer answer = server::refuse(failure.status, failure.sentence);
  answer.cause = failure.cause;
  return answer;
}

Answer given_on(const Response& said, std::int64_t retry_seconds) {
  const auto retry = est::http::parse_retry_after(said.fields.get("Retry-After").value_or(""));
  const std::string words = words_of(said);
  Answer answer = server::refuse(said.status, words);
  answer.cause = "upstream: " + words;
  const bool waits = said.status == 202 || said.status == 503;
  if (retry)
    answer.response.fields.set("Retry-After", est::http::encode(*retry));
  else if (waits)
    answer.response.fields.set("Retry-After", std::to_string(retry_seconds));
  return answer;
}

bool all_success(const std::vector<StatusInfo>& statuses) {
  return !statuses.empty() && std::all_of(statuses.begin(), statuses.end(), [](const auto& each) { return is(each, CmcStatus::success); });
}

Answer refused(const std::vector<StatusInfo>& statuses, std::int64_t retry_seconds) {
  const auto found = std::find_if(statuses.begin(), statuses.end(), [](const auto& each) { return !is(each, CmcStatus::success); });
  if (found == statuses.end()) return failed(no_good_answer("a Full PKI Response without a status"), retry_seconds);
  const StatusInfo& status = *found;
  if (is(status, CmcStatus::pending)) return later(status, retry_seconds);
  if (is(status, CmcFailInfo::internal_ca_error) || is(status, CmcFailInfo::try_later))
    return not_now("The CA is not available just now; repeat the request later.", told(status), retry_seconds);
  if (about_us(status)) return failed(no_good_answer(told(status)), retry_seconds);
  const std::string words =
      status.text ? est::printable(*status.text, longest_sentence) : "The CA refuses the request: " + told(status) + ".";
  Answer answer = server::refuse(is(status, CmcFailInfo::bad_identity) ? 403 : 400, words);
  answer.cause = "upstream: " + told(status);
  return answer;
}

Status believed(est::BytesView certificate, const CaCertificates* known) {
  if (known == nullptr) return Error{"the CA's certificates are not known, so that nothing it issues can be checked"};
  const auto path = est::crypto::verify_chain(certificate, known->intermediates, known->anchors, {}, {});
  if (!path) return path.error();
  return path->valid ? Status{} : Status{Error{"the certificate issued does not lead to the CA: " + path->reason}};
}

Status check_generated_key(const Response& said, const CaCertificates* known) {
  auto answer = est::codec::decode_generated_key_answer(said.fields.get("Content-Type").value_or(""), said.body);
  Status checked = Error{"the answer to /serverkeygen cannot be read: " + est::describe_first(answer.findings)};
  if (answer.accepted() && answer.value->certificates)
    checked = check_certificates(answer.value->parts[*answer.value->certificates].part.body, known);
  if (answer.value)
    for (auto& each : answer.value->parts) est::crypto::wipe(each.part.body);
  return checked;
}

}  // namespace proxy
