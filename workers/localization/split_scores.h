#pragma once

#include <string>
#include <vector>

#include "workers/localization/artifacts.h"
#include "workers/localization/box_accuracy.h"
#include "workers/localization/image_pass.h"
#include "workers/localization/map_engine.h"

namespace camsweep {

// A kind of score map that is evaluated: a method, of the predicted class or of the image's own.
struct MapSource {
  MapMethod method = MapMethod::kCam;
  enum class Class { kPredicted, kTruth } of = Class::kPredicted;
  std::string name() const { return std::string(map_method_info(method).name) + (of == Class::kTruth ? "_gt" : ""); }
  // Whether its maps are written and drawn: the baselines' say nothing of the network.
  bool is_shown() const { return !is_baseline(method); }
};

// For each method the predicted class's source, then the ground truth's; one for a method that knows no class.
std::vector<MapSource> map_sources(const std::vector<MapMethod>& methods);

struct LocalizeSettings {
  std::vector<MapSource> sources;
  MapOptions maps;
  int side = 224;  // of the evaluated maps
  double threshold_step = 0.001;
};

struct SourceScores {
  BoxAccuracy accuracy;
  int64_t constant_maps = 0;
};

// What one split gives. After merge() the numbers are the whole gang's, on every rank; lines and map files are merged
// on rank 0 alone.
struct SplitScores {
  std::vector<SourceScores> sources;  // as LocalizeSettings::sources
  int64_t images = 0;
  int64_t correct = 0;            // first choice is the image's class
  int64_t among_five = 0;         // one of the first five is
  std::vector<SampleLine> lines;  // CSV: image, label, predicted, per source best IoU and its threshold
  std::vector<Artifact> maps;     // saved by this rank; `label` is the source's name
};

// Scores an engine's maps of a split and writes those of the samples in `saved` (rising) as
// artifacts/maps/<source>/<id>.npy.
SplitScores score_split(JobContext& context, const AnalysisInput& input, const MapEngine& engine, Split split,
                        const LocalizeSettings& settings, const std::vector<size_t>& saved, PassProgress& progress);

// The path under artifacts/ of a saved map.
std::string map_path(const MapSource& source, const Sample& sample);

// True boxes of a sample in the evaluated frame.
std::vector<Box> frame_boxes(const Sample& sample, FrameSize image, int side);

}  // namespace camsweep
