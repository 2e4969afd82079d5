#pragma once

#include <string>
#include <vector>

#include "schemas/sweep_spec.h"

namespace camsweep {

// Names of the final metrics that the jobs of a sweep deliver, sorted: those of training, and of each analysis listed.
// What a data set lacks (boxes, a `val` split) may be missing from the results still.
std::vector<std::string> metric_names(const std::vector<AnalysisSpec>& analyses);

// The analysis that delivers a metric, as one writes it in `analyses`: "localize: [pc1]", "erf"; "" for a metric of
// training and for a name that none delivers.
std::string analysis_of_metric(const std::string& metric);

}  // namespace camsweep
