#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace camsweep {

// The value type of parameters, messages and result files. Keys are sorted, so equal values print alike.
using Json = nlohmann::json;

// `value` with every whole floating-point number below 2^53 turned into an integer, at any depth, so that
// 1.0, 1 and 1e0 are one value.
Json normalized(Json value);

// The one spelling of a value, for hashing: normalized, keys sorted, no white space, shortest digits.
std::string canonical(const Json& value);

}  // namespace camsweep
