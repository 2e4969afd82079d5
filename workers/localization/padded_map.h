#pragma once

#include <cstddef>
#include <cstdint>

#include "workers/localization/score_map.h"
#include "workers/localization/sweep_workspace.h"

namespace camsweep {

// Levels with zeros around them, as ByteKernels read them: each row is followed by at least one zero and fills whole
// chunks, a chunk lies before the first row and one after the last.
class PaddedMap {
 public:
  PaddedMap(const LevelMap& map, const SweepWorkspace& workspace);

  int height() const { return height_; }
  int width() const { return width_; }
  size_t chunks() const { return stride_ / kChunk; }  // of a row
  const uint8_t* row(int y) const { return bytes_.data() + offset(y); }
  uint8_t* row(int y) { return bytes_.data() + offset(y); }

  PaddedMap copy() const;
  // 255 - level: its components are the background's.
  PaddedMap inverted() const;

 private:
  PaddedMap(int height, int width, std::pmr::memory_resource* arena);
  size_t offset(int y) const { return kChunk + static_cast<size_t>(y) * stride_; }

  int height_;
  int width_;
  size_t stride_;
  ArenaVector<uint8_t> bytes_;
};

}  // namespace camsweep
