#pragma once

#include <cstdint>
#include <functional>
#include <variant>

#include "schemas/outcome.h"
#include "workers/backbones/backbone.h"
#include "workers/data/loader.h"
#include "workers/gang/job_context.h"

namespace camsweep {

// Classification of a whole split: percent, and the mean cross-entropy without label smoothing.
struct ClassificationScores {
  double top1 = 0;
  double top5 = 0;
  double loss = 0;
  int64_t images = 0;
};

struct ClassificationOptions {
  int side = 224;
  Normalization normalization;
  Augmentation view;  // what is seen of an image
  int batch = 32;     // of the whole gang
  bool channels_last = false;
  std::function<void()> batch_done = [] {};  // progress
};

// What a pass over a split ends with: scores, a stop, or the unreadable image that a rank met (kind "data").
using Classification = std::variant<ClassificationScores, JobStopped, JobFailure>;

// Scores a split with the gang, every image once, on the weights as they are. A stop and an unreadable image are
// decisions of all ranks, which leave at the same batch with the same end.
Classification classify_split(Backbone& backbone, const Dataset& dataset, Split split,
                              const ClassificationOptions& options, JobContext& context);

}  // namespace camsweep
