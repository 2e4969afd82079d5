#pragma once

#include <cstdint>
#include <string_view>

namespace camsweep {

// The number that 1 to 8 bytes are, the lowest first.
inline uint64_t little_endian(std::string_view bytes) {
  uint64_t number = 0;
  for (size_t i = bytes.size(); i-- > 0;) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  return number;
}

}  // namespace camsweep
