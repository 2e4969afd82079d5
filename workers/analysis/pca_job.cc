#include "workers/analysis/pca_job.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "schemas/csv.h"
#include "workers/localization/artifacts.h"
#include "workers/localization/channel_weights.h"
#include "workers/localization/component_maps.h"

namespace camsweep {
namespace {

constexpr int kBins = 50;

std::string table(const ContributionRates& rates, const std::vector<Sample>& samples) {
  std::string text = "image,rate,dropped_channels,has_component\n";
  for (const SampleValues& image : rates.rates) {
    text += fmt::format("{},{:.9f},{:.0f},{:.0f}\n", csv_field(samples[image.sample].id), image.values[0],
                        image.values[1], image.values[2]);
  }
  return text;
}

}  // namespace

ContributionRates contribution_rates(JobContext& context, const AnalysisInput& input, int64_t images,
                                     const MapOptions& options) {
  const at::NoGradGuard no_grad;
  const Split split = input.dataset->samples(Split::kVal).empty() ? Split::kTest : Split::kVal;
  const std::vector<size_t> samples =
      first_samples(random_order(input.dataset->samples(split).size()), static_cast<size_t>(images));
  const PassOptions pass{.side = input.model.card.resolution};
  PassProgress progress(context, pass_steps(samples.size(), pass.batch, context.collective));
  std::vector<SampleValues> own;
  for_each_batch(context, input, split, samples, pass, progress, [&](const ImageBatch& batch) {
    Backbone& backbone = *input.model.backbone;
    const at::Tensor maps = backbone.features(batch.images, {});
    const at::Tensor predicted = backbone.classify(maps, {}).argmax(1).cpu();
    const at::Tensor features = maps.to(at::kCPU, at::kDouble).contiguous();
    for (size_t i = 0; i < batch.samples.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      const at::Tensor weights =
          class_weights(backbone, features[row].mean({1, 2}), predicted[row].item<int64_t>(), options.cam_weight);
      const FirstComponent first = first_component(features[row], weights, options.pc1_input, options.pc1_sign);
      own.push_back(
          {batch.samples[i], {first.rate, static_cast<double>(first.dropped_channels), first.exists ? 1.0 : 0.0}});
    }
  });
  return {split, gather_in_order(context.collective, own)};
}

JobSuccess summarize(const ContributionRates& rates) {
  Curve histogram{"pca.rate_histogram", "rate", {}, std::vector<double>(kBins, 0.0)};
  for (int i = 0; i < kBins; ++i) histogram.x.push_back((i + 0.5) / kBins);
  double sum = 0, squares = 0, dropped = 0, count = 0;
  for (const SampleValues& image : rates.rates) {
    dropped += image.values[1];
    if (image.values[2] == 0) continue;
    ++count;
    sum += image.values[0];
    histogram.y[std::min<size_t>(kBins - 1, static_cast<size_t>(image.values[0] * kBins))] += 1;
  }
  const double mean = count > 0 ? sum / count : std::nan("");
  for (const SampleValues& image : rates.rates) {
    if (image.values[2] != 0) squares += (image.values[0] - mean) * (image.values[0] - mean);
  }
  JobSuccess success;
  success.metrics = {{"pca.rate_mean", {}, mean},
                     {"pca.rate_std", {}, count > 1 ? std::sqrt(squares / (count - 1)) : std::nan("")},
                     {"pca.images", {}, static_cast<double>(rates.rates.size())},
                     {"pca.without_component", {}, static_cast<double>(rates.rates.size()) - count},
                     {"pca.dropped_channels", {}, dropped}};
  success.curves = {std::move(histogram)};
  return success;
}

JobEnd analyse_pca(JobContext& context, AnalysisInput& input) {
  const Json& parameters = context.assignment.parameters;
  const ContributionRates rates =
      contribution_rates(context, input, parameters.value("images", int64_t{1000}), map_options(parameters));
  if (!context.is_root()) return JobSuccess{};
  JobSuccess success = summarize(rates);
  success.artifacts.push_back(
      ArtifactWriter(context.directory())
          .text("pca.csv", "table", "per image", table(rates, input.dataset->samples(rates.split))));
  return success;
}

JobEnd run_pca(JobContext& context) {
  return run_analysis([&context] {
    AnalysisInput input = open_analysis(context);
    return analyse_pca(context, input);
  });
}

}  // namespace camsweep
