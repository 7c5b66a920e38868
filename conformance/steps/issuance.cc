#include "conformance/steps/issuance.h"

#include <algorithm>
#include <array>

#include "est/codec/base64.h"
#include "est/codec/media_type.h"
#include "est/codec/multipart.h"
#include "est/codec/oid.h"
#include "est/codec/signed_data.h"
#include "est/http/parser.h"

namespace conformance::steps {
namespace {

constexpr std::array harmless_verbs{"cacerts", "csrattrs", "handshake", "plain", "pause", "wait-retry", "operator", "finish"};
constexpr std::array issuing_operations{"simpleenroll", "simplereenroll", "serverkeygen", "fullcmc"};

std::string text_of(const engine::Step& step, const char* key) {
  const auto found = step.parameters.find(key);
  return found != step.parameters.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::size_t count_of(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + word.size())) ++count;
  return count;
}

std::size_t raw_may_issue(const engine::Step& step) {
  const std::size_t posts = count_of(text_of(step, "send"), "POST ");
  return std::max<std::size_t>(posts, step.parameters.contains("send-hex") ? 1 : 0);
}

bool request_may_issue(const engine::Step& step) {
  const std::string where = text_of(step, "operation") + " " + text_of(step, "path");
  const bool named = std::any_of(issuing_operations.begin(), issuing_operations.end(),
                                 [&](const char* name) { return where.find(name) != std::string::npos; });
  const std::string method = text_of(step, "method");
  return method == "POST" || (method.empty() && named) || step.parameters.contains("body") || step.parameters.contains("body-hex");
}

bool is_authority(const est::codec::Certificate& certificate) {
  for (const auto& extension : certificate.extensions) {
    const auto constraints = est::codec::decode_basic_constraints(extension.value);
    if (extension.id == est::codec::oids::basic_constraints && constraints.value) return constraints.value->ca;
  }
  return false;
}

void add_from(est::BytesView base64, std::vector<est::Bytes>& certificates) {
  const auto der = est::codec::decode_base64(est::as_text(base64), est::codec::Base64Mode::lenient);
  if (!der.value) return;
  const auto message = est::codec::decode_signed_data(*der.value);
  if (message.value) certificates.insert(certificates.end(), message.value->certificates.begin(), message.value->certificates.end());
}

void add_from(const est::http::Response& answer, std::vector<est::Bytes>& certificates) {
  const auto type = est::codec::decode_media_type(answer.fields.get("Content-Type").value_or(""));
  const auto boundary = type.value ? type.value->parameter("boundary") : std::nullopt;
  if (!boundary) return add_from(est::BytesView(answer.body), certificates);
  const auto parts = est::codec::decode_multipart(answer.body, *boundary);
  if (!parts.value) return;
  for (const auto& part : *parts.value) add_from(est::BytesView(part.body), certificates);
}

bool issued_here(const est::Bytes& der, const engine::Exchange& exchange) {
  const auto certificate = est::codec::decode_certificate(der);
  if (!certificate.value) return false;
  const auto wanted = exchange.artefacts.find("spki");
  return (wanted != exchange.artefacts.end() && wanted->second == certificate.value->spki) || !is_authority(*certificate.value);
}

void list_certificates(const Doing& doing, const std::vector<est::Bytes>& certificates) {
  for (const auto& der : certificates) {
    const auto certificate = est::codec::decode_certificate(der);
    if (!certificate.value) continue;
    doing.context.run.budget().obtained({.serial = certificate.value->serial_hex(),
                                         .issuer = certificate.value->issuer.to_string(),
                                         .subject = certificate.value->subject.to_string(),
                                         .not_after = certificate.value->validity.not_after,
                                         .scenario = doing.context.scenario,
                                         .step = doing.exchange.name});
  }
}

void settle(const Doing& doing, std::size_t taken) {
  CertificateBudget& budget = doing.context.run.budget();
  const auto certificates = certificates_issued(doing.exchange);
  list_certificates(doing, certificates);
  if (certificates.size() > taken) return budget.overdrawn(certificates.size() - taken);
  // Asked and not answered: it may have been issued all the same.
  const bool unknown = !doing.exchange.request.empty() && doing.exchange.response.empty();
  budget.give_back(unknown ? 0 : taken - certificates.size());
}

}  // namespace

std::size_t may_issue(const engine::Step& step) {
  if (std::find(harmless_verbs.begin(), harmless_verbs.end(), step.verb) != harmless_verbs.end()) return 0;
  if (step.verb == "raw") return raw_may_issue(step);
  if (step.verb == "request") return request_may_issue(step) ? 1 : 0;
  return 1;
}

std::vector<est::Bytes> certificates_issued(const engine::Exchange& exchange) {
  std::vector<est::Bytes> certificates;
  if (exchange.method == "GET" || exchange.method == "HEAD") return certificates;
  constexpr std::string_view start = "HTTP/1.";
  const std::string_view all = est::as_text(exchange.response);
  // Several answers may follow one another; neither base64 nor DER of a certificate is likely to look like the start of one.
  for (auto at = all.find(start); at != std::string_view::npos; at = all.find(start, at + start.size())) {
    const auto answer = est::http::parse_response(est::as_bytes(all.substr(at)), "POST", true).message;
    if (answer.status == 200) add_from(answer, certificates);
  }
  std::erase_if(certificates, [&](const est::Bytes& der) { return !issued_here(der, exchange); });
  return certificates;
}

void settle_finished(const Doing& doing) { settle(doing, 1); }

engine::StepOutcome perform_counted(Doing& doing, const std::function<engine::StepOutcome(Doing&)>& verb) {
  const std::size_t most = may_issue(doing.step);
  if (most == 0) return verb(doing);
  CertificateBudget& budget = doing.context.run.budget();
  if (!budget.take(most)) {
    return cannot("the run may obtain " + std::to_string(budget.most()) +
                  " certificates, and they are spent; raise limits.certificates (--max-certificates) or select fewer scenarios");
  }
  auto outcome = verb(doing);
  settle(doing, most);
  return outcome;
}

}  // namespace conformance::steps
