#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace camsweep {

// The known name nearest to `word` by edit distance, or "" if none is near (more than a third of it differs).
std::string nearest(std::string_view word, const std::vector<std::string>& known);

// "; did you mean 'x'?" or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

std::string join(const std::vector<std::string>& parts, std::string_view separator = ", ");

// "1.5 s", "2 min 05 s", "3 h 12 min", "2 d 04 h".
std::string format_duration(double seconds);

// "512 B", "1.5 MiB".
std::string format_bytes(double bytes);

}  // namespace camsweep
