#include "conformance/vectors/score.h"

#include <cstdlib>
#include <filesystem>

#include "conformance/steps/operator.h"
#include "conformance/steps/process.h"
#include "conformance/vectors/ours.h"
#include "est/base/file.h"

namespace conformance::vectors {
namespace {

using steps::ProcessEnd;

constexpr std::string_view file_placeholder = "{file}";
constexpr std::size_t output_kept = 512;
// What /bin/sh says when there is no such program, or it is none.
constexpr int cannot_run = 126, not_found = 127;

steps::Placeholders placeholders_of(const Vector& vector, const std::string& file) {
  steps::Placeholders placeholders{{"file", file}, {"type", vector.type}, {"id", vector.id}};
  for (const auto& [key, value] : vector.context) placeholders[key] = value;
  return placeholders;
}

// A context may hold what the shell's words cannot: NUL ends them.
std::string command_for(const ParserSpec& parser, const Vector& vector, const std::string& file) {
  auto filled = steps::filled_in(parser.command, placeholders_of(vector, file));
  const std::string command = filled ? *filled : parser.command;
  if (parser.command.find(file_placeholder) != std::string::npos) return command;
  return "{ " + command + "\n} <" + steps::shell_quoted(file);
}

Outcome outcome_of(const ParserSpec& parser, const ProcessEnd& end) {
  // The shell tells a signal of the program as 128 and its number.
  if (end.kind == ProcessEnd::Kind::timed_out) return Outcome::timed_out;
  if (end.kind == ProcessEnd::Kind::signalled) return Outcome::crashed;
  if (end.code == 0) return Outcome::accepted;
  if (parser.rejecting.contains(end.code)) return Outcome::rejected;
  return end.code > 128 && end.code <= 128 + 64 ? Outcome::crashed : Outcome::unclear;
}

}  // namespace

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::accepted:
      return "accepted";
    case Outcome::rejected:
      return "rejected";
    case Outcome::crashed:
      return "crashed";
    case Outcome::timed_out:
      return "timed out";
    case Outcome::unclear:
      break;
  }
  return "unclear";
}

bool is_right(Expected expected, Outcome outcome) noexcept {
  if (outcome == Outcome::accepted) return expected != Expected::invalid;
  return outcome == Outcome::rejected && expected != Expected::valid;
}

est::Status check_parser(const ParserSpec& parser) {
  if (parser.command.find_first_not_of(" \t\n") == std::string::npos)
    return est::Error{"--exec is empty; give a command, as 'parser {file}'"};
  if (parser.rejecting.contains(0)) return est::Error{"exit status 0 means accepted; leave it out of --rejects"};
  return {};
}

InputFolder::InputFolder() {
  std::error_code ignored;
  path_ = (std::filesystem::temp_directory_path(ignored) / "estspec-vectors-XXXXXX").string();
  if (::mkdtemp(path_.data()) == nullptr) path_.clear();
}

InputFolder::~InputFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

est::Result<Scored> run_parser(const ParserSpec& parser, const Vector& vector, const InputFolder& folder) {
  if (folder.path().empty()) return est::Error{"no folder for the inputs can be made; look at TMPDIR"};
  const std::string file = folder.path() + "/input";
  if (const auto written = est::write_file(file, est::as_text(vector.input)); !written.ok()) return written.error();
  const auto end = steps::run_process(
      {.command = command_for(parser, vector, file), .environment = {}, .within = parser.within, .most_output = output_kept});
  if (!end) return end.error();
  const bool shell_only = end->kind == ProcessEnd::Kind::exited && (end->code == not_found || end->code == cannot_run);
  if (shell_only && !parser.rejecting.contains(end->code))
    return est::Error{"the command of --exec cannot be run (exit status " + std::to_string(end->code) + "); name a program that is there"};
  return Scored{&vector, outcome_of(parser, *end), end->code};
}

Scored score_ours(const Vector& vector) {
  const auto reading = read_with_ours(vector);
  if (!reading) return {&vector, Outcome::unclear, 0};
  return {&vector, reading->accepted ? Outcome::accepted : Outcome::rejected, 0};
}

std::map<std::string, Counts> count(const std::vector<Scored>& all) {
  std::map<std::string, Counts> counts;
  for (const Scored& one : all) {
    Counts& of_type = counts[one.vector->type];
    ++(one.right() ? of_type.right : of_type.wrong);
    if (one.vector->expected != Expected::acceptable) continue;
    if (one.outcome == Outcome::accepted) ++of_type.accepted;
    if (one.outcome == Outcome::rejected) ++of_type.rejected;
  }
  return counts;
}

}  // namespace conformance::vectors
