#pragma once

#include <functional>

#include "workers/analysis/erf.h"
#include "workers/gang/job_context.h"
#include "workers/localization/image_pass.h"

namespace camsweep {

// The mean contribution over images.
struct ErfMap {
  ScoreMap mean;  // size x size; empty if no image counted
  int64_t images = 0;
  int64_t skipped = 0;  // their gradient held a NaN; a further image took their place
};

// Of `images` images of the test split, drawn with seed 0 without replacement, warped (bicubic) to size x size. Added
// up in the order of the draw on rank 0; elsewhere the map is empty. All ranks call it together. Throws as
// for_each_batch().
ErfMap measure_erf(JobContext& context, AnalysisInput& input, int64_t images, int size);

// Metrics erf.*, curves erf.ratio and erf.side, the map as .npy and as a picture, with the parameters `images` and
// `size` of the assignment.
JobEnd analyse_erf(JobContext& context, AnalysisInput& input);
// The same on the assignment's inputs.
JobEnd run_erf(JobContext& context);

}  // namespace camsweep
