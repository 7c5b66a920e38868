// One HTTP verb's doing: connect, make the request for that connection, send, read, answer one challenge, remember what came.
#pragma once

#include <optional>
#include <string>

#include "conformance/steps/authenticate.h"
#include "conformance/steps/context.h"
#include "conformance/steps/full_cmc.h"
#include "conformance/steps/generated_key.h"
#include "conformance/steps/http_request.h"
#include "conformance/steps/request_plan.h"
#include "conformance/steps/stream.h"
#include "est/ops/operation.h"

namespace conformance::steps {

class HttpVerb {
 public:
  explicit HttpVerb(Doing& doing) : doing_(doing), context_(doing.context), recorder_(doing.recorder) {}
  [[nodiscard]] engine::StepOutcome perform();

 private:
  // --- before any connection
  [[nodiscard]] engine::StepOutcome prepare();
  [[nodiscard]] engine::StepOutcome prepare_target();
  [[nodiscard]] engine::StepOutcome prepare_request();
  [[nodiscard]] engine::StepOutcome ask_protection();
  void note_request() const;

  // --- with the target
  [[nodiscard]] engine::StepOutcome talk(Authenticator& authenticator);
  [[nodiscard]] engine::StepOutcome make_body();
  [[nodiscard]] est::Result<MadeRequest> make_octets(const std::optional<std::string>& challenge_password);
  [[nodiscard]] Maybe<std::optional<std::string>> challenge_password();
  [[nodiscard]] Maybe<std::optional<std::string>> challenge_password_for(const std::string& pop, const est::Bytes& binding);
  void send_and_read(const std::optional<Authorization>& authorization);
  void send_all_but_one(est::BytesView octets);
  [[nodiscard]] std::optional<est::net::Failure> send(const RequestOctets& octets, Stream& stream, AnswerReader& reader);
  [[nodiscard]] std::optional<est::net::Failure> send_in_pieces(est::BytesView octets, Stream& stream) const;
  void settle(AnswerReader& reader, const std::optional<est::net::Failure>& write_failure);
  [[nodiscard]] engine::StepOutcome ask(bool same_connection, const std::optional<Authorization>& authorization);
  [[nodiscard]] bool closed_unanswered() const;
  [[nodiscard]] bool connection_serves_again();

  // --- afterwards
  void take_delivery();
  void remember();
  [[nodiscard]] est::Bytes issued_certificate() const;
  [[nodiscard]] static est::Bytes certificate_for(const est::Bytes& spki, const std::vector<est::Bytes>& certificates);

  Doing& doing_;
  Context& context_;
  Recorder& recorder_;

  std::optional<est::ops::Operation> operation_;  // nothing for `request` without one
  bool enrolls_ = false;
  bool generates_ = false;                         // serverkeygen
  const target::ProtectionKey* opener_ = nullptr;  // of the key it asks for
  std::string label_;
  RequestLine line_;
  Presentation presentation_;
  OpenOptions options_;
  std::optional<RequestPlan> plan_;
  std::optional<CmcPlan> cmc_;
  est::Deadline deadline_ = est::Deadline::after(est::Milliseconds(0));

  std::optional<MadeRequest> made_;
  int made_for_ = 0;      // number of the connection the request was made for
  est::Bytes made_with_;  // its channel binding then
  est::Bytes body_;
  est::http::ObservedResponse answer_;
  est::Bytes answer_octets_;
  bool answered_ = false;
  GeneratedKey delivered_;
};

}  // namespace conformance::steps
