// Faults of the client: what it makes of answers, those it must refuse and those it must cope with (RFC 7030 4.1.3, 4.2.3, 4.3.2, 4.4.2,
// 4.5.2; RFC 8951 3).
#include <algorithm>

#include "conformance/selftest/client_faults_support.h"
#include "est/base/text.h"
#include "est/codec/csrattrs.h"
#include "est/ops/message.h"

namespace conformance::selftest {

namespace {

using est::http::Request;
using AnswerTest = std::function<bool(const Response&)>;

bool holds_text(const Response& answer, std::string_view part) { return est::as_text(answer.body).find(part) != std::string_view::npos; }

// Of certs-only answers.
std::size_t certificate_count(const Response& answer) {
  const auto certificates = est::ops::read_certs_only_body(answer.body);
  return certificates.value ? certificates.value->size() : 0;
}

Configure balks_in(Operation operation, AnswerTest odd) {
  return balks_at(
      [operation, odd = std::move(odd)](const Request& request, const Response& answer) { return is(request, operation) && odd(answer); });
}

std::string type_of(const Response& answer) { return answer.fields.get("Content-Type").value_or(""); }

// Success by the last answer alone.
Conclude content_with(AnswerTest enough) {
  return success_if([enough = std::move(enough)](const ClientAct& act) {
    const Response* answer = last_answer(act);
    return answer != nullptr && enough(*answer);
  });
}

Conclude content_in(Operation operation, AnswerTest enough) {
  return success_if([operation, enough = std::move(enough)](const ClientAct& act) {
    const Response* answer = last_answer(act);
    return answer != nullptr && is(act.met.back().request, operation) && enough(*answer);
  });
}

// Another 200 than that of /cacerts and /csrattrs.
bool is_ok(const Response& answer) { return answer.status == 200; }

std::vector<ClientFault> credulity() {
  const std::string by_status = "an answer with that status counts as a success wherever it comes";
  return {
      {.id = "FAULT-CL-ANSWER-01",
       .sentence = "does not look into an answer with status 200",
       .kills = {"EST-CL-064/truncated", "EST-CL-064/garbage", "EST-CL-064/broken-der", "EST-CL-064/empty", "EST-CL-072",
                 "EST-CL-104/other-key", "EST-CL-104/none", "EST-CL-104/issuer-alone", "EST-CL-106", "EST-CL-107/truncated",
                 "EST-CL-107/garbage", "EST-CL-107/broken-der", "EST-CL-107/empty", "EST-CL-252", "EST-CL-253/no-key",
                 "EST-CL-253/no-certificate", "EST-CL-253/certs-only"},
       .also = any_client,
       .because = by_status,
       .act = content_with(is_ok)},
      {.id = "FAULT-CL-ANSWER-02",
       .sentence = "takes any answer for a success, whatever its status",
       .kills = {"EST-CL-065/404", "EST-CL-065/400", "EST-CL-065/500", "EST-CL-065/503", "EST-CL-105/400", "EST-CL-105/403",
                 "EST-CL-105/404", "EST-CL-105/500", "EST-CL-105/501", "EST-CL-271/404", "EST-CL-271/501"},
       .also = any_client,
       .because = by_status,
       .act = content_with([](const Response& answer) { return answer.status >= 400; })},
      {.id = "FAULT-CL-ANSWER-03",
       .sentence = "looks at the type of an answer, not at its status",
       .kills = {"EST-CL-066"},
       .act = content_with([](const Response& answer) { return answer.status >= 400 && is_media_type(answer, "application/pkcs7-mime"); })},
      {.id = "FAULT-CL-ANSWER-04",
       .sentence = "takes every status that begins with 2 for a success",
       .kills = {"EST-CL-111"},
       .also = {"EST-CL-109", "EST-CL-110", "EST-CL-222", "EST-CL-112", "EST-CL-113", "EST-CL-352/*", "EST-CL-408"},
       .because = "202 is not waited for",
       .act = content_with([](const Response& answer) { return answer.status == 202; })},
      {.id = "FAULT-CL-ANSWER-05",
       .sentence = "stores a certificate without comparing its key with that of the request",
       .kills = {"EST-CL-104/other-key", "EST-CL-104/issuer-alone"},
       .act = content_in(Operation::simpleenroll, [](const Response& answer) { return is_ok(answer) && certificate_count(answer) > 0; })},
      {.id = "FAULT-CL-ANSWER-06",
       .sentence = "does not mind when there is no certificate in the message",
       .kills = {"EST-CL-072", "EST-CL-104/none"},
       .act = content_with([](const Response& answer) {
         const Bytes der = decoded_body(answer.body);
         return is_ok(answer) && is_media_type(answer, "application/pkcs7-mime") && !der.empty() && der.size() < 100;
       })},
      {.id = "FAULT-CL-ANSWER-07",
       .sentence = "takes a page of HTML for an answer",
       .kills = {"EST-CL-106"},
       .act = content_with([](const Response& answer) { return is_ok(answer) && is_media_type(answer, "text/html"); })},
      {.id = "FAULT-CL-ANSWER-08",
       .sentence = "does not compare the generated key with the certificate",
       .kills = {"EST-CL-252"},
       .also = {"EST-CL-253/*"},
       .because = "whatever has two parts is enough",
       .act =
           content_in(Operation::serverkeygen,
                      [](const Response& answer) { return is_ok(answer) && holds_text(answer, "pkcs8") && holds_text(answer, "pkcs7"); })},
      {.id = "FAULT-CL-ANSWER-09",
       .sentence = "is content with half of a generated credential",
       .kills = {"EST-CL-253/no-key", "EST-CL-253/no-certificate", "EST-CL-253/certs-only", "EST-CL-431/enveloped-for-another/symmetric",
                 "EST-CL-431/enveloped-for-another/key-agreement", "EST-CL-431/enveloped-unknown-kind/symmetric",
                 "EST-CL-431/enveloped-unknown-kind/key-agreement", "EST-CL-432"},
       .also = {"EST-CL-252"},
       .because = "whatever comes from /serverkeygen is enough",
       .act = content_in(Operation::serverkeygen, is_ok)},
  };
}

std::vector<ClientFault> narrow_readers() {
  const auto type_is = [](std::function<bool(const std::string&)> odd) {
    return balks_in(Operation::cacerts, [odd = std::move(odd)](const Response& answer) { return odd(type_of(answer)); });
  };
  const auto transfer_encoding = [](const std::string& value) {
    return balks_at(
        [value](const Request&, const Response& answer) { return answer.fields.get("Content-Transfer-Encoding").value_or("") == value; });
  };
  return {
      {.id = "FAULT-CL-READ-01",
       .sentence = "does not read base64 that is folded by CR LF",
       .kills = {"EST-CL-062/folded", "EST-CL-102/folded"},
       .also = any_client,
       .because = "folded answers are sent elsewhere, too",
       .configure = balks_at([](const Request&, const Response& answer) {
         return !is_media_type(answer, "multipart/mixed") && est::trim(est::as_text(answer.body)).find("\r\n") != std::string_view::npos;
       })},
      {.id = "FAULT-CL-READ-02",
       .sentence = "does not read base64 that is folded by LF",
       .kills = {"EST-CL-062/folded-lf", "EST-CL-102/folded-lf"},
       .configure = balks_at([](const Request&, const Response& answer) {
         const std::string_view text = est::as_text(answer.body);
         const std::size_t at = text.find('\n');
         return !is_media_type(answer, "multipart/mixed") && at != std::string_view::npos && at > 0 && text[at - 1] != '\r';
       })},
      {.id = "FAULT-CL-READ-03",
       .sentence = "does not read base64 with blanks in it",
       .kills = {"EST-CL-062/spaced"},
       .configure =
           balks_in(Operation::cacerts,
                    [](const Response& answer) { return est::as_text(answer.body).find_first_of(" \t") != std::string_view::npos; })},
      {.id = "FAULT-CL-READ-04",
       .sentence = "does not read base64 that ends with a line end",
       .kills = {"EST-CL-062/final-newline"},
       .also = any_client,
       .because = "answers end so elsewhere, too",
       .configure = balks_in(Operation::cacerts, [](const Response& answer) { return est::as_text(answer.body).ends_with('\n'); })},
      {.id = "FAULT-CL-READ-05",
       .sentence = "reads base64 in lines of at most 76 characters only",
       .kills = {"EST-CL-102/one-line"},
       .also = any_client,
       .because = "answers are one line wherever nothing else is said",
       .configure = balks_in(Operation::simpleenroll,
                             [](const Response& answer) { return est::as_text(answer.body).find('\n') == std::string_view::npos; })},
      {.id = "FAULT-CL-READ-06",
       .sentence = "does not know the field Content-Transfer-Encoding: base64",
       .kills = {"EST-CL-063/base64"},
       .configure = transfer_encoding("base64")},
      {.id = "FAULT-CL-READ-07",
       .sentence = "does not decode where Content-Transfer-Encoding says binary",
       .kills = {"EST-CL-063/binary"},
       .configure = transfer_encoding("binary")},
      {.id = "FAULT-CL-READ-08",
       .sentence = "does not decode where Content-Transfer-Encoding says 7bit",
       .kills = {"EST-CL-063/7bit"},
       .configure = transfer_encoding("7bit")},
      {.id = "FAULT-CL-READ-09",
       .sentence = "does not cope with a rollover: takes three CA certificates at most",
       .kills = {"EST-CL-067"},
       .configure = balks_in(Operation::cacerts, [](const Response& answer) { return certificate_count(answer) > 3; })},
      {.id = "FAULT-CL-READ-10",
       .sentence = "wants smime-type in the type of /cacerts",
       .kills = {"EST-CL-070"},
       .also = {"EST-CL-073"},
       .because = "the type in capitals has no parameter either",
       .configure = type_is([](const std::string& type) { return est::ascii_lower(type).find("smime-type") == std::string::npos; })},
      {.id = "FAULT-CL-READ-11",
       .sentence = "compares media types with regard to case",
       .kills = {"EST-CL-073"},
       .configure = type_is([](const std::string& type) { return type != est::ascii_lower(type); })},
      {.id = "FAULT-CL-READ-12",
       .sentence = "does not read quoted parameters of media types",
       .kills = {"EST-CL-074"},
       .configure = type_is([](const std::string& type) { return type.find('"') != std::string::npos; })},
      {.id = "FAULT-CL-READ-13",
       .sentence = "takes an answer with one certificate only",
       .kills = {"EST-CL-103/with-issuer", "EST-CL-103/with-chain"},
       .configure = balks_in(Operation::simpleenroll, [](const Response& answer) { return certificate_count(answer) > 1; })},
      {.id = "FAULT-CL-READ-14",
       .sentence = "does not read certs-only answers to a Full PKI Request",
       .kills = {"EST-CL-270"},
       .also = {"EST-CL-400", "EST-CL-401", "EST-CL-402", "EST-CL-403", "EST-CL-404/*", "EST-CL-408"},
       .because = "a Full PKI Response holds certificates as well",
       .configure = balks_in(Operation::fullcmc, [](const Response& answer) { return certificate_count(answer) > 0; })},
  };
}

// The first part of the body, without its head.
std::string_view first_part_type(const Response& answer) {
  const std::string_view text = est::as_text(answer.body);
  const std::size_t at = text.find("Content-Type: ");
  return at == std::string_view::npos ? std::string_view() : text.substr(at, text.find('\r', at) - at);
}

std::vector<ClientFault> narrow_readers_of_keys_and_lists() {
  const auto in_keys = [](AnswerTest odd) { return balks_in(Operation::serverkeygen, std::move(odd)); };
  const auto in_lists = [](AnswerTest odd) { return balks_in(Operation::csrattrs, std::move(odd)); };
  const auto empty_list = [](const Response& answer) { return is_ok(answer) && decoded_body(answer.body).size() == 2; };
  return {
      {.id = "FAULT-CL-KEY-01",
       .sentence = "does not know Content-Transfer-Encoding in the parts of a generated credential",
       .kills = {"EST-CL-250/transfer-encoding"},
       .configure = in_keys([](const Response& answer) { return holds_text(answer, "Content-Transfer-Encoding"); })},
      {.id = "FAULT-CL-KEY-02",
       .sentence = "wants Content-Transfer-Encoding in the parts of a generated credential",
       .kills = {"EST-CL-250/good"},
       .also = {"EST-CL-25*", "EST-CL-430/*", "EST-CL-433"},
       .because = "RFC 8951 leaves the field out, and so does the server",
       .configure = in_keys([](const Response& answer) { return !holds_text(answer, "Content-Transfer-Encoding"); })},
      {.id = "FAULT-CL-KEY-03",
       .sentence = "wants a generated credential to begin with its boundary",
       .kills = {"EST-CL-250/preamble"},
       .configure = in_keys([](const Response& answer) { return !est::as_text(answer.body).starts_with("--"); })},
      {.id = "FAULT-CL-KEY-04",
       .sentence = "reads parts whose base64 is one line only",
       .kills = {"EST-CL-255"},
       .configure = in_keys([](const Response& answer) {
         const std::string_view text = est::as_text(answer.body);
         const std::size_t head = text.find("\r\n\r\n");
         const std::size_t line = text.find("\r\n", head + 4);
         return head != std::string_view::npos && line != std::string_view::npos && text.substr(line + 2, 2) != "--";
       })},
      {.id = "FAULT-CL-KEY-05",
       .sentence = "takes the first part of a generated credential for the key",
       .kills = {"EST-CL-251"},
       .also = {"EST-CL-430/*"},
       .because = "the first part there is an envelope",
       .configure = in_keys([](const Response& answer) { return first_part_type(answer).find("pkcs8") == std::string_view::npos; })},
      {.id = "FAULT-CL-LIST-20",
       .sentence = "takes 204 for an error",
       .kills = {"EST-CL-191/nothing"},
       .also = {"EST-CL-360", "EST-CL-368", "EST-CL-374"},
       .because = "a server that wants nothing answers 204 wherever a client provisions itself",
       .configure = in_lists([](const Response& answer) { return answer.status == 204; })},
      {.id = "FAULT-CL-LIST-21",
       .sentence = "wants at least one attribute in a list",
       .kills = {"EST-CL-191/empty-list"},
       .configure = in_lists(empty_list)},
      {.id = "FAULT-CL-LIST-22",
       .sentence = "takes 404 at /csrattrs for an error",
       .kills = {"EST-CL-192"},
       .configure = each_answer([](Response& answer) {
         if (answer.status == 404) answer.status = 410;
       })},
      {.id = "FAULT-CL-LIST-23",
       .sentence = "gives up when it does not know what is listed",
       .kills = {"EST-CL-193"},
       .configure = in_lists([](const Response& answer) {
         const auto attributes = est::codec::decode_csrattrs(decoded_body(answer.body));
         return attributes.value && attributes.value->mentions(est::codec::Oid("2.5.4.100.1"));
       })},
  };
}

}  // namespace

std::vector<ClientFault> client_answer_faults() {
  std::vector<ClientFault> all = credulity();
  for (const auto& more : {narrow_readers(), narrow_readers_of_keys_and_lists()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace conformance::selftest
