#pragma once

#include <vector>

#include "workers/analysis/activation.h"
#include "workers/gang/job_context.h"
#include "workers/localization/image_pass.h"

namespace camsweep {

// Spec protocol, 4.1 and 4.2, with the readings it leaves open.
struct ActivationOptions {
  enum class Class { kPredicted, kTruth };  // whose weights
  enum class Maps { kAll, kOne };           // of each image: those of all channels, or of one drawn with seed 0

  int64_t images = 100;
  double threshold = 10;
  Class class_of_weights = Class::kPredicted;
  Maps maps = Maps::kAll;
};

// From the parameters `images`, `threshold`, `class` (predicted, gt) and `maps` (all, one).
ActivationOptions activation_options(const Json& parameters);

// Feature maps of one image, with the weights of a class.
struct ImageActivations {
  size_t sample = 0;  // of the test split
  int64_t label = 0;  // the class
  std::vector<ActivationPoint> points;
};

// Of images of the test split, drawn with seed 0; by sample on rank 0, empty elsewhere. All ranks call it together.
// Throws as for_each_batch(), and AnalysisFailure (kind "data") where the true class is wanted and the network has
// fewer classes than the data set.
std::vector<ImageActivations> measure_activations(JobContext& context, const AnalysisInput& input,
                                                  const ActivationOptions& options);

// image_id, class, k, w, gap and the three areas, a line per feature map.
std::string activation_table(const std::vector<ImageActivations>& images, const std::vector<Sample>& samples,
                             double threshold);

// Metrics and curves of activation.h, the table, and pictures of point_density() of area and GAP, with the
// activation_options() of the assignment.
JobEnd analyse_activation(JobContext& context, AnalysisInput& input);
// The same on the assignment's inputs.
JobEnd run_activation(JobContext& context);

}  // namespace camsweep
