#include "workers/localization/ddt.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cstring>
#include <optional>

#include "schemas/error.h"
#include "workers/localization/lanczos.h"

namespace camsweep {
namespace {

constexpr double kTolerance = 1e-9;
constexpr double kRounding = 1e-12;  // of the squares of which a variance is the difference

// The network's classes, of which a data set may show but the first.
std::vector<std::vector<size_t>> samples_by_class(const AnalysisInput& input) {
  CAMSWEEP_CHECK(input.dataset->classes() <= input.model.card.options.classes, "the network knows every class");
  std::vector<std::vector<size_t>> by_class(static_cast<size_t>(input.model.card.options.classes));
  const std::vector<Sample>& samples = input.dataset->samples(Split::kTrain);
  for (size_t i = 0; i < samples.size(); ++i) by_class[static_cast<size_t>(samples[i].label)].push_back(i);
  return by_class;
}

PassOptions pass_options(const AnalysisInput& input) { return {.side = input.model.card.resolution}; }

DescriptorSums sum_over_ranks(Collective& collective, const DescriptorSums& own) {
  DescriptorSums total(own.channels());
  for (const std::string& part : collective.gather_bytes(own.bytes())) total.add_bytes(part);
  DescriptorSums shared(own.channels());
  shared.add_bytes(collective.broadcast_bytes(total.bytes()));
  return shared;
}

}  // namespace

// Rows: K of products, the sum, the sum over frames, and (positions, positions of frames, 0, ...).
DescriptorSums::DescriptorSums(int64_t channels) : packed_(at::zeros({channels + 3, channels}, at::kDouble)) {
  CAMSWEEP_CHECK(channels >= 2, "a feature map has at least two channels");
}

void DescriptorSums::add(const at::Tensor& maps) {
  const int64_t channels = packed_.size(1);
  const int64_t height = maps.size(2), width = maps.size(3);
  const at::Tensor plain = maps.to(at::kCPU, at::kDouble);
  const at::Tensor rows = plain.permute({0, 2, 3, 1}).reshape({-1, channels});  // (N h w, K)
  const at::Tensor sum = rows.sum(0);
  at::Tensor inside = at::zeros_like(sum);
  int64_t inside_count = 0;
  if (height > 2 && width > 2) {
    inside = plain.slice(2, 1, height - 1).slice(3, 1, width - 1).sum(at::IntArrayRef{0, 2, 3});
    inside_count = maps.size(0) * (height - 2) * (width - 2);
  }
  packed_.slice(0, 0, channels).addmm_(rows.t(), rows);
  packed_[channels] += sum;
  packed_[channels + 1] += sum - inside;
  packed_[channels + 2][0] += rows.size(0);
  packed_[channels + 2][1] += rows.size(0) - inside_count;
}

ClassDirection DescriptorSums::direction() const {
  const int64_t channels = packed_.size(1);
  const double positions = packed_[channels + 2][0].item<double>();
  const double frame_positions = packed_[channels + 2][1].item<double>();
  if (positions == 0) return {};
  const at::Tensor mean = packed_[channels] / positions;
  const at::Tensor moments = packed_.slice(0, 0, channels) / positions;
  const at::Tensor covariance = moments - at::outer(mean, mean);
  const double rounding = kRounding * moments.trace().item<double>();
  if (!(covariance.trace().item<double>() > rounding)) return {};
  const EigenPair pair = leading_eigenpair(static_cast<int>(channels), kTolerance, [&](const Direction& v) {
    const at::Tensor product = at::mv(covariance, at::tensor(v, at::kDouble));
    return Direction(product.const_data_ptr<double>(), product.const_data_ptr<double>() + channels);
  });
  at::Tensor direction = at::tensor(pair.vector, at::kDouble);
  const at::Tensor on_frame = packed_[channels + 1] - frame_positions * mean;
  if (direction.dot(on_frame).item<double>() > 0) direction = direction.neg();
  return {mean, direction};
}

std::string DescriptorSums::bytes() const {
  return {reinterpret_cast<const char*>(packed_.const_data_ptr<double>()), packed_.nbytes()};
}

void DescriptorSums::add_bytes(const std::string& bytes) {
  CAMSWEEP_CHECK(bytes.size() == packed_.nbytes(), "ranks run one network");
  at::Tensor other = at::empty_like(packed_);
  std::memcpy(other.mutable_data_ptr<double>(), bytes.data(), bytes.size());
  packed_ += other;
}

std::vector<ClassDirection> class_directions(JobContext& context, const AnalysisInput& input, int stage,
                                             PassProgress& progress) {
  const at::NoGradGuard no_grad;
  Backbone& backbone = *input.model.backbone;
  const int stages = stage == 0 ? backbone.stages() : stage;
  std::vector<ClassDirection> directions;
  for (const std::vector<size_t>& samples : samples_by_class(input)) {
    std::optional<DescriptorSums> sums;
    for_each_batch(context, input, Split::kTrain, samples, pass_options(input), progress, [&](const ImageBatch& batch) {
      at::Tensor x = batch.images;
      for (int i = 0; i < stages; ++i) x = backbone.run_stage(i, x, {});
      if (!sums) sums.emplace(x.size(1));
      const auto count = static_cast<int64_t>(batch.samples.size());
      if (count > 0) sums->add(x.slice(0, 0, count));
    });
    directions.push_back(sums ? sum_over_ranks(context.collective, *sums).direction() : ClassDirection{});
  }
  return directions;
}

int64_t class_direction_steps(const AnalysisInput& input, const Collective& collective) {
  int64_t steps = 0;
  for (const std::vector<size_t>& samples : samples_by_class(input)) {
    steps += pass_steps(samples.size(), pass_options(input).batch, collective);
  }
  return steps;
}

at::Tensor ddt_map(const at::Tensor& features, const ClassDirection& of) {
  if (!of.mean.defined()) return at::zeros({features.size(1), features.size(2)}, at::kDouble);
  const at::Tensor rows = features.flatten(1) - of.mean.unsqueeze(1);
  return at::matmul(of.direction, rows).view({features.size(1), features.size(2)});
}

}  // namespace camsweep
