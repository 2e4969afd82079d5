#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/job_spec.h"
#include "schemas/json.h"

namespace camsweep {

// Every parameter that a sweep file may name, as data: the sweep loader validates with it, defaults come from
// it, and a job's identity holds those its stage uses. Recipe fields are parameters too.
struct ParameterInfo {
  std::string_view name;
  std::string_view type;  // "integer", "number", "boolean", "string", "numbers" (a list of 3), "integer_or_name",
                          // "layers" (parse_layers)
  Json default_value;     // null: must be given (backbone, resolution, epochs)
  std::vector<std::string> allowed;  // names that a string may take; empty = any
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::vector<Stage> stages;  // those whose result depends on it directly
  std::string_view meaning;   // one line, printed by `camsweep schema` and used in messages
  // Enters an identity only where it differs from its default: so that identities of older jobs stay, and stay short.
  bool later = false;
};

const std::vector<ParameterInfo>& parameter_table();
const ParameterInfo* find_parameter(std::string_view name);

// Names of all parameters but `seed`, which `replicates` sets: what a sweep file may name.
const std::vector<std::string>& parameter_names();

// "found 'x', expected an integer from 8 to 4096" if `value` is none that the parameter can take.
std::optional<std::string> parameter_problem(const ParameterInfo& parameter, const Json& value);

}  // namespace camsweep
