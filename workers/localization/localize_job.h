#pragma once

#include "workers/gang/job_context.h"

namespace camsweep {

// Scores every map of the `test` split (and of `val`, where thresholds may be chosen) against its boxes: metrics
// <source>.*, floor.* and localize.*, curves <source>.boxacc, saved maps (one artifact per source, a list, however many
// `save_maps` asks for), overlays of at most 12 of those images and a table with a line per image. Images without
// boxes, or with a box outside of them, are a failure (kind "data") that is not retried. All ranks call it together.
JobEnd run_localize(JobContext& context);

}  // namespace camsweep
