#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "schemas/json.h"
#include "workers/data/dataset.h"

namespace camsweep {

// Tells a waiting person how many of the images are written.
using ImageProgress = std::function<void(size_t done, size_t of)>;
// Tells a person something in a sentence.
using Say = std::function<void(const std::string&)>;

enum class Written { kNew, kAlreadyThere };

// Writes a data set in the `wsol` layout (spec protocol, 8.1): `images/`, `masks/`, `metadata/<split>/`, and the recipe
// that made it. All of it grows in OUT.partial and is renamed at the end: a folder OUT is always complete.
class WsolWriter {
 public:
  // None if `out` was already made with this recipe. Throws ConfigError if `out` holds anything else. What an
  // interrupted run left is removed. `recipe_file` is a name inside `out`.
  static std::optional<WsolWriter> open(const std::filesystem::path& out, const std::string& recipe_file,
                                        const Json& recipe);

  // Adds a sample (id, label, size, boxes, masks) and the files that it names. Throws Error (kDiskFull, kEnvironment).
  void add(Split split, const Sample& sample, const Image& image);
  void add_mask(const std::string& name, const GrayImage& mask);
  void finish();

 private:
  struct Tables {
    std::string image_ids, class_labels, image_sizes, localization, masks;
  };
  WsolWriter(std::filesystem::path out, std::string recipe_file, Json recipe);
  void write_tables(Split split) const;

  std::filesystem::path out_;
  std::filesystem::path partial_;
  std::string recipe_file_;
  Json recipe_;
  Tables tables_[3];
};

}  // namespace camsweep
