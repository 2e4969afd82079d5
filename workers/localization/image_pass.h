#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "workers/checkpoints/model_file.h"
#include "workers/data/loader.h"
#include "workers/data/resize.h"
#include "workers/gang/job_context.h"
#include "workers/localization/box_geometry.h"

// What all analyses share: their inputs, and one pass over images that all ranks of a gang make together.
namespace camsweep {

// The network and the images of an analysis.
struct AnalysisInput {
  Model model;
  std::unique_ptr<Dataset> dataset;
  Normalization normalization;  // as the network was trained
  at::MemoryFormat format = at::MemoryFormat::Contiguous;
};

// A failure of the inputs, for run_analysis() to turn into the job's end.
struct AnalysisFailure {
  JobFailure failure;
};

// Throws AnalysisFailure (kind "data") where the test split is empty: its figures would be those of nothing.
AnalysisInput analysis_input(Model model, std::unique_ptr<Dataset> dataset, c10::Device device);

// Reads the assignment's weights and data set and moves the network to the rank's device. Throws AnalysisFailure (kind
// "input") where the weights are not those the assignment names, as analysis_input(), ConfigError.
AnalysisInput open_analysis(const JobContext& context);
Normalization normalization(const ModelCard& card);
// Moves the network to a device in the memory format that suits it, which it returns.
at::MemoryFormat place(Backbone& backbone, c10::Device device);

// Runs an analysis; its expected failures (AnalysisFailure, a stop) become the job's end.
JobEnd run_analysis(const std::function<JobEnd()>& analysis);

struct ImageBatch {
  at::Tensor images;             // as Batch::images of a loader, on the rank's device; zeros after the last sample
  std::vector<size_t> samples;   // indices into the split; at most n
  std::vector<FrameSize> sizes;  // of the decoded images, pixels
};

struct PassOptions {
  int side = 224;
  Filter filter = Filter::kBilinear;
  int batch = 16;  // images a rank takes at once. Always the same, so that figures do not depend on the ranks
  enum class Boxes { kIgnored, kInside } boxes = Boxes::kIgnored;  // kInside: a box outside its image is damage
  std::span<const Crop> crops = {};  // of each sample of the split, which then is all of the image; empty: none
};

// Counts batches for the reporter, over all passes of a job.
class PassProgress {
 public:
  PassProgress(JobContext& context, int64_t steps) : context_(context), steps_(steps) {}
  void step(int64_t images);
  double images_per_s() const;

 private:
  JobContext& context_;
  int64_t steps_;
  int64_t done_ = 0;
  int64_t images_ = 0;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

// How many steps a pass over `images` images takes.
int64_t pass_steps(size_t images, int batch, const Collective& collective);

// Hands each rank its share of samples[0..], the next batch being decoded meanwhile. All ranks take the same number of
// steps; a rank may get a batch without samples. Throws AnalysisFailure, on all ranks, if one meets an unreadable image
// or a box that the options refuse (kind "data"), and AnalysisStopped if one was told to stop.
struct AnalysisStopped {};
void for_each_batch(JobContext& context, const AnalysisInput& input, Split split, const std::vector<size_t>& samples,
                    const PassOptions& options, PassProgress& progress,
                    const std::function<void(const ImageBatch&)>& handle);

// 0, 1, ..., count - 1.
std::vector<size_t> all_samples(size_t count);
// 0, 1, ..., count - 1 in an order drawn with seed 0: the first n are a sample without replacement.
std::vector<size_t> random_order(size_t count);
// The first `count` of an order, all if there are fewer.
std::vector<size_t> first_samples(std::vector<size_t> order, size_t count);
// `count` of `of`, spread evenly, the same whatever the ranks; all if there are fewer.
std::vector<size_t> spread_samples(size_t count, size_t of);

// What a rank found out about one sample.
struct SampleLine {
  size_t sample = 0;
  std::string line;
  FrameSize size;  // of the image, pixels
};
struct SampleValues {
  size_t sample = 0;
  std::vector<double> values;
};
// Those of all ranks on rank 0, by sample; empty elsewhere.
std::vector<SampleLine> gather_in_order(Collective& collective, const std::vector<SampleLine>& own);
std::vector<SampleValues> gather_in_order(Collective& collective, const std::vector<SampleValues>& own);

}  // namespace camsweep
