#include "workers/analysis/pca_job.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "schemas/csv.h"
#include "workers/localization/artifacts.h"
#include "workers/localization/channel_weights.h"
#include "workers/localization/component_maps.h"

namespace camsweep {
namespace {

constexpr int kBins = 50;
constexpr int kDensitySteps = 200;

std::string table(const ContributionRates& rates, const std::vector<Sample>& samples) {
  std::string text = "image,rate,dropped_channels,has_component\n";
  for (const SampleValues& image : rates.rates) {
    text += fmt::format("{},{:.9f},{:.0f},{:.0f}\n", csv_field(samples[image.sample].id), image.values[0],
                        image.values[1], image.values[2]);
  }
  return text;
}

Curve histogram(const std::vector<double>& rates) {
  Curve curve{"pca.rate_histogram", "rate", {}, std::vector<double>(kBins, 0.0)};
  for (int i = 0; i < kBins; ++i) curve.x.push_back((i + 0.5) / kBins);
  for (const double rate : rates) curve.y[std::min<size_t>(kBins - 1, static_cast<size_t>(rate * kBins))] += 1;
  return curve;
}

// Of a sample of two and more.
double standard_deviation(const std::vector<double>& values, double mean) {
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

Curve density(const std::vector<double>& rates, double deviation) {
  const auto n = static_cast<double>(rates.size());
  const double bandwidth = std::pow(n, -0.2) * deviation;
  Curve curve{"pca.rate_density", "rate", {}, {}};
  for (int i = 0; i <= kDensitySteps; ++i) {
    const double x = static_cast<double>(i) / kDensitySteps;
    double sum = 0;
    for (const double rate : rates) sum += std::exp(-0.5 * std::pow((x - rate) / bandwidth, 2));
    curve.x.push_back(x);
    curve.y.push_back(sum / (n * bandwidth * std::sqrt(2 * std::numbers::pi)));
  }
  return curve;
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
  std::vector<double> values;
  double dropped = 0;
  for (const SampleValues& image : rates.rates) {
    dropped += image.values[1];
    if (image.values[2] != 0) values.push_back(image.values[0]);
  }
  const auto images = static_cast<double>(rates.rates.size());
  JobSuccess success;
  success.metrics = {{"pca.images", {}, images},
                     {"pca.without_component", {}, images - static_cast<double>(values.size())},
                     {"pca.dropped_channels", {}, dropped}};
  success.curves = {histogram(values)};
  if (values.empty()) return success;
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  success.metrics.push_back({"pca.rate_mean", {}, mean});
  if (values.size() < 2) return success;
  const double deviation = standard_deviation(values, mean);
  success.metrics.push_back({"pca.rate_std", {}, deviation});
  if (deviation > 0) success.curves.push_back(density(values, deviation));
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
