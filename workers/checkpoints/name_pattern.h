#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace camsweep {

// Patterns of tensor names: `#` stands for a number, a `*` at the end for one or more characters; everything else for
// itself. "stages.#.#.dwconv.*" matches "stages.2.11.dwconv.weight".
bool matches(std::string_view name, std::string_view pattern);

// `name` in the words of `to` if it matches `from`: numbers and rest are carried over in their order.
std::optional<std::string> renamed(std::string_view name, std::string_view from, std::string_view to);

}  // namespace camsweep
