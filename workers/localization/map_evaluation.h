#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workers/localization/box_accuracy.h"
#include "workers/localization/map_resize.h"
#include "workers/localization/pxap.h"

// Score maps on disk against the metadata of a split.
namespace camsweep {

struct EvaluationOptions {
  std::filesystem::path metadata;  // folder of one split, spec protocol, 8.1
  std::filesystem::path maps;
  std::filesystem::path masks;  // empty: boxes
  int side = 224;
  double step = 0.001;
  // A map of another size is resized and stretched to [0, 1] by its minimum and maximum, as low-resolution maps are
  // before they are stored (spec protocol, 3.2). None: it is an error.
  std::optional<MapFilter> resize;
  enum class Missing { kRefuse, kAllow } missing = Missing::kRefuse;
  // Image id -> classes, best first. Empty: not known.
  std::map<std::string, std::vector<int>> predictions;
  int threads = 1;
};

struct EvaluatedImage {
  std::string id;
  int label = 0;
  ImageScore score;
};

struct MapEvaluation {
  explicit MapEvaluation(double step) : accuracy(step), top5(step) {}
  int64_t images = 0;
  int64_t missing = 0;                  // with Missing::kAllow
  int64_t constant = 0;                 // maps without a box of their own: of one level, or empty
  std::vector<std::string> additional;  // maps of no image
  BoxAccuracy accuracy;
  // Over the images whose own class is among the five best and whose map of that class lies there as <id>.<class>.npy;
  // the others count as wrong. Only if top5_complete.
  BoxAccuracy top5;
  bool top5_complete = false;
  std::vector<EvaluatedImage> list;
  std::optional<double> pxap;
};

// Throws ConfigError, one sentence, for metadata or maps that cannot be evaluated: unreadable, NaN, outside [0, 1], of
// another size, missing, one for two images, a box outside its image.
MapEvaluation evaluate_maps(const EvaluationOptions& options);

// Percent of all images right at the V1 threshold, by the maps of their own class among the five best.
double top5_loc(const MapEvaluation& evaluation);

// Lines `image,c1,..,c5` (at least one class). Throws ConfigError naming file and line.
std::map<std::string, std::vector<int>> read_predictions(const std::filesystem::path& file);

}  // namespace camsweep
