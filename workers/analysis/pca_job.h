#pragma once

#include <vector>

#include "workers/gang/job_context.h"
#include "workers/localization/image_pass.h"
#include "workers/localization/map_options.h"

namespace camsweep {

// Contribution rate of the first principal component, one image at a time. Spec protocol, 5.2.
struct ContributionRates {
  Split split = Split::kTest;       // val where there is one
  std::vector<SampleValues> rates;  // (rate, dropped channels, whether there is a component), by sample; on rank 0
};

// Of the predicted class's maps, over `images` images drawn with seed 0. All ranks call it together. Throws as
// for_each_batch().
ContributionRates contribution_rates(JobContext& context, const AnalysisInput& input, int64_t images,
                                     const MapOptions& options);

// Metrics pca.*, of images that have a component; the curves pca.rate_histogram (50 bins over 0..1; x is a bin's
// middle) and, of two rates that differ, pca.rate_density: a Gaussian kernel density at 201 points over 0..1 with
// Scott's bandwidth, n^(-1/5) times the standard deviation (Scott, "Multivariate Density Estimation", 1992).
JobSuccess summarize(const ContributionRates& rates);

// With the parameters `images`, `pc1_input` and `pc1_sign` of the assignment.
JobEnd analyse_pca(JobContext& context, AnalysisInput& input);
// The same on the assignment's inputs.
JobEnd run_pca(JobContext& context);

}  // namespace camsweep
