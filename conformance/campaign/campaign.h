// A fuzzing campaign against a server: cases within a budget, what was found, each finding confirmed and stored.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "conformance/campaign/finding.h"
#include "conformance/campaign/ground.h"

namespace conformance::campaign {

struct Options {
  std::uint64_t seed = 1, first = 0, cases = 1000;
  est::Milliseconds time{0};  // 0: no limit
  std::uint64_t look_every = 50;
  std::vector<Layer> allowed;      // empty: all
  bool guided = true;              // cases go on from earlier ones that brought something new
  unsigned needed = 2, tries = 3;  // a finding is confirmed when it shows so often in so many tries
  std::size_t enough = 0;          // findings, then the campaign ends; 0: never
  std::size_t most_deaths = 10;    // then the campaign ends
  std::string out;                 // an existing folder
  GroundOptions ground;
  // After each case: how many were made, how many findings there are. May be empty.
  std::function<void(std::uint64_t, std::size_t)> progress;
  std::function<bool()> stopped;  // by the user; may be empty
};

struct Summary {
  std::uint64_t cases = 0;
  std::vector<Finding> findings;                  // one for each kind, layer and finding of our own readers
  std::map<std::string, std::uint64_t> repeated;  // further cases like a finding, by its folder
  std::map<std::string, std::uint64_t> pairs;     // "layer: finding -> response class"
  std::size_t certificates = 0;
  std::string ended;  // why, before the budget was used up; empty
  est::Milliseconds took{0};
  [[nodiscard]] bool confirmed() const;  // any finding is
};
[[nodiscard]] engine::Json to_json(const Summary& summary);

// Errors: the target does not serve sound requests, or nothing can be written.
class Campaign {
 public:
  // The references must outlive it.
  Campaign(const target::Profile& profile, const Material& material, Options options);
  [[nodiscard]] est::Result<Summary> run();

 private:
  [[nodiscard]] bool goes_on() const;
  void begin();
  void end();
  void learn(const Case& one, const Attempt& attempt);
  // False: the target is gone for good.
  [[nodiscard]] bool investigate(const Case& one, const Attempt& attempt);
  [[nodiscard]] bool investigate_death(Finding finding);
  void confirm(Finding& finding);
  void keep(Finding finding);
  void add_slowness();
  [[nodiscard]] std::string signature_of(const Case& one, const Attempt& attempt) const;

  const Material& material_;
  Options options_;
  Ground ground_;
  CaseMaker maker_;
  steps::Redactor redactor_;
  Summary summary_;
  std::chrono::steady_clock::time_point began_;
  std::map<std::string, std::string> seen_;  // signature -> folder
  std::vector<Case> interesting_;            // of the layer `request`
  std::vector<Case> since_look_;
  std::size_t deaths_ = 0;
  est::Status stored_;
};

// A stored finding, sent again: how often it shows in so many tries.
struct Replayed {
  unsigned times = 0, tries = 0;
  std::string last;  // what was seen last
};
[[nodiscard]] Replayed replay(Ground& ground, const Stored& stored, unsigned tries);

// A smaller case that `still` holds for, by at most so many calls of it.
[[nodiscard]] Case minimise(Case one, const std::function<bool(const Case&)>& still, std::size_t most_calls);

}  // namespace conformance::campaign
