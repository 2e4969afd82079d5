#include "workers/analysis/erf_job.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "workers/analysis/block_pool.h"
#include "workers/localization/artifacts.h"
#include "workers/localization/colour_map.h"
#include "workers/localization/npy.h"

namespace camsweep {
namespace {

// Contributions of several images, in the order they are added.
class ContributionSum {
 public:
  explicit ContributionSum(int size) : sum_(static_cast<size_t>(size) * static_cast<size_t>(size), 0.0) {}

  // One image's (S, S) as double bytes. False: it holds a NaN, and does not count.
  bool add(const std::string& bytes) {
    std::vector<double> values(sum_.size());
    std::memcpy(values.data(), bytes.data(), bytes.size());
    if (std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); })) {
      ++skipped_;
      return false;
    }
    ++images_;
    std::transform(values.begin(), values.end(), sum_.begin(), sum_.begin(), std::plus<>());
    return true;
  }

  int64_t images() const { return images_; }
  int64_t skipped() const { return skipped_; }
  std::vector<double> mean() const {
    std::vector<double> values = sum_;
    for (double& value : values) value /= static_cast<double>(std::max<int64_t>(1, images_));
    return values;
  }

 private:
  std::vector<double> sum_;
  int64_t images_ = 0;
  int64_t skipped_ = 0;
};

// Gives the network the form that computes the same with the least work.
void fold(AnalysisInput& input, c10::Device device) {
  const Backbone& network = *input.model.backbone;
  const Form form = evaluation_form(network.variant());
  if (network.options().form != Form::kTrain || form == Form::kTrain) return;
  input.model.backbone = to_form(network, form);
  input.format = place(*input.model.backbone, device);
  ::malloc_trim(0);  // ranks keep freed memory, here that of the network before
}

void add_sizes(JobSuccess& success, const std::vector<ErfSize>& sizes, int side) {
  const auto add = [&success](const std::string& name, double value) { success.metrics.push_back({name, {}, value}); };
  Curve ratio{"erf.ratio", "threshold", {}, {}};
  Curve sides{"erf.side", "threshold", {}, {}};
  int undefined = 0;
  for (const ErfSize& size : sizes) {
    add(fmt::format("erf.side_{:.0f}", 100 * size.threshold), size.side);
    ratio.x.push_back(size.threshold);
    ratio.y.push_back(size.ratio);
    sides.x.push_back(size.threshold);
    sides.y.push_back(size.side);
    undefined += !size.defined;
  }
  add("erf.auc", erf_auc(sizes));
  add("erf.side_auc", erf_side_auc(sizes, side));
  add("erf.undefined_sizes", undefined);
  success.curves = {ratio, sides};
}

// The bytes of this rank's contribution; empty without an image.
std::string own_contribution(Backbone& backbone, const ImageBatch& batch) {
  if (batch.samples.empty()) return {};
  const at::Tensor own = contribution(backbone, batch.images).contiguous();
  return {reinterpret_cast<const char*>(own.const_data_ptr<double>()), own.nbytes()};
}

}  // namespace

ErfMap measure_erf(JobContext& context, AnalysisInput& input, int64_t images, int size) {
  const std::vector<Sample>& all = input.dataset->samples(Split::kTest);
  const std::vector<size_t> order = random_order(all.size());
  ContributionSum sum(size);
  PassProgress progress(context,
                        pass_steps(std::min(static_cast<size_t>(images), order.size()), 1, context.collective));
  size_t next = 0;
  int64_t missing = images;
  while (missing > 0 && next < order.size()) {
    const size_t last = std::min(next + static_cast<size_t>(missing), order.size());
    const std::vector<size_t> samples(order.begin() + static_cast<std::ptrdiff_t>(next),
                                      order.begin() + static_cast<std::ptrdiff_t>(last));
    next = last;
    size_t met = 0;  // of these samples, on rank 0
    for_each_batch(context, input, Split::kTest, samples, {.side = size, .filter = Filter::kBicubic, .batch = 1},
                   progress, [&](const ImageBatch& batch) {
                     const std::string own = own_contribution(*input.model.backbone, batch);
                     for (const std::string& part : context.collective.gather_bytes(own)) {
                       if (part.empty()) continue;  // of a rank without an image, after those with one
                       const Sample& sample = all[samples[met++]];
                       if (!sum.add(part)) fmt::print(stderr, "{}: skipped, its gradient holds a NaN\n", sample.id);
                     }
                   });
    // Only rank 0 knows how many were skipped.
    missing = std::stoll(context.collective.broadcast_bytes(std::to_string(images - sum.images())));
  }
  if (sum.images() == 0) return {{}, 0, sum.skipped()};
  return {{size, size, sum.mean()}, sum.images(), sum.skipped()};
}

JobEnd analyse_erf(JobContext& context, AnalysisInput& input) {
  const Json& parameters = context.assignment.parameters;
  const int size = parameters.value("size", 1024);
  const BlockPool pool;
  fold(input, context.device);
  const ErfMap erf = measure_erf(context, input, parameters.value("images", int64_t{100}), size);
  JobSuccess success;
  if (!context.is_root()) return success;
  if (erf.images == 0) {
    return JobFailure{"data", false,
                      fmt::format("no image of the test split gives a gradient without NaN ({} tried)", erf.skipped)};
  }
  const ScoreMap scaled = log_scaled(erf.mean);
  add_sizes(success, erf_sizes(scaled), size);
  success.metrics.push_back({"erf.images", {}, static_cast<double>(erf.images)});
  success.metrics.push_back({"erf.skipped_images", {}, static_cast<double>(erf.skipped)});
  const ArtifactWriter writer(context.directory());
  const std::vector<float> values(erf.mean.values.begin(), erf.mean.values.end());
  write_npy(writer.file("erf.npy"), values, size, size);
  success.artifacts.push_back(writer.existing("erf.npy", "array", "mean contribution"));
  success.artifacts.push_back(writer.picture("erf.png", "figure", "mean|effective receptive field", heat_map(scaled)));
  return success;
}

JobEnd run_erf(JobContext& context) {
  return run_analysis([&context] {
    AnalysisInput input = open_analysis(context);
    return analyse_erf(context, input);
  });
}

}  // namespace camsweep
