#pragma once

#include <deque>
#include <vector>

#include "orchestrator/rules.h"

namespace camsweep {

// Computes the parameters of `derive` in every row, each after those that its expression names. Values are kept in
// `arena`. Throws ConfigError with the place: bad syntax, unknown names, a cycle, a failing computation, a result that
// the parameter cannot take.
void derive(const SweepSpec& sweep, const Resolver& resolver, std::vector<Row>& rows, std::deque<Json>& arena);

}  // namespace camsweep
