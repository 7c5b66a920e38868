// Every check of the suite: pure functions from recorded evidence to sentences a certification engineer can show a customer.
// What a check permits follows the RFCs and, where they leave room, conformance/interpretations/interpretations.yaml.
#pragma once

#include "conformance/engine/vocabulary.h"

namespace conformance::checks {

// Adds all checks with their documented parameters. Besides its own, each check takes:
//   otherwise: fail | warn | inconclusive   the verdict when the target answered, but not as expected (default: fail)
//   strictly: fail | warn                   the same under --strict (default: as `otherwise`)
//   interpretation: INT-nn                  cited when the check itself cites none
void add_checks(engine::Vocabulary& vocabulary);

}  // namespace conformance::checks
