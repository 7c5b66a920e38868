#include "conformance/steps/client_start.h"

#include <array>
#include <cctype>

#include "conformance/engine/json.h"
#include "conformance/steps/operator.h"
#include "est/base/text.h"
#include "est/http/parser.h"
#include "est/net/client.h"

namespace conformance::steps {
namespace {

using engine::Json;

Placeholders placeholders_of(const Instructions& instructions) {
  Placeholders placeholders;
  for (const auto& [name, value] : instructions) placeholders[name] = value;
  return placeholders;
}

ProcessSpec spec_of(const std::string& command, const Instructions& instructions, est::Milliseconds within) {
  ProcessSpec spec{.command = command, .within = within};
  if (auto filled = filled_in(command, placeholders_of(instructions))) spec.command = *filled;
  for (const auto& [name, value] : instructions) {
    std::string variable = "EST_";
    for (const char c : name) variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    spec.environment.emplace_back(variable, value);
  }
  return spec;
}

ClientEnd end_of(ProcessEnd process, int cannot_status) {
  ClientEnd end;
  end.code = process.code;
  end.output = std::move(process.output);
  end.errors = std::move(process.errors);
  end.cut = process.cut;
  end.left_behind = process.left_behind;
  if (process.kind == ProcessEnd::Kind::timed_out) end.kind = ClientEnd::Kind::timed_out;
  if (process.kind == ProcessEnd::Kind::signalled) end.kind = ClientEnd::Kind::signalled;
  if (process.kind == ProcessEnd::Kind::exited && process.code == cannot_status) end.kind = ClientEnd::Kind::cannot;
  return end;
}

// --- By HTTP: the instructions as JSON; the answer says {"exit-status": N}.

est::http::Request trigger_request(const est::net::Url& url, const Instructions& instructions) {
  est::http::Request request;
  request.method = "POST";
  request.target = url.path.empty() ? "/" : url.path;
  request.fields.add("Host", url.endpoint.to_string());
  request.fields.add("Content-Type", "application/json");
  request.fields.add("Connection", "close");
  request.body = est::to_bytes(engine::print_json(Json(instructions), -1));
  return request;
}

// Nothing when the time was over.
std::optional<est::http::ObservedResponse> read_answer(est::net::PlainConnection& connection, est::Deadline deadline) {
  est::http::ResponseParser parser("POST");
  std::array<est::Byte, 4096> buffer{};
  while (parser.state() == est::http::ResponseParser::State::need_more) {
    const auto got = connection.read(buffer, deadline);
    if (got.failure && got.failure->cause == est::net::Cause::timeout) return std::nullopt;
    if (got.count == 0) parser.end_of_input();
    if (got.count == 0) break;
    parser.feed(est::BytesView(buffer).first(got.count));
  }
  return parser.observed();
}

est::Result<ClientEnd> end_from_answer(const std::string& trigger, const est::http::ObservedResponse& answer, int cannot_status) {
  const auto json = engine::parse_json(est::as_text(answer.message.body));
  const bool has_status = json && json->is_object() && json->contains("exit-status") && (*json)["exit-status"].is_number_integer();
  if (answer.message.status != 200 || !has_status)
    return est::Error{"access.trigger " + trigger + " answered " + std::to_string(answer.message.status) +
                      " without {\"exit-status\": N}; see conformance/target/README.md"};
  ClientEnd end;
  end.code = (*json)["exit-status"].get<int>();
  if (end.code == cannot_status) end.kind = ClientEnd::Kind::cannot;
  return end;
}

est::Result<ClientEnd> trigger_client(const target::ClientProfile& profile, const Instructions& instructions, est::Milliseconds within) {
  const auto deadline = est::Deadline::after(within);
  const auto url = est::net::parse_url(profile.trigger);
  if (!url) return url.error();
  auto opened = est::net::PlainConnection::open(url->endpoint, within);
  if (const auto* failure = std::get_if<est::net::Failure>(&opened))
    return est::Error{"access.trigger " + profile.trigger + " cannot be reached: " + failure->message};
  auto& connection = std::get<est::net::PlainConnection>(opened);
  if (const auto failure = connection.write(est::http::encode(trigger_request(*url, instructions)), deadline))
    return est::Error{failure->message};
  const auto answer = read_answer(connection, deadline);
  if (answer) return end_from_answer(profile.trigger, *answer, profile.cannot_status);
  ClientEnd end;
  end.kind = ClientEnd::Kind::timed_out;
  return end;
}

}  // namespace

est::Result<ClientEnd> start_client(const target::ClientProfile& profile, const std::string& operation, const Instructions& instructions,
                                    est::Milliseconds within) {
  if (!profile.trigger.empty()) return trigger_client(profile, instructions, within);
  const auto own = profile.commands.find(operation);
  const auto command = own != profile.commands.end() ? own : profile.commands.find("");
  if (command == profile.commands.end()) {
    ClientEnd end;
    end.kind = ClientEnd::Kind::cannot;
    return end;
  }
  auto process = run_process(spec_of(command->second, instructions, within));
  if (!process) return process.error();
  return end_of(std::move(*process), profile.cannot_status);
}

est::Status run_hook(const std::string& name, const std::string& command, const Instructions& instructions, est::Milliseconds within) {
  if (command.empty()) return {};
  const auto process = run_process(spec_of(command, instructions, within));
  if (!process) return process.error();
  if (process->kind == ProcessEnd::Kind::exited && process->code == 0) return {};
  const std::string_view said = est::trim(process->errors);
  return est::Error{"access." + name + " ended with " + std::to_string(process->code) + " instead of 0: " + est::printable(said, 300)};
}

}  // namespace conformance::steps
