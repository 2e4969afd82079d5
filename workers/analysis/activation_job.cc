#include "workers/analysis/activation_job.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <iterator>

#include "schemas/csv.h"
#include "workers/data/random.h"
#include "workers/localization/artifacts.h"
#include "workers/localization/channel_weights.h"
#include "workers/localization/colour_map.h"

namespace camsweep {
namespace {

constexpr size_t kValuesPerPoint = 7;
constexpr int kPixelsPerBin = 2;

SampleValues pack(size_t sample, int64_t label, const std::vector<ActivationPoint>& points) {
  SampleValues packed{sample, {static_cast<double>(label)}};
  for (const ActivationPoint& p : points) {
    packed.values.insert(packed.values.end(), {p.weight, p.gap, p.area_raw, p.area_image, p.area_map,
                                               p.constant ? 1.0 : 0.0, static_cast<double>(p.channel)});
  }
  return packed;
}

ImageActivations unpack(const SampleValues& packed) {
  ImageActivations image{packed.sample, static_cast<int64_t>(packed.values[0]), {}};
  for (size_t i = 1; i + kValuesPerPoint <= packed.values.size(); i += kValuesPerPoint) {
    const double* v = packed.values.data() + i;
    image.points.push_back({v[0], v[1], v[2], v[3], v[4], v[5] != 0, static_cast<int64_t>(v[6])});
  }
  return image;
}

// Throws AnalysisFailure.
void check_labels(const std::vector<Sample>& samples, const Backbone& backbone) {
  for (const Sample& sample : samples) {
    if (sample.label < backbone.options().classes) continue;
    throw AnalysisFailure{{"data", false,
                           fmt::format("the weights of the true class are wanted, but '{}' is of class {} and the "
                                       "network has {} classes",
                                       sample.id, sample.label, backbone.options().classes)}};
  }
}

// The same for every network of as many channels.
size_t drawn_channel(size_t sample, const std::vector<ActivationPoint>& points) {
  Random random(/*seed=*/0, Purpose::kOrder, /*epoch=*/0, /*index=*/1 + sample);
  return static_cast<size_t>(random.integer(0, static_cast<int64_t>(points.size()) - 1));
}

Artifact density_picture(const ArtifactWriter& writer, const std::vector<ActivationPoint>& points,
                         const std::string& name, double ActivationPoint::*member) {
  constexpr int kSide = kDensityBins * kPixelsPerBin;
  const Image bins = heat_map(point_density(points, member));
  return writer.picture(fmt::format("activation_{}.png", name), "figure",
                        fmt::format("all maps|activation: {} against weight", name),
                        resize(bins, kSide, kSide, Filter::kBilinear));
}

}  // namespace

ActivationOptions activation_options(const Json& parameters) {
  using Class = ActivationOptions::Class;
  using Maps = ActivationOptions::Maps;
  return {.images = parameters.value("images", int64_t{100}),
          .threshold = parameters.value("threshold", 10.0),
          .class_of_weights = parameters.value("class", "predicted") == "gt" ? Class::kTruth : Class::kPredicted,
          .maps = parameters.value("maps", "all") == "one" ? Maps::kOne : Maps::kAll};
}

std::vector<ImageActivations> measure_activations(JobContext& context, const AnalysisInput& input,
                                                  const ActivationOptions& options) {
  const at::NoGradGuard no_grad;
  const std::vector<Sample>& all = input.dataset->samples(Split::kTest);
  Backbone& backbone = *input.model.backbone;
  if (options.class_of_weights == ActivationOptions::Class::kTruth) check_labels(all, backbone);
  const std::vector<size_t> samples = first_samples(random_order(all.size()), static_cast<size_t>(options.images));
  const PassOptions pass{.side = input.model.card.resolution};
  PassProgress progress(context, pass_steps(samples.size(), pass.batch, context.collective));
  std::vector<SampleValues> own;
  for_each_batch(context, input, Split::kTest, samples, pass, progress, [&](const ImageBatch& batch) {
    const at::Tensor maps = backbone.features(batch.images, {});
    const at::Tensor predicted = backbone.classify(maps, {}).argmax(1).cpu();
    const at::Tensor features = maps.to(at::kCPU, at::kDouble).contiguous();
    for (size_t i = 0; i < batch.samples.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      const int64_t label = options.class_of_weights == ActivationOptions::Class::kTruth
                                ? all[batch.samples[i]].label
                                : predicted[row].item<int64_t>();
      const at::Tensor weights = class_weights(backbone, /*pooled=*/{}, label, MapOptions::CamWeight::kPaper);
      std::vector<ActivationPoint> points = activation_points(features[row], weights, options.threshold);
      if (options.maps == ActivationOptions::Maps::kOne) points = {points[drawn_channel(batch.samples[i], points)]};
      own.push_back(pack(batch.samples[i], label, points));
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
    for (const ActivationPoint& p : image.points) {
      fmt::format_to(std::back_inserter(text), "{},{},{},{:.9g},{:.9g},{:.6g},{:.6g},{:.6g}\n", id, image.label,
                     p.channel, p.weight, p.gap, p.area_raw, p.area_image, p.area_map);
    }
  }
  return text;
}

JobEnd analyse_activation(JobContext& context, AnalysisInput& input) {
  const ActivationOptions options = activation_options(context.assignment.parameters);
  const std::vector<ImageActivations> images = measure_activations(context, input, options);
  if (!context.is_root()) return JobSuccess{};
  std::vector<ActivationPoint> points;
  for (const ImageActivations& image : images) points.insert(points.end(), image.points.begin(), image.points.end());
  JobSuccess success = summarize(points);
  success.metrics.push_back({"activation.images", {}, static_cast<double>(images.size())});
  const ArtifactWriter writer(context.directory());
  success.artifacts = {writer.text("activation.csv", "table", "per feature map",
                                   activation_table(images, input.dataset->samples(Split::kTest), options.threshold)),
                       density_picture(writer, points, "area", &ActivationPoint::area_raw),
                       density_picture(writer, points, "gap", &ActivationPoint::gap)};
  return success;
}

JobEnd run_activation(JobContext& context) {
  return run_analysis([&context] {
    AnalysisInput input = open_analysis(context);
    return analyse_activation(context, input);
  });
}

}  // namespace camsweep
