#pragma once

#include <cstdint>
#include <filesystem>

#include "workers/data/wsol_writer.h"

namespace camsweep {

struct ComposeOptions {
  std::filesystem::path cutouts;      // PNG files with alpha, one class each: the first `classes` by name
  std::filesystem::path backgrounds;  // photographs, in any depth
  std::filesystem::path out;
  int classes = 20;
  int train = 40;  // images per class
  int val = 5;
  int test = 20;
  int side = 160;  // px
  uint64_t seed = 0;
};

// Writes a data set of cut-out photographs on photographs, `wsol` layout with exact boxes and masks (design, 9). Byte
// for byte the same whenever options and inputs are. Throws ConfigError, Error (kDiskFull, kEnvironment).
Written compose(const ComposeOptions& options, const ImageProgress& progress, const Say& say);

// Writes the data set of kind `synth` that `spec` describes, `wsol` layout, PNG. The same images as made on the fly.
Written write_synth(const Json& spec, const std::filesystem::path& out, const ImageProgress& progress);

}  // namespace camsweep
