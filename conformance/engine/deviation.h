// Deviations of a target that its owner knows of: they do not hide a verdict, but they do not fail a run either, until they expire.
#pragma once

#include <string>

#include "conformance/engine/scenario.h"
#include "conformance/engine/verdict.h"

namespace conformance::engine {

struct Deviation {
  std::string scenario;             // an id, or an id before its matrix values: then for all of them
  Verdict verdict = Verdict::fail;  // fail, warn or inconclusive: no other is covered
  std::string reason, owner;
  std::string expires;  // YYYY-MM-DD, the last day it holds (UTC)
  Place place;
};

}  // namespace conformance::engine
