#pragma once

#include <array>
#include <string>
#include <vector>

#include "workers/data/dataset.h"
#include "workers/data/wsol_writer.h"

namespace camsweep {

// Something that is wrong with one image of a data set.
struct DataFault {
  enum class Kind { kDamaged, kBoxOutside, kSize, kMask, kName };
  Split split = Split::kTrain;
  std::string image;  // its id, or what else has the name; UTF-8, other bytes as \xNN
  Kind kind = Kind::kDamaged;
  std::string text;  // a sentence without the image's name
};
std::string_view kind_name(DataFault::Kind kind);  // "damaged", "box", "size", "mask", "name"

struct CheckReport {
  std::array<size_t, 3> images{};  // train, val, test
  int classes = 0;
  std::vector<DataFault> faults;  // in the order of the splits' lists
  std::string pixels_sha256;      // over names, sizes and pixels in that order; damaged images count by name
};

// Decodes every image and mask of a data set on `threads` threads and compares them with the metadata. Names that are
// not UTF-8, for which load_dataset() refuses a data set, are faults too.
CheckReport check_dataset(const Dataset& dataset, int threads, const ImageProgress& progress);

// Opens a folder whose layout tells its kind (cub, wsol, folder), with names in whatever encoding. Throws ConfigError.
std::unique_ptr<Dataset> open_folder(const std::filesystem::path& root);

}  // namespace camsweep
