#include "client/answer.h"

#include <algorithm>

#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/cmc.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/media_type.h"
#include "est/ops/message.h"

namespace client {
namespace {

using est::Bytes;
using est::http::Response;

constexpr std::size_t most_text = 300;
constexpr std::string_view pkcs7 = "application/pkcs7-mime";

Problem bad_answer(const Response& response, const std::string& what) { return {ProblemKind::answer, what, response.status}; }

// The statuses of a Full PKI Response that came with an error.
std::string cmc_text(const Response& response) {
  const auto message = est::ops::read_signed_data_body(response.body);
  if (!message.value || !message.value->content) return {};
  const auto content = est::codec::decode_pki_response(*message.value->content);
  if (!content.value) return {};
  std::string text;
  for (const est::codec::Control& control : content.value->controls) {
    if (control.type != est::codec::cmc_oids::status_info_v2 && control.type != est::codec::cmc_oids::status_info) continue;
    const auto status = est::codec::read_status_info(control);
    if (!status.value) continue;
    text += (text.empty() ? "" : "; ") + std::string("CMC status ") + est::codec::status_name(status.value->status);
    if (status.value->fail_info) text += " (" + est::codec::fail_info_name(*status.value->fail_info) + ")";
    if (status.value->text) text += ": " + *status.value->text;
  }
  return text;
}

std::string explanation(const Response& response) {
  const auto type = est::codec::decode_media_type(response.fields.get("Content-Type").value_or("text/plain"));
  if (type.value && type.value->is(pkcs7)) return cmc_text(response);
  if (!type.value || type.value->type != "text") return {};
  std::string text(est::trim(est::as_text(response.body)));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

Problem refusal(const Response& response, std::string_view operation) {
  std::string reason = "the server answers /" + std::string(operation) + " with status " + std::to_string(response.status) + " " +
                       est::printable(response.reason, 60);
  const std::string text = explanation(response);
  if (!text.empty()) reason += ": " + est::printable(text, most_text);
  return {ProblemKind::refused, reason, response.status};
}

std::optional<Problem> wrong_media_type(const Response& response, std::string_view essence) {
  const auto field = response.fields.get("Content-Type");
  if (!field) return bad_answer(response, "the answer has no Content-Type; " + std::string(essence) + " was expected");
  const auto type = est::codec::decode_media_type(*field);
  if (type.value && type.value->is(essence)) return std::nullopt;
  return bad_answer(response, "the answer is of type " + est::printable(*field, 80) + ", not " + std::string(essence));
}

Outcome<std::vector<Bytes>> certificates_in(const Response& response, std::string_view operation) {
  if (response.status != 200) return refusal(response, operation);
  if (auto problem = wrong_media_type(response, pkcs7)) return *std::move(problem);
  auto certificates = est::ops::read_certs_only_body(response.body);
  if (!certificates.accepted())
    return bad_answer(response, "the answer is no certs-only message in base64: " + est::printable(describe_first(certificates.findings)));
  return *std::move(certificates.value);
}

Outcome<Attributes> attributes_in(const Response& response) {
  if (response.status == 204 || response.status == 404) return Attributes{};
  if (response.status != 200) return refusal(response, "csrattrs");
  if (auto problem = wrong_media_type(response, "application/csrattrs")) return *std::move(problem);
  const auto der = est::codec::decode_base64(est::as_text(response.body), est::codec::Base64Mode::lenient);
  if (!der.accepted() || der.value->empty())
    return bad_answer(response, "the answer is no base64: " + est::printable(describe_first(der.findings)));
  auto attributes = est::codec::decode_csrattrs(*der.value);
  if (!attributes.value)
    return bad_answer(response, "the answer holds no CSR attributes: " + est::printable(describe_first(attributes.findings)));
  Attributes found;
  for (const est::Finding& finding : attributes.findings)
    if (finding.severity == est::Severity::error) found.notes.push_back("ignored in the CSR attributes: " + est::printable(finding.detail));
  if (!attributes.value->elements.empty()) found.asked = *std::move(attributes.value);
  return found;
}

Outcome<std::vector<Bytes>> certificate_for(std::vector<Bytes> certificates, est::BytesView public_key_info) {
  for (auto each = certificates.begin(); each != certificates.end(); ++each) {
    const auto decoded = est::codec::decode_certificate(*each);
    if (!decoded.value || !est::equal(decoded.value->spki, public_key_info)) continue;
    std::rotate(certificates.begin(), each, each + 1);
    return certificates;
  }
  return Problem{ProblemKind::answer, "no certificate of the answer is for the key of the request", 200};
}

}  // namespace client
