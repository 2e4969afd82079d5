#pragma once

#include "workers/localization/image_pass.h"

namespace camsweep {

// How well class activation maps find the noisy segment of the test split's signals (spec protocol, 12). Metrics:
// signals.accuracy (percent of all), and over the noisy signals that are recognized signals.iou (mean, 0 to 1) and
// signals.peak_inside (percent), absent where there is none; their number, and that of maps without a positive value,
// which count in neither. A table of all signals, a picture of eight of each class.
// Throws as for_each_batch().
JobEnd analyse_signals(JobContext& context, AnalysisInput& input);

JobEnd run_signals(JobContext& context);

}  // namespace camsweep
