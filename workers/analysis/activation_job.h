#pragma once

#include <vector>

#include "workers/analysis/activation.h"
#include "workers/gang/job_context.h"
#include "workers/localization/image_pass.h"

namespace camsweep {

// All feature maps of one image, with the weights of the predicted class.
struct ImageActivations {
  size_t sample = 0;  // of the test split
  int64_t predicted = 0;
  std::vector<ActivationPoint> points;
};

// Of `images` images of the test split, drawn with seed 0; by sample on rank 0, empty elsewhere. All ranks call it
// together. Throws as for_each_batch().
std::vector<ImageActivations> measure_activations(JobContext& context, const AnalysisInput& input, int64_t images,
                                                  double threshold);

// image_id, class, k, w, gap and the three areas, a line per feature map.
std::string activation_table(const std::vector<ImageActivations>& images, const std::vector<Sample>& samples,
                             double threshold);

// Metrics and curves of activation.h, and the table, with the parameters `images` and `threshold` of the assignment.
JobEnd analyse_activation(JobContext& context, AnalysisInput& input);
// The same on the assignment's inputs.
JobEnd run_activation(JobContext& context);

}  // namespace camsweep
