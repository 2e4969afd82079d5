#pragma once

#include "workers/gang/job_context.h"

namespace camsweep {

// Scores every map of the `test` split (and of `val`, where thresholds may be chosen) against its boxes: metrics
// <source>.*, floor.* and localize.*, curves <source>.boxacc, overlays, saved maps and a table with a line per image.
// Images without boxes are a failure (kind "data") that is not retried. All ranks call it together.
JobEnd run_localize(JobContext& context);

}  // namespace camsweep
