// Shows vectors to a parser and counts how often it is right. The parser is a program of any kind: it gets the input as a file or on
// standard input and says by its exit status what it thinks.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/vectors/vector.h"
#include "est/base/clock.h"
#include "est/base/result.h"

namespace conformance::vectors {

// `unclear`: an exit status that is neither; it is wrong for every vector, as are a crash and a timeout.
enum class Outcome { accepted, rejected, crashed, timed_out, unclear };
[[nodiscard]] std::string_view to_string(Outcome outcome) noexcept;
[[nodiscard]] bool is_right(Expected expected, Outcome outcome) noexcept;

struct Scored {
  const Vector* vector = nullptr;
  Outcome outcome = Outcome::unclear;
  int code = 0;  // exit status, or the signal of a crash
  [[nodiscard]] bool right() const noexcept { return is_right(vector->expected, outcome); }
};

struct ParserSpec {
  // For /bin/sh. {file}, {type}, {id} and the keys of the vector's context are replaced by quoted words; without {file} the input is on
  // standard input.
  std::string command;
  std::set<int> rejecting{1};       // exit statuses that mean: rejected
  est::Milliseconds within{10000};  // for one vector
};

// What the command needs before it can be told apart from a parser that refuses everything: an error names the cure.
[[nodiscard]] est::Status check_parser(const ParserSpec& parser);

// A folder of its own for the inputs; gone with everything in it.
class InputFolder {
 public:
  InputFolder();
  InputFolder(const InputFolder&) = delete;
  InputFolder& operator=(const InputFolder&) = delete;
  ~InputFolder();
  [[nodiscard]] const std::string& path() const { return path_; }  // empty: none could be made

 private:
  std::string path_;
};

// Runs the parser once; it and all it started are gone afterwards. An error is ours: no file, no process, no such program.
[[nodiscard]] est::Result<Scored> run_parser(const ParserSpec& parser, const Vector& vector, const InputFolder& folder);
// The same by our own readers.
[[nodiscard]] Scored score_ours(const Vector& vector);

struct Counts {
  int right = 0, wrong = 0;
  int accepted = 0, rejected = 0;  // of the acceptable
};
// Type -> counts, in the order of the names.
[[nodiscard]] std::map<std::string, Counts> count(const std::vector<Scored>& all);

}  // namespace conformance::vectors
