#include "workers/analysis/activation_job.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <iterator>

#include "schemas/csv.h"
#include "workers/localization/artifacts.h"
#include "workers/localization/channel_weights.h"

namespace camsweep {
namespace {

constexpr size_t kValuesPerPoint = 5;

SampleValues pack(size_t sample, int64_t predicted, const std::vector<ActivationPoint>& points) {
  SampleValues packed{sample, {static_cast<double>(predicted)}};
  for (const ActivationPoint& p : points) {
    packed.values.insert(packed.values.end(), {p.weight, p.gap, p.area_raw, p.area_image, p.area_map});
  }
  return packed;
}

ImageActivations unpack(const SampleValues& packed) {
  ImageActivations image{packed.sample, static_cast<int64_t>(packed.values[0]), {}};
  for (size_t i = 1; i + kValuesPerPoint <= packed.values.size(); i += kValuesPerPoint) {
    const double* v = packed.values.data() + i;
    image.points.push_back({v[0], v[1], v[2], v[3], v[4]});
  }
  return image;
}

}  // namespace

std::vector<ImageActivations> measure_activations(JobContext& context, const AnalysisInput& input, int64_t images,
                                                  double threshold) {
  const at::NoGradGuard no_grad;
  const std::vector<size_t> samples =
      first_samples(random_order(input.dataset->samples(Split::kTest).size()), static_cast<size_t>(images));
  const PassOptions pass{.side = input.model.card.resolution};
  PassProgress progress(context, pass_steps(samples.size(), pass.batch, context.collective));
  std::vector<SampleValues> own;
  for_each_batch(context, input, Split::kTest, samples, pass, progress, [&](const ImageBatch& batch) {
    Backbone& backbone = *input.model.backbone;
    const at::Tensor maps = backbone.features(batch.images, {});
    const at::Tensor predicted = backbone.classify(maps, {}).argmax(1).cpu();
    const at::Tensor features = maps.to(at::kCPU, at::kDouble).contiguous();
    for (size_t i = 0; i < batch.samples.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      const auto label = predicted[row].item<int64_t>();
      const at::Tensor weights = class_weights(backbone, /*pooled=*/{}, label, MapOptions::CamWeight::kPaper);
      own.push_back(pack(batch.samples[i], label, activation_points(features[row], weights, threshold)));
    }
  });
  std::vector<ImageActivations> merged;
  for (const SampleValues& packed : gather_in_order(context.collective, own)) merged.push_back(unpack(packed));
  return merged;
}

std::string activation_table(const std::vector<ImageActivations>& images, const std::vector<Sample>& samples,
                             double threshold) {
  std::string text =
      fmt::format("image_id,class,k,w,gap,area_raw{0:g},area_img255_{0:g},area_map255_{0:g}\n", threshold);
  for (const ImageActivations& image : images) {
    const std::string id = csv_field(samples[image.sample].id);
    for (size_t k = 0; k < image.points.size(); ++k) {
      const ActivationPoint& p = image.points[k];
      fmt::format_to(std::back_inserter(text), "{},{},{},{:.9g},{:.9g},{:.6g},{:.6g},{:.6g}\n", id, image.predicted, k,
                     p.weight, p.gap, p.area_raw, p.area_image, p.area_map);
    }
  }
  return text;
}

JobEnd analyse_activation(JobContext& context, AnalysisInput& input) {
  const Json& parameters = context.assignment.parameters;
  const double threshold = parameters.value("threshold", 10.0);
  const std::vector<ImageActivations> images =
      measure_activations(context, input, parameters.value("images", int64_t{100}), threshold);
  if (!context.is_root()) return JobSuccess{};
  std::vector<ActivationPoint> points;
  for (const ImageActivations& image : images) points.insert(points.end(), image.points.begin(), image.points.end());
  JobSuccess success = summarize(points);
  success.metrics.push_back({"activation.images", {}, static_cast<double>(images.size())});
  success.artifacts.push_back(ArtifactWriter(context.directory())
                                  .text("activation.csv", "table", "per feature map",
                                        activation_table(images, input.dataset->samples(Split::kTest), threshold)));
  return success;
}

JobEnd run_activation(JobContext& context) {
  return run_analysis([&context] {
    AnalysisInput input = open_analysis(context);
    return analyse_activation(context, input);
  });
}

}  // namespace camsweep
