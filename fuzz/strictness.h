// The rules by which this project refuses what OpenSSL 3.0 reads. The differential targets demand that every such refusal has a name
// in this table: a refusal for any other reason is a bug of ours.
#pragma once

#include "est/base/finding.h"
#include "est/codec/x509.h"

namespace fuzz {

// True when at least one error is there and each has a name in the table.
[[nodiscard]] bool refused_by_rule(const est::Findings& findings);
// Stops the program with the names found when refused_by_rule() is false.
void require_named_rule(const est::Findings& findings);

// The other way round: X.501 lets an attribute of a name have a value of any type, of which OpenSSL takes strings and a few others.
[[nodiscard]] bool has_untyped_value(const est::codec::Name& name);

}  // namespace fuzz
