#include "workers/localization/padded_map.h"

#include <algorithm>

namespace camsweep {

PaddedMap::PaddedMap(int height, int width, std::pmr::memory_resource* arena)
    : height_(height),
      width_(width),
      stride_((static_cast<size_t>(width) / kChunk + 1) * kChunk),
      bytes_(static_cast<size_t>(height) * stride_ + 2 * kChunk, arena) {}

PaddedMap::PaddedMap(const LevelMap& map, const SweepWorkspace& workspace)
    : PaddedMap(map.height, map.width, workspace.arena) {
  const uint8_t* from = map.levels.data();
  for (int y = 0; y < height_; ++y, from += width_) std::copy_n(from, width_, row(y));
}

PaddedMap PaddedMap::copy() const {
  PaddedMap result(height_, width_, bytes_.get_allocator().resource());
  std::copy(bytes_.begin(), bytes_.end(), result.bytes_.begin());
  return result;
}

PaddedMap PaddedMap::inverted() const {
  PaddedMap result(height_, width_, bytes_.get_allocator().resource());
  for (int y = 0; y < height_; ++y) {
    std::transform(row(y), row(y) + width_, result.row(y), [](uint8_t level) { return static_cast<uint8_t>(~level); });
  }
  return result;
}

}  // namespace camsweep
