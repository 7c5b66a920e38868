#include "conformance/load/plan.h"

#include "est/base/text.h"

namespace conformance::load {

using est::Error;
using est::ops::Operation;

namespace {

constexpr std::uint64_t most_weight = 1000;

std::optional<Operation> operation_called(std::string_view name) {
  if (name == "enroll") return Operation::simpleenroll;
  if (name == "reenroll") return Operation::simplereenroll;
  const auto known = est::ops::operation_by_name(name);
  return known == Operation::fullcmc ? std::nullopt : known;
}

}  // namespace

std::string_view to_string(Reuse reuse) noexcept {
  switch (reuse) {
    case Reuse::fresh:
      return "new";
    case Reuse::resumed:
      return "resumed";
    case Reuse::keep_alive:
      break;
  }
  return "keep-alive";
}

std::optional<Reuse> reuse_by_name(std::string_view name) {
  for (const Reuse one : {Reuse::fresh, Reuse::resumed, Reuse::keep_alive})
    if (to_string(one) == name) return one;
  return std::nullopt;
}

est::Result<std::vector<Share>> parse_mix(std::string_view text) {
  std::vector<Share> mix;
  for (const std::string_view part : est::split(text, ',')) {
    const std::size_t equals = part.find('=');
    const auto operation = operation_called(part.substr(0, equals));
    if (!operation)
      return Error{"'" + est::printable(part, 40) +
                   "' is none of cacerts, csrattrs, enroll, reenroll, serverkeygen, with =WEIGHT or without"};
    const auto weight = equals == std::string_view::npos ? std::uint64_t{1} : est::parse_decimal(part.substr(equals + 1)).value_or(0);
    if (weight == 0 || weight > most_weight) return Error{"'" + est::printable(part, 40) + "': a weight is a number from 1 to 1000"};
    mix.push_back({*operation, static_cast<unsigned>(weight)});
  }
  return mix;
}

}  // namespace conformance::load
