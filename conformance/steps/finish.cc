// The second half of requests whose last octet was withheld. All of them are released together, so that the target has them at the same
// moment; then each is answered on its own connection.
#include <algorithm>
#include <thread>

#include "conformance/steps/context.h"
#include "conformance/steps/issuance.h"
#include "est/ops/message.h"

namespace conformance::steps {
namespace {

// By then even a busy target has taken in what was sent before, so that all it waits for is the last octet of each.
constexpr est::Milliseconds before_release{100};

void release_all(Context& context, est::Deadline deadline) {
  const bool all_released =
      std::all_of(context.withheld.begin(), context.withheld.end(), [](const auto& each) { return each.second.released; });
  if (!all_released) std::this_thread::sleep_for(std::min(before_release, deadline.left()));
  for (auto& [name, withheld] : context.withheld) {
    if (withheld.released) continue;
    withheld.released = true;
    withheld.failure = withheld.connection.write(est::BytesView(&withheld.last, 1), deadline);
  }
}

// What was sent, and what the request was made of, so that the answer can be judged here.
void take_over(const Doing& doing, const engine::Exchange& begun) {
  doing.exchange.method = begun.method;
  doing.exchange.target = begun.target;
  doing.exchange.request = begun.request;
  doing.exchange.tls = begun.tls;
  doing.exchange.artefacts = begun.artefacts;
  doing.exchange.facts.insert(begun.facts.begin(), begun.facts.end());
  doing.recorder.connection(begun.connection, false);
}

est::Bytes certificate_in(const est::http::Response& answer, const est::Bytes& spki) {
  const auto bag = est::ops::read_certs_only_body(answer.body);
  if (answer.status != 200 || !bag.value) return {};
  for (const auto& der : *bag.value) {
    const auto certificate = est::codec::decode_certificate(der);
    if (certificate.value && certificate.value->spki == spki) return der;
  }
  return {};
}

// The enrollment is known from here on by this step's name too.
void remember(const Doing& doing, const std::string& begun, const est::http::Response& answer) {
  Memory& memory = doing.context.memory;
  const auto* found = memory.find(begun);
  if (found == nullptr) return;
  Enrollment enrollment = *found;
  enrollment.certificate = certificate_in(answer, enrollment.spki);
  if (!enrollment.certificate.empty()) memory.current = doing.exchange.name;
  memory.enrollments.insert_or_assign(doing.exchange.name, std::move(enrollment));
}

void read_answer(const Doing& doing, const std::string& begun, Withheld& withheld, est::Deadline deadline) {
  StreamOf stream(withheld.connection);
  AnswerReader reader(stream, doing.exchange.method);
  reader.read(deadline);
  if (reader.complete()) {
    doing.recorder.event("http", "response-received", std::to_string(reader.observed().message.status));
    remember(doing, begun, reader.observed().message);
  } else {
    auto failure = reader.failure();
    if (withheld.failure && (!failure || !failure->alert)) failure = withheld.failure;
    if (failure) doing.recorder.failure(*failure);
  }
  doing.recorder.response(reader.raw());
  doing.recorder.peer_close(withheld.connection.peer_close());
}

}  // namespace

engine::StepOutcome perform_finish(Doing& doing) {
  const std::string name = doing.parameters.text("of");
  const auto* begun = doing.before.find(name);
  const auto withheld = doing.context.withheld.find(name);
  if (begun == nullptr) return fault("there is no earlier result '" + name + "' to finish");
  if (withheld == doing.context.withheld.end()) {
    if (!begun->failure) return fault("'" + name + "' withheld nothing; give it 'withhold: true'");
    return cannot("the target did not take a second request beside the first: " + begun->failure->message);
  }
  const auto deadline = est::Deadline::after(time_for(doing));
  take_over(doing, *begun);
  release_all(doing.context, deadline);
  read_answer(doing, name, withheld->second, deadline);
  withheld->second.connection.close();
  doing.context.withheld.erase(withheld);
  settle_finished(doing);
  return recorded();
}

}  // namespace conformance::steps
