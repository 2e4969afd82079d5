#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "workers/localization/score_map.h"

// NumPy's .npy format, versions 1.0 and 2.0.
namespace camsweep {

// A two-dimensional array of float16, 32 or 64, little endian, C order. Throws ConfigError naming the file and what it
// holds instead.
ScoreMap read_npy(const std::filesystem::path& file);

// '<f8', version 1.0. Makes the folder. Throws Error (kDiskFull, kEnvironment).
void write_npy(const std::filesystem::path& file, const ScoreMap& map);

// The same as '<f4', row-major height x width.
void write_npy(const std::filesystem::path& file, std::span<const float> values, int height, int width);

}  // namespace camsweep
