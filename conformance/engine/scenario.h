// A scenario as read from its script. The loader is strict: unknown keys, wrong types, unknown verbs, checks, parameters,
// claims or requirements are errors with file and line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conformance/engine/evidence.h"
#include "conformance/engine/expression.h"
#include "conformance/engine/verdict.h"

namespace conformance::engine {

struct Place {
  std::string file;
  int line = 0;
  [[nodiscard]] std::string to_string() const { return file + ":" + std::to_string(line); }
};

// A verb with parameters: `- enroll: {key: ec-p256, corrupt: signature}`, `- cacerts`, optionally `as: first`.
struct Step {
  std::string verb;
  Json parameters = Json::object();
  std::string name;  // result name
  Place place;
};

// A check with parameters: `- status: {any-of: [4xx]}`, optionally `of: first` (default: the last step).
struct Expectation {
  std::string check;
  Json parameters = Json::object();
  std::string of;
  std::string text;  // as scripted, for reports
  Place place;
};

// Why a scenario has the revision it has.
struct Change {
  int revision = 0;
  std::string date;  // YYYY-MM-DD
  std::string what;  // one line for a changelog
};

struct Scenario {
  std::string id;
  std::string title;
  Level level = Level::must;
  std::string role;     // "server", "client", "proxy"
  std::string section;  // "RFC 7030 4.2.1"
  std::vector<std::string> requirements;
  std::vector<std::string> interpretations;
  std::vector<std::string> tags;
  Expression needs;
  std::string why;       // why it matters and usual causes, for the report
  std::string mutation;  // the one thing changed, as a sentence part; mandatory exactly when `control` is present
  std::optional<Step> control;
  std::vector<Step> steps;
  std::vector<Expectation> expect;
  int revision = 1;
  std::vector<Change> changes;  // one for each revision after the first, in order
  Place place;
};

}  // namespace conformance::engine
