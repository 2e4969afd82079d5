#pragma once

#include <array>
#include <filesystem>
#include <vector>

#include "workers/data/dataset.h"
#include "workers/data/random.h"
#include "workers/data/resize.h"
#include "workers/data/wsol_writer.h"

namespace camsweep {

// Photographs to put cut-outs on, parted so that no split ever shows what another one does.
class Backgrounds {
 public:
  // Reads the JPEG files below `folder` (where they are fewer than four, the PNG files too), shrunk to what pictures of
  // `side` need. What is no photograph (alpha, palette, one flat colour, drawn), cannot be read, or shows the same as
  // an earlier file in another size or tint is skipped, and `say` hears why. `images` of each split (train, val, test)
  // say how many backgrounds each gets; 0: none. With fewer photographs than splits, every photograph is cut into one
  // part per split. Throws ConfigError if none is left.
  Backgrounds(const std::filesystem::path& folder, int side, const std::array<size_t, 3>& images, uint64_t seed,
              const Say& say);

  // A random square of one of the split's backgrounds, mirrored with probability 1/2, side x side.
  Image draw(Split split, int side, Random& random) const;

  size_t photographs() const { return photographs_.size(); }

 private:
  struct Field {
    size_t photograph;
    Crop part;
  };
  void share_out(const std::array<size_t, 3>& images, uint64_t seed);
  void cut_up(const std::array<size_t, 3>& images);

  std::vector<Image> photographs_;
  std::array<std::vector<Field>, 3> fields_;
};

}  // namespace camsweep
